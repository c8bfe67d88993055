/** Builds DOM elements. Text is always text: nothing from a menu or a guest is read as HTML. */

/**
 * element("button.big", {onclick}, "Start") or element("div", null, child, child…).
 * Children that are null or false are left out.
 */
export function element(kind, properties, ...children) {
    const [tag, ...classes] = kind.split(".");
    const made = document.createElement(tag);
    made.className = classes.join(" ");
    for (const [name, value] of Object.entries(properties || {})) {
        if (name in made) {
            made[name] = value;
        } else {
            made.setAttribute(name, value);
        }
    }
    made.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
    return made;
}
