/** An image as SCP tells it. What it does not tell, or does not know yet, is absent. */
export type { Image as ImageInfo } from "../api/images";
