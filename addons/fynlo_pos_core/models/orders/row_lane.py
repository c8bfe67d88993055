"""Whether tills' orders may be written without the ORM: only while all that it would do for them is known.

The order service gives every stored value of an order, a line and a payment, so one statement can
write them all. That is right as long as nobody else has a say in such a write. An addon that
overrides ``create`` or ``write``, adds a constraint, a tracked field or a stored computed one, or an
automation rule on these models makes every order go through the ORM again, and the log says why
(docs/adr/0024). ``test_row_lane.py`` compares what both ways write, column by column.
"""

import logging

_logger = logging.getLogger(__name__)

MODELS = ("pos.order", "pos.order.line", "pos.payment")

#: Methods by which an addon can have a say in what is written.
HOOKS = ("create", "write", "_create", "_write", "_write_multi", "_validate_fields", "modified")
#: Addons whose hooks were read: what they do is done by the order service, or does not touch a till's order.
READ = {
    "pos.order": {
        "mail",  # chatter, which the order service goes without
        "point_of_sale",  # numbers, prices and the access token: all given
        "pos_online_payment_self_order",  # use_self_order_online_payment: given
        "pos_self_order",  # follows table_id on orders that guests made themselves
        "fynlo_pos_core",
    },
    "pos.order.line": {"point_of_sale", "pos_self_order", "fynlo_pos_core"},
    "pos.payment": {"pos_online_payment", "fynlo_pos_core"},  # online payments are no tender of tills
}
#: Stored computed fields, here and on other models, that the order service gives or that no till's write changes.
COMPUTED = {
    "pos.order.cashier",
    "pos.order.config_id",
    "pos.order.currency_rate",
    "pos.order.email",
    "pos.order.mobile",
    "pos.order.sale_journal",
    "pos.order.use_self_order_online_payment",
    "pos.order.line.company_id",
    "pos.payment.company_id",
    "pos.payment.employee_id",
    "pos.payment.session_id",
}
#: A location's tenders are its own payment methods; payments are taken of open orders only.
CONSTRAINTS = {"_check_amount", "_check_payment_method_id"}


def surprises(env):
    """What could have a say in writing an order and is not known here; empty when the ORM may be left out.

    Looked for again when a write method of the models is another one: automation rules patch them in place.
    """
    registry = env.registry
    methods = [getattr(registry[name], hook) for name in MODELS for hook in ("create", "write")]
    known = registry.__dict__.get("_fynlo_row_surprises")
    if known is None or known[0] != methods:
        found = tuple(sorted(_surprises(env)))
        known = registry._fynlo_row_surprises = (methods, found)
        if found:
            _logger.warning("Orders are written through the ORM because of: %s", ", ".join(found))
    return known[1]


def _surprises(env):
    for name in MODELS:
        model = env.registry[name]
        for hook in HOOKS:
            addons = {_addon(parent.__dict__[hook]) for parent in model.__mro__ if hook in parent.__dict__}
            yield from (f"{name}.{hook} of {addon}" for addon in addons - READ[name] - {None})
        for method in env[name]._constraint_methods:
            if method.__name__ not in CONSTRAINTS:
                yield f"constraint {name}.{method.__name__}"
        for field in model._fields.values():
            if getattr(field, "tracking", None):
                yield f"tracked field {field}"
            for follower in [field, *env.registry.get_dependent_fields(field)]:
                if follower.store and follower.column_type and follower.compute and str(follower) not in COMPUTED:
                    yield f"computed field {follower}"


def _addon(function):
    """The addon that a method comes from; ``None`` for the ORM's own. A patched method names who patched it."""
    module = function.__module__.split(".")
    if module[:2] == ["odoo", "addons"]:
        return module[2]
    return None if module[:2] == ["odoo", "orm"] else function.__module__
