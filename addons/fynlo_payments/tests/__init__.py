from . import test_cash_books, test_payments, test_till_carry_over, test_till_posting, test_till_report
