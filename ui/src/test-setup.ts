// What every test has: matchers for the DOM.
import "@testing-library/jest-dom/vitest";
