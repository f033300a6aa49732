// The one table of what is said when something fails: what happened, what it means for the person, and one action. It is keyed by the code
// of a `CommandError` and exhaustive by its type. Where the core already has the words, they are used as they are.

import type { CommandError, DocumentKind } from "../ipc/bindings";

/** What the one button does. "go" leads to another place; the view that shows the error does the rest, which it knows how to. */
export type ErrorAction =
  | { label: string; go: "doctor" | "home" | "skills" | "credentials" }
  | { label: string; go: "credential"; name: string }
  | { label: string; go: "session"; id: string }
  | { label: string; go: "document"; kind: DocumentKind; name: string; line: number }
  | { label: string; ask: Ask };

/** What only the view that shows the error can do. */
export type Ask = "retry" | "dismiss" | "answer" | "choose-folder" | "force" | "compare" | "use-nearest";

export interface Words {
  what: string;
  means: string;
  /** Lines that a person may want to read, shown folded. */
  detail: string[];
  action: ErrorAction;
}

type Code = CommandError["code"];
type Table = { [C in Code]: (error: Extract<CommandError, { code: C }>) => Words };

const retry: ErrorAction = { label: "Try again", ask: "retry" };

const TABLE: Table = {
  "no-backend": ({ problems }) => ({
    what: problems[0]?.what ?? "No engine on this computer can run a bottle right now.",
    means:
      problems[0]?.advice ?? "Nothing was started. The doctor shows what is missing and offers to mend it.",
    detail: problems.slice(1).map((problem) => `${problem.what} ${problem.advice}`),
    action: { label: "Open Doctor", go: "doctor" },
  }),
  manifest: ({ fault }) => ({
    what: fault.what,
    means: `${fault.advice} It is in ${baseName(fault.file)}, line ${String(fault.line)}. Nothing was started.`,
    detail: [`${fault.file}:${String(fault.line)}:${String(fault.column)}`],
    action: { label: "Open at this line", go: "document", ...documentOf(fault.file), line: fault.line },
  }),
  "missing-credential": ({ name }) => ({
    what: `The credential “${name}” is not there yet.`,
    means:
      "The bottle names it, so it does not start without it. It is kept in the keychain and never enters the bottle.",
    detail: [],
    action: { label: `Add “${name}”`, go: "credential", name },
  }),
  "credential-refused": ({ what, advice }) => ({ what, means: advice, detail: [], action: retry }),
  "no-agent": ({ name, nearest }) => ({
    what: `There is no agent named “${name}”.`,
    means: nearest ? `Perhaps you mean “${nearest}”.` : "Its file may have been renamed or removed.",
    detail: [],
    action: nearest
      ? { label: `Use “${nearest}”`, ask: "use-nearest" }
      : { label: "Show all agents", go: "home" },
  }),
  skill: ({ what, advice }) => ({
    what,
    means: advice,
    detail: [],
    action: { label: "Open Skills", go: "skills" },
  }),
  unanswered: ({ question }) => ({
    what: "A question of the bottle has no answer yet.",
    means: `It asks: ${question}`,
    detail: [],
    action: { label: "Answer it", ask: "answer" },
  }),
  workspace: ({ path, what }) => ({
    what,
    means: "The session cannot work on this folder. Your files were not touched.",
    detail: [path],
    action: { label: "Choose another folder", ask: "choose-folder" },
  }),
  image: ({ what, advice, tail }) => ({ what, means: advice, detail: tail, action: retry }),
  "disk-full": ({ what, advice }) => ({
    what,
    means: advice,
    detail: [],
    action: { label: "Make room", go: "doctor" },
  }),
  "not-sealed": ({ checks }) => {
    const open = checks.filter((check) => !check.passed);
    return {
      what: "The bottle is not sealed, so claude was not started in it.",
      means: `${String(open.length)} of ${String(checks.length)} checks of the walls found a way out: ${open
        .map((check) => check.title)
        .join(", ")}. The bottle was removed.`,
      detail: open.map((check) => `${check.title}: ${check.seen}`),
      action: { label: "Open Doctor", go: "doctor" },
    };
  },
  "no-session": ({ id }) => ({
    what: `The session ${id} is no longer there.`,
    means: "It was stopped or removed somewhere else. Its transcript was kept if it had one.",
    detail: [],
    action: { label: "Show all sessions", go: "home" },
  }),
  "session-in-use": ({ id }) => ({
    what: `The session ${id} is in use.`,
    means: "Something else works with it at this moment, perhaps a terminal of yours. Nothing was changed.",
    detail: [],
    action: { label: "Show the session", go: "session", id },
  }),
  "not-resumable": ({ id }) => ({
    what: `The session ${id} cannot be continued.`,
    means: "Its bottle is gone. What it wrote was saved where that was possible.",
    detail: [],
    action: { label: "Show all sessions", go: "home" },
  }),
  conflict: ({ files }) => ({
    what:
      files.length === 1
        ? `${files[0] ?? "One file"} was changed here and in the session.`
        : `${String(files.length)} files were changed here and in the session.`,
    means: "Nothing was written. Your version stands as it is.",
    detail: files,
    action: { label: "Choose what to keep…", ask: "force" },
  }),
  "document-changed": ({ document }) => ({
    what: `${baseName(document.file)} was changed outside of this window.`,
    means: "Nothing was overwritten: your text is still here, and the other one is on disk.",
    detail: [],
    action: { label: "Compare the two", ask: "compare" },
  }),
  exists: ({ name }) => ({
    what: `“${name}” is there already.`,
    means: "Nothing was replaced.",
    detail: [],
    action: { label: "Choose another name", ask: "dismiss" },
  }),
  "invalid-name": ({ what }) => ({
    what: sentence(what),
    means: "Nothing was written.",
    detail: [],
    action: { label: "Change the name", ask: "dismiss" },
  }),
  cancelled: () => ({
    what: "You cancelled it.",
    means: "What had been made for it is removed. Where that fails, the doctor finds what is left over.",
    detail: [],
    action: { label: "Start again", ask: "retry" },
  }),
  internal: ({ what, advice, causes }) => ({ what, means: advice, detail: causes, action: retry }),
};

/** The words for a failure. */
export function wordsFor(error: CommandError): Words {
  // The table has one entry for each code; TypeScript cannot follow that the entry fits the error it was looked up with.
  const entry = TABLE[error.code] as (error: CommandError) => Words;
  return entry(error);
}

/** Every code that the table has words for. */
export const CODES = Object.keys(TABLE) as Code[];

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

function documentOf(file: string): { kind: DocumentKind; name: string } {
  const kind: DocumentKind = /[\\/]bottles[\\/][^\\/]*$/.test(file) ? "bottle" : "agent";
  return { kind, name: baseName(file).replace(/\.md$/, "") };
}

function sentence(text: string): string {
  const trimmed = text.trim();
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
