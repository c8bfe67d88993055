"""A write is kept before it is sent, repeated to the letter, and struck off when it is answered for good."""

import pytest

from scripts.till.answer import Answer, Refused, Unanswered
from scripts.till.api_client import ApiClient
from scripts.till.journal import Journal
from scripts.till.store import Store

from .scripted_connection import ScriptedConnection, Sent, problem

pytestmark = pytest.mark.asyncio
DONE = Answer(201, {}, {"id": "order"})


class FixedTokens:
    """Tokens counted up at each renewal."""

    number = 1

    async def token(self) -> str:
        return f"access-{self.number}"

    async def renew(self, rejected: str) -> str:
        self.number += 1
        return f"access-{self.number}"


def client(answer, patience_s: float = 20) -> tuple[ApiClient, ScriptedConnection, Journal]:
    connection, journal = ScriptedConnection(answer), Journal(Store(":memory:"))
    return ApiClient(connection, FixedTokens(), journal, patience_s), connection, journal


async def test_write_is_in_the_journal_before_it_is_sent() -> None:
    seen = []

    def answer(sent: Sent) -> Answer:
        seen.extend((write.key, write.text) for write in journal.unsettled())
        return DONE

    api, connection, journal = client(answer)
    assert await api.write("/orders", {"id": "order"}) == DONE.body
    assert seen == [(connection.sent[0].headers["Idempotency-Key"], connection.sent[0].text)]
    assert journal.unsettled() == []


@pytest.mark.parametrize(
    "trouble",
    [
        None,
        Answer(502, {}, {}),
        problem(500, "internal_error", retryable=True),
        problem(503, "unavailable", retryable=True),
        problem(429, "rate_limited", retryable=True),
        problem(409, "operation_in_progress", retryable=True),
    ],
)
async def test_write_without_a_final_answer_is_repeated_to_the_letter(trouble: Answer | None) -> None:
    answers = iter([trouble, trouble, DONE])
    api, connection, _journal = client(lambda _sent: next(answers))
    assert await api.write("/orders", {"note": "é"}) == DONE.body
    assert len({(sent.headers["Idempotency-Key"], sent.text) for sent in connection.sent}) == 1
    assert len(connection.sent) == 3


async def test_two_writes_have_two_keys() -> None:
    api, connection, _journal = client(lambda _sent: DONE)
    await api.write("/orders", {"id": "same"})
    await api.write("/orders", {"id": "same"})
    assert len({sent.headers["Idempotency-Key"] for sent in connection.sent}) == 2


async def test_expired_token_is_renewed_and_the_write_sent_again() -> None:
    answers = iter([problem(401, "token_expired"), DONE])
    api, connection, _journal = client(lambda _sent: next(answers))
    await api.write("/orders", {})
    assert [sent.headers["Authorization"] for sent in connection.sent] == ["Bearer access-1", "Bearer access-2"]


async def test_final_no_is_raised_and_struck_off() -> None:
    api, connection, journal = client(lambda _sent: problem(409, "amount_exceeds_due"))
    with pytest.raises(Refused, match="amount_exceeds_due"):
        await api.write("/orders/1/payments", {})
    assert len(connection.sent) == 1
    assert journal.unsettled() == []


async def test_write_stays_when_patience_ends_or_nobody_is_signed_in() -> None:
    api, _connection, journal = client(lambda _sent: None, patience_s=0)
    with pytest.raises(Unanswered):
        await api.write("/orders", {})
    assert len(journal.unsettled()) == 1
    api, _connection, journal = client(lambda _sent: problem(401, "token_invalid"))
    with pytest.raises(Refused):
        await api.write("/orders", {})
    assert len(journal.unsettled()) == 1


async def test_after_a_restart_outcomes_are_asked_for_and_the_rest_is_sent_oldest_first() -> None:
    def answer(sent: Sent) -> Answer:
        if sent.method == "POST":
            return DONE
        if sent.path.endswith(arrived.key):
            return Answer(200, {}, {"state": "done", "status": 201, "body": {"id": "arrived"}})
        return problem(404, "not_found")

    api, connection, journal = client(answer)
    arrived, not_sent = journal.enter("POST", "/orders", {}), journal.enter("POST", "/orders", {})
    outcomes = await api.finish_journal()
    assert [outcome.body["id"] for _write, outcome in outcomes] == ["arrived", "order"]
    posted = [sent.headers["Idempotency-Key"] for sent in connection.sent if sent.method == "POST"]
    assert posted == [not_sent.key]
    assert journal.unsettled() == []


async def test_retry_after_is_respected(monkeypatch) -> None:
    waits: list[float] = []

    async def wait(_pause, wanted_s: float = 0) -> None:
        waits.append(wanted_s)

    monkeypatch.setattr("scripts.till.pause.Pause.wait", wait)
    answers = iter([problem(429, "rate_limited", True, **{"Retry-After": "7"}), DONE])
    api, _connection, _journal = client(lambda _sent: next(answers))
    await api.write("/orders", {})
    assert waits == [7.0]
