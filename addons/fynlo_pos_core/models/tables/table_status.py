"""How tables stand: who sits there, what was ordered, and since when, read in one statement."""

from datetime import datetime

from odoo import api, models

from ...rest.prepared_statement import PreparedStatement
from ...tools.clock import wire
from ...tools.money import to_minor

#: A joined table shows the party of the table it was joined to; ``group_ids`` are all tables of the party.
#: ``visit`` goes through the index of visits table by table: asked for all at once, PostgreSQL would read all orders.
TABLES = """
    SELECT t.id AS table_id, place.pos_config_id AS config_id, config.company_id, company.currency_id,
           t.fynlo_uuid AS uuid, t.table_number::text AS name, t.seats, t.fynlo_version AS version,
           floor.id AS floor_id, floor.fynlo_uuid AS floor_uuid, floor.name AS floor_name,
           floor.sequence AS floor_sequence, t.table_number,
           root.fynlo_uuid AS root_uuid, root.table_number::text AS root_name, joined.tables AS joined,
           coalesce(nullif(seating.guests, 0), bills.guests, 0)::int AS guests,
           server.id AS server_id, server.fynlo_uuid AS server_uuid, server.name AS server_name,
           coalesce(seating.seated_at, bills.ordered_at) AS seated_at, bills.ordered_at, bills.first_sent_at,
           greatest(seating.changed_at, bills.changed_at) AS changed_at,
           bills.orders, bills.number AS order_count, bills.total, bills.due,
           (t.fynlo_version + bills.versions)::bigint AS versions,
           CASE WHEN bills.number = 0 AND seating.id IS NULL THEN 'free'
                WHEN bills.number = 0 AND visit.paid THEN 'paid'
                WHEN bills.number = 0 THEN 'seated'
                WHEN bills.total > 0 AND bills.due = 0 THEN 'paid'
                WHEN seating.state = 'bill' THEN 'bill'
                WHEN bills.ready THEN 'ready'
                WHEN bills.cooking THEN 'sent'
                WHEN bills.served THEN 'served'
                ELSE 'ordered' END AS state
      FROM restaurant_table t
      JOIN restaurant_floor floor ON floor.id = t.floor_id AND floor.active
      JOIN pos_config_restaurant_floor_rel place ON place.restaurant_floor_id = floor.id
      JOIN pos_config config ON config.id = place.pos_config_id
      JOIN res_company company ON company.id = config.company_id
      JOIN res_currency currency ON currency.id = company.currency_id
      LEFT JOIN restaurant_table root ON root.id = t.parent_id AND root.active
     CROSS JOIN LATERAL (
           SELECT array_agg(m.id) AS ids,
                  json_agg(json_build_object('id', m.fynlo_uuid, 'name', m.table_number::text) ORDER BY m.table_number)
                      FILTER (WHERE m.parent_id = t.id) AS tables
             FROM restaurant_table m
            WHERE m.active AND coalesce(m.parent_id, m.id) = coalesce(root.id, t.id)) joined
      LEFT JOIN fynlo_table_seating seating
             ON seating.table_id = coalesce(root.id, t.id) AND seating.config_id = place.pos_config_id
            AND seating.state != 'left'
     CROSS JOIN LATERAL (
           SELECT count(*) AS number, sum(o.customer_count) AS guests, coalesce(sum(o.fynlo_version), 0) AS versions,
                  coalesce(sum(o.amount_total), 0) AS total,
                  coalesce(sum(owed.due), 0) AS due,
                  bool_or(o.fynlo_fulfilment = 'ready') AS ready,
                  bool_or(o.fynlo_fulfilment IN ('sent', 'preparing')) AS cooking,
                  bool_and(o.fynlo_fulfilment = 'served') AS served,
                  min(o.create_date) AS ordered_at, min(kitchen.sent_at) AS first_sent_at,
                  max(o.write_date) AS changed_at,
                  (array_agg(coalesce(o.fynlo_server_id, o.employee_id) ORDER BY o.id DESC))[1] AS server_id,
                  json_agg(json_build_object(
                      'id', o.uuid, 'number', o.fynlo_number, 'version', o.fynlo_version,
                      'server', json_build_object('id', waiter.fynlo_uuid, 'name', waiter.name),
                      'tab_name', o.fynlo_tab_name, 'guests', coalesce(o.customer_count, 0),
                      'fulfilment', o.fynlo_fulfilment, 'payment', o.fynlo_payment_state,
                      'total', o.amount_total, 'due', owed.due,
                      'created_at', o.create_date, 'first_sent_at', kitchen.sent_at) ORDER BY o.id) AS orders
             FROM pos_order o
            CROSS JOIN LATERAL (
                  SELECT greatest(
                      o.amount_total - o.amount_paid
                      + coalesce(o.fynlo_rounding, 0) / power(10::numeric, currency.decimal_places), 0) AS due) owed
             LEFT JOIN hr_employee waiter ON waiter.id = coalesce(o.fynlo_server_id, o.employee_id)
             LEFT JOIN LATERAL (SELECT min(ticket.sent_at) AS sent_at FROM fynlo_kitchen_ticket ticket
                                 WHERE ticket.order_id = o.id AND ticket.kind = 'order') kitchen ON TRUE
            WHERE o.table_id = ANY(joined.ids) AND o.state = 'draft' AND o.config_id = place.pos_config_id
              AND o.fynlo_number IS NOT NULL) bills
     CROSS JOIN LATERAL (
           SELECT EXISTS (
               SELECT FROM unnest(joined.ids) seat CROSS JOIN LATERAL (
                   SELECT FROM pos_order o
                    WHERE o.table_id = seat AND o.create_date >= seating.seated_at
                      AND o.state IN ('paid', 'done') AND o.config_id = place.pos_config_id
                    ORDER BY o.create_date LIMIT 1) paid_order) AS paid) visit
      LEFT JOIN hr_employee server ON server.id = coalesce(seating.server_id, bills.server_id)
     WHERE t.active
"""
HERE = " AND place.pos_config_id = %(location)s"
IN_PLACE = " ORDER BY floor.sequence, floor.name, floor.id, t.table_number, t.id"
GROUPED = """
     AND coalesce(t.parent_id, t.id)
         IN (SELECT coalesce(one.parent_id, one.id) FROM restaurant_table one WHERE one.id = ANY(%(tables)s))
"""
EVERY = PreparedStatement(TABLES + HERE + IN_PLACE)
#: The tables named, and all that are joined with them.
SOME = PreparedStatement(TABLES + HERE + GROUPED + IN_PLACE, tables="int[]")
#: Whoever announces a table waits here for the others; the statement after it sees what they did.
LOCK = PreparedStatement(
    """SELECT grouped.id FROM restaurant_table grouped
     WHERE coalesce(grouped.parent_id, grouped.id)
        IN (SELECT coalesce(one.parent_id, one.id) FROM restaurant_table one WHERE one.id = ANY(%(tables)s))
     ORDER BY grouped.id FOR NO KEY UPDATE""",
    tables="int[]",
)


class FynloTableStatus(models.AbstractModel):
    """The one shape of a table: in answers and in events."""

    _name = "fynlo.table.status"
    _description = "How tables stand"

    @api.model
    def _all(self, facts):
        """Every table of the location, floor by floor."""
        EVERY.execute(self.env.cr, location=facts.location_id)
        return [_document(row, facts) for row in self.env.cr.dictfetchall()]

    @api.model
    def _of(self, facts, table_ids):
        """The tables named and those joined with them, by id. They stay locked until commit."""
        SOME.execute(self.env.cr, first=LOCK, location=facts.location_id, tables=list(table_ids))
        return {row["table_id"]: _document(row, facts) for row in self.env.cr.dictfetchall()}


def _document(row, facts):
    shown = not row["root_uuid"]  # the bills of a party are told once, at the table that the others were joined to
    return {
        "id": row["uuid"],
        "name": row["name"],
        "floor": {"id": row["floor_uuid"], "name": row["floor_name"]},
        "seats": row["seats"],
        "version": row["version"],
        "state": row["state"],
        "guests": row["guests"] if shown else 0,
        "server": {"id": row["server_uuid"], "name": row["server_name"]} if row["server_id"] else None,
        "joined_to": {"id": row["root_uuid"], "name": row["root_name"]} if not shown else None,
        "joined": row["joined"] or [],
        "orders": [_order(order, facts) for order in row["orders"] or []] if shown else [],
        "total": _money(row["total"] if shown else 0, facts),
        "due": _money(row["due"] if shown else 0, facts),
        "seated_at": wire(row["seated_at"]),
        "ordered_at": wire(row["ordered_at"]),
        "first_sent_at": wire(row["first_sent_at"]),
        "last_change": wire(row["changed_at"]),
    }


def _order(order, facts):
    return {
        **order,
        "total": _money(order["total"], facts),
        "due": _money(order["due"], facts),
        "created_at": _moment(order["created_at"]),
        "first_sent_at": _moment(order["first_sent_at"]),
    }


def _money(major, facts):
    return {"amount": to_minor(major, facts.digits), "currency": facts.currency}


def _moment(text):
    """A moment as PostgreSQL writes it into JSON."""
    return wire(datetime.fromisoformat(text)) if text else None
