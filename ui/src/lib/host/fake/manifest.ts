/*
 * Reads and edits bottle and agent files for the fake host, as the core does: the same keys, the same words for what is
 * wrong, and edits that leave comments and order alone. It is used in development and in tests only.
 */
import { Document, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from "yaml";
import type {
  AgentFields,
  BottleFields,
  DocumentKind,
  Edit,
  EnvField,
  FileFault,
  RouteField,
} from "../../ipc/bindings";

export const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const HOST = /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?$/;
const AGENT_KEYS = ["bottle", "skills", "git", "name", "description", "model", "color"];
const BOTTLE_KEYS = [
  "extends",
  "backend",
  "runtime",
  "resources",
  "env",
  "egress",
  "git",
  "pipelock",
  "image",
];
const WORDS: Record<string, string[]> = {
  backend: ["docker", "smolmachines"],
  runtime: ["runc", "runsc"],
  scheme: ["claude", "bearer", "basic", "x-api-key"],
  on_finding: ["block", "redact", "hold"],
};

class Refused extends Error {
  constructor(
    readonly offset: number,
    readonly what: string,
    readonly advice: string,
  ) {
    super(what);
  }
}

/** The halves of a file, and where the second begins. */
export function halves(text: string): { yaml: string; body: string; bodyAt: number } {
  if (!/^---\s*?(\r?\n|$)/.test(text)) {
    throw new Refused(
      0,
      "the file does not begin with a line '---'",
      "Put the keys between two lines '---' at the top of the file.",
    );
  }
  const closing = /\n---[ \t]*(\r?\n|$)/.exec(text);
  if (closing === null) {
    throw new Refused(
      0,
      "the frontmatter has no closing line '---'",
      "Put the keys between two lines '---' at the top of the file.",
    );
  }
  const bodyAt = closing.index + closing[0].length;
  return { yaml: text.slice(0, closing.index + 1), body: text.slice(bodyAt), bodyAt };
}

export type Read<F> = { fault: FileFault | null; fields: F | null };

/** Reads an agent's file; `bottles` are the names that exist. */
export function readAgent(file: string, name: string, text: string, bottles: string[]): Read<AgentFields> {
  return guarded(file, text, () => {
    const { root, body } = open(text);
    const top = keys(root, "the frontmatter", AGENT_KEYS);
    const written = line(top.get("name"), "name");
    if (written !== null && written !== name) {
      throw refuse(
        top.get("name"),
        `the name '${written}' differs from the file's name '${name}'`,
        `Write '${name}', or leave the key out.`,
      );
    }
    const bottle = line(top.get("bottle"), "bottle");
    if (bottle === null)
      throw refuse(root, "the key 'bottle' is missing", "Add 'bottle' at the top of the file.");
    if (!bottles.includes(bottle)) {
      const near = nearest(bottle, bottles);
      throw refuse(
        top.get("bottle"),
        `there is no bottle '${bottle}'${near === null ? "" : `, did you mean '${near}'`}`,
        "Name a bottle that exists, or create it.",
      );
    }
    const skills = list(top.get("skills"), "skills").map((item) => named(item, "skill's name"));
    const user = gitUser(top.get("git"));
    return {
      description: line(top.get("description"), "description"),
      bottle,
      model: line(top.get("model"), "model"),
      color: line(top.get("color"), "color"),
      skills: [...new Set(skills)],
      prompt: body.trim(),
      gitName: user?.name ?? null,
      gitEmail: user?.email ?? null,
    };
  });
}

/** Reads a bottle's file; `bottles` are the names that exist. */
export function readBottle(file: string, name: string, text: string, bottles: string[]): Read<BottleFields> {
  return guarded(file, text, () => {
    const { root } = open(text);
    const top = keys(root, "the frontmatter", BOTTLE_KEYS);
    const parent = line(top.get("extends"), "extends");
    if (parent === name)
      throw refuse(
        top.get("extends"),
        `the bottles extend each other in a circle: ${name} -> ${name}`,
        "Take one of them out of the circle.",
      );
    if (parent !== null && !bottles.includes(parent)) {
      const near = nearest(parent, bottles);
      throw refuse(
        top.get("extends"),
        `there is no bottle '${parent}'${near === null ? "" : `, did you mean '${near}'`}`,
        "Name a bottle that exists, or create it.",
      );
    }
    const resources = keys(top.get("resources"), "resources", ["cpus", "memory", "disk"]);
    const cpus = line(resources.get("cpus"), "cpus");
    if (cpus !== null && !(Number(cpus) >= 0.1 && Number(cpus) <= 1024)) {
      throw refuse(
        resources.get("cpus"),
        "'cpus' is not a number from 0.1 to 1024",
        "Write a number such as 2 or 1.5.",
      );
    }
    const egress = keys(top.get("egress"), "egress", ["routes"]);
    const routes = list(egress.get("routes"), "routes").map(readRoute);
    const twice = routes.findIndex(
      (route, at) => routes.findIndex((other) => other.host === route.host) < at,
    );
    if (twice >= 0) {
      throw refuse(
        list(egress.get("routes"), "routes")[twice],
        `the host '${routes[twice]?.host ?? ""}' is already listed`,
        "Keep one of the two and remove the other.",
      );
    }
    const user = gitUser(top.get("git"));
    return {
      extends: parent,
      backend: word(top.get("backend"), "backend"),
      runtime: word(top.get("runtime"), "runtime"),
      image: line(top.get("image"), "image"),
      cpus: cpus === null ? null : Number(cpus),
      memory: size(resources.get("memory"), "memory"),
      disk: size(resources.get("disk"), "disk"),
      env: readEnv(top.get("env")),
      routes,
      gitName: user?.name ?? null,
      gitEmail: user?.email ?? null,
    };
  });
}

/** Applies edits to a file's text and keeps everything that they do not touch. */
export function edit(_kind: DocumentKind, text: string, edits: Edit[]): string {
  const parts = halves(text);
  const document = parseDocument(parts.yaml);
  if (document.errors.length > 0) throw new Error("the text cannot be read");
  let body = parts.body;
  for (const change of edits) {
    switch (change.kind) {
      case "set":
        setIn(document, change.path, value(document, change.value));
        break;
      case "remove":
        removeIn(document, change.path);
        break;
      case "append": {
        if (!isSeq(document.getIn(change.path))) document.setIn(change.path, document.createNode([]));
        document.addIn(change.path, value(document, change.value));
        break;
      }
      case "body":
        body = change.text === "" ? "" : `\n${change.text.replace(/^\n+|\s+$/g, "")}\n`;
        break;
    }
  }
  const yaml = document.toString({ lineWidth: 0, directives: true }).replace(/^(---\s*\n)?/, "---\n");
  return `${yaml.replace(/\n*$/, "\n")}---\n${body}`;
}

function setIn(document: Document.Parsed, path: string[], node: unknown): void {
  const there = document.getIn(path, true);
  // A scalar keeps the comment that stands behind it.
  if (isScalar(there) && isScalar(node)) there.value = node.value;
  else document.setIn(path, node);
}

function removeIn(document: Document.Parsed, path: string[]): void {
  document.deleteIn(path);
  const parent = path.slice(0, -1);
  const left = document.getIn(parent, true);
  if (parent.length > 0 && (isMap(left) || isSeq(left)) && left.items.length === 0)
    removeIn(document, parent);
}

function value(document: Document.Parsed, given: Extract<Edit, { kind: "set" }>["value"]): unknown {
  switch (given.kind) {
    case "text":
      return document.createNode(given.text);
    case "number":
      return document.createNode(given.number);
    case "list":
      return document.createNode(given.items);
    case "route":
      return document.createNode(written(given.route));
  }
}

function written(route: RouteField): Record<string, unknown> {
  const shape = {
    ...(route.paths.length > 0 && { paths: route.paths }),
    ...(route.methods.length > 0 && { methods: route.methods }),
  };
  return {
    host: route.host,
    ...(Object.keys(shape).length > 0 && { matches: [shape] }),
    ...(route.credential !== null && {
      auth: { scheme: route.scheme ?? "bearer", credential: route.credential },
    }),
    ...(route.onFinding !== null && { on_finding: route.onFinding }),
  };
}

function readRoute(item: Node): RouteField {
  const fields = keys(item, "routes", ["host", "matches", "auth", "on_finding", "upstream"]);
  const host = line(fields.get("host"), "host");
  if (host === null) throw refuse(item, "the key 'host' is missing", "Add 'host' to the route.");
  if (!HOST.test(host)) {
    const what = host.includes("/")
      ? `'${host}' is more than a host; write the name alone, such as 'example.com'`
      : `the host '${host}' has no domain; write the full name, such as 'example.com'`;
    throw refuse(fields.get("host"), what, "Write a host such as 'example.com'.");
  }
  const matches = list(fields.get("matches"), "matches").map((match) =>
    keys(match, "matches", ["paths", "methods"]),
  );
  const each = (key: string) =>
    matches.flatMap((match) => list(match.get(key), key).map((entry) => line(entry, key) ?? ""));
  for (const match of matches) {
    for (const method of list(match.get("methods"), "methods")) {
      if (!/^[A-Z-]{1,20}$/.test(line(method, "methods") ?? ""))
        throw refuse(method, "'methods' has a method that is not in capitals", "Write a method such as GET.");
    }
    for (const path of list(match.get("paths"), "paths")) {
      if (!/^\/[^?]*$/.test(line(path, "paths") ?? ""))
        throw refuse(
          path,
          "'paths' has a path that no plain request can have",
          "Write a path such as '/v1/*'.",
        );
    }
  }
  const auth = keys(fields.get("auth"), "auth", ["scheme", "credential"]);
  return {
    host,
    paths: [...new Set(each("paths"))],
    methods: [...new Set(each("methods"))],
    credential: line(auth.get("credential"), "credential"),
    scheme: word(auth.get("scheme"), "scheme"),
    onFinding: word(fields.get("on_finding"), "on_finding"),
    matches: matches.length,
  };
}

function readEnv(node: Node | undefined): EnvField[] {
  if (node === undefined || (isScalar(node) && node.value === null)) return [];
  if (!isMap(node)) throw refuse(node, "'env' takes keys with values, not text", "Write keys with values.");
  return node.items.map((pair) => {
    const name = String(isScalar(pair.key) ? pair.key.value : "");
    const at = pair.key as Node;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw refuse(
        at,
        `'${name}' is not a variable's name`,
        "Write a name of A-Z, a-z, 0-9 and _ that does not begin with a digit.",
      );
    if (/^(HTTPS?_PROXY|PATH|HOME|LD_PRELOAD|ANTHROPIC_.*|CLAUDE_CODE_.*)$/i.test(name)) {
      throw refuse(
        at,
        `the variable '${name}' cannot be set: claude-bottle sets or guards it by itself`,
        "Remove it.",
      );
    }
    const given = isScalar(pair.value) ? String(pair.value.value ?? "") : "";
    if (given.trim() === "?")
      throw refuse(pair.value as Node, `'${name}' asks no question`, "Write a question after the '?'.");
    return { name, value: given };
  });
}

function gitUser(git: Node | undefined): { name: string; email: string } | null {
  const user = keys(git, "git", ["user", "remotes"]).get("user");
  if (user === undefined) return null;
  const fields = keys(user, "user", ["name", "email"]);
  const part = (key: "name" | "email") => {
    const text = line(fields.get(key), key);
    if (text === null) throw refuse(user, `the key '${key}' is missing`, `Add '${key}'.`);
    return text;
  };
  return { name: part("name"), email: part("email") };
}

function open(text: string): { root: Node; body: string } {
  const parts = halves(text);
  const document = parseDocument(parts.yaml, { lineCounter: new LineCounter() });
  const wrong = document.errors[0];
  if (wrong !== undefined)
    throw new Refused(
      wrong.pos[0],
      `this is not valid YAML: ${wrong.message.split("\n")[0]?.replace(/ at line.*$/, "") ?? ""}`,
      "Mend the YAML there.",
    );
  return { root: document.contents ?? (document.createNode({}) as Node), body: parts.body };
}

function keys(node: Node | undefined, key: string, valid: string[]): Map<string, Node> {
  const found = new Map<string, Node>();
  if (node === undefined || (isScalar(node) && node.value === null)) return found;
  if (!isMap(node))
    throw refuse(
      node,
      `'${key}' takes keys with values, not ${isSeq(node) ? "a list" : "text"}`,
      "Write keys with values.",
    );
  for (const pair of node.items) {
    const name = String(isScalar(pair.key) ? pair.key.value : "");
    if (!valid.includes(name)) {
      const near = nearest(name, valid);
      throw refuse(
        pair.key as Node,
        `unknown key '${name}'${near === null ? "" : `, did you mean '${near}'`}`,
        `Use one of: ${valid.join(", ")}.`,
      );
    }
    if (pair.value !== null) found.set(name, pair.value as Node);
  }
  return found;
}

function list(node: Node | undefined, key: string): Node[] {
  if (node === undefined || (isScalar(node) && node.value === null)) return [];
  if (!isSeq(node))
    throw refuse(
      node,
      `'${key}' takes a list, not ${isMap(node) ? "keys with values" : "text"}`,
      "Write a list.",
    );
  return node.items as Node[];
}

function line(node: Node | undefined, key: string): string | null {
  if (node === undefined) return null;
  if (!isScalar(node))
    throw refuse(
      node,
      `'${key}' takes text, not ${isSeq(node) ? "a list" : "keys with values"}`,
      "Write text.",
    );
  const text = String(node.value ?? "");
  if (text.trim() === "") throw refuse(node, `'${key}' is empty`, "Write text.");
  return text;
}

function word(node: Node | undefined, key: string): string | null {
  const given = line(node, key);
  const valid = WORDS[key] ?? [];
  if (given !== null && !valid.includes(given)) {
    const near = nearest(given, valid);
    throw refuse(
      node,
      `'${given}' is not a value of '${key}'${near === null ? "" : `, did you mean '${near}'`}`,
      `Use one of: ${valid.join(", ")}.`,
    );
  }
  return given;
}

function size(node: Node | undefined, key: string): string | null {
  const text = line(node, key);
  if (text !== null && !/^\d+\s*(m|mib|g|gib)?$/i.test(text))
    throw refuse(node, `'${key}' is not a size`, "Write a size such as 4GiB, 512MiB or 4g.");
  return text;
}

function named(node: Node, what: string): string {
  const text = line(node, what) ?? "";
  if (!NAME.test(text))
    throw refuse(
      node,
      `the ${what} '${text}' may hold only a-z, 0-9 and single hyphens between them`,
      "Choose a name such as 'my-name-2'.",
    );
  return text;
}

function refuse(node: Node | undefined, what: string, advice: string): Refused {
  return new Refused(node?.range?.[0] ?? 0, what, advice);
}

function guarded<F>(file: string, text: string, read: () => F): Read<F> {
  try {
    return { fault: null, fields: read() };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const before = text.slice(0, error.offset);
    const line = before.split("\n").length;
    return {
      fault: {
        file,
        line,
        column: error.offset - before.lastIndexOf("\n"),
        what: error.what,
        advice: error.advice,
      },
      fields: null,
    };
  }
}

/** The word that is most like what was written, where one is like it at all. */
export function nearest(given: string, words: string[]): string | null {
  const best = words
    .map((word) => ({ word, edits: distance(given, word) }))
    .sort((a, b) => a.edits - b.edits)[0];
  return best !== undefined && best.edits <= 3 && best.edits * 2 <= Math.max(best.word.length, 2)
    ? best.word
    : null;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
