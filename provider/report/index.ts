export { htmlOf } from "./html";
export { markdownOf } from "./markdown";
export type { Report } from "./model";
export { reportOf } from "./report";
export { readState, StateError, type State } from "./state";
