export { Image, imageSchema, type ImageArgs, type ImageSource } from "./resources/image";
export { ImageImport, type ImageImportArgs } from "./resources/image-import";
export { ImageRecord, type ImageRecordArgs, type OsDistro } from "./resources/image-record";
export type { Timeouts } from "./schema/image-record";
export type { ImageVolume } from "./api/images";
export { ImagePipeline, type ImagePipelineArgs } from "./resources/image-pipeline";
export type { ChannelTarget } from "./schema/image-generations";
