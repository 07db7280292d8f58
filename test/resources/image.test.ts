import type { ResourceTransformation } from "@pulumi/pulumi";
import { Image } from "pulumi-scp-images";

test("an error in a transformation of the program's tells which image it was about", () => {
  const refuse: ResourceTransformation = ({ type }) => {
    if (type.endsWith("ImageRecord")) {
      throw new Error("not this one");
    }
    return undefined;
  };
  const args = { name: "golden", osDistro: "ubuntu", url: "https://example.invalid/a:b/c.qcow2" } as const;
  const declare = () => new Image("golden", args, { transformations: [refuse] });
  const { stackTraceLimit } = Error;
  let stack: string | undefined;
  try {
    declare();
  } catch (error) {
    ({ stack } = error as Error);
  }
  expect(stack).toMatch(/not this one[^]*\bdeclare \(.*image\.test\.ts/);
  expect(Error.stackTraceLimit).toBe(stackTraceLimit);
});
