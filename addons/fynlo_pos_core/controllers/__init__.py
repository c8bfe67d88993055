from . import (
    approvals,
    catalogue,
    changes,
    docs,
    fallback,
    identity,
    kitchen,
    kitchen_display,
    operations,
    orders,
    system,
    till_sessions,
)
