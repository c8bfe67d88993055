"""The kitchen display in Chromium: live over the gateway, through a crash of it, and for several stations."""

import asyncio
from pathlib import Path

import pytest

from scripts.local.end_to_end import LiveRestaurant
from scripts.lunch.counter import Counter
from scripts.lunch.staff import Welcome

from .browser import Page, open_page
from .tills import Tills, basket_of

pytestmark = pytest.mark.asyncio
WITHIN_S = 2.0


async def send_order(counter: Counter) -> tuple[str, str]:
    """A fresh order of one product goes to the kitchen; the order's number and the product's name."""
    order = await counter.till.place(basket_of(counter.till))
    await counter.till.api.write(f"/orders/{order['id']}:send", {})
    return order["number"], order["lines"][0]["name"]


async def cards_of(page: Page, number: str) -> int:
    """How many cards the screen shows of an order."""
    return int(
        await page.run(
            f"[...document.querySelectorAll('article.ticket')].filter(e => e.textContent.includes('{number}')).length"
        )
    )


async def sign_in(page: Page, tills: Tills, welcome: Welcome, url: str) -> None:
    """Pair the screen with a code of the manager's and enter a PIN, as a cook would."""
    counter = tills.counters[0]
    desk = await tills.desk()
    code = await desk.pairing_code(counter.till.location_id, "Pass")
    seller = welcome.sellers("Soho")[0]
    await page.go(f"{url}/kitchen")
    await page.see("input[name=code]")
    await page.run(f"document.querySelector('input[name=code]').value = '{code}'")
    await page.press("button.primary", "Pair")
    await page.press("button.name", seller["name"])
    for digit in seller["pin"]:
        await page.press("button.key", digit)
    await page.press("button.key", "OK")


async def test_tickets_appear_live_and_are_worked(
    restaurant: LiveRestaurant, welcome: Welcome, tills: Tills, tmp_path: Path
) -> None:
    counter = await tills.open("Soho A")
    async with open_page() as page:
        await sign_in(page, tills, welcome, restaurant.url)
        await page.see(".connection.live", "Live")
        number, name = await send_order(counter)
        await page.see("article.ticket.new", number, WITHIN_S)
        await page.see(".summary li", name)
        card = f"[...document.querySelectorAll('article.ticket')].find(e => e.textContent.includes('{number}'))"
        for verb, state in (("start", "preparing"), ("ready", "ready"), ("recall", "preparing"), ("ready", "ready")):
            await page.run(f"{card}.querySelector('button.{verb}').click()")
            await page.see(f"article.ticket.{state}", number)
        await page.picture(tmp_path / "kitchen.png")
        await page.run(f"{card}.querySelector('button.served').click()")
        await page.press("button.served-switch")
        await page.see("article.ticket.served", number)
        assert await cards_of(page, number) == 1


async def test_nothing_is_missed_while_the_gateway_is_down(
    restaurant: LiveRestaurant, welcome: Welcome, tills: Tills
) -> None:
    counter = await tills.open("Soho A")
    async with open_page() as page:
        await sign_in(page, tills, welcome, restaurant.url)
        await page.see(".connection.live")
        restaurant.stop("gateway")
        await page.see(".connection.waiting", "Reconnecting")
        number, _name = await send_order(counter)
        restaurant.start("gateway")
        await page.see("article.ticket.new", number)
        await page.see(".connection.live", "Live", within_s=40)
        another, _name = await send_order(counter)
        await page.see("article.ticket.new", another, WITHIN_S)
        assert [await cards_of(page, one) for one in (number, another)] == [1, 1]


async def test_a_screen_that_may_no_longer_see_the_kitchen_says_so_until_it_may_again(
    restaurant: LiveRestaurant, welcome: Welcome, tills: Tills
) -> None:
    counter = await tills.open("Soho A")
    role, desk = welcome.sellers("Soho")[0]["role"], await tills.desk()
    async with open_page() as page:
        await sign_in(page, tills, welcome, restaurant.url)
        await page.see(".connection.live")
        try:
            await desk.api.write("/permissions/kitchen.read", {role: False}, method="PATCH")
            await page.see(".connection.stopped", "Disconnected", WITHIN_S)
        finally:
            await desk.api.write("/permissions/kitchen.read", {role: True}, method="PATCH")
        await page.see(".connection.live", "Live")
        number, _name = await send_order(counter)
        await page.see("article.ticket.new", number, WITHIN_S)
        assert await cards_of(page, number) == 1


async def test_a_page_that_is_loaded_again_needs_no_pin(
    restaurant: LiveRestaurant, welcome: Welcome, tills: Tills
) -> None:
    await tills.open("Soho A")
    async with open_page() as page:
        await sign_in(page, tills, welcome, restaurant.url)
        await page.see(".connection.live")
        await page.go(f"{restaurant.url}/kitchen")
        await asyncio.sleep(0.2)
        await page.see(".connection.live")
        assert await page.run("document.querySelectorAll('button.key').length") == 0
        await page.press("button.who", "Sign out")
        await page.see("button.name")
        assert await page.run("sessionStorage.length") == 0
