/** ``js_class="fynlo_live_kanban"``: a kanban that follows what tills do and marks what is new. */

import { registry } from "@web/core/registry";
import { KanbanRecord } from "@web/views/kanban/kanban_record";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { useLiveRefresh } from "./live_refresh";

export class LiveKanbanController extends kanbanView.Controller {
    setup() {
        super.setup();
        useLiveRefresh(this);
    }
}

export class LiveKanbanRecord extends KanbanRecord {
    getRecordClasses() {
        const { model, resId } = this.props.record;
        return super.getRecordClasses() + (model.fresh?.has(resId) ? " o_fynlo_fresh" : "");
    }
}

export class LiveKanbanRenderer extends kanbanView.Renderer {
    static components = { ...kanbanView.Renderer.components, KanbanRecord: LiveKanbanRecord };
}

registry.category("views").add("fynlo_live_kanban", {
    ...kanbanView,
    Controller: LiveKanbanController,
    Renderer: LiveKanbanRenderer,
});
