import { type Call, type Reply, header } from "../http";
import type { Acl, CannedAcl, Grant, Permission } from "../store";
import { type Node, child, children, textOf } from "./node";
import { S3Error, element, s3Namespace, xml } from "./errors";

const allUsers = "http://acs.amazonaws.com/groups/global/AllUsers";
const signedUsers = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
const schema = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
const permissions = ["READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"] as const;

/** What each canned ACL grants beside the owner's full control. */
const canned: Record<CannedAcl, readonly Grant[]> = {
  private: [],
  "public-read": [{ grantee: allUsers, permission: "READ" }],
  "public-read-write": [
    { grantee: allUsers, permission: "READ" },
    { grantee: allUsers, permission: "WRITE" },
  ],
  "authenticated-read": [{ grantee: signedUsers, permission: "READ" }],
};

const isCanned = (name: string): name is CannedAcl => Object.hasOwn(canned, name);
const grantsOf = (acl: Acl) => (typeof acl === "string" ? canned[acl] : acl);

/** Whether an ACL opens something to somebody who is not the owner. */
export function allows(acl: Acl, caller: string | undefined, permission: Permission): boolean {
  const names = [allUsers, ...(caller === undefined ? [] : [signedUsers, caller])];
  return grantsOf(acl).some(
    (grant) => names.includes(grant.grantee) && [permission, "FULL_CONTROL"].includes(grant.permission),
  );
}

export function shownAcl(account: string, acl: Acl): Reply {
  const owner = { ID: account, DisplayName: account };
  const all = [{ grantee: account, permission: "FULL_CONTROL" } as const, ...grantsOf(acl)];
  const list = element("AccessControlList", all.map(shownGrant));
  return xml(200, element("AccessControlPolicy", [element("Owner", owner), list], s3Namespace));
}

function shownGrant({ grantee, permission }: Grant) {
  const isGroup = grantee.startsWith("http");
  const who = isGroup ? { URI: grantee } : { ID: grantee, DisplayName: grantee };
  const type = `${schema} xsi:type="${isGroup ? "Group" : "CanonicalUser"}"`;
  return element("Grant", [element("Grantee", who, type), element("Permission", permission)]);
}

/** The ACL that the headers of a request ask for: a canned one, or grants; undefined when they name none. */
export function aclOfHeaders(call: Call, account: string): Acl | undefined {
  const name = header(call, "x-amz-acl");
  const grants = permissions.flatMap((permission) =>
    granteesOf(header(call, headerOf(permission)) ?? "").map((grantee) => ({ grantee, permission })),
  );
  if (name === undefined) return grants.length > 0 ? aclOf(grants, account) : undefined;
  if (grants.length > 0) throw new S3Error("InvalidRequest", "A canned ACL and grants exclude each other.");
  if (isCanned(name)) return name;
  // An object's owner and its bucket's are the same here.
  if (name === "bucket-owner-read" || name === "bucket-owner-full-control") return "private";
  throw new S3Error("InvalidArgument", `There is no canned ACL ${name}.`);
}

const headerOf = (permission: Permission) => `x-amz-grant-${permission.toLowerCase().replaceAll("_", "-")}`;

/** `id="…", uri="…"` */
function granteesOf(text: string): string[] {
  if (text.trim() === "") return [];
  return text.split(",").map((part) => {
    const [, grantee = ""] = /^\s*(?:id|uri)="?([^"]+)"?\s*$/.exec(part) ?? [];
    if (grantee) return grantee;
    throw new S3Error("InvalidArgument", "A grant's header is not understood.");
  });
}

/** The ACL of an AccessControlPolicy. */
export function aclOfXml(policy: Node, account: string): Acl {
  const owner = child(policy, "Owner");
  if (owner && (textOf(owner, "ID") ?? account) !== account)
    throw new S3Error("AccessDenied", "The owner cannot be changed.");
  const list = child(policy, "AccessControlList");
  if (list === undefined) throw new S3Error("MalformedACLError", "The policy has no AccessControlList.");
  return aclOf(children(list, "Grant").map(grantOfXml), account);
}

function grantOfXml(node: Node): Grant {
  const who = child(node, "Grantee");
  const grantee = (who && (textOf(who, "URI") ?? textOf(who, "ID"))) ?? "";
  const permission = permissions.find((name) => name === textOf(node, "Permission"));
  if (permission && grantee) return { grantee, permission };
  throw new S3Error("MalformedACLError", "A grant of the policy is not understood.");
}

/** Grants as they are kept: without the owner's own, and by the canned name where they are what it means. */
function aclOf(grants: Grant[], account: string): Acl {
  for (const { grantee } of grants) {
    if (grantee.startsWith("http") && ![allUsers, signedUsers].includes(grantee))
      throw new S3Error("InvalidArgument", "There is no such group.");
  }
  const others = grants.filter(({ grantee }) => grantee !== account);
  const name = Object.keys(canned).find((one) => isCanned(one) && isSame(canned[one], others));
  return name !== undefined && isCanned(name) ? name : others;
}

function isSame(some: readonly Grant[], others: readonly Grant[]): boolean {
  const texts = (list: readonly Grant[]) => new Set(list.map((one) => `${one.permission} ${one.grantee}`));
  const [left, right] = [texts(some), texts(others)];
  return left.size === right.size && [...left].every((text) => right.has(text));
}
