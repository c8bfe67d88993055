"""A location whose guests also pay by card on their phones, on the page of a simulated Stripe."""

import http.client
import os
import threading
from unittest.mock import patch
from urllib.parse import urlsplit

from odoo import Command
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.addons.fynlo_pos_core.tools.settings import settings

from simulators.stripe.server import StripeServer

from .pay_links import LEAVES_FOR, PayLinkCase
from .stripe_shop import ACCOUNT, BASE, SECRETS, StripeSettingsCase


class CardPageCase(StripeSettingsCase, PayLinkCase):
    """``self.stripe`` is the simulated Stripe, ``self.books`` those of the restaurant's account."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        journal = cls.env["account.journal"].create({"name": "Cards", "type": "bank", "code": uuid7()[-5:]})
        card = {"name": "Card", "journal_id": journal.id, "fynlo_provider": "stripe"}
        cls.card_method = cls.env["pos.payment.method"].create(card)
        cls.location.write({"payment_method_ids": [Command.link(cls.card_method.id)]})

    def setUp(self):
        self.prepare_stripe()
        self.stripe = StripeServer(secrets=SECRETS)
        threading.Thread(target=self.stripe.serve_forever, daemon=True).start()
        self.addCleanup(self.stripe.server_close)
        self.addCleanup(self.stripe.shutdown)
        self.addCleanup(self.stripe.faults.clear)
        self.books = self.stripe.accounts.books(ACCOUNT)
        here = {BASE: self.stripe.base, "FYNLO_PUBLIC_URL": self.base_url()}
        self.enterContext(patch.dict(os.environ, {**self.values, **here}))
        settings.cache_clear()
        self.addCleanup(settings.cache_clear)
        super().setUp()

    def tap_card(self, link):
        """Tap *Pay by card*; returns the address of Stripe's page."""
        answer = self.visit(self.path(link, "card"), "POST")
        self.assertEqual(answer.status_code, 200, answer.text)
        found = LEAVES_FOR.search(answer.text)
        self.assertTrue(found, answer.text)
        return found[1].replace("&amp;", "&")

    def guest(self, page, step="pay"):
        """What the guest does on Stripe's page; returns where that leads."""
        line = http.client.HTTPConnection("127.0.0.1", self.stripe.server_address[1], timeout=20)
        line.request("POST", f"{urlsplit(page).path}/{step}")
        answer = line.getresponse()
        answer.read()
        line.close()
        return answer.getheader("Location")

    def sessions(self):
        return list(self.books.kept["checkout.session"].values())

    def captured(self):
        return [row["amount_captured"] for row in self.books.kept["charge"].values() if row["captured"]]
