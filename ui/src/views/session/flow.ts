// Flow control of one terminal: bytes count as seen only when the screen has drawn them, and the host is told in batches. The host holds the
// program back beyond 1 MiB that nobody has acknowledged, so a flood can neither freeze the page nor lose a byte.

/** Told at once beyond this, so that the host never waits for a batch that is not full. */
const BATCH = 128 * 1024;

export class Flow {
  private drawn = 0;
  private waiting = 0;
  private view: number | null = null;

  constructor(
    private readonly draw: (bytes: Uint8Array, drawn: () => void) => void,
    private readonly acknowledge: (view: number, bytes: number) => void,
  ) {}

  /** The host's number of this view; bytes may come before it is known. */
  opened(view: number): void {
    this.view = view;
    this.tell();
  }

  take(bytes: Uint8Array): void {
    this.waiting += 1;
    this.draw(bytes, () => {
      this.waiting -= 1;
      this.drawn += bytes.length;
      if (this.drawn >= BATCH || this.waiting === 0) this.tell();
    });
  }

  private tell(): void {
    if (this.view === null || this.drawn === 0) return;
    this.acknowledge(this.view, this.drawn);
    this.drawn = 0;
  }
}
