"""Back office: what the receipts of a location look like, and the receipt of an order."""

import base64
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

from odoo import api, fields, models

from ...engine.order import AppliedDiscount, Line, Modifier, Order
from ...engine.pricing import price_order
from ...engine.receipt import Bearings, receipt_document
from ...tools.clock import now, wire
from ...tools.tax_mirror import TaxRule

LOOKS = (
    "name", "fynlo_receipt_logo", "fynlo_receipt_header", "fynlo_receipt_footer", "fynlo_receipt_colour",
    "fynlo_receipt_prefix", "fynlo_receipt_lang", "fynlo_tip_suggestions", "fynlo_receipt_link_days",
)  # fmt: skip


class PosConfig(models.Model):
    _inherit = "pos.config"

    fynlo_receipt_preview = fields.Html("Preview", compute="_compute_fynlo_receipt_preview", sanitize=False)

    @api.depends(*LOOKS)
    def _compute_fynlo_receipt_preview(self):
        """A receipt of a made-up order with the settings as they stand in the form."""
        for location in self:
            location.fynlo_receipt_preview = location._origin and location._fynlo_render_preview()

    def _fynlo_render_preview(self):
        house, link_days = self._fynlo_receipt_house(self._origin.id)
        receipts = self.env["fynlo.receipt"]
        document = receipt_document(*self._fynlo_sample(), house, Bearings(link=self._fynlo_sample_link(link_days)))
        document["branding"] = {
            "header": self.fynlo_receipt_header or "",
            "footer": self.fynlo_receipt_footer or "",
            "colour": self.fynlo_receipt_colour or "#1f3a5f",
        }
        logo = self.with_context(bin_size=False, bin_size_fynlo_receipt_logo=False).fynlo_receipt_logo
        wording = self.env["fynlo.receipt.wording"].with_context(lang=receipts._installed(house.language))
        sheet = wording._sheet(document, base64.b64decode(logo) if logo else None)
        return self.env["ir.qweb"]._render("fynlo_pos_core.receipt_preview", receipts._parts(sheet))

    def _fynlo_sample_link(self, days):
        address = f"{self.get_base_url()}/r/preview"
        return {"url": address, "expires_at": wire(now() + timedelta(days=days))} if days else None

    def _fynlo_sample(self):
        """A paid order of two lines with a fifth of tax in them, and what pricing must know of it."""
        tax = TaxRule(1, "sample-tax", "percent", 20.0, included=True)
        facts = SimpleNamespace(
            currency=self.currency_id.name,
            digits=self.currency_id.decimal_places,
            time_zone=self.fynlo_time_zone,
            taxes={1: tax},
            service_charge=None,
            cash_rounding=None,
            preset=lambda preset_id: None,
        )
        unit, moment = 10**facts.digits, now()
        order = Order(
            uuid="sample",
            number="T1-000042",
            preset_id=None,
            business_date=moment.date(),
            client_created_at=moment,
            created_at=moment,
            updated_at=moment,
            created_by={"id": None, "name": self.env.user.name},
            device_uuid=None,
            catalogue_version=1,
            state="completed",
            table={"id": None, "name": "7"},
            guests=2,
            lines=[
                _sample_line("1", self.env._("Margherita"), 1, 12 * unit, [self.env._("Extra cheese")]),
                _sample_line("2", self.env._("Lemonade"), 2, 3 * unit, []),
            ],
            discounts=[AppliedDiscount("d", "d", self.env._("Happy hour"), "percent", 1000, 0, None)],
        )
        return price_order(order, facts), facts


def _sample_line(uuid, name, quantity, price, extras):
    modifiers = [Modifier(f"{uuid}-{extra}", extra, 1, 0) for extra in extras]
    return Line(uuid, 0, uuid, uuid, name, Decimal(quantity), price, price, (1,), 1, modifiers=modifiers)


class PosOrder(models.Model):
    _inherit = "pos.order"

    fynlo_print_ids = fields.One2many(
        "fynlo.receipt.print", "order_id", "Receipt prints", groups="fynlo_pos_core.group_manager"
    )
    fynlo_message_ids = fields.One2many(
        "fynlo.receipt.message", "order_id", "Receipts by e-mail", groups="fynlo_pos_core.group_manager"
    )

    def action_fynlo_receipt(self):
        """The receipt as the guest sees it."""
        self.ensure_one()
        self.check_access("read")
        link = self.env["fynlo.receipt"]._at(self.config_id.id, self.uuid)["link"]
        if not link:
            return {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {"message": self.env._("The time of this receipt's link is over."), "type": "warning"},
            }
        return {"type": "ir.actions.act_url", "url": link["url"], "target": "new"}
