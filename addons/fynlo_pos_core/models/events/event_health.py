"""How events reach the tills right now: what waits, since when, and who answers."""

from odoo import api, fields, models

from ...tools import redis_client

#: An event that waits longer than this says that the relay is not running.
SLOW_S = 10


class FynloEventHealth(models.TransientModel):
    _name = "fynlo.event.health"
    _description = "Event health"
    _rec_name = "company_id"

    company_id = fields.Many2one("res.company", default=lambda self: self.env.company, readonly=True)
    state = fields.Selection(
        [("fine", "Events arrive"), ("slow", "Events wait"), ("down", "Redis does not answer")],
        compute="_compute_figures",
    )
    unsent = fields.Integer("Events waiting", compute="_compute_figures")
    oldest_s = fields.Integer("Oldest waits for (seconds)", compute="_compute_figures")
    last_seq = fields.Integer(
        "Last sequence", compute="_compute_figures", help="The clock of the company's change feed."
    )
    last_event_at = fields.Datetime("Last event", compute="_compute_figures")
    topic_ids = fields.Many2many("fynlo.topic", compute="_compute_figures", string="Topics")
    recent_ids = fields.Many2many("fynlo.outbox", compute="_compute_figures", string="Latest events")

    @api.depends("company_id")
    def _compute_figures(self):
        redis_answers = redis_client.attempt(lambda client: bool(client.ping()), False)
        for health in self:
            company = health.company_id & self.env.companies
            backlog = self.env["fynlo.outbox"]._backlog(company.id)
            latest = self.env["fynlo.outbox"].search([("company_id", "=", company.id)], limit=15)
            health.unsent = backlog["unsent"]
            health.oldest_s = backlog["oldest_unsent_s"]
            health.state = "slow" if backlog["oldest_unsent_s"] > SLOW_S else "fine"
            if not redis_answers:
                health.state = "down"
            health.last_seq = self.env["fynlo.feed"].search([("company_id", "=", company.id)]).last_seq
            health.last_event_at = latest[:1].created_at
            health.topic_ids = self.env["fynlo.topic"].search([("company_id", "=", company.id)], order="topic")
            health.recent_ids = latest

    @api.model
    def action_open(self):
        """The health of the company that the user works in."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Event health"),
            "res_model": self._name,
            "res_id": self.create({}).id,
            "view_mode": "form",
            "target": "current",
        }

    def action_refresh(self):
        """Look again."""
        return self.action_open()
