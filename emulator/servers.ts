import { randomUUID } from "node:crypto";
import { ApiError } from "./http";
import type { ImageBody, StoredServer } from "./store";
import { type Shape, check, text, whole } from "./validation";

/** A server that a test makes known. What is left out has the value that every unknown server has. */
export interface ServerGiven {
  /** A UUID. Default: a random one. */
  id?: string;
  /** The `os_distro` of the image that it was made of, which its own images inherit. Default null: it had none. */
  osDistro?: string | null;
  /** Size of its one volume, GB. Default 104. */
  volumeGb?: number;
  /** Whose it is. Default: the main account's. */
  accountId?: string;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const unknown = { osDistro: null, volumeGb: 104 };

const shape: Shape = {
  id: { rule: text(36, 36, uuid) },
  osDistro: { rule: text(1, 255), nullable: true },
  volumeGb: { rule: whole(1, 2 ** 31 - 1) },
  accountId: { rule: text(1, 64) },
};

/** Refuses what is wrong with a server, or of an account that is not there. */
export function newServer(given: ServerGiven, accounts: readonly { accountId: string }[]): StoredServer {
  check({ ...given }, shape, "refused");
  const { id = randomUUID(), accountId = accounts[0]?.accountId ?? "" } = given;
  if (!accounts.some((account) => account.accountId === accountId))
    throw new ApiError(400, "Emulator.InvalidServer", `There is no account ${accountId}.`);
  const { osDistro = unknown.osDistro, volumeGb = unknown.volumeGb } = given;
  return { id, accountId, osDistro, volumeGb };
}

/**
 * The server of an id, as an account sees it: one of its own where a test made any known, else every UUID but
 * another account's server.
 */
export function serverSeen(
  servers: ReadonlyMap<string, StoredServer>,
  id: string,
  accountId: string,
): StoredServer | undefined {
  const known = servers.get(id);
  if (known) return known.accountId === accountId ? known : undefined;
  const hasOwn = [...servers.values()].some((server) => server.accountId === accountId);
  return hasOwn || !uuid.test(id) ? undefined : { id, accountId, ...unknown };
}

/** What Nova says of a server's image when it creates it: all but the size, which comes with the status. */
export function imageOf(server: StoredServer, name: string): Partial<ImageBody> {
  return {
    name,
    min_disk: server.volumeGb,
    os_distro: server.osDistro,
    root_device_name: "/dev/vda",
    scp_original_image_type: "standard",
    volumes: JSON.stringify([bootVolume(server.volumeGb)]),
  };
}

/** The members of the documented example, in Nova's words. */
function bootVolume(volumeGb: number) {
  return {
    tag: null,
    volume_id: null,
    encryption_options: null,
    encryption_secret_uuid: null,
    encryption_format: null,
    device_name: "/dev/vda",
    disk_bus: "virtio",
    volume_type: null,
    encrypted: null,
    image_id: null,
    device_type: "disk",
    source_type: "snapshot",
    delete_on_termination: false,
    volume_size: volumeGb,
    guest_format: null,
    boot_index: 0,
    destination_type: "volume",
    snapshot_id: randomUUID(),
    no_device: null,
  };
}
