from . import permission, permission_map, employee, staff, res_users, credential
from . import device, pairing_code, session, refresh_token, access
from . import lockout, sign_in, password_reset, audit_log
from . import pairing_wizard, pin_wizard
