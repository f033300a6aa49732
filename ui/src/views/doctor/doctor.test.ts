// The doctor and the first run on the fake host: live answers, one button each.

import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { machine } from "$lib/host/fake/system";
import { expectAccessible, show } from "../../testing/show";
import Doctor from "./Doctor.svelte";

const fresh = (world: Parameters<typeof machine>[0]) => (machine(world).settings.firstRunDone = false);

test("the button of a failure mends it, and the answer follows", async () => {
  show(Doctor, {}, (world) => {
    machine(world).engine = "stopped";
  });
  expect(await screen.findByText("No bottle can start until this is mended")).toBeTruthy();
  await fireEvent.click(screen.getByRole("button", { name: "Start it" }));
  await waitFor(() => expect(screen.queryByText("No bottle can start until this is mended")).toBeNull());
});

test("the machine is looked at again when the program says so, as it does when the window gets the focus", async () => {
  const { world } = show(Doctor, {});
  await screen.findByText("Docker engine");
  machine(world).engine = "absent";
  world.tell("systemChanged", undefined);
  expect(await screen.findByRole("button", { name: "How to install" })).toBeTruthy();
});

test("a cleanup shows what goes and removes only what is chosen", async () => {
  const { world } = show(Doctor, {});
  await fireEvent.click(await screen.findByRole("button", { name: "Look and clean up…" }));
  const sheet = await screen.findByRole("dialog", { name: "Clean up" });
  await fireEvent.click(await within(sheet).findByRole("checkbox", { name: /fixer-k3p9x/ }));
  await fireEvent.click(within(sheet).getByRole("button", { name: "Remove 1" }));
  await waitFor(() => expect(world.called("cleanUp")).toEqual([[["volume:doors-77c1a"]]]));
});

test("the first run leads to the demo and is not told again", async () => {
  const { app, world } = show(Doctor, {}, fresh);
  const list = await screen.findByRole("list", { name: "What a start needs" });
  await waitFor(() => expect(within(list).getAllByRole("listitem")).toHaveLength(3));
  expect(app.navigation.view).toEqual({ name: "doctor" });
  await fireEvent.click(screen.getByRole("button", { name: "Try it without an account" }));
  await waitFor(() => expect(machine(world).settings.firstRunDone).toBe(true));
  expect(app.navigation.view).toMatchObject({ name: "start", demo: true });
});

test("what axe can see of the doctor is accessible", async () => {
  const { container } = show(Doctor, {}, fresh);
  await screen.findByRole("button", { name: "Look and clean up…" });
  await expectAccessible(container);
});
