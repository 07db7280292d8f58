import type { Cloud } from "../cloud";
import { json } from "../http";
import type { ApiCall, Route } from "./api";

const services = [
  { service_type: "scp-virtualserver", service_name: "Virtual Server" },
  { service_type: "scp-iam", service_name: "IAM" },
  { service_type: "scp-resourcemanager", service_name: "Resource Manager" },
];

/** What a client asks before it begins: where the services are, who it is, which versions there are. */
export function iamRoutes(cloud: Cloud): Route[] {
  return [
    { operation: "listVersions", method: "GET", path: /^\/$/, answer: () => versions(cloud) },
    { operation: "listEndpoints", method: "GET", path: /^\/v1\/endpoints$/, answer: () => endpoints(cloud) },
    { operation: "listAccessKeys", method: "GET", path: /^\/v1\/access-keys$/, answer: accessKeys },
  ];
}

function versions(cloud: Cloud) {
  const links = [{ href: `${cloud.url}/v1`, rel: "self" }];
  const rows = [
    { id: "v1.3", not_before: "2026-07-01", status: "CURRENT" },
    { id: "v1.2", not_before: "2026-08-31", status: "SUPPORTED" },
    { id: "v1.1", not_before: "2026-05-31", status: "DEPRECATED" },
    { id: "v1.0", not_before: "2025-12-31", status: "DEPRECATED" },
  ];
  return json(200, { versions: rows.map((row) => ({ ...row, links })) });
}

function endpoints(cloud: Cloud) {
  const { region } = cloud.settings;
  return json(200, { endpoints: services.map((service) => ({ region, ...service, url: cloud.url })) });
}

function accessKeys(call: ApiCall) {
  const { accountId, accessKey } = call.account;
  return json(200, { access_keys: [{ account_id: accountId, access_key: accessKey }] });
}
