// The agents and bottles of the fake program. `Shelf` is its disk: a test writes to it as another editor would, and the lists, the
// checks and the conflicts follow from the texts.

import type { BottleFields, Checked, CommandError, Document, DocumentKind } from "../../ipc/bindings";
import { HostError, type ComposeHost } from "../host";
import { addUp, type Before } from "./authority";
import { edit, NAME, nearest, readAgent, readBottle } from "./manifest";
import { AGENTS, BOTTLES, TEMPLATES } from "./samples";
import type { FakeWorld } from "./world";

const HOME = "/Users/ada/.claude-bottle";
const shelves = new WeakMap<FakeWorld, Shelf>();

/** The files of a world. */
export function shelf(world: FakeWorld): Shelf {
  const there = shelves.get(world);
  if (there) return there;
  const made = new Shelf(world);
  shelves.set(world, made);
  return made;
}

export class Shelf {
  readonly drafts = new Map<string, string>();
  readonly before = new Map<string, Before>([
    [
      "reviewer",
      { at: Date.now() / 1000 - 7200, hosts: ["api.anthropic.com", "api.github.com"], memory: "2GiB" },
    ],
  ]);
  private readonly texts: Record<DocumentKind, Map<string, string>> = {
    agent: new Map(Object.entries(AGENTS)),
    bottle: new Map(Object.entries(BOTTLES)),
  };

  constructor(private readonly world: FakeWorld) {
    this.list();
  }

  names(kind: DocumentKind): string[] {
    return [...this.texts[kind].keys()].sort();
  }

  read(kind: DocumentKind, name: string): Document {
    const text = this.texts[kind].get(name);
    if (text === undefined) throw new HostError(missing(kind, name, this.names(kind)));
    return { kind, name, file: file(kind, name), text, digest: digest(text) };
  }

  has(kind: DocumentKind, name: string): boolean {
    return this.texts[kind].has(name);
  }

  /** Writes a file and says so, as an editor outside of the program would make it. */
  write(kind: DocumentKind, name: string, text: string): Document {
    this.texts[kind].set(name, text);
    this.changed();
    return this.read(kind, name);
  }

  remove(kind: DocumentKind, name: string): string {
    const { text } = this.read(kind, name);
    this.texts[kind].delete(name);
    this.changed();
    return this.world.throwAway(() => {
      if (this.has(kind, name)) throw new HostError({ code: "exists", name });
      this.write(kind, name, text);
    });
  }

  check(kind: DocumentKind, name: string, text: string): Checked {
    const bottles = this.names("bottle");
    if (kind === "bottle") {
      const { fault, fields } = readBottle(file(kind, name), name, text, bottles);
      const authority = fields && addUp([...this.parents(fields.extends), fields], null, null, null);
      return { fault, agent: null, bottle: fields, authority };
    }
    const { fault, fields } = readAgent(file(kind, name), name, text, bottles);
    if (!fields) return { fault, agent: null, bottle: null, authority: null };
    const workspace = this.world.agents.find((agent) => agent.name === name)?.lastWorkspace ?? null;
    const authority = addUp(this.parents(fields.bottle), fields, workspace, this.before.get(name) ?? null);
    return { fault, agent: fields, bottle: null, authority };
  }

  private parents(name: string | null, seen: string[] = []): BottleFields[] {
    if (name === null || seen.includes(name)) return [];
    const text = this.texts.bottle.get(name);
    const fields = text === undefined ? null : readBottle("", name, text, this.names("bottle")).fields;
    return fields ? [...this.parents(fields.extends, [...seen, name]), fields] : [];
  }

  private changed(): void {
    this.list();
    this.world.tell("libraryChanged", undefined);
  }

  /** Derives the lists from the texts; what sessions know of an agent stays. */
  private list(): void {
    const started: Record<string, number> = { reviewer: Date.now() / 1000 - 7200 };
    const extra = this.world.agents.filter((agent) => agent.origin === "repository");
    this.world.agents = this.names("agent").map((name) => {
      const { fault, agent } = this.check("agent", name, this.texts.agent.get(name) ?? "");
      const earlier = this.world.agents.find((other) => other.name === name);
      return {
        name,
        description: agent?.description ?? null,
        file: file("agent", name),
        origin: "home" as const,
        bottle: agent?.bottle ?? null,
        model: agent?.model ?? null,
        color: agent?.color ?? null,
        skills: agent?.skills ?? [],
        fault,
        lastStartedAt: earlier ? earlier.lastStartedAt : (started[name] ?? null),
        lastWorkspace: earlier
          ? earlier.lastWorkspace
          : name === "reviewer"
            ? "/Users/ada/code/harbour"
            : null,
        running: earlier?.running ?? 0,
      };
    });
    this.world.agents.push(...extra);
    this.world.agents.sort(
      (a, b) => (b.lastStartedAt ?? 0) - (a.lastStartedAt ?? 0) || a.name.localeCompare(b.name),
    );
    this.world.bottles = this.names("bottle").map((name) => {
      const { fault, bottle, authority } = this.check("bottle", name, this.texts.bottle.get(name) ?? "");
      return {
        name,
        file: file("bottle", name),
        extends: bottle?.extends ?? null,
        hosts: authority?.routes.map((route) => route.host) ?? [],
        credentials: authority?.credentials.map((credential) => credential.text) ?? [],
        usedBy: this.world.agents.filter((agent) => agent.bottle === name).map((agent) => agent.name),
        fault,
      };
    });
  }
}

/** Agents, bottles and drafts of the fake program. */
export function fakeCompose(world: FakeWorld): ComposeHost {
  const disk = shelf(world);
  const take = (kind: DocumentKind, name: string) => {
    if (!NAME.test(name)) {
      const what =
        name === ""
          ? `the ${kind}'s name is empty`
          : `the ${kind}'s name '${name}' may hold only a-z, 0-9 and single hyphens between them`;
      throw new HostError({ code: "invalid-name", name, what });
    }
    if (disk.has(kind, name)) throw new HostError({ code: "exists", name });
  };
  return {
    async listAgents() {
      world.enter("listAgents");
      return structuredClone(world.agents);
    },
    async listBottles() {
      world.enter("listBottles");
      return structuredClone(world.bottles);
    },
    async openDocument(kind, name) {
      world.enter("openDocument", kind, name);
      return disk.read(kind, name);
    },
    async createDocument(kind, name) {
      world.enter("createDocument", kind, name);
      take(kind, name);
      const text =
        kind === "agent" ? TEMPLATES.agent(disk.names("bottle")[0] ?? "first") : TEMPLATES.bottle();
      return disk.write(kind, name, text);
    },
    async checkDocument(kind, name, text) {
      world.enter("checkDocument", kind, name, text);
      return disk.check(kind, name, text);
    },
    async editDocument(kind, text, edits) {
      world.enter("editDocument", kind, text, edits);
      return edit(kind, text, edits);
    },
    async saveDocument(kind, name, text, base) {
      world.enter("saveDocument", kind, name, text, base);
      if (disk.has(kind, name) ? disk.read(kind, name).digest !== base : base !== "") {
        const document = disk.has(kind, name)
          ? disk.read(kind, name)
          : { kind, name, file: file(kind, name), text: "", digest: "" };
        throw new HostError({ code: "document-changed", document });
      }
      return disk.write(kind, name, text);
    },
    async removeDocument(kind, name) {
      world.enter("removeDocument", kind, name);
      return disk.remove(kind, name);
    },
    async restoreRemoved(id) {
      world.enter("restoreRemoved", id);
      world.restore(id);
    },
    async renameDocument(kind, from, to) {
      world.enter("renameDocument", kind, from, to);
      take(kind, to);
      const { text } = disk.read(kind, from);
      disk.write(kind, to, text);
      disk.remove(kind, from);
      return disk.read(kind, to);
    },
    async saveDraft(key, text) {
      world.enter("saveDraft", key, text);
      disk.drafts.set(key, text);
    },
    async readDraft(key) {
      world.enter("readDraft", key);
      return disk.drafts.get(key) ?? null;
    },
    async removeDraft(key) {
      world.enter("removeDraft", key);
      disk.drafts.delete(key);
    },
    async listDrafts() {
      world.enter("listDrafts");
      return [...disk.drafts.keys()].sort();
    },
  };
}

function missing(kind: DocumentKind, name: string, there: string[]): CommandError {
  if (kind === "agent") return { code: "no-agent", name, nearest: nearest(name, there) };
  return {
    code: "internal",
    what: `There is no bottle named ${name}.`,
    advice: "Choose another one.",
    causes: [],
  };
}

function file(kind: DocumentKind, name: string): string {
  return `${HOME}/${kind}s/${name}.md`;
}

/** FNV-1a over UTF-16 units: enough to tell two texts apart here. */
export function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}
