from . import till_session, till_session_display, till_session_service
