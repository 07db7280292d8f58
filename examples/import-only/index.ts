import * as pulumi from "@pulumi/pulumi";
import { ImageImport } from "pulumi-scp-images";

// The record was made by something else: the console, a script, another team.
const file = new ImageImport("golden", {
  imageId: new pulumi.Config().require("imageId"),
  url: "https://object-store.kr-west1.s.samsungsdscloud.com/8989447062e04a818baf9e073fd04fa7:images/example.qcow2",
  timeouts: { create: "45m" },
  // Who made the record deletes it, too.
  deleteImage: false,
});

export const status = file.status;
export const bytes = file.size;
export const sha512 = file.osHashValue;
