/*
 * Compares two texts line by line, so that two versions of a file can be shown side by side. Knows nothing of files.
 */

export type Row = {
  mine: string | null;
  theirs: string | null;
  /** `changed` has both sides, `mine` and `theirs` stand on one side only. */
  kind: "same" | "changed" | "mine" | "theirs";
};

/** Rows with equal lines next to each other; lines that differ are paired in the order in which they stand. */
export function difference(mine: string, theirs: string): Row[] {
  const a = mine.split("\n");
  const b = theirs.split("\n");
  const rows: Row[] = [];
  let i = 0;
  let j = 0;
  for (const [x, y] of [...common(a, b), [a.length, b.length] as const]) {
    while (i < x || j < y) {
      const left = i < x ? (a[i++] ?? "") : null;
      const right = j < y ? (b[j++] ?? "") : null;
      rows.push({
        mine: left,
        theirs: right,
        kind: left === null ? "theirs" : right === null ? "mine" : "changed",
      });
    }
    if (x < a.length && y < b.length) {
      rows.push({ mine: a[x] ?? "", theirs: b[y] ?? "", kind: "same" });
      i = x + 1;
      j = y + 1;
    }
  }
  return rows;
}

/** Pairs of indexes of the longest run of lines that both have. Manifests are small, so the full table is cheap. */
function common(a: string[], b: string[]): (readonly [number, number])[] {
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const below = table[(i + 1) * width + j] ?? 0;
      const right = table[i * width + j + 1] ?? 0;
      table[i * width + j] =
        a[i] === b[j] ? (table[(i + 1) * width + j + 1] ?? 0) + 1 : Math.max(below, right);
    }
  }
  const pairs: (readonly [number, number])[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if ((table[(i + 1) * width + j] ?? 0) >= (table[i * width + j + 1] ?? 0)) i += 1;
    else j += 1;
  }
  return pairs;
}
