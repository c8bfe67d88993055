/** Follows one topic of the gateway: signs in, resumes after every break, and never misses silently. */

/** Close codes after which coming back by oneself is no use. */
const STOP = new Set([1009, 4400, 4409]);
const REVOKED = 4403;
const UNAUTHENTICATED = 4401;

export class Live {
    /**
     * `line` has the `url` of the gateway and the longest wait before coming back, `reconnect_max_s`.
     * `on.event(frame)`, `on.reload()` when the state must be read afresh, `on.state("live"|"waiting"|"stopped")`,
     * `on.revoked()`.
     */
    constructor(api, line, topic, on) {
        Object.assign(this, {api, line, topic, on});
        this.epoch = null;
        this.offset = null;
        this.failures = 0;
        this.ended = false;
    }

    start() {
        this.on.state("waiting");
        this.socket = new WebSocket(this.line.url, "fynlo.v1");
        this.socket.onopen = () => this.tell({op: "auth", token: this.api.token});
        this.socket.onmessage = (message) => this.read(JSON.parse(message.data));
        this.socket.onclose = (close) => this.closed(close.code);
    }

    stop() {
        this.ended = true;
        clearTimeout(this.timer);
        clearTimeout(this.watch);
        this.socket?.close();
    }

    tell(message) {
        if (this.socket.readyState === WebSocket.OPEN) {
            this.socket.send(JSON.stringify(message));
        }
    }

    read(message) {
        this.watchSilence();
        if (!message.op) {
            this.apply(message);
            return;
        }
        const handlers = {
            welcome: () => this.welcome(message),
            subscribed: () => this.subscribed(message),
            position: () => message.offset > this.offset && this.subscribe(),
            ping: () => this.tell({op: "pong"}),
            token_expiring: () => this.renew(),
            permissions_changed: () => this.renew().then(() => this.subscribe()),
            error: () => message.code === "forbidden_topic" && this.on.state("stopped"),
        };
        handlers[message.op]?.();
    }

    welcome(message) {
        this.heartbeatMs = message.heartbeat_s * 1000;
        this.watchSilence();
        this.subscribe();
    }

    subscribe() {
        const place = this.epoch === null ? {} : {epoch: this.epoch, offset: this.offset};
        this.tell({op: "subscribe", topic: this.topic, ...place});
    }

    subscribed(message) {
        const first = this.epoch === null;
        if (first || !message.recovered) {
            this.offset = message.offset;
            this.on.reload();
        }
        this.epoch = message.epoch;
        this.failures = 0;
        this.on.state("live");
    }

    /** The client's rule of docs/events.md. */
    apply(frame) {
        if (frame.topic !== this.topic || frame.offset <= this.offset) {
            return;
        }
        if (frame.offset > this.offset + 1) {
            this.subscribe();
            return;
        }
        this.offset = frame.offset;
        this.on.event(frame);
    }

    async renew() {
        await this.api.refresh();
        this.tell({op: "refresh", token: this.api.token});
    }

    /** A gateway that says nothing for two heartbeats is gone, whatever the socket believes. */
    watchSilence() {
        clearTimeout(this.watch);
        if (this.heartbeatMs) {
            this.watch = setTimeout(() => this.socket.close(), 2.5 * this.heartbeatMs);
        }
    }

    closed(code) {
        clearTimeout(this.watch);
        if (this.ended) {
            return;
        }
        if (code === REVOKED) {
            this.ended = true;
            this.on.revoked();
        } else if (STOP.has(code)) {
            this.on.state("stopped");
        } else {
            this.on.state("waiting");
            this.comeBack(code);
        }
    }

    comeBack(code) {
        const wait = Math.random() * Math.min(this.line.reconnect_max_s * 1000, 1000 * 2 ** this.failures);
        this.failures += 1;
        this.timer = setTimeout(async () => {
            try {
                if (code === UNAUTHENTICATED) {
                    await this.api.refresh();
                }
                this.start();
            } catch (failure) {
                if (failure.status === 401) {
                    this.on.revoked();
                } else {
                    this.comeBack(code);
                }
            }
        }, wait);
    }
}
