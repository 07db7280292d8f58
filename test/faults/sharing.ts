import { clientOf } from "../emulator/testing";
import { StackModel, type Goal } from "./model";
import type { World } from "./world";

/** What tests of images that the main account shares with the second one have in common. */
export function sharingIn(world: () => World) {
  const second = () => world().emulator.options.accounts[1]!;

  /** The second account's keys, as a profile's. */
  const profile = (): Record<string, string> => ({
    SCP_PROFILE_SECOND_ACCESS_KEY: second().accessKey,
    SCP_PROFILE_SECOND_SECRET_KEY: second().secretKey,
  });

  const start = (options: Parameters<World["start"]>[0] = {}) =>
    world().start({ ...options, env: { ...profile(), ...options.env } });

  const image = (more: Record<string, unknown> = {}): Goal => ({
    type: "Image",
    name: "golden",
    args: { name: "golden", osDistro: "alma", url: world().url("one"), visibility: "shared", ...more },
  });

  const member = (more: Record<string, unknown> = {}, name = "member"): Goal => ({
    type: "ImageMember",
    name,
    of: "golden",
    args: { memberId: second().accountId, ...more },
  });

  const acceptance = (more: Record<string, unknown> = {}): Goal => ({
    type: "ImageMemberAcceptance",
    name: "answer",
    of: "golden",
    args: { accept: true, profile: "second", ...more },
  });

  const all = (more: Record<string, unknown> = {}) => [image(more), member(), acceptance()];

  /** Of all images, each with its members, as the cloud has them. */
  const members = () =>
    world()
      .emulator.images()
      .map(({ url, members: all }) => [
        url?.split("/").at(-1),
        all.map(({ member_id, status }) => [member_id, status]),
      ]);

  const shared = (key = "one", status = "accepted") => [[`${key}.qcow2`, [[second().accountId, status]]]];

  const idsOf = (stack: StackModel) =>
    stack.state.filter(({ type }) => type.startsWith("ImageMember")).map(({ id }) => id);

  const memberId = () => `${world().emulator.images()[0]!.id}/${second().accountId}`;

  async function made(goals = all()): Promise<StackModel> {
    const stack = new StackModel();
    await stack.up(goals, start());
    return stack;
  }

  /** As the owner, or as the other account, past the provider. */
  function call(as: "owner" | "member", method: string, path: string, body?: unknown) {
    const keys = as === "owner" ? world().emulator.options : second();
    return clientOf(world().emulator).call(method, path, { body, as: keys });
  }

  const pathOf = (id = world().emulator.images()[0]!.id) => `/v1/images/${id}/members`;

  const stats = () => {
    const { createImageMember = 0, updateImageMember = 0, deleteImageMember = 0 } = world().emulator.stats();
    return { createImageMember, updateImageMember, deleteImageMember };
  };

  return {
    second,
    start,
    image,
    member,
    acceptance,
    all,
    members,
    shared,
    idsOf,
    memberId,
    made,
    call,
    pathOf,
    stats,
  };
}
