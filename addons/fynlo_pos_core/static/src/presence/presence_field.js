/** ``widget="fynlo_presence"``: a dot and a word, green while the device is connected. */

import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const COLOURS = { online: "text-success", offline: "text-danger", never: "text-muted" };

export class PresenceField extends Component {
    static template = "fynlo_pos_core.PresenceField";
    static props = standardFieldProps;

    get value() {
        return this.props.record.data[this.props.name];
    }

    get word() {
        const { selection } = this.props.record.fields[this.props.name];
        return Object.fromEntries(selection)[this.value] || "";
    }

    get colour() {
        return COLOURS[this.value] || "text-muted";
    }
}

registry.category("fields").add("fynlo_presence", { component: PresenceField, supportedTypes: ["selection"] });
