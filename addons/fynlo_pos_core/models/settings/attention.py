"""What waits for a manager, counted for the badge beside the menu."""

from odoo import api, models
from odoo.fields import Domain


class FynloAttention(models.AbstractModel):
    """Each thing that may wait names the screen on which it is dealt with. Addons add theirs to ``_things``."""

    _name = "fynlo.attention"
    _description = "What waits for a manager"

    @api.model
    def what_waits(self):
        """The things that wait for this user, as ``{"title", "count", "action"}``; those at 0 are left out."""
        if not self.env.user.has_group("fynlo_pos_core.group_manager"):
            return []
        counted = [
            {"title": title, "count": self.env[model].search_count(list(domain), limit=100), "action": action}
            for title, model, domain, action in self._things()
        ]
        return [thing for thing in counted if thing["count"]]

    @api.model
    def _things(self):
        """Title, model, domain and action of everything that may wait."""
        review = Domain("fynlo_number", "!=", False) & Domain("fynlo_review_state", "=", "waiting")
        failed = Domain("fynlo_posting_error", "!=", False)
        alerts = Domain("state", "=", "open")
        return [
            (self.env._("Orders to review"), "pos.order", review, "fynlo_pos_core.action_reviews"),
            (self.env._("Tills not posted"), "pos.session", failed, "fynlo_pos_core.action_till_sessions"),
            (self.env._("Alerts"), "fynlo.alert", alerts, "fynlo_pos_core.action_alerts"),
        ]
