/** The tickets that a screen knows. A ticket is replaced only by the same or a later version of itself. */

const OPEN = new Set(["new", "preparing", "ready"]);

export class Tickets {
    constructor() {
        this.byId = new Map();
        this.loading = null;
    }

    put(ticket) {
        putNewer(this.byId, ticket);
        if (this.loading) {
            putNewer(this.loading, ticket);
        }
    }

    /** Replace everything by what `read` finds; what arrives while it reads is kept. */
    async reload(read) {
        const fresh = (this.loading = new Map());
        const found = await read();
        if (this.loading !== fresh) {
            return;
        }
        found.forEach((ticket) => putNewer(fresh, ticket));
        this.byId = fresh;
        this.loading = null;
    }

    /** Unfinished tickets, the oldest first. */
    open(station) {
        return this.of(station, (ticket) => OPEN.has(ticket.state)).sort((a, b) => compare(a, b));
    }

    /** Served tickets, the latest first. */
    served(station) {
        const served = this.of(station, (ticket) => ticket.state === "served" && ticket.kind === "order");
        return served.sort((a, b) => -compare(a, b));
    }

    of(station, wanted) {
        return [...this.byId.values()].filter((ticket) => wanted(ticket) && (!station || ticket.station.id === station));
    }
}

function putNewer(map, ticket) {
    const known = map.get(ticket.id);
    if (!known || ticket.version >= known.version) {
        map.set(ticket.id, ticket);
    }
}

function compare(a, b) {
    return a.sent_at.localeCompare(b.sent_at) || a.number - b.number;
}
