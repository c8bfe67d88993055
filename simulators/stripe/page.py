"""Stripe's page as a guest sees it: who is paid how much, and what a guest may do there. It has no scripts."""

import re
from html import escape

from . import checkout
from .account import Accounts
from .books import Books, Json

PATH = re.compile(r"/c/pay/(?P<id>cs_\w+)(?:/(?P<step>pay|decline))?")
CARDS = {"pay": "pm_card_visa", "decline": "pm_card_chargeDeclined"}
FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Simulated Stripe</title>
<style>
body {{ font: 17px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 26rem; padding: 1rem; }}
button {{ display: block; font: inherit; width: 100%; padding: .9rem; margin: .6rem 0; }}
</style>
</head>
<body><main><h1>Simulated Stripe</h1><p>No money moves here.</p>{inner}</main></body>
</html>"""
OPEN = """<p>{label}: {currency} {amount}</p>{notice}
<form method="post" action="/c/pay/{id}/pay"><button>Pay with a good card</button></form>
<form method="post" action="/c/pay/{id}/decline"><button>Pay with a card that is declined</button></form>
<form method="get" action="{back}"><button>Go back</button></form>"""


def hosted(accounts: Accounts, method: str, path: str) -> tuple[int, str, str | None]:
    """Status, page and where to go instead, for a request to Stripe's page; to be asked while events are told."""
    found = PATH.fullmatch(path)
    held = _held(accounts, found["id"]) if found else None
    if found is None or held is None:
        return 404, FRAME.format(inner="<p>There is no such page.</p>"), None
    books, session = held
    with books.lock:
        if method == "POST" and found["step"]:
            if checkout.pay(books, session, CARDS[found["step"]]):
                return 303, "", session["success_url"]
            return 200, _page(books, session, tried=True), None
        return 200, _page(books, session), None


def _held(accounts: Accounts, name: str) -> tuple[Books, Json] | None:
    for books in accounts.opened():
        if name in books.kept[checkout.KIND]:
            return books, books.kept[checkout.KIND][name]
    return None


def _page(books: Books, session: Json, *, tried: bool = False) -> str:
    if checkout.current(books, session)["status"] != "open":
        return FRAME.format(inner="<p>You are all done here.</p>")
    values = {
        "label": session["_label"],
        "currency": session["currency"].upper(),
        "amount": f"{session['amount_total'] / 100:.2f}",
        "id": session["id"],
        "back": session["cancel_url"],
    }
    notice = '<p role="alert">Your card was declined.</p>' if tried else ""
    shown = {name: escape(str(value)) for name, value in values.items()}
    return FRAME.format(inner=OPEN.format(**shown, notice=notice))
