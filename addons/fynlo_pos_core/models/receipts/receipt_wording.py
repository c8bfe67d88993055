"""The words of a receipt and their order; pages, PDFs and paper rolls only differ in how they set them."""

from datetime import datetime

from odoo import api, models

from ...tools.bidi_text import isolated
from ...tools.receipt_sheet import Code, Pair, Picture, Rule, Sheet, Table, Words
from ...tools.written_amount import Pen


class FynloReceiptWording(models.AbstractModel):
    """Lays a receipt's document out as a :class:`Sheet` in the language of its context."""

    _name = "fynlo.receipt.wording"
    _description = "Wording of receipts"

    @api.model
    def _sheet(self, document, logo=None):
        """The sheet of a receipt; ``logo`` are the bytes of a picture."""
        pen = Pen.of(document["language"], document["business"]["country"], document["currency"], document["time_zone"])
        parts = (
            self._head(document, logo),
            self._mark(document),
            self._facts(document, pen),
            self._lines(document, pen),
            self._totals(document, pen),
            self._payments(document, pen),
            self._taxes(document, pen),
            self._closing(document, pen),
        )
        return Sheet(
            title=f"{self._title(document)} {document['receipt_number']}",
            colour=document["branding"]["colour"],
            language=str(pen.locale).replace("_", "-"),
            rows=[row for part in parts for row in part],
        )

    # --- who and what --------------------------------------------------------------------

    def _head(self, document, logo):
        business = document["business"]
        if logo:
            yield Picture(logo)
        yield Words(business["location"], "centre", "large", bold=True, accent=True)
        small = {"align": "centre", "size": "small", "muted": True}
        if business["name"] != business["location"]:
            yield Words(business["name"], **small)
        contact = " · ".join(filter(None, (business["phone"], _bare(business["website"]))))
        for text in (", ".join(business["address"]), contact, self._registrations(document)):
            if text:
                yield Words(text, **small)
        if document["branding"]["header"]:
            yield Rule(blank=True)
            yield Words(document["branding"]["header"], "centre")

    def _registrations(self, document):
        """The numbers under which the business is known: for VAT, and as a company."""
        business, numbers = document["business"], []
        if document["tax_regime"] == "vat":
            numbers.append(self.env._("VAT no. %s", business["tax_number"]))
        if business["company_number"]:
            numbers.append(self.env._("Company no. %s", business["company_number"]))
        return " · ".join(numbers)

    def _title(self, document):
        if document["tax_document"]:
            return {
                "credit_note": self.env._("VAT credit note"),
                "simplified_invoice": self.env._("VAT receipt"),
                "modified_invoice": self.env._("VAT receipt"),
                "invoice": self.env._("VAT invoice"),
            }[document["tax_document"]]
        return {
            "bill": self.env._("Bill"),
            "receipt": self.env._("Receipt"),
            "refund": self.env._("Refund receipt"),
            "cancelled": self.env._("Cancelled order"),
        }[document["kind"]]

    def _mark(self, document):
        """What this paper is, and what it is not."""
        yield Rule()
        if document["copy"]:
            yield Words(self.env._("*** COPY %s ***", document["copy"]), "centre", "large", bold=True)
        yield Words(self._title(document), "centre", "large", bold=True)
        notice = self._notice(document)
        if notice:
            yield Words(notice, "centre", "small", muted=True)
        yield Rule()

    def _notice(self, document):
        if document["kind"] in ("bill", "cancelled"):
            if document["tax_regime"] == "vat":
                return self.env._("This is not a VAT receipt.")
            return self.env._("This is not a receipt.")
        if document["tax_document"] == "modified_invoice":
            return self.env._("For a full VAT invoice give us your name and address.")
        return None

    def _facts(self, document, pen):
        """Number, time, table, and who it was served by and sold to."""
        number = self.env._("Order") if document["kind"] == "bill" else self.env._("Receipt no.")
        yield Pair(number, document["number"] if document["kind"] == "bill" else document["receipt_number"])
        yield Pair(self.env._("Date"), pen.moment(_moment(document["issued_at"])))
        if document["refund_of"]:
            yield Pair(self.env._("Refund of"), ", ".join(document["refund_of"]))
        place = [
            document["serving"],
            document["table"] and self.env._("Table %s", document["table"]),
            document["guests"] and self.env._("Guests: %s", document["guests"]),
        ]
        if any(place):
            yield Pair(" · ".join(filter(None, place)))
        if document["server"]:
            yield Pair(self.env._("Served by"), document["server"])
        if document["customer"] and document["tax_document"] in ("invoice", "credit_note"):
            customer = document["customer"]
            yield Pair(self.env._("Customer"), customer["name"])
            for text in filter(None, (*customer["address"], customer["tax_number"])):
                yield Pair("", text, "small", muted=True)
        yield Rule()

    # --- what was sold -------------------------------------------------------------------

    def _lines(self, document, pen):
        taxes = {uuid: tax for tax in document["taxes"] for uuid in tax["tax_ids"]}
        for line in document["lines"]:
            codes = "".join(taxes[uuid]["code"] for uuid in line["tax_ids"]) if document["tax_document"] else ""
            label = f"{line['quantity']} × {isolated(line['name'])}" + (f" · {codes}" if codes else "")
            yield Pair(label, pen.figure(line["gross"]["amount"]))
            small = {"size": "small", "muted": True, "indent": 1}
            if line["quantity"] != "1":
                yield Pair(self.env._("%s each", pen.figure(line["unit_price"]["amount"])), **small)
            for detail in line["details"]:
                yield Pair(self._detail(detail, pen), **small)
            for discount in line["discounts"]:
                yield Pair(self._discount(discount), pen.figure(-discount["amount"]["amount"]), **small)
            if document["tax_document"] == "invoice" and line["tax_ids"]:
                rate = " + ".join(pen.rate(taxes[uuid]["rate_bp"]) for uuid in line["tax_ids"])
                net = pen.figure(line["net"]["amount"])
                yield Pair(self.env._("net %(amount)s, VAT %(rate)s", amount=net, rate=rate), **small)
        yield Rule()

    def _detail(self, detail, pen):
        times = f"{detail['quantity']} × " if detail["quantity"] != 1 else ""
        price = f" ({pen.figure(detail['price']['amount'])})" if detail["price"] else ""
        sign = {"half": "½", "modifier": "+", "part": "–"}[detail["kind"]]
        return f"{sign} {times}{isolated(detail['name'])}{price}"

    def _discount(self, discount):
        return self.env._("On the house") if discount["comp"] else discount["name"]

    def _totals(self, document, pen):
        totals = document["totals"]
        steps = [*self._steps(document, pen)]
        if steps:
            yield Pair(self.env._("Subtotal"), pen.figure(totals["subtotal"]["amount"]))
            yield from steps
        refund = document["kind"] == "refund"
        yield Pair(
            self.env._("Refunded") if refund else self.env._("Total"),
            pen.amount(abs(totals["total"]["amount"]) if refund else totals["total"]["amount"]),
            "large",
            bold=True,
        )
        yield from self._to_pay(totals, pen)

    def _to_pay(self, totals, pen):
        """From the total, which taxes are of, to what the guest pays."""
        if totals["tip"]["amount"]:
            yield Pair(self.env._("Tip"), pen.amount(totals["tip"]["amount"]))
        if totals["surcharge"]["amount"]:
            yield Pair(self.env._("Card fee"), pen.amount(totals["surcharge"]["amount"]))
        if totals["rounding"]["amount"]:
            yield Pair(self.env._("Rounding"), pen.amount(totals["rounding"]["amount"]))
        if totals["to_pay"] != totals["total"]:
            yield Pair(self.env._("To pay"), pen.amount(totals["to_pay"]["amount"]), bold=True)

    def _steps(self, document, pen):
        """From what the lines come to, to the total."""
        totals = document["totals"]
        on_lines = sum(given["amount"]["amount"] for line in document["lines"] for given in line["discounts"])
        if on_lines:
            yield Pair(self.env._("Discounts on lines"), pen.figure(-on_lines))
        for discount in document["discounts"]:
            yield Pair(self._discount(discount), pen.figure(-discount["amount"]["amount"]))
        if totals["service_charge"]["amount"]:
            yield Pair(self.env._("Service charge"), pen.figure(totals["service_charge"]["amount"]))
        if totals["added_tax"]["amount"]:
            yield from self._added_taxes(document, pen)

    def _added_taxes(self, document, pen):
        """Taxes that come on top of the menu's prices, by name."""
        named = [tax for tax in document["taxes"] if tax["tax"]["amount"]]
        added = document["totals"]["added_tax"]["amount"]
        if sum(tax["tax"]["amount"] for tax in named) != added:
            yield Pair(self.env._("Tax"), pen.figure(added))
            return
        word = self.env._("Sales tax") if document["tax_regime"] == "sales_tax" else self.env._("Tax")
        for tax in named:
            name = tax["name"] or word
            rate = pen.rate(tax["rate_bp"])
            yield Pair(
                name if rate in name or not tax["rate_bp"] else f"{name} {rate}", pen.figure(tax["tax"]["amount"])
            )

    # --- how it was paid -----------------------------------------------------------------

    def _payments(self, document, pen):
        totals = document["totals"]
        for payment in document["payments"]:
            tendered = payment["tendered"]["amount"] or payment["charged"]["amount"]
            yield Pair(self._tender(payment), pen.amount(tendered))
            if payment["change"]["amount"]:
                yield Pair(self.env._("Change"), pen.amount(payment["change"]["amount"]))
            if payment["reference"]:
                reference = self.env._("Reference %s", payment["reference"])
                yield Pair(reference, size="small", muted=True, indent=1)
        if totals["due"]["amount"] and totals["paid"]["amount"]:
            yield Pair(self.env._("Still to pay"), pen.amount(totals["due"]["amount"]), bold=True)
        if totals["cash_due"] != totals["due"]:
            yield Pair(self.env._("In cash"), pen.amount(totals["cash_due"]["amount"]))
        for refund in document["refunds"]:
            label = self.env._(
                "Refunded %(day)s, %(number)s", day=pen.day(_moment(refund["at"])), number=refund["number"]
            )
            yield Pair(label, pen.amount(-refund["amount"]["amount"]))

    def _tender(self, payment):
        names = {
            "cash": self.env._("Cash"),
            "stripe": self.env._("Card"),
            "apple_pay": self.env._("Apple Pay"),
            "open_banking": self.env._("Bank transfer"),
            "gift_card": self.env._("Gift card"),
            "manual": self.env._("Other payment"),
        }
        name = names.get(payment["method"], payment["method"])
        card = payment["card"]
        return f"{name} {card['brand']} ···· {card['last4']}" if card else name

    def _taxes(self, document, pen):
        """The analysis by rate that makes a receipt a VAT receipt."""
        if not document["tax_document"]:
            return
        head = (self.env._("VAT rate"), self.env._("Net"), self.env._("VAT"), self.env._("Gross"))
        rows = [
            (
                f"{tax['code']} {pen.rate(tax['rate_bp'])}" if tax["code"] else self.env._("No VAT"),
                *(pen.figure(tax[name]["amount"]) for name in ("net", "tax", "gross")),
            )
            for tax in document["taxes"]
        ]
        if len(rows) > 1:
            sums = (sum(tax[name]["amount"] for tax in document["taxes"]) for name in ("net", "tax", "gross"))
            rows.append((self.env._("Total"), *map(pen.figure, sums)))
        yield Rule()
        yield Table(head, tuple(rows))

    def _closing(self, document, pen):
        if document["tip_suggestions"]:
            yield Rule()
            yield Words(self.env._("Suggested tips"), size="small", muted=True)
            for tip in document["tip_suggestions"]:
                yield Pair(pen.rate(tip["rate_bp"]), pen.amount(tip["amount"]["amount"]), "small")
        yield Rule()
        if document["branding"]["footer"]:
            yield Words(document["branding"]["footer"], "centre")
        if document["link"]:
            yield Code(document["link"]["url"])
            online = self.env._("Your bill online") if document["kind"] == "bill" else self.env._("Your receipt online")
            yield Words(online, "centre", "small", muted=True)


def _moment(wire):
    return datetime.fromisoformat(wire)


def _bare(address):
    """A web address as people write it."""
    return (address or "").removeprefix("https://").removeprefix("http://").rstrip("/")
