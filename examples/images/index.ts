import * as pulumi from "@pulumi/pulumi";
import { ImagePipeline } from "pulumi-scp-images";

/** The images of images.yaml, or of the file that the config value `file` names. */
const manifest = new pulumi.Config().get("file") ?? "images.yaml";
const pipeline = new ImagePipeline("images", { manifest });

/** Where the channels point: other stacks read it. */
export const { channels } = pipeline;

/** What `npm run up` shows as a table. */
export const images = Object.values(pipeline.images).map(
  ({ name, id, status, size, virtualSize, minDisk, minRam, visibility }) =>
    pulumi.output({ name, id, status, size, virtualSize, minDisk, minRam, visibility }),
);
