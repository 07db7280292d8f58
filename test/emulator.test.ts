import { readFileSync } from "node:fs";
import path from "node:path";
import { type Emulator, startEmulator } from "./emulator";
import { clientOf } from "./emulator/testing";

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.close());

const tiny = readFileSync(path.join(__dirname, "emulator/fixtures/tiny.qcow2"));

test("a created record becomes active by itself", async () => {
  const { call, create } = clientOf(emulator);
  await emulator.putObject("images", "tiny.qcow2", tiny);
  const made = await create({
    name: "tiny",
    os_distro: "alma",
    url: emulator.objectUrl("images", "tiny.qcow2"),
  });
  expect(made.json).toMatchObject({ status: "queued" });
  await emulator.settled(made.json.id);
  const shown = await call("GET", `/v1/images/${made.json.id}`);
  expect(shown.json).toMatchObject({ status: "active", virtual_size: 41943040 });
});
