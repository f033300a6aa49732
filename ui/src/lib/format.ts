// Times, sizes and counts as a person says them.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago a moment (in seconds since 1970) was. */
export function ago(at: number, now = Date.now() / 1000): string {
  const passed = Math.max(0, now - at);
  if (passed < 45) return "just now";
  if (passed < HOUR) return count(Math.max(1, Math.round(passed / MINUTE)), "minute") + " ago";
  if (passed < DAY) return count(Math.round(passed / HOUR), "hour") + " ago";
  if (passed < 2 * DAY) return "yesterday";
  if (passed < 14 * DAY) return count(Math.round(passed / DAY), "day") + " ago";
  return new Date(at * 1000).toLocaleDateString(undefined, {
    day: "numeric",
    month: "short",
    year: "numeric",
  });
}

/** A length of time in milliseconds, short: "18 ms", "0.4 s", "12 s", "3:05 min". */
export function took(ms: number): string {
  if (ms > 0 && ms < 95) return `${String(Math.max(1, Math.round(ms)))} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${seconds.toFixed(0)} s`;
  const rest = Math.floor(seconds % 60);
  return `${String(Math.floor(seconds / 60))}:${String(rest).padStart(2, "0")} min`;
}

/** The time of day of a moment in milliseconds since 1970. */
export function clock(ms: number): string {
  return new Date(ms).toLocaleTimeString(undefined, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
}

/** A size in bytes. */
export function bytes(size: number): string {
  if (size < 1000) return `${String(size)} B`;
  if (size < 1_000_000) return `${(size / 1000).toFixed(size < 10_000 ? 1 : 0)} kB`;
  if (size < 1_000_000_000) return `${(size / 1_000_000).toFixed(1)} MB`;
  return `${(size / 1_000_000_000).toFixed(1)} GB`;
}

/** A size in mebibytes. */
export function memory(mib: number): string {
  return mib % 1024 === 0 ? `${String(mib / 1024)} GiB` : `${String(mib)} MiB`;
}

/** "1 file", "3 files". */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString()} ${number === 1 ? one : many}`;
}

/** "a", "a and b", "a, b and c". */
export function sentenceList(items: string[]): string {
  if (items.length <= 1) return items[0] ?? "";
  return `${items.slice(0, -1).join(", ")} and ${items.at(-1) ?? ""}`;
}
