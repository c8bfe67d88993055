"""Part of a closed till's journal entry: what some of its orders come to, added up by Odoo's own code."""

import json

from odoo import fields, models
from odoo.tools import frozendict

#: Sections of Odoo's ``_accumulate_amounts`` whose keys are payment methods.
BY_METHOD = ("combine_receivables_bank", "combine_receivables_cash", "combine_receivables_pay_later")
#: Amounts that are not in currency units, so that they are not rounded as money is.
PLAIN = frozenset({"quantity"})


class FynloPostingBatch(models.Model):
    """Kept from its own commit until the till is posted, so that a stopped server goes on where it was."""

    _name = "fynlo.posting.batch"
    _description = "Batch of a till's posting"
    _order = "last_order_id"
    _rec_name = "last_order_id"

    session_id = fields.Many2one("pos.session", required=True, readonly=True, index=True, ondelete="cascade")
    last_order_id = fields.Integer("Last order", required=True, readonly=True, help="The batch goes up to this order.")
    order_count = fields.Integer("Orders", required=True, readonly=True)
    amounts = fields.Text(required=True, readonly=True)

    def _keep(self, session, order_ids, amounts):
        """Keep the amounts of the next orders of ``session``."""
        return self.create(
            {
                "session_id": session.id,
                "last_order_id": order_ids[-1],
                "order_count": len(order_ids),
                "amounts": json.dumps(_as_json(amounts)),
            }
        )

    def _merge_into(self, amounts, session):
        """Add these batches to ``amounts``; sums of floats lose nothing that the currency can show."""
        for batch in self:
            kept = json.loads(batch.amounts)
            for section in BY_METHOD:
                for method_id, values in kept[section]:
                    _add(amounts[section][self.env["pos.payment.method"].browse(method_id)], values)
            for key, values in kept["sales"]:
                _add(amounts["sales"][_sale_key(key)], values)
            for (account_id, repartition_id, tags), values in kept["taxes"]:
                _add(amounts["taxes"][(account_id, repartition_id, tuple(tags))], values)
            _add(amounts["rounding_difference"], kept["rounding_difference"])
        for section in (*BY_METHOD, "sales", "taxes"):
            for values in amounts[section].values():
                _round(values, session)
        _round(amounts["rounding_difference"], session)
        return amounts


def mergeable(amounts):
    """Whether JSON can hold these amounts: none goes by single payments or invoices."""
    return not any(amounts[section] for section in amounts if section.startswith(("split_", "combine_inv")))


def _as_json(amounts):
    return {
        **{section: [[method.id, values] for method, values in amounts[section].items()] for section in BY_METHOD},
        "sales": [[dict(key), values] for key, values in amounts["sales"].items()],
        "taxes": [[list(key), values] for key, values in amounts["taxes"].items()],
        "rounding_difference": amounts["rounding_difference"],
    }


def _sale_key(key):
    return frozendict({name: tuple(value) if isinstance(value, list) else value for name, value in key.items()})


def _add(total, values):
    for name, value in values.items():
        total[name] = total.get(name, 0) + value


def _round(values, session):
    for name in values.keys() - PLAIN:
        currency = session.company_id.currency_id if name.endswith("_converted") else session.currency_id
        values[name] = currency.round(values[name])
