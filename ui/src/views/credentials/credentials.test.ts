// Credentials on the fake host: a value goes in and leaves no trace in the page.

import { fireEvent, screen, waitFor } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { expectAccessible, show } from "../../testing/show";
import Credentials from "./Credentials.svelte";

const SECRET = "sk-ant-oat01-this-must-not-stay";

test("a value that was sent is nowhere in the page, refused or not", async () => {
  const { container, app, world } = show(Credentials, { view: { name: "credentials", add: "claude" } });
  const field = await screen.findByLabelText<HTMLInputElement>("Value");
  expect(field.type).toBe("password");
  expect(field.autocomplete).toBe("off");
  world.failNext("addCredential", {
    code: "credential-refused",
    name: "claude",
    what: "The keychain is locked.",
    advice: "Unlock it.",
  });
  for (const round of ["refused", "taken"]) {
    await fireEvent.input(field, { target: { value: SECRET } });
    await fireEvent.submit(field.form as HTMLFormElement);
    expect(field.value).toBe("");
    if (round === "refused") expect(await screen.findByText("The keychain is locked.")).toBeTruthy();
  }
  await waitFor(() =>
    expect(world.credentials.some((credential) => credential.name === "claude")).toBe(true),
  );
  expect(container.ownerDocument.documentElement.outerHTML).not.toContain(SECRET);
  expect(
    JSON.stringify([app.credentials.list.value, app.notices.shown, localStorage, world.calls]),
  ).not.toContain(SECRET);
  expect(world.called("saveDraft")).toHaveLength(0);
});

test("removing says what breaks and asks first", async () => {
  const { world } = show(Credentials, { view: { name: "credentials" } });
  await fireEvent.click(await screen.findByRole("button", { name: "More for tracker" }));
  await fireEvent.click(screen.getByRole("menuitem", { name: "Remove…" }));
  const dialog = await screen.findByRole("dialog", { name: "Remove tracker?" });
  expect(dialog.textContent).toMatch(/web.*will miss it, so.*reviewer.*cannot start/s);
  expect(world.called("removeCredential")).toHaveLength(0);
  await fireEvent.click(screen.getByRole("button", { name: "Remove" }));
  expect(await screen.findByText("No credential yet")).toBeTruthy();
});

test("what axe can see of the credentials is accessible", async () => {
  const { container } = show(Credentials, { view: { name: "credentials", add: "claude" } });
  await screen.findByLabelText("Value");
  await expectAccessible(container);
});
