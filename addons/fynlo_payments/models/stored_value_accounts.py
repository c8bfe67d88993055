"""Where stored value stands in the books: it is owed to guests from its sale until it is spent."""

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.models.cash.till_accounts import till_account_field
from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.tools.money import to_major
from odoo.exceptions import ValidationError
from odoo.fields import Command

from .stored_value import KINDS

OWED = "fynlo_cards_account_id"
ACCOUNTS = {
    OWED: ("Gift cards and store credit", "liability_current", "213200"),
    "fynlo_cards_given_account_id": ("Gift cards and credit given away", "expense", "613100"),
    "fynlo_cards_lapsed_account_id": ("Gift cards lapsed", "income_other", "403100"),
}


class ResCompany(models.Model):
    _inherit = "res.company"

    fynlo_cards_account_id = till_account_field(
        "Gift cards account", "What is owed to holders of gift cards and store credit."
    )
    fynlo_cards_given_account_id = till_account_field(
        "Given-away account", "What gift cards and credit cost that nobody paid for."
    )
    fynlo_cards_lapsed_account_id = till_account_field("Lapsed account", "What lapsed gift cards still held.")

    def _fynlo_till_accounts(self):
        return {**super()._fynlo_till_accounts(), **ACCOUNTS}


class ProductTemplate(models.Model):
    _inherit = "product.template"

    fynlo_gift_card = fields.Boolean(
        "Gift card",
        help="Selling it is no revenue: the price is owed until the card is spent. It bears no tax and moves no stock.",
    )

    @api.constrains("fynlo_gift_card", "taxes_id", "type", "fynlo_modifier_group_ids")
    def _check_fynlo_gift_card(self):
        for template in self.filtered("fynlo_gift_card"):
            if template.taxes_id or template.type != "service" or template.fynlo_modifier_group_ids:
                raise ValidationError(
                    self.env._("%s: a gift card is a service without sales taxes and modifiers.", template.name)
                )

    def _get_product_accounts(self):
        """A gift card's sale is booked as owed, in whichever company it is sold."""
        accounts = super()._get_product_accounts()
        if self.fynlo_gift_card:
            accounts["income"] = self.env.company._fynlo_till_account(OWED)
        return accounts


class PosPaymentMethod(models.Model):
    _inherit = "pos.payment.method"

    @api.constrains("fynlo_provider", "journal_id", "split_transactions")
    def _check_fynlo_stored_value(self):
        for method in self.filtered(lambda method: method.fynlo_provider in KINDS):
            if method.journal_id or method.split_transactions:
                raise ValidationError(
                    self.env._(
                        "%s: gift cards and store credit are booked on their own account; "
                        "leave the journal empty and customers unidentified.",
                        method.name,
                    )
                )


class PosSession(models.Model):
    _inherit = "pos.session"

    def _get_receivable_account(self, payment_method):
        """What was paid with stored value is owed no longer."""
        if payment_method.fynlo_provider in KINDS:
            return self.company_id._fynlo_till_account(OWED)
        return super()._get_receivable_account(payment_method)


class FynloStoredValue(models.Model):
    _inherit = "fynlo.stored.value"

    def _book(self, minor, other_side, label):
        """The posted entry of value that no till sold or took: ``minor`` more is owed, against ``other_side``."""
        company = self.company_id
        journal = self._journal()
        amount = to_major(minor, self.currency_id.decimal_places)
        date = fields.Date.context_today(self)
        balance = self.currency_id._convert(amount, company.currency_id, company, date)

        def line(account, sign):
            return Command.create(
                {
                    "name": f"{label} {self.last4 or self.partner_id.name}",
                    "account_id": account.id,
                    "currency_id": self.currency_id.id,
                    "amount_currency": sign * amount,
                    "balance": sign * balance,
                }
            )

        lines = [line(company._fynlo_till_account(OWED), -1), line(company._fynlo_till_account(other_side), 1)]
        moves = self.env["account.move"].sudo().with_company(company)
        move = moves.create({"journal_id": journal.id, "date": date, "ref": label, "line_ids": lines})
        move.action_post()
        return move

    def _journal(self):
        domain = [("type", "=", "general"), ("company_id", "=", self.company_id.id)]
        journal = self.env["account.journal"].sudo().search(domain, limit=1)
        if not journal:
            raise Problem("location_not_ready", self.env._("The company has no journal for miscellaneous operations."))
        return journal
