// What the fake program knows: lists that its commands read and change, the events that it sends, and failures that a test asks for.
// A command begins with `world.enter("name")`, so any of them can be made to fail once or always without a special case.

import type {
  AgentSummary,
  BottleSummary,
  CommandError,
  CredentialSummary,
  FilesDropped,
  FilesHovering,
  Phase,
  SessionSummary,
  TaskSummary,
} from "../../ipc/bindings";
import { HostError, type EventHost, type Unsubscribe } from "../host";

/** The fake program's events and their payloads. */
export interface FakeEvents {
  sessionsChanged: undefined;
  tasksChanged: undefined;
  libraryChanged: undefined;
  credentialsChanged: undefined;
  settingsChanged: undefined;
  systemChanged: undefined;
  launchRequested: undefined;
  filesDropped: FilesDropped;
  filesHovering: FilesHovering;
  filesLeft: undefined;
}

type Listeners = { [Name in keyof FakeEvents]: Set<(payload: FakeEvents[Name]) => void> };

export class FakeWorld {
  agents: AgentSummary[] = [];
  bottles: BottleSummary[] = [];
  credentials: CredentialSummary[] = [];
  sessions: SessionSummary[] = [];
  tasks: TaskSummary[] = [];
  /** Milliseconds that a phase of a start takes; a test sets it to 0. */
  pace = 350;
  /** The phase in which every start fails, and how, or null. */
  failingPhase: { phase: Phase; error: CommandError } | null = null;
  /** Every command that was called, with its arguments, for a test to look at. */
  readonly calls: { name: string; given: unknown[] }[] = [];
  private readonly trash = new Map<string, () => void>();
  private readonly failures = new Map<string, { error: CommandError; times: number }>();
  private readonly listeners: Listeners = {
    sessionsChanged: new Set(),
    tasksChanged: new Set(),
    libraryChanged: new Set(),
    credentialsChanged: new Set(),
    settingsChanged: new Set(),
    systemChanged: new Set(),
    launchRequested: new Set(),
    filesDropped: new Set(),
    filesHovering: new Set(),
    filesLeft: new Set(),
  };

  /** Makes a command fail the next `times` times. */
  failNext(command: string, error: CommandError, times = 1): void {
    this.failures.set(command, { error, times });
  }

  /** Notes a call and throws what a test has asked for. Each fake command begins with it. */
  enter(command: string, ...given: unknown[]): void {
    this.calls.push({ name: command, given });
    const failure = this.failures.get(command);
    if (!failure) return;
    failure.times -= 1;
    if (failure.times <= 0) this.failures.delete(command);
    throw new HostError(failure.error);
  }

  /** Remembers how something that was removed comes back; gives its name in the trash. */
  throwAway(back: () => void): string {
    const id = String(this.calls.length);
    this.trash.set(id, back);
    return id;
  }

  restore(id: string): void {
    const back = this.trash.get(id);
    if (!back)
      throw new HostError({ code: "internal", what: "It is not in the trash.", advice: "", causes: [] });
    back();
    this.trash.delete(id);
  }

  /** The calls of one command. */
  called(command: string): unknown[][] {
    return this.calls.filter((call) => call.name === command).map((call) => call.given);
  }

  tell<Name extends keyof FakeEvents>(name: Name, payload: FakeEvents[Name]): void {
    for (const hear of [...this.listeners[name]]) hear(payload);
  }

  events(): EventHost {
    const on =
      <Name extends keyof FakeEvents>(name: Name) =>
      (hear: (payload: FakeEvents[Name]) => void): Unsubscribe => {
        this.listeners[name].add(hear);
        return () => void this.listeners[name].delete(hear);
      };
    return {
      onSessionsChanged: on("sessionsChanged"),
      onTasksChanged: on("tasksChanged"),
      onLibraryChanged: on("libraryChanged"),
      onCredentialsChanged: on("credentialsChanged"),
      onSettingsChanged: on("settingsChanged"),
      onSystemChanged: on("systemChanged"),
      onLaunchRequested: on("launchRequested"),
      onFilesDropped: on("filesDropped"),
      onFilesHovering: on("filesHovering"),
      onFilesLeft: on("filesLeft"),
    };
  }
}
