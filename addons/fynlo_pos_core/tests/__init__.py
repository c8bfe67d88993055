from . import test_rest_answers, test_rest_failures, test_rest_idempotency, test_rest_rate_limit
