// The fake program's machine: an engine that can be started, an image that can be prepared, leftovers that can be removed, settings.
// Findings follow from it, so that an action is seen to help.

import type { About, CleanupItem, Finding, Launch, Settings } from "../../ipc/bindings";
import { HostError, type SystemHost } from "../host";
import { skillRoom } from "./skills";
import type { FakeWorld } from "./world";

const HOME = "/Users/ada/.claude-bottle";
const machines = new WeakMap<FakeWorld, Machine>();

/** What the machine is like; a test changes it and then tells `systemChanged`. */
export class Machine {
  engine: "running" | "stopped" | "absent" = "running";
  image = false;
  freeGib = 182;
  leftovers: CleanupItem[] = [
    {
      id: "session:fixer-k3p9x",
      what: "Session fixer-k3p9x",
      detail: "Interrupted 3 days ago. Its changes are saved first.",
    },
    { id: "volume:doors-77c1a", what: "Volume doors-77c1a", detail: "No session owns it." },
  ];
  platform: About["platform"] = "macos";
  launch: Launch = { view: "home", name: null };
  folder: string | null = "/Users/ada/code/harbour";
  opened: string[] = [];
  settings: Settings = {
    theme: "system",
    openAtLogin: false,
    hideDock: false,
    startHidden: false,
    shortcut: "Alt+Space",
    terminalFontSize: 13,
    firstRunDone: true,
    confirmStart: true,
  };
}

/** The machine of a world. */
export function machine(world: FakeWorld): Machine {
  const there = machines.get(world);
  if (there) return there;
  const made = new Machine();
  machines.set(world, made);
  return made;
}

/** The system of the fake program. */
export function fakeSystem(world: FakeWorld): SystemHost {
  const box = machine(world);
  return {
    async probeSystem() {
      world.enter("probeSystem");
      return findings(world, box);
    },
    async carryOut(action) {
      world.enter("carryOut", action);
      switch (action) {
        case "start-engine":
          box.engine = "running";
          break;
        case "prepare-image":
          box.image = true;
          break;
        case "clean-up":
          box.leftovers = [];
          break;
        case "free-space":
          box.freeGib += 40;
          break;
        case "install-engine":
        case "add-credential":
        case "open-home":
          box.opened.push(action);
          break;
      }
      world.tell("systemChanged", undefined);
      return null;
    },
    async cleanupPlan() {
      world.enter("cleanupPlan");
      return structuredClone(box.leftovers);
    },
    async cleanUp(ids) {
      world.enter("cleanUp", ids);
      box.leftovers = box.leftovers.filter((item) => !ids.includes(item.id));
      world.tell("systemChanged", undefined);
    },
    async report() {
      world.enter("report");
      const lines = findings(world, box).map(
        (finding) => `${finding.state.padEnd(10)} ${finding.title}: ${finding.seen}`,
      );
      return [
        "claude-bottle 0.1.0 on macos",
        "home ~/.claude-bottle",
        "",
        ...lines,
        "",
        "Values, paths of projects and names of hosts are left out.",
      ].join("\n");
    },
    async readSettings() {
      world.enter("readSettings");
      return { ...box.settings };
    },
    async writeSettings(settings) {
      world.enter("writeSettings", settings);
      if (settings.shortcut !== null && !settings.shortcut.includes("+")) {
        throw new HostError({
          code: "internal",
          what: `${settings.shortcut} alone cannot be a global shortcut.`,
          advice: "Hold Ctrl, Alt or Cmd with it.",
          causes: [],
        });
      }
      box.settings = { ...settings };
      world.tell("settingsChanged", undefined);
      return { ...box.settings };
    },
    async about() {
      world.enter("about");
      return {
        version: "0.1.0",
        claude: "2.1.197",
        home: HOME,
        platform: box.platform,
        logs: `${HOME}/logs`,
      };
    },
    async pickFolder() {
      world.enter("pickFolder");
      return box.folder;
    },
    async pickSkills() {
      world.enter("pickSkills");
      return [...skillRoom(world).picks];
    },
    async reveal(path) {
      world.enter("reveal", path);
      box.opened.push(path);
    },
    async openLink(url) {
      world.enter("openLink", url);
      if (!/^https?:\/\//.test(url))
        throw new HostError({
          code: "internal",
          what: "Only web addresses can be opened.",
          advice: "Check the address.",
          causes: [],
        });
      box.opened.push(url);
    },
    async takeLaunch() {
      world.enter("takeLaunch");
      const { launch } = box;
      box.launch = { view: "home", name: null };
      return launch;
    },
    async leaveLauncher(view, name) {
      world.enter("leaveLauncher", view, name);
      if (view === null) return;
      box.launch = { view, name };
      world.tell("launchRequested", undefined);
    },
  };
}

function findings(world: FakeWorld, box: Machine): Finding[] {
  const well = (id: string, title: string, seen: string): Finding => ({
    id,
    title,
    state: "well",
    seen,
    what: null,
    advice: null,
    action: null,
  });
  const claude = world.credentials.find((credential) => credential.claude);
  const engine: Finding =
    box.engine === "running"
      ? well("backend:docker", "Docker engine", "29.1, unix:///var/run/docker.sock")
      : {
          id: "backend:docker",
          title: "Docker engine",
          state: "trouble",
          seen: box.engine === "stopped" ? "Docker Desktop is installed and does not run" : "not found",
          what:
            box.engine === "stopped"
              ? "The engine does not answer, so no bottle can start."
              : "There is no engine on this machine that can run a bottle.",
          advice:
            box.engine === "stopped"
              ? "Start it. It takes about half a minute."
              : "Install Docker Desktop, OrbStack or Colima.",
          action: box.engine === "stopped" ? "start-engine" : "install-engine",
        };
  return [
    engine,
    box.image
      ? well("image", "Bottle image", "claude 2.1.197, 612 MB")
      : {
          id: "image",
          title: "Bottle image",
          state: "attention",
          seen: "not built yet",
          what: "The first start will take some minutes longer.",
          advice: "Prepare it now, and the first start is quick.",
          action: "prepare-image",
        },
    claude
      ? well("credential", "Claude account", `${claude.name}, ${claude.kind}`)
      : {
          id: "credential",
          title: "Claude account",
          state: "attention",
          seen: "none added",
          what: "Agents that talk to Claude cannot start without one.",
          advice: "Add the account that claude should use.",
          action: "add-credential",
        },
    well("keychain", "Keychain", "open"),
    well("home", "Folder of agents and bottles", "~/.claude-bottle, writable"),
    box.leftovers.length === 0
      ? well("sessions", "Leftovers", "nothing is left over")
      : {
          id: "sessions",
          title: "Leftovers",
          state: "attention",
          seen: `${String(box.leftovers.length)} things that no running session owns`,
          what: "They use disk space.",
          advice: "Look at the list and remove what you do not need.",
          action: "clean-up",
        },
    box.freeGib >= 10
      ? well("disk", "Disk space", `${String(box.freeGib)} GB free`)
      : {
          id: "disk",
          title: "Disk space",
          state: "trouble",
          seen: `${String(box.freeGib)} GB free`,
          what: "A bottle may not fit.",
          advice: "Remove images of earlier versions that nothing uses.",
          action: "free-space",
        },
  ];
}
