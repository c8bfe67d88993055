"""Odoo's way in for ``type="fynlo"`` routes: JSON in, JSON or a problem document out."""

import logging
import re

from pydantic import ValidationError

from odoo import SUPERUSER_ID
from odoo.http import Dispatcher

from ..tools.identifiers import uuid7
from . import cors, idempotency, rate_limit, request_log, transaction
from .call import Call
from .problem import CONTENT_TYPE, Invalid, Problem, as_problem, document
from .representation import Answer, respond, to_json
from .route import ANYONE

_logger = logging.getLogger(__name__)

_REQUEST_ID = re.compile(r"[\w.:-]{8,128}")
_IF_MATCH = re.compile(r'(?:W/)?"v?(\d{1,9})"|(\d{1,9})')


class FynloDispatcher(Dispatcher):
    """Serves a route in this order: limits, sign-in, permission, query, body, handler, answer."""

    routing_type = "fynlo"

    @classmethod
    def is_compatible_with(cls, request):
        return True  # a wrong media type must answer with a problem document, see _read_body

    def pre_dispatch(self, rule, args):
        super().pre_dispatch(rule, args)
        self.request.session.can_save = False
        self.request.httprequest.max_content_length = rule.endpoint.routing["fynlo"].max_body

    def dispatch(self, endpoint, args):
        call = self._open_call(endpoint.routing["fynlo"])
        if self.request.httprequest.method == "OPTIONS":
            return self._finish(cors.preflight(self.request, call.route), 200)
        if not self.request.db:
            raise Problem("unavailable", "The database is away for a moment.", headers={"Retry-After": "2"})
        self._admit(call)
        self.request.params = {**args, **self._read_query(call.route)}
        raw = self._read_body(call.route)
        if call.route.body:
            self.request.params["body"] = parse(call.route.body, raw or b"{}")
        if call.route.writes:
            return self._write(endpoint, call, raw)
        answer = self._perform(endpoint)
        return self._finish(answer, answer.status or call.route.status)

    def handle_error(self, exc):
        """Every failure, whatever its cause, as a problem document."""
        call = getattr(self.request, "fynlo", None) or self._open_call(None)
        problem = as_problem(exc)
        if problem.http_status >= 500:
            _logger.error("API request %s failed", call.request_id, exc_info=exc)
        headers = {**self._headers(call), **problem.headers, "Content-Type": CONTENT_TYPE}
        if problem.http_status == 401:
            headers["WWW-Authenticate"] = f'Bearer realm="fynlo", error="{problem.code}"'
        request_log.write(call, self.request.httprequest, problem.http_status, problem.code)
        return self.request.make_response(
            to_json(document(problem, call.request_id)), headers=list(headers.items()), status=problem.http_status
        )

    # --- steps ---------------------------------------------------------------------------

    def _open_call(self, route):
        httprequest = self.request.httprequest
        given = httprequest.headers.get("X-Request-ID", "")
        call = Call(
            route=route,
            request_id=given if _REQUEST_ID.fullmatch(given) else uuid7(),
            address=httprequest.remote_addr or "",
        )
        self.request.fynlo = call
        return call

    def _admit(self, call):
        """Sign in, spend the allowance, check the permission; leave the right environment behind."""
        route = call.route
        call.headers.update(rate_limit.spend("address", call.address))
        access = self.request.env(user=SUPERUSER_ID)["fynlo.access"]
        if route.permission == ANYONE:
            if route.budget != "default":
                call.headers.update(rate_limit.spend(route.budget, call.address))
            self.request.update_env(user=access._open_user_id())
            return
        call.identity = identity = access._identify(route, self.request.httprequest.headers)
        call.headers.update(rate_limit.spend(route.budget, identity.scope))
        if not route.permission.startswith("*"):
            identity.require(route.permission)
        self.request.update_env(
            user=identity.user_id or access._open_user_id(),
            context={**self.request.env.context, "allowed_company_ids": [identity.company_id]},
        )
        call.if_match = _read_if_match(self.request.httprequest.headers.get("If-Match"))

    def _read_query(self, route):
        if not route.query:
            return {}
        try:
            return {"query": route.query.model_validate(self.request.httprequest.args.to_dict())}
        except ValidationError as exc:
            raise invalid_fields(exc) from exc

    def _read_body(self, route):
        """The raw body, within the route's size and of the route's media type."""
        httprequest = self.request.httprequest
        raw = httprequest.get_data(cache=True)
        if raw and route.body and httprequest.mimetype not in route.media_types:
            raise Problem("unsupported_media_type", f"Send the body as {route.media_types[0]}.")
        return raw

    def _write(self, endpoint, call, raw):
        """Run the handler once per Idempotency-Key, in a transaction that also keeps its answer."""
        env, httprequest = self.request.env, self.request.httprequest
        remembers = call.route.idempotent and call.identity is not None
        if remembers:
            call.idempotency_key = idempotency.read_key(httprequest.headers)
            call.body_hash = idempotency.body_hash(call.route.name, httprequest.path, raw)

        def work():
            if remembers:
                replay = idempotency.claim(env.cr, call.identity.scope, call.idempotency_key, call.body_hash)
                if replay:
                    call.headers["Idempotent-Replayed"] = "true"
                    return Answer(replay.body, status=replay.status)
            answer = self._perform(endpoint)
            if remembers:
                env.cr.flush()
                status = answer.status or call.route.status
                answer.body = answer.body if answer.body is not None else {}
                idempotency.record(env.cr, call, status, to_json(answer.body), answer.resource)
            return answer

        answer = transaction.run(env, work)
        return self._finish(answer, answer.status or call.route.status)

    def _perform(self, endpoint):
        result = self.request.registry["ir.http"]._dispatch(endpoint)
        return result if isinstance(result, Answer) else Answer(result)

    def _finish(self, answer, status):
        call = self.request.fynlo
        response = respond(answer, status, self.request.httprequest, self._headers(call))
        request_log.write(call, self.request.httprequest, response.status_code)
        return response

    def _headers(self, call):
        return {
            "X-Request-ID": call.request_id,
            **call.headers,
            **cors.headers(self.request.httprequest),
        }


def parse(shape, raw):
    """The body as ``shape``, or a problem that names every wrong field."""
    try:
        return shape.model_validate_json(raw)
    except ValidationError as exc:
        if exc.errors()[0]["type"] == "json_invalid":
            raise Problem("malformed_json", "The body is not valid JSON.") from exc
        raise invalid_fields(exc) from exc


def invalid_fields(exc):
    """A pydantic refusal as ``validation_failed`` with one entry a field."""
    errors = [
        {"field": _field_path(error["loc"]), "code": error["type"], "detail": error["msg"]}
        for error in exc.errors(include_url=False, include_input=False, include_context=False)
    ]
    return Invalid("Some fields are not valid.", errors=errors)


def _field_path(location):
    """``("lines", 0, "quantity")`` as ``lines[0].quantity``."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.lstrip(".") or "body"


def _read_if_match(header):
    """The version in an ``If-Match`` header; ``None`` when there is none or it is ``*``."""
    if not header or header.strip() == "*":
        return None
    found = _IF_MATCH.fullmatch(header.strip())
    if not found:
        raise Invalid('If-Match must be the ETag of the record, e.g. "v3".', field="If-Match")
    return int(found[1] or found[2])


