// Compose on the fake host: two ways of editing one file, and everything that must not get lost.

import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { shelf } from "$lib/host/fake/compose";
import { expectAccessible, show, type Shown } from "../../testing/show";
import Compose from "./Compose.svelte";

const REVIEWER = { view: { name: "compose", document: { kind: "agent", name: "reviewer" } } } as const;

async function opened(change?: Parameters<typeof show>[2]): Promise<Shown & { editor: HTMLTextAreaElement }> {
  const shown = show(Compose, REVIEWER, change);
  const editor = await screen.findByLabelText<HTMLTextAreaElement>("Text of reviewer");
  return { ...shown, editor };
}

test("a mistake is shown at its line in the core's own words", async () => {
  const { editor, container } = await opened();
  await fireEvent.input(editor, { target: { value: editor.value.replace("model:", "modle:") } });
  await waitFor(() => expect(container.querySelectorAll(".line.wrong")).toHaveLength(1));
  const line = container.querySelector(".line.wrong");
  expect(line?.textContent).toContain("modle: opus");
  expect(screen.getAllByText(/unknown key 'modle', did you mean 'model'/).length).toBeGreaterThan(0);
  expect(editor.getAttribute("aria-invalid")).toBe("true");
});

test("an edit by the form keeps comments and the order of keys", async () => {
  const { editor } = await opened();
  const field = screen.getByLabelText("Description");
  await fireEvent.input(field, { target: { value: "Reads every line" } });
  await fireEvent.blur(field);
  await waitFor(() => expect(editor.value).toContain("description: Reads every line"));
  expect(editor.value).toContain("# Reads pull requests. Opens nothing but the tracker.");
  expect(editor.value).toContain("changelog # added for release weeks");
  expect(editor.value.indexOf("bottle: web")).toBeLessThan(editor.value.indexOf("description:"));
});

test("a change on disk is a conflict while something is unsaved, and nothing is overwritten", async () => {
  const { editor, world } = await opened();
  const mine = editor.value.replace("opus", "sonnet");
  await fireEvent.input(editor, { target: { value: mine } });
  const theirs = shelf(world).write(
    "agent",
    "reviewer",
    editor.value.replace("green", "red").replace("sonnet", "opus"),
  ).text;
  const conflict = await screen.findByRole("region", { name: "Conflict" });
  expect(within(conflict).getByText("model: sonnet")).toBeTruthy();
  expect(within(conflict).getByText("color: red")).toBeTruthy();
  await fireEvent.keyDown(window, { key: "s", metaKey: true });
  expect(shelf(world).read("agent", "reviewer").text).toBe(theirs);
  expect(world.called("saveDocument")).toHaveLength(0);
  await fireEvent.click(within(conflict).getByText("Keep mine"));
  await fireEvent.keyDown(window, { key: "s", metaKey: true });
  await waitFor(() => expect(shelf(world).read("agent", "reviewer").text).toBe(mine));
});

test("a clean file follows the disk without a question", async () => {
  const { editor, world } = await opened();
  shelf(world).write("agent", "reviewer", editor.value.replace("opus", "haiku"));
  await waitFor(() => expect(editor.value).toContain("model: haiku"));
  expect(screen.queryByRole("region", { name: "Conflict" })).toBeNull();
});

test("what was not saved before a crash is there again", async () => {
  const { editor } = await opened((world) => {
    const { text, digest } = shelf(world).read("agent", "reviewer");
    shelf(world).drafts.set(
      "agent/reviewer",
      JSON.stringify({ base: digest, text: text.replace("opus", "haiku") }),
    );
  });
  expect(editor.value).toContain("model: haiku");
  expect(screen.getByText("Restored what you had not saved.")).toBeTruthy();
  await fireEvent.click(screen.getByText("Take the saved text"));
  expect(editor.value).toContain("model: opus");
});

test("leaving with something unsaved asks, and the draft survives", async () => {
  const { editor, app, world } = await opened();
  await fireEvent.input(editor, { target: { value: editor.value.replace("opus", "haiku") } });
  const going = app.navigation.go({ name: "settings" });
  const ask = await screen.findByRole("dialog", { name: "reviewer is not saved" });
  await fireEvent.click(within(ask).getByText("Keep as draft"));
  expect(await going).toBe(true);
  expect(shelf(world).drafts.get("agent/reviewer")).toContain("model: haiku");
});

test("undo takes back what the form changed", async () => {
  const { editor } = await opened();
  const before = editor.value;
  await fireEvent.click(screen.getByLabelText("Take changelog away"));
  await waitFor(() => expect(editor.value).not.toContain("changelog"));
  await fireEvent.keyDown(window, { key: "z", ctrlKey: true });
  expect(editor.value).toBe(before);
});

test("what became wider is said in words", async () => {
  await opened();
  expect(screen.getByText("crates.io was closed at the last start.")).toBeTruthy();
  expect(screen.getAllByText("wider").length).toBeGreaterThan(0);
});

test("what axe can see of the bench is accessible", async () => {
  const { container } = await opened();
  await expectAccessible(container);
});

test("Return on the question about unsaved changes never discards", async () => {
  const { editor, app } = await opened();
  await fireEvent.input(editor, { target: { value: editor.value.replace("opus", "haiku") } });
  void app.navigation.go({ name: "settings" });
  const ask = await screen.findByRole("dialog", { name: "reviewer is not saved" });
  await waitFor(() => expect(document.activeElement).toBe(within(ask).getByRole("button", { name: "Save" })));
});
