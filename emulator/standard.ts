import { createHash } from "node:crypto";
import { newImage } from "./images";
import type { Account } from "./settings";
import type { ImageBody, StoredImage } from "./store";

/** The vendor's own project. Nobody has its keys. */
const vendor: Account = {
  accountId: "5c9a3f0e7b1d4862a0f4d6e8b2c71935",
  accessKey: "",
  secretKey: "",
  accountName: "SamsungCloudPlatform",
  userName: "",
};

type Row = Partial<ImageBody> & Pick<ImageBody, "name" | "created_at">;

/** Names and dates are made up, in the manner of the vendor's; the types are those that its documentation names. */
const rows: Row[] = [
  linux("Alma Linux 8.10", "alma", "8.10", "2025-03-10T01:00:00Z"),
  linux("Alma Linux 9.5", "alma", "9.5", "2025-06-16T01:00:00Z"),
  linux("Rocky Linux 9.5", "rocky", "9.5", "2025-06-16T01:00:05Z"),
  linux("RHEL 9.4", "rhel", "9.4", "2025-04-21T01:00:00Z"),
  linux("Oracle Linux 8.10", "oracle", "8.10", "2025-04-21T01:00:05Z"),
  linux("Ubuntu 22.04", "ubuntu", "22.04", "2025-02-03T01:00:00Z"),
  linux("Ubuntu 24.04", "ubuntu", "24.04", "2025-07-14T01:00:00Z"),
  {
    ...linux("Windows Server 2022 Standard", "windows", "2022 Standard", "2025-05-12T01:00:00Z"),
    min_disk: 32,
    root_device_name: "/dev/sda",
  },
  {
    ...linux("Ubuntu 22.04 GPU", "ubuntu", "22.04", "2025-05-26T01:00:00Z"),
    scp_image_type: "gpu_standard",
    scp_original_image_type: "gpu_standard",
    scp_gpu_driver: "535.183.06",
  },
  {
    ...linux("Ubuntu 22.04 K8s v1.31.8", "ubuntu", "22.04", "2025-06-30T01:00:00Z"),
    scp_image_type: "k8s",
    scp_original_image_type: "k8s",
    scp_k8s_version: "v1.31.8",
  },
];

function linux(name: string, os_distro: string, scp_os_version: string, created_at: string): Row {
  return {
    name,
    os_distro,
    scp_os_version,
    created_at,
    updated_at: created_at,
    scp_image_type: "standard",
    scp_original_image_type: "standard",
    scp_os_build_version: created_at.slice(0, 10).replaceAll("-", ""),
    min_disk: 16,
    root_device_name: "/dev/vda",
    owner_user_name: null,
    protected: true,
    status: "active",
    visibility: "public",
  };
}

/** The images that every account finds there. Their ids are the same in every emulator, so that states stay good. */
export function standardImages(): Map<string, StoredImage> {
  return new Map(rows.map(made).map((image) => [image.body.id, image]));
}

function made(row: Row): StoredImage {
  const size = 600_000_000 + 1_000_000 * row.name.length;
  return newImage(idOf(row.name), vendor, Date.parse(row.created_at), {
    ...row,
    size,
    virtual_size: 8 * 1024 ** 3,
    checksum: digest("md5", row.name),
    os_hash_algo: "sha512",
    os_hash_value: digest("sha512", row.name),
  });
}

const digest = (algorithm: string, text: string) => createHash(algorithm).update(text).digest("hex");

function idOf(name: string): string {
  const hex = digest("md5", `standard image ${name}`);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`];
  return [...parts, hex.slice(20)].join("-");
}
