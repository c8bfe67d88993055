/** A till drops off while a manager looks: the list of devices says so by itself, the history says why. */

import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";
import { openMenu } from "./till";

/** The test hears of it, and has the gateway tell that the line broke. */
async function dropTheLine() {
    const { orm } = odoo.__WOWL_DEBUG__.root.env.services;
    await orm.call("fynlo.connection", "freshen", [], { context: { fynlo_test_drop: true } });
}

registry.category("web_tour.tours").add("fynlo_connections", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        { content: "Open the app", trigger: '.o_app[data-menu-xmlid="fynlo_pos_core.menu_fynlo_root"]', run: "click" },
        ...openMenu("Tills", "Devices"),
        { content: "The till is online", trigger: ".o_data_row:contains(Till 1) [data-presence=online] .text-success" },
        { content: "The spare one was never seen", trigger: ".o_data_row:contains(Spare) [data-presence=never]" },
        { content: "Nothing is marked as new", trigger: ".o_list_view:not(:has(.o_fynlo_fresh))" },
        { content: "The till drops off", trigger: ".o_list_view", run: dropTheLine },
        { content: "The list says so by itself", trigger: ".o_data_row.o_fynlo_fresh:contains(Till 1) [data-presence=offline]" },
        { content: "And nothing else", trigger: ".o_data_row:not(.o_fynlo_fresh):contains(Spare)" },
        { content: "Open it", trigger: ".o_data_row td[name=name]:contains(Till 1)", run: "click" },
        { content: "Why", trigger: '.o_form_view .o_field_widget[name="last_ending"]:contains(out of reach)' },
        { content: "From where", trigger: '.o_form_view .o_field_widget[name="connection_address"]:contains(203.0.113.9)' },
        { content: "Its history", trigger: "button[name=action_connections]", run: "click" },
        { content: "Both connections", trigger: ".o_list_view .o_data_row:nth-child(2):contains(went down)" },
        { content: "The last one", trigger: ".o_list_view .o_data_row:nth-child(1):contains(out of reach)" },
        { content: "Open it", trigger: ".o_data_row:contains(out of reach) td[name=device_id]", run: "click" },
        { content: "In words", trigger: ".o_form_view .alert:contains(The till went out of reach)" },
        { content: "Who ended it", trigger: '.o_form_view .o_field_widget[name="closed_by"]:contains(The network)' },

        ...openMenu("Tills", "Connections"),
        { content: "Today's connections", trigger: ".o_list_view .o_data_row:contains(out of reach)" },
        { content: "Filters", trigger: ".o_searchview_dropdown_toggler", run: "click" },
        { content: "Only those online", trigger: ".o_filter_menu .o_menu_item:contains(Online now)", run: "click" },
        { content: "There are none", trigger: ".o_view_nocontent" },
    ],
});
