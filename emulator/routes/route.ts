import type { Call, JsonObject, Reply } from "../http";
import type { Account } from "../settings";

/** A signed request to an SCP service, with the parts that its route's pattern names. */
export interface ApiCall extends Call {
  account: Account;
  /** Minor number of the image API's version: see versions.ts. */
  version: number;
  params: string[];
  body: () => JsonObject;
}

/** One operation of an SCP service. */
export interface Route {
  operation: string;
  method: string;
  /** What is in brackets becomes `params`, decoded. */
  path: RegExp;
  answer: (call: ApiCall) => Reply | Promise<Reply>;
}
