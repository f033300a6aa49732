// Every pair of colours that the interface puts together can be read: WCAG 2.2 AA, 4.5 : 1 for text and 3 : 1 for shapes that mean something.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync("src/tokens.css", "utf8");

const GROUNDS = ["window", "surface", "surface-sunken", "surface-hover", "surface-active", "sidebar-fill"];
const STATES = ["well", "attention", "trouble", "busy"];
const SOFT = ["accent-soft", ...STATES.map((state) => `${state}-soft`)];
const TERMINAL = ["red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** What is written on what. */
const WRITTEN: [text: string, ground: string][] = [
  ...pairs(["text", "text-soft", "text-faint", "accent-text"], GROUNDS),
  ...pairs(["text", "text-soft", "text-faint"], SOFT),
  ...pairs(STATES, ["window", "surface", "surface-sunken", "surface-hover"]),
  ...STATES.map((state): [string, string] => [state, `${state}-soft`]),
  ["accent-text", "accent-soft"],
  ["on-accent", "accent"],
  ["on-accent", "accent-hover"],
  ["on-danger", "danger"],
  ["on-danger", "danger-hover"],
  ["surface", "text"],
  ["terminal-text", "terminal-selection"],
  ...pairs(
    ["terminal-text", ...TERMINAL.map((name) => `terminal-${name}`), "terminal-bright-black"],
    ["terminal-background"],
  ),
];

/** Shapes that say something, on what they stand. */
const DRAWN: [shape: string, ground: string][] = [
  ...pairs(["line-control", "focus", "accent", ...STATES], ["window", "surface", "surface-sunken"]),
  ...pairs(["focus"], ["sidebar-fill", "surface-hover", "surface-active", "accent-soft"]),
  ["terminal-cursor", "terminal-background"],
];

function pairs(these: string[], those: string[]): [string, string][] {
  return these.flatMap((one) => those.map((other): [string, string] => [one, other]));
}

function colours(opening: string): Map<string, string> {
  const from = css.indexOf(opening);
  expect(from, opening).toBeGreaterThanOrEqual(0);
  const block = css.slice(from, css.indexOf("}", from));
  const found = block.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g);
  return new Map([...found].map(([, name = "", colour = ""]) => [name, colour]));
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const THEMES = { light: ":root {", dark: ':root[data-theme="dark"] {' };

for (const [theme, opening] of Object.entries(THEMES)) {
  const known = colours(opening);
  const weak = (what: [string, string][], least: number) =>
    what.flatMap(([one, other]) => {
      const ratio = contrast(known.get(one) ?? "", known.get(other) ?? "");
      return ratio >= least ? [] : [`${one} on ${other}: ${ratio.toFixed(2)}`];
    });

  test(`every text can be read in ${theme}`, () => {
    expect(weak(WRITTEN, 4.5)).toEqual([]);
  });

  test(`every shape can be seen in ${theme}`, () => {
    expect(weak(DRAWN, 3)).toEqual([]);
  });
}

test("the measure knows black and white", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
});

test("dark is the same whether the system or the person chose it", () => {
  expect(colours(":root:not([data-theme=")).toEqual(colours(THEMES.dark));
});
