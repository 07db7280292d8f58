import type { ScpClient } from "../../provider/api/client";
import { ScpError } from "../../provider/api/errors";
import type { CreateImage, Image } from "../../provider/api/images";
import { createImage } from "../../provider/lifecycle/create";
import { ImageHolders } from "../../provider/lifecycle/holders";
import { creationTagKey } from "../../provider/schema/creation-tag";
import { fileUrl, imageId } from "../api/client";
import { ManualClock } from "./clock";

const hours = 60 * 60_000;

test.each([49, -49])("an image is found by its tag when the service's clock is %i h off", async (off) => {
  const clock = new ManualClock();
  const made: Image[] = [];
  const request: CreateImage = { name: "golden", osDistro: "alma", url: fileUrl };
  const lost = { failure: "noResponse", operation: "Create image", mayHaveWorked: true } as const;
  const client = {
    settings: { creationTag: true },
    serverNow: () => clock.now() + off * hours,
    probableAccountId: () => Promise.resolve("account"),
    createImage: (declared: CreateImage) => {
      const createdAt = new Date(clock.now()).toISOString();
      const image = { ...declared, id: imageId, status: "queued", createdAt };
      made.push(image);
      return Promise.reject(new ScpError(lost));
    },
    pagesOfImages: async function* () {
      yield* await Promise.resolve(made);
    },
    tags: { list: () => Promise.resolve({ [creationTagKey]: "value" }) },
  } as unknown as ScpClient;
  const say = () => undefined;
  const services = {
    client,
    clock,
    holders: new ImageHolders(),
    created: new Map(),
    warn: say,
    warnOnce: say,
  };
  const creation = createImage(request, "value", services);
  await clock.advance(60_000);
  expect(await creation).toMatchObject({ image: { id: imageId }, tagged: true });
  expect(made).toHaveLength(1);
});
