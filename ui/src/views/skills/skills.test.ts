// Skills on the fake host: what is dropped is looked at before it is copied, and what changed is shown before it is used.

import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { expectAccessible, show } from "../../testing/show";
import Skills from "./Skills.svelte";

const VIEW = { view: { name: "skills" } } as const;

test("of a good and a bad skill that are dropped only the good one can be added", async () => {
  const { world } = show(Skills, VIEW);
  await screen.findAllByText("changelog");
  const paths = ["/Users/ada/Downloads/screenshots", "/Users/ada/Downloads/linked"];
  world.tell("filesDropped", { paths, x: 10, y: 10 });
  const sheet = await screen.findByRole("dialog", { name: "Add these skills?" });
  expect(within(sheet).getByText("The link keys leads out of its folder.")).toBeTruthy();
  expect(within(sheet).getByText("scripts/shoot.mjs", { selector: "code" })).toBeTruthy();
  expect(world.called("addSkills")).toHaveLength(0);
  await fireEvent.click(within(sheet).getByText("Add skill"));
  await waitFor(() =>
    expect(world.called("addSkills")).toEqual([[["/Users/ada/Downloads/screenshots"], false]]),
  );
  expect((await screen.findAllByText("screenshots")).length).toBeGreaterThan(0);
});

test("a skill that is there is replaced only where the person says so", async () => {
  const { world } = show(Skills, {
    view: { name: "skills", dropped: ["/Users/ada/Downloads/changelog.zip"] },
  });
  const sheet = await screen.findByRole("dialog", { name: "Add this skill?" });
  const add = within(sheet).getByRole("button", { name: "Add skill" });
  expect((add as HTMLButtonElement).disabled).toBe(true);
  await fireEvent.click(within(sheet).getByRole("checkbox", { name: "Replace changelog" }));
  await fireEvent.click(add);
  await waitFor(() =>
    expect(world.called("addSkills")).toEqual([[["/Users/ada/Downloads/changelog.zip"], true]]),
  );
});

test("a changed skill names its files until it is approved", async () => {
  show(Skills, VIEW);
  expect(await screen.findByText("Changed since you accepted it.")).toBeTruthy();
  await fireEvent.click(screen.getByRole("button", { name: "Approve" }));
  await waitFor(() => expect(screen.queryByText("Changed since you accepted it.")).toBeNull());
});

test("a box gives a skill to an agent and writes its file", async () => {
  const { world } = show(Skills, VIEW);
  await fireEvent.click(await screen.findByRole("checkbox", { name: "fixer" }));
  await waitFor(() =>
    expect(world.agents.find((agent) => agent.name === "fixer")?.skills).toContain("changelog"),
  );
});

test("a removal can be taken back", async () => {
  const { app, world } = show(Skills, VIEW);
  await screen.findAllByText("changelog");
  await fireEvent.click(screen.getByRole("button", { name: "More for changelog" }));
  await fireEvent.click(await screen.findByRole("menuitem", { name: "Move to trash" }));
  const names = () => app.skills.list.value?.map((skill) => skill.name);
  await waitFor(() => expect(names()).toEqual(["code-review"]));
  const undo = () => app.notices.shown.find((notice) => notice.action?.label === "Undo");
  await waitFor(() => expect(undo()).toBeTruthy());
  undo()?.action?.run();
  await waitFor(() => expect(names()).toContain("changelog"));
  expect(world.called("restoreRemoved")).toHaveLength(1);
});

test("what axe can see of the skills is accessible", async () => {
  const { container } = show(Skills, VIEW);
  await screen.findByText("Changed since you accepted it.");
  await expectAccessible(container);
});
