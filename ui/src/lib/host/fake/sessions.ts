// The sessions of the fake program: one that runs, one that was kept, one that ended. What a session may do is worked out from the same
// texts that the composer edits.

import type {
  Evidence,
  Plan,
  PlanSheet,
  SessionFacts,
  SessionSummary,
  StartInput,
  TrafficEvent,
} from "../../ipc/bindings";
import { HostError, type SessionHost } from "../host";
import { shelf } from "./compose";
import { Starts } from "./start";
import { Screens } from "./terminal";
import type { FakeWorld } from "./world";

const now = () => Date.now() / 1000;

/** A session with everything that a test does not care about filled in. */
export function session(part: Partial<SessionSummary> & { id: string }): SessionSummary {
  return {
    agent: part.id.replace(/-[^-]*$/, ""),
    bottle: "web",
    backend: "docker",
    state: "running",
    demo: false,
    here: part.state === undefined || part.state === "running",
    reason: null,
    createdAt: now() - 1200,
    endedAt: null,
    exitCode: null,
    workspace: "/Users/ada/code/harbour",
    transcript: true,
    changedFiles: 0,
    resumable: part.state === "preserved" || part.state === "interrupted",
    task: null,
    ...part,
  };
}

/** Makes a plan sheet from the texts on the fake disk. */
export function sheet(
  world: FakeWorld,
  input: Pick<StartInput, "agent" | "demo" | "workspace" | "answers">,
): PlanSheet {
  const disk = shelf(world);
  const agent = world.agents.find((other) => other.name === input.agent);
  if (!input.demo && !agent) throw new HostError({ code: "no-agent", name: input.agent, nearest: null });
  if (agent?.fault) throw new HostError({ code: "manifest", fault: agent.fault });
  const checked = agent
    ? disk.check("agent", agent.name, disk.read("agent", agent.name).text)
    : disk.check("bottle", "base", disk.read("bottle", "base").text);
  const authority = {
    ...(checked.authority as NonNullable<typeof checked.authority>),
    workspace: input.workspace,
  };
  const credentials = input.demo
    ? []
    : [...new Set(authority.routes.flatMap((route) => route.credential ?? []))];
  const routes = input.demo
    ? authority.routes.map((route) => ({ ...route, credential: "demo", scripted: true }))
    : authority.routes;
  const plan: Plan = {
    agent: input.agent,
    bottle: agent?.bottle ?? "demo",
    backend: "docker",
    runtime: "runc",
    image: "claude-bottle/claude:2.1.197",
    claude: "2.1.197",
    envNames: ["HTTPS_PROXY", "NODE_EXTRA_CA_CERTS", "TERM"],
    bottleEnvNames: ["TICKET", "TZ"],
    skills: (agent?.skills ?? ["bottle-facts"]).map((name) => ({
      name,
      source: `~/.claude-bottle/skills/${name}`,
    })),
    prompt: { path: "/home/node/.claude-bottle-prompt.txt", bytes: 231 },
    hosts: routes.map((route) => route.host),
    routes,
    credentials,
    gitRemotes: [],
    gitGate: false,
    supervise: false,
    resources: { cpus: 2, memoryMib: 4096, diskMib: null },
    daemons: ["egress"],
    workspace: input.workspace ? { source: input.workspace, destination: "/workspace" } : null,
    caFingerprint: null,
    warnings: input.workspace?.includes("harbour")
      ? [".env in the folder looks like it holds secrets. The copy will hold it too."]
      : [],
  };
  const asked = agent?.bottle === "web" ? [{ name: "TICKET", question: "Which ticket is this about" }] : [];
  return {
    plan,
    questions: asked.filter(
      (question) => !input.answers.some((answer) => answer.name === question.name && answer.value !== ""),
    ),
    missing: credentials.filter((name) => !world.credentials.some((credential) => credential.name === name)),
    authority: { ...authority, routes },
  };
}

const TITLES = [
  "Only the loopback interface",
  "No route out",
  "No name is resolved",
  "Raw sockets refused",
  "No engine socket inside",
  "No credential in the environment",
  "No capability left",
  "The doors answer",
];

export const EVIDENCE: Evidence = {
  passed: true,
  tookMs: 18,
  checks: TITLES.map((title, at) => ({
    id: `check-${String(at)}`,
    title,
    passed: true,
    seen: at === 0 ? "lo is up, nothing else" : "refused, as it has to be",
  })),
};

function traffic(at: number): TrafficEvent[] {
  const allowed = { kind: "allowed" as const, daemon: "egress", rule: "api.anthropic.com" };
  return [
    {
      ...allowed,
      atMs: at - 90_000,
      host: "api.anthropic.com",
      method: "POST",
      path: "/v1/messages",
      credential: "claude",
    },
    {
      ...allowed,
      atMs: at - 61_000,
      host: "api.anthropic.com",
      method: "POST",
      path: "/v1/messages",
      credential: "claude",
    },
    {
      kind: "allowed",
      daemon: "egress",
      rule: "crates.io",
      atMs: at - 42_000,
      host: "crates.io",
      method: "GET",
      path: "/api/v1/crates/serde",
      credential: null,
    },
    {
      kind: "denied",
      daemon: "egress",
      rule: "closed",
      atMs: at - 30_000,
      host: "example.com",
      method: "CONNECT",
      path: "",
      reason: "example.com is not open in this bottle.",
    },
    {
      kind: "denied",
      daemon: "egress",
      rule: "crates.io",
      atMs: at - 12_000,
      host: "crates.io",
      method: "PUT",
      path: "/api/v1/crates/new",
      reason: "Only GET is open on crates.io.",
    },
  ];
}

/** Sessions, starts and terminals of the fake program. */
export function fakeSessions(world: FakeWorld): SessionHost {
  shelf(world);
  world.sessions = [
    session({ id: "reviewer-7f3kq", changedFiles: 2 }),
    session({
      id: "fixer-k3p9x",
      bottle: "base",
      state: "interrupted",
      createdAt: now() - 3 * 86_400,
      changedFiles: 4,
      reason: "The app was closed while it ran.",
    }),
    session({
      id: "reviewer-2mm8d",
      state: "settled",
      here: false,
      createdAt: now() - 90_000,
      endedAt: now() - 86_400,
      exitCode: 0,
      changedFiles: 1,
    }),
  ];
  const starts = new Starts(world, session);
  const screens = new Screens(world);
  const find = (id: string): SessionSummary => {
    const found = world.sessions.find((other) => other.id === id);
    if (!found) throw new HostError({ code: "no-session", id });
    return found;
  };
  const changed = (id: string, part: Partial<SessionSummary>) => {
    world.sessions = world.sessions.map((other) => (other.id === id ? { ...other, ...part } : other));
    world.tell("sessionsChanged", undefined);
  };
  const applied = new Set<string>();
  const live = new Map<string, ((event: TrafficEvent) => void)[]>();
  return {
    async listSessions() {
      world.enter("listSessions");
      return structuredClone(world.sessions);
    },
    async planSession(input) {
      world.enter("planSession", input);
      return sheet(world, input);
    },
    async startSession(input) {
      world.enter("startSession", input);
      const { missing, questions } = sheet(world, input);
      if (missing[0]) throw new HostError({ code: "missing-credential", name: missing[0] });
      if (questions[0]) throw new HostError({ code: "unanswered", ...questions[0] });
      return starts.begin(input.agent, input.demo, input.workspace, null);
    },
    async resumeSession(id, answers) {
      world.enter("resumeSession", id, answers);
      const found = find(id);
      if (found.state === "settled") throw new HostError({ code: "not-resumable", id });
      return starts.begin(found.agent, found.demo, found.workspace, id);
    },
    ...starts.host(),
    async stopSession(id, keep) {
      world.enter("stopSession", id, keep);
      const found = find(id);
      for (const hear of live.get(id) ?? []) hear({ kind: "end" });
      changed(id, {
        state: keep ? "preserved" : "settled",
        here: false,
        resumable: keep,
        endedAt: now(),
        reason: keep ? "You stopped it to go on later." : null,
      });
      return { kept: keep, reason: null, changedFiles: found.changedFiles, transcript: true };
    },
    async discardSession(id) {
      world.enter("discardSession", id);
      find(id);
      world.sessions = world.sessions.filter((other) => other.id !== id);
      world.tell("sessionsChanged", undefined);
    },
    async sessionFacts(id): Promise<SessionFacts> {
      world.enter("sessionFacts", id);
      const summary = find(id);
      const { plan } = sheet(world, {
        agent: summary.agent,
        demo: summary.demo,
        workspace: summary.workspace,
        answers: [],
      });
      const names = ["src/harbour.rs", "tests/tides.rs", "notes/plan.md", "Cargo.toml"].slice(
        0,
        applied.has(id) ? 0 : summary.changedFiles,
      );
      return {
        summary,
        plan,
        evidence: EVIDENCE,
        folder: `/Users/ada/.claude-bottle/sessions/${id}`,
        changes: names.map((path, at) => ({ path, change: at === 2 ? "added" : "changed" })),
      };
    },
    async applyChanges(id, force) {
      world.enter("applyChanges", id, force);
      if (find(id).agent === "fixer" && !force)
        throw new HostError({ code: "conflict", files: ["src/harbour.rs"] });
      const { changes } = await this.sessionFacts(id);
      applied.add(id);
      changed(id, { changedFiles: 0 });
      return changes.map((change) => change.path);
    },
    async followTraffic(id, hear) {
      world.enter("followTraffic", id);
      const found = find(id);
      for (const event of traffic(Date.now())) hear(event);
      if (found.state === "running") live.set(id, [...(live.get(id) ?? []), hear]);
      else hear({ kind: "end" });
    },
    ...screens.host(),
  };
}
