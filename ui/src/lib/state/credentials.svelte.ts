// Names of credentials. A value passes through `add` on its way to the keychain and is kept nowhere in the page.

import type { CredentialSummary } from "../ipc/bindings";
import type { Host } from "../host/host";
import { Snapshot } from "./snapshot.svelte";

export class Credentials {
  readonly list: Snapshot<CredentialSummary[]>;

  constructor(private readonly host: Host) {
    this.list = new Snapshot(() => host.listCredentials());
  }

  async add(name: string, value: string, replace: boolean): Promise<CredentialSummary> {
    const credential = await this.host.addCredential(name, value, replace);
    await this.list.refresh();
    return credential;
  }

  async remove(name: string): Promise<void> {
    await this.host.removeCredential(name);
    await this.list.refresh();
  }
}
