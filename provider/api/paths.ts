import { ScpError } from "./errors";
import { isImageId } from "./images";

// What stands in a path is looked at first: nothing in it may lead to another operation.

export function imagePath(id: string): string {
  if (!isImageId(id)) {
    throw notAnId("Address an image", `"${id}" is no image id`);
  }
  return `/v1/images/${id}`;
}

export function serverPath(id: string): string {
  if (!isImageId(id)) {
    throw notAnId("Address a server", `"${id}" is no server id`);
  }
  return `/v1/servers/${id}`;
}

export function memberPath(imageId: string, memberId: string): string {
  if (!isMemberId(memberId)) {
    throw notAnId("Address a member of an image", `"${memberId}" is no account id`);
  }
  return `${imagePath(imageId)}/members/${memberId}`;
}

/** Whether a text can be the id of an account that an image is shared with. */
export function isMemberId(id: string): boolean {
  return memberIdPattern.test(id);
}

export const memberIdPattern = /^[A-Za-z0-9-]{1,64}$/;

function notAnId(operation: string, detail: string): ScpError {
  return new ScpError({ failure: "invalid", operation, detail, mayHaveWorked: false });
}
