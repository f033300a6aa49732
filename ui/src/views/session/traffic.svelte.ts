// What passed the doors of a session, as its stream tells it: bounded, grouped by host with counts, and held still while paused.

import type { TrafficEvent } from "$lib/ipc/bindings";

type Verdict = Extract<TrafficEvent, { kind: "allowed" | "denied" }>;

export type Passage = Verdict & { number: number };

export interface HostGroup {
  host: string;
  allowed: number;
  denied: number;
  passages: Passage[];
}

/** Requests kept; older ones go first, their count stays. */
const KEPT = 2000;

export class TrafficLog {
  passages = $state.raw<Passage[]>([]);
  lost = $state(0);
  paused = $state(false);
  ended = $state(false);
  private arrived: Passage[] = [];
  private next = 1;
  private scheduled = false;

  take(event: TrafficEvent): void {
    switch (event.kind) {
      case "allowed":
      case "denied":
        this.arrived.push({ ...event, number: this.next++ });
        if (this.arrived.length > 2 * KEPT) this.arrived = this.arrived.slice(-KEPT);
        this.schedule();
        break;
      case "lost":
        this.lost += event.count;
        break;
      case "end":
        this.ended = true;
        break;
      case "routes-changed":
      case "paused":
        break;
    }
  }

  pause(paused: boolean): void {
    this.paused = paused;
    if (!paused) this.schedule();
  }

  /** The newest host first; inside, the newest request first. */
  groups(sought: string): HostGroup[] {
    const groups = new Map<string, HostGroup>();
    const wanted = sought.trim().toLowerCase();
    for (const passage of [...this.passages].reverse()) {
      const text = `${passage.host} ${passage.method} ${passage.path} ${passage.kind}`.toLowerCase();
      if (wanted && !text.includes(wanted)) continue;
      const group = groups.get(passage.host) ?? { host: passage.host, allowed: 0, denied: 0, passages: [] };
      group[passage.kind] += 1;
      group.passages.push(passage);
      groups.set(passage.host, group);
    }
    return [...groups.values()];
  }

  /** One redraw for a burst. */
  private schedule(): void {
    if (this.scheduled || this.paused) return;
    this.scheduled = true;
    setTimeout(() => {
      this.scheduled = false;
      if (!this.paused) this.passages = this.arrived.slice(-KEPT);
    }, 60);
  }
}
