// Settings on the fake host, and the text of shortcuts.

import { fireEvent, screen, waitFor } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { machine } from "$lib/host/fake/system";
import { expectAccessible, show } from "../../testing/show";
import Settings from "./Settings.svelte";
import { shortcutOf } from "./shortcut";

const key = (part: Partial<KeyboardEvent>) => ({
  key: "",
  code: "",
  ctrlKey: false,
  altKey: false,
  shiftKey: false,
  metaKey: false,
  ...part,
});

test("a switch writes its setting at once", async () => {
  const { world } = show(Settings, {});
  await fireEvent.click(await screen.findByRole("switch", { name: "Open at login" }));
  await waitFor(() => expect(machine(world).settings.openAtLogin).toBe(true));
});

test("a terminal is made for a screen reader where that is chosen, also after the window is opened anew", async () => {
  const { app } = show(Settings, {});
  await fireEvent.click(await screen.findByRole("switch", { name: "Terminals for a screen reader" }));
  expect(app.settings.screenReader).toBe(true);
  expect(show(Settings, {}).app.settings.screenReader).toBe(true);
});

test("a shortcut is recorded from the keys, and a letter alone is refused", async () => {
  const { world } = show(Settings, {});
  await fireEvent.click(await screen.findByRole("button", { name: /Shortcut of the launcher/ }));
  const button = screen.getByRole("button", { name: "Press the keys" });
  await fireEvent.keyDown(button, { key: "k", code: "KeyK" });
  expect(machine(world).settings.shortcut).toBe("Alt+Space");
  await fireEvent.keyDown(button, { key: "˚", code: "KeyK", altKey: true, metaKey: true });
  await waitFor(() => expect(machine(world).settings.shortcut).toBe("Alt+Cmd+K"));
});

test("a key that only types is no global shortcut", () => {
  expect(shortcutOf(key({ key: "K", code: "KeyK", shiftKey: true }), true)).toBeNull();
  expect(shortcutOf(key({ key: "F6", code: "F6" }), true)).toBe("F6");
});

test("the Dock belongs to macOS", async () => {
  show(Settings, {}, (world) => (machine(world).platform = "linux"));
  const dock = await screen.findByRole<HTMLInputElement>("switch", { name: "Hide the Dock icon" });
  await screen.findByText("There is a Dock on macOS only.");
  expect(dock.disabled).toBe(true);
});

test("what axe can see of the settings is accessible", async () => {
  const { container } = show(Settings, {});
  await screen.findByRole("switch", { name: "Open at login" });
  await expectAccessible(container);
});
