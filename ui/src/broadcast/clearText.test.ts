import { screen, within } from "@testing-library/svelte";
import { expect, test } from "vitest";

import { testTarget } from "../platform/fakeOutputs";
import { openConsole } from "../test-desk";
import { clearTextHint } from "./clearText";

const to = (host: string, tls = false) => clearTextHint({ host, tls, protocol: "icecast" });

test.each(["localhost", " LocalHost", "radio.localhost", "127.0.0.1", "::1", "[::1]", ""])(
  "nothing is said of %s, which is this machine or none",
  (host) => {
    expect(to(host)).toBeNull();
  },
);

test.each(["radio.example.org", "192.0.2.1", "localhost.example.org", "127.example.org"])(
  "%s is reached in clear text but with TLS",
  (host) => {
    expect(to(host)).toContain(`clear text to ${host}. Turn on TLS`);
    expect(to(host, true)).toBeNull();
  },
);

test("nobody is told to turn on what Shoutcast has not", () => {
  expect(clearTextHint({ host: "radio.example.org", tls: false, protocol: "shoutcast" })).toContain(
    "Shoutcast has no TLS",
  );
});

test("the form says it as soon as TLS is turned off", async () => {
  const { user } = openConsole({ targets: [testTarget(1)] });
  await user.click(screen.getByRole("button", { name: "Server settings" }));
  const dialog = within(screen.getByRole("dialog"));
  expect(dialog.queryByText(/clear text/)).toBeNull();
  await user.click(dialog.getByRole("checkbox", { name: "Encrypt with TLS" }));
  expect(dialog.getByText(/clear text to icecast\.example\.org/)).toBeVisible();
});
