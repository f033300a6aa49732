// Which agents the launcher offers for what was typed: names that begin with it, then names that hold it, then its letters in order.

import type { AgentSummary } from "$lib/ipc/bindings";

/** How well a name fits, lower is better; null where it does not. */
export function fit(name: string, sought: string): number | null {
  const wanted = sought.trim().toLowerCase();
  if (wanted === "" || name.startsWith(wanted)) return 0;
  if (name.includes(wanted)) return 1;
  let at = -1;
  for (const letter of wanted) {
    at = name.indexOf(letter, at + 1);
    if (at < 0) return null;
  }
  return 2;
}

/** The agents that fit, the best first; equals keep their order, which is by recency. */
export function choicesOf(agents: AgentSummary[], sought: string): AgentSummary[] {
  return agents
    .flatMap((agent) => {
      const rank = fit(agent.name, sought);
      return rank === null ? [] : [{ agent, rank }];
    })
    .sort((a, b) => a.rank - b.rank)
    .map(({ agent }) => agent);
}
