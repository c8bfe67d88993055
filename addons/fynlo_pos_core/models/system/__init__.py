from . import resource_mixin, idempotency_record, ir_http
