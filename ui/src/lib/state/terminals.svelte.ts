// Which sessions have a tab, in the order of the tabs, and the bytes and files that go between a terminal and its session.

import type { InboxFile, TerminalSize } from "../ipc/bindings";
import type { Host } from "../host/host";

export class Terminals {
  tabs = $state.raw<string[]>([]);

  constructor(private readonly host: Host) {}

  /** Gives a session a tab, once. */
  show(id: string): void {
    if (!this.tabs.includes(id)) this.tabs = [...this.tabs, id];
  }

  /** Closes the tab; the session goes on. Returns the tab that is next to it, or null. */
  hide(id: string): string | null {
    const index = this.tabs.indexOf(id);
    this.tabs = this.tabs.filter((tab) => tab !== id);
    return this.tabs[Math.min(Math.max(index, 0), this.tabs.length - 1)] ?? null;
  }

  open(id: string, size: TerminalSize, hear: (bytes: Uint8Array) => void): Promise<number> {
    return this.host.openTerminal(id, size, hear);
  }

  write(id: string, data: string): Promise<void> {
    return this.host.writeTerminal(id, data);
  }

  resize(id: string, size: TerminalSize): Promise<void> {
    return this.host.resizeTerminal(id, size);
  }

  acknowledge(view: number, bytes: number): Promise<void> {
    return this.host.acknowledgeTerminal(view, bytes);
  }

  close(view: number): Promise<void> {
    return this.host.closeTerminal(view);
  }

  putInInbox(id: string, files: InboxFile[]): Promise<string[]> {
    return this.host.putInInbox(id, files);
  }

  copyToInbox(id: string, paths: string[]): Promise<string[]> {
    return this.host.copyToInbox(id, paths);
  }
}
