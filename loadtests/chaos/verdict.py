"""At the end: does every till know every event once and in order, and is every sale there once and to the penny?"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from loadtests.chaos.crew import Device
from loadtests.chaos.ledger import Applied, Ledger
from loadtests.chaos.seller import Sale

Sql = Callable[[str], str]
EVENTS = """
    SELECT topic, topic_offset, event_id, extract(epoch FROM created_at)
      FROM fynlo_outbox WHERE topic LIKE 'l.{location}.%' AND topic_offset IS NOT NULL ORDER BY topic, topic_offset
"""
UNNUMBERED = "SELECT count(*) FROM fynlo_outbox WHERE topic_offset IS NULL"
ORDERS = """
    SELECT o.uuid, o.state, round(o.amount_total * 100)::int, count(p.id), coalesce(round(sum(p.amount) * 100), 0)::int
      FROM pos_order o JOIN fynlo_device d ON d.id = o.fynlo_device_id LEFT JOIN pos_payment p ON p.pos_order_id = o.id
     WHERE d.fynlo_uuid IN ({devices}) GROUP BY o.id
"""


NOTHING = Applied(0, "")


@dataclass
class Hearing:
    """How the events reached the tills."""

    deliveries: int = 0
    read_by_rest: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    invented: int = 0
    fresh_starts: int = 0


@dataclass
class Books:
    """How the sales stand; every disagreement is a sentence."""

    orders: int = 0
    taken: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sent:
    """What the database has sent: the events of each topic in order, and when each was written, in Unix time."""

    events: Mapping[str, Sequence[Applied]]
    written_at: Mapping[str, float]


def read_sent(sql: Sql, location: str) -> Sent | None:
    """The location's events; None while some still wait for the relay."""
    if sql(UNNUMBERED) != "0":
        return None
    events: dict[str, list[Applied]] = {}
    written_at = {}
    for row in sql(EVENTS.format(location=location)).splitlines():
        topic, offset, event_id, moment = row.split("|")
        events.setdefault(topic, []).append(Applied(int(offset), event_id))
        written_at[event_id] = float(moment)
    return Sent(events, written_at)


def has_everything(ledger: Ledger, sent: Sent) -> bool:
    """Whether the till stands where its topics end."""
    return all(
        (place := ledger.place(topic)) is not None and place.offset >= sent.events.get(topic, [NOTHING])[-1].offset
        for topic in ledger.began
    )


def hear(ledgers: Iterable[Ledger], events: Mapping[str, Sequence[Applied]]) -> Hearing:
    """Compares what each till has applied with what was sent after it began to follow."""
    hearing = Hearing()
    for ledger in ledgers:
        hearing.fresh_starts += ledger.fresh_starts
        for topic, began in ledger.began.items():
            applied = ledger.applied[topic]
            wanted = {event for event in events.get(topic, ()) if event.offset > began.offset}
            heard = Counter(applied)
            by_rest = {event for event in wanted if event.event_id in ledger.read[topic] and event not in heard}
            hearing.deliveries += len(applied)
            hearing.read_by_rest += len(by_rest)
            hearing.lost += len(wanted - heard.keys() - by_rest)
            hearing.doubled += heard.total() - len(heard)
            hearing.disordered += sum(after.offset <= before.offset for before, after in pairwise(applied))
            hearing.invented += len(heard.keys() - wanted)
    return hearing


def check_books(sql: Sql, devices: Sequence[Device], sales: Mapping[str, Sale]) -> Books:
    """Compares what the tills were told with the orders and payments of the database."""
    names = ", ".join(f"'{device.id}'" for device in devices)
    books, there = Books(), Counter[str]()
    for row in sql(ORDERS.format(devices=names)).splitlines():
        order_id, state, total, payments, paid = row.split("|")
        there[order_id] += 1
        books.orders += 1
        books.taken += int(paid)
        sale = sales.get(order_id)
        if sale is None:
            books.faults.append(f"order {order_id} is there, but no till made it")
        elif (int(total), int(payments), int(paid)) != (sale.total, 1, sale.total):
            books.faults.append(
                f"order {order_id}: {total} in {payments} payments of {paid}, the till knows {sale.total}"
            )
        elif state != "paid" and state != "done":
            books.faults.append(f"order {order_id} was completed and is {state}")
    books.faults += [f"order {order_id} is there {count} times" for order_id, count in there.items() if count > 1]
    books.faults += [f"order {order_id} was acknowledged and is gone" for order_id in sales.keys() - there.keys()]
    if (told := sum(sale.total for sale in sales.values())) != books.taken:
        books.faults.append(f"the tills took {told}, the database has {books.taken}")
    return books
