from . import (
    till_accounts,
    till_session,
    till_session_service,
    cash_movement,
    cash_movement_service,
)
