"""Settings of a location's tenders: what guests may pay with, and how far the drawer may be off."""

from odoo import Command, api, models
from odoo.addons.fynlo_pos_core.engine.tender_rule import TenderRule
from odoo.addons.fynlo_pos_core.models.settings.setting import Setting
from odoo.addons.fynlo_pos_core.models.settings.settings_section import PREFIX
from odoo.addons.fynlo_pos_core.rest import Invalid
from odoo.addons.fynlo_pos_core.tools.money import to_major, to_minor


def _methods(location, _offers):
    """What tills offer, in the order that the manager chose."""
    rules = location._fynlo_tender_rules()
    return [_offered(location, code, method, rules.get(code)) for code, method in location._fynlo_offered().items()]


def _offered(location, code, method, rule):
    rule = rule or TenderRule()
    return {
        "method": code,
        "name": method.name,
        "channel": rule.channel,
        "minimum": _minor(location, rule.least) if rule.least else None,
        "maximum": _minor(location, rule.most) if rule.most else None,
    }


def _available(_location, methods):
    """Every tender that can be offered here, by what books it."""
    tenders = methods.filtered(lambda method: method.fynlo_provider and not method.is_online_payment)
    return sorted(set(tenders.mapped("fynlo_provider")))


def _offers(location, wished):
    """What to write so that just the ``wished`` tenders are offered, in their order.

    Raises ``validation_failed`` for one that the location does not have, and for one that is named twice.
    """
    rows = {offer.method: offer for offer in location.fynlo_offer_ids}
    codes, available = [one["method"] for one in wished], _available(location, location.payment_method_ids)
    for place, code in enumerate(codes):
        if code not in available or code in codes[:place]:
            message = location.env._("%s cannot be offered here, or is named twice.", code)
            raise Invalid(message, field=f"methods[{place}].method")
    commands = [_offer(location, rows.get(one["method"]), place, one) for place, one in enumerate(wished)]
    for code in available:
        if code not in codes:
            commands.append(_command(rows.get(code), {"method": code, "offered": False}))
    return commands


def _offer(location, row, place, one):
    """The command for one tender that is offered; a limit that is not sent stays as it is, ``null`` lifts it."""
    values = {"method": one["method"], "offered": True, "sequence": place}
    for name, column in (("minimum", "least"), ("maximum", "most")):
        if name in one:
            values[column] = _limit(location, one[name], f"methods[{place}].{name}")
    if "channel" in one:
        values["channel"] = one["channel"]
    return _command(row, values)


def _command(row, values):
    if not row:
        return Command.create(values)
    return Command.update(row.id, {name: value for name, value in values.items() if name != "method"})


def _limit(location, money, field):
    if money is None:
        return 0
    _require_currency(location, money, field)
    return money["amount"]


def _minor(location, amount):
    return {"amount": amount, "currency": location.currency_id.name}


def _money(location, amount):
    currency = location.currency_id
    return {"amount": to_minor(amount, currency.decimal_places), "currency": currency.name}


def _amount(location, money):
    """What Odoo stores for an amount in the location's currency. Raises ``validation_failed``."""
    _require_currency(location, money, "cash_difference_limit")
    return to_major(money["amount"], location.currency_id.decimal_places)


def _require_currency(location, money, field):
    if money["currency"] == location.currency_id.name:
        return
    message = location.env._("Money here is in %s.", location.currency_id.name)
    raise Invalid(message, errors=[{"field": f"{field}.currency", "code": "currency_mismatch", "detail": message}])


class PaymentMethodsSettings(models.AbstractModel):
    """Tenders are set up in the back office, because each needs its journal; here they are switched on and off."""

    _name = PREFIX + "payment_methods"
    _description = "Settings: payment methods"
    _inherit = ["fynlo.settings.section"]
    _settings = {
        "methods": Setting("fynlo_offer_ids", show=_methods, store=_offers),
        "available": Setting("payment_method_ids", show=_available, store=None),
        "cash_difference_limit": Setting("fynlo_over_short_limit", show=_money, store=_amount),
        "pay_link_minutes": Setting("fynlo_pay_link_minutes"),
    }

    @api.model
    def _watched(self, model):
        if model == "pos.payment.method":
            return {"name", "active", "fynlo_provider", "sequence"}
        if model == "fynlo.tender.offer":
            return {"offered", "sequence", "channel", "least", "most"}
        return super()._watched(model)


class PosPaymentMethod(models.Model):
    _name = "pos.payment.method"
    _inherit = ["pos.payment.method", "fynlo.settings.part"]

    def _settings_owners(self):
        """The locations that take this method."""
        return self.config_ids
