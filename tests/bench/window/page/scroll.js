// Scrolls a list by script, one step in each frame, and gives for each frame what it took the page to draw it and when it came, in
// milliseconds. The message that is sent in a frame is heard after that frame was laid out and painted.
const list = [...document.querySelectorAll("main *")]
  .filter((element) => element.scrollHeight > element.clientHeight + 8 && /auto|scroll/.test(getComputedStyle(element).overflowY))
  .sort((one, other) => other.scrollHeight - one.scrollHeight)[0];
if (!list) return done(null);
const work = [];
const gaps = [];
const { port1, port2 } = new MessageChannel();
let began = 0;
let before = 0;
// As fast as a wheel that is turned without a pause: three windows a second and more.
let step = 50;
port2.onmessage = () => work.push(performance.now() - began);
const frame = () => {
  began = performance.now();
  if (before) gaps.push(began - before);
  before = began;
  if (gaps.length >= FRAMES) return done({ work, gaps, height: list.scrollHeight });
  if (list.scrollTop + list.clientHeight >= list.scrollHeight - 1) step = -Math.abs(step);
  else if (list.scrollTop <= 0) step = Math.abs(step);
  list.scrollTop += step;
  port1.postMessage(0);
  requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
