// Tells the parts of a manifest's line apart, so that the editor can colour them. It looks at one line at a time and decides nothing.

export type Part = { text: string; kind: "fence" | "comment" | "key" | "value" | "plain" };

/** The lines of a manifest, each in parts. Below the frontmatter everything is plain. */
export function highlight(text: string): Part[][] {
  let fences = 0;
  return text.split("\n").map((line, at) => {
    if (/^---\s*$/.test(line) && (at === 0 || fences === 1)) {
      fences += 1;
      return [{ text: line, kind: "fence" }];
    }
    return fences === 1 ? inside(line) : [{ text: line, kind: "plain" }];
  });
}

function inside(line: string): Part[] {
  if (/^\s*#/.test(line)) return [{ text: line, kind: "comment" }];
  const comment = /\s#.*$/.exec(line);
  const rest = comment === null ? line : line.slice(0, comment.index);
  const key = /^(\s*(?:- )*\s*)([^\s:#'"[{][^:]*:)(?=\s|$)/.exec(rest);
  const parts: Part[] =
    key === null
      ? [{ text: rest, kind: "value" }]
      : [
          { text: key[1] ?? "", kind: "plain" },
          { text: key[2] ?? "", kind: "key" },
          { text: rest.slice(key[0].length), kind: "value" },
        ];
  if (comment !== null) parts.push({ text: comment[0], kind: "comment" });
  return parts.filter((part) => part.text !== "");
}
