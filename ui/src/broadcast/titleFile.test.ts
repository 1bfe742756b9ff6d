import { screen } from "@testing-library/svelte";
import { expect, test } from "vitest";

import { openConsole } from "../test-desk";

const path = "/srv/playout/now.txt";

test("titles are taken from a file that is named, and beside it stands what is read there", async () => {
  const { fake, user } = openConsole();
  expect(screen.queryByText("Title file")).toBeNull();
  await user.click(screen.getByText("Titles from a file"));
  const field = screen.getByRole("textbox", { name: "File with the title" });
  await user.type(field, ` ${path} `);
  await user.tab();
  expect(fake.sent).toEqual([{ type: "setTitleFile", path }]);
  expect(screen.getByText("being read")).toBeVisible();
  fake.emit({ type: "titleFile", value: { path, reading: { state: "followed", line: "Björk - Jóga" } } });
  expect(await screen.findByText("Björk - Jóga")).toBeVisible();
  fake.emit({ type: "titleFile", value: { path, reading: { state: "missing", reason: "there is no such file" } } });
  expect(await screen.findByText("missing: there is no such file")).toHaveClass("warn");
  await user.clear(field);
  await user.tab();
  expect(fake.sent.at(-1)).toEqual({ type: "setTitleFile", path: "" });
  expect(screen.queryByText("Title file")).toBeNull();
});

test("a file that the desk does not take leaves the field as it was", async () => {
  const { user } = openConsole({ titleFile: { path, reading: { state: "looking" } } });
  await user.click(screen.getByText("Titles from a file"));
  const field = screen.getByRole("textbox", { name: "File with the title" });
  await user.clear(field);
  await user.type(field, "now.txt");
  await user.tab();
  expect(screen.getByText("Name the file with the title from the root")).toBeVisible();
  expect(field).toHaveValue(path);
});
