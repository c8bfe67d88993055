"""One structured log line a request. Bodies, tokens and query values never enter it."""

import json
import logging
import re
import threading

from odoo.tools.misc import real_time

from ..tools.secret_masking import mask_records

_logger = logging.getLogger(__name__)

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_API_QUERY = re.compile(r"(/api/[^?\s]*)\?[^\s\"]*")


def write(call, httprequest, status, code=None):
    """Log what was asked and how it ended; return how many milliseconds that took.

    The path is the route's template, so it names no record.
    """
    thread = threading.current_thread()
    started = getattr(thread, "perf_t0", None)
    milliseconds = round((real_time() - started) * 1000, 1) if started else 0.0
    identity = call.identity
    line = {
        "request_id": call.request_id,
        "method": httprequest.method,
        "route": call.route.path if call.route else "unknown",
        "status": status,
        "code": code,
        "ms": milliseconds,
        "queries": getattr(thread, "query_count", None),
        "device": identity.device_uuid if identity else None,
        "employee": identity.employee_uuid if identity else None,
        "company": identity.company_uuid if identity else None,
        "address": call.address,
        "traceparent": _traceparent(httprequest.headers),
    }
    _logger.info(json.dumps({name: value for name, value in line.items() if value is not None}))
    return milliseconds


def _traceparent(headers):
    """The W3C trace context of the request, when it is well formed."""
    given = headers.get("traceparent", "")
    return given if _TRACEPARENT.fullmatch(given) else None


class QueryFilter(logging.Filter):
    """Takes the query out of the web server's access lines about the API."""

    def filter(self, record):
        if isinstance(record.msg, str):
            record.msg = _API_QUERY.sub(r"\1", record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_API_QUERY.sub(r"\1", arg) if isinstance(arg, str) else arg for arg in record.args)
        return True


logging.getLogger("werkzeug").addFilter(QueryFilter())
mask_records()
