"""The bank's page as the guest sees it: who is paid how much, and the decisions that a guest may take."""

import json
from collections.abc import Mapping
from typing import Any

#: The address holds everything after ``#``, which browsers send to no server; the page reads it.
HOSTED = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Simulated bank</title>
<style>
body { font: 17px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 26rem; padding: 1rem; }
button { display: block; font: inherit; width: 100%; padding: .9rem; margin: .6rem 0; }
</style>
</head>
<body>
<main>
<h1>Simulated bank</h1>
<p>No money moves here.</p>
<p id="amount" aria-live="polite">One moment.</p>
<button value="approve">Approve</button>
<button value="decline">Decline</button>
<button value="late">Approve only after it was cancelled</button>
<button value="other">Approve another amount</button>
</main>
<script>
const wish = new URLSearchParams(location.hash.slice(1));
const hosted = "/hosted/" + encodeURIComponent(wish.get("payment_id"));
const token = { "X-Resource-Token": wish.get("resource_token") || "" };
fetch(hosted, { headers: token }).then((answer) => answer.ok ? answer.json() : { text: "There is no such payment." })
    .then((told) => { document.getElementById("amount").textContent = told.text; });
for (const button of document.querySelectorAll("button")) {
    button.addEventListener("click", async () => {
        const answer = await fetch(hosted + "/" + button.value, { method: "POST", headers: token });
        if (!answer.ok) return;
        const back = new URL(wish.get("return_uri"));
        back.searchParams.set("payment_id", wish.get("payment_id"));
        location.replace(back);
    });
}
</script>
</body>
</html>"""

#: For tests and tools that know a payment's id and have no page.
DECIDE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Bank</title>
<form method="post" action="/v3/payments/{id}/approve"><button>Approve</button></form>
<form method="post" action="/v3/payments/{id}/decline"><button>Decline</button></form></html>"""
DONE = "<!doctype html><title>Bank</title><p>Done.</p>"


def summary(payment: Mapping[str, Any]) -> bytes:
    """What the page tells of a payment."""
    text = f"{payment['currency']} {payment['amount_in_minor'] / 100:.2f}, {payment['status']}"
    return json.dumps({"text": text}).encode()
