// What the one button of a finding does, and what it is called. Most actions are the program's; some only lead to another view.

import type { CommandError, Finding, FindingAction } from "$lib/ipc/bindings";
import { asError, type App } from "$lib/state/app.svelte";

export const LABELS: Record<FindingAction, string> = {
  "start-engine": "Start it",
  "install-engine": "How to install",
  "add-credential": "Add your account",
  "prepare-image": "Prepare it now",
  "clean-up": "Look and clean up…",
  "open-home": "Show the folder",
  "free-space": "Free some space",
};

export class Remedies {
  /** The finding whose action is under way. */
  busy = $state<string | null>(null);
  cleaning = $state(false);
  error = $state.raw<CommandError | null>(null);

  constructor(private readonly app: App) {}

  async run({ id, action }: Finding): Promise<void> {
    if (action === null || this.busy !== null) return;
    if (action === "add-credential") {
      await this.app.navigation.go({ name: "credentials", add: "claude" });
      return;
    }
    if (action === "clean-up") {
      this.cleaning = true;
      return;
    }
    this.busy = id;
    this.error = null;
    try {
      const task = await this.app.system.carryOut(action);
      if (task !== null)
        await this.app.navigation.go({ name: "start", agent: "", demo: false, task, resume: null });
    } catch (thrown) {
      this.error = asError(thrown);
    } finally {
      this.busy = null;
    }
  }
}
