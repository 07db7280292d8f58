import * as pulumi from "@pulumi/pulumi";

/** A resource's URN, which Pulumi does not tell a dynamic provider. As a promise, it makes nothing depend on the parent. */
export function placeOf(name: string, type: string, parent: pulumi.Resource | undefined): Promise<string> {
  return new Promise((resolve) => {
    pulumi.createUrn(name, type, parent).apply(resolve);
  });
}
