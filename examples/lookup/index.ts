import { getImageOutput, getImagesOutput, ImagePin } from "pulumi-scp-images";

const ubuntu = { osDistro: "ubuntu", scpImageType: "standard", mostRecent: true } as const;

// Servers are made of this one. It stays the same until `pin` is another text: any will do.
const base = new ImagePin("base", { ...ubuntu, pin: "2026-11" });

// What it would be today.
const newest = getImageOutput(ubuntu);

export const imageId = base.imageId;
export const isNewest = base.imageId.apply((held) => newest.apply(({ id }) => held === id));
export const own = getImagesOutput({ visibility: "private" }).apply((images) =>
  images.map(({ id, name, status }) => ({ id, name, status })),
);
