// Which panes of the bench were in front last, so that another file opens the same way.

export type Panes = "form" | "both" | "text";

export const remembered = $state<{ panes: Panes; authority: boolean }>({ panes: "both", authority: true });
