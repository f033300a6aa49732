// Adds up what a bottle lets out, as the core does: parents first, then the file's own words, and what became wider than the last start.

import type {
  AgentFields,
  Authority,
  AuthorityItem,
  BottleFields,
  RouteFact,
  RouteField,
} from "../../ipc/bindings";

const GUARDS: AuthorityItem[] = [
  { text: "No network card", detail: "The only way out is the egress door.", wider: false },
  {
    text: "Headers cleaned",
    detail: "Credentials that the guest sends are taken out on every route.",
    wider: false,
  },
  { text: "Private addresses refused", detail: "After the name is resolved.", wider: false },
];

/** What an agent was allowed when it was last started. */
export type Before = { at: number; hosts: string[]; memory: string | null };

/** Adds up a chain of bottles, the outermost parent first. */
export function addUp(
  chain: BottleFields[],
  agent: AgentFields | null,
  workspace: string | null,
  before: Before | null,
): Authority {
  const routes = new Map<string, RouteField>();
  for (const bottle of chain) for (const route of bottle.routes) routes.set(route.host, route);
  const facts = [...routes.values()].map((route): RouteFact => fact(route, before));
  const credentials = facts.flatMap(({ credential, host }) =>
    credential === null ? [] : [{ credential, host }],
  );
  const own = (key: "cpus" | "memory" | "disk") =>
    chain.map((bottle) => bottle[key]).findLast((value) => value !== null) ?? null;
  const memory = String(own("memory") ?? "4GiB");
  const more = before !== null && before.memory !== null && parseFloat(memory) > parseFloat(before.memory);
  const git =
    agent?.gitName ?? chain.map((bottle) => bottle.gitName).findLast((value) => value !== null) ?? null;
  return {
    routes: facts,
    credentials: [...new Set(credentials.map(({ credential }) => credential))].map((name) => ({
      text: name,
      detail: `put in outside, for ${credentials
        .filter((each) => each.credential === name)
        .map((each) => each.host)
        .join(", ")}`,
      wider: false,
    })),
    gitRemotes: git === null ? [] : [{ text: "No remote", detail: `Commits are by ${git}.`, wider: false }],
    workspace,
    resources: [
      { text: `${String(own("cpus") ?? 2)} processors`, detail: null, wider: false },
      { text: `${memory} of memory`, detail: more ? `was ${before.memory ?? ""}` : null, wider: more },
    ],
    guards: GUARDS,
    widened: [
      ...facts.filter((route) => route.wider).map((route) => `${route.host} was closed at the last start.`),
      ...(more ? [`It may use ${memory} of memory, and had ${before.memory ?? ""}.`] : []),
    ],
    lastStart: before?.at ?? null,
  };
}

function fact(route: RouteField, before: Before | null): RouteFact {
  const { host, methods, paths, credential, scheme } = route;
  return {
    host,
    methods,
    paths,
    credential,
    scheme,
    scripted: false,
    wider: before !== null && !before.hosts.includes(host),
  };
}
