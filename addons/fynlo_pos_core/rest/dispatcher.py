"""Odoo's way in for ``type="fynlo"`` routes: JSON in, JSON or a problem document out."""

import json
import logging

from odoo import SUPERUSER_ID
from odoo.http import Dispatcher, HttpDispatcher

from . import cors, idempotency, metrics, rate_limit, request_log, transaction
from .call import Call, read_if_match, read_request_id
from .lifecycle import lifecycle_headers
from .payload import read_body, read_query, read_raw
from .problem import CONTENT_TYPE, NotFound, Problem, as_problem, challenge, document
from .representation import Answer, respond, respond_problem, to_json
from .route import ANYONE, STAND_INS

_logger = logging.getLogger(__name__)


class FynloDispatcher(Dispatcher):
    """Serves a route in this order: limits, sign-in, permission, query, body, handler, answer."""

    routing_type = "fynlo"

    @classmethod
    def is_compatible_with(cls, request):
        return True  # a wrong media type must answer with a problem document, see payload.read_raw

    def pre_dispatch(self, rule, args):
        super().pre_dispatch(rule, args)
        self.request.session.can_save = False
        self.request.httprequest.max_content_length = rule.endpoint.routing["fynlo"].max_body + 1

    def dispatch(self, endpoint, args):
        call = self._open_call(endpoint.routing["fynlo"])
        self.request.params = {}  # Odoo's modules look there also after an answer without a handler
        if self.request.httprequest.method == "OPTIONS":
            return self._finish(cors.preflight(self.request), 200)
        if not self.request.db:
            return self._serve_without_database(endpoint, call)
        if call.route.writes or call.route.fresh:
            transaction.begin(self.request.env.cr)
        self._admit(call)
        self._read_parameters(call, args)
        if call.route.writes or call.route.fresh:
            answer = transaction.run(self.request.env, lambda: self._perform_once(endpoint, call))
            if answer.afterwards:
                answer = answer.afterwards()
        else:
            answer = self._perform(endpoint)
        return self._finish(answer, answer.status or call.route.status)

    def handle_error(self, exc):
        """Every failure, whatever its cause, as a problem document."""
        call = getattr(self.request, "fynlo", None) or self._open_call(None)
        problem = as_problem(exc)
        if problem.code == "internal_error":
            _logger.error("API request %s failed", call.request_id, exc_info=exc)
            exc.loglevel = logging.DEBUG  # told above with the request's id; Odoo need not repeat it
        headers = {**self._headers(call), "Cache-Control": "no-store", **problem.headers, "Content-Type": CONTENT_TYPE}
        if problem.http_status == 401:
            headers.setdefault("WWW-Authenticate", challenge(problem.code))
        self._account(call, problem.http_status, problem.code)
        return respond_problem(document(problem, call.request_id), problem.http_status, headers)

    # --- steps ---------------------------------------------------------------------------

    def _open_call(self, route):
        """A call for this request; a repetition by Odoo after a conflict keeps its id."""
        httprequest, earlier = self.request.httprequest, getattr(self.request, "fynlo", None)
        self.request.fynlo = Call(
            route=route,
            request_id=earlier.request_id if earlier else read_request_id(httprequest.headers),
            address=httprequest.remote_addr or "",
            headers=lifecycle_headers(route) if route else {},
        )
        return self.request.fynlo

    def _serve_without_database(self, endpoint, call):
        """Odoo routes here while the database cannot be reached."""
        if call.route.needs_database:
            raise Problem("unavailable", "The database is away for a moment.", headers={"Retry-After": "2"})
        result = endpoint()
        return self._finish(result if isinstance(result, Answer) else Answer(result), call.route.status)

    def _admit(self, call):
        """Sign in, spend the allowance, check the permission; leave the right environment behind."""
        route = call.route
        call.headers.update(rate_limit.spend_address("address", call.address))
        access = self.request.env(user=SUPERUSER_ID)["fynlo.access"]
        if route.permission == ANYONE:
            if route.budget != "default":
                call.headers.update(rate_limit.spend_address(route.budget, call.address))
            self.request.update_env(user=access._open_user_id())
            return
        call.identity = identity = access._identify(route, self.request.httprequest.headers)
        call.headers.update(rate_limit.spend(route.budget, identity.scope))
        if route.permission not in STAND_INS:
            identity.require(route.permission)
        self.request.update_env(
            user=identity.user_id or access._open_user_id(),
            context={**self.request.env.context, "allowed_company_ids": [identity.company_id]},
        )

    def _read_parameters(self, call, args):
        """Put the path, query and body arguments where Odoo passes them to the handler."""
        route, httprequest = call.route, self.request.httprequest
        if any("\0" in str(value) for value in args.values()):
            raise NotFound()
        self.request.params = {**args, **read_query(route, httprequest.args)}
        if not route.writes:
            return
        if route.remembered:
            call.idempotency_key = idempotency.read_key(httprequest.headers)
        call.if_match = read_if_match(httprequest.headers.get("If-Match"))
        raw = read_raw(httprequest, route)
        call.body_hash = idempotency.body_hash(route.name, httprequest.path, raw)
        self.request.params |= read_body(route, raw)

    def _perform_once(self, endpoint, call):
        """The handler's answer, or the answer that its Idempotency-Key already has.

        Runs inside the transaction of the effect and records the answer there.
        """
        if not call.route.remembered:
            return self._perform(endpoint)
        cr = self.request.env.cr
        replay = idempotency.claim(cr, call.identity.scope, call.idempotency_key, call.body_hash)
        if replay:
            call.headers["Idempotent-Replayed"] = "true"
            return _replayed(replay)
        answer = self._perform(endpoint)
        body = answer.body if answer.body is not None else {}
        idempotency.record(cr, call, answer.status or call.route.status, to_json(body), answer.resource)
        cr.flush()
        return answer

    def _perform(self, endpoint):
        result = self.request.registry["ir.http"]._dispatch(endpoint)
        return result if isinstance(result, Answer) else Answer(result)

    def _finish(self, answer, status):
        call = self.request.fynlo
        response = respond(answer, status, self.request.httprequest, call.route, self._headers(call))
        self._account(call, response.status_code)
        return response

    def _account(self, call, status, code=None):
        milliseconds = request_log.write(call, self.request.httprequest, status, code)
        metrics.observe(call, self.request.httprequest.method, status, code, milliseconds / 1000)

    def _headers(self, call):
        return {
            "X-Request-ID": call.request_id,
            **call.headers,
            **cors.headers(self.request.httprequest),
        }


def _replayed(replay):
    """The answer that was given before; a refusal came as a problem document."""
    answer = Answer(json.loads(replay.body), status=replay.status)
    if replay.status >= 400:
        answer.media_type = CONTENT_TYPE
    return answer


class BackOfficeDispatcher(HttpDispatcher):
    """Odoo's own dispatcher, which also serves requests that fail before any route is known.

    Under ``/api`` those failures (no free connection, a path that no rule can match) are
    problem documents like all others.
    """

    routing_type = HttpDispatcher.routing_type

    def handle_error(self, exc):
        path = self.request.httprequest.path
        if path == "/api" or path.startswith("/api/"):
            return FynloDispatcher(self.request).handle_error(exc)
        return super().handle_error(exc)
