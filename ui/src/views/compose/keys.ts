// What the keys of the text editor do to the text: indenting and going on with the indentation. Pure: text and selection in and out.

export type Selection = { text: string; start: number; end: number };

const STEP = "  ";

/** Moves the selected lines one step in, or puts a step in where nothing is selected. */
export function indent({ text, start, end }: Selection): Selection {
  if (start === end)
    return { text: text.slice(0, start) + STEP + text.slice(end), start: start + 2, end: end + 2 };
  const first = text.lastIndexOf("\n", start - 1) + 1;
  const lines = text.slice(first, end).split("\n");
  const moved = lines.map((line) => STEP + line).join("\n");
  return {
    text: text.slice(0, first) + moved + text.slice(end),
    start: start + 2,
    end: end + 2 * lines.length,
  };
}

/** Moves the lines of the selection one step out. */
export function outdent({ text, start, end }: Selection): Selection {
  const first = text.lastIndexOf("\n", start - 1) + 1;
  const lines = text.slice(first, end).split("\n");
  const taken = lines.map((line) => /^ {0,2}/.exec(line)?.[0].length ?? 0);
  const moved = lines.map((line, at) => line.slice(taken[at])).join("\n");
  const all = taken.reduce((sum, count) => sum + count, 0);
  return {
    text: text.slice(0, first) + moved + text.slice(end),
    start: Math.max(first, start - (taken[0] ?? 0)),
    end: Math.max(first, end - all),
  };
}

/** Begins a line under the one of the caret, one step deeper after a key that waits for its value. */
export function newLine({ text, start, end }: Selection): Selection {
  const line = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  const lead = /^ */.exec(line)?.[0] ?? "";
  const put = `\n${lead}${/^\s*[^#\s].*:$/.test(line) ? STEP : ""}`;
  return {
    text: text.slice(0, start) + put + text.slice(end),
    start: start + put.length,
    end: start + put.length,
  };
}
