import { isSameAccount, plainAccountId } from "../../provider/api/account-id";
import { accountInUrl, isSameObject } from "../../provider/api/object-url";

const id = "0123456789abcdef0123456789abcdef";
const asUuid = "01234567-89ab-cdef-0123-456789abcdef";

test.each([id, id.toUpperCase(), asUuid, asUuid.toUpperCase(), ` ${id}\n`])(
  "%j is the account's id",
  (spelled) => {
    expect(plainAccountId(spelled)).toBe(id);
    expect([isSameAccount(spelled, id), isSameAccount(id, spelled)]).toEqual([true, true]);
  },
);

test.each([`${id}0`, id.replace("0", "1"), "", "-"])("%j is another one", (other) => {
  expect(isSameAccount(other, id)).toBe(false);
});

test("a text that is no such id is left as it is written", () => {
  expect(plainAccountId(" Team-A ")).toBe("Team-A");
  expect(isSameAccount("Team-A", "team-a")).toBe(true);
  expect(isSameAccount("Team-A", "teama")).toBe(false);
});

test("in a URL an account is the same in capitals, and a folder is not", () => {
  const url = (account: string) => `https://storage.example/${account}/bucket/x.qcow2`;
  expect(isSameObject(url(id), url(id.toUpperCase()))).toBe(true);
  expect(isSameObject(url("folder"), url("Folder"))).toBe(false);
  expect([accountInUrl(url(id.toUpperCase())), accountInUrl(url("folder"))]).toEqual([id, undefined]);
});
