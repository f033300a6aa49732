// The journey from a click to a session, on the fake host: agreeing, phases, failing, cancelling.

import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { expectAccessible, show } from "../../testing/show";
import type { FakeWorld } from "../../lib/host/fake/world";
import { startOf, type View } from "../../lib/state/navigation.svelte";
import Start from "./Start.svelte";

type StartView = Extract<View, { name: "start" }>;
const demo = startOf("demo", true) as StartView;
const reviewer = startOf("reviewer") as StartView;

const withClaude = (world: FakeWorld) => {
  world.credentials = ["claude", "tracker"].map((name) => ({
    name,
    kind: "other",
    claude: name === "claude",
    createdAt: 0,
    usedBy: [],
  }));
};

test("a demo starts with the click that asks for it, needs no account, and opens its session", async () => {
  const { app, container } = show(Start, { view: demo });
  await expectAccessible(container);
  await waitFor(() => expect(app.navigation.view.name).toBe("session"));
});

test("the plan says what became wider and what it asks, and starts nothing by itself", async () => {
  const { world, container } = show(Start, { view: reviewer }, withClaude);
  await screen.findByText("crates.io was closed at the last start.");
  expect(screen.getByLabelText("Which ticket is this about")).toBeTruthy();
  expect(world.called("startSession")).toEqual([]);
  await expectAccessible(container);
});

test("the answer to a question of the bottle travels with the start", async () => {
  const { world } = show(Start, { view: reviewer }, withClaude);
  const start = await screen.findByRole<HTMLButtonElement>("button", { name: "Start" });
  expect(start.disabled).toBe(true);
  await fireEvent.input(screen.getByLabelText("Which ticket is this about"), {
    target: { value: "HARBOUR-7" },
  });
  await fireEvent.click(start);
  await waitFor(() => expect(world.called("startSession")).toHaveLength(1));
  expect(world.called("startSession")[0]?.[0]).toMatchObject({
    answers: [{ name: "TICKET", value: "HARBOUR-7" }],
  });
});

test("a missing credential keeps the start back and offers to add exactly it", async () => {
  const { app } = show(Start, { view: reviewer });
  await fireEvent.click(await screen.findByRole("button", { name: "Add “claude”" }));
  await waitFor(() => expect(app.navigation.view).toEqual({ name: "credentials", add: "claude" }));
});

test("a phase that fails shows the core's words and one action, and the plan comes back", async () => {
  const error = {
    code: "image",
    what: "The image could not be built.",
    advice: "Free 4 GB.",
    tail: ["no space left"],
  } as const;
  const { container } = show(Start, { view: demo }, (world) => {
    world.failingPhase = { phase: "image", error: { ...error, tail: [...error.tail] } };
  });
  const note = await screen.findByRole("alert");
  expect(within(note).getByText("The image could not be built.")).toBeTruthy();
  expect(within(note).getAllByRole("button")).toHaveLength(1);
  await expectAccessible(container);
  await fireEvent.click(within(note).getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("Where it may reach")).toBeTruthy();
});

test("cancel reaches the host, and the page says that nothing stayed", async () => {
  const { world } = show(Start, { view: demo }, (made) => (made.pace = 40));
  await fireEvent.click(await screen.findByRole("button", { name: "Cancel" }));
  expect(await screen.findByText("You cancelled it.")).toBeTruthy();
  expect(world.called("cancelTask")).toHaveLength(1);
});

test("a start that is refused keeps what was typed", async () => {
  const { world } = show(Start, { view: reviewer }, withClaude);
  const answer = await screen.findByLabelText<HTMLInputElement>("Which ticket is this about");
  await fireEvent.input(answer, { target: { value: "HARBOUR-7" } });
  world.failNext("startSession", { code: "no-backend", backend: "docker", problems: [] });
  await fireEvent.click(screen.getByRole("button", { name: "Start" }));
  await screen.findByRole("alert");
  expect(answer.value).toBe("HARBOUR-7");
});
