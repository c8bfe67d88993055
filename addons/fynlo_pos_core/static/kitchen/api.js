/** The REST API for one screen: its device key, who is signed in, and requests that are safe to repeat. */

const BASE = "/api/v1";
const DEVICE_KEY = "fynlo.device_key";
const REFRESH_TOKEN = "fynlo.refresh_token";
const TIMEOUT_MS = 15_000;
const ATTEMPTS = 3;

/** A refusal of the API; `code` is stable, `message` is for people. */
export class Refusal extends Error {
    constructor(problem) {
        super(problem.detail || problem.title);
        this.code = problem.code;
        this.status = problem.status;
        this.problem = problem;
    }
}

export class Api {
    constructor() {
        this.token = null;
        this.session = null;
        /** How far the server's clock is ahead of this screen's. */
        this.clockOffsetMs = 0;
        this.refreshing = null;
    }

    get deviceKey() {
        return localStorage.getItem(DEVICE_KEY);
    }

    set deviceKey(key) {
        if (key) {
            localStorage.setItem(DEVICE_KEY, key);
        } else {
            localStorage.removeItem(DEVICE_KEY);
        }
    }

    now() {
        return Date.now() + this.clockOffsetMs;
    }

    /** With the employee's token; an expired one is refreshed and the request repeated. */
    async call(method, path, body) {
        const key = crypto.randomUUID();
        try {
            return await this.send(method, path, body, {Authorization: `Bearer ${this.token}`, "Idempotency-Key": key});
        } catch (failure) {
            if (failure.code !== "token_expired") {
                throw failure;
            }
            await this.refresh();
            return this.send(method, path, body, {Authorization: `Bearer ${this.token}`, "Idempotency-Key": key});
        }
    }

    /** With the device's key alone. */
    callAsDevice(method, path, body) {
        return this.send(method, path, body, {Authorization: `Device ${this.deviceKey}`});
    }

    async pair(code) {
        const pairing = await this.send("POST", "/devices/pair", {code, platform: "Kitchen display"}, {});
        this.deviceKey = pairing.device_key;
    }

    async signIn(employeeId, pin) {
        this.keep(await this.callAsDevice("POST", "/auth/pin", {employee_id: employeeId, pin}));
    }

    /** Go on as whoever was signed in before the page was loaded again. Answers whether that worked. */
    async resume() {
        try {
            await this.refresh();
            return true;
        } catch (failure) {
            if (failure instanceof Refusal) {
                sessionStorage.removeItem(REFRESH_TOKEN);
                return false;
            }
            throw failure;
        }
    }

    /** Exchange the refresh token; those who ask at the same time share one exchange. */
    refresh() {
        this.refreshing ||= this.exchange().finally(() => {
            this.refreshing = null;
        });
        return this.refreshing;
    }

    async exchange() {
        const token = sessionStorage.getItem(REFRESH_TOKEN);
        if (!token) {
            throw new Refusal({code: "token_missing", detail: "Nobody is signed in.", status: 401});
        }
        this.keep(await this.send("POST", "/auth/refresh", {refresh_token: token}, {}));
    }

    async signOut() {
        try {
            await this.call("POST", "/auth/logout");
        } finally {
            this.forget();
        }
    }

    forget() {
        this.token = this.session = null;
        sessionStorage.removeItem(REFRESH_TOKEN);
    }

    keep(session) {
        this.session = session;
        this.token = session.access_token;
        sessionStorage.setItem(REFRESH_TOKEN, session.refresh_token);
    }

    /** One request; when the network fails it is sent again under the same key. */
    async send(method, path, body, headers) {
        for (let attempt = 1; ; attempt++) {
            try {
                return await this.sendOnce(method, path, body, headers);
            } catch (failure) {
                const again = failure instanceof TypeError || failure.name === "TimeoutError" || failure.problem?.retryable;
                if (!again || attempt === ATTEMPTS) {
                    throw failure;
                }
                await new Promise((resolve) => setTimeout(resolve, 500 * attempt));
            }
        }
    }

    async sendOnce(method, path, body, headers) {
        const response = await fetch(BASE + path, {
            method,
            headers: {...headers, ...(method === "GET" ? {} : {"Content-Type": "application/json"})},
            body: method === "GET" ? undefined : JSON.stringify(body || {}),
            signal: AbortSignal.timeout(TIMEOUT_MS),
            cache: "no-store",
        });
        this.readClock(response);
        const answer = await response.json();
        if (!response.ok) {
            throw new Refusal(answer);
        }
        return answer;
    }

    readClock(response) {
        const server = Date.parse(response.headers.get("Date"));
        if (server && Math.abs(server - this.now()) > 2000) {
            this.clockOffsetMs = server - Date.now();
        }
    }
}
