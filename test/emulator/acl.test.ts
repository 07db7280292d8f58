import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetBucketAclCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ObjectCannedACL,
  PutObjectAclCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { type Emulator, startEmulator } from "../../emulator";
import { raw, sdkClient, sendAny } from "./s3";

let emulator: Emulator;
let s3: S3Client;
beforeAll(async () => {
  emulator = await startEmulator();
  s3 = sdkClient(emulator);
});
beforeEach(async () => {
  await emulator.reset();
  await s3.send(new CreateBucketCommand({ Bucket: "images" }));
});
afterAll(() => {
  s3.destroy();
  return emulator.close();
});

const at = { Bucket: "images", Key: "dir/an image (1) & é+~.qcow2" };
const path = `/images/${at.Key.split("/").map(encodeURIComponent).join("/")}`;
const put = (more: object = {}) => s3.send(new PutObjectCommand({ ...at, Body: "0123456789", ...more }));
const text = async (more: object = {}, client = s3) =>
  (await client.send(new GetObjectCommand({ ...at, ...more }))).Body!.transformToString();

describe("access control", () => {
  const anyone = "http://acs.amazonaws.com/groups/global/AllUsers";
  const status = async () => (await raw(emulator, "GET", path)).status;
  const owner = () => ({ ID: emulator.options.accountId });
  const acl = () => emulator.objects()[0]!.acl;

  test("as XML: everybody may read, and may not", async () => {
    await put();
    const full = {
      Grantee: { Type: "CanonicalUser" as const, ...owner() },
      Permission: "FULL_CONTROL" as const,
    };
    const read = { Grantee: { Type: "Group" as const, URI: anyone }, Permission: "READ" as const };
    const set = (Grants: object[]) =>
      s3.send(new PutObjectAclCommand({ ...at, AccessControlPolicy: { Owner: owner(), Grants } }));
    await set([full, read]);
    expect([await status(), acl()]).toEqual([200, "public-read"]);
    const shown = await s3.send(new GetObjectAclCommand(at));
    expect(shown).toMatchObject({ Owner: owner(), Grants: [full, read] });
    // As it was shown, it can be put.
    await s3.send(new PutObjectAclCommand({ ...at, AccessControlPolicy: shown }));
    expect(acl()).toBe("public-read");
    await set([full]);
    expect([await status(), acl()]).toEqual([403, "private"]);
  });

  test("as XML: one other account may read", async () => {
    await put();
    const ID = emulator.options.accounts[1]!.accountId;
    const grant = { Grantee: { Type: "CanonicalUser" as const, ID }, Permission: "READ" as const };
    await s3.send(
      new PutObjectAclCommand({ ...at, AccessControlPolicy: { Owner: owner(), Grants: [grant] } }),
    );
    const other = sdkClient(emulator, {}, 1);
    const Bucket = `${emulator.options.accountId}:images`;
    expect(await text({ Bucket }, other)).toBe("0123456789");
    expect([await status(), acl()]).toEqual([403, [{ grantee: ID, permission: "READ" }]]);
    await expect(other.send(new GetObjectAclCommand({ ...at, Bucket }))).rejects.toMatchObject({
      name: "AccessDenied",
    });
    other.destroy();
  });

  test.each<[ObjectCannedACL, string]>([
    ["private", "private"],
    ["public-read", "public-read"],
    ["public-read-write", "public-read-write"],
    ["authenticated-read", "authenticated-read"],
    ["bucket-owner-read", "private"],
    ["bucket-owner-full-control", "private"],
  ])("canned: %s", async (ACL, kept) => {
    await put({ ACL });
    expect([await status(), acl()]).toEqual([ACL.startsWith("public") ? 200 : 403, kept]);
    const other = sdkClient(emulator, {}, 1);
    const reading = text({ Bucket: `${emulator.options.accountId}:images` }, other);
    expect(await reading.catch((error: unknown) => (error as Error).name)).toBe(
      kept === "private" ? "AccessDenied" : "0123456789",
    );
    other.destroy();
  });

  test("by headers that grant", async () => {
    await put({ GrantRead: `uri="${anyone}"` });
    expect([await status(), acl()]).toEqual([200, "public-read"]);
  });

  test("nonsense is refused, and changes nothing", async () => {
    await put({ ACL: "public-read" });
    const set = (AccessControlPolicy: object) =>
      s3.send(new PutObjectAclCommand({ ...at, AccessControlPolicy }));
    const group = {
      Grantee: { Type: "Group" as const, URI: "http://elsewhere/" },
      Permission: "READ" as const,
    };
    await expect(set({ Owner: owner(), Grants: [group] })).rejects.toMatchObject({ name: "InvalidArgument" });
    await expect(set({ Owner: { ID: "other" }, Grants: [] })).rejects.toMatchObject({ name: "AccessDenied" });
    await expect(set({ Owner: owner() })).rejects.toMatchObject({ name: "MalformedACLError" });
    await expect(put({ ACL: "loud" as ObjectCannedACL })).rejects.toMatchObject({ name: "InvalidArgument" });
    expect(acl()).toBe("public-read");
  });

  test("the second account's keys do nothing to the first one's bucket", async () => {
    await put();
    const other = sdkClient(emulator, {}, 1);
    const where = { ...at, Bucket: `${emulator.options.accountId}:images` };
    for (const command of [
      new GetObjectCommand(where),
      new HeadObjectCommand(where),
      new PutObjectCommand({ ...where, Body: "x" }),
      new PutObjectAclCommand({ ...where, ACL: "public-read" }),
      new GetObjectAclCommand(where),
      new GetBucketAclCommand(where),
      new ListObjectsV2Command(where),
      new DeleteObjectsCommand({ ...where, Delete: { Objects: [{ Key: at.Key }] } }),
      new CopyObjectCommand({ ...where, CopySource: "images/x" }),
    ]) {
      await expect(sendAny(other, command)).rejects.toMatchObject({
        $metadata: { httpStatusCode: 403 },
      });
    }
    expect(emulator.objects()).toMatchObject([{ acl: "private", size: 10 }]);
    other.destroy();
  });
});
