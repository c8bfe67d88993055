"""The people of the demo restaurant, and four paired tills with somebody signed in at each."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.local.layout import RUN
from scripts.till.manager_desk import ManagerDesk
from scripts.till.till import Server, Till

from .counter import Counter
from .tally import Tally

COMPANY = "Fynlo Pizza"
LOCATIONS = ("Soho", "Camden")
TILLS_A_LOCATION = 2
SELLING_ROLES = ("cashier", "server", "supervisor")
FLOAT_MINOR = 15_000


class NotReady(Exception):
    """The demo cannot begin; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the demo restaurant tells of itself: who may sign in, and how."""

    server: Server
    login: str
    password: str
    employees: Sequence[Mapping[str, Any]]
    locations: Mapping[str, str]  # id by name

    @classmethod
    def read(cls) -> "Welcome":
        """From the environment and the file that `make run` leaves."""
        url, websocket_url = os.environ.get("FYNLO_URL"), os.environ.get("FYNLO_WS_URL")
        path = Path(os.environ.get("FYNLO_WELCOME", RUN.welcome))
        if not (url and websocket_url and path.exists()):
            raise NotReady("The restaurant does not tell how to get in: start it with `make run`, then `make demo`.")
        return cls.told(Server(url, websocket_url), json.loads(path.read_text()))

    @classmethod
    def told(cls, server: Server, welcome: Mapping[str, Any]) -> "Welcome":
        """From what the demo restaurant answers about itself."""
        owner = next(row for row in welcome["logins"] if row["where"] == COMPANY and row["who"].endswith("owner"))
        locations = {row["name"]: row["id"] for row in welcome["locations"] if row["company"] == COMPANY}
        return cls(server, owner["login"], owner["password"], welcome["employees"], locations)

    def desk(self, location: str) -> ManagerDesk:
        """The owner, at a location."""
        return ManagerDesk(self.server.url, self.login, self.password, self.locations[location])

    def sellers(self, location: str) -> list[Mapping[str, Any]]:
        """Who may sell at a location, the plain roles first."""
        able = [row for row in self.employees if row["role"] in SELLING_ROLES and row["location"] == location]
        return sorted(able, key=lambda row: SELLING_ROLES.index(row["role"]))


async def open_counters(welcome: Welcome, folder: Path, tally: Tally) -> list[Counter]:
    """Pair the tills, sign somebody in at each, read the menu, open the drawers."""
    counters = []
    for location in LOCATIONS:
        if location not in welcome.locations:
            raise NotReady(f"The restaurant has no location {location}: is this the demo database?")
        counters += await _open_location(welcome, location, folder, tally)
    return counters


async def _open_location(welcome: Welcome, location: str, folder: Path, tally: Tally) -> list[Counter]:
    sellers = welcome.sellers(location)
    if not sellers:
        raise NotReady(f"Nobody may sell at {location}.")
    desk = welcome.desk(location)
    try:
        counters = []
        for place in range(TILLS_A_LOCATION):
            name = f"{location} {place + 1}"
            code = await desk.pairing_code(welcome.locations[location], name)
            seller = sellers[place % len(sellers)]
            counters.append(await open_counter(welcome.server, name, code, seller, folder, tally))
        await desk.open_drawer(FLOAT_MINOR, counters[0].till.menu.currency)
    finally:
        await desk.close()
    return counters


async def open_counter(
    server: Server, name: str, code: str, seller: Mapping[str, Any], folder: Path, tally: Tally
) -> Counter:
    """One till, paired, signed in, with its menu."""
    counter: Counter
    till = Till(
        server,
        folder / f"{name}.sqlite",
        ask_pin=lambda: _pin_of(counter.till, seller),
        on_event=lambda event: counter.hear(event),
        on_exchange=lambda exchange: counter.notice(exchange),
    )
    counter = Counter(till, seller["name"], tally)
    await till.sign_in.pair(code, name)
    await till.sign_in.enter_pin(*await _pin_of(till, seller))
    await till.copy.read_menu()
    offered = (await till.api.read("/payments/methods")).body["items"]
    counter.takes_cards = any(method["method"] == "stripe" for method in offered)
    return counter


async def _pin_of(till: Till, seller: Mapping[str, Any]) -> tuple[str, str]:
    employee = next(row for row in till.sign_in.employees if row["name"] == seller["name"])
    return employee["id"], str(seller["pin"])
