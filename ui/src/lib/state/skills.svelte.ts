// Skills: the list, what may be added, and which agent has which.

import type { Document, SkillCandidate, SkillSummary } from "../ipc/bindings";
import type { Host } from "../host/host";
import { Snapshot } from "./snapshot.svelte";

export class Skills {
  readonly list: Snapshot<SkillSummary[]>;

  constructor(private readonly host: Host) {
    this.list = new Snapshot(() => host.listSkills());
  }

  inspect(paths: string[]): Promise<SkillCandidate[]> {
    return this.host.inspectSkills(paths);
  }

  pick(): Promise<string[]> {
    return this.host.pickSkills();
  }

  read(name: string): Promise<string> {
    return this.host.readSkill(name);
  }

  async add(paths: string[], replace: boolean): Promise<SkillSummary[]> {
    const added = await this.host.addSkills(paths, replace);
    await this.list.refresh();
    return added;
  }

  /** Moves a skill to the trash; resolves to what {@link restore} takes. */
  async remove(name: string): Promise<string> {
    const removed = await this.host.removeSkill(name);
    await this.list.refresh();
    return removed;
  }

  async restore(removed: string): Promise<void> {
    await this.host.restoreRemoved(removed);
    await this.list.refresh();
  }

  async approve(name: string): Promise<SkillSummary> {
    const skill = await this.host.approveSkill(name);
    await this.list.refresh();
    return skill;
  }

  async attach(agent: string, skill: string): Promise<Document> {
    const document = await this.host.attachSkill(agent, skill);
    await this.list.refresh();
    return document;
  }

  async detach(agent: string, skill: string): Promise<Document> {
    const document = await this.host.detachSkill(agent, skill);
    await this.list.refresh();
    return document;
  }
}
