// Turns a key press into the text of a global shortcut, such as "Alt+Space", and back into what is shown.

const NAMES: Record<string, string> = {
  " ": "Space",
  ArrowUp: "Up",
  ArrowDown: "Down",
  ArrowLeft: "Left",
  ArrowRight: "Right",
};
const SIGNS: Record<string, string> = { Ctrl: "⌃", Alt: "⌥", Shift: "⇧", Cmd: "⌘", Super: "⌘" };
const MODIFIERS = new Set(["Control", "Alt", "Shift", "Meta"]);

type Press = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "altKey" | "shiftKey" | "metaKey">;

/** The shortcut that a press stands for, or null while only modifiers are held, or where it could not be global. */
export function shortcutOf(press: Press, mac: boolean): string | null {
  if (MODIFIERS.has(press.key)) return null;
  // With Alt held, macOS gives the letter that Alt types; the key's place says which key it was.
  const letter = /^(?:Key|Digit)(.)$/.exec(press.code)?.[1];
  const key = letter ?? (press.code === "Space" ? "Space" : (NAMES[press.key] ?? press.key));
  const held = [
    press.ctrlKey && "Ctrl",
    press.altKey && "Alt",
    press.shiftKey && "Shift",
    press.metaKey && (mac ? "Cmd" : "Super"),
  ].filter((part) => part !== false);
  const strong = held.some((part) => part !== "Shift") || /^F\d{1,2}$/.test(key);
  return strong ? [...held, key].join("+") : null;
}

/** The shortcut as the platform writes it. */
export function shown(shortcut: string, mac: boolean): string {
  if (!mac) return shortcut;
  return shortcut
    .split("+")
    .map((part) => SIGNS[part] ?? part)
    .join("");
}
