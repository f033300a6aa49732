// One question to the host and its last answer. A store holds one of these for each list that it shows: `refresh` asks again, a burst of
// requests becomes one, and an answer that came too late never replaces a newer one. Nothing here changes an answer by itself.

import type { CommandError } from "../ipc/bindings";
import { asCommandError } from "../host/host";

export class Snapshot<T> {
  /** The last answer, or null before the first. */
  value = $state.raw<T | null>(null);
  /** Why the last question failed, or null. The older answer stays in `value`. */
  error = $state.raw<CommandError | null>(null);
  /** True while the first answer is on its way. */
  loading = $derived.by(() => this.value === null && this.error === null);

  private asking: Promise<void> | null = null;
  private again = false;

  constructor(private readonly ask: () => Promise<T>) {}

  /** Asks the host; while a question is under way, one more is asked after it. */
  refresh(): Promise<void> {
    if (this.asking) {
      this.again = true;
      return this.asking;
    }
    this.asking = this.run();
    return this.asking;
  }

  private async run(): Promise<void> {
    do {
      this.again = false;
      try {
        this.value = await this.ask();
        this.error = null;
      } catch (thrown) {
        this.error = asCommandError(thrown);
      }
    } while (this.again);
    // In the same turn as the last look at `again`: a request in between would be answered by nobody.
    this.asking = null;
  }
}
