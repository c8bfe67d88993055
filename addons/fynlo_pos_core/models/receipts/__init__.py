from . import (
    receipt,
    receipt_link,
    receipt_message,
    receipt_preview,
    receipt_print,
    receipt_settings,
    receipt_wording,
)
