// The stores' promises: one question for a burst of events, drafts that are never lost, guards that hold the person back.

import { expect, test, vi } from "vitest";
import { fakeHost } from "../host/fake";
import { App } from "./app.svelte";
import { Drafts } from "./drafts.svelte";
import { Navigation, startOf, viewOfLaunch } from "./navigation.svelte";
import { Snapshot } from "./snapshot.svelte";

test("a burst of events is one more question, and the last answer stands", async () => {
  let asked = 0;
  const snapshot = new Snapshot(async () => (asked += 1));
  await Promise.all([snapshot.refresh(), snapshot.refresh(), snapshot.refresh()]);
  expect(asked).toBe(2);
  expect(snapshot.value).toBe(2);
});

test("a failed question keeps the older answer", async () => {
  const answers = [
    () => "old",
    () => {
      throw new Error("gone");
    },
  ];
  const snapshot = new Snapshot(async () => answers.shift()?.());
  await snapshot.refresh();
  await snapshot.refresh();
  expect(snapshot.value).toBe("old");
  expect(snapshot.error?.code).toBe("internal");
});

test("an event makes a store ask again; the event itself changes nothing", async () => {
  const host = fakeHost();
  const app = new App(host);
  const end = app.connect();
  await vi.waitFor(() => expect(app.sessions.list.value).not.toBeNull());
  host.world.sessions = [];
  host.world.tell("sessionsChanged", undefined);
  await vi.waitFor(() => expect(app.sessions.list.value).toEqual([]));
  end();
});

test("a draft is written once after a burst of keys, and at once when the window hides", async () => {
  const host = fakeHost();
  const drafts = new Drafts(host);
  for (const text of ["a", "ab", "abc"]) drafts.keep("agent/x", text);
  expect(await drafts.recall("agent/x")).toBe("abc");
  await drafts.flush();
  expect(host.world.called("saveDraft")).toEqual([["agent/x", "abc"]]);
});

test("a draft that could not be written is kept and written the next time", async () => {
  const host = fakeHost();
  const drafts = new Drafts(host);
  host.world.failNext("saveDraft", { code: "disk-full", what: "full", advice: "" });
  drafts.keep("agent/x", "words");
  await drafts.flush();
  expect(await drafts.recall("agent/x")).toBe("words");
  await drafts.flush();
  expect(await host.readDraft("agent/x")).toBe("words");
});

test("a guard that says no keeps the person where they are", async () => {
  const navigation = new Navigation();
  const release = navigation.hold(async () => false);
  expect(await navigation.go({ name: "doctor" })).toBe(false);
  expect(navigation.view.name).toBe("home");
  release();
  expect(await navigation.go({ name: "doctor" })).toBe(true);
});

test("a launch from outside never begins a start: it leads to the plan", () => {
  expect(viewOfLaunch({ view: "start", name: "reviewer" }, [])).toEqual(startOf("reviewer"));
  expect(viewOfLaunch({ view: "session", name: null }, [])).toEqual({ name: "home" });
});

test("a start that runs already is shown by its number, not taken for an agent", async () => {
  const host = fakeHost();
  host.world.pace = 60_000;
  const task = await host.startSession({
    agent: "demo",
    backend: null,
    workspace: null,
    demo: true,
    answers: [],
  });
  const app = new App(host);
  const end = app.connect();
  await host.leaveLauncher("start", `task:${String(task)}`);
  await vi.waitFor(() => expect(app.navigation.view).toMatchObject({ name: "start", demo: true, task }));
  end();
});

test("the launcher never takes what the main window shall show", async () => {
  const host = fakeHost();
  const end = new App(host).connect({ launcher: true });
  await host.leaveLauncher("doctor", null);
  expect(host.world.called("takeLaunch")).toEqual([]);
  end();
});
