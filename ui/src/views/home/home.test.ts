// Home on the fake host: what is in front first, what an empty home offers, and that nothing is lost by one click.

import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { expectAccessible, show } from "../../testing/show";
import Home from "./Home.svelte";

test("what needs the person comes before what runs, and that before the agents", async () => {
  const { container } = show(Home, {});
  await screen.findByRole("heading", { name: "Agents" });
  await screen.findByRole("heading", { name: "Needs you" });
  const headings = [...container.querySelectorAll("h2")].map((heading) => heading.textContent);
  expect(headings.filter((text) => !text?.startsWith("Discard"))).toEqual([
    "Needs you",
    "Running",
    "Agents",
    "Earlier sessions",
  ]);
  await expectAccessible(container);
});

test("an empty home offers the demo without an account, and the first agent", async () => {
  const { app, container } = show(Home, {}, (world) => {
    world.agents = [];
    world.sessions = [];
  });
  await fireEvent.click(await screen.findByRole("button", { name: "Try it without an account" }));
  await waitFor(() => expect(app.navigation.view).toMatchObject({ name: "start", demo: true }));
  expect(screen.getByRole("button", { name: "Make your first agent" })).toBeTruthy();
  await expectAccessible(container);
});

test("start leads to that agent's plan and starts nothing yet", async () => {
  const { app, world } = show(Home, {});
  await fireEvent.click(await screen.findByRole("button", { name: "Start fixer" }));
  await waitFor(() =>
    expect(app.navigation.view).toMatchObject({ name: "start", agent: "fixer", demo: false }),
  );
  expect(world.called("startSession")).toEqual([]);
});

test("an agent with a fault cannot be started; its file opens at the line", async () => {
  const { app } = show(Home, {});
  await fireEvent.click(await screen.findByRole("button", { name: "Mend release-notes" }));
  expect(screen.queryByRole("button", { name: "Start release-notes" })).toBeNull();
  await waitFor(() =>
    expect(app.navigation.view).toMatchObject({
      name: "compose",
      document: { name: "release-notes", line: 4 },
    }),
  );
});

test("discard asks first, and a refusal stays in the question", async () => {
  const { world } = show(Home, {});
  await fireEvent.click(await screen.findByRole("button", { name: "Discard fixer-k3p9x" }));
  const question = screen.getByRole("dialog");
  expect(world.called("discardSession")).toEqual([]);
  world.failNext("discardSession", { code: "session-in-use", id: "fixer-k3p9x" });
  await fireEvent.click(within(question).getByRole("button", { name: "Discard" }));
  expect(await within(question).findByText("The session fixer-k3p9x is in use.")).toBeTruthy();
  await fireEvent.click(within(question).getByRole("button", { name: "Discard" }));
  await waitFor(() => expect(screen.queryByRole("button", { name: "Discard fixer-k3p9x" })).toBeNull());
});

test("agents that cannot be read are an error with one action, not an empty home", async () => {
  const { world } = show(Home, {}, (made) =>
    made.failNext("listAgents", {
      code: "internal",
      what: "The folder cannot be read.",
      advice: "Look at its rights.",
      causes: [],
    }),
  );
  const note = (await screen.findByText("The folder cannot be read.")).closest<HTMLElement>("[role=alert]");
  expect(screen.queryByText("Try it without an account")).toBeNull();
  await fireEvent.click(within(note as HTMLElement).getByRole("button", { name: "Try again" }));
  await screen.findByText("reviewer");
  expect(world.called("listAgents").length).toBeGreaterThan(1);
});

test("every control is reached by the keyboard alone", async () => {
  const { container } = show(Home, {});
  await screen.findByText("reviewer");
  const pointed = [...container.querySelectorAll<HTMLElement>("[onclick], button, a, input, [role=button]")];
  expect(pointed.length).toBeGreaterThan(5);
  for (const control of pointed) expect(control.tabIndex, control.outerHTML).toBeGreaterThanOrEqual(0);
});
