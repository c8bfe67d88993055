"""The window in which a manager sets a tender up: what is missing, does the provider answer, switch it on.

Secrets are never entered here: the window names the file or the variable that holds them.
"""

from odoo import SUPERUSER_ID, api, fields, models
from odoo.addons.fynlo_pos_core.rest import Problem
from odoo.addons.fynlo_pos_core.tools.settings import settings
from odoo.exceptions import UserError

from ..providers.connection import Health, ProviderUnavailable
from ..providers.provider import PREFIX
from .desk_errand import after_commit

#: The drawer needs a cash journal of its own, and Odoo makes both with the location.
NOT_HERE = frozenset({"cash"})


class FynloTenderSetup(models.TransientModel):
    """What the provider said is that of the location and tender which were asked for; another choice forgets it."""

    _name = "fynlo.tender.setup"
    _description = "Set up a tender"

    config_id = fields.Many2one(
        "pos.config", "Location", required=True, default=lambda self: self.env["pos.config"].search([], limit=1)
    )
    company_id = fields.Many2one(related="config_id.company_id")
    method = fields.Selection("_select_method", "Tender", required=True)
    name = fields.Char(compute="_compute_name", store=True, readonly=False, help="How tills call it.")
    journal_id = fields.Many2one(
        "account.journal",
        "Booked in",
        compute="_compute_journal_id",
        store=True,
        readonly=False,
        domain="[('type', '=', 'bank'), ('company_id', '=', company_id)]",
    )
    needs_journal = fields.Boolean(compute="_compute_needs")
    is_outside = fields.Boolean(compute="_compute_needs")
    mode = fields.Selection([("live", "Live"), ("test", "Test")], compute="_compute_facts")
    facts_ok = fields.Boolean(compute="_compute_facts")
    facts_html = fields.Html("What it needs", compute="_compute_facts", sanitize=False)
    notified_at = fields.Char("Notifications go to", compute="_compute_facts", help="Enter it at the provider.")
    answer = fields.Selection(
        [("asking", "Asking"), ("usable", "It answers"), ("unusable", "It cannot be used")],
        "Connection",
        compute="_compute_answer",
        store=True,
    )
    answer_detail = fields.Char(compute="_compute_answer", store=True)
    is_on = fields.Boolean("Taken on tills", compute="_compute_is_on")

    @api.model
    def _select_method(self):
        tenders = self.env["pos.payment.method"]._select_fynlo_provider()
        return [(code, name) for code, name in tenders if code not in NOT_HERE]

    @api.depends("method")
    def _compute_name(self):
        names = dict(self._select_method())
        for wizard in self:
            wizard.name = names.get(wizard.method)

    @api.depends("config_id", "method")
    def _compute_journal_id(self):
        for wizard in self:
            booking = wizard._booking()
            banks = [("type", "=", "bank"), ("company_id", "=", wizard.company_id.id)]
            wizard.journal_id = booking.journal_id or self.env["account.journal"].sudo().search(banks, limit=1)

    @api.depends("method")
    def _compute_needs(self):
        for wizard in self:
            wizard.needs_journal = bool(wizard.method) and wizard._provider()._needs_journal
            wizard.is_outside = bool(wizard.method) and not wizard._provider()._immediate

    @api.depends("config_id", "method")
    def _compute_facts(self):
        for wizard in self:
            location = wizard.config_id
            facts = wizard._provider()._setup_facts(location) if wizard.method else []
            wizard.mode = wizard._provider()._setup_mode(location) if wizard.method else False
            path = wizard._provider()._notified_at if wizard.method else None
            wizard.notified_at = f"{settings().public_url.rstrip('/')}{path}" if path else False
            wizard.facts_ok = all(fact.ok for fact in facts)
            wizard.facts_html = self.env["ir.qweb"]._render("fynlo_payments.tender_facts", {"facts": facts})

    @api.depends("config_id", "method")
    def _compute_answer(self):
        self.answer, self.answer_detail = False, False

    @api.depends("config_id", "method")
    def _compute_is_on(self):
        for wizard in self:
            wizard.is_on = bool(wizard.config_id) and wizard.method in wizard.config_id._fynlo_offered()

    # --- buttons -------------------------------------------------------------------------

    def action_test(self):
        """Ask the provider whether it can be used; the answer stands in the window afterwards."""
        self._require()
        try:
            connection = self._provider()._connection(self.config_id.sudo())
        except ProviderUnavailable:
            self._keep(Health(False, self.env._("It is not set up yet; see what is missing.")))
            return self._shown()
        self.write({"answer": "asking", "answer_detail": False})
        registry, wizard_id = self.env.registry, self.id
        after_commit(self.env, lambda: _ask(registry, wizard_id, connection))
        return self._shown()

    def action_switch_on(self):
        """Have the location take the tender. May be repeated.

        Raises when something is missing, or when the provider was not asked or cannot be used.
        """
        self._require()
        if not self.facts_ok:
            raise UserError(self.env._("Something is still missing."))
        if self.is_outside and self.answer != "usable":
            raise UserError(self.env._("Test the connection first; it has to be usable."))
        location = self.config_id.sudo()
        booking = self._booking() or self._new_booking()
        if booking not in location.payment_method_ids:
            # a tender that no open till has used yet changes nothing in what that till counts
            allowed = location.with_context(bypass_payment_method_ids_forbidden_change=True)
            allowed.write({"payment_method_ids": [fields.Command.link(booking.id)]})
        location._fynlo_list_tenders()
        location.fynlo_offer_ids.filtered(lambda offer: offer.method == self.method).offered = True
        self._audit(booking)
        return self._shown()

    # --- steps ---------------------------------------------------------------------------

    def _require(self):
        """Whoever may not change settings may not set tenders up. Raises ``permission_denied``."""
        self.ensure_one()
        self.config_id.check_access("write")
        self.env["fynlo.access"]._at_desk(self.config_id).require("settings.manage")

    def _provider(self):
        return self.env[PREFIX + self.method]

    def _booking(self):
        """The company's payment method for the tender; the location's own, if it has one."""
        methods = self.env["pos.payment.method"].sudo()
        if not (self.method and self.config_id):
            return methods
        own = self.config_id._fynlo_tender_methods().get(self.method)
        domain = [("company_id", "=", self.company_id.id), ("fynlo_provider", "=", self.method)]
        return own or methods.search(domain, order="sequence, id", limit=1)

    def _new_booking(self):
        if self.needs_journal and not self.journal_id:
            raise UserError(self.env._("Choose the journal in which it is booked."))
        if self.journal_id and self.journal_id.company_id != self.company_id:
            raise Problem("not_found", self.env._("There is no such journal."))
        return (
            self.env["pos.payment.method"]
            .sudo()
            .create(
                {
                    "name": self.name,
                    "company_id": self.company_id.id,
                    "fynlo_provider": self.method,
                    "journal_id": self.journal_id.id if self.needs_journal else False,
                }
            )
        )

    def _audit(self, booking):
        location = self.config_id.sudo()
        self.env["fynlo.audit.log"]._record(
            "tender.switched_on",
            company_id=self.company_id.id,
            resource=("location", location.fynlo_uuid),
            after={"method": self.method, "name": booking.name, "mode": self.mode or None},
        )

    def _keep(self, health):
        self.write({"answer": "usable" if health.usable else "unusable", "answer_detail": health.detail or False})

    def _shown(self):
        """The same window again, as it now is."""
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Set up a tender"),
        }


def _ask(registry, wizard_id, connection):
    """Ask with no transaction open, then keep the answer in one of its own."""
    try:
        health = connection.health()
    except ProviderUnavailable as away:
        health = Health(False, away.code)
    with registry.cursor() as cr:
        api.Environment(cr, SUPERUSER_ID, {})["fynlo.tender.setup"].browse(wizard_id).exists()._keep(health)
