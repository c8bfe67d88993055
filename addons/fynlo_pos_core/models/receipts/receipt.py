"""Receipts: an order's receipt as a document, and in the forms that people read."""

import base64
from dataclasses import replace

from markupsafe import Markup
from odoo import api, models

from ...engine.receipt import Bearings, receipt_document, receipt_kind
from ...engine.receipt_taxes import service_rules
from ...engine.surcharge import surcharge_taxes
from ...tools.clock import wire
from ...tools.money import to_minor
from ...tools.qr_code import svg
from ...tools.receipt_pdf import receipt_pdf
from .receipt_settings import address_lines

#: What a receipt tells of its order beyond the order itself. A bill that was printed before the order
#: changed is another bill; a print of which surely nothing came out counts for nothing.
SURROUNDINGS = """
    SELECT coalesce((SELECT generation FROM fynlo_receipt_link WHERE order_id = %(order)s), 0) AS generation,
           (SELECT count(*) FROM fynlo_receipt_print
             WHERE order_id = %(order)s AND kind = %(kind)s AND state != 'failed'
               AND (kind != 'bill' OR order_version = %(version)s)) AS prints,
           (SELECT json_object_agg(fynlo_uuid, coalesce(invoice_label ->> %(lang)s, invoice_label ->> 'en_US',
                                                        name ->> %(lang)s, name ->> 'en_US'))
              FROM account_tax WHERE fynlo_uuid = ANY(%(taxes)s)) AS tax_names
"""
GUEST = """
    SELECT partner.name, partner.street, partner.street2, partner.city, partner.zip, state.code AS state,
           country.code AS country, partner.vat, partner.lang
      FROM res_partner partner
      LEFT JOIN res_country country ON country.id = partner.country_id
      LEFT JOIN res_country_state state ON state.id = partner.state_id
     WHERE partner.id = %s
"""
REFUND_OF = """
    SELECT DISTINCT coalesce(sold.fynlo_number, sold.pos_reference)
      FROM pos_order_line line
      JOIN pos_order_line origin ON origin.id = line.refunded_orderline_id
      JOIN pos_order sold ON sold.id = origin.order_id
     WHERE line.order_id = %s ORDER BY 1
"""
REFUNDS = """
    SELECT DISTINCT back.id, coalesce(back.fynlo_number, back.pos_reference) AS number, back.amount_total,
           back.create_date
      FROM pos_order_line line
      JOIN pos_order_line given ON given.refunded_orderline_id = line.id
      JOIN pos_order back ON back.id = given.order_id AND back.state IN ('paid', 'done', 'invoiced')
     WHERE line.order_id = %s ORDER BY back.id
"""


class FynloReceipt(models.AbstractModel):
    _name = "fynlo.receipt"
    _description = "Receipts"

    @api.model
    def _document(self, identity, uuid):
        """The receipt of an order at the caller's location, as a document. Raises ``not_found``."""
        facts = self.env["fynlo.order.service"]._facts(identity)
        return self._of(self.env["fynlo.order.rows"]._read_one(uuid, facts), facts)

    @api.model
    def _at(self, location_id, uuid, copy=None):
        """The same for those who are no employee: guests with a link, mails, printers."""
        facts = self._facts_at(location_id)
        return self._of(self.env["fynlo.order.rows"]._read_one(uuid, facts), facts, copy=copy)

    @api.model
    def _of(self, order, facts, copy=None):
        """The receipt of an order in memory; marked as copy number ``copy`` instead of what comes next."""
        house, link_days = self.env["pos.config"]._fynlo_receipt_house(facts.location_id)
        guest, language = self._guest(order)
        house = replace(house, language=language) if language else house
        around = self._surroundings(order, facts, house.language)
        bearings = Bearings(
            guest=guest,
            refund_of=self._refund_of(order),
            refunds=self._refunds(order, facts),
            tax_names=around["tax_names"],
            prints=around["prints"] if copy is None else copy,
            link=self.env["fynlo.receipt.link"]._of(order, around["generation"], link_days),
        )
        return receipt_document(order, facts, house, bearings)

    # --- forms ---------------------------------------------------------------------------

    @api.model
    def _sheet(self, document, location_id):
        """The receipt laid out in its language, with the location's logo."""
        wording = self.env["fynlo.receipt.wording"].with_context(lang=self._installed(document["language"]))
        logo = self.env["pos.config"].sudo().browse(location_id).fynlo_receipt_logo
        return wording._sheet(document, base64.b64decode(logo) if logo else None)

    @api.model
    def _html(self, document, location_id, pdf_url=None):
        """The receipt as a page of its own that loads nothing."""
        return self._page(self._sheet(document, location_id), pdf_url)

    @api.model
    def _page(self, sheet, pdf_url=None):
        values = {**self._parts(sheet), "pdf_url": pdf_url}
        return f"<!doctype html>\n{self.env['ir.qweb']._render('fynlo_pos_core.receipt_page', values)}"

    @api.model
    def _parts(self, sheet):
        """What the templates of a receipt need."""
        return {"sheet": sheet, "code": _svg_data, "picture": _picture_data}

    @api.model
    def _pdf(self, document, location_id):
        return receipt_pdf(self._sheet(document, location_id))

    # --- what a receipt refers to --------------------------------------------------------

    def _facts_at(self, location_id):
        location = self.env["pos.config"].sudo().browse(location_id)
        catalogue = self.env["fynlo.catalogue"].sudo().search([("company_id", "=", location.company_id.id)])
        return self.env["fynlo.location.facts"]._of(location_id, catalogue.version)

    def _surroundings(self, order, facts, language):
        taxes = {uuid for line in order.lines for uuid, _rate, _amount in line.taxes}
        taxes |= {rule.uuid for rule in service_rules(facts)}
        taxes |= {uuid for uuid, _rate, _amount in surcharge_taxes(order, facts)}
        self.env.cr.execute(
            SURROUNDINGS,
            {
                "order": order.row_id,
                "kind": receipt_kind(order),
                "version": order.version,
                "lang": language,
                "taxes": sorted(taxes),
            },
        )
        return self.env.cr.dictfetchone()

    def _guest(self, order):
        """The customer as an invoice names them, and their language."""
        if not order.customer_id:
            return None, None
        self.env.cr.execute(GUEST, (order.customer_id,))
        row = self.env.cr.dictfetchone()
        guest = {"name": row["name"] or "", "address": list(address_lines(row)), "tax_number": row["vat"] or None}
        return guest, row["lang"]

    def _refund_of(self, order):
        """The numbers of the orders that a refund gives back."""
        if order.total >= 0:
            return ()
        self.env.cr.execute(REFUND_OF, (order.row_id,))
        return tuple(number for (number,) in self.env.cr.fetchall())

    def _refunds(self, order, facts):
        """What was given back of an order later."""
        if order.payment not in ("partly_refunded", "refunded"):
            return ()
        self.env.cr.execute(REFUNDS, (order.row_id,))
        return tuple(
            {
                "number": row["number"],
                "amount": {"amount": -to_minor(row["amount_total"], facts.digits), "currency": facts.currency},
                "at": wire(row["create_date"]),
            }
            for row in self.env.cr.dictfetchall()
        )

    def _installed(self, language):
        """The language if texts are installed for it."""
        return self.env["res.lang"]._get_code(language) or None


def _svg_data(url):
    return Markup("data:image/svg+xml;base64,") + base64.b64encode(svg(url).encode()).decode()


def _picture_data(data):
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
