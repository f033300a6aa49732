// The three modes of a variable's value and how each is written in the file.

export type Mode = "literal" | "question" | "host";

export function modeOf(value: string): Mode {
  if (value.startsWith("?")) return "question";
  return /^\$\{.*\}$/.test(value) ? "host" : "literal";
}

/** The value without the signs of its mode. */
export function plain(value: string): string {
  switch (modeOf(value)) {
    case "question":
      return value.slice(1).trim();
    case "host":
      return value.slice(2, -1);
    case "literal":
      return value;
  }
}

/** The value with the signs of its mode. */
export function write(mode: Mode, value: string): string {
  switch (mode) {
    case "question":
      return `?${value}`;
    case "host":
      return `\${${value}}`;
    case "literal":
      return value;
  }
}
