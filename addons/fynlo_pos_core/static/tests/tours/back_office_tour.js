/** A manager's day: pair a till, watch an order arrive, take a dish off the menu. */

import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";
import { callApi, openMenu, sell, till } from "./till";

async function expectAvailable(available) {
    const menu = await callApi("/menu");
    const product = menu.products.find((one) => one.id === till().product);
    if (product.available !== available) {
        throw new Error(`the menu says available: ${product.available}, not ${available}`);
    }
}

registry.category("web_tour.tours").add("fynlo_back_office", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        { content: "Open the app", trigger: '.o_app[data-menu-xmlid="fynlo_pos_core.menu_fynlo_root"]', run: "click" },
        { content: "Today's orders", trigger: ".o_list_view td:contains(T1-000001)" },
        { content: "Select it", trigger: ".o_data_row:contains(T1-000001) .o_list_record_selector input", run: "click" },
        { content: "It is selected", trigger: ".o_data_row_selected:contains(T1-000001)" },
        { content: "A till sells meanwhile", trigger: ".o_list_view", run: sell },
        { content: "The order appears by itself", trigger: ".o_data_row.o_fynlo_fresh:contains(T1-000002)" },
        { content: "The selection is still there", trigger: ".o_data_row_selected:contains(T1-000001)" },
        { content: "Let go of it", trigger: ".o_data_row:contains(T1-000001) .o_list_record_selector input", run: "click" },
        { content: "Nothing is selected", trigger: ".o_list_view:not(:has(.o_data_row_selected))" },
        { content: "Open the new order", trigger: ".o_data_row:contains(T1-000002) td[name=fynlo_number]", run: "click" },
        { content: "Its lines", trigger: '.o_form_view .o_field_widget[name="lines"] td:contains(Margherita)' },
        { content: "Its price drift", trigger: ".o_form_view .alert-warning:contains(expected)" },
        { content: "Its timeline", trigger: ".o_notebook .nav-link:contains(Timeline)", run: "click" },
        { content: "Events", trigger: ".o_fynlo_timeline td:contains(Order made)" },
        { content: "Requests", trigger: ".o_fynlo_timeline td:contains(orders)" },

        ...openMenu("Tills", "Pair a device"),
        { content: "Make a code", trigger: ".modal button[name=action_make]", run: "click" },
        {
            content: "The code and its picture",
            trigger: ".modal .o_fynlo_pairing_code:visible",
            async run() {
                const code = document.querySelector(".modal .o_fynlo_pairing_code").textContent.trim();
                if (!/^[2-9A-Z]{4}-[2-9A-Z]{4}$/.test(code)) {
                    throw new Error(`no code: ${code}`);
                }
                await document.querySelector('.modal .o_field_widget[name="qr"] img').decode(); // throws if broken
            },
        },
        { content: "Close", trigger: ".modal .btn:contains(Close)", run: "click" },
        { content: "The window is gone", trigger: "body:not(:has(.modal))" },

        { content: "The dish is on the menu", trigger: "body", run: () => expectAvailable(true) },
        ...openMenu("Menu", "Products"),
        { content: "Open the dish", trigger: ".o_data_row td:contains(Margherita)", run: "click" },
        { content: "What tills know of it", trigger: ".o_notebook .nav-link:contains(Tills)", run: "click" },
        { content: "It has run out", trigger: "button[name=action_run_out]", run: "click" },
        { content: "It is off", trigger: "button[name=action_back]" },
        { content: "Tills know", trigger: "body", run: () => expectAvailable(false) },
        ...openMenu("Menu", "Availability"),
        { content: "It is on the list", trigger: ".o_list_view td:contains(Margherita)" },
        { content: "Back on", trigger: ".o_data_row .o_field_boolean_toggle input", run: "click" },
        { content: "It is on", trigger: ".o_data_row .o_field_boolean_toggle input:checked" },
        { content: "Tills know", trigger: "body", run: () => expectAvailable(true) },
    ],
});
