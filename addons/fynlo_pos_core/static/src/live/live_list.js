/** ``js_class="fynlo_live_list"``: a list that follows what tills do and marks what is new. */

import { registry } from "@web/core/registry";
import { listView } from "@web/views/list/list_view";
import { useLiveRefresh } from "./live_refresh";

export class LiveListController extends listView.Controller {
    setup() {
        super.setup();
        useLiveRefresh(this);
    }
}

export class LiveListRenderer extends listView.Renderer {
    getRowClass(record) {
        const fresh = this.props.list.model.fresh?.has(record.resId);
        return super.getRowClass(record) + (fresh ? " o_fynlo_fresh" : "");
    }
}

registry.category("views").add("fynlo_live_list", {
    ...listView,
    Controller: LiveListController,
    Renderer: LiveListRenderer,
});
