// A session that ended or lives elsewhere, its facts, the way back of its changes, and the two streams of its terminal.

import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { session } from "../../lib/host/fake/sessions";
import { HostError } from "../../lib/host/host";
import { expectAccessible, show } from "../../testing/show";
import Changes from "./Changes.svelte";
import Ended from "./Ended.svelte";
import Facts from "./Facts.svelte";
import { Flow } from "./flow";
import LinkSheet from "./LinkSheet.svelte";
import StopSheet from "./StopSheet.svelte";
import { TrafficLog } from "./traffic.svelte";
import { pieces, quoted, Typing } from "./typing";

test("a session that was kept says why and can be continued", async () => {
  const kept = session({
    id: "fixer-k3p9x",
    state: "interrupted",
    reason: "The app was closed while it ran.",
  });
  const { app, container } = show(Ended, { id: kept.id, session: kept });
  expect(screen.getByText(/The app was closed while it ran\./)).toBeTruthy();
  await expectAccessible(container);
  await fireEvent.click(screen.getByRole("button", { name: "Continue" }));
  await waitFor(() => expect(app.navigation.view).toMatchObject({ name: "start", resume: "fixer-k3p9x" }));
});

test("a session that ended badly says so and what stayed", () => {
  const ended = session({ id: "fixer-k3p9x", state: "settled", exitCode: 137, changedFiles: 2 });
  show(Ended, { id: ended.id, session: ended });
  expect(screen.getByText(/exit code 137/)).toBeTruthy();
  expect(screen.getByText(/its transcript and 2 changed files stayed/)).toBeTruthy();
});

test("finishing and keeping are told apart, and each does what it says", async () => {
  const running = session({ id: "reviewer-7f3kq" });
  const { app, world, container } = show(StopSheet, { open: true, session: running });
  await expectAccessible(container);
  await fireEvent.click(screen.getByLabelText(/Stop and keep/));
  await fireEvent.click(screen.getByRole("button", { name: "Stop and keep" }));
  await waitFor(() => expect(world.called("stopSession")).toEqual([["reviewer-7f3kq", true]]));
  await waitFor(() => expect(app.notices.shown).toHaveLength(1));
});

test("changes on both sides are replaced only after a second question", async () => {
  const { host, world } = show(Changes, {
    facts: {
      summary: session({ id: "fixer-k3p9x", state: "interrupted" }),
      plan: null,
      evidence: null,
      folder: "/s",
      changes: [{ path: "src/harbour.rs", change: "changed" }],
    },
  });
  await fireEvent.click(screen.getByRole("button", { name: "Bring changes back" }));
  await fireEvent.click(await screen.findByRole("button", { name: "Choose what to keep…" }));
  expect(world.called("applyChanges")).toEqual([["fixer-k3p9x", false]]);
  const question = screen.getByRole("dialog");
  await fireEvent.click(within(question).getByRole("button", { name: "Replace mine" }));
  await waitFor(() => expect(world.called("applyChanges")).toContainEqual(["fixer-k3p9x", true]));
  await expect(host.sessionFacts("fixer-k3p9x")).resolves.toMatchObject({ changes: [] });
});

test("facts show traffic with a word for each verdict, and the evidence as a list", async () => {
  const { container } = show(Facts, { session: session({ id: "reviewer-7f3kq" }) });
  expect(await screen.findByText("Only GET is open on crates.io.")).toBeTruthy();
  expect(screen.getAllByText("Refused").length).toBeGreaterThan(0);
  await expectAccessible(container);
  await fireEvent.click(screen.getByRole("button", { name: "Walls" }));
  expect(await screen.findByText("No route out")).toBeTruthy();
  await expectAccessible(container);
});

test("a link is shown whole before it opens, and what is not a web address cannot open", async () => {
  const { world } = show(LinkSheet, { address: "https://example.com/a?token=1" });
  expect(screen.getByText("https://example.com/a?token=1")).toBeTruthy();
  expect(world.called("openLink")).toEqual([]);
  await fireEvent.click(screen.getByRole("button", { name: "Open" }));
  await waitFor(() => expect(world.called("openLink")).toEqual([["https://example.com/a?token=1"]]));
});

test("a link that is not a web address cannot be opened", () => {
  show(LinkSheet, { address: "file:///etc/passwd" });
  expect(screen.queryByRole("button", { name: "Open" })).toBeNull();
});

test("bytes are acknowledged only when they are drawn, all of them, also those before the view has a number", () => {
  const drawn: (() => void)[] = [];
  let acknowledged = 0;
  const flow = new Flow(
    (_bytes, done) => drawn.push(done),
    (_view, bytes) => (acknowledged += bytes),
  );
  for (let chunk = 0; chunk < 160; chunk += 1) flow.take(new Uint8Array(64 * 1024));
  expect(acknowledged).toBe(0);
  for (const done of drawn.splice(0, 80)) done();
  flow.opened(7);
  for (const done of drawn.splice(0)) done();
  expect(acknowledged).toBe(160 * 64 * 1024);
});

test("a long paste arrives whole and in order, and no character is cut in two", async () => {
  const text = "ab🍾".repeat(200_000);
  expect(pieces(text).join("")).toBe(text);
  expect(pieces(text).every((piece) => !/[\ud800-\udbff]$|^[\udc00-\udfff]/.test(piece))).toBe(true);
  const sent: string[] = [];
  const typing = new Typing(
    async (piece) => void sent.push(piece),
    () => undefined,
  );
  typing.send(text);
  typing.send("\r");
  await waitFor(() => expect(sent.at(-1)).toBe("\r"));
  expect(sent.join("")).toBe(text + "\r");
});

test("a write that fails is told once and the rest of the paste is not sent to a dead session", async () => {
  let failures = 0;
  let writes = 0;
  const typing = new Typing(
    () => {
      writes += 1;
      return Promise.reject(new HostError({ code: "no-session", id: "x" }));
    },
    () => (failures += 1),
  );
  typing.send("x".repeat(100_000));
  await waitFor(() => expect(failures).toBe(1));
  expect(writes).toBe(1);
});

test("a path with spaces or quotes is inserted as one word", () => {
  expect(quoted("/home/node/inbox/a.png")).toBe("/home/node/inbox/a.png");
  expect(quoted("/home/node/inbox/it's here.png")).toBe("'/home/node/inbox/it'\\''s here.png'");
});

test("while paused the list stands still and nothing is lost", async () => {
  const log = new TrafficLog();
  const denied = {
    kind: "denied",
    atMs: 1,
    daemon: "egress",
    host: "h",
    method: "GET",
    path: "/",
    rule: "r",
    reason: "closed",
  } as const;
  log.pause(true);
  log.take(denied);
  await new Promise((done) => setTimeout(done, 90));
  expect(log.groups("")).toEqual([]);
  log.pause(false);
  await waitFor(() => expect(log.groups("")[0]?.denied).toBe(1));
  expect(log.groups("other")).toEqual([]);
});
