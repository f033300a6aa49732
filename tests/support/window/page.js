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
  case "terminal":
    return [...document.querySelectorAll(".xterm-rows")].filter(shown).map((rows) => [...rows.children].map((row) => row.textContent).join("\n")).join("\n");
  case "keyboard":
    return [...document.querySelectorAll(".xterm-helper-textarea")].filter((element) => !element.closest("[hidden]")).at(-1) ?? null;
}
