// The person's settings, and the theme that follows from them.

import type { Settings } from "../ipc/bindings";
import type { Host } from "../host/host";
import { Snapshot } from "./snapshot.svelte";

const THEME_KEY = "theme";
const READER_KEY = "screen-reader";

export class Preferences {
  readonly current: Snapshot<Settings>;
  /** Whether terminals also keep their lines as text for a screen reader. It belongs to this computer and not to the person's folder. */
  screenReader = $state(localStorage.getItem(READER_KEY) === "on");

  constructor(private readonly host: Host) {
    this.current = new Snapshot(async () => {
      const settings = await host.readSettings();
      showTheme(settings.theme);
      return settings;
    });
  }

  readAloud(on: boolean): void {
    this.screenReader = on;
    localStorage.setItem(READER_KEY, on ? "on" : "off");
  }

  /** Writes the settings with some of them changed. */
  async change(part: Partial<Settings>): Promise<void> {
    const settings = this.current.value ?? (await this.host.readSettings());
    const written = await this.host.writeSettings({ ...settings, ...part });
    this.current.value = written;
    showTheme(written.theme);
  }
}

function showTheme(theme: Settings["theme"]): void {
  if (theme === "system") {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem(THEME_KEY);
  } else {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem(THEME_KEY, theme);
  }
}

/** Shows the theme of the last time at once, so that a dark window does not flash white until the settings are read. */
export function recallTheme(): void {
  const theme = localStorage.getItem(THEME_KEY);
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}
