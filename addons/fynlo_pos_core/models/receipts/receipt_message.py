"""Receipts by e-mail: queued with the request, sent in the background, and what became of them."""

from email.utils import formataddr

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import email_normalize

from ...rest import Invalid, Problem, declare
from ...tools.clock import now, wire

#: An order's receipt goes out this often at most, whatever the addresses.
MAX_PER_ORDER = 10
SEND = "mail.ir_cron_mail_scheduler_action"

declare(
    "receipt_sent_often",
    409,
    "Sent too often",
    "The receipt of this order was sent as often as is allowed.",
    "Show the guest the receipt's QR code instead.",
)


class FynloReceiptMessage(models.Model):
    """One receipt sent to one address. Odoo's mail queue sends it, and says here whether it could."""

    _name = "fynlo.receipt.message"
    _description = "Receipt by e-mail"
    _inherit = ["fynlo.resource.mixin"]
    _order = "id desc"
    _rec_name = "email"
    _resource_name = "receipt_message"

    order_id = fields.Many2one("pos.order", required=True, readonly=True, index=True, ondelete="cascade")
    config_id = fields.Many2one("pos.config", "Location", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    employee_id = fields.Many2one("hr.employee", "Sent by", readonly=True, ondelete="set null")
    device_id = fields.Many2one("fynlo.device", readonly=True, ondelete="set null")
    email = fields.Char("E-mail", required=True, readonly=True)
    state = fields.Selection(
        [("queued", "Queued"), ("sent", "Sent"), ("failed", "Failed")],
        required=True,
        readonly=True,
        default="queued",
    )
    mail_id = fields.Many2one("mail.mail", readonly=True, index="btree_not_null", ondelete="set null")
    sent_at = fields.Datetime(readonly=True)
    failure = fields.Char(readonly=True)

    @api.model
    def _send(self, identity, uuid, wish):
        """Queue an order's receipt for an address; it leaves after the commit. Returns the message.

        A message with the same id is never queued twice. With ``wish.remember`` a guest without an
        address is given this one. Raises ``not_found``, ``validation_failed``, ``id_taken`` or
        ``receipt_sent_often``.
        """
        address = checked_address(self.env, wish.email)
        facts = self.env["fynlo.order.service"]._facts(identity)
        order = self.env["fynlo.order.rows"]._lock(uuid, facts)
        earlier = self.sudo().search([("order_id", "=", order.row_id)])
        known = earlier.filtered(lambda message: message.fynlo_uuid == str(wish.id))
        if known:
            return known._api_values()
        if self.sudo().search_count([("fynlo_uuid", "=", str(wish.id))], limit=1):
            raise Problem("id_taken", self.env._("A message with this id exists already."))
        if len(earlier) >= MAX_PER_ORDER:
            raise Problem("receipt_sent_often", self.env._("This receipt was sent often enough."))
        if wish.remember and order.customer_id:
            self._remember(order, address)
        return self._queue(identity, order, facts, str(wish.id), address)._api_values()

    def _queue(self, identity, order, facts, uuid, address):
        message = self.sudo().create(
            {
                "fynlo_uuid": uuid,
                "order_id": order.row_id,
                "config_id": facts.location_id,
                "company_id": facts.company_id,
                "employee_id": identity.employee_id,
                "device_id": identity.device_id or False,
                "email": address,
                "mail_id": self._mail(order, facts, address).id,
            }
        )
        self.env.ref(SEND).sudo()._trigger()
        self.env["fynlo.audit.log"]._record(
            "receipt.sent",
            company_id=facts.company_id,
            resource=("order", order.uuid),
            after={"message": message.fynlo_uuid, "email": masked(address)},
        )
        message._announce()
        return message

    def _mail(self, order, facts, address):
        """The mail, with the receipt in its body and as a PDF."""
        receipts = self.env["fynlo.receipt"]
        document = receipts._of(order, facts, copy=0)
        sheet = receipts._sheet(document, facts.location_id)
        company = self.env["res.company"].sudo().browse(facts.company_id)
        values = {**receipts._parts(sheet), "link": document["link"]}
        pdf = {
            "name": f"{document['receipt_number']}.pdf",
            "raw": receipts._pdf(document, facts.location_id),
            "mimetype": "application/pdf",
        }
        return (
            self.env["mail.mail"]
            .sudo()
            .create(
                {
                    "subject": f"{document['business']['location']}: {sheet.title}",
                    "body_html": self.env["ir.qweb"]._render("fynlo_pos_core.receipt_mail", values),
                    "email_from": sender(company, document["business"]["location"]),
                    "reply_to": company.email_formatted or False,
                    "email_to": address,
                    "attachment_ids": [Command.create(pdf)],
                    "auto_delete": True,
                }
            )
        )

    def _remember(self, order, address):
        guest = self.env["res.partner"].sudo().browse(order.customer_id)
        if not guest.email:
            guest.email = address

    def _settle(self, failure):
        """The mail queue has tried: sent, or failed and why."""
        self.write(
            {"state": "failed", "failure": failure}
            if failure
            else {"state": "sent", "sent_at": now(), "failure": False}
        )
        for message in self:
            message._announce()

    def _announce(self):
        """Tell the location's tills. Addresses of guests stay out of events."""
        topic = f"l.{self.config_id.fynlo_uuid}.orders"
        values = {**self._api_values(), "email": masked(self.email)}
        self.env["fynlo.outbox"]._emit(self.company_id.id, topic, "receipt.sent", self.fynlo_uuid, values)

    def _api_values(self):
        self.ensure_one()
        return {
            "id": self.fynlo_uuid,
            "order_id": self.order_id.uuid,
            "email": self.email,
            "state": self.state,
            "failure": self.failure or None,
            "sent_at": wire(self.sent_at) if self.sent_at else None,
        }


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        """Receipts hear what became of their mails before these are deleted."""
        receipts = self.env["fynlo.receipt.message"].sudo().search([("mail_id", "in", self.ids)])
        receipts._settle(failure_reason or failure_type)
        return super()._postprocess_sent_message(success_pids, success_emails, failure_reason, failure_type)


def checked_address(env, text):
    """One e-mail address without a name, as it is sent to. Raises ``validation_failed``."""
    address = email_normalize(text, strict=True)
    if not address or address != text.strip().lower():
        raise Invalid(env._("This is not an e-mail address."), field="email")
    return address


def sender(company, location):
    """The company's address under the location's name."""
    return formataddr((location, company.email)) if company.email else False


def masked(address):
    """An address that its owner recognises and nobody else can use: ``s••@fynlo.example``."""
    name, _, host = address.partition("@")
    return f"{name[:1]}••@{host}"
