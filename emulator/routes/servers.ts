import { randomUUID } from "node:crypto";
import type { Cloud } from "../cloud";
import { json, notFound } from "../http";
import { newImage } from "../images";
import { imageOf, serverSeen } from "../servers";
import { type Shape, check, text } from "../validation";
import type { ApiCall, Route } from "./route";

/** The description gives no bounds; these are Nova's. */
const createShape: Shape = { image_name: { rule: text(1, 255), required: true } };

/** Images of servers. Nothing else of servers is here. */
export function serverRoutes(cloud: Cloud): Route[] {
  return [
    {
      operation: "createVirtualServerCustomImage",
      method: "POST",
      path: /^\/v1\/servers\/([^/]+)\/images$/,
      answer: (call) => create(cloud, call),
    },
  ];
}

function create(cloud: Cloud, call: ApiCall) {
  const [id = ""] = call.params;
  const server = serverSeen(cloud.store.servers, id, call.account.accountId);
  if (!server) throw notFound(`No server found with ID ${id}`);
  const given = call.body();
  check(given, createShape);
  const fields = imageOf(server, String(given.image_name));
  const image = newImage(randomUUID(), call.account, cloud.now(), fields);
  cloud.addImage(image);
  cloud.snapshots.start(image, id);
  return json(202, { image_id: image.body.id });
}
