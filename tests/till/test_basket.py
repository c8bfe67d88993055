"""What the menu allows is ordered; what it does not is refused before it is sent."""

import random
from typing import Any

import pytest

from scripts.lunch.guests import Guest, arrivals, tendered
from scripts.till.basket import Basket, ImpossibleChoice, Part, fewest_answers, fewest_parts
from scripts.till.menu import Menu, without


def document() -> dict[str, Any]:
    """A pizza in two sizes with a question that must be answered, a drink, and both as a combo."""
    pence = lambda amount: {"amount": amount, "currency": "GBP"}  # noqa: E731

    def product(name: str, variants: list[str], **more: Any) -> dict[str, Any]:
        rows = [{"id": row, "name": row, "price": pence(900), "available": True} for row in variants]
        shape = {"id": name, "name": name, "available": True, "sold_alone": True, "open_price": False}
        return {**shape, "variants": rows, "modifier_group_ids": [], "combo": None, **more}

    crusts = [{"id": row, "name": row, "price": pence(0), "available": True} for row in ("thin", "thick")]
    choices = [
        {"id": "food", "name": "Food", "variant_ids": ["small"]},
        {"id": "drink", "name": "Drink", "variant_ids": ["water"]},
    ]
    return {
        "version": 7,
        "currency": "GBP",
        "business_date": "2026-11-22",
        "modifier_groups": [{"id": "crust", "name": "Crust", "min": 1, "max": 1, "modifiers": crusts}],
        "combos": [{"id": "deal", "choices": choices}],
        "products": [
            product("Pizza", ["small", "large"], modifier_group_ids=["crust"]),
            product("Water", ["water"]),
            product("Deal", ["deal"], combo="deal"),
            product("Gift", ["gift"], open_price=True),
        ],
        "presets": [{"id": "in", "name": "Eat in", "kind": "eat_in"}],
        "floors": [{"id": "ground", "name": "Ground", "tables": [{"id": "one", "name": "1"}]}],
    }


def change(**wanted: str) -> dict[str, Any]:
    return {"modifier_id": None, "variant_id": None, "product_id": None, **wanted, "available": False}


def test_order_names_ids_and_quantities_and_no_price() -> None:
    basket = Basket(Menu.from_document(document()), guests=2)
    basket.add("large", quantity=2, modifiers=["thin"])
    basket.add("deal", combo={"food": Part("small", ("thick",)), "drink": Part("water")})
    order = basket.order()
    assert [line["quantity"] for line in order["lines"]] == ["2", "1"]
    assert order["lines"][1]["combo"][0] == {
        "choice_id": "food",
        "variant_id": "small",
        "modifiers": [{"modifier_id": "thick", "quantity": 1}],
    }
    assert "price" not in str(order)
    assert order["catalogue_version"] == 7


@pytest.mark.parametrize(
    ("variant_id", "choices"),
    [
        ("large", {}),
        ("large", {"modifiers": ["thin", "thick"]}),
        ("large", {"modifiers": ["golden"]}),
        ("deal", {}),
        ("deal", {"combo": {"food": Part("large", ("thin",)), "drink": Part("water")}}),
        ("deal", {"combo": {"food": Part("small"), "drink": Part("water")}}),
        ("nothing", {}),
    ],
)
def test_choices_that_do_not_fit_are_refused(variant_id: str, choices: dict[str, Any]) -> None:
    basket = Basket(Menu.from_document(document()))
    with pytest.raises(ImpossibleChoice):
        basket.add(variant_id, **choices)
    assert basket.order()["lines"] == []


def test_fewest_answers_are_enough() -> None:
    menu = Menu.from_document(document())
    basket = Basket(menu)
    for product, variant in menu.on_offer():
        basket.add(variant.id, modifiers=fewest_answers(product), combo=fewest_parts(menu, product))
    assert [line["variant_id"] for line in basket.order()["lines"]] == ["small", "large", "water", "deal"]


def test_open_prices_are_not_offered() -> None:
    menu = Menu.from_document(document())
    assert [variant.id for _product, variant in menu.on_offer()] == ["small", "large", "water", "deal"]


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        (change(product_id="Pizza"), ["water"]),
        (change(product_id="Pizza", variant_id="small"), ["large", "water"]),
        (change(product_id="Water"), ["small", "large"]),
    ],
)
def test_what_ran_out_takes_combos_with_it(gone: dict[str, Any], left: list[str]) -> None:
    menu = Menu.from_document(without(document(), gone))
    assert [variant.id for _product, variant in menu.on_offer()] == left


def test_product_without_an_answer_to_its_question_is_not_offered() -> None:
    menu = document()
    for modifier in ("thin", "thick"):
        menu = without(menu, change(modifier_id=modifier))
    assert [variant.id for _product, variant in Menu.from_document(menu).on_offer()] == ["water"]


def test_guests_are_the_same_for_the_same_seed_and_always_possible() -> None:
    menu = Menu.from_document(document())
    for seed in range(200):
        one, other = Guest(1, seed).wishes(menu).order(), Guest(1, seed).wishes(menu).order()
        assert [line["variant_id"] for line in one["lines"]] == [line["variant_id"] for line in other["lines"]]


def test_most_guests_come_in_the_middle() -> None:
    moments = list(arrivals(2.0, 600.0, random.Random(5)))
    middle = sum(200 <= moment < 400 for moment in moments)
    assert moments == sorted(moments)
    assert middle > 1.5 * sum(moment < 200 for moment in moments)


def test_guests_pay_enough() -> None:
    dice = random.Random(3)
    for due in range(1, 9000, 37):
        given = tendered(due, dice)
        assert given == due or (given >= due and given % 500 == 0)
