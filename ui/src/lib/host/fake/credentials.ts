// The credentials of the fake program. Like the keychain, it takes a value and never gives it back: not even a test can read one here.

import type { CredentialSummary } from "../../ipc/bindings";
import { HostError, type CredentialHost } from "../host";
import { NAME } from "./manifest";
import type { FakeWorld } from "./world";

const DAY = 86_400;

/** Credentials of the fake program; it begins with a tracker's token alone, so that the first run has something to say. */
export function fakeCredentials(world: FakeWorld): CredentialHost {
  if (world.credentials.length === 0) {
    world.credentials = [
      { name: "tracker", kind: "other", claude: false, createdAt: Date.now() / 1000 - 41 * DAY, usedBy: [] },
    ];
  }
  const usedBy = (name: string) =>
    world.bottles.filter((bottle) => bottle.credentials.includes(name)).map((bottle) => bottle.name);
  const shown = (credential: CredentialSummary) => ({ ...credential, usedBy: usedBy(credential.name) });
  return {
    async listCredentials() {
      world.enter("listCredentials");
      return world.credentials.map(shown);
    },
    async addCredential(name, value, replace) {
      world.enter("addCredential", name, "<redacted>", replace);
      if (!NAME.test(name)) {
        const what = `the credential's name '${name}' may hold only a-z, 0-9 and single hyphens between them`;
        throw new HostError({ code: "invalid-name", name, what });
      }
      const there = world.credentials.find((credential) => credential.name === name);
      if (there && !replace) throw new HostError({ code: "exists", name });
      const wrong = refusal(value);
      if (wrong) throw new HostError({ code: "credential-refused", name, ...wrong });
      const credential = { name, ...kindOf(value), createdAt: Date.now() / 1000, usedBy: [] };
      world.credentials = [...world.credentials.filter((other) => other.name !== name), credential].sort(
        (a, b) => a.name.localeCompare(b.name),
      );
      world.tell("credentialsChanged", undefined);
      world.tell("systemChanged", undefined);
      return shown(credential);
    },
    async removeCredential(name) {
      world.enter("removeCredential", name);
      world.credentials = world.credentials.filter((credential) => credential.name !== name);
      world.tell("credentialsChanged", undefined);
      world.tell("systemChanged", undefined);
    },
  };
}

function kindOf(value: string): { kind: string; claude: boolean } {
  if (value.startsWith("sk-ant-oat")) return { kind: "Claude OAuth token", claude: true };
  if (value.startsWith("sk-ant-api")) return { kind: "Anthropic API key", claude: true };
  return { kind: "other", claude: false };
}

function refusal(value: string): { what: string; advice: string } | null {
  if (value.trim() === "") return { what: "The value is empty.", advice: "Paste what was printed for you." };
  if (/\s/.test(value.trim()))
    return { what: "The value holds a space or a line break.", advice: "Copy it again, as one line." };
  return null;
}
