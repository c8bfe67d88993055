"""PostgreSQL goes away while tills sell: they are told when to come again, and nobody waits for Odoo to start anew."""

from loadtests.endpoints.outages import postgres_stops
from loadtests.load_till import sign_in
from loadtests.odoo_shell import ask_odoo
from scripts.local.end_to_end import LiveRestaurant

#: What Odoo's master says when it takes all its workers with it.
GIVING_UP = "Stopping forcefully"
#: Long enough that the cron worker has noticed, has ended and is to be replaced.
AWAY_S = 3.0


def test_tills_sell_on_when_the_database_is_back(restaurant: LiveRestaurant) -> None:
    location = ask_odoo(
        *(restaurant.environment, restaurant.database, "restaurant", "open_location"), tills=3, menu_products=0
    )
    tills, gave_up = sign_in(restaurant.url, location), restaurant.log("odoo").count(GIVING_UP)
    outage = postgres_stops(restaurant, tills, location["dishes"], AWAY_S)
    assert outage.faults == []
    assert outage.statuses().get("503", 0) > 0
    assert outage.sales > 0
    assert restaurant.log("odoo").count(GIVING_UP) == gave_up
    # nothing but answers: a connection that is refused means that Odoo itself is gone
    assert "no answer" not in outage.statuses()
