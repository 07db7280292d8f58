// What this solves: Pulumi makes the new entry of a replacement first and deletes the old one at the end of the run, and neither tells of
// the other. Where both are about the same image and account (a resource that was renamed, two that swapped, `--replace`), the old one's
// delete must not take back what the new one stands for. So check, which comes first in any run, says what the program wants.

import { plainAccountId } from "../../api/account-id";
import { isSameId } from "../../api/images";
import { isUnknown } from "../../schema/unknown";

/** A membership, as one side of it declares it: `ImageMember` is the owner's, `ImageMemberAcceptance` the other account's. */
export interface Side {
  of: "owner" | "member";
  imageId: string;
  memberId: string;
}

/** What the program of this run says of images and their members. All locations share it. */
export class Memberships {
  /** By side, the places in the program that want it. */
  private readonly wanted = new Map<string, Set<string>>();
  private readonly kept = new Set<string>();
  private readonly held = new Map<string, Side>();
  private readonly visibilities = new Map<string, string>();

  /** Says that a resource of the program declares a membership. Answers another one that does the same, if there is one. */
  want(side: Side, place: unknown): string | undefined {
    const places = this.wanted.get(keyOf(side)) ?? new Set();
    const own = typeof place === "string" ? place : "";
    const other = [...places].find((one) => one !== own);
    if (other === undefined) {
      this.wanted.set(keyOf(side), places.add(own));
    }
    return other;
  }

  /** Says that an earlier generation of an image stays shared, whatever becomes of the resource that shared it. */
  keep(side: Side): void {
    this.kept.add(keyOf(side));
  }

  /** Whether a resource of the program declares a membership: what an old entry of the state does to it is then no matter. */
  isWanted(side: Side): boolean {
    return this.wanted.has(keyOf(side)) || this.kept.has(keyOf(side));
  }

  /** The resource that declares a membership, by its name, as far as this run has seen it. */
  nameOf(side: Side): string | undefined {
    const [place] = this.wanted.get(keyOf(side)) ?? [];
    return place === undefined || place === "" ? undefined : nameOfPlace(place);
  }

  /** Says that the state has a membership: it counts also where the service does not list it yet. */
  hold(side: Side): void {
    this.held.set(keyOf(side), side);
  }

  /** Says that it is no more. */
  release(side: Side): void {
    this.held.delete(keyOf(side));
  }

  isHeld(side: Side): boolean {
    return this.held.has(keyOf(side));
  }

  /** The accounts that the state says an image is shared with, as far as this run has seen it. */
  heldOf(imageId: string): string[] {
    const sides = [...this.held.values()].filter((side) => side.of === "owner");
    return sides.filter((side) => isSameId(side.imageId, imageId)).map(({ memberId }) => memberId);
  }

  /** Says what visibility an image has once this run's record of it is done. */
  noteVisibility(imageId: string, visibility: unknown): void {
    if (typeof visibility === "string" && !isUnknown(visibility)) {
      this.visibilities.set(imageId, visibility);
    }
  }

  /** What visibility an image is going to have, where a record of this run says so. */
  visibilityOf(imageId: string): string | undefined {
    return this.visibilities.get(imageId);
  }
}

/** A resource's name, which a URN ends with. */
export function nameOfPlace(place: string): string {
  return `"${place.split("::").slice(3).join("::")}"`;
}

function keyOf({ of, imageId, memberId }: Side): string {
  return [of, imageId, plainAccountId(memberId)].join(" ").toLowerCase();
}
