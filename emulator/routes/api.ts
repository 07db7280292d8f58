import type { Cloud } from "../cloud";
import {
  ApiError,
  type Call,
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
import { minorOf, newest } from "../versions";
import { iamRoutes } from "./iam";
import { imageRoutes } from "./images";
import { memberRoutes } from "./members";
import type { Route } from "./route";
import { serverRoutes } from "./servers";
import { tagRoutes } from "./tags";

/** All SCP services behind one base URL, as clients with one endpoint setting expect them. */
export function apiRoom(cloud: Cloud): Room {
  const routes = [imageRoutes, memberRoutes, serverRoutes, tagRoutes, iamRoutes].flatMap((make) =>
    make(cloud),
  );
  return (call) => {
    const here = routes.filter((route) => route.path.test(call.path));
    const route = here.find(({ method }) => method === call.method);
    if (!route) {
      const work = () => Promise.resolve(atGateway(cloud, call) ?? lost(call, here));
      return { operation: "unknown", work };
    }
    const task: Task = {
      operation: route.operation,
      imageId: /^\/v1\/images\/([^/]+)/.exec(call.path)?.[1],
      work: async () => {
        const instead = atGateway(cloud, call);
        if (instead) return instead;
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
      version: newest,
      params: [],
      body: () => ({}),
    });
  }
  const account = signer(call, cloud.settings.accounts, cloud.now());
  const denied = denial(cloud, route, account);
  if (denied) return denied;
  const version = versionOf(call, /^\/v1\/(images|pending-images|servers)/.test(call.path));
  const params = (route.path.exec(call.path) ?? []).slice(1).map(decoded);
  return route.answer({ ...call, account, version, params, body: () => parseObject(text) });
}

/** What stands in the service's way answers whatever is signed for it, before anybody looks at the signature. */
function atGateway(cloud: Cloud, call: Call): Reply | undefined {
  const { gateway } = cloud.settings;
  if (!gateway || header(call, "scp-signature") === undefined) return undefined;
  const { status, body = "", contentType = "application/json" } = gateway;
  return { status, headers: { "content-type": contentType }, body };
}

function denial(cloud: Cloud, { operation }: Route, { accessKey }: Account): Reply | undefined {
  const denied = cloud.settings.denied.find(
    (one) => one.operation === operation && (one.accessKey ?? accessKey) === accessKey,
  );
  if (!denied) return undefined;
  const { status = 403, body } = denied;
  if (body !== undefined) return { status, headers: { "content-type": "application/json" }, body };
  return new ApiError(status, "Forbidden", `This access key may not call ${operation}.`).reply();
}

/** Without the header the latest version answers. Other services' versions are taken as they come. */
function versionOf(call: Call, ofImages: boolean): number {
  const given = header(call, "scp-api-version");
  if (given === undefined) return newest;
  const version = ofImages ? minorOf(given) : minorOfAny(given);
  if (version === undefined)
    throw new ApiError(400, "InvalidApiVersion", `Scp-Api-Version '${given}' is not supported.`);
  return version;
}

function minorOfAny(header: string): number | undefined {
  const [, minor] = /^[a-z0-9-]+ \d+\.(\d+)$/.exec(header) ?? [];
  return minor === undefined ? undefined : Number(minor);
}

function refusal(call: Call, error: unknown): Reply {
  if (error instanceof ApiError) return error.reply();
  report(call, error);
  return new ApiError(500, "InternalServerError", "The emulator made a mistake.").reply();
}

/** For a path that is none of the routes', or is one of theirs by other methods only. */
function lost({ method, path }: Call, here: Route[]): Reply {
  if (here.length === 0) return notFound(`There is no ${path} here.`).reply();
  const reply = new ApiError(405, "MethodNotAllowed", `${path} does not take ${method}.`).reply();
  return { ...reply, headers: { ...reply.headers, allow: here.map((route) => route.method).join(", ") } };
}

function madeId(reply: Reply): string | undefined {
  return typeof reply.body === "string" ? (JSON.parse(reply.body) as { id: string }).id : undefined;
}
