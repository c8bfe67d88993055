from . import (
    till_accounts,
    location_cash,
    till_session,
    posting_batch,
    till_posting,
    till_session_service,
    cash_movement,
    cash_movement_service,
    cash_count,
    cash_count_service,
    till_report,
    order_carrying,
)
