/** A badge beside the menu: how much waits for a manager, and the way to it. */

import { Component, onWillUnmount, useState } from "@odoo/owl";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";

/** How often the server is asked (milliseconds). */
const EVERY = 30000;

export class Attention extends Component {
    static template = "fynlo_pos_core.Attention";
    static components = { Dropdown, DropdownItem };
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.actions = useService("action");
        this.state = useState({ things: [] });
        this.start();
        onWillUnmount(() => clearInterval(this.timer));
    }

    async start() {
        if (await user.hasGroup("fynlo_pos_core.group_manager")) {
            this.timer = setInterval(() => this.look(), EVERY);
            await this.look();
        }
    }

    async look() {
        if (document.visibilityState !== "visible") {
            return;
        }
        try {
            this.state.things = await this.orm.silent.call("fynlo.attention", "what_waits", []);
        } catch {
            // the network is away for a moment; the next look will tell
        }
    }

    get count() {
        return this.state.things.reduce((sum, thing) => sum + thing.count, 0);
    }

    open(thing) {
        this.actions.doAction(thing.action, { clearBreadcrumbs: true });
    }
}

registry.category("systray").add("fynlo_pos_core.attention", { Component: Attention }, { sequence: 30 });
