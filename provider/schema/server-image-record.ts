import { kept, notStated, required } from "./description";
import { serverId } from "./kinds";
import { imageName, managedImage, managing } from "./managed-image";

/** What one declares of an image that is made of a server's disks. */
const ofAServer = {
  /** Id of the server whose disks the image is made of. An image does not tell its server: one that is taken over is not held against this. */
  serverId: required(serverId, "replace"),
  /** Name of the image: 1 to 255 letters, digits, spaces, `-` and `_`. Need not be unique. */
  name: required(imageName, "replace"),
};

/** What is told of the image alone, and what the record keeps in the state. */
const recording = {
  /** The server's disk decides. */
  minDisk: notStated(
    "cannot be stated: an image of a server needs the server's disk, and SCP does not let that be changed. Its output tells it",
  ),
  /** The server's is the image's. */
  osDistro: notStated("cannot be stated: an image of a server has the server's. Its output tells it"),
  /** When the request was made that makes the image: ISO 8601, by the service's clock. */
  createdAt: kept<string>(),
};

/** An image of a server, as it is declared. What the image tells, `ServerImageSnapshot` has: of a new one nothing is known but its id. */
export const serverImageRecord: typeof ofAServer & typeof managedImage & typeof managing & typeof recording =
  { ...ofAServer, ...managedImage, ...managing, ...recording };
