"""Answers to requests whose refunds a provider must be asked for, once the request's transaction is over."""

from functools import partial

from odoo import SUPERUSER_ID, api
from odoo.addons.fynlo_pos_core.rest import Answer, Problem, current_call, current_identity, idempotency, transaction
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.http import request

from ..models import provider_call
from ..models.refund import WAITING
from ..models.refund_call import give_back


def answer_refunds(result, *, status):
    """201 (or ``status``) with what became of the refunds; 202 while a provider has not decided about one."""
    answer = Answer(result, status=_status(result, status), resource=_resource(result))
    if _sent(result):
        answer.afterwards = partial(
            _after_refunds, request.env.registry, current_identity(), current_call(), result, status
        )
    return answer


def answer_rollback(result, wish):
    """200, or 202 while payments are being cancelled or given back by their providers.

    That the payments are to be cancelled is noted here, with the refunds: the recovery job does it after a crash.
    """
    identity, payments = current_identity(), request.env["fynlo.payment.service"]
    attempts = request.env["fynlo.refund.service"]._attempts(identity, result["order"]["id"], wish)
    asked = [payments._wish_cancelled(identity, attempt.fynlo_uuid) for attempt in attempts]
    answer = Answer(result, status=202 if asked else _status(result, 200), resource=_resource(result))
    if asked or _sent(result):
        context = request.env.registry, identity, current_call()
        answer.afterwards = partial(_after_rollback, *context, result, asked, wish)
    return answer


# --- after the commit --------------------------------------------------------------------


def _after_refunds(registry, identity, call, result, status):
    sent = _sent(result)
    ids = _in_transaction(registry, identity, lambda service: [service._find(identity, uuid).id for uuid in sent])
    give_back(registry, ids)
    return _as_it_is(registry, identity, call, result, status)


def _after_rollback(registry, identity, call, result, attempts, wish):
    """Cancel what can be cancelled; what turns out to have been paid meanwhile is given back like the rest."""
    order_id, states = result["order"]["id"], [_cancelled(registry, payment_id) for payment_id in attempts]
    if "captured" in states:
        result = _in_transaction(registry, identity, lambda service: service._roll_back(identity, order_id, wish))
    return _after_refunds(registry, identity, call, result, 202 if "unknown" in states else 200)


def _cancelled(registry, payment_id):
    """The state of a payment after cancelling it; one whose provider is away is cancelled by the recovery job."""
    try:
        return provider_call.cancel(registry, payment_id)[0]["state"]
    except Problem as problem:
        if problem.code != "provider_unavailable":
            raise
        return "unknown"


def _as_it_is(registry, identity, call, result, status):
    """The answer as things are now, which a repetition of the request gets from now on too."""
    uuids, order_id = [refund["id"] for refund in result["refunds"]], result["order"]["id"]

    def look(service):
        now = service._outcome(identity, uuids, order_id)
        idempotency.amend(service.env.cr, identity.scope, call.idempotency_key, _status(now, status), to_json(now))
        return now

    now = _in_transaction(registry, identity, look)
    return Answer(now, status=_status(now, status))


def _in_transaction(registry, identity, work):
    with registry.cursor() as cr:
        context = {"allowed_company_ids": [identity.company_id]}
        env = api.Environment(cr, identity.user_id or SUPERUSER_ID, context)
        return transaction.run(env, lambda: work(env["fynlo.refund.service"]))


def _sent(result):
    return [refund["id"] for refund in result["refunds"] if refund["state"] in WAITING]


def _status(result, done):
    return 202 if _sent(result) else done


def _resource(result):
    return ("refund", result["refunds"][0]["id"]) if result["refunds"] else ("order", result["order"]["id"])
