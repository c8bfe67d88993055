/** What tours share: a till that sells through the API meanwhile, and the way through the menus. */

/** What the test put into the page: how to call the API as the till would. */
export const till = () => JSON.parse(sessionStorage.getItem("fynlo_test_till"));

export async function callApi(path, body) {
    const headers = { Authorization: `Bearer ${till().token}`, "Content-Type": "application/json" };
    if (body) {
        headers["Idempotency-Key"] = crypto.randomUUID();
    }
    const response = await fetch(`/api/v1${path}`, {
        method: body ? "POST" : "GET",
        headers,
        body: body && JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) {
        throw new Error(`${path}: ${response.status} ${answer.code} ${answer.detail}`);
    }
    return answer;
}

/** Make an order whose price the till expects wrongly. */
export async function sell() {
    const line = { id: crypto.randomUUID(), variant_id: till().variant, quantity: "2" };
    const order = await callApi("/orders", { id: crypto.randomUUID(), lines: [line], expected_total: till().expected });
    document.body.dataset.fynloOrder = order.number;
}

export const openMenu = (section, item) => [
    { content: `Open ${section}`, trigger: `.o_menu_sections button:contains(${section})`, run: "click" },
    { content: `Open ${item}`, trigger: `.o-dropdown--menu .dropdown-item:contains(${item})`, run: "click" },
];
