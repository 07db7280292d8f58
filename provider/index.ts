export { Image, imageSchema, type ImageArgs, type ImageSource } from "./resources/image";
export { ImageImport, type ImageImportArgs } from "./resources/image-import";
export { ImageRecord, type ImageRecordArgs, type OsDistro } from "./resources/image-record";
export type { Timeouts } from "./schema/image-record";
export type { ImageVolume } from "./api/images";
export { ImageMember, type ImageMemberArgs } from "./resources/image-member";
export { ImageMemberAcceptance, type ImageMemberAcceptanceArgs } from "./resources/image-member-acceptance";
export {
  getPendingImages,
  getPendingImagesOutput,
  type GetPendingImagesArgs,
} from "./resources/get-pending-images";
export type { ImageInfo } from "./resources/image-info";
