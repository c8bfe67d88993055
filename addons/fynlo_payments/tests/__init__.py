from . import test_cash_books
from . import test_cash_rounding
from . import test_payments
from . import test_till_carry_over
from . import test_till_posting
from . import test_till_reckoning
from . import test_till_report
