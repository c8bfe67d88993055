/** ``js_class="fynlo_live_kanban"``: a kanban that follows what tills do. */

import { registry } from "@web/core/registry";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { useLiveRefresh } from "./live_refresh";

export class LiveKanbanController extends kanbanView.Controller {
    setup() {
        super.setup();
        useLiveRefresh(this);
    }
}

registry.category("views").add("fynlo_live_kanban", {
    ...kanbanView,
    Controller: LiveKanbanController,
});
