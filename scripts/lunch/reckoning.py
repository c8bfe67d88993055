"""At the end of a service: do the tills and the server agree, to the penny and to the last event?"""

from collections import Counter as Count
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from scripts.till.event import Event
from scripts.till.till import Till

from .counter import Counter, Sale

Document = Mapping[str, Any]


@dataclass(slots=True)
class Reckoning:
    """What was compared, and every disagreement as a sentence."""

    orders: int = 0
    payments: int = 0
    events: int = 0
    takings: int = 0
    by_card: int = 0
    declined: int = 0
    disagreements: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        return not self.disagreements

    def note(self, sentences: Iterable[str]) -> None:
        """Add disagreements."""
        self.disagreements.extend(sentences)


async def reckon(
    counters: Sequence[Counter], began_at: datetime, charged: Mapping[str, int] | None = None
) -> Reckoning:
    """Compare each location's tills with what the server answers now about orders since ``began_at``.

    ``charged`` is what the card provider has charged for each order, where it can be asked.
    """
    result = Reckoning(declined=sum(counter.declined for counter in counters))
    for neighbours in by_location(counters):
        served = await orders_since(neighbours[0].till, began_at)
        _compare_location(result, neighbours, served)
        if charged is not None:
            sold = {sale.order_id for counter in neighbours for sale in counter.sales}
            _compare_charges(result, [document for document in served if document["id"] in sold], charged)
    return result


def by_location(counters: Iterable[Counter]) -> list[list[Counter]]:
    """The counters that work side by side."""
    locations: dict[str, list[Counter]] = {}
    for counter in counters:
        locations.setdefault(counter.till.location_id, []).append(counter)
    return list(locations.values())


async def orders_since(till: Till, began_at: datetime) -> list[Document]:
    """The location's orders from the newest back to ``began_at``, page by page."""
    documents: list[Document] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await till.api.read(f"/orders?limit=100{cursor and '&cursor=' + cursor}")).body
        documents += page["items"]
        oldest = datetime.fromisoformat(documents[-1]["created_at"]) if documents else began_at
        cursor = page["next_cursor"] if oldest >= began_at else None
    return documents


def _compare_location(result: Reckoning, counters: Sequence[Counter], served: Sequence[Document]) -> None:
    devices = {counter.till.sign_in.device["id"]: counter for counter in counters if counter.till.sign_in.device}
    ours = [document for document in served if document["device_id"] in devices]
    result.note(_doubled(ours))
    known = {sale.order_id for counter in counters for sale in counter.sales}
    result.note(
        f"{_name(document)} is at the server but no till made it" for document in ours if document["id"] not in known
    )
    by_id = {document["id"]: document for document in ours}
    for counter in counters:
        result.note(
            f"{counter.till.name}: {write.path} is still unanswered" for write in counter.till.journal.unsettled()
        )
        for sale in counter.sales:
            result.orders += 1
            result.note(_compare_sale(counter, sale, by_id.get(sale.order_id)))
        result.events += len(counter.heard)
        result.note(_compare_events(counter))
        result.note(_told_to_read(counter))
    result.note(_compare_hearing(counters, known))
    result.payments += sum(len(document["payments"]) for document in ours)
    result.takings += sum(document["totals"]["paid"]["amount"] for document in ours)


def _doubled(documents: Sequence[Document]) -> Iterator[str]:
    for field_name in ("id", "number"):
        for value, count in Count(document[field_name] for document in documents).items():
            if count > 1:
                yield f"{count} orders have the {field_name} {value}"
    payments = Count(payment["id"] for document in documents for payment in document["payments"])
    yield from (f"the payment {value} is there {count} times" for value, count in payments.items() if count > 1)


def _compare_sale(counter: Counter, sale: Sale, document: Document | None) -> Iterator[str]:
    who = f"{counter.till.name}: order {sale.number or sale.order_id}"
    if document is None:
        yield f"{who} is not at the server"
        return
    totals = {name: money["amount"] for name, money in document["totals"].items()}
    if sale.step != "completed":
        yield f"{who} got no further than {sale.step}; at the server it is {document['state']}"
    elif document["state"] != "completed":
        yield f"{who} is completed at the till and {document['state']} at the server"
    if sale.step != "begun" and totals["total"] != sale.total:
        yield f"{who}: the till believes {sale.total}, the server {totals['total']}"
    captured = sum(payment["amount"]["amount"] for payment in document["payments"] if payment["state"] == "captured")
    if document["state"] == "completed" and not captured == totals["paid"] == totals["total"]:
        yield f"{who}: total {totals['total']}, paid {totals['paid']}, payments {captured}"
    lines = sum(line["total"]["amount"] for line in document["lines"])
    if lines != totals["total"] or totals["subtotal"] + totals["tax"] != totals["total"]:
        yield f"{who}: its lines add up to {lines}, its total is {totals['total']}"


def _compare_charges(result: Reckoning, documents: Sequence[Document], charged: Mapping[str, int]) -> None:
    for document in documents:
        by_card = [payment for payment in document["payments"] if payment["method"] == "stripe"]
        wanted = sum(payment["amount"]["amount"] for payment in by_card if payment["state"] == "captured")
        found = charged.get(document["id"], 0)
        result.by_card += len(by_card)
        if wanted != found:
            result.note([f"{_name(document)}: {wanted} paid by card, but cards were charged {found}"])


def _compare_events(counter: Counter) -> Iterator[str]:
    """Exactly once, in order, nothing left out: the offsets of a topic are a run."""
    yield from (
        f"{counter.till.name} heard the event {event_id} {count} times"
        for event_id, count in Count(event.id for event in counter.heard).items()
        if count > 1
    )
    for topic, events in by_topic(counter.heard).items():
        offsets = [event.offset for event in events]
        if offsets != list(range(offsets[0], offsets[0] + len(offsets))):
            yield f"{counter.till.name} heard {topic} with a gap or out of order: {_breaks(offsets)}"


def _told_to_read(counter: Counter) -> Iterator[str]:
    """Loss is never silent: a till that could not be caught up was told so, and read by REST."""
    stream = counter.till.stream
    if stream is not None and stream.losses:
        yield f"{counter.till.name} was told {stream.losses} times that events could not be replayed; it read by REST"


def _compare_hearing(counters: Sequence[Counter], known: set[str]) -> Iterator[str]:
    """Every till hears every sale of its location, begun and completed once each."""
    completed = {sale.order_id for counter in counters for sale in counter.sales if sale.step == "completed"}
    for counter in counters:
        for kind, wanted in (("order.created", known), ("order.completed", completed)):
            heard = Count(event.data["id"] for event in counter.heard if event.type == kind)
            silent = [order_id for order_id in wanted if heard[order_id] != 1]
            if silent:
                yield f"{counter.till.name} did not hear {kind} exactly once of {_some(silent)}"


def by_topic(events: Iterable[Event]) -> dict[str, list[Event]]:
    """The events in the order in which they were heard, topic by topic."""
    topics: dict[str, list[Event]] = {}
    for event in events:
        topics.setdefault(event.topic, []).append(event)
    return topics


def _some(order_ids: Sequence[str]) -> str:
    few = ", ".join(sorted(order_ids)[:3])
    return few if len(order_ids) <= 3 else f"{few} and {len(order_ids) - 3} more"


def _breaks(offsets: Sequence[int]) -> str:
    pairs = pairwise(offsets)
    return ", ".join(f"{before} then {after}" for before, after in pairs if after != before + 1)


def _name(document: Document) -> str:
    return f"order {document['number']}"
