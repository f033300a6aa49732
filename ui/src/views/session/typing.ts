// What a person types or pastes, on its way to the session: in order, one message after the other, a long paste in pieces.

/** UTF-16 units of one message; small enough that a key after a long paste does not wait for a single huge write. */
const PIECE = 16 * 1024;

export class Typing {
  private queue: string[] = [];
  private sending = false;

  constructor(
    private readonly write: (text: string) => Promise<void>,
    private readonly failed: (thrown: unknown) => void,
  ) {}

  send(text: string): void {
    this.queue.push(...pieces(text));
    if (!this.sending) void this.run();
  }

  private async run(): Promise<void> {
    this.sending = true;
    try {
      for (let piece = this.queue.shift(); piece !== undefined; piece = this.queue.shift())
        await this.write(piece);
    } catch (thrown) {
      this.queue = [];
      this.failed(thrown);
    } finally {
      this.sending = false;
    }
  }
}

/** Cuts text without parting a pair of surrogates: half a character would arrive as a question mark. */
export function pieces(text: string): string[] {
  const cut: string[] = [];
  let from = 0;
  while (from < text.length) {
    let to = Math.min(from + PIECE, text.length);
    const last = text.charCodeAt(to - 1);
    if (to < text.length && last >= 0xd800 && last <= 0xdbff) to -= 1;
    cut.push(text.slice(from, to));
    from = to;
  }
  return cut;
}

/** A guest path as one word for whatever reads the terminal. */
export function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
