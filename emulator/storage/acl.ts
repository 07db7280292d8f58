import { type Call, type Reply, header } from "../http";
import type { Acl } from "../store";
import { S3Error, element, s3Namespace, xml } from "./errors";
import { cannedAcl } from "./call";

const allUsers = "http://acs.amazonaws.com/groups/global/AllUsers";
const schema = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

export function shownAcl(account: string, acl: Acl): Reply {
  const owner = { ID: account, DisplayName: account };
  const grants = [grant("CanonicalUser", owner, "FULL_CONTROL")];
  if (acl === "public-read") grants.push(grant("Group", { URI: allUsers }, "READ"));
  const list = element("AccessControlList", grants);
  return xml(200, element("AccessControlPolicy", [element("Owner", owner), list], s3Namespace));
}

function grant(type: string, who: Record<string, string>, permission: string) {
  const grantee = element("Grantee", who, `${schema} xsi:type="${type}"`);
  return element("Grant", [grantee, element("Permission", permission)]);
}

/** The ACL that a PUT ?acl asks for. */
export function newAcl(call: Call): Acl {
  if (header(call, "x-amz-acl") === undefined) {
    throw new S3Error("NotImplemented", "An ACL can be set by the header x-amz-acl only.");
  }
  return cannedAcl(call);
}
