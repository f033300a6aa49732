// The launcher on the fake host: type, arrows, Return.

import { fireEvent, screen, waitFor } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { machine } from "$lib/host/fake/system";
import type { FakeWorld } from "$lib/host/fake/world";
import { expectAccessible, show } from "../../testing/show";
import Launcher from "./Launcher.svelte";
import { fit } from "./choices";

const CLAUDE = { name: "claude", kind: "Claude OAuth token", claude: true, createdAt: 0, usedBy: [] };

const ready = (world: FakeWorld) => {
  world.credentials = [CLAUDE];
  machine(world).settings.confirmStart = false;
};

async function choose(name: string) {
  await screen.findByRole("option", { name: /reviewer/ });
  const field = screen.getByRole("combobox");
  await fireEvent.input(field, { target: { value: name } });
  expect(screen.getAllByRole("option")).toHaveLength(1);
  return field;
}

test("Return starts the agent that was typed, and the launcher goes away", async () => {
  const { app, world } = show(Launcher, {}, ready);
  await waitFor(() => expect(app.settings.current.value).not.toBeNull());
  await fireEvent.keyDown(await choose("fix"), { key: "Enter" });
  await waitFor(() => expect(world.called("leaveLauncher")).toEqual([[null, null]]));
  expect(world.called("startSession")).toMatchObject([[{ agent: "fixer" }]]);
});

test("Return shows the plan where the person wants to see it before a start", async () => {
  const { world } = show(Launcher, {}, (world) => (world.credentials = [CLAUDE]));
  await fireEvent.keyDown(await choose("fix"), { key: "Enter" });
  await waitFor(() => expect(world.called("leaveLauncher")).toEqual([["start", "fixer"]]));
  expect(world.called("startSession")).toEqual([]);
});

test("an agent that may do more than the last time shows its plan all the same", async () => {
  const { app, world } = show(Launcher, {}, ready);
  await waitFor(() => expect(app.settings.current.value).not.toBeNull());
  await fireEvent.keyDown(await choose("reviewer"), { key: "Enter" });
  await waitFor(() => expect(world.called("leaveLauncher")).toEqual([["start", "reviewer"]]));
  expect(world.called("startSession")).toEqual([]);
});

test("a start that is refused says why and stays", async () => {
  const { app, world } = show(Launcher, {}, ready);
  await waitFor(() => expect(app.settings.current.value).not.toBeNull());
  world.failNext("planSession", { code: "no-backend", backend: "docker", problems: [] });
  await fireEvent.keyDown(await choose("fix"), { key: "Enter" });
  expect((await screen.findByRole("alert")).textContent).not.toBe("");
  expect(world.called("leaveLauncher")).toEqual([]);
});

test("a session that runs opens in the main window", async () => {
  const { world } = show(Launcher, {});
  const [first] = await screen.findAllByRole("button", { name: /^Open .*, running$/ });
  await fireEvent.click(first as HTMLElement);
  await waitFor(() => expect(world.called("leaveLauncher")[0]?.[0]).toBe("session"));
});

test("the arrows go round, and Escape closes", async () => {
  const { world } = show(Launcher, {});
  const options = await screen.findAllByRole("option");
  const field = screen.getByRole("combobox");
  await fireEvent.keyDown(field, { key: "ArrowUp" });
  expect(options.at(-1)?.getAttribute("aria-selected")).toBe("true");
  await fireEvent.keyDown(field, { key: "Escape" });
  expect(world.called("leaveLauncher")).toEqual([[null, null]]);
});

test("letters in order fit, letters out of order do not", () => {
  expect(fit("release-notes", "rn")).toBe(2);
  expect(fit("release-notes", "zr")).toBeNull();
});

test("what axe can see of the launcher is accessible", async () => {
  const { container } = show(Launcher, {});
  await screen.findAllByRole("option");
  await expectAccessible(container);
});
