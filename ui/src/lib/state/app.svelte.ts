// All stores of one window over one host. `connect` subscribes them to the host's events: an event makes a store ask again, and nothing
// else. Views and components get it with `useApp()`.

import { getContext, setContext } from "svelte";
import type { Host } from "../host/host";
import type { LaunchView } from "../ipc/bindings";
import { Credentials } from "./credentials.svelte";
import { Drafts } from "./drafts.svelte";
import { Drops } from "./drops.svelte";
import { Library } from "./library.svelte";
import { Navigation, viewOfLaunch } from "./navigation.svelte";
import { Notices } from "./notices.svelte";
import { Sessions } from "./sessions.svelte";
import { Preferences } from "./settings.svelte";
import { Skills } from "./skills.svelte";
import { System } from "./system.svelte";
import { Terminals } from "./terminals.svelte";

/** Turns what a store threw into an error that `ErrorNote` can show. */
export { asCommandError as asError } from "../host/host";

const KEY = Symbol("app");

export class App {
  readonly navigation = new Navigation();
  readonly notices = new Notices();
  readonly drops = new Drops();
  readonly sessions: Sessions;
  readonly library: Library;
  readonly skills: Skills;
  readonly credentials: Credentials;
  readonly system: System;
  readonly settings: Preferences;
  readonly drafts: Drafts;
  readonly terminals: Terminals;

  constructor(private readonly host: Host) {
    this.sessions = new Sessions(host);
    this.library = new Library(host);
    this.skills = new Skills(host);
    this.credentials = new Credentials(host);
    this.system = new System(host);
    this.settings = new Preferences(host);
    this.drafts = new Drafts(host);
    this.terminals = new Terminals(host);
  }

  /**
   * Reads what the first screen needs and listens from then on. Returns what ends the listening. The launcher is another window: what
   * the main window shall open is not its to take.
   */
  connect({ launcher = false } = {}): () => void {
    const { host, sessions, library, skills, credentials, system, settings } = this;
    const subscriptions = [
      host.onSessionsChanged(() => void sessions.list.refresh()),
      host.onTasksChanged(() => void sessions.tasks.refresh()),
      host.onLibraryChanged(() => {
        void library.refresh();
        if (skills.list.value) void skills.list.refresh();
      }),
      host.onCredentialsChanged(() => void credentials.list.refresh()),
      host.onSettingsChanged(() => void settings.current.refresh()),
      host.onSystemChanged(() => void system.findings.refresh()),
      host.onFilesHovering(({ paths, x, y }) => (this.drops.hovering = { count: paths, x, y })),
      host.onFilesLeft(() => (this.drops.hovering = null)),
      host.onFilesDropped((files) => {
        if (!this.drops.deliver(files)) void this.navigation.go({ name: "skills", dropped: files.paths });
      }),
    ];
    if (!launcher) subscriptions.push(host.onLaunchRequested(() => void this.follow()));
    const hide = () => void this.drafts.flush();
    window.addEventListener("pagehide", hide);
    window.addEventListener("blur", hide);
    if (launcher) void settings.current.refresh();
    else void this.arrive();
    void system.about.refresh();
    const lists = [library.agents.refresh(), sessions.list.refresh(), sessions.tasks.refresh()];
    // What is looked at for the longest, engine and keychain, comes after what is seen first.
    void Promise.all(lists).then(() => {
      void system.findings.refresh();
      void library.bottles.refresh();
      void credentials.list.refresh();
    });
    return () => {
      for (const end of subscriptions) end();
      window.removeEventListener("pagehide", hide);
      window.removeEventListener("blur", hide);
    };
  }

  /** The first window begins with the welcome, unless something else was asked for. */
  private async arrive(): Promise<void> {
    await Promise.all([this.settings.current.refresh(), this.follow()]);
    const first = this.settings.current.value?.firstRunDone === false;
    if (first && this.navigation.arrivals === 0) await this.navigation.go({ name: "doctor" });
  }

  /** From the launcher: hides it, and brings the main window forward where it is given a view. */
  leaveLauncher(view: LaunchView | null = null, name: string | null = null): Promise<void> {
    return this.host.leaveLauncher(view, name);
  }

  private async follow(): Promise<void> {
    const launch = await this.host.takeLaunch().catch(() => null);
    if (launch && (launch.view !== "home" || this.navigation.arrivals > 0)) {
      if (launch.view === "start") await this.sessions.tasks.refresh();
      await this.navigation.go(viewOfLaunch(launch, this.sessions.tasks.value ?? []));
    }
  }
}

/** Makes the stores known to the components below. */
export function provideApp(app: App): App {
  return setContext(KEY, app);
}

/** The stores of this window. */
export function useApp(): App {
  return getContext<App>(KEY);
}
