/** Keeps an open list or kanban up to date without disturbing who looks at it. */

import { serializeDateTime } from "@web/core/l10n/dates";
import { useService } from "@web/core/utils/hooks";
import { onMounted, onWillUnmount } from "@odoo/owl";

/** How often the server is asked, and how long a fresh row stays marked (milliseconds). */
const EVERY = 3000;
const FRESH_FOR = 6000;
/** A grouped view is watched by its newest records. */
const WATCHED = 200;
/** What tells one state of an order from the next. */
export const ORDER_MARKS = ["write_date", "fynlo_version"];

/**
 * Reload the model of a multi-record controller when its records have changed.
 *
 * Asks only while the tab is visible, nobody edits a row and no other load is under way. Selection
 * and scroll position stay. ``controller.model.fresh`` holds the ids of new and changed records.
 * ``marks`` are the fields that tell one state of a record from the next: the view loads them. So are
 * ``quietMarks``, but a record in which only these changed is not marked as fresh.
 * ``prepare`` is awaited before each question, to have the server look at its sources.
 */
export function useLiveRefresh(controller, { marks = ORDER_MARKS, quietMarks = [], prepare = null } = {}) {
    const orm = useService("orm");
    const live = new LiveRefresh(controller, orm, { marks, quietMarks, prepare });
    onMounted(() => live.start());
    onWillUnmount(() => live.stop());
    return live;
}

class LiveRefresh {
    constructor(controller, orm, { marks, quietMarks, prepare }) {
        this.controller = controller;
        this.orm = orm;
        this.marks = marks;
        this.quietMarks = quietMarks;
        this.prepare = prepare;
        this.stamps = null;
        this.query = null;
        this.busy = false;
        controller.model.fresh = new Set();
    }

    start() {
        this.look();
        this.timer = setInterval(() => this.look(), EVERY);
    }

    stop() {
        this.stopped = true;
        clearInterval(this.timer);
        clearTimeout(this.fading);
    }

    get mayLook() {
        const { model } = this.controller;
        return (
            document.visibilityState === "visible" &&
            !this.busy &&
            model.isReady &&
            !model.root.editedRecord &&
            !document.querySelector(".o_dialog, .o_dragged")
        );
    }

    async look() {
        if (!this.mayLook) {
            return;
        }
        this.busy = true;
        try {
            await this.prepare?.();
            await this.compare();
        } catch {
            // the network is away for a moment; the next look will tell
        } finally {
            this.busy = false;
        }
    }

    async compare() {
        const query = this.describe();
        const before = this.shown(query);
        const stamps = await this.read(query);
        this.stamps = stamps;
        this.query = query;
        if (this.stopped || !before || !same(query, this.describe())) {
            return; // the person has moved on; what is shown was loaded a moment ago
        }
        const differs = (part) => (id) => stamps.get(id)[part] !== before.get(id)?.[part];
        const changed = [...stamps.keys()].filter(differs("loud"));
        const gone = [...before.keys()].some((id) => !stamps.has(id));
        if (changed.length || gone || [...stamps.keys()].some(differs("quiet"))) {
            await this.reload(changed);
        }
    }

    /**
     * The stamps of what is on the screen. A grouped view may show a part only: then those of the
     * last look at it, or nothing at the first one.
     */
    shown(query) {
        const { root } = this.controller.model;
        if (root.groups && this.stamps && same(query, this.query)) {
            return this.stamps;
        }
        return isWhole(root) ? new Map(recordsOf(root).map(({ resId, data }) => [resId, this.stamp(data)])) : null;
    }

    describe() {
        const { root } = this.controller.model;
        const grouped = root.groupBy?.length > 0;
        return {
            domain: root.domain,
            offset: grouped ? 0 : root.offset,
            limit: grouped ? WATCHED : root.limit,
            order: grouped ? "id desc" : root.orderBy.map((o) => `${o.name} ${o.asc ? "ASC" : "DESC"}`).join(", "),
        };
    }

    async read({ domain, offset, limit, order }) {
        const { root } = this.controller.model;
        const { records } = await this.orm.silent.call(root.resModel, "web_search_read", [], {
            domain, offset, limit, order, context: root.context, count_limit: 1,
            specification: Object.fromEntries([...this.marks, ...this.quietMarks].map((name) => [name, {}])),
        });
        return new Map(records.map((record) => [record.id, this.stamp(record)]));
    }

    stamp(data) {
        const values = (names) => names.map((name) => text(data[name])).join(" ");
        return { loud: values(this.marks), quiet: values(this.quietMarks) };
    }

    async reload(changed) {
        const { model, rootRef } = this.controller;
        const selected = new Set((model.root.selection || []).map((record) => record.resId));
        const scroller = rootRef.el?.querySelector(".o_list_renderer, .o_kanban_renderer");
        const place = scroller && [scroller.scrollTop, scroller.scrollLeft];
        changed.forEach((id) => model.fresh.add(id));
        await model.load();
        for (const record of recordsOf(model.root)) {
            if (selected.has(record.resId)) {
                record.toggleSelection(true);
            }
        }
        model.notify();
        if (place) {
            requestAnimationFrame(() => scroller.scrollTo(place[1], place[0]));
        }
        clearTimeout(this.fading);
        this.fading = setTimeout(() => this.fade(), FRESH_FOR);
    }

    fade() {
        this.controller.model.fresh.clear();
        this.controller.model.notify();
    }
}

/** A value as text: moments come as text from the server and as objects from a loaded record. */
function text(value) {
    return value?.isLuxonDateTime ? serializeDateTime(value) : `${value}`;
}

function same(one, other) {
    return JSON.stringify(one) === JSON.stringify(other);
}

/** Whether every record of the list is on the screen. */
function isWhole(list) {
    return !list.groups || list.groups.every(({ isFolded, count, list: inner }) => !isFolded && count === inner?.records?.length);
}

/** The records that are shown, also inside open groups. */
function recordsOf(list) {
    if (list.groups) {
        return list.groups.flatMap((group) => (group.list ? recordsOf(group.list) : []));
    }
    return list.records;
}
