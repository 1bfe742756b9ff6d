export { Desk, Refused } from "./desk.js";
export { Voice } from "./voice.js";
