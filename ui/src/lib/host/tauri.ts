// The host of the real window, and the only file that talks to Tauri. It turns the generated commands' results into values and thrown
// `HostError`s, callbacks into channels, and listeners that are set up later into subscriptions that can be ended at once.

import { Channel } from "@tauri-apps/api/core";
import { commands, events, type CommandError } from "../ipc/bindings";
import { HostError, type Host, type Unsubscribe } from "./host";

type Outcome<T> = { status: "ok"; data: T } | { status: "error"; error: CommandError };

async function value<T>(call: Promise<Outcome<T>>): Promise<T> {
  const outcome = await call;
  if (outcome.status === "error") throw new HostError(outcome.error);
  return outcome.data;
}

async function nothing(call: Promise<Outcome<unknown>>): Promise<void> {
  await value(call);
}

function channel<T>(hear: (message: T) => void): Channel<T> {
  const stream = new Channel<T>();
  stream.onmessage = hear;
  return stream;
}

interface Listenable<T> {
  listen(hear: (event: { payload: T }) => void): Promise<Unsubscribe>;
}

function subscribe<T>(event: Listenable<T>, hear: (payload: T) => void): Unsubscribe {
  let ended = false;
  const listening = event.listen(({ payload }) => {
    if (!ended) hear(payload);
  });
  return () => {
    ended = true;
    void listening.then((stop) => stop());
  };
}

/** Makes the host that speaks to the program around this page. */
export function tauriHost(): Host {
  return {
    listSessions: () => value(commands.listSessions()),
    planSession: (input) => value(commands.planSession(input)),
    startSession: (input) => value(commands.startSession(input)),
    resumeSession: (id, answers) => value(commands.resumeSession(id, answers)),
    listTasks: () => value(commands.listTasks()),
    followTask: (task, hear) => nothing(commands.followTask(task, channel(hear))),
    cancelTask: (task) => nothing(commands.cancelTask(task)),
    dismissTask: (task) => nothing(commands.dismissTask(task)),
    stopSession: (id, keep) => value(commands.stopSession(id, keep)),
    discardSession: (id) => nothing(commands.discardSession(id)),
    sessionFacts: (id) => value(commands.sessionFacts(id)),
    applyChanges: (id, force) => value(commands.applyChanges(id, force)),
    followTraffic: (id, hear) => nothing(commands.followTraffic(id, channel(hear))),
    openTerminal: (id, size, hear) =>
      value(
        commands.openTerminal(
          id,
          size,
          channel<ArrayBuffer>((bytes) => hear(new Uint8Array(bytes))),
        ),
      ),
    writeTerminal: (id, data) => nothing(commands.writeTerminal(id, data)),
    resizeTerminal: (id, size) => nothing(commands.resizeTerminal(id, size)),
    acknowledgeTerminal: (view, bytes) => nothing(commands.acknowledgeTerminal(view, bytes)),
    closeTerminal: (view) => nothing(commands.closeTerminal(view)),
    putInInbox: (id, files) => value(commands.putInInbox(id, files)),
    copyToInbox: (id, paths) => value(commands.copyToInbox(id, paths)),

    listAgents: () => value(commands.listAgents()),
    listBottles: () => value(commands.listBottles()),
    openDocument: (kind, name) => value(commands.openDocument(kind, name)),
    createDocument: (kind, name) => value(commands.createDocument(kind, name)),
    checkDocument: (kind, name, text) => value(commands.checkDocument(kind, name, text)),
    editDocument: (kind, text, edits) => value(commands.editDocument(kind, text, edits)),
    saveDocument: (kind, name, text, base) => value(commands.saveDocument(kind, name, text, base)),
    removeDocument: (kind, name) => value(commands.removeDocument(kind, name)),
    restoreRemoved: (id) => nothing(commands.restoreRemoved(id)),
    renameDocument: (kind, from, to) => value(commands.renameDocument(kind, from, to)),
    saveDraft: (key, text) => nothing(commands.saveDraft(key, text)),
    readDraft: (key) => value(commands.readDraft(key)),
    removeDraft: (key) => nothing(commands.removeDraft(key)),
    listDrafts: () => value(commands.listDrafts()),

    listSkills: () => value(commands.listSkills()),
    inspectSkills: (paths) => value(commands.inspectSkills(paths)),
    addSkills: (paths, replace) => value(commands.addSkills(paths, replace)),
    removeSkill: (name) => value(commands.removeSkill(name)),
    approveSkill: (name) => value(commands.approveSkill(name)),
    attachSkill: (agent, skill) => value(commands.attachSkill(agent, skill)),
    detachSkill: (agent, skill) => value(commands.detachSkill(agent, skill)),
    readSkill: (name) => value(commands.readSkill(name)),

    listCredentials: () => value(commands.listCredentials()),
    addCredential: (name, secret, replace) => value(commands.addCredential(name, secret, replace)),
    removeCredential: (name) => nothing(commands.removeCredential(name)),

    probeSystem: () => value(commands.probeSystem()),
    carryOut: (action) => value(commands.carryOut(action)),
    cleanupPlan: () => value(commands.cleanupPlan()),
    cleanUp: (ids) => nothing(commands.cleanUp(ids)),
    report: () => value(commands.report()),
    readSettings: () => value(commands.readSettings()),
    writeSettings: (settings) => value(commands.writeSettings(settings)),
    about: () => value(commands.about()),
    pickFolder: () => value(commands.pickFolder()),
    pickSkills: () => value(commands.pickSkills()),
    reveal: (path) => nothing(commands.reveal(path)),
    openLink: (url) => nothing(commands.openLink(url)),
    takeLaunch: () => value(commands.takeLaunch()),
    leaveLauncher: (view, name) => nothing(commands.leaveLauncher(view, name)),

    onSessionsChanged: (hear) => subscribe(events.sessionsChanged, () => hear()),
    onTasksChanged: (hear) => subscribe(events.tasksChanged, () => hear()),
    onLibraryChanged: (hear) => subscribe(events.libraryChanged, () => hear()),
    onCredentialsChanged: (hear) => subscribe(events.credentialsChanged, () => hear()),
    onSettingsChanged: (hear) => subscribe(events.settingsChanged, () => hear()),
    onSystemChanged: (hear) => subscribe(events.systemChanged, () => hear()),
    onLaunchRequested: (hear) => subscribe(events.launchRequested, () => hear()),
    onFilesDropped: (hear) => subscribe(events.filesDropped, hear),
    onFilesHovering: (hear) => subscribe(events.filesHovering, hear),
    onFilesLeft: (hear) => subscribe(events.filesLeft, () => hear()),
  };
}
