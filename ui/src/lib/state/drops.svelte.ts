// Files that are dragged over the window. The view that wants them claims them; without a claim they are taken for skills.

import type { FilesDropped } from "../ipc/bindings";

/** Takes dropped files and returns true, or leaves them and returns false. */
export type DropClaim = (files: FilesDropped) => boolean;

export class Drops {
  /** How many files hover over the window and where, or null. */
  hovering = $state.raw<{ count: number; x: number; y: number } | null>(null);
  /** What the view in front says it does with the files, for the overlay. */
  promise = $state<string | null>(null);
  private claims: { claim: DropClaim; promise: string }[] = [];

  /** Claims files while a view is in front; the newest claim is asked first. `promise` is shown while files hover. */
  claim(promise: string, claim: DropClaim): () => void {
    const entry = { claim, promise };
    this.claims.push(entry);
    this.promise = promise;
    return () => {
      this.claims = this.claims.filter((other) => other !== entry);
      this.promise = this.claims.at(-1)?.promise ?? null;
    };
  }

  /** Gives the files to whoever claims them. False when nobody did. */
  deliver(files: FilesDropped): boolean {
    this.hovering = null;
    return [...this.claims].reverse().some(({ claim }) => claim(files));
  }
}
