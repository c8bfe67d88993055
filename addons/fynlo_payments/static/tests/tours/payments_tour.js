/** A manager looks after payments: a stuck one, what tills offer, a tender that is set up, a gift card. */

import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const click = (content, trigger) => ({ content, trigger, run: "click" });
const see = (content, trigger) => ({ content, trigger });

/** The app's menu hides sections in "More" where the window is narrow. */
const openMenu = (item) => [
    click("Open Payments", ".o_menu_sections button:contains(Payments)"),
    click(`Open ${item}`, `.o-dropdown--menu .dropdown-item:text(${item})`),
];

const start = () => [
    stepUtils.showAppsMenuItem(),
    click("Open the app", '.o_app[data-menu-xmlid="fynlo_pos_core.menu_fynlo_root"]'),
];

registry.category("web_tour.tours").add("fynlo_stuck_payment", {
    url: "/odoo",
    steps: () => [
        ...start(),
        ...openMenu("Stuck payments"),
        click("The payment whose answer was lost", ".o_data_row:contains(Unknown) td[name=order_number]"),
        see("It is no failure", ".o_form_view .alert:contains(It is not a failure)"),
        see("Its states so far", ".o_fynlo_timeline td:contains(Payment: Unknown)"),
        click("Ask the provider", "button[name=action_look_again]"),
        see("The guest has paid", '.o_field_widget[name="state"] .o_arrow_button_current:contains(Captured)'),
        see("It is on the timeline", ".o_fynlo_timeline td:contains(Payment: Captured)"),
        see("So is the ledger", ".o_fynlo_timeline td:contains(Ledger: Taken)"),
        see("With whoever took it", ".o_fynlo_timeline tr:contains(Asked for) td:contains(Cashier)"),
        see("Nothing more to ask", ".o_form_view:not(:has(button[name=action_look_again]))"),
        click("Its ledger", ".o_notebook .nav-link:contains(Ledger)"),
        see("Where the money is", ".o_data_row:contains(tender:open_banking)"),
        click("The order", "button[name=action_open_order]"),
        see("It is paid", '.o_form_view .o_field_widget[name="fynlo_payment_state"]:contains(Paid)'),
        click("Its timeline", ".o_form_view .o_notebook .nav-link:contains(Timeline)"),
        see("The same there", ".o_fynlo_timeline td:contains(Payment: Captured)"),
        ...openMenu("Stuck payments"),
        see("None is left", ".o_view_nocontent:contains(No payment is stuck)"),
    ],
});

registry.category("web_tour.tours").add("fynlo_settle_by_hand", {
    url: "/odoo",
    steps: () => [
        ...start(),
        ...openMenu("Stuck payments"),
        click("The payment that is told otherwise", ".o_data_row:contains(Unknown) td[name=order_number]"),
        see("What to do", ".o_form_view .alert-danger:contains(give back there what it holds)"),
        click("Settle it", "button[name=action_release]"),
        { content: "What was done", trigger: '.modal .o_field_widget[name="reason"] input', run: "edit Given back there" },
        click("Too early", ".modal button[name=action_release]"),
        click("Look first", ".modal:contains(Look at the provider) button:contains(Close)"),
        click("Seen", '.modal .o_field_widget[name="seen"] input'),
        click("Settle", ".modal button[name=action_release]"),
        see("It is over", '.o_field_widget[name="state"] .o_arrow_button_current:contains(Cancelled)'),
        see("By whom and why", ".o_fynlo_timeline tr:contains(payment.released):contains(Given back there)"),
        see("Nothing more to settle", ".o_form_view:not(:has(button[name=action_release]))"),
    ],
});

registry.category("web_tour.tours").add("fynlo_payment_methods", {
    url: "/odoo",
    steps: () => [
        ...start(),
        ...openMenu("Payment methods"),
        see("What tills show", ".o_fynlo_till_preview [data-tender=cash]"),
        see("Also by bank", ".o_fynlo_till_preview [data-tender=open_banking]"),
        click("Switch cash off", ".o_data_row:contains(Cash) td[name=offered] .o_boolean_toggle input"),
        click("Save", ".o_form_button_save"),
        see("Tills no longer show it", ".o_fynlo_till_preview:not(:has([data-tender=cash]))"),
        see("The other one stays", ".o_fynlo_till_preview [data-tender=open_banking]"),

        click("Set up a tender", ".o_form_view button:contains(Set up a tender)"),
        { content: "Credit of guests", trigger: '.modal .o_field_widget[name="method"] input', run: "click" },
        click("Credit of guests", '.o_select_menu_item:contains("Store credit")'),
        see("It needs nobody", ".modal .o_field_widget[name=facts_html]:contains(works without anybody outside)"),
        click("Switch it on", ".modal button[name=action_switch_on]"),
        see("It is on", ".modal .alert-success:contains(Tills of this location take it)"),
        { content: "Pay by bank", trigger: '.modal .o_field_widget[name="method"] input', run: "click" },
        click("Pay by bank", '.o_select_menu_item:contains("Pay by bank")'),
        see("What is missing, by name", ".modal li[data-ok=no]:contains(FYNLO_TRUELAYER_CLIENT_ID)"),
        see("No real money", '.modal .alert[data-mode="test"]'),
        see("Where notifications go", '.modal .o_field_widget[name="notified_at"]:contains(open-banking)'),
        click("Ask it", ".modal button[name=action_test]"),
        see("It answers", '.modal .o_field_widget[name="answer"] .badge:contains(It answers)'),
        click("Close", ".modal footer button:contains(Close)"),
    ],
});

registry.category("web_tour.tours").add("fynlo_give_gift_card", {
    url: "/odoo",
    steps: () => [
        ...start(),
        ...openMenu("Gift cards and credit"),
        click("A new one", ".o_control_panel button:contains(New card or credit)"),
        { content: "Its worth", trigger: '.modal .o_field_widget[name="amount"] input', run: "edit 25" },
        { content: "Why", trigger: '.modal .o_field_widget[name="reason"] input', run: "edit The soup was cold" },
        click("Give it", ".modal button[name=action_do]"),
        see("Its code, once", '.modal .o_field_widget[name="code"]:contains("-")'),
        see("Its worth", '.modal .o_field_widget[name="worth"]:contains(25.00)'),
        click("Close", ".modal footer button:contains(Close)"),
        see("It is in the list", ".o_data_row:contains(Gift card):contains(25.00)"),
    ],
});
