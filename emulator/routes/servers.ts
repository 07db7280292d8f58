import { randomUUID } from "node:crypto";
import type { Cloud } from "../cloud";
import { json, notFound } from "../http";
import { newImage } from "../images";
import { check, text } from "../validation";
import type { ApiCall, Route } from "./route";

const volumeGb = 104;

/** Images of servers. There are no servers here, so every UUID is taken for one with a single volume. */
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
  const serverId = call.params[0] ?? "";
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(serverId))
    throw notFound(`No server found with ID ${serverId}`);
  const given = call.body();
  check(given, { image_name: { rule: text(1, 255), required: true } });
  const image = newImage(randomUUID(), call.account, cloud.now(), {
    name: String(given.image_name),
    status: "active",
    // The data is in a snapshot of the volume; the image itself is empty.
    size: 0,
    min_disk: volumeGb,
    root_device_name: "/dev/vda",
    volumes: JSON.stringify([volume()]),
  });
  cloud.addImage(image);
  return json(202, { image_id: image.body.id });
}

function volume() {
  return {
    boot_index: 0,
    delete_on_termination: false,
    destination_type: "volume",
    device_name: "/dev/vda",
    device_type: "disk",
    disk_bus: "virtio",
    image_id: null,
    snapshot_id: randomUUID(),
    source_type: "snapshot",
    volume_id: null,
    volume_size: volumeGb,
    volume_type: null,
  };
}
