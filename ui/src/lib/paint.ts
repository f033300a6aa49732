// When something was painted, as far as a page can know.

/** A window that is hidden paints nothing: after so many milliseconds there is no more waiting for it. */
const LATEST_MS = 250;

/** Calls back once what stands on the page now was painted. Returns what calls it off. */
export function afterPaint(run: () => void): () => void {
  let waits = true;
  const once = () => {
    if (!waits) return;
    waits = false;
    run();
  };
  // A frame's callbacks run before its paint; a task that they ask for runs after it.
  requestAnimationFrame(() => setTimeout(once));
  setTimeout(once, LATEST_MS);
  return () => (waits = false);
}
