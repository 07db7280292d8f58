import type { Cloud } from "../cloud";
import {
  ApiError,
  type Call,
  type JsonObject,
  type Reply,
  decoded,
  header,
  notFound,
  parseObject,
  readBody,
  report,
} from "../http";
import type { Room, Task } from "../server";
import type { Account } from "../settings";
import { signer } from "../signature";
import { iamRoutes } from "./iam";
import { imageRoutes } from "./images";
import { memberRoutes } from "./members";
import { serverRoutes } from "./servers";
import { tagRoutes } from "./tags";

/** A signed request to an SCP service, with the parts that its route's pattern names. */
export interface ApiCall extends Call {
  account: Account;
  /** Minor number of the image API's version: 0 to 3. */
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

/** All SCP services behind one base URL, as clients with one endpoint setting expect them. */
export function apiRoom(cloud: Cloud): Room {
  const routes = [imageRoutes, memberRoutes, serverRoutes, tagRoutes, iamRoutes].flatMap((make) =>
    make(cloud),
  );
  return (call) => {
    const here = routes.filter((route) => route.path.test(call.path));
    const route = here.find(({ method }) => method === call.method);
    if (!route) return { operation: "unknown", work: () => Promise.resolve(lost(here.length > 0).reply()) };
    const task: Task = {
      operation: route.operation,
      imageId: /^\/v1\/images\/([^/]+)/.exec(call.path)?.[1],
      work: async () => {
        const reply = await perform(cloud, route, call).catch((error: unknown) => refusal(call, error));
        if (route.operation === "createImage" && reply.status === 200) task.imageId = madeId(reply);
        return reply;
      },
    };
    return task;
  };
}

async function perform(cloud: Cloud, route: Route, call: Call): Promise<Reply> {
  const text = await readBody(call.source);
  if (route.operation === "listVersions") {
    return route.answer({
      ...call,
      account: cloud.settings.accounts[0],
      version: 3,
      params: [],
      body: () => ({}),
    });
  }
  const account = signer(call, cloud.settings.accounts, cloud.now());
  const version = versionOf(call, /^\/v1\/(images|pending-images|servers)/.test(call.path));
  const params = (route.path.exec(call.path) ?? []).slice(1).map(decoded);
  return route.answer({ ...call, account, version, params, body: () => parseObject(text) });
}

/** Without the header the latest version answers. Other services' versions are taken as they come. */
function versionOf(call: Call, ofImages: boolean): number {
  const given = header(call, "scp-api-version");
  if (given === undefined) return 3;
  const known = ofImages ? /^virtualserver 1\.([0-3])$/ : /^[a-z0-9-]+ \d+\.(\d+)$/;
  const found = known.exec(given);
  if (!found) throw new ApiError(400, "InvalidApiVersion", `Scp-Api-Version '${given}' is not supported.`);
  return Number(found[1]);
}

function refusal(call: Call, error: unknown): Reply {
  if (error instanceof ApiError) return error.reply();
  report(call, error);
  return new ApiError(500, "InternalServerError", "The emulator made a mistake.").reply();
}

function lost(pathIsKnown: boolean): ApiError {
  return pathIsKnown
    ? new ApiError(405, "MethodNotAllowed", "This path does not take this method.")
    : notFound("There is no such path.");
}

function madeId(reply: Reply): string | undefined {
  return typeof reply.body === "string" ? (JSON.parse(reply.body) as { id: string }).id : undefined;
}
