// The window as a whole: the sidebar beside a view, sessions in tabs, and the launcher, each as axe sees it.

import { render, screen, waitFor } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import { fakeHost } from "$lib/host/fake";
import { App as Stores } from "$lib/state/app.svelte";
import App from "./App.svelte";
import { expectAccessible } from "./testing/show";

/** A view is loaded when it is first entered, which takes a moment on a busy machine. */
const SOON = { timeout: 10_000 };
vi.setConfig({ testTimeout: 40_000 });

function opened(launcher = false) {
  const host = fakeHost();
  host.world.pace = 0;
  const stores = new Stores(host);
  const { container } = render(App, { props: { stores, launcher } });
  return { host, stores, container };
}

test("the sidebar and Home are accessible together, with one main region", async () => {
  const { container } = opened();
  await screen.findByRole("button", { name: "Start reviewer" }, SOON);
  expect(screen.getAllByRole("main")).toHaveLength(1);
  expect(screen.getAllByRole("navigation").length).toBeGreaterThan(0);
  await expectAccessible(container);
});

test("sessions in tabs are accessible, with their terminal and their facts", async () => {
  const { stores, container } = opened();
  await waitFor(() => expect(stores.sessions.list.value).not.toBeNull());
  const running = stores.sessions.live.find(({ here, state }) => here && state === "running");
  await stores.navigation.go({ name: "session", id: running?.id ?? "" });
  await screen.findByRole("button", { name: "Stop…" }, SOON);
  await screen.findByRole("complementary", { name: `Facts of ${running?.id ?? ""}` });
  await waitFor(() => expect(container.querySelector(".xterm")).not.toBeNull(), SOON);
  await expectAccessible(container);
});

test("every other view opens beside the sidebar with one heading of the first rank", async () => {
  const { stores } = opened();
  for (const name of ["compose", "skills", "credentials", "doctor", "settings"] as const) {
    await stores.navigation.go(name === "compose" ? { name, document: null } : { name });
    await waitFor(() => expect(stores.navigation.view.name).toBe(name));
    await waitFor(() => expect(screen.getAllByRole("heading", { level: 1 }), name).toHaveLength(1), SOON);
  }
});

test("the launcher stands alone", async () => {
  const { container } = opened(true);
  await screen.findAllByRole("option", {}, SOON);
  expect(screen.queryByRole("navigation")).toBeNull();
  await expectAccessible(container);
});
