/*
 * Undo and redo of one text, shared by the form and the text editor: the browser's own history would forget what the form
 * changed. Steps that follow each other quickly from the same hand become one.
 */

export type Hand = "text" | "form" | "file";
export type Step = { text: string; caret: number };

/** Pause in milliseconds after which typing begins a new step. */
const PAUSE = 700;
/** Most steps that are kept. */
const LIMIT = 300;

export class History {
  #past: Step[] = [];
  #future: Step[] = [];
  #now: Step;
  #hand: Hand | null = null;
  #at = 0;

  constructor(text: string) {
    this.#now = { text, caret: 0 };
  }

  /** Takes the text as it is now. */
  record(step: Step, hand: Hand, at: number): void {
    if (step.text === this.#now.text) {
      this.#now = step;
      return;
    }
    const goesOn = hand !== "file" && hand === this.#hand && at - this.#at < PAUSE && this.#past.length > 0;
    if (!goesOn) this.#past = [...this.#past, this.#now].slice(-LIMIT);
    this.#now = step;
    this.#future = [];
    this.#hand = hand;
    this.#at = at;
  }

  undo(): Step | null {
    const step = this.#past.pop();
    if (step === undefined) return null;
    this.#future.push(this.#now);
    return this.#turn(step);
  }

  redo(): Step | null {
    const step = this.#future.pop();
    if (step === undefined) return null;
    this.#past.push(this.#now);
    return this.#turn(step);
  }

  #turn(step: Step): Step {
    this.#now = step;
    this.#hand = null;
    return step;
  }
}
