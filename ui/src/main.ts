// Where the page begins: finds the program around it, makes the stores, and shows the window or the launcher.

import { mount } from "svelte";
import "./app.css";
import App from "./App.svelte";
import type { Host } from "./lib/host/host";
import { App as Stores } from "./lib/state/app.svelte";
import { recallTheme } from "./lib/state/settings.svelte";

async function findHost(): Promise<Host> {
  if (import.meta.env.MODE === "fake") return (await import("./lib/host/fake")).fakeHost();
  return (await import("./lib/host/tauri")).tauriHost();
}

recallTheme();
const target = document.getElementById("app");
if (target) {
  const stores = new Stores(await findHost());
  mount(App, { target, props: { stores, launcher: location.hash === "#launcher" } });
}
