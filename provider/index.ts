export { Image, imageSchema, type ImageArgs, type ImageSource } from "./resources/image";
export { ImageImport, type ImageImportArgs } from "./resources/image-import";
export { ImageRecord, type ImageRecordArgs, type OsDistro } from "./resources/image-record";
export { ServerImage, type ServerImageArgs } from "./resources/server-image";
export { ServerImageRecord, type ServerImageRecordArgs } from "./resources/server-image-record";
export type { Timeouts } from "./schema/image-record";
export type { ImageVolume } from "./api/images";
export {
  getImage,
  getImageOutput,
  getImages,
  getImagesOutput,
  type GetImageArgs,
  type GetImageOutputArgs,
  type GetImagesArgs,
  type GetImagesOutputArgs,
  type LookupOptions,
} from "./resources/get-image";
export { ImagePin, type ImagePinArgs } from "./resources/image-pin";
export type { ImageInfo } from "./schema/image-info";
export { ImageMember, type ImageMemberArgs } from "./resources/image-member";
export { ImageMemberAcceptance, type ImageMemberAcceptanceArgs } from "./resources/image-member-acceptance";
export {
  getPendingImages,
  getPendingImagesOutput,
  type GetPendingImagesArgs,
  type GetPendingImagesOutputArgs,
} from "./resources/get-pending-images";
export { ImagePipeline, type ImagePipelineArgs, type PipelineImage } from "./resources/image-pipeline";
export type { ChannelTarget } from "./schema/image-generations";
export {
  channelOf,
  getChannel,
  getChannelOutput,
  type ChannelInfo,
  type GetChannelArgs,
  type GetChannelOutputArgs,
} from "./resources/channel";
