// The machine as the doctor sees it, and the native things that a page cannot do by itself.

import type { About, CleanupItem, Finding, FindingAction } from "../ipc/bindings";
import type { Host } from "../host/host";
import { Snapshot } from "./snapshot.svelte";

export class System {
  readonly findings: Snapshot<Finding[]>;
  readonly about: Snapshot<About>;
  /** Findings that keep a session from starting. */
  trouble = $derived.by(() => (this.findings.value ?? []).filter((finding) => finding.state === "trouble"));

  constructor(private readonly host: Host) {
    this.findings = new Snapshot(() => host.probeSystem());
    this.about = new Snapshot(() => host.about());
  }

  get mac(): boolean {
    return this.about.value?.platform === "macos";
  }

  /** Does what a finding offers; resolves to the number of a task where it takes time. */
  async carryOut(action: FindingAction): Promise<number | null> {
    const task = await this.host.carryOut(action);
    await this.findings.refresh();
    return task;
  }

  cleanupPlan(): Promise<CleanupItem[]> {
    return this.host.cleanupPlan();
  }

  async cleanUp(ids: string[]): Promise<void> {
    await this.host.cleanUp(ids);
    await this.findings.refresh();
  }

  report(): Promise<string> {
    return this.host.report();
  }

  pickFolder(): Promise<string | null> {
    return this.host.pickFolder();
  }

  reveal(path: string): Promise<void> {
    return this.host.reveal(path);
  }

  openLink(url: string): Promise<void> {
    return this.host.openLink(url);
  }
}
