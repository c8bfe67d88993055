from . import test_catalogue_availability, test_catalogue_version, test_identity_sign_in, test_menu, test_menu_api
