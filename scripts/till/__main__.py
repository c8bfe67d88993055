"""The reference till on the command line, for whoever builds against the API: pair, sell, listen."""

import argparse
import asyncio
import contextlib
import os
import sys
from pathlib import Path

from .answer import Refused, Unanswered
from .basket import Basket, fewest_answers, fewest_parts
from .event import Event
from .event_stream import StreamEnded
from .till import Server, Till


def main(argv: list[str]) -> int:
    """Runs one command; 0 when it was done, 1 with a sentence when it was refused."""
    options = _options(argv)
    try:
        asyncio.run(_run(options))
    except (Refused, Unanswered, StreamEnded, LookupError) as error:
        print(f"till: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.till", description=__doc__)
    parser.add_argument("--url", default=os.environ.get("FYNLO_URL", "http://127.0.0.1:8069"))
    parser.add_argument("--events", default=os.environ.get("FYNLO_WS_URL", "ws://127.0.0.1:8090/ws/v1"))
    parser.add_argument("--memory", type=Path, default=Path(".run/till.sqlite"), help="the till's file")
    commands = parser.add_subparsers(dest="command", required=True)
    pair = commands.add_parser("pair", help="pair this till with a code from the back office")
    pair.add_argument("code")
    pair.add_argument("--name", default="Terminal")
    sign_in = commands.add_parser("sign-in", help="sign in by PIN")
    sign_in.add_argument("name")
    sign_in.add_argument("pin")
    commands.add_parser("menu", help="what is on offer")
    sell = commands.add_parser("sell", help="sell products by name, for cash")
    sell.add_argument("products", nargs="+")
    commands.add_parser("listen", help="print the location's events as they come")
    return parser.parse_args(argv)


async def _run(options: argparse.Namespace) -> None:
    till = Till(Server(options.url, options.events), options.memory, on_event=_print_event)
    try:
        match options.command:
            case "pair":
                employees = await till.sign_in.pair(options.code, options.name)
                print(f"paired as {till.name} at {till.location_name}; may sign in: {_names(employees)}")
            case "sign-in":
                await _sign_in(till, options.name, options.pin)
            case "menu":
                await _show_menu(till)
            case "sell":
                await _sell(till, options.products)
            case "listen":
                with contextlib.suppress(asyncio.CancelledError):
                    await till.listen()
    finally:
        await till.close()


async def _sign_in(till: Till, name: str, pin: str) -> None:
    found = [employee for employee in till.sign_in.employees if employee["name"].casefold() == name.casefold()]
    if not found:
        raise LookupError(f"{name} may not sign in here, only {_names(till.sign_in.employees)}")
    await till.sign_in.enter_pin(found[0]["id"], pin)
    print(f"signed in: {found[0]['name']}")


async def _show_menu(till: Till) -> None:
    menu = await till.copy.read_menu()
    for product, variant in menu.on_offer():
        print(f"{variant.price / 100:8.2f}  {product.name} {variant.name}".rstrip())


async def _sell(till: Till, names: list[str]) -> None:
    for write, answer in await till.finish_journal():
        print(f"left over from before: {write.method} {write.path} was answered {answer.status}")
    menu = await till.copy.read_menu()
    basket = Basket(menu)
    for name in names:
        found = [pair for pair in menu.on_offer() if pair[0].name.casefold() == name.casefold()]
        if not found:
            raise LookupError(f"{name} is not on offer")
        product, variant = found[0]
        basket.add(variant.id, modifiers=fewest_answers(product), combo=fewest_parts(menu, product))
    order = await till.place(basket)
    payment = await till.pay_cash(order["id"], order["totals"]["due"], order["totals"]["due"]["amount"])
    order = await till.complete(order["id"])
    print(f"{order['number']} {order['state']}: {payment['amount']['amount'] / 100:.2f} {menu.currency}")


def _print_event(event: Event) -> None:
    what = event.data.get("number") or event.data.get("id") or ""
    print(f"{event.at}  {event.topic.rpartition('.')[2]:8} {event.offset:6}  {event.type}  {what}", flush=True)


def _names(employees: list[dict[str, str]]) -> str:
    return ", ".join(employee["name"] for employee in employees)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
