"""Reviews of orders that need a manager's eye: their price drifted, or they arrived late."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class FynloOrderReview(models.Model):
    """Append-only: that a manager has looked at an order, and what came of it. An order needs one."""

    _name = "fynlo.order.review"
    _description = "Review of an order"
    _order = "id desc"
    _rec_name = "order_id"

    order_id = fields.Many2one("pos.order", required=True, readonly=True, ondelete="cascade")
    config_id = fields.Many2one("pos.config", "Location", required=True, readonly=True, index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    employee_id = fields.Many2one("hr.employee", "Reviewed by", required=True, readonly=True)
    note = fields.Char(readonly=True)

    _order_unique = models.UniqueIndex("(order_id)", "The order was reviewed already.")

    # it exists only to refuse
    def unlink(self):  # pylint: disable=method-required-super
        raise UserError(self.env._("A review stays."))  # pylint: disable=no-raise-unlink


class PosOrder(models.Model):
    _inherit = "pos.order"

    _fynlo_to_review = models.Index("(id) WHERE fynlo_price_drift IS NOT NULL OR fynlo_late_arrival IS TRUE")

    fynlo_review_ids = fields.One2many(
        "fynlo.order.review", "order_id", "Reviews", readonly=True, groups="fynlo_pos_core.group_manager"
    )
    fynlo_review_state = fields.Selection(
        [("none", "Nothing to review"), ("waiting", "To review"), ("done", "Reviewed")],
        "Review",
        compute="_compute_fynlo_review_state",
        search="_search_fynlo_review_state",
    )
    fynlo_late_text = fields.Char("How late", compute="_compute_fynlo_late_text")
    fynlo_review_text = fields.Char("Reviewed", compute="_compute_fynlo_review_state")

    @api.depends("fynlo_price_drift", "fynlo_late_arrival", "fynlo_review_ids")
    def _compute_fynlo_review_state(self):
        for order in self:
            review = order.sudo().fynlo_review_ids[:1]
            asked = bool(order.fynlo_price_drift or order.fynlo_late_arrival)
            order.fynlo_review_state = "done" if review else "waiting" if asked else "none"
            order.fynlo_review_text = order._fynlo_review_words(review) if review else False

    def _fynlo_review_words(self, review):
        return self.env._(
            "%(who)s, %(when)s: %(note)s",
            who=review.employee_id.name,
            when=self._fynlo_moment(review.create_date),
            note=review.note or self.env._("nothing to add"),
        )

    @api.depends("fynlo_late_arrival", "fynlo_client_created_at", "create_date")
    def _compute_fynlo_late_text(self):
        for order in self:
            made, received = order.fynlo_client_created_at, order.create_date
            order.fynlo_late_text = (
                order.fynlo_late_arrival
                and made
                and self.env._("%s hours late", round((received - made).total_seconds() / 3600))
            )

    def _search_fynlo_review_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        asked = Domain("fynlo_price_drift", "!=", False) | Domain("fynlo_late_arrival", "=", True)
        reviewed = Domain("fynlo_review_ids", "!=", False)
        states = {"none": ~asked & ~reviewed, "waiting": asked & ~reviewed, "done": reviewed}
        return Domain.OR(states[state] for state in value if state in states)

    def action_fynlo_review(self):
        """Ask for a note and review these orders."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("fynlo_pos_core.action_order_review"),
            "context": {"default_order_ids": self.ids},
        }

    def _fynlo_review(self, note):
        """Review those of these orders that wait for it. Raises ``permission_denied``."""
        waiting = self.filtered(lambda order: order.fynlo_review_state == "waiting")
        for location, orders in waiting.grouped("config_id").items():
            identity = self.env["fynlo.access"]._at_desk(location)
            identity.require("order.review")
            orders._fynlo_keep_reviews(identity, note)
        return waiting

    def _fynlo_keep_reviews(self, identity, note):
        values = {"employee_id": identity.employee_id, "company_id": identity.company_id, "note": note}
        self.env["fynlo.order.review"].sudo().create(
            [{**values, "order_id": order.id, "config_id": order.config_id.id} for order in self]
        )
        for order in self:
            self.env["fynlo.audit.log"]._record(
                "order.reviewed",
                company_id=identity.company_id,
                resource=("order", order.uuid),
                before={"price_drift": order.fynlo_price_drift, "late_arrival": order.fynlo_late_arrival},
                reason=note,
            )
