/** ``js_class="fynlo_presence_list"``: a live list of devices or connections. */

import { useService } from "@web/core/utils/hooks";
import { registry } from "@web/core/registry";
import { listView } from "@web/views/list/list_view";
import { LiveListRenderer } from "../live/live_list";
import { useLiveRefresh } from "../live/live_refresh";

/** What tells of something that happened, and below it what only goes on. */
const MARKS = {
    "fynlo.device": ["presence", "version"],
    "fynlo.connection": ["closed_at"],
};
const QUIET_MARKS = {
    "fynlo.device": ["seen_at"],
    "fynlo.connection": ["last_seen_at"],
};

export class PresenceListController extends listView.Controller {
    setup() {
        super.setup();
        const orm = useService("orm");
        useLiveRefresh(this, {
            marks: MARKS[this.props.resModel],
            quietMarks: QUIET_MARKS[this.props.resModel],
            prepare: () => orm.silent.call("fynlo.connection", "freshen", []),
        });
    }
}

registry.category("views").add("fynlo_presence_list", {
    ...listView,
    Controller: PresenceListController,
    Renderer: LiveListRenderer,
});
