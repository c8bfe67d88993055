from . import test_catalogue_availability, test_catalogue_version, test_menu
from . import test_identity_audit, test_identity_back_office, test_identity_devices, test_identity_employees
from . import test_identity_password_reset, test_identity_permissions, test_identity_sign_in, test_identity_tokens
