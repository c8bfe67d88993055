from . import idempotency_record, ir_http, print_queue, resource_mixin, secret_search, timeline
