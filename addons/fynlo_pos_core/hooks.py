"""What a fresh install sets right in a database that already has points of sale."""

QUANTITY_DIGITS = 3


def post_init_hook(env):
    """Locations that were there before the addon get the same sequences and kitchen as new ones,
    companies a catalogue.

    Tills weigh to three decimals; Odoo's default of two would round what the guest pays for.
    """
    locations = env["pos.config"].with_context(active_test=False).search([])
    locations._fynlo_relax_sequences()
    locations._fynlo_make_kitchen()
    precision = env.ref("uom.decimal_product_uom", raise_if_not_found=False)
    if precision and precision.digits < QUANTITY_DIGITS:
        precision.digits = QUANTITY_DIGITS
    env["fynlo.catalogue"]._bump(env["res.company"].search([]).ids)
