// Puts a view on the fake host, as the window does, and checks it with axe.

import { render } from "@testing-library/svelte";
import axe from "axe-core";
import type { Component } from "svelte";
import { expect, onTestFinished } from "vitest";
import { fakeHost, type FakeHost } from "../lib/host/fake";
import type { FakeWorld } from "../lib/host/fake/world";
import { App } from "../lib/state/app.svelte";
import Stage from "./Stage.svelte";

export interface Shown {
  app: App;
  host: FakeHost;
  world: FakeWorld;
  container: HTMLElement;
}

/** Mounts a component with connected stores on a fake host whose world `change` may alter first. */
export function show<Props extends object>(
  part: Component<Props>,
  props: Props,
  change: (world: FakeWorld) => void = () => undefined,
): Shown {
  const host = fakeHost();
  host.world.pace = 0;
  change(host.world);
  const app = new App(host);
  onTestFinished(app.connect());
  const { container } = render(Stage, {
    props: { stores: app, part: part as unknown as Component, props: props as Record<string, unknown> },
  });
  return { app, host, world: host.world, container };
}

/** Fails with the rule and the place of everything that axe finds. Colours are measured in the real window: jsdom paints nothing. */
export async function expectAccessible(container: Element): Promise<void> {
  const { violations } = await axe.run(container, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  const found = violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html}`));
  expect(found).toEqual([]);
}
