"""What has run out disappears from the tills' menus within a second."""

import asyncio
import time

import pytest

from scripts.till.answer import Refused
from scripts.till.basket import Basket, ImpossibleChoice, fewest_answers

from .tills import Tills, basket_of, until

pytestmark = pytest.mark.asyncio
WITHIN_S = 1.0


async def test_sold_out_product_leaves_the_menus_of_its_location_within_a_second(tills: Tills) -> None:
    soho, neighbour = await tills.open("Soho A"), await tills.open("Soho B")
    camden = await tills.open("Camden A", "Camden")
    await tills.listen(soho, neighbour, camden)
    product, variant = next(pair for pair in soho.till.menu.on_offer() if not pair[0].choices)
    version = soho.till.menu.version
    open_basket = basket_of(soho.till)
    open_basket.add(variant.id, modifiers=fewest_answers(product))
    desk = await tills.desk()
    try:
        began = time.monotonic()
        await desk.set_availability(product.id, False)
        for counter in (soho, neighbour):
            left_s = WITHIN_S - (time.monotonic() - began)
            await until(lambda c=counter: not c.till.menu.offers(variant.id), "it is off the menu", left_s)
        assert camden.till.menu.offers(variant.id)
        with pytest.raises(Refused, match="item_unavailable"):
            await soho.till.place(open_basket)
        with pytest.raises(ImpossibleChoice):
            Basket(soho.till.menu).add(variant.id)
        await until(lambda: soho.till.menu.version > version, "the whole menu is read again")
        assert not soho.till.menu.offers(variant.id)
    finally:
        await desk.set_availability(product.id, True)
    await until(lambda: soho.till.menu.offers(variant.id), "it is on the menu again")


async def test_till_that_was_away_learns_it_when_it_comes_back(tills: Tills) -> None:
    counter = await tills.open("Soho A")
    await tills.listen(counter)
    product, variant = next(pair for pair in counter.till.menu.on_offer() if not pair[0].choices)
    await tills.fall_silent(counter)
    desk = await tills.desk()
    await desk.set_availability(product.id, False)
    await asyncio.sleep(0.2)
    assert counter.till.menu.offers(variant.id)
    await tills.listen(counter)
    await until(lambda: not counter.till.menu.offers(variant.id), "it is off the menu", WITHIN_S)
    await desk.set_availability(product.id, True)
