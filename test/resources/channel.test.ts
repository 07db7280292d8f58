import * as pulumi from "@pulumi/pulumi";
import { channelOf } from "pulumi-scp-images";
import { channelAmong } from "../../provider/resources/channel";

const channels = { "ubuntu/stable": { imageId: "70a599e0-31e7-49b7-b260-868f441e862b", version: "1.0" } };

test("a channel is read out of another stack's outputs", async () => {
  await pulumi.runtime.setMocks({
    call: () => ({}),
    newResource: ({ name }) => ({ id: name, state: { name, outputs: { channels } } }),
  });
  const stack = new pulumi.StackReference("company/images/production");
  const target = channelOf(stack, "ubuntu/stable") as unknown as { promise: () => Promise<unknown> };
  expect(await target.promise()).toEqual(channels["ubuntu/stable"]);
});

test.each([
  [channels, "ubuntu/edge", 'The stack production has no channel "ubuntu/edge"; it has ubuntu/stable.'],
  [channels, "constructor", 'has no channel "constructor"; it has ubuntu/stable.'],
  [undefined, "ubuntu/stable", "it exports no channels."],
])("of %j, %s is told not to be there", (output, channel, sentence) => {
  expect(() => channelAmong(output, channel, "production")).toThrow(sentence);
});
