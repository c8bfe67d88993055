"""The pay page in Chromium at the width of a phone: from the QR code's address to bank or Stripe, and back to paid."""

import base64
import json
import time
from contextlib import contextmanager
from unittest import SkipTest

from odoo.addons.fynlo_pos_core.tests.common import STARTS
from odoo.tests import tagged
from odoo.tests.common import ChromeBrowser, save_test_file

from .card_pages import CardPageCase

PATIENCE_S = 40
#: What a page must not be or lack for people who see, hear or hold a phone differently.
FAULTS = """
(() => {
    const faults = [];
    const luminance = (colour) => {
        const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => {
            const share = part / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (element) => {
        for (let e = element; e; e = e.parentElement) {
            const colour = getComputedStyle(e).backgroundColor;
            if (!colour.startsWith("rgba(0, 0, 0, 0")) return colour;
        }
        return "rgb(255, 255, 255)";
    };
    for (const element of document.querySelectorAll("h1, h2, p, dt, dd, button, a")) {
        if (!element.textContent.trim()) continue;
        const [bright, dark] = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((a, b) => b - a);
        if ((bright + 0.05) / (dark + 0.05) < 4.5) faults.push(`contrast: ${element.textContent.trim()}`);
    }
    for (const button of document.querySelectorAll("button, a")) {
        const box = button.getBoundingClientRect();
        if (box.height < 44) faults.push(`small: ${button.textContent}`);
        if (!button.textContent.trim()) faults.push("a button without a name");
    }
    if (document.documentElement.scrollWidth > innerWidth) faults.push(`wider than the phone: ${document.documentElement.scrollWidth}`);
    if (!document.documentElement.lang) faults.push("no language");
    if (document.querySelectorAll("h1").length !== 1) faults.push("not one heading");
    if (!document.querySelector("main")) faults.push("no main part");
    if (!document.title) faults.push("no title");
    return faults;
})()
"""


class Phone:
    """A browser that a test holds in its hand."""

    def __init__(self, browser):
        self._browser = browser

    def go(self, url):
        self._browser.navigate_to(url)

    def run(self, script):
        """The value of an expression in whatever page is open."""
        told = self._browser._websocket_request(
            "Runtime.evaluate", params={"expression": script, "returnByValue": True, "awaitPromise": True}, timeout=20
        )
        return told["result"].get("value")

    def see(self, text):
        """Return once the page shows ``text``."""
        shown, until = "", time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            shown = self.run("document.readyState === 'complete' ? document.body.innerText : ''") or ""
            if text in shown:
                return
            time.sleep(0.1)
        raise AssertionError(f"{text!r} is not in:\n{shown}")

    def press(self, text):
        """Press the button that says ``text``."""
        self.see(text)
        name = json.dumps(text)
        self.run(f"[...document.querySelectorAll('button')].find((e) => e.textContent.trim() === {name}).click()")

    def picture(self, name):
        """Keep what is seen with the other pictures of tests."""
        shot = self._browser._websocket_request("Page.captureScreenshot", timeout=20)["data"]
        save_test_file("TestPayPageBrowser", base64.b64decode(shot), f"{name}_")


@tagged("post_install", "-at_install")
class TestPayPageBrowser(CardPageCase):
    browser_size = "390,844"
    touch_enabled = True

    @contextmanager
    def phone(self):
        browser = self.start_browser()
        try:
            with self.allow_requests(browser=browser):
                self.env.cr.flush()
                self.env.cr.clear()
                yield Phone(browser)
                browser.navigate_to("about:blank")
                self._wait_remaining_requests()
        finally:
            browser.stop()
        self.env.invalidate_all()

    def start_browser(self):
        """Started again when it is slow to start, where Odoo would skip the test."""
        for start in range(STARTS):
            try:
                return ChromeBrowser(self)
            except SkipTest as late:
                if "devtools port" not in str(late) or start == STARTS - 1:
                    raise
        raise AssertionError("not reached")

    def test_from_the_code_to_paid(self):
        order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola), table_id=self.table.fynlo_uuid)
        link = self.make(order, 1300, tip=self.gbp(150), complete=True)
        with self.phone() as phone:
            phone.go(self.base_url() + self.path(link))
            phone.see("£14.50")
            self.assertEqual(phone.run(FAULTS), [])
            phone.picture("open")
            phone.press("Pay by bank")
            phone.see("GBP 14.50")
            phone.press("Decline")
            phone.see("You can try again")
            phone.picture("declined")
            self.assertEqual(phone.run(FAULTS), [])
            phone.press("Pay by bank")
            phone.see("GBP 14.50")
            phone.press("Approve only after it was cancelled")
            phone.see("under way")
            phone.picture("under_way")
            self.assertEqual(phone.run(FAULTS), [])
            phone.press("Continue")
            phone.see("GBP 14.50")
            phone.press("Approve")
            phone.see("Paid, thank you")
            phone.picture("paid")
            self.assertEqual(phone.run(FAULTS), [])
        self.assertEqual(self.link_now(link)["state"], "paid")
        self.assertPaid(order, 1450)

    def test_by_card_on_stripes_page(self):
        order = self.place(self.line(self.menu.pizza))
        link = self.make(order, 1000, tip=self.gbp(100), complete=True)
        with self.phone() as phone:
            phone.go(self.base_url() + self.path(link))
            phone.press("Pay by card")
            phone.see("GBP 11.00")
            phone.press("Pay with a card that is declined")
            phone.see("Your card was declined.")
            phone.press("Go back")
            phone.see("under way")
            self.assertEqual(phone.run(FAULTS), [])
            phone.press("Continue")
            phone.see("GBP 11.00")
            phone.press("Pay with a good card")
            phone.see("Paid, thank you")
            phone.picture("paid_by_card")
            self.assertEqual(phone.run(FAULTS), [])
        self.assertEqual(self.link_now(link)["state"], "paid")
        self.assertPaid(order, 1100)
        self.assertEqual(self.captured(), [1100])

    def test_an_open_page_hears_what_happens_elsewhere(self):
        order = self.place(self.line(self.menu.pizza))
        link = self.make(order, 1000)
        with self.phone() as phone:
            phone.go(self.base_url() + self.path(link))
            phone.see("Pay by bank")
            phone.run(self.till_cancels(link))
            phone.see("withdrawn")
            self.assertEqual(phone.run(FAULTS), [])
        self.assertEqual(self.link_now(link)["state"], "cancelled")

    def till_cancels(self, link):
        """A script that does what a till does; while a browser is open, requests come from nowhere else."""
        path = f"/api/v1/open-banking/payments/{link['id']}:cancel"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return f"fetch({json.dumps(path)}, {{method: 'POST', body: '{{}}', headers: {json.dumps(headers)}}})"
