const [action, argument] = arguments;
const shown = (element) => {
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility !== "hidden" && !element.closest("[hidden], [inert]");
};
const words = (text) => (text ?? "").replace(/\s+/g, " ").trim();
const labelled = (element) => {
  const ids = element.getAttribute("aria-labelledby");
  if (ids) return words(ids.split(" ").map((id) => document.getElementById(id)?.textContent).join(" "));
  if (element.getAttribute("aria-label")) return words(element.getAttribute("aria-label"));
  if (element.labels?.length) return words([...element.labels].map((label) => label.textContent).join(" "));
  return words(element.textContent);
};
// A dialog that is open covers everything else.
const front = () => [...document.querySelectorAll("dialog[open]")].at(-1) ?? document;
const among = (selector) => [...front().querySelectorAll(selector)].filter(shown);
const best = (found, name) =>
  found.find((element) => labelled(element) === name) ??
  found.find((element) => labelled(element).startsWith(name)) ??
  found.find((element) => labelled(element).includes(name)) ??
  null;
// Whether a person can get at a place of the page: nothing that does not scroll cuts it off.
const reached = (element) => {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  let sideways = false;
  let down = false;
  for (let above = element.parentElement; above; above = above.parentElement) {
    const style = getComputedStyle(above);
    sideways ||= /auto|scroll/.test(style.overflowX) && above.scrollWidth > above.clientWidth;
    down ||= /auto|scroll/.test(style.overflowY) && above.scrollHeight > above.clientHeight;
    const box = above.getBoundingClientRect();
    if (style.overflowX !== "visible" && !sideways && (x < box.left || x > box.right)) return false;
    if (style.overflowY !== "visible" && !down && (y < box.top || y > box.bottom)) return false;
  }
  return (sideways || (x >= 0 && x <= innerWidth)) && (down || (y >= 0 && y <= innerHeight));
};
const keyboard = () => [...document.querySelectorAll(".xterm-helper-textarea")].filter((element) => !element.closest("[hidden]")).at(-1) ?? null;
const paste = (fill) => {
  const clipboardData = new DataTransfer();
  fill(clipboardData);
  return keyboard()?.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true })) === undefined ? null : true;
};
switch (action) {
  case "click": {
    const control = best(
      among("button, a[href], summary, [role=tab], [role=menuitem], [role=option], [role=link], input[type=checkbox], input[type=radio]").filter(
        (element) => !element.disabled,
      ),
      argument,
    );
    if (!control) return null;
    control.scrollIntoView({ block: "nearest" });
    const box = control.getBoundingClientRect();
    const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    // What something else lies over cannot be clicked by a person either.
    if (!hit || !(control.contains(hit) || hit.closest("label")?.contains(control))) return null;
    control.focus();
    control.click();
    return true;
  }
  case "field":
    return best(among("input, textarea, select"), argument);
  case "text":
    return words(front().innerText ?? document.body.innerText);
  case "controls":
    return among("button, a[href], summary, [role=tab], [role=menuitem]").map(labelled);
  case "unreached":
    return among("button, a[href], summary, input, select, textarea, [role=tab]")
      .filter((element) => !element.closest(".visually-hidden, .xterm") && !reached(element))
      .map(labelled);
  case "terminal":
    return [...document.querySelectorAll(".xterm-rows")].filter(shown).map((rows) => [...rows.children].map((row) => row.textContent).join("\n")).join("\n");
  case "keyboard":
    return keyboard();
  case "paste":
    return paste((clipboard) => clipboard.setData("text/plain", argument));
  case "paste-image":
    return paste((clipboard) => clipboard.items.add(new File([new Uint8Array([137, 80, 78, 71])], argument, { type: "image/png" })));
  case "chord": {
    const [key, code] = [argument.toUpperCase(), `Key${argument.toUpperCase()}`];
    const press = { key, code, keyCode: key.charCodeAt(0), ctrlKey: true, shiftKey: true, bubbles: true, cancelable: true };
    return keyboard()?.dispatchEvent(new KeyboardEvent("keydown", press)) === undefined ? null : true;
  }
}
