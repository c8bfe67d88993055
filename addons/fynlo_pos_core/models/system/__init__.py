from . import idempotency_record, ir_cron, ir_http, print_queue, resource_mixin, secret_search, timeline
