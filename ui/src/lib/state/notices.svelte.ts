// Short messages about what just happened: read out by a screen reader, shown for a few seconds, with one action at most (usually Undo).

export interface Notice {
  id: number;
  text: string;
  action: { label: string; run: () => void } | null;
}

const SHOWN_MS = 6000;

export class Notices {
  shown = $state.raw<Notice[]>([]);
  private next = 1;

  say(text: string, action: Notice["action"] = null): void {
    const notice = { id: this.next++, text, action };
    this.shown = [...this.shown.slice(-2), notice];
    setTimeout(() => this.dismiss(notice.id), SHOWN_MS);
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter((notice) => notice.id !== id);
  }
}
