"""Thousands of paid orders of one location, made through the API as tills make them."""

import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from loadtests.exchange import expect
from loadtests.load_till import LoadTill

MOST_LINES = 6


def sell(tills: Sequence[LoadTill], dishes: Sequence[Mapping[str, Any]], orders: int) -> int:
    """So many orders of one to six lines, paid and completed; what was taken for them."""
    shares = [orders // len(tills) + (number < orders % len(tills)) for number in range(len(tills))]

    def work(number: int) -> int:
        dice = random.Random(number)
        return sum(_sell_one(tills[number], dishes, dice) for _ in range(shares[number]))

    with ThreadPoolExecutor(len(tills)) as pool:
        return sum(pool.map(work, range(len(tills))))


def _sell_one(till: LoadTill, dishes: Sequence[Mapping[str, Any]], dice: random.Random) -> int:
    wishes = [(dish, dice.randint(1, 3)) for dish in dice.choices(list(dishes), k=dice.randint(1, MOST_LINES))]
    order = expect(till.create_order(wishes), 201).body
    return int(expect(till.pay_cash(order["id"], order["totals"]["due"]), 201).body["amount"]["amount"])
