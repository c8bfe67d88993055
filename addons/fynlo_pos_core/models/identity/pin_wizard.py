"""Back office: give an employee a PIN."""

from odoo import fields, models


class FynloPinWizard(models.TransientModel):
    """The PIN passes through: it goes to its hash while the window is saved and is stored nowhere."""

    _name = "fynlo.pin.wizard"
    _description = "Set a PIN"

    employee_id = fields.Many2one("hr.employee", required=True, readonly=True)
    pin = fields.Char(
        "New PIN", compute="_compute_pin", inverse="_inverse_pin", help="4 to 8 digits. It is not shown again."
    )

    def _compute_pin(self):
        self.pin = False

    def _inverse_pin(self):
        for wizard in self.filtered("pin"):
            employee = wizard.employee_id
            employee.check_access("write")
            employee._fynlo_check_rank([employee.fynlo_role])
            employee._fynlo_set_pin(wizard.pin)

    def action_close(self):
        """The saving did the work."""
        return {"type": "ir.actions.act_window_close"}
