import { findPulumi } from "../../tools/run/cli";
import { killUploads } from "./source-kills";

const onCli = findPulumi() === undefined ? test.skip : test;

// All moments: npm run test:kills.
onCli.each(["between parts", "after completion", "before the object is removed"])(
  "the Pulumi CLI is killed %s: the next run goes on from there",
  async (moment) => {
    expect((await killUploads([moment])).lost).toEqual([]);
  },
  180_000,
);
