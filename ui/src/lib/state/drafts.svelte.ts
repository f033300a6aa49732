// Keeps what a person types safe from a crash: text is sent to the host shortly after the last keystroke, and at once when the window hides.

import type { Host } from "../host/host";

const DELAY_MS = 400;

export class Drafts {
  private readonly waiting = new Map<string, { text: string; timer: ReturnType<typeof setTimeout> }>();

  constructor(private readonly host: Host) {}

  /** Saves the text soon. The last text of a key wins. */
  keep(key: string, text: string): void {
    const earlier = this.waiting.get(key);
    if (earlier) clearTimeout(earlier.timer);
    const timer = setTimeout(() => void this.write(key), DELAY_MS);
    this.waiting.set(key, { text, timer });
  }

  /** The draft of a key, also one that is not written yet. */
  async recall(key: string): Promise<string | null> {
    return this.waiting.get(key)?.text ?? (await this.host.readDraft(key));
  }

  /** Forgets a draft, because its text is saved or no longer wanted. */
  async drop(key: string): Promise<void> {
    const earlier = this.waiting.get(key);
    if (earlier) clearTimeout(earlier.timer);
    this.waiting.delete(key);
    await this.host.removeDraft(key);
  }

  /** Keys of all drafts that the host has. */
  list(): Promise<string[]> {
    return this.host.listDrafts();
  }

  /** Writes everything that waits. */
  async flush(): Promise<void> {
    await Promise.all([...this.waiting.keys()].map((key) => this.write(key)));
  }

  private async write(key: string): Promise<void> {
    const draft = this.waiting.get(key);
    if (!draft) return;
    clearTimeout(draft.timer);
    this.waiting.delete(key);
    try {
      await this.host.saveDraft(key, draft.text);
    } catch {
      // The text is still on screen. It is tried again with the next keystroke; an error here would only interrupt the typing.
      if (!this.waiting.has(key)) {
        this.waiting.set(key, { text: draft.text, timer: setTimeout(() => undefined, 0) });
      }
    }
  }
}
