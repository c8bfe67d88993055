from . import shown_money
from . import pos_order, payment, payment_attempt, payment_service, payment_share
from . import payment_sending, payment_conclusion, payment_wishes, payment_recovery, payment_printed
from . import pay_link, pay_link_service, pay_link_following, pay_link_expiry, pay_page
from . import payment_owed
from . import refund, refund_service, refund_reserving, refund_booking, payment_rollback
from . import refund_conclusion, refund_recovery, refund_repeat, refund_health
from . import apple_pay_certificate, apple_pay_wizards, apple_pay, apple_pay_page
from . import card_page
from . import till_tips
from . import payment_settings
from . import ledger_entry, ledger_check
from . import payment_display, payment_timeline, payment_desk, payment_release
from . import settlement_account, settlement_movement, settlement_payout, settlement_reading
from . import reconciliation, reconciliation_difference, reconciliation_service, reconciliation_sessions
from . import reconciliation_desk, reconciliation_health
from . import stored_value, stored_value_entry, stored_value_accounts, code_guess, stored_value_service
from . import stored_value_desk
from . import fee_terms, fee_schedule, surcharge_rule, fee_settings
from . import fee_quote, fee_ranking, fee_revenue, fee_charge, fee_accrual, fee_statement
from . import surcharge_confirmation, surcharge_refund, bank_discount
from . import tender_offer, tender_channels, tender_listing, tender_setup
from . import payment_export
from . import truelayer_connection, truelayer_setup
from . import stripe_settings, stripe_connection, stripe_health
from . import payment_dispute
from . import provider_notification, notification_handling, notification_refunds, notification_health
from . import payment_news
from . import database_copy, decline_guard
