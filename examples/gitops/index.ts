import { ImagePipeline } from "pulumi-scp-images";

const pipeline = new ImagePipeline("images", { manifest: "images.yaml" });

// Other stacks read them: channelOf(new StackReference("…/images/production"), "ubuntu-24.04/stable").
export const { channels } = pipeline;
