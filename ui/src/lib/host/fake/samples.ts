// Agents and bottles that the fake program begins with, as a person would have written them: with comments, an order of their own,
// and one file with a mistake in it.

export const AGENTS: Record<string, string> = {
  reviewer: `---
# Reads pull requests. Opens nothing but the tracker.
bottle: web
description: Reviews a branch before a person does
skills:
  - code-review
  - changelog # added for release weeks
model: opus
color: green
---

You review the branch in /workspace. Read the whole change before you judge a line of it.

Say what is wrong, why it matters, and the smallest thing that mends it. Praise nothing.
`,
  fixer: `---
bottle: base
description: Fixes one failing test at a time
skills:
  - code-review
---

Run the tests, take the first that fails, and make it pass without changing what it says.
`,
  "release-notes": `---
bottle: web
description: Writes the notes of a release
skils:
  - changelog
---

Write for people who use the product, not for people who build it.
`,
};

export const BOTTLES: Record<string, string> = {
  base: `---
# Claude alone. Everything else is closed.
egress:
  routes:
    - host: api.anthropic.com
      auth:
        scheme: claude
        credential: claude
---

The least that claude needs.
`,
  web: `---
extends: base
# Two processors are enough for reviews.
resources:
  cpus: 2
  memory: 4GiB
env:
  TZ: \${TZ}
  TICKET: '?Which ticket is this about'
egress:
  routes:
    # Reading issues, never writing them.
    - host: api.github.com
      matches:
        - paths: [/repos/*]
          methods: [GET]
      auth:
        scheme: bearer
        credential: tracker
    - host: crates.io
      matches:
        - paths: [/api/v1/*]
          methods: [GET]
git:
  user:
    name: Ada Example
    email: ada@example.com
---
`,
};

/** The commented files that a new agent or bottle begins as. */
export const TEMPLATES = {
  agent: (bottle: string): string => `---
# An agent is a purpose: which bottle it runs in, which skills it has, and what it is told.
# Lines that begin with '#' and a key are examples. Remove the '#' to use them.

# The bottle. It says what can leave.
bottle: ${bottle}

# One line about what the agent is for.
description: A friendly helper for a first look around

# Skills that are copied in.
#skills:
#  - my-skill
---

You work in a sealed bottle. The folder /workspace is a copy of the person's project.
`,
  bottle: (): string => `---
# A bottle is a boundary: which hosts are open, which credentials are put in outside, what the guest may use.
# What is not said here is closed.

# The open hosts.
egress:
  routes:
    # Claude itself. The credential is put in outside the bottle.
    - host: api.anthropic.com
      auth:
        scheme: claude
        credential: claude
---

Notes below this line are yours. The program does not read them.
`,
};
