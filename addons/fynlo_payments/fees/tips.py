"""Tips suggested for a bill: shares of its net or of its gross, never of an earlier tip or charge."""

from odoo.addons.fynlo_pos_core.tools.money import split

from .rounding import BASIS_POINTS, half_up


def suggested_tip(net: int, tax: int, rate_bp: int, *, with_tax: bool) -> int:
    """``rate_bp`` of the bill, with or without its tax, half up."""
    return half_up(net + tax if with_tax else net, rate_bp, BASIS_POINTS)


def for_each(amount: int, people: int) -> list[int]:
    """An amount among ``people``; the first ones bear the odd pennies."""
    return split(amount, [1] * people)
