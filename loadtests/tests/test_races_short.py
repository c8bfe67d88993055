"""The races in a few seconds: whoever breaks a lock or an idempotency record hears of it in every test run."""

from typing import Any

from loadtests.load_till import LoadTill
from loadtests.races.busy_tills import sell_at_once
from loadtests.races.last_portions import sell_the_last
from loadtests.races.shared_tables import share_tables
from loadtests.races.twin_payments import pay_twice
from loadtests.races.twin_retries import retry_at_once
from loadtests.races.twin_settings import change_at_once
from scripts.local.end_to_end import LiveRestaurant


def test_two_tills_cannot_both_be_paid(
    restaurant: LiveRestaurant, tills: list[LoadTill], location: dict[str, Any]
) -> None:
    assert pay_twice(restaurant, tills, location["dishes"], rounds=15).faults == []


def test_identical_retries_make_one_order(
    restaurant: LiveRestaurant, tills: list[LoadTill], location: dict[str, Any]
) -> None:
    assert retry_at_once(restaurant, tills, location["dishes"], rounds=10).faults == []


def test_bills_of_one_table_lose_nothing(
    restaurant: LiveRestaurant, tills: list[LoadTill], location: dict[str, Any]
) -> None:
    assert share_tables(restaurant, tills, location["dishes"], rounds=10).faults == []


def test_sixteen_tills_lose_and_double_nothing(
    restaurant: LiveRestaurant, tills: list[LoadTill], location: dict[str, Any]
) -> None:
    assert sell_at_once(restaurant, tills, location["dishes"], orders=6).faults == []


def test_the_last_portions_are_sold_once(
    restaurant: LiveRestaurant, tills: list[LoadTill], location: dict[str, Any]
) -> None:
    assert sell_the_last(restaurant, tills, location["dishes"], rounds=3).faults == []


def test_managers_do_not_overwrite_each_others_settings(restaurant: LiveRestaurant, tills: list[LoadTill]) -> None:
    assert change_at_once(restaurant, tills, rounds=5).faults == []
