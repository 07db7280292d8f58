import { isConflict, isForbidden, isInvalid } from "../../provider/api/errors";
import { clientFor, errorOf, imageId, keys } from "./client";
import { isSigned, TestServer } from "./server";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.close());

/** The example of a member, as the documents print it. */
const documented = {
  member_id: "8989447062e04a818baf9e073fd04fa7",
  updated_at: "2024-06-16T02:55:13Z",
  created_at: "2024-06-16T02:55:13Z",
  image_id: "1bea47ed-f6a9-463b-b423-14b9cca9ad27",
  status: "pending",
};
const { image_id: image, member_id: account } = documented;
const typed = {
  imageId: image,
  memberId: account,
  status: "pending",
  createdAt: "2024-06-16T02:55:13Z",
  updatedAt: "2024-06-16T02:55:13Z",
};

const members = () => clientFor(server).members;
const answer = (body: unknown, status = 200) => {
  server.reset({ status, body: body === undefined ? "" : JSON.stringify(body) });
};
const refusal = (status: number) => {
  answer({ errors: [{ status, code: "X", detail: "no" }] }, status);
};

type Call = [name: string, method: string, target: string, sent: string, call: () => Promise<unknown>];

const path = `/v1/images/${image}/members`;
const calls: Call[] = [
  ["List", "GET", path, "", () => members().list(image)],
  ["Create", "POST", path, JSON.stringify({ member_id: account }), () => members().add(image, account)],
  ["Show", "GET", `${path}/${account}`, "", () => members().show(image, account)],
  [
    "Update",
    "PUT",
    `${path}/${account}`,
    JSON.stringify({ status: "accepted" }),
    () => members().setStatus(image, account, "accepted"),
  ],
  ["Delete", "DELETE", `${path}/${account}`, "", () => members().remove(image, account)],
];

const answers: Record<string, [status: number, body: unknown, expected: unknown]> = {
  List: [200, { members: [documented, documented] }, [typed, typed]],
  Delete: [204, undefined, undefined],
};

test.each(calls)("%s Image member: what is sent, and what comes of the documented answer", async (...of) => {
  const [name, method, target, sent, call] = of;
  const [status, body, expected] = answers[name] ?? [200, documented, typed];
  answer(body, status);
  const result = await call();
  expect(server.requests).toHaveLength(1);
  expect(server.last).toMatchObject({ method, target, body: sent });
  expect(server.last.headers).toMatchObject({ "scp-api-version": "virtualserver 1.3" });
  expect(isSigned(server.last, server.url, keys)).toBe(true);
  expect(result).toEqual(expected);
});

test.each(calls.map(([name, method, , , call]) => [name, method, call] as const))(
  "%s Image member: a refusal says what to do",
  async (name, method, call) => {
    const advice: Record<string, string> = {
      403:
        method === "PUT"
          ? "Only the account that an image is offered to"
          : "Members are the owner's to change",
      404: "The image is not shared with this account, was deleted, or belongs to another account or region.",
    };
    for (const [status, text] of Object.entries(advice)) {
      refusal(Number(status));
      const { message } = await errorOf(call());
      expect(message).toContain(name === "Show" && status === "403" ? "its user lacks the permission" : text);
    }
  },
);

test("a conflict on adding says what it is as a rule; it is sent once, also where the answer is lost", async () => {
  refusal(409);
  const conflict = await errorOf(members().add(image, account));
  expect(isConflict(conflict)).toBe(true);
  expect(conflict.message).toContain("the image is shared with this account already");

  server.reset((response) => response.socket?.destroy());
  const lost = await errorOf(members().add(image, account));
  expect([lost.mayHaveWorked, server.requests.length]).toEqual([true, 1]);
  await errorOf(members().setStatus(image, account, "pending"));
  expect(server.requests.length).toBeGreaterThan(2);
});

test.each([
  ["another member", { ...documented, member_id: "other" }],
  ["another image's member", { ...documented, image_id: imageId }],
  ["a member without a status", { ...documented, status: null }],
  ["a list", [documented]],
  ["nothing", undefined],
])("%s is no answer to Show", async (_, body) => {
  answer(body);
  expect((await errorOf(members().show(image, account))).failure).toBe("unexpected");
});

test("an answer is read in other spellings, and shown without signs that speak to a terminal", async () => {
  const { created_at: createdAt } = documented;
  answer({
    ...documented,
    ...{ status: "ACCEPTED", member_id: account.toUpperCase() },
    ...{ created_at: createdAt.replace("Z", ""), updated_at: null },
  });
  expect(await members().show(image, account)).toMatchObject({
    ...{ status: "accepted", memberId: account, createdAt },
  });
  answer({ members: [{ ...documented, member_id: "a\u001b[31mb", status: "x\u202ey" }] });
  expect(await members().list(image)).toMatchObject([{ memberId: "ab", status: "x y" }]);
});

test("what answers everything with 200 has removed nothing", async () => {
  answer({ ok: true });
  expect((await errorOf(members().remove(image, account))).failure).toBe("unexpected");
});

test.each(["", "a/b", "..", "a b", "a?b", "é", "x".repeat(65)])(
  "%j is no id, and is never sent",
  async (id) => {
    server.reset({});
    for (const call of [
      () => members().list(id),
      () => members().add(id, account),
      () => members().add(image, id),
      () => members().show(image, id),
      () => members().setStatus(image, id, "accepted"),
      () => members().remove(image, id),
    ]) {
      expect(isInvalid(await errorOf(call()))).toBe(true);
    }
    expect(server.requests).toEqual([]);
  },
);

test("List pending Images: what is sent, and what comes back", async () => {
  answer({ images: [{ id: imageId, name: "golden", status: "active" }] });
  const images = await clientFor(server).listPendingImages({
    scpImageType: "custom",
    scpOriginalImageType: "standard",
  });
  expect(images).toEqual([{ id: imageId, name: "golden", status: "active" }]);
  expect(server.last).toMatchObject({
    method: "GET",
    target: "/v1/pending-images?scp_image_type=custom&scp_original_image_type=standard",
  });
  await clientFor(server).listPendingImages();
  expect(server.last.target).toBe("/v1/pending-images");
  refusal(403);
  expect(isForbidden(await errorOf(clientFor(server).listPendingImages()))).toBe(true);
});
