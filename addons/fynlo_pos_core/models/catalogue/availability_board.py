"""Back office: run out, or back on the menu, location by location."""

from odoo import fields, models
from odoo.tools import SQL

from .availability import COLUMNS

#: The tables of what can run out, with the company of each thing, in the order of ``COLUMNS``.
THINGS = (
    ("product_tmpl_id", "SELECT id, company_id FROM product_template WHERE available_in_pos AND active"),
    (
        "product_id",
        """SELECT variant.id, template.company_id FROM product_product variant
             JOIN product_template template ON template.id = variant.product_tmpl_id
            WHERE template.available_in_pos AND variant.active""",
    ),
    ("modifier_id", "SELECT id, company_id FROM fynlo_modifier WHERE active"),
)
#: One row a kind, thing and location needs one number that stays the same.
PLACES = 1_000_000


class FynloAvailabilityBoard(models.Model):
    """Every thing at every location of its company, whether or not anybody ever ran out of it."""

    _name = "fynlo.availability.board"
    _description = "What is on the menu where"
    _auto = False
    _order = "config_id, id"
    _rec_name = "config_id"
    _depends = {
        "fynlo.availability": ["config_id", "available", "counted", "countdown", "changed_by", *COLUMNS.values()],
        "product.template": ["available_in_pos", "active", "company_id"],
        "product.product": ["active", "product_tmpl_id"],
        "fynlo.modifier": ["active", "company_id"],
        "pos.config": ["active", "company_id"],
    }

    config_id = fields.Many2one("pos.config", "Location", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    product_tmpl_id = fields.Many2one("product.template", "Product", readonly=True)
    product_id = fields.Many2one("product.product", "Variant", readonly=True)
    modifier_id = fields.Many2one("fynlo.modifier", readonly=True)
    available = fields.Boolean("On the menu", readonly=True)
    counted = fields.Boolean(readonly=True)
    countdown = fields.Integer("Portions left", readonly=True)
    changed_by = fields.Char(readonly=True)

    @property
    def _table_query(self):
        kinds = [self._kind(number, column, SQL(things)) for number, (column, things) in enumerate(THINGS)]
        return SQL(" UNION ALL ").join(kinds)

    def _kind(self, number, column, things):
        """The rows of one kind of thing; a thing without a company is sold everywhere."""
        named = SQL(", ").join(
            SQL("%s AS %s", SQL("thing.id") if other == column else SQL("NULL::integer"), SQL.identifier(other))
            for other, _things in THINGS
        )
        return SQL(
            """SELECT (thing.id::bigint * %(places)s + place.id) * 4 + %(number)s AS id, place.id AS config_id,
                      place.company_id, %(named)s, coalesce(row.available, TRUE) AS available,
                      coalesce(row.counted, FALSE) AS counted, row.countdown, row.changed_by
                 FROM (%(things)s) thing
                 JOIN pos_config place ON place.active
                      AND (thing.company_id IS NULL OR thing.company_id = place.company_id)
                 LEFT JOIN fynlo_availability row ON row.config_id = place.id AND row.%(column)s = thing.id""",
            places=PLACES,
            number=number,
            named=named,
            things=things,
            column=SQL.identifier(column),
        )

    def action_run_out(self):
        """The location has run out of the thing; tills hear of it within a second."""
        self._set(False)

    def action_back(self):
        """The thing is back on the location's menu."""
        self._set(True)

    def _set(self, available):
        for row in self:
            thing = row.product_tmpl_id or row.product_id or row.modifier_id
            self.env["fynlo.availability"]._set(row.config_id, thing, available)
        self.invalidate_model()


class FynloSoldThing(models.AbstractModel):
    """Products, variants and modifiers: what a location can run out of."""

    _name = "fynlo.sold.thing.mixin"
    _description = "Can run out at a location"

    fynlo_run_out_ids = fields.Many2many(
        "pos.config", compute="_compute_fynlo_run_out_ids", search="_search_fynlo_run_out_ids", string="Run out at"
    )

    def _compute_fynlo_run_out_ids(self):
        column = COLUMNS[self._name]
        rows = self.env["fynlo.availability"].search([(column, "in", self.ids), ("available", "=", False)])
        visible = self.env["pos.config"].search([("id", "in", rows.config_id.ids)])
        for thing in self:
            own = rows.filtered(lambda row, its=thing: row[column].id == its.id)
            thing.fynlo_run_out_ids = own.config_id & visible

    def _search_fynlo_run_out_ids(self, operator, value):
        if operator not in ("in", "any"):
            return NotImplemented
        rows = self.env["fynlo.availability"].search([("available", "=", False), ("config_id", operator, value)])
        return [("id", "in", rows[COLUMNS[self._name]].ids)]

    def action_fynlo_availability(self):
        """Show where the thing is available, with a button each."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Availability of %s", self.display_name),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(self.env.ref(f"fynlo_pos_core.{self._name.replace('.', '_')}_availability_form").id, "form")],
            "target": "new",
        }


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = ["product.template", "fynlo.sold.thing.mixin"]

    fynlo_board_ids = fields.One2many("fynlo.availability.board", "product_tmpl_id", "Availability", readonly=True)


class ProductProduct(models.Model):
    _name = "product.product"
    _inherit = ["product.product", "fynlo.sold.thing.mixin"]

    fynlo_board_ids = fields.One2many("fynlo.availability.board", "product_id", "Availability", readonly=True)


class FynloModifier(models.Model):
    _name = "fynlo.modifier"
    _inherit = ["fynlo.modifier", "fynlo.sold.thing.mixin"]

    fynlo_board_ids = fields.One2many("fynlo.availability.board", "modifier_id", "Availability", readonly=True)
