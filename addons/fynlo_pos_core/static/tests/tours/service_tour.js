/** A manager's service: watch the board, work on an order, review what drifted, reconcile a till. */

import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";
import { openMenu, sell } from "./till";

/** The column of a stage holds the card of a number. */
const cardIn = (stage, number) =>
    `.o_kanban_group:has(.o_kanban_header:contains(${stage})) .o_kanban_record:contains(${number})`;

const click = (content, trigger) => ({ content, trigger, run: "click" });

registry.category("web_tour.tours").add("fynlo_service", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        click("Open the app", '.o_app[data-menu-xmlid="fynlo_pos_core.menu_fynlo_root"]'),
        ...openMenu("Orders", "Order board"),
        { content: "An order that was not sent", trigger: cardIn("Not sent", "T1-000003") },
        { content: "Every stage has its column", trigger: ".o_kanban_group:nth-child(6):contains(Paid)" },
        { content: "The clock runs", trigger: `${cardIn("Not sent", "T1-000003")} .o_fynlo_age:contains(min)` },
        { content: "A till sells meanwhile", trigger: ".o_kanban_view", run: sell },
        { content: "The order appears by itself", trigger: ".o_kanban_record.o_fynlo_fresh:contains(T1-000004)" },
        { content: "Its price drifted", trigger: `${cardIn("Not sent", "T1-000004")} .badge:contains(Price drift)` },

        click("Open it", ".o_kanban_record:contains(T1-000004)"),
        { content: "Its lines", trigger: '.o_form_view .o_field_widget[name="lines"] td:contains(Margherita)' },
        click("Send it", "button[name=action_fynlo_send]"),
        { content: "The kitchen has it", trigger: '.o_field_widget[name="fynlo_fulfilment"] .badge:contains(Sent)' },
        click("Review it", ".o_form_view button[name=action_fynlo_review]"),
        { content: "Say why", trigger: '.modal .o_field_widget[name="note"] input', run: "edit Old prices" },
        click("Done", ".modal button[name=action_review]"),
        { content: "It says who reviewed it", trigger: ".o_form_view .alert-success:contains(Old prices)" },

        click("Back to the board", ".o_back_button, .breadcrumb-item:first a"),
        { content: "The card has moved", trigger: cardIn("Sent", "T1-000004") },
        { content: "Its badge is gone", trigger: ".o_kanban_record:contains(T1-000004):not(:contains(Price drift))" },
        click("Open it again", ".o_kanban_record:contains(T1-000004)"),
        click("Cancel it", "button[name=action_fynlo_cancel]"),
        { content: "Say why", trigger: '.modal .o_field_widget[name="reason"] input', run: "edit The guests left" },
        click("Cancel it", ".modal button[name=action_cancel_order]"),
        { content: "It is cancelled", trigger: '.o_field_widget[name="fynlo_state"] .o_arrow_button_current:contains(Cancelled)' },
        ...openMenu("Orders", "Order board"),
        { content: "It left the board", trigger: ".o_kanban_view:not(:has(.o_kanban_record:contains(T1-000004)))" },

        click("What waits for a manager", ".o_fynlo_attention:contains(1)"),
        click("Orders", ".o-dropdown--menu .dropdown-item:contains(Orders to review)"),
        { content: "The list", trigger: ".o_data_row:contains(T1-000002)" },
        click("Choose all", ".o_list_view thead .o_list_record_selector input"),
        click("Review them", ".o_list_view .o_control_panel button[name=action_fynlo_review], .o_control_panel button[name=action_fynlo_review]"),
        { content: "Say why", trigger: '.modal .o_field_widget[name="note"] input', run: "edit Wi-Fi down" },
        click("Done", ".modal button[name=action_review]"),
        { content: "Nothing waits", trigger: ".o_view_nocontent:contains(Nothing to review)" },

        ...openMenu("Tills", "Till sessions"),
        click("Open the closed one", ".o_data_row:contains(Beyond the limit) td[name=name]"),
        { content: "It is short", trigger: '.o_field_widget[name="fynlo_over_short"]:contains(-9.00)' },
        { content: "Its note", trigger: '.o_field_widget[name="closing_notes"]:contains(A fiver)' },
        { content: "Who worked", trigger: '.o_field_widget[name="fynlo_people_html"]:contains(Wendy)' },
        click("Its counts", ".o_notebook .nav-link:contains(Counts)"),
        { content: "In pieces", trigger: '.o_field_widget[name="fynlo_count_ids"]:contains(9 × 10.00)' },
        click("Its report", ".o_notebook .nav-link:contains(Report)"),
        { content: "The Z report", trigger: '.o_field_widget[name="fynlo_report_html"]:contains(Z report 1)' },
        ...openMenu("Tills", "Over and short"),
        { content: "The same figure", trigger: ".o_data_row td[name=over_short]:contains(-9.00)" },
        click("Open it from there", ".o_data_row td[name=business_date]"),
        { content: "The session again", trigger: '.o_form_view .o_field_widget[name="fynlo_verdict"]:contains(Beyond)' },
    ],
});
