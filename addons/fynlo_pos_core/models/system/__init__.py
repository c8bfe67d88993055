from . import idempotency_record, ir_http, resource_mixin
