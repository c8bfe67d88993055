"""Changes made by another process are in force with the next request of every worker."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from loadtests.exchange import Reply
from loadtests.load_till import LoadTill, order_of
from loadtests.odoo_shell import ask_odoo
from scripts.local.end_to_end import LiveRestaurant

REQUESTS = 24
AT_ONCE = 4


def change(restaurant: LiveRestaurant, function: str, **arguments: object) -> None:
    ask_odoo(restaurant.environment, restaurant.database, "caches", function, **arguments)


def everywhere(request: Any) -> list[Reply]:
    """The request often enough, and at once, that all workers answer some of them."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda _number: request(), range(REQUESTS)))


def test_a_price_changed_elsewhere_is_charged_by_every_worker(
    restaurant: LiveRestaurant, tills: list[LoadTill], location: dict[str, Any]
) -> None:
    till, dish = tills[0], location["dishes"][0]

    def totals() -> set[int]:
        asked = everywhere(lambda: till.write("/orders:calculate", order_of([(dish, 1)])))
        return {reply.body["totals"]["total"]["amount"] for reply in asked}

    def menu_prices() -> set[int]:
        menus = [reply.body for reply in everywhere(lambda: till.read("/menu"))]
        variants = [one for menu in menus for product in menu["products"] for one in product["variants"]]
        return {one["price"]["amount"] for one in variants if one["id"] == dish["variant_id"]}

    for price in (7.77, 8.88):
        change(restaurant, "change_price", variant_id=dish["variant_id"], price=price)
        assert totals() == {round(price * 100)}
        assert menu_prices() == {round(price * 100)}


def test_a_setting_changed_by_one_worker_is_told_by_every_worker(tills: list[LoadTill]) -> None:
    for columns in (7, 8):
        changed = tills[0].patch("/settings/ui", {"tile_columns": columns})
        assert changed.status == 200, changed.body
        told = [reply.body["ui"] for reply in everywhere(lambda: tills[1].read("/settings"))]
        assert told == [changed.body] * REQUESTS


def test_a_permission_taken_away_in_the_middle_of_work_is_gone_everywhere(
    restaurant: LiveRestaurant, tills: list[LoadTill]
) -> None:
    over, statuses = threading.Event(), []

    def work() -> None:
        while not over.is_set():
            statuses.append(tills[1].read("/health/details").status)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        change(restaurant, "set_permission", code="settings.read", held=False)
        after = everywhere(lambda: tills[0].read("/health/details"))
    finally:
        over.set()
        worker.join()
        change(restaurant, "set_permission", code="settings.read", held=True)
    assert {reply.status for reply in after} == {403}
    assert set(statuses) == {200, 403}
    assert statuses == sorted(statuses)
    assert {reply.status for reply in everywhere(lambda: tills[0].read("/health/details"))} == {200}
