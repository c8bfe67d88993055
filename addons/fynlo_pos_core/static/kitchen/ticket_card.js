/** One ticket on the screen. */

import {element} from "./element.js";

/** Minutes after which a waiting ticket turns amber, then red. */
const SLOW_MIN = 8;
const LATE_MIN = 15;
const WAITING = new Set(["new", "preparing"]);
const KINDS = {change: "CHANGED", void: "VOID"};
const BUTTONS = {
    order: {new: ["start"], preparing: ["ready"], ready: ["served", "recall"], served: ["recall"]},
    notice: {new: ["served"]},
};
const LABELS = {start: "Start", ready: "Ready", served: "Served", recall: "Recall", print: "Print again"};

/** The card of `ticket`; `work(ticket, verb)` is called by its buttons. */
export function ticketCard(ticket, work) {
    return element(
        `article.ticket.${ticket.state}.${ticket.kind}`,
        {"data-id": ticket.id, "data-sent": ticket.sent_at, "data-state": ticket.state},
        head(ticket),
        ticket.note ? element("p.order-note", null, ticket.note) : null,
        element("ul", null, ...ticket.lines.map(line)),
        printing(ticket, work),
        element("footer", null, ...buttons(ticket, work)),
    );
}

/** Bring the timers of all cards up to the moment `now`. */
export function tick(root, now) {
    for (const card of root.querySelectorAll("article.ticket")) {
        const seconds = Math.max(0, Math.floor((now - Date.parse(card.dataset.sent)) / 1000));
        const timer = card.querySelector(".timer");
        timer.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
        const waits = WAITING.has(card.dataset.state);
        card.classList.toggle("slow", waits && seconds >= SLOW_MIN * 60 && seconds < LATE_MIN * 60);
        card.classList.toggle("late", waits && seconds >= LATE_MIN * 60);
    }
}

function head(ticket) {
    const place = ticket.table ? `Table ${ticket.table.name}` : ticket.preset?.name || ticket.order.number || "";
    return element(
        "header",
        null,
        element("div", null, element("strong.number", null, `#${ticket.number}`), element("strong.place", null, place)),
        element("span.timer", null, ""),
        element("div.detail", null, detail(ticket)),
    );
}

function detail(ticket) {
    const parts = [ticket.station.name, ticket.order.number, ticket.sent_by?.name];
    if (ticket.course > 1) {
        parts.push(`course ${ticket.course}`);
    }
    if (ticket.recalls) {
        parts.push(`recalled ${ticket.recalls}×`);
    }
    return (ticket.kind === "notice" ? "CHANGES · " : "") + parts.filter(Boolean).join(" · ");
}

function line(item) {
    const left = Number((item.quantity - item.voided_quantity).toFixed(3));
    return element(
        `li.${item.kind}${left ? "" : ".struck"}`,
        null,
        element("span.quantity", null, left ? String(left) : item.quantity),
        element(
            "div",
            null,
            element("span.name", null, item.name, item.part_of ? element("small", null, ` (${item.part_of})`) : null),
            KINDS[item.kind] ? element("span.flag", null, KINDS[item.kind]) : null,
            item.voided_quantity !== "0" ? element("span.flag", null, `${item.voided_quantity} VOIDED`) : null,
            ...item.modifiers.map((modifier) => element("div.modifier", null, modifierText(modifier))),
            item.note ? element("div.note", null, item.note) : null,
            item.seat ? element("div.modifier", null, `seat ${item.seat}`) : null,
        ),
    );
}

function modifierText(modifier) {
    return modifier.quantity > 1 ? `+ ${modifier.name} ×${modifier.quantity}` : `+ ${modifier.name}`;
}

function printing(ticket, work) {
    const trouble = {failed: "Not printed", unknown: "Printed? Nobody knows"}[ticket.print];
    return trouble
        ? element("p.print-trouble", null, element("span", null, trouble), button(ticket, "print", work))
        : null;
}

function buttons(ticket, work) {
    return (BUTTONS[ticket.kind][ticket.state] || []).map((verb) => button(ticket, verb, work));
}

function button(ticket, verb, work) {
    const label = ticket.kind === "notice" && verb === "served" ? "Seen" : LABELS[verb];
    return element(
        `button.${verb}`,
        {
            type: "button",
            onclick(press) {
                press.currentTarget.disabled = true;
                work(ticket, verb);
            },
        },
        label,
    );
}
