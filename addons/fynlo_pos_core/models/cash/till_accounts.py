"""The accounts that cash at the tills is booked on; each company gets its own when it first needs them."""

from odoo import fields, models
from odoo.fields import Command

#: field → (name, type, the code after which a free one is looked for)
ACCOUNTS = {
    "fynlo_tips_account_id": ("Tips payable", "liability_current", "213000"),
    "fynlo_deposits_account_id": ("Deposits on open orders", "liability_current", "213100"),
    "fynlo_safe_account_id": ("Cash in the safe", "asset_current", "103000"),
    "fynlo_paid_in_account_id": ("Cash paid into tills", "asset_current", "103100"),
    "fynlo_paid_out_account_id": ("Expenses paid from tills", "expense", "613000"),
}


def till_account_field(label, help_text):
    """A company's field for an account of :meth:`_fynlo_till_accounts`."""
    return fields.Many2one(
        "account.account", label, check_company=True, copy=False, ondelete="restrict", help=help_text
    )


class ResCompany(models.Model):
    _inherit = "res.company"

    fynlo_tips_account_id = till_account_field(
        "Tips account", "What is owed to the staff: tips taken, less tips paid out."
    )
    fynlo_deposits_account_id = till_account_field(
        "Deposits account", "Cash taken on orders that were still open when their till was closed."
    )
    fynlo_safe_account_id = till_account_field("Safe account", "Cash dropped from a drawer into the safe.")
    fynlo_paid_in_account_id = till_account_field("Paid-in account", "Where cash comes from that is put into a drawer.")
    fynlo_paid_out_account_id = till_account_field("Paid-out account", "What cash paid out of a drawer was spent on.")

    def _fynlo_tips_account(self):
        """The liability account of tips; made at first need."""
        return self._fynlo_till_account("fynlo_tips_account_id")

    def _fynlo_till_accounts(self):
        """Field → (name, type, the code after which a free one is looked for). Other addons add theirs."""
        return ACCOUNTS

    def _fynlo_till_account(self, name):
        """The account in field ``name``; made at first need, once however many ask at the same time."""
        self.ensure_one()
        if not self[name]:
            self.env.cr.execute("SELECT id FROM res_company WHERE id = %s FOR NO KEY UPDATE", (self.id,))
            self.invalidate_recordset([name], flush=False)
        if not self[name]:
            self.sudo()[name] = self._fynlo_new_account(*self._fynlo_till_accounts()[name])
        return self[name]

    def _fynlo_new_account(self, label, kind, after):
        accounts = self.env["account.account"].sudo().with_company(self)
        return accounts.create(
            {
                "name": label,
                "code": accounts._search_new_account_code(after),
                "account_type": kind,
                "company_ids": [Command.set(self.ids)],
            }
        )

    def _fynlo_prepare_till_accounts(self):
        """Make every account that is missing, so that no cash movement has to wait for it."""
        for name in self._fynlo_till_accounts():
            self._fynlo_till_account(name)


class PosConfig(models.Model):
    _inherit = "pos.config"

    def _fynlo_book_tips_as_owed(self):
        """Tips are the staff's money: the tip product books on the company's liability account."""
        self.ensure_one()
        tip = self.tip_product_id.product_tmpl_id.with_company(self.company_id).sudo()
        account = self.company_id._fynlo_tips_account()
        if tip and tip.property_account_income_id != account:
            tip.property_account_income_id = account
