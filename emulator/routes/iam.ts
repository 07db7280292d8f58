import { createHash } from "node:crypto";
import type { Cloud } from "../cloud";
import { json } from "../http";
import { versions } from "../versions";
import type { ApiCall, Route } from "./route";

const services = [
  { service_type: "scp-virtualserver", service_name: "Virtual Server" },
  { service_type: "scp-iam", service_name: "IAM" },
  { service_type: "scp-resourcemanager", service_name: "Resource Manager" },
];

/** What a client asks before it begins: where the services are, who it is, which versions there are. */
export function iamRoutes(cloud: Cloud): Route[] {
  return [
    { operation: "listVersions", method: "GET", path: /^\/$/, answer: () => listed(cloud) },
    { operation: "listEndpoints", method: "GET", path: /^\/v1\/endpoints$/, answer: () => endpoints(cloud) },
    { operation: "listAccessKeys", method: "GET", path: /^\/v1\/access-keys$/, answer: accessKeys },
  ];
}

function listed(cloud: Cloud) {
  const links = [{ href: `${cloud.url}/v1`, rel: "self" }];
  return json(200, { versions: versions.map(({ minor, ...row }) => ({ id: `v1.${minor}`, ...row, links })) });
}

function endpoints(cloud: Cloud) {
  const { region } = cloud.settings;
  return json(200, { endpoints: services.map((service) => ({ region, ...service, url: cloud.url })) });
}

/** Every member that the vendor's clients ask for; they take neither fewer nor others. */
function accessKeys(call: ApiCall) {
  const { accountId, accessKey, userName } = call.account;
  const made = "2026-01-01T00:00:00Z";
  const entry = {
    access_key: accessKey,
    access_key_type: "PERMANENT",
    account_id: accountId,
    created_at: made,
    created_by: userName,
    description: null,
    expiration_timestamp: "2099-12-31T23:59:59Z",
    id: createHash("md5").update(accessKey).digest("hex"),
    is_enabled: true,
    modified_at: made,
    modified_by: userName,
    parent_access_key_id: null,
    secret_key: "****",
  };
  return json(200, { access_keys: [entry] });
}
