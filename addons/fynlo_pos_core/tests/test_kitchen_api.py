"""The kitchen over HTTP: who may send and work, retries, and the display in a browser."""

from odoo.tests import tagged

from ..controllers.kitchen_shapes import DisplayView, SentView, StationsView, SummaryView, TicketPageView, TicketView
from ..tools.identifiers import uuid7
from .common import ApiCase, PatientBrowser
from .shop import Shop


class KitchenApiCase(Shop, ApiCase):
    """A shop of its own, reached over HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.till = cls.device
        del cls.device  # here it is the method of ApiCase
        cls._devices[cls.location.id] = (cls.till, cls.device_key)
        cls.other_location = cls.make_location("Next door", cls.company, payment_method_ids=[])

    def setUp(self):
        super().setUp()
        self.open_till()
        self.server = self.sign_in("server")
        self.cook = self.sign_in("kitchen")

    def identity(self, employee=None, device=None):
        return super().identity(employee, device or self.till)

    def order(self, *lines):
        body = self.order_body(*(lines or [self.line(self.menu.pizza)]))
        answer = self.api("POST", "/orders", body, token=self.server)
        self.assertEqual(answer.status_code, 201, answer.text)
        return answer.json()

    def sent(self, *lines):
        answer = self.api("POST", f"/orders/{self.order(*lines)['id']}:send", {}, token=self.server)
        self.assertEqual(answer.status_code, 200, answer.text)
        SentView.model_validate_json(answer.content)
        return answer.json()


@tagged("post_install", "-at_install")
class TestKitchenApi(KitchenApiCase):
    def test_who_may_send(self):
        path = f"/orders/{self.order()['id']}:send"
        self.assertProblem(self.api("POST", path, {}), "token_missing", 401)
        self.assertProblem(self.api("POST", path, {}, token=self.cook), "permission_denied", 403)
        elsewhere = self.sign_in("server", self.other_location)
        self.assertProblem(self.api("POST", path, {}, token=elsewhere), "not_found", 404)
        self.assertFalse(self.env["fynlo.kitchen.ticket"].search_count([("company_id", "=", self.company.id)]))
        sent = self.api("POST", path, {}, token=self.server)
        self.assertEqual((sent.status_code, len(sent.json()["tickets"])), (200, 1))

    def test_a_retry_makes_no_second_ticket(self):
        path, key = f"/orders/{self.order()['id']}:send", uuid7()
        first = self.api("POST", path, {}, token=self.server, key=key)
        again = self.api("POST", path, {}, token=self.server, key=key)
        self.assertEqual((again.json(), again.headers["Idempotent-Replayed"]), (first.json(), "true"))
        another_key = self.api("POST", path, {}, token=self.server)
        self.assertEqual(another_key.json()["tickets"], [])

    def test_who_may_work_tickets(self):
        ticket = self.sent()["tickets"][0]
        elsewhere = self.sign_in("kitchen", self.other_location)
        for verb, state in (("start", "preparing"), ("ready", "ready"), ("served", "served"), ("recall", "preparing")):
            path = f"/kitchen/tickets/{ticket['id']}:{verb}"
            self.assertProblem(self.api("POST", path), "token_missing", 401)
            self.assertProblem(self.api("POST", path, token=elsewhere), "not_found", 404)
            worked = self.api("POST", path, token=self.cook)
            TicketView.model_validate_json(worked.content)
            self.assertEqual((worked.status_code, worked.json()["state"]), (200, state))
        refused = self.assertProblem(
            self.api("POST", f"/kitchen/tickets/{ticket['id']}:start", token=self.cook), "illegal_transition", 409
        )
        self.assertEqual(refused["current_state"], "preparing")
        stale = self.api("POST", path.replace("recall", "ready"), token=self.cook, headers={"If-Match": '"v1"'})
        self.assertProblem(stale, "version_conflict", 409)
        printing = self.api("POST", f"/kitchen/tickets/{ticket['id']}:print", token=self.cook)
        self.assertProblem(printing, "no_printer", 409)

    def test_who_may_not_work_without_the_permission(self):
        ticket = self.sent()["tickets"][0]
        rows = self.env["fynlo.permission.map"].search(
            [("company_id", "=", self.company.id), ("code", "=like", "kitchen.%")]
        )
        rows.sudo().write({"server": False})
        for method, path in (("GET", "/kitchen/tickets"), ("POST", f"/kitchen/tickets/{ticket['id']}:start")):
            self.assertProblem(self.api(method, path, token=self.server), "permission_denied", 403)

    def test_who_may_read(self):
        ticket = self.sent()["tickets"][0]
        elsewhere = self.sign_in("kitchen", self.other_location)
        for path, view in (
            ("/kitchen/tickets", TicketPageView),
            ("/kitchen/stations", StationsView),
            ("/kitchen/summary", SummaryView),
        ):
            with self.subTest(path):
                self.assertProblem(self.api("GET", path), "token_missing", 401)
                answer = self.api("GET", path, token=self.cook)
                view.model_validate_json(answer.content)
        self.assertEqual(self.api("GET", "/kitchen/tickets", token=self.cook).json()["items"], [ticket])
        self.assertEqual(self.api("GET", "/kitchen/tickets", token=elsewhere).json()["items"], [])
        one = f"/kitchen/tickets/{ticket['id']}"
        self.assertEqual(self.api("GET", one, token=self.cook).json(), ticket)
        self.assertProblem(self.api("GET", one, token=elsewhere), "not_found", 404)
        summary = self.api("GET", "/kitchen/summary", token=self.cook).json()
        self.assertEqual(summary["outstanding"], [{"name": "Margherita", "quantity": "1", "tickets": 1}])

    def test_bad_input_has_its_code(self):
        order = self.order()
        path = f"/orders/{order['id']}:send"
        for body in ({"course": 0}, {"course": 21}, {"lines": []}, {"lines": ["x"]}, {"station": uuid7()}):
            with self.subTest(body):
                self.assertProblem(self.api("POST", path, body, token=self.server), "validation_failed", 422)
        unknown = self.api("POST", path, {"lines": [uuid7()]}, token=self.server)
        self.assertEqual(self.assertProblem(unknown, "unknown_item", 422)["errors"][0]["field"], "lines[0]")
        self.assertProblem(self.api("POST", f"/orders/{uuid7()}:send", {}, token=self.server), "not_found", 404)
        self.assertProblem(self.api("GET", "/kitchen/tickets?state=gone", token=self.cook), "validation_failed", 422)
        self.assertProblem(self.api("GET", "/kitchen/tickets?cursor=no", token=self.cook), "validation_failed", 422)

    def test_a_screen_learns_where_to_go(self):
        _device, key = self.env["fynlo.device"]._pair_new(self.location, "Pass", "Kitchen display")
        self.assertProblem(self.api("GET", "/kitchen/display"), "token_missing", 401)
        display = self.api("GET", "/kitchen/display", device_key=key)
        DisplayView.model_validate_json(display.content)
        self.assertEqual(display.json()["location"]["id"], self.location.fynlo_uuid)

    def test_managers_of_another_company_see_none_of_it(self):
        ticket = self.sent()["tickets"][0]
        self.env.flush_all()
        company, location = self.make_company("Rival", chart=None)
        rival = self.env(user=self.employee("manager", location).user_id, context={"allowed_company_ids": company.ids})
        for model in ("fynlo.kitchen.ticket", "fynlo.kitchen.ticket.line", "fynlo.print.job"):
            self.assertFalse(rival[model].search([]))
        self.assertEqual(rival["fynlo.kitchen.station"].search([]).config_id, location)
        own = self.env["fynlo.kitchen.ticket"].with_user(self.employee("manager").user_id)
        self.assertTrue(own.search([("fynlo_uuid", "=", ticket["id"])]))


@tagged("post_install", "-at_install")
class TestKitchenDisplay(PatientBrowser, KitchenApiCase):
    """The page in Chromium, without a gateway: it says so, and works by asking."""

    def test_the_page_holds_no_data_and_loads_nothing_from_elsewhere(self):
        page = self.url_open("/kitchen")
        self.assertEqual(page.status_code, 200)
        self.assertNotIn("Set-Cookie", page.headers)
        self.assertIn("script-src 'self'", page.headers["Content-Security-Policy"])
        self.assertNotIn("http", page.text)

    def test_a_cook_signs_in_and_works_a_ticket(self):
        ticket = self.sent(self.line(self.menu.pizza, "2", note="<b>well done</b>"))["tickets"][0]
        _device, key = self.env["fynlo.device"]._pair_new(self.location, "Pass", "Kitchen display")
        cook = self.employee("kitchen")
        cook._fynlo_set_pin("2468")
        self.env.flush_all()
        self.env.cr.flush()
        self.session = None  # here it is the browser's
        self.browser_js(f"/kitchen#device_key={key}", SIGN_IN_AND_START % {"name": cook.name}, ready="", timeout=40)
        self.env.invalidate_all()
        record = self.env["fynlo.kitchen.ticket"]._by_uuid(ticket["id"])
        self.assertEqual(record.state, "preparing")


#: Runs in the page: signs in by PIN, checks what is shown, presses Start.
SIGN_IN_AND_START = """
(async () => {
    const find = async (selector, text = "") => {
        for (let tries = 0; tries < 200; tries++) {
            const found = [...document.querySelectorAll(selector)].find((element) => element.textContent.includes(text));
            if (found) return found;
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
        throw new Error(`There is no ${selector} with ${text}: ${document.body.innerText}`);
    };
    (await find("button.name", "%(name)s")).click();
    for (const digit of "2468") (await find("button.key", digit)).click();
    (await find("button.key", "OK")).click();
    const card = await find("article.ticket.new", "Margherita");
    if (card.querySelector("b") || !card.textContent.includes("<b>well done</b>")) throw new Error("A note is not shown as text");
    await find(".summary li", "Margherita");
    await find(".connection.waiting", "Reconnecting");
    (await find("article.ticket button.start")).click();
    await find("article.ticket.preparing button.ready");
    if (localStorage.length === 0 || location.hash) throw new Error("The device key is not kept, or still in the address");
    console.log("test successful");
})().catch((failure) => console.error(failure.message));
"""
