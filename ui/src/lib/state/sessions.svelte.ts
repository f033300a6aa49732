// The sessions, and the tasks that start or continue one.

import type {
  Answer,
  PlanSheet,
  SessionFacts,
  SessionState,
  SessionSummary,
  Settled,
  StartInput,
  TaskSummary,
  TrafficEvent,
} from "../ipc/bindings";
import { asCommandError, type Host } from "../host/host";
import { Progress } from "./progress.svelte";
import { Snapshot } from "./snapshot.svelte";

const LIVE: ReadonlySet<SessionState> = new Set(["starting", "running", "stopping"]);
const WAITING: ReadonlySet<SessionState> = new Set(["preserved", "interrupted"]);

export class Sessions {
  readonly list: Snapshot<SessionSummary[]>;
  readonly tasks: Snapshot<TaskSummary[]>;
  /** Sessions that work right now, newest first. */
  live = $derived.by(() => (this.list.value ?? []).filter((session) => LIVE.has(session.state)));
  /** Sessions that were kept and wait for the person to go on or let go. */
  waiting = $derived.by(() => (this.list.value ?? []).filter((session) => WAITING.has(session.state)));
  /** Sessions that ended and left nothing but their transcript. */
  settled = $derived.by(() => (this.list.value ?? []).filter((session) => session.state === "settled"));
  /** Starts under way, and starts that failed and were not looked at. */
  openTasks = $derived.by(() =>
    (this.tasks.value ?? []).filter((task) => task.state === "running" || task.state === "failed"),
  );

  private readonly followed = new Map<number, Progress>();

  constructor(private readonly host: Host) {
    this.list = new Snapshot(() => host.listSessions());
    this.tasks = new Snapshot(() => host.listTasks());
  }

  find(id: string): SessionSummary | undefined {
    return this.list.value?.find((session) => session.id === id);
  }

  plan(input: StartInput): Promise<PlanSheet> {
    return this.host.planSession(input);
  }

  start(input: StartInput): Promise<number> {
    return this.host.startSession(input);
  }

  /** Whether a start needs nothing more from the person: nothing is missing, asked, warned of, or wider than at the last start. */
  isPlain(sheet: PlanSheet): boolean {
    const { missing, questions, authority, plan } = sheet;
    return [missing, questions, authority.widened, plan.warnings].every((list) => list.length === 0);
  }

  resume(id: string, answers: Answer[]): Promise<number> {
    return this.host.resumeSession(id, answers);
  }

  /** What a start has done so far. It is followed once, however often the person looks. */
  progress(task: number): Progress {
    const known = this.followed.get(task);
    if (known) return known;
    const progress = new Progress(task, this.tasks.value?.find((other) => other.task === task)?.agent !== "");
    this.followed.set(task, progress);
    this.host
      .followTask(task, (event) => progress.take(event))
      .catch((thrown: unknown) =>
        progress.take({ kind: "end", session: null, error: asCommandError(thrown) }),
      );
    return progress;
  }

  cancelTask(task: number): Promise<void> {
    return this.host.cancelTask(task);
  }

  async dismissTask(task: number): Promise<void> {
    await this.host.dismissTask(task);
    this.followed.delete(task);
    await this.tasks.refresh();
  }

  async stop(id: string, keep: boolean): Promise<Settled> {
    const settled = await this.host.stopSession(id, keep);
    await this.list.refresh();
    return settled;
  }

  async discard(id: string): Promise<void> {
    await this.host.discardSession(id);
    await this.list.refresh();
  }

  facts(id: string): Promise<SessionFacts> {
    return this.host.sessionFacts(id);
  }

  apply(id: string, force: boolean): Promise<string[]> {
    return this.host.applyChanges(id, force);
  }

  followTraffic(id: string, hear: (event: TrafficEvent) => void): Promise<void> {
    return this.host.followTraffic(id, hear);
  }
}
