// What one start has done so far, built up from its stream: phases with their times, the step in hand, log lines, and how it ended.

import type { CommandError, Phase, TaskEvent } from "../ipc/bindings";
import { START_PHASES } from "./words";

/** Lines kept for each phase; older ones go first. */
const LINES = 500;

export interface PhaseProgress {
  phase: Phase;
  state: "waiting" | "running" | "done" | "failed";
  /** Milliseconds since the start began. */
  beganAt: number;
  tookMs: number;
  step: string | null;
  fraction: number | null;
  lines: string[];
}

export class Progress {
  phases = $state<PhaseProgress[]>([]);
  ended = $state(false);
  session = $state<string | null>(null);
  error = $state.raw<CommandError | null>(null);
  running = $derived.by(() => this.phases.find((phase) => phase.state === "running") ?? null);
  /** The page's clock when the running phase began, to count its time between events. */
  since = $state(0);

  constructor(
    readonly task: number,
    whole = true,
  ) {
    if (whole) this.phases = START_PHASES.map(waiting);
  }

  take(event: TaskEvent): void {
    if (event.kind === "end") {
      this.ended = true;
      this.session = event.session;
      this.error = event.error;
      return;
    }
    const phase = this.find(event.phase);
    switch (event.kind) {
      case "began":
        phase.state = "running";
        phase.beganAt = event.atMs;
        this.since = performance.now();
        break;
      case "advanced":
        phase.step = event.step;
        phase.fraction = event.fraction;
        break;
      case "log":
        phase.lines = [...phase.lines, ...event.lines].slice(-LINES);
        break;
      case "ended":
        phase.state = "done";
        phase.tookMs = event.tookMs;
        phase.step = null;
        break;
      case "failed":
        phase.state = "failed";
        phase.tookMs = Math.max(0, event.atMs - phase.beganAt);
        break;
    }
  }

  private find(name: Phase): PhaseProgress {
    const found = this.phases.find((phase) => phase.phase === name);
    if (found) return found;
    this.phases.push(waiting(name));
    // The one just pushed, as the reactive list sees it.
    return this.phases.at(-1) as PhaseProgress;
  }
}

function waiting(phase: Phase): PhaseProgress {
  return { phase, state: "waiting", beganAt: 0, tookMs: 0, step: null, fraction: null, lines: [] };
}
