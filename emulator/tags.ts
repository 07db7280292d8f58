import { ApiError, type JsonObject } from "./http";
import { srnOf } from "./images";
import type { Settings } from "./settings";
import type { Store, StoredImage, Tag } from "./store";

/** What the resource manager knows of images. Tags given at an image's creation may reach it late. */
export class Tags {
  constructor(
    private readonly store: Store,
    private readonly settings: Settings,
  ) {}

  of(image: StoredImage): Tag[] {
    this.arrive(image);
    return this.store.tags.get(srnOf(image.body, this.settings)) ?? [];
  }

  /** Sets the whole list. What is still on its way will not overwrite it. */
  set(image: StoredImage, tags: Tag[]): void {
    this.arrive(image);
    const newcomer = this.store.newcomers.get(image.body.id);
    if (newcomer) newcomer.lateTags = others(newcomer.lateTags, tags);
    this.keep(image, tags);
  }

  /** Those of a creation. */
  give(image: StoredImage, tags: Tag[]): void {
    this.store.newcomers.set(image.body.id, { createdMs: this.settings.now(), lateTags: tags });
    this.arrive(image);
  }

  private arrive(image: StoredImage): void {
    const newcomer = this.store.newcomers.get(image.body.id);
    if (!newcomer || newcomer.lateTags.length === 0) return;
    if (this.settings.now() < newcomer.createdMs + this.settings.tagLagMs) return;
    const there = this.store.tags.get(srnOf(image.body, this.settings)) ?? [];
    this.keep(image, [...there, ...newcomer.lateTags]);
    newcomer.lateTags = [];
  }

  private keep(image: StoredImage, tags: Tag[]): void {
    const srn = srnOf(image.body, this.settings);
    if (tags.length > 0) this.store.tags.set(srn, tags);
    else this.store.tags.delete(srn);
    this.store.changed();
  }
}

/** The tags of a checked request, each with a value; refuses a key that the policy forbids. */
export function tagsGiven(given: JsonObject, { tagPolicy }: Settings): Tag[] {
  const tags = ((given.tags ?? []) as Partial<Tag>[]).map(({ key = "", value }) => ({
    key,
    value: value ?? "",
  }));
  const forbidden = tags.find(({ key }) => tagPolicy && new RegExp(tagPolicy).test(key));
  if (!forbidden) return tags;
  throw new ApiError(400, "TagPolicyViolation", `The tag policy does not allow the key "${forbidden.key}".`);
}

/** The tags whose keys are not among those of the second list. */
function others(tags: Tag[], taken: Tag[]): Tag[] {
  return tags.filter(({ key }) => !taken.some((tag) => tag.key === key));
}
