import { describe, expect, test } from "vitest";

import { takesLetters, takesText } from "./shortcuts";

function element(html: string): Element {
  const outer = document.createElement("div");
  outer.innerHTML = html;
  const inner = outer.querySelector("[data-it]");
  if (!inner) throw new Error(html);
  return inner;
}

describe("letters are for", () => {
  test.each(["text", "number", "search", "password", "time"])("a field of type %s", (type) => {
    expect(takesLetters(element(`<input data-it type="${type}">`))).toBe(true);
  });

  test.each(["<input data-it>", "<textarea data-it></textarea>", "<select data-it></select>"])("%s", (html) => {
    expect(takesLetters(element(html))).toBe(true);
  });

  test("whatever is in a dialog", () => {
    expect(takesLetters(element('<dialog><input data-it type="range"></dialog>'))).toBe(true);
    expect(takesLetters(element("<dialog><button data-it>x</button></dialog>"))).toBe(true);
  });
});

test.each(["range", "checkbox", "radio", "button", "submit", "reset"])("an input of type %s takes none", (type) => {
  const input = element(`<input data-it type="${type}">`);
  expect(takesLetters(input)).toBe(false);
  expect(takesText(input, { do: "undo" })).toBe(false);
});
