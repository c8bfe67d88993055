/** Apple Pay on the pay page: the sheet asks for the server's figures; its token goes to the card processor, never to us. */

const place = document.getElementById("apple-pay");
const { path } = document.body.dataset;
const link = path.split("/").pop();

/** Calls our API for this link. Throws unless it answers well. */
async function call(step, body = {}) {
    const answer = await fetch(`/api/v1/apple-pay/${step}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ link, ...body }),
    });
    if (!answer.ok) throw new Error(`${step}: ${answer.status}`);
    return answer.json();
}

/** The card processor's id for the token that the guest's phone made. */
async function exchange({ paymentData, paymentMethod, transactionIdentifier }, processor) {
    const headers = { Authorization: `Bearer ${processor.key}` };
    if (processor.account) headers["Stripe-Account"] = processor.account;
    const answer = await fetch(processor.url, {
        method: "POST",
        headers,
        body: new URLSearchParams({
            pk_token: JSON.stringify(paymentData),
            pk_token_instrument_name: paymentMethod.displayName ?? "",
            pk_token_payment_network: paymentMethod.network ?? "",
            pk_token_transaction_id: transactionIdentifier,
        }),
    });
    if (!answer.ok) throw new Error(`card processor: ${answer.status}`);
    return (await answer.json()).id;
}

function openSheet({ version, request, processor }) {
    const session = new ApplePaySession(version, request);
    session.onvalidatemerchant = async () => {
        try {
            session.completeMerchantValidation(await call("merchant-sessions"));
        } catch {
            session.abort();
            place.querySelector(".failure").hidden = false;
        }
    };
    session.onpaymentauthorized = async ({ payment }) => {
        try {
            await call("tokens:process", { token: await exchange(payment.token, processor) });
            session.completePayment({ status: ApplePaySession.STATUS_SUCCESS });
        } catch {
            session.completePayment({ status: ApplePaySession.STATUS_FAILURE });
        }
        location.replace(path); // the page knows best what has become of it
    };
    session.begin();
}

/** The sheet may only be opened in the tap itself, so what it asks for is fetched before. */
async function offer() {
    if (!window.ApplePaySession?.canMakePayments()) return;
    try {
        const asked = await call("payment-requests");
        place.querySelector("button").addEventListener("click", () => openSheet(asked));
        place.hidden = false;
    } catch {
        // the other ways to pay are on the page
    }
}

offer();
