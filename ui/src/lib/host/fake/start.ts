// Starts of the fake program: the phases of a real one, at the pace of the world, with log lines, a fraction and a cancel that works.

import type { CommandError, Phase, SessionSummary, TaskEvent, TaskSummary } from "../../ipc/bindings";
import { HostError, type SessionHost } from "../host";
import type { FakeWorld } from "./world";

const STEPS: { phase: Phase; steps: string[]; log: string[] }[] = [
  { phase: "prepare", steps: [], log: [] },
  {
    phase: "image",
    steps: ["Reading layers", "Unpacking claude"],
    log: ["claude-bottle/claude:2.1.197", "6 of 6 layers are there", "digest sha256:0c1f… matches the pin"],
  },
  { phase: "launch", steps: [], log: ["network none, no capabilities, read-only doors"] },
  {
    phase: "doors",
    steps: ["egress"],
    log: ["egress listens on its socket", "1 credential given, in memory only"],
  },
  {
    phase: "provision",
    steps: ["certificate", "prompt", "skills", "workspace"],
    log: ["214 files copied to /workspace"],
  },
  { phase: "self-test", steps: [], log: ["16 of 16 attempts to get out failed"] },
  { phase: "claude", steps: [], log: [] },
];

type Listener = (event: TaskEvent) => void;
type StartPart = Pick<SessionHost, "listTasks" | "followTask" | "cancelTask" | "dismissTask">;

interface Task {
  summary: TaskSummary;
  events: TaskEvent[];
  listeners: Listener[];
  cancelled: boolean;
}

export class Starts {
  private readonly tasks = new Map<number, Task>();
  private next = 1;

  constructor(
    private readonly world: FakeWorld,
    private readonly session: (part: Partial<SessionSummary> & { id: string }) => SessionSummary,
  ) {}

  begin(agent: string, demo: boolean, workspace: string | null, resumed: string | null): number {
    const number = this.next++;
    const task: Task = {
      summary: {
        task: number,
        title: resumed ? `Continuing ${resumed}` : `Starting ${agent}`,
        agent,
        session: null,
        demo,
        state: "running",
        beganAt: Date.now() / 1000,
        phase: null,
        error: null,
      },
      events: [],
      listeners: [],
      cancelled: false,
    };
    this.tasks.set(number, task);
    this.tell();
    void this.run(task, workspace, resumed);
    return number;
  }

  host(): StartPart {
    const { world } = this;
    return {
      listTasks: async () => {
        world.enter("listTasks");
        return [...this.tasks.values()].map((task) => ({ ...task.summary }));
      },
      followTask: async (number, hear) => {
        world.enter("followTask", number);
        const task = this.tasks.get(number);
        if (!task) throw gone(number);
        for (const event of task.events) hear(event);
        task.listeners.push(hear);
      },
      cancelTask: async (number) => {
        world.enter("cancelTask", number);
        const task = this.tasks.get(number);
        if (task) task.cancelled = true;
      },
      dismissTask: async (number) => {
        world.enter("dismissTask", number);
        this.tasks.delete(number);
        this.tell();
      },
    };
  }

  private async run(task: Task, workspace: string | null, resumed: string | null): Promise<void> {
    const began = Date.now();
    const at = () => Date.now() - began;
    for (const { phase, steps, log } of STEPS) {
      task.summary.phase = phase;
      this.send(task, { kind: "began", phase, atMs: at() });
      const entered = at();
      for (const [index, step] of steps.entries()) {
        const fraction = steps.length > 1 ? (index + 1) / steps.length : null;
        this.send(task, { kind: "advanced", phase, step, fraction, atMs: at() });
        await this.wait(task);
      }
      if (log.length > 0) this.send(task, { kind: "log", phase, lines: log });
      await this.wait(task);
      const error = task.cancelled ? ({ code: "cancelled" } as const) : this.failure(phase);
      if (error) {
        this.send(task, { kind: "failed", phase, atMs: at() });
        this.finish(task, error.code === "cancelled" ? "cancelled" : "failed", null, error);
        return;
      }
      this.send(task, { kind: "ended", phase, tookMs: at() - entered, atMs: at() });
    }
    const id = resumed ?? `${task.summary.agent}-${Math.random().toString(36).slice(2, 7).padEnd(5, "0")}`;
    const running = this.session({
      id,
      agent: task.summary.agent,
      demo: task.summary.demo,
      workspace,
      createdAt: Date.now() / 1000,
    });
    this.world.sessions = [running, ...this.world.sessions.filter((other) => other.id !== id)];
    this.world.tell("sessionsChanged", undefined);
    this.finish(task, "done", id, null);
  }

  private failure(phase: Phase): CommandError | null {
    const { failingPhase } = this.world;
    return failingPhase?.phase === phase ? failingPhase.error : null;
  }

  private async wait(task: Task): Promise<void> {
    const end = Date.now() + this.world.pace;
    do await new Promise((go) => setTimeout(go, Math.min(this.world.pace, 20)));
    while (Date.now() < end && !task.cancelled);
  }

  private finish(
    task: Task,
    state: TaskSummary["state"],
    session: string | null,
    error: CommandError | null,
  ): void {
    task.summary = { ...task.summary, state, session, error };
    this.send(task, { kind: "end", session, error });
    this.tell();
  }

  private send(task: Task, event: TaskEvent): void {
    task.events.push(event);
    for (const hear of task.listeners) hear(event);
  }

  private tell(): void {
    this.world.tell("tasksChanged", undefined);
  }
}

function gone(number: number): HostError {
  return new HostError({
    code: "internal",
    what: `The start number ${String(number)} is no longer there.`,
    advice: "Go home and start again.",
    causes: [],
  });
}
