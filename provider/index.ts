export { Image, type ImageArgs } from "./image";
export { ImageImport, type ImageImportArgs, type Timeouts } from "./image-import";
export { ImageRecord, type ImageRecordArgs, type OsDistro } from "./image-record";
export type { ImageVolume } from "./api/images";
