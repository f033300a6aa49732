// Agents and bottles: their lists, and the files behind them.

import type { AgentSummary, BottleSummary, Checked, Document, DocumentKind, Edit } from "../ipc/bindings";
import type { Host } from "../host/host";
import { Snapshot } from "./snapshot.svelte";

export class Library {
  readonly agents: Snapshot<AgentSummary[]>;
  readonly bottles: Snapshot<BottleSummary[]>;

  constructor(private readonly host: Host) {
    this.agents = new Snapshot(() => host.listAgents());
    this.bottles = new Snapshot(() => host.listBottles());
  }

  agent(name: string): AgentSummary | undefined {
    return this.agents.value?.find((agent) => agent.name === name);
  }

  async refresh(): Promise<void> {
    await Promise.all([this.agents.refresh(), this.bottles.refresh()]);
  }

  open(kind: DocumentKind, name: string): Promise<Document> {
    return this.host.openDocument(kind, name);
  }

  check(kind: DocumentKind, name: string, text: string): Promise<Checked> {
    return this.host.checkDocument(kind, name, text);
  }

  edit(kind: DocumentKind, text: string, edits: Edit[]): Promise<string> {
    return this.host.editDocument(kind, text, edits);
  }

  async create(kind: DocumentKind, name: string): Promise<Document> {
    const document = await this.host.createDocument(kind, name);
    await this.refresh();
    return document;
  }

  async save(kind: DocumentKind, name: string, text: string, base: string): Promise<Document> {
    const document = await this.host.saveDocument(kind, name, text, base);
    await this.refresh();
    return document;
  }

  async rename(kind: DocumentKind, from: string, to: string): Promise<Document> {
    const document = await this.host.renameDocument(kind, from, to);
    await this.refresh();
    return document;
  }

  /** Moves a file to the trash; resolves to what {@link restore} takes. */
  async remove(kind: DocumentKind, name: string): Promise<string> {
    const removed = await this.host.removeDocument(kind, name);
    await this.refresh();
    return removed;
  }

  async restore(removed: string): Promise<void> {
    await this.host.restoreRemoved(removed);
    await this.refresh();
  }
}
