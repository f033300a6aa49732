// How long ago something was, in words that a person uses.

const STEPS = [
  { unit: "year", seconds: 31_557_600 },
  { unit: "month", seconds: 2_629_800 },
  { unit: "day", seconds: 86_400 },
  { unit: "hour", seconds: 3600 },
  { unit: "minute", seconds: 60 },
] as const;

/** `at` in seconds since 1970. */
export function age(at: number, now = Date.now() / 1000): string {
  const passed = Math.max(0, now - at);
  const step = STEPS.find(({ seconds }) => passed >= seconds);
  if (!step) return "just now";
  const many = Math.floor(passed / step.seconds);
  return `${String(many)} ${step.unit}${many === 1 ? "" : "s"} ago`;
}
