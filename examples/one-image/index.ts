import { Image } from "pulumi-scp-images";

const golden = new Image("golden", {
  name: "golden",
  osDistro: "alma",
  url: "https://object-store.kr-west1.s.samsungsdscloud.com/8989447062e04a818baf9e073fd04fa7:images/example.qcow2",
});

// Known when servers can boot from it, and not before.
export const imageId = golden.id;
export const sha512 = golden.osHashValue;
