"""One structured log line a request. Bodies, tokens and query values never enter it."""

import json
import logging
import threading
from time import time

_logger = logging.getLogger(__name__)


def write(call, httprequest, status, code=None):
    """Log what was asked and how it ended; the path is the route's template, so it names no record."""
    thread = threading.current_thread()
    identity = call.identity
    line = {
        "request_id": call.request_id,
        "method": httprequest.method,
        "route": call.route.path if call.route else "unknown",
        "status": status,
        "code": code,
        "ms": round((time() - getattr(thread, "perf_t0", time())) * 1000, 1),
        "queries": getattr(thread, "query_count", None),
        "device": identity.device_uuid if identity else None,
        "employee": identity.employee_uuid if identity else None,
        "company": identity.company_uuid if identity else None,
        "address": call.address,
        "traceparent": httprequest.headers.get("traceparent", "")[:64] or None,
    }
    _logger.info(json.dumps({name: value for name, value in line.items() if value is not None}))
