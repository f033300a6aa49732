// What the page may ask of the program around it: every command and every event, without a word about how they travel.
// `tauri.ts` carries them to the real program, `fake.ts` plays the program for tests and for a browser. A method that fails
// throws `HostError`, which holds the `CommandError` of the wire. A stream calls back until its "end"; there is no way to hang up
// early, so a listener that has lost interest ignores what still comes.

import type {
  About,
  AgentSummary,
  Answer,
  BottleSummary,
  Checked,
  CleanupItem,
  CommandError,
  CredentialSummary,
  Document,
  DocumentKind,
  Edit,
  FilesDropped,
  FilesHovering,
  Finding,
  FindingAction,
  InboxFile,
  Launch,
  LaunchView,
  PlanSheet,
  SessionFacts,
  SessionSummary,
  Settings,
  Settled,
  SkillCandidate,
  SkillSummary,
  StartInput,
  TaskEvent,
  TaskSummary,
  TerminalSize,
  TrafficEvent,
} from "../ipc/bindings";

/** A command's failure, with the facts that its words need. */
export class HostError extends Error {
  constructor(readonly command: CommandError) {
    super(command.code);
    this.name = "HostError";
  }
}

/** Turns whatever was thrown into an error that the table of words knows. */
export function asCommandError(thrown: unknown): CommandError {
  if (thrown instanceof HostError) return thrown.command;
  const cause = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    code: "internal",
    what: "The window could not finish what you asked for.",
    advice: "Try it again. If it stays like this, quit the app and open it again: sessions keep running.",
    causes: [cause],
  };
}

/** Ends a subscription. */
export type Unsubscribe = () => void;

/** Sessions, and the tasks that start, continue and stop them. */
export interface SessionHost {
  listSessions(): Promise<SessionSummary[]>;
  planSession(input: StartInput): Promise<PlanSheet>;
  startSession(input: StartInput): Promise<number>;
  resumeSession(id: string, answers: Answer[]): Promise<number>;
  listTasks(): Promise<TaskSummary[]>;
  followTask(task: number, hear: (event: TaskEvent) => void): Promise<void>;
  cancelTask(task: number): Promise<void>;
  dismissTask(task: number): Promise<void>;
  stopSession(id: string, keep: boolean): Promise<Settled>;
  discardSession(id: string): Promise<void>;
  sessionFacts(id: string): Promise<SessionFacts>;
  applyChanges(id: string, force: boolean): Promise<string[]>;
  followTraffic(id: string, hear: (event: TrafficEvent) => void): Promise<void>;
  openTerminal(id: string, size: TerminalSize, hear: (bytes: Uint8Array) => void): Promise<number>;
  writeTerminal(id: string, data: string): Promise<void>;
  resizeTerminal(id: string, size: TerminalSize): Promise<void>;
  acknowledgeTerminal(view: number, bytes: number): Promise<void>;
  closeTerminal(view: number): Promise<void>;
  putInInbox(id: string, files: InboxFile[]): Promise<string[]>;
  copyToInbox(id: string, paths: string[]): Promise<string[]>;
}

/** Agents and bottles: the files a person could also write by hand. */
export interface ComposeHost {
  listAgents(): Promise<AgentSummary[]>;
  listBottles(): Promise<BottleSummary[]>;
  openDocument(kind: DocumentKind, name: string): Promise<Document>;
  createDocument(kind: DocumentKind, name: string): Promise<Document>;
  checkDocument(kind: DocumentKind, name: string, text: string): Promise<Checked>;
  editDocument(kind: DocumentKind, text: string, edits: Edit[]): Promise<string>;
  saveDocument(kind: DocumentKind, name: string, text: string, base: string): Promise<Document>;
  /** Gives what it is called in the trash. */
  removeDocument(kind: DocumentKind, name: string): Promise<string>;
  /** Puts a document or a skill back that was moved to the trash. */
  restoreRemoved(id: string): Promise<void>;
  renameDocument(kind: DocumentKind, from: string, to: string): Promise<Document>;
  saveDraft(key: string, text: string): Promise<void>;
  readDraft(key: string): Promise<string | null>;
  removeDraft(key: string): Promise<void>;
  listDrafts(): Promise<string[]>;
}

/** Skills and what is on disk of them. */
export interface SkillHost {
  listSkills(): Promise<SkillSummary[]>;
  inspectSkills(paths: string[]): Promise<SkillCandidate[]>;
  addSkills(paths: string[], replace: boolean): Promise<SkillSummary[]>;
  /** Gives what it is called in the trash. */
  removeSkill(name: string): Promise<string>;
  approveSkill(name: string): Promise<SkillSummary>;
  attachSkill(agent: string, skill: string): Promise<Document>;
  detachSkill(agent: string, skill: string): Promise<Document>;
  readSkill(name: string): Promise<string>;
}

/** Names of credentials. A value goes in once and never comes out. */
export interface CredentialHost {
  listCredentials(): Promise<CredentialSummary[]>;
  addCredential(name: string, value: string, replace: boolean): Promise<CredentialSummary>;
  removeCredential(name: string): Promise<void>;
}

/** The machine, the settings and the native things that a page cannot do. */
export interface SystemHost {
  probeSystem(): Promise<Finding[]>;
  carryOut(action: FindingAction): Promise<number | null>;
  cleanupPlan(): Promise<CleanupItem[]>;
  cleanUp(ids: string[]): Promise<void>;
  report(): Promise<string>;
  readSettings(): Promise<Settings>;
  writeSettings(settings: Settings): Promise<Settings>;
  about(): Promise<About>;
  pickFolder(): Promise<string | null>;
  pickSkills(): Promise<string[]>;
  reveal(path: string): Promise<void>;
  openLink(url: string): Promise<void>;
  takeLaunch(): Promise<Launch>;
  /** Hides the launcher, and brings the main window forward at a view where one is given. */
  leaveLauncher(view: LaunchView | null, name: string | null): Promise<void>;
}

/** What the program tells on its own. Most only say "ask again". */
export interface EventHost {
  onSessionsChanged(hear: () => void): Unsubscribe;
  onTasksChanged(hear: () => void): Unsubscribe;
  onLibraryChanged(hear: () => void): Unsubscribe;
  onCredentialsChanged(hear: () => void): Unsubscribe;
  onSettingsChanged(hear: () => void): Unsubscribe;
  onSystemChanged(hear: () => void): Unsubscribe;
  onLaunchRequested(hear: () => void): Unsubscribe;
  onFilesDropped(hear: (files: FilesDropped) => void): Unsubscribe;
  onFilesHovering(hear: (files: FilesHovering) => void): Unsubscribe;
  onFilesLeft(hear: () => void): Unsubscribe;
}

export type Host = SessionHost & ComposeHost & SkillHost & CredentialHost & SystemHost & EventHost;
