// Presses keys in the terminal, one after the other, and gives for each how long it took until the page had painted what the session made of
// it, in milliseconds. The program in the session writes the last key that it read into every line. A key that is not seen within PATIENCE
// milliseconds is counted as lost, and the next one is pressed.
const keyboard = [...document.querySelectorAll(".xterm-helper-textarea")].at(-1);
const rows = [...document.querySelectorAll(".xterm-rows")].at(-1);
if (!keyboard || !rows) return done(null);
const times = [];
const frames = [];
const { port1, port2 } = new MessageChannel();
let key = "";
let pressed = 0;
let seen = false;
let ended = false;
let latest = performance.now();
let limit = 0;
let count = 0;
let lost = 0;
const next = () => {
  clearTimeout(limit);
  if (count >= KEYS) {
    ended = true;
    observer.disconnect();
    done({ times, frames, lost: [lost] });
  } else setTimeout(press, 90 + Math.random() * 60);
};
port2.onmessage = () => {
  times.push(performance.now() - pressed);
  next();
};
const observer = new MutationObserver(() => {
  if (key === "" || seen || !rows.textContent.includes(`<${key}>`)) return;
  seen = true;
  port1.postMessage(0);
});
const press = () => {
  seen = false;
  key = String.fromCharCode(65 + (count % 26));
  count += 1;
  limit = setTimeout(() => {
    if (seen) return;
    seen = true;
    lost += 1;
    next();
  }, PATIENCE);
  pressed = performance.now();
  const code = key.charCodeAt(0);
  for (const type of ["keydown", "keypress", "keyup"])
    keyboard.dispatchEvent(new KeyboardEvent(type, { key, code: `Key${key}`, keyCode: code, which: code, charCode: code, bubbles: true, cancelable: true }));
};
const beat = (now) => {
  frames.push(now - latest);
  latest = now;
  if (!ended) requestAnimationFrame(beat);
};
requestAnimationFrame(beat);
observer.observe(rows, { childList: true, subtree: true, characterData: true });
press();
