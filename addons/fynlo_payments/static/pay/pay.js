/** Keeps the pay page true: counts down, notices what has become of the link, and then loads the page again. */

const { path, view, version, seconds } = document.body.dataset;
const EVERY_MS = 3000;
const LOOK_EVERY = 2; // turns of waiting after which the bank is asked again
const endsAt = performance.now() + Number(seconds) * 1000;
const waiting = view === "open" || view === "paying";
let turn = 0;

/** Asks or tells the server; null when it cannot be reached or does not want to hear so much. */
async function tell(step, method = "POST") {
    try {
        const answer = await fetch(`${path}/${step}`, { method, headers: { Accept: "application/json" } });
        return answer.ok ? await answer.json() : null;
    } catch {
        return null;
    }
}

function showTime() {
    const left = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
    for (const place of document.querySelectorAll(".left")) {
        place.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    }
}

async function keepTrue() {
    if (!document.hidden) {
        turn += 1;
        const asks = view === "paying" && turn % LOOK_EVERY === 0;
        const told = await (asks ? tell("look") : tell("status", "GET"));
        if (told && (told.view !== view || (view === "paying" && String(told.version) !== version))) {
            location.replace(path);
            return;
        }
    }
    setTimeout(keepTrue, EVERY_MS);
}

/** A second tap must not begin a second time. */
function tapOnce(event) {
    for (const button of event.target.querySelectorAll("button")) {
        button.disabled = true;
    }
}

document.getElementById("title").focus();
for (const form of document.forms) {
    form.addEventListener("submit", tapOnce);
}
addEventListener("pageshow", (event) => {
    if (event.persisted) location.replace(path); // back from the bank by the browser's own button
});
if (waiting) {
    if (view === "open") tell("opened");
    showTime();
    setInterval(showTime, 1000);
    setTimeout(keepTrue, EVERY_MS);
}
