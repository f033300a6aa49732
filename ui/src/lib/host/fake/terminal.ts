// Terminals of the fake program: a screen that looks like claude's, echoes what is typed, and on "flood N" prints N megabytes under flow control.

import type { SessionHost } from "../host";
import { HostError } from "../host";
import type { FakeWorld } from "./world";

const LIMIT = 1024 * 1024;
const CHUNK = 64 * 1024;
const encode = (text: string) => new TextEncoder().encode(text);

const GREETING = [
  "",
  " \x1b[36m╭────────────────────────────────────────────────────────────╮\x1b[0m",
  " \x1b[36m│\x1b[0m \x1b[1mClaude Code\x1b[0m  in a sealed bottle                            \x1b[36m│\x1b[0m",
  " \x1b[36m│\x1b[0m \x1b[90m/workspace · all permissions · nothing leaves but by doors\x1b[0m \x1b[36m│\x1b[0m",
  " \x1b[36m╰────────────────────────────────────────────────────────────╯\x1b[0m",
  "",
  " \x1b[32m●\x1b[0m I read the branch. Two things before I go on:",
  "   1. \x1b[1mtides.rs\x1b[0m takes a local time for UTC. See https://docs.rs/time/latest/time/",
  "   2. The test of the lock gate cannot fail.",
  "",
  " \x1b[90m>\x1b[0m ",
].join("\r\n");

type ScreenPart = Pick<
  SessionHost,
  | "openTerminal"
  | "writeTerminal"
  | "resizeTerminal"
  | "acknowledgeTerminal"
  | "closeTerminal"
  | "putInInbox"
  | "copyToInbox"
>;

interface View {
  session: string;
  hear: (bytes: Uint8Array) => void;
  unacknowledged: number;
  waiting: Uint8Array[];
}

export class Screens {
  private readonly views = new Map<number, View>();
  private readonly lines = new Map<string, string>();
  private next = 1;

  constructor(private readonly world: FakeWorld) {}

  host(): ScreenPart {
    const { world } = this;
    return {
      openTerminal: async (id, size, hear) => {
        world.enter("openTerminal", id, size);
        if (!world.sessions.some((other) => other.id === id)) throw new HostError({ code: "no-session", id });
        const number = this.next++;
        const view: View = { session: id, hear, unacknowledged: 0, waiting: [] };
        this.views.set(number, view);
        this.print(view, encode(GREETING));
        return number;
      },
      writeTerminal: async (id, data) => {
        world.enter("writeTerminal", id, data);
        this.type(id, data);
      },
      resizeTerminal: async (id, size) => world.enter("resizeTerminal", id, size),
      acknowledgeTerminal: async (number, bytes) => {
        world.enter("acknowledgeTerminal", number, bytes);
        const view = this.views.get(number);
        if (!view) return;
        view.unacknowledged -= bytes;
        this.drain(view);
      },
      closeTerminal: async (number) => {
        world.enter("closeTerminal", number);
        this.views.delete(number);
      },
      putInInbox: async (id, files) => {
        world.enter("putInInbox", id, files);
        return files.map((file) => `/home/node/inbox/${file.name}`);
      },
      copyToInbox: async (id, paths) => {
        world.enter("copyToInbox", id, paths);
        return paths.map((path) => `/home/node/inbox/${path.split("/").at(-1) ?? "file"}`);
      },
    };
  }

  private type(id: string, data: string): void {
    // Bracketed paste wraps what is pasted; a real program takes the marks off, too.
    const typed = data.replaceAll("\x1b[200~", "").replaceAll("\x1b[201~", "");
    for (const view of this.of(id)) this.print(view, encode(typed.replaceAll("\r", "\r\n ")));
    const line = (this.lines.get(id) ?? "") + typed;
    const [done, rest] = line.includes("\r")
      ? [line.split("\r")[0] ?? "", line.split("\r").slice(1).join("\r")]
      : [null, line];
    this.lines.set(id, rest);
    if (done === null) return;
    const flood = /flood (\d+)/.exec(done);
    if (flood) this.flood(id, Number(flood[1]) * 1_000_000);
    else
      for (const view of this.of(id))
        this.print(view, encode(`\x1b[32m●\x1b[0m You said: ${done}\r\n \x1b[90m>\x1b[0m `));
  }

  private flood(id: string, size: number): void {
    const line = encode("the quick brown fox jumps over the lazy dog 0123456789\r\n");
    const block = new Uint8Array(CHUNK);
    for (let at = 0; at < CHUNK; at += 1) block[at] = line[at % line.length] ?? 0;
    for (const view of this.of(id)) for (let sent = 0; sent < size; sent += CHUNK) this.print(view, block);
  }

  private of(id: string): View[] {
    return [...this.views.values()].filter((view) => view.session === id);
  }

  private print(view: View, bytes: Uint8Array): void {
    view.waiting.push(bytes);
    this.drain(view);
  }

  private drain(view: View): void {
    while (view.unacknowledged < LIMIT) {
      const bytes = view.waiting.shift();
      if (!bytes) return;
      view.unacknowledged += bytes.length;
      view.hear(bytes);
    }
  }
}
