from . import test_catalogue_api, test_catalogue_availability, test_catalogue_version, test_menu, test_menu_api
from . import test_identity_sign_in
from . import test_rest_answers, test_rest_failures, test_rest_idempotency, test_rest_rate_limit
