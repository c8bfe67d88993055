/** ``widget="fynlo_age"``: how many minutes ago a moment was, with the colour of its record's limits. */

import { Component, onMounted, onWillUnmount, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const { DateTime } = luxon;
/** How often the minutes on the screen are brought up to date (milliseconds). */
const EVERY = 10000;

export class AgeField extends Component {
    static template = "fynlo_pos_core.AgeField";
    static props = { ...standardFieldProps };

    setup() {
        this.clock = useState({ now: DateTime.now() });
        onMounted(() => {
            this.timer = setInterval(() => (this.clock.now = DateTime.now()), EVERY);
        });
        onWillUnmount(() => clearInterval(this.timer));
    }

    get moment() {
        return this.props.record.data[this.props.name];
    }

    get minutes() {
        return Math.max(0, Math.floor(this.clock.now.diff(this.moment, "minutes").minutes));
    }

    get text() {
        const { minutes } = this;
        if (minutes < 60) {
            return _t("%s min", minutes);
        }
        return minutes < 24 * 60
            ? _t("%(hours)s h %(minutes)s", { hours: Math.floor(minutes / 60), minutes: minutes % 60 })
            : _t("%s days", Math.floor(minutes / (24 * 60)));
    }

    /** What is paid has no hurry any more. */
    get colour() {
        const { stage, slow_minutes: slow, late_minutes: late } = this.props.record.data;
        if (stage === "paid" || this.minutes < slow) {
            return "text-muted";
        }
        return this.minutes < late ? "text-bg-warning" : "text-bg-danger";
    }
}

registry.category("fields").add("fynlo_age", {
    component: AgeField,
    displayName: _t("Age"),
    supportedTypes: ["datetime"],
});
