/** Before the board: pair this screen once, then let an employee sign in by PIN. */

import {element} from "./element.js";

const PIN_MAX = 8;

/** Ask for a pairing code, or for a device key that was made elsewhere, until the screen has one. */
export function askForDevice(api, root) {
    return new Promise((resolve) => {
        const code = element("input", {name: "code", autocomplete: "off", required: true, placeholder: "K7P4-9QXM"});
        const trouble = element("p.trouble", {role: "alert"}, "");
        const form = element(
            "form.sheet",
            null,
            element("h1", null, "Pair this screen"),
            element("label", null, "Pairing code or device key", code),
            element("button.primary", {type: "submit"}, "Pair"),
            trouble,
        );
        form.onsubmit = async (submit) => {
            submit.preventDefault();
            try {
                await take(api, code.value.trim());
                resolve();
            } catch (failure) {
                trouble.textContent = failure.message;
            }
        };
        root.replaceChildren(form);
        code.focus();
    });
}

/** A short text is a pairing code, a long one the key itself. */
async function take(api, text) {
    if (text.length <= 20) {
        await api.pair(text);
    } else {
        api.deviceKey = text;
    }
}

/** Let somebody who works here enter their PIN. */
export async function askForPin(api, root, display) {
    const people = (await api.callAsDevice("GET", "/devices/me/employees")).items;
    return new Promise((resolve) => {
        const names = people.map((person) =>
            element("button.name", {type: "button", onclick: () => pinPad(api, root, person, resolve, choose)}, person.name),
        );
        const choose = () =>
            root.replaceChildren(
                element("div.sheet", null, element("h1", null, display.location.name), element("div.names", null, names)),
            );
        choose();
    });
}

function pinPad(api, root, person, done, back) {
    let pin = "";
    const dots = element("p.dots", {"aria-label": "Digits entered"}, "");
    const trouble = element("p.trouble", {role: "alert"}, "");
    const show = (text) => {
        pin = text;
        dots.textContent = "●".repeat(pin.length);
    };
    const enter = async () => {
        try {
            await api.signIn(person.id, pin);
            done();
        } catch (failure) {
            show("");
            trouble.textContent = failure.message;
        }
    };
    const key = (label, act) => element("button.key", {type: "button", onclick: act}, label);
    const digits = "123456789".split("").map((digit) => key(digit, () => show((pin + digit).slice(0, PIN_MAX))));
    root.replaceChildren(
        element(
            "div.sheet",
            null,
            element("h1", null, person.name),
            dots,
            element("div.pad", null, digits, key("⌫", () => show(pin.slice(0, -1))), key("0", () => show((pin + "0").slice(0, PIN_MAX))), key("OK", enter)),
            trouble,
            element("button.back", {type: "button", onclick: back}, "Somebody else"),
        ),
    );
}
