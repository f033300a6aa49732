// xterm.js as this product uses it: theme from the design's tokens, links that are shown before they open, keys by the platform's custom, and
// no way for the guest to reach the clipboard (OSC 52 stays off because no handler for it is loaded). This file is loaded with the first terminal.

import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal, type ITheme } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";

export interface ScreenOptions {
  fontSize: number;
  screenReader: boolean;
  mac: boolean;
  typed: (text: string) => void;
  sized: (rows: number, columns: number) => void;
  hovered: (address: string | null) => void;
  opened: (address: string) => void;
  search: () => void;
}

/** The mode in which a program wants to hear when light turns to dark or back (contour's extension, which claude uses). */
const TELL_SCHEME = 2031;
/** The question which of the two it is now. */
const ASK_SCHEME = 996;

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;

/** Reads the theme from the tokens, light or dark as they are now. */
export function themeFrom(style: CSSStyleDeclaration): ITheme {
  const token = (name: string) => style.getPropertyValue(`--terminal-${name}`).trim();
  const theme: Record<string, string> = {
    background: token("background"),
    foreground: token("text"),
    cursor: token("cursor"),
    cursorAccent: token("background"),
    selectionBackground: token("selection"),
  };
  for (const colour of COLOURS) {
    theme[colour] = token(colour);
    theme[`bright${colour.charAt(0).toUpperCase()}${colour.slice(1)}`] = token(`bright-${colour}`);
  }
  return theme;
}

export class Screen {
  readonly terminal: Terminal;
  private readonly fitting = new FitAddon();
  private readonly searching = new SearchAddon();
  /** Whether the program wants to hear of the scheme, and what it was told. */
  private tells = false;
  private told = "";

  constructor(
    private readonly box: HTMLElement,
    private readonly options: ScreenOptions,
  ) {
    const style = getComputedStyle(document.documentElement);
    this.terminal = new Terminal({
      allowProposedApi: true,
      cursorBlink: false,
      fontFamily: style.getPropertyValue("--font-mono"),
      fontSize: options.fontSize,
      lineHeight: 1.15,
      macOptionIsMeta: true,
      minimumContrastRatio: 4.5,
      screenReaderMode: options.screenReader,
      scrollback: 10_000,
      theme: themeFrom(style),
      // Links that the program marks itself (OSC 8) may show other words than their address.
      linkHandler: {
        activate: (_event, address) => options.opened(address),
        hover: (_event, address) => options.hovered(address),
        leave: () => options.hovered(null),
      },
    });
    this.terminal.loadAddon(this.fitting);
    this.terminal.loadAddon(this.searching);
    this.terminal.loadAddon(
      new WebLinksAddon((_event, address) => options.opened(address), {
        hover: (_event, address) => options.hovered(address),
        leave: () => options.hovered(null),
      }),
    );
    this.terminal.attachCustomKeyEventHandler((event) => this.key(event));
    this.answerScheme();
    this.terminal.onData(options.typed);
    this.terminal.onBinary(options.typed);
    this.terminal.onResize(({ rows, cols }) => options.sized(rows, cols));
    this.terminal.open(box);
    this.fit();
  }

  get size(): { rows: number; columns: number } {
    return { rows: this.terminal.rows, columns: this.terminal.cols };
  }

  /** Takes the size of its box; a hidden box has none and changes nothing. */
  fit(): void {
    if (this.box.clientWidth > 0 && this.box.clientHeight > 0) this.fitting.fit();
  }

  restyle(fontSize: number): void {
    this.terminal.options.theme = themeFrom(getComputedStyle(document.documentElement));
    this.terminal.options.fontSize = fontSize;
    this.fit();
    if (this.tells && this.scheme() !== this.told) this.tellScheme();
  }

  readAloud(on: boolean): void {
    this.terminal.options.screenReaderMode = on;
  }

  find(text: string, backwards: boolean): boolean {
    return backwards ? this.searching.findPrevious(text) : this.searching.findNext(text);
  }

  clearSearch(): void {
    this.searching.clearDecorations();
    this.terminal.clearSelection();
  }

  dispose(): void {
    this.terminal.dispose();
  }

  /** What xterm.js does not do itself: it answers what its background is, and says nothing when that changes. */
  private answerScheme(): void {
    const { parser } = this.terminal;
    const asks = (params: (number | number[])[], number: number) => params.includes(number);
    for (const final of ["h", "l"]) {
      parser.registerCsiHandler({ prefix: "?", final }, (params) => {
        if (asks(params, TELL_SCHEME)) {
          this.tells = final === "h";
          this.told = this.scheme();
        }
        // The other modes of the sequence are xterm's.
        return false;
      });
    }
    parser.registerCsiHandler({ prefix: "?", final: "n" }, (params) => {
      if (!asks(params, ASK_SCHEME)) return false;
      this.tellScheme();
      return true;
    });
  }

  private tellScheme(): void {
    this.told = this.scheme();
    this.options.typed(`\x1b[?997;${this.told === "dark" ? "1" : "2"}n`);
  }

  private scheme(): string {
    return getComputedStyle(document.documentElement).colorScheme;
  }

  /** False keeps xterm's hands off a key: the page or the browser does it. */
  private key(event: KeyboardEvent): boolean {
    if (event.type !== "keydown") return true;
    const { mac } = this.options;
    const held = mac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
    if (!held || event.altKey) return true;
    const key = event.key.toLowerCase();
    // Ctrl+C, Ctrl+F and Ctrl+W belong to the program in the terminal; elsewhere than on macOS the window's keys need Shift.
    const ours = mac || event.shiftKey;
    if (ours && key === "f") {
      event.preventDefault();
      this.options.search();
      return false;
    }
    if (!mac && event.shiftKey && key === "c") {
      event.preventDefault();
      void navigator.clipboard.writeText(this.terminal.getSelection());
      return false;
    }
    if (!mac && event.shiftKey && key === "v") return false;
    return !(ours && key === "w") && !/^[1-9]$/.test(key);
  }
}
