"""The head of an order as columns of its row."""


def order_header(order, facts):
    """The columns that only an edit of the order's head changes."""
    preset = facts.preset(order.preset_id)
    return {
        "preset_id": order.preset_id,
        "fiscal_position_id": preset.fiscal_position_id if preset else None,
        "table_id": order.table_id,
        "customer_count": order.guests,
        "partner_id": order.customer_id,
        "general_customer_note": order.note,
        "fynlo_tab_name": order.tab_name or None,
        "fynlo_server_id": order.server_id,
        "fynlo_shares": order.shares.stored() if order.shares else None,
    }
