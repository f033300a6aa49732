// A program that exists only in this page: it answers every command from memory, so that the interface can be used in a browser and
// tested without a desktop. Each noun has its own file; they share one `FakeWorld`, in which a test can set what should go wrong.

import { fakeCompose } from "./fake/compose";
import { fakeCredentials } from "./fake/credentials";
import { fakeSessions } from "./fake/sessions";
import { fakeSkills } from "./fake/skills";
import { fakeSystem } from "./fake/system";
import { FakeWorld } from "./fake/world";
import type { Host } from "./host";

/** A host, and the world behind it for a test to look into and to change. */
export type FakeHost = Host & { world: FakeWorld };

/** Makes a host on its own world, or on the one that is given. */
export function fakeHost(world: FakeWorld = new FakeWorld()): FakeHost {
  return {
    world,
    ...fakeSessions(world),
    ...fakeCompose(world),
    ...fakeSkills(world),
    ...fakeCredentials(world),
    ...fakeSystem(world),
    ...world.events(),
  };
}
