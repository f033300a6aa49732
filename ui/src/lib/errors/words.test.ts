// The table of words: one entry for each code, and each entry says what happened, what it means, and one action.

import { expect, test } from "vitest";
import type { CommandError } from "../ipc/bindings";
import { CODES, wordsFor } from "./words";

const fault = {
  file: "/h/.claude-bottle/bottles/web.md",
  line: 4,
  column: 2,
  what: "Unknown key “hots”.",
  advice: "Write “hosts”.",
};

const SAMPLES: { [C in CommandError["code"]]: Extract<CommandError, { code: C }> } = {
  "no-backend": { code: "no-backend", backend: "docker", problems: [] },
  manifest: { code: "manifest", fault },
  "missing-credential": { code: "missing-credential", name: "claude" },
  "credential-refused": {
    code: "credential-refused",
    name: "claude",
    what: "It is empty.",
    advice: "Paste it again.",
  },
  "no-agent": { code: "no-agent", name: "reviwer", nearest: "reviewer" },
  skill: { code: "skill", name: "x", what: "It changed on disk.", advice: "Look at it in Skills." },
  unanswered: { code: "unanswered", name: "TICKET", question: "Which ticket?" },
  workspace: { code: "workspace", path: "/gone", what: "The folder is not there." },
  image: { code: "image", what: "The image could not be built.", advice: "Try again.", tail: ["line"] },
  "disk-full": { code: "disk-full", what: "The disk is full.", advice: "Free 4 GB." },
  "not-sealed": {
    code: "not-sealed",
    checks: [{ id: "a", title: "No route out", passed: false, seen: "a route" }],
  },
  "no-session": { code: "no-session", id: "reviewer-00000" },
  "session-in-use": { code: "session-in-use", id: "reviewer-00000" },
  "not-resumable": { code: "not-resumable", id: "reviewer-00000" },
  conflict: { code: "conflict", files: ["a.rs", "b.rs"] },
  "document-changed": {
    code: "document-changed",
    document: { kind: "agent", name: "a", file: "/h/agents/a.md", text: "", digest: "1" },
  },
  exists: { code: "exists", name: "reviewer" },
  "invalid-name": { code: "invalid-name", name: "A b", what: "the name may hold only a-z" },
  cancelled: { code: "cancelled" },
  internal: { code: "internal", what: "It did not work.", advice: "Try again.", causes: ["why"] },
};

test("every code has words, and no words are left without a code", () => {
  expect([...CODES].sort()).toEqual(Object.keys(SAMPLES).sort());
});

test.each(Object.values(SAMPLES))("$code says what happened, what it means, and one action", (error) => {
  const words = wordsFor(error);
  for (const text of [words.what, words.means]) expect(text).toMatch(/^\S.*[.!?]$|^It asks: /);
  expect(words.action.label).toMatch(/^[A-Z]/);
  expect(`${words.what} ${words.means}`).not.toMatch(
    /undefined|null|\[object|error code|something went wrong/i,
  );
});

test("a fault in a bottle's file leads to that file at that line", () => {
  expect(wordsFor({ code: "manifest", fault }).action).toMatchObject({
    go: "document",
    kind: "bottle",
    name: "web",
    line: 4,
  });
});

test("walls that are open are named", () => {
  expect(wordsFor(SAMPLES["not-sealed"]).means).toContain("No route out");
});
