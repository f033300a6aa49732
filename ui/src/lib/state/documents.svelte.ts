// One agent's or bottle's file while a person works on it, from the form and from the text at once. It never overwrites what somebody
// else wrote: a file that changed on disk is read again while nothing is unsaved, and is a conflict from then on.

import type {
  AgentFields,
  Authority,
  BottleFields,
  CommandError,
  Document,
  DocumentKind,
  Edit,
  FileFault,
} from "../ipc/bindings";
import { asCommandError } from "../host/host";
import type { Drafts } from "./drafts.svelte";
import { History, type Hand, type Step } from "./documents/history";
import type { Library } from "./library.svelte";

/** Pause in typing in milliseconds after which the text is checked. */
const CHECK_MS = 150;

/** How a choice between two versions ends. */
export type Choice = "mine" | "theirs";

export class OpenDocument {
  readonly kind: DocumentKind;
  readonly name: string;
  readonly file: string;
  /** The text as it is in the editor. */
  text = $state("");
  /** The text on the disk, as far as is known. */
  saved = $state("");
  caret = $state<number | null>(null);
  fault = $state.raw<FileFault | null>(null);
  /** The fields and the authority of the last text that had no mistake. */
  agent = $state.raw<AgentFields | null>(null);
  bottle = $state.raw<BottleFields | null>(null);
  authority = $state.raw<Authority | null>(null);
  /** What stands on the disk instead of what was opened; `digest` is empty where the file is gone. */
  conflict = $state.raw<Document | null>(null);
  /** True when the text is a draft that was found again. */
  restored = $state(false);
  saving = $state(false);
  error = $state.raw<CommandError | null>(null);
  /** Who changed the text last. The form rests while a mistake in the text is not its own. */
  hand = $state<Hand>("file");
  /** The line that the form changed last, from 1, for the editor to show. */
  touched = $state<number | null>(null);
  dirty = $derived.by(() => this.text !== this.saved);
  formRests = $derived.by(() => this.fault !== null && this.hand !== "form");

  private base: string;
  private readonly history: History;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private asked = 0;
  private edits: Promise<void> = Promise.resolve();
  private closed = false;

  private constructor(
    private readonly library: Library,
    private readonly drafts: Drafts,
    opened: Document,
  ) {
    this.kind = opened.kind;
    this.name = opened.name;
    this.file = opened.file;
    this.base = opened.digest;
    this.text = opened.text;
    this.saved = opened.text;
    this.history = new History(opened.text);
  }

  /** Reads the file, and the draft of it that was not saved. */
  static async open(
    library: Library,
    drafts: Drafts,
    kind: DocumentKind,
    name: string,
  ): Promise<OpenDocument> {
    const document = await library.open(kind, name);
    const open = new OpenDocument(library, drafts, document);
    await open.restore(document);
    await open.check();
    return open;
  }

  private get key(): string {
    return `${this.kind}/${this.name}`;
  }

  private async restore(document: Document): Promise<void> {
    const draft = readDraft(await this.drafts.recall(this.key).catch(() => null));
    if (draft === null || draft.text === document.text) return;
    this.put({ text: draft.text, caret: 0 }, "file");
    this.restored = true;
    if (draft.base === document.digest) return;
    this.base = draft.base;
    this.conflict = document;
  }

  /** Takes what was typed. */
  type(text: string, caret: number): void {
    if (text === this.text) return;
    this.put({ text, caret }, "text");
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.check(), CHECK_MS);
  }

  /** Applies what the form changed. Edits wait for each other; one that was overtaken by typing is made again on the newer text. */
  edit(edits: Edit[]): Promise<void> {
    const turn = this.edits.then(async () => {
      let before: string;
      let after: string;
      do {
        before = this.text;
        after = await this.library.edit(this.kind, before, edits);
      } while (before !== this.text);
      this.error = null;
      if (after === before) return;
      this.put({ text: after, caret: -1 }, "form");
      this.touched = firstDifference(before, after);
      await this.check();
    });
    this.edits = turn.catch((thrown: unknown) => {
      this.error = asCommandError(thrown);
    });
    return this.edits;
  }

  /** Asks the core about the text as it is now. An answer to an older text is dropped. */
  async check(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const turn = ++this.asked;
    try {
      const checked = await this.library.check(this.kind, this.name, this.text);
      if (turn !== this.asked || this.closed) return;
      this.fault = checked.fault;
      if (checked.agent !== null) this.agent = checked.agent;
      if (checked.bottle !== null) this.bottle = checked.bottle;
      if (checked.authority !== null) this.authority = checked.authority;
    } catch (thrown) {
      if (turn === this.asked) this.error = asCommandError(thrown);
    }
  }

  undo(): void {
    this.turn(this.history.undo());
  }

  redo(): void {
    this.turn(this.history.redo());
  }

  private turn(step: Step | null): void {
    if (step === null) return;
    this.text = step.text;
    this.caret = step.caret < 0 ? null : step.caret;
    this.hand = "text";
    this.touched = null;
    this.keepDraft();
    void this.check();
  }

  /** Writes the file. Resolves to whether it is written; a file that somebody else changed becomes a conflict. */
  async save(): Promise<boolean> {
    if (this.saving || this.conflict !== null) return false;
    await this.edits;
    const text = this.text;
    this.saving = true;
    try {
      const written = await this.library.save(this.kind, this.name, text, this.base);
      this.base = written.digest;
      this.saved = written.text;
      this.error = null;
      this.restored = false;
      if (this.text === text) this.text = written.text;
      this.keepDraft();
      return true;
    } catch (thrown) {
      const error = asCommandError(thrown);
      if (error.code === "document-changed") this.conflict = error.document;
      else this.error = error;
      return false;
    } finally {
      this.saving = false;
    }
  }

  /** Looks at the disk after something changed there. Resolves to false where the file is gone and nothing here is unsaved. */
  async lookAgain(): Promise<boolean> {
    if (this.saving || this.closed) return true;
    let disk: Document;
    try {
      disk = await this.library.open(this.kind, this.name);
    } catch {
      if (!this.dirty) return false;
      this.conflict = { kind: this.kind, name: this.name, file: this.file, text: "", digest: "" };
      return true;
    }
    if (this.saving) return true;
    if (disk.digest === this.base) {
      this.conflict = null;
      await this.check();
    } else if (!this.dirty || disk.text === this.text) {
      this.adopt(disk);
    } else {
      this.conflict = disk;
    }
    return true;
  }

  /** Ends a conflict: my text stays and may now be saved over theirs, or theirs comes in and can be undone. */
  async settle(choice: Choice): Promise<void> {
    const theirs = this.conflict;
    if (theirs === null) return;
    this.conflict = null;
    if (choice === "theirs") {
      this.adopt(theirs);
      return;
    }
    this.base = theirs.digest;
    this.saved = theirs.text;
    this.keepDraft();
    await this.check();
  }

  /** Goes back to what is on the disk. */
  revert(): void {
    this.put({ text: this.saved, caret: 0 }, "file");
    this.restored = false;
    void this.check();
  }

  /** Forgets the draft: the person decided to leave it. */
  async discard(): Promise<void> {
    this.closed = true;
    await this.drafts.drop(this.key).catch(() => undefined);
  }

  /** No answer that is still on its way counts from now on. */
  close(): void {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private adopt(disk: Document): void {
    this.base = disk.digest;
    this.saved = disk.text;
    this.put({ text: disk.text, caret: -1 }, "file");
    this.restored = false;
    void this.check();
  }

  private put(step: Step, hand: Hand): void {
    this.text = step.text;
    this.caret = hand === "text" || step.caret < 0 ? null : step.caret;
    this.hand = hand;
    this.touched = null;
    this.history.record(step, hand, Date.now());
    this.keepDraft();
  }

  private keepDraft(): void {
    if (this.text === this.saved) void this.drafts.drop(this.key).catch(() => undefined);
    else this.drafts.keep(this.key, JSON.stringify({ base: this.base, text: this.text }));
  }
}

/** A draft remembers which file it was made of, so that a change on disk since then is seen. */
function readDraft(kept: string | null): { base: string; text: string } | null {
  if (kept === null) return null;
  try {
    const value: unknown = JSON.parse(kept);
    if (typeof value !== "object" || value === null || !("base" in value) || !("text" in value)) return null;
    return typeof value.base === "string" && typeof value.text === "string"
      ? { base: value.base, text: value.text }
      : null;
  } catch {
    return null;
  }
}

function firstDifference(before: string, after: string): number {
  const old = before.split("\n");
  const at = after.split("\n").findIndex((line, index) => line !== old[index]);
  return at < 0 ? old.length : at + 1;
}
