// Where the page begins: finds the program around it, makes the stores, and shows the window or the launcher.

import { mount } from "svelte";
import "./app.css";
import App from "./App.svelte";
import type { Host } from "./lib/host/host";
import { tauriHost } from "./lib/host/tauri";
import { App as Stores } from "./lib/state/app.svelte";
import { recallTheme } from "./lib/state/settings.svelte";

function begin(host: Host): void {
  const target = document.getElementById("app");
  if (!target) return;
  mount(App, { target, props: { stores: new Stores(host), launcher: location.hash === "#launcher" } });
}

recallTheme();
// The real host comes with this file: one more file to wait for would delay the first thing that is seen.
if (import.meta.env.MODE === "fake") void import("./lib/host/fake").then(({ fakeHost }) => begin(fakeHost()));
else begin(tauriHost());
