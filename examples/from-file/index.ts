import { Image } from "pulumi-scp-images";

// What an image builder has left on disk. It is uploaded, imported, and held against the file; the object is removed afterwards.
const golden = new Image("golden", {
  name: "golden",
  osDistro: "alma",
  source: { file: "../images/example.qcow2", bucket: "images" },
});

export const imageId = golden.id;
export const sha512 = golden.osHashValue;
