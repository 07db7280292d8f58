import { output } from "./description";

// What Show Image tells, for the descriptions of all resources that tell it. A description that spreads one of these names it in its type
// too (`typeof imageFacts`): only so do the comments reach those who use the package.

/** What is known of an image from its beginning on. */
export const imageFacts = {
  /** Id of the owner, as the image service writes it. */
  owner: output,
  /** Name of the owner's account. */
  ownerAccountName: output,
  /** User who made the image. */
  ownerUserName: output,
  /** Path of the image's data in the image service. */
  file: output,
  /** Whether lists leave the image out. */
  osHidden: output,
  /** When the image was made: ISO 8601, UTC. */
  createdAt: output,
  /** When the image was changed: ISO 8601, UTC. As of the last change that the resource made or saw. */
  updatedAt: output,
};

/** What is known of an image when it is active. */
export const contentFacts = {
  /** `active`, unless an operator has deactivated the image since. */
  status: output,
  /** MD5 of the file, in hexadecimal. */
  checksum: output,
  /** Algorithm of `osHashValue`: `sha512`. */
  osHashAlgo: output,
  /** Hash of the file, in hexadecimal. */
  osHashValue: output,
  /** Size of the file, in bytes. */
  size: output,
  /** Size of the disk that the file describes, in bytes. */
  virtualSize: output,
  /** Volumes of an image that was made from a server. */
  volumes: output,
  /** Such as `/dev/vda`. */
  rootDeviceName: output,
  /** Version of the GPU driver. From API version 1.2 on. */
  scpGpuDriver: output,
  /** Such as `custom`. */
  scpImageType: output,
  /** Version of Kubernetes in the image. */
  scpK8sVersion: output,
  /** Type of the image that this one comes from, such as `standard`. */
  scpOriginalImageType: output,
  /** Build of the operating system. */
  scpOsBuildVersion: output,
  /** Version of the operating system. */
  scpOsVersion: output,
};
