// States and phases in a person's words, with the tone that goes with them. Keyed by the wire's own words, so that a new one cannot be forgotten.

import type { Phase, SessionState, SessionSummary } from "../ipc/bindings";

export interface StateWords {
  tone: "well" | "busy" | "attention" | "trouble" | "idle";
  word: string;
}

const STATES: Record<SessionState, StateWords> = {
  starting: { tone: "busy", word: "Starting" },
  running: { tone: "well", word: "Running" },
  stopping: { tone: "busy", word: "Stopping" },
  preserved: { tone: "attention", word: "Kept" },
  interrupted: { tone: "trouble", word: "Interrupted" },
  settled: { tone: "idle", word: "Finished" },
};

/** The word and tone of a session's state. */
export function stateOf(session: SessionSummary): StateWords {
  return STATES[session.state];
}

const PHASES: Record<Phase, { doing: string; about: string }> = {
  prepare: { doing: "Reading the plan", about: "What the session will have is put together." },
  image: {
    doing: "Preparing the image",
    about: "The first time takes some minutes; after that it is there.",
  },
  launch: { doing: "Starting the bottle", about: "A container without a network card." },
  doors: { doing: "Opening the doors", about: "The only ways out, with the rules of the bottle." },
  provision: { doing: "Moving in", about: "Prompt, skills and a copy of the folder." },
  "self-test": {
    doing: "Checking the walls",
    about: "A program inside tries to get out. Every attempt has to fail.",
  },
  claude: { doing: "Starting claude", about: "" },
  settle: {
    doing: "Saving and tidying up",
    about: "Transcript and changes are saved, then the bottle goes.",
  },
};

/** What a phase does, as words. */
export function phaseWords(phase: Phase): { doing: string; about: string } {
  return PHASES[phase];
}

/** The phases that every start has, in order. */
export const START_PHASES: Phase[] = [
  "prepare",
  "image",
  "launch",
  "doors",
  "provision",
  "self-test",
  "claude",
];
