// Where the person is. The window has no addresses: a view is a small typed value, and a view with unsaved work can hold the person back.

import { untrack } from "svelte";
import type { DocumentKind, Launch, TaskSummary } from "../ipc/bindings";

export type View =
  | { name: "home" }
  | { name: "start"; agent: string; demo: boolean; task: number | null; resume: string | null }
  | { name: "session"; id: string }
  | { name: "compose"; document: { kind: DocumentKind; name: string; line?: number } | null; fresh?: boolean }
  | { name: "skills"; dropped?: string[] }
  | { name: "credentials"; add?: string }
  | { name: "doctor" }
  | { name: "settings" };

export type ViewName = View["name"];

/** Says whether the person may leave; a view that asks them resolves when they have answered. */
export type Guard = () => Promise<boolean>;

export class Navigation {
  view = $state.raw<View>({ name: "home" });
  /** Counts every arrival, so that the same view can be entered anew with other facts. */
  arrivals = $state(0);
  private guards: Guard[] = [];

  /** Goes to a view unless a guard says no. Resolves to whether it went. */
  async go(view: View): Promise<boolean> {
    for (const guard of [...this.guards]) {
      if (!(await guard())) return false;
    }
    this.view = view;
    // An effect that sends the person somewhere must not depend on having been there.
    this.arrivals = untrack(() => this.arrivals) + 1;
    return true;
  }

  /** Holds the person back while there is something to lose; call what it returns when there no longer is. */
  hold(guard: Guard): () => void {
    this.guards.push(guard);
    return () => {
      this.guards = this.guards.filter((other) => other !== guard);
    };
  }
}

/** The view that a start of a demo or of an agent begins with. */
export function startOf(agent: string, demo = false): View {
  return { name: "start", agent, demo, task: null, resume: null };
}

/** A start that runs already; what it is called is in the list of tasks. */
function startOfTask(task: number, tasks: TaskSummary[]): View {
  const known = tasks.find((other) => other.task === task);
  return { name: "start", agent: known?.agent ?? "", demo: known?.demo ?? false, task, resume: null };
}

/** Where a deep link, the menu bar or the launcher wants the window to be. */
export function viewOfLaunch(launch: Launch, tasks: TaskSummary[]): View {
  switch (launch.view) {
    case "session":
      return launch.name ? { name: "session", id: launch.name } : { name: "home" };
    case "start":
      if (!launch.name) return { name: "home" };
      return launch.name.startsWith("task:")
        ? startOfTask(Number(launch.name.slice("task:".length)), tasks)
        : startOf(launch.name);
    case "compose":
      return { name: "compose", document: launch.name ? { kind: "agent", name: launch.name } : null };
    case "home":
    case "skills":
    case "doctor":
    case "settings":
      return { name: launch.view };
  }
}
