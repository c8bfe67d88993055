from . import test_catalogue_availability, test_catalogue_version, test_identity_sign_in, test_menu
from . import test_rest_answers, test_rest_failures, test_rest_idempotency, test_rest_openapi, test_rest_rate_limit
from . import test_rest_routes, test_rest_system, test_tools
