"""A till that charges a card knows in the end whether money was taken, and charges once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.till.answer import Answer, Refused, Unanswered
from scripts.till.api_client import ApiClient
from scripts.till.till import Server, Till

from .scripted_connection import ScriptedConnection, problem
from .test_api_client import FixedTokens

pytestmark = pytest.mark.asyncio
MakeTill = Callable[..., tuple[Till, ScriptedConnection]]
DUE = {"amount": 1000, "currency": "GBP"}
CHARGE = "/orders/o1/payments"


def payment(state: str) -> dict[str, Any]:
    return {"id": "p1", "state": state}


def refused_with_payment(status: int, code: str) -> Answer:
    return Answer(status, {}, {"code": code, "retryable": False, "payment": payment("failed")})


@pytest.fixture
def at(tmp_path: Path) -> MakeTill:
    """Makes a till that gets the given answers, one after the other."""

    def make(*answers: Answer | None, patience_s: float = 20) -> tuple[Till, ScriptedConnection]:
        to_come = iter(answers)
        till = Till(Server("http://nowhere", "ws://nowhere"), tmp_path / "till.sqlite", patience_s=patience_s)
        connection = ScriptedConnection(lambda _sent: next(to_come))
        till.api = ApiClient(connection, FixedTokens(), till.journal, patience_s)
        return till, connection

    return make


async def test_captured_at_once(at: MakeTill) -> None:
    till, connection = at(Answer(201, {}, payment("captured")))
    assert (await till.pay_card("o1", DUE, "pm_card_visa"))["state"] == "captured"
    (sent,) = connection.sent
    assert (sent.path, sent.body["method"], sent.body["details"]) == (
        CHARGE,
        "stripe",
        {"payment_method": "pm_card_visa"},
    )


async def test_not_known_yet_is_asked_after(at: MakeTill) -> None:
    answers = (
        Answer(202, {}, payment("sent")),
        Answer(202, {}, payment("unknown")),
        Answer(200, {}, payment("captured")),
    )
    till, connection = at(*answers)
    assert (await till.pay_card("o1", DUE, "pm_card_visa"))["state"] == "captured"
    assert connection.paths() == [CHARGE, "/payments/p1:refresh", "/payments/p1:refresh"]


async def test_a_lost_answer_is_the_same_charge(at: MakeTill) -> None:
    till, connection = at(None, Answer(201, {}, payment("captured")))
    await till.pay_card("o1", DUE, "pm_card_visa")
    first, again = connection.sent
    assert (first.text, first.headers["Idempotency-Key"]) == (again.text, again.headers["Idempotency-Key"])


@pytest.mark.parametrize(("status", "code"), [(402, "payment_declined"), (503, "provider_unavailable")])
async def test_no_money_was_taken(at: MakeTill, status: int, code: str) -> None:
    till, connection = at(refused_with_payment(status, code))
    assert (await till.pay_card("o1", DUE, "pm_card_visa"))["state"] == "failed"
    assert len(connection.sent) == 1
    assert till.journal.unsettled() == []


async def test_no_charge_was_begun(at: MakeTill) -> None:
    till, _connection = at(problem(409, "amount_exceeds_due"))
    with pytest.raises(Refused, match="amount_exceeds_due"):
        await till.pay_card("o1", DUE, "pm_card_visa")


async def test_a_provider_that_says_nothing(at: MakeTill) -> None:
    till, _connection = at(Answer(202, {}, payment("sent")), patience_s=-1)
    with pytest.raises(Unanswered, match="sent"):
        await till.pay_card("o1", DUE, "pm_card_visa")
