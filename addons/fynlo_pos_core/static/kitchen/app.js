/** The kitchen display: pair, sign in, show the board; and round again when a sign-in ends. */

import {Api} from "./api.js";
import {Board} from "./board.js";
import {element} from "./element.js";
import {askForDevice, askForPin} from "./sign_in.js";

const RETRY_MS = 5000;
const root = document.getElementById("screen");
const api = new Api();

/** A device key may come in the address, behind the # that no server ever sees. It is kept and taken out of sight. */
function takeKeyFromAddress() {
    const key = new URLSearchParams(location.hash.slice(1)).get("device_key");
    if (key) {
        api.deviceKey = key;
        history.replaceState(null, "", location.pathname);
    }
}

async function pairedDisplay() {
    for (;;) {
        if (!api.deviceKey) {
            await askForDevice(api, root);
        }
        try {
            return await api.callAsDevice("GET", "/kitchen/display");
        } catch (failure) {
            if (failure.status !== 401 && failure.status !== 403) {
                throw failure;
            }
            api.deviceKey = null;
        }
    }
}

async function run() {
    const display = await pairedDisplay();
    document.title = `Kitchen · ${display.location.name}`;
    if (!(await api.resume())) {
        await askForPin(api, root, display);
    }
    await new Board(api, root, display, start).open();
}

async function start() {
    try {
        await run();
    } catch (failure) {
        root.replaceChildren(element("div.sheet", null, element("h1", null, "No connection"), element("p", null, failure.message)));
        setTimeout(start, RETRY_MS);
    }
}

takeKeyFromAddress();
start();
