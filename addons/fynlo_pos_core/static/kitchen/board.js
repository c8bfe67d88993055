/** The board: tickets of a station, live, with what is left to make and how long it takes. */

import {element} from "./element.js";
import {Live} from "./live.js";
import {Tickets} from "./tickets.js";
import {tick, ticketCard} from "./ticket_card.js";

const STATION = "fynlo.kitchen.station";
const SUMMARY_EVERY_MS = 2000;
const STATES = {live: "Live", waiting: "Reconnecting…", stopped: "Disconnected"};

export class Board {
    /** `signedOut()` is called when the screen must ask for a PIN again. */
    constructor(api, root, display, signedOut) {
        Object.assign(this, {api, root, display, signedOut});
        this.tickets = new Tickets();
        this.station = localStorage.getItem(STATION) || "";
        this.showsServed = false;
        this.summaryDue = null;
    }

    async open() {
        this.stations = (await this.api.call("GET", "/kitchen/stations")).items;
        if (!this.stations.some((station) => station.id === this.station)) {
            this.station = "";
        }
        this.build();
        this.live = new Live(this.api, this.display.websocket, `l.${this.display.location.id}.kitchen`, {
            event: (frame) => this.receive(frame.data),
            reload: () => this.attempt(() => this.reload()),
            state: (state) => this.showConnection(state),
            revoked: () => this.close(),
        });
        await this.reload();
        this.live.start();
        this.clock = setInterval(() => tick(this.list, this.api.now()), 1000);
        const askEveryMs = this.display.websocket.poll_s * 1000;
        this.asking = setInterval(() => this.isLive || this.attempt(() => this.reload()), askEveryMs);
    }

    close() {
        this.live.stop();
        clearInterval(this.clock);
        clearInterval(this.asking);
        clearTimeout(this.summaryDue);
        this.api.forget();
        this.signedOut();
    }

    // --- data ------------------------------------------------------------------------------

    async reload() {
        await this.tickets.reload(() => this.readOpen());
        if (this.showsServed) {
            await this.readServed();
        }
        this.draw();
        this.refreshSummary();
    }

    async readOpen() {
        const found = [];
        let cursor = "";
        do {
            const page = await this.api.call("GET", `/kitchen/tickets?limit=500${cursor}`);
            found.push(...page.items);
            cursor = page.next_cursor && `&cursor=${encodeURIComponent(page.next_cursor)}`;
        } while (cursor);
        return found;
    }

    async readServed() {
        const page = await this.api.call("GET", "/kitchen/tickets?state=served&limit=50");
        page.items.forEach((ticket) => this.tickets.put(ticket));
    }

    receive(ticket) {
        this.tickets.put(ticket);
        this.draw();
        this.refreshSummary();
    }

    async work(ticket, verb) {
        await this.attempt(async () => {
            try {
                this.receive(await this.api.call("POST", `/kitchen/tickets/${ticket.id}:${verb}`));
            } catch (failure) {
                if (failure.code !== "illegal_transition") {
                    throw failure;
                }
                this.receive(await this.api.call("GET", `/kitchen/tickets/${ticket.id}`));
            }
        });
        this.draw();
    }

    /** Read the counts now, or soon when they were read just before. */
    refreshSummary() {
        this.summaryDue ||= setTimeout(async () => {
            this.summaryDue = null;
            const query = this.station && `?station=${this.station}`;
            await this.attempt(async () => this.drawSummary(await this.api.call("GET", `/kitchen/summary${query}`)));
        }, this.summaryRead ? SUMMARY_EVERY_MS : 0);
        this.summaryRead = true;
    }

    /** Do `task`; what goes wrong is shown, and a lost sign-in ends the board. */
    async attempt(task) {
        try {
            await task();
            this.trouble.textContent = "";
        } catch (failure) {
            if (failure.status === 401) {
                this.close();
            } else {
                this.trouble.textContent = failure.message;
            }
        }
    }

    // --- what is seen ----------------------------------------------------------------------

    build() {
        this.connection = element("span.connection", {role: "status"}, "");
        this.trouble = element("p.trouble", {role: "alert"}, "");
        this.list = element("section.tickets", null);
        this.summary = element("aside.summary", null);
        const bar = element("nav", null, this.stationChoice(), this.servedSwitch(), this.connection, this.who());
        this.root.replaceChildren(bar, this.trouble, element("div.board", null, this.list, this.summary));
    }

    stationChoice() {
        const choices = [{id: "", name: "All stations"}, ...this.stations];
        const select = element(
            "select",
            {"aria-label": "Station", onchange: () => this.choose(select.value)},
            choices.map((station) => element("option", {value: station.id}, station.name)),
        );
        select.value = this.station;
        return select;
    }

    choose(station) {
        this.station = station;
        localStorage.setItem(STATION, station);
        this.draw();
        this.refreshSummary();
    }

    servedSwitch() {
        const toggle = element("button.served-switch", {type: "button", onclick: () => this.switchServed(toggle)}, "Served");
        return toggle;
    }

    async switchServed(toggle) {
        this.showsServed = !this.showsServed;
        toggle.textContent = this.showsServed ? "Back to open" : "Served";
        if (this.showsServed) {
            await this.attempt(() => this.readServed());
        }
        this.draw();
    }

    who() {
        const name = this.api.session.employee.name;
        const leave = async () => {
            await this.attempt(() => this.api.signOut());
            this.close();
        };
        return element("button.who", {type: "button", onclick: leave}, `${name} · Sign out`);
    }

    showConnection(state) {
        this.isLive = state === "live";
        this.connection.className = `connection ${state}`;
        this.connection.textContent = STATES[state];
    }

    draw() {
        const shown = this.showsServed ? this.tickets.served(this.station) : this.tickets.open(this.station);
        const cards = shown.map((ticket) => ticketCard(ticket, (...wish) => this.work(...wish)));
        const nothing = element("p.nothing", null, this.showsServed ? "Nothing was served yet." : "Nothing to do.");
        this.list.replaceChildren(...(cards.length ? cards : [nothing]));
        tick(this.list, this.api.now());
    }

    drawSummary(summary) {
        const items = summary.outstanding.map((item) =>
            element("li", null, element("strong", null, item.quantity), element("span", null, item.name)),
        );
        this.summary.replaceChildren(
            element("h2", null, "All day"),
            element("ul", null, items.length ? items : element("li.nothing", null, "Nothing is outstanding.")),
            element("h2", null, "Today"),
            element(
                "dl",
                null,
                figure("Tickets ready", summary.times.tickets),
                figure("Waiting", minutes(summary.times.waiting_s)),
                figure("Preparing", minutes(summary.times.preparing_s)),
            ),
        );
    }
}

function figure(name, value) {
    return [element("dt", null, name), element("dd", null, String(value))];
}

function minutes(seconds) {
    return seconds === null ? "–" : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
