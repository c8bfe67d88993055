from . import test_cash_books
from . import test_payments
from . import test_till_carry_over
from . import test_till_posting
from . import test_till_report
from . import test_refund_books
from . import test_refunds
from . import test_refunds_api
