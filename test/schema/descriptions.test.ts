import { readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { imageFields } from "../../provider/api/images";
import { apiVersions } from "../../provider/api/settings";
import {
  imageNames,
  jsonSchemaOf,
  namesChanged,
  namesGiven,
  notOfTheImage,
  propertyOf,
} from "../../provider/schema/description";
import { imageRecord } from "../../provider/schema/image-record";
import { descriptions } from "../../tools/docs/descriptions";
import { pages, tables } from "../../tools/docs/tables";
import { StackModel, type Goal } from "../faults/model";
import { World } from "../faults/world";

let world: World;

beforeAll(async () => {
  world = await World.open();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

/** By the newest version: a field that only that one shows is shown. The emulator must have it. */
const start = () => world.start({ env: { SCP_API_VERSION: apiVersions[0] } });

const wire = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Another value than the default, by what the description says of it. */
function sample(name: string): unknown {
  const { kind, default: standard } = propertyOf(imageRecord, name);
  const { type, enum: words, minimum = 0 } = kind.json;
  const samples: Record<string, unknown> = {
    boolean: standard !== true,
    integer: Number(standard ?? minimum) + 3,
    string: words?.find((word) => word !== standard) ?? "sample",
  };
  return samples[type];
}

const goal = (more: Record<string, unknown> = {}): Goal => ({
  type: "ImageRecord",
  name: "golden",
  args: { name: "golden", osDistro: "alma", url: world.url("one"), ...more },
});

const held = (): Record<string, unknown> => ({ ...world.emulator.images()[0] });

// A property that create drops, that update forgets, or that read does not return, fails here by itself.
describe.each(imageNames(imageRecord, "update"))("%s, as the description has it", (name) => {
  test("is created, updated, and brought back from a drift", async () => {
    const stack = new StackModel();
    const value = sample(name);
    const standard = propertyOf(imageRecord, name).default;
    expect(value).not.toEqual(standard);
    await stack.up([goal({ [name]: value })], start());
    expect(held()[wire(name)]).toEqual(value);
    expect(stack.state[0]?.outputs[name]).toEqual(value);

    await stack.up([goal()], start());
    expect(held()[wire(name)]).toEqual(standard);
    expect(stack.state[0]?.outputs[name]).toEqual(standard);

    await world.emulator.setImage(stack.state[0]!.id, { [wire(name)]: value });
    await stack.refresh(start());
    expect(stack.state[0]?.outputs[name]).toEqual(value);
    expect(stack.state[0]?.inputs[name]).toEqual(value);
    await stack.up([goal()], start());
    expect(held()[wire(name)]).toEqual(standard);
  });
});

test.each([...imageNames(imageRecord, "replace")])(
  "%s is part of the request that creates an image",
  async (name) => {
    const stack = new StackModel();
    await stack.up([goal({ osDistro: "rocky" })], start());
    expect(held()[wire(name)]).toEqual(stack.state[0]?.inputs[name]);
    expect(stack.state[0]?.outputs[name]).toEqual(stack.state[0]?.inputs[name]);
  },
);

const all = Object.entries(descriptions);

test("every module that states name has its description in the list; Origin has none", () => {
  const modules = readdirSync(join(__dirname, "../../provider/runtime")).map((file) => file.slice(0, -3));
  expect(["origin", ...all.map(([, { module }]) => module)].sort()).toEqual(modules.sort());
});

// What the client does not know is neither sent nor read: a diff would find it changed at every run.
describe.each(all)("what a change of %s acts on", (_, { description }) => {
  test.each([...namesChanged(description, "replace"), ...namesChanged(description, "update")])(
    "%s is a field that the client knows, or is none of the image's",
    (name) => {
      const isField = Object.hasOwn(imageFields, name);
      expect([isField, Object.hasOwn(notOfTheImage, name)]).toEqual([isField, !isField]);
    },
  );
});

const samples: Record<string, unknown> = { string: "sample", number: 7, boolean: true };
const volumes = JSON.stringify([{ device_name: "/dev/vda", volume_size: 7 }]);

/** What the image is made to tell of an output, and what the output is then. */
function told(name: string): { shown: unknown; expected: unknown } {
  if (name === "volumes") {
    return { shown: volumes, expected: [{ deviceName: "/dev/vda", volumeSize: 7 }] };
  }
  const known: Record<string, unknown> = { status: "active", owner: world.emulator.options.accountId };
  const value = known[name] ?? samples[imageFields[name]?.type ?? ""];
  return { shown: value, expected: value };
}

const ofServer = (more: Record<string, unknown> = {}): Goal => ({
  type: "ServerImage",
  name: "golden",
  args: { serverId: "4c2a8a0e-7d0b-4a53-9a3c-2f1d3c0a9b11", name: "golden", ...more },
});

/** A resource that has the image of this id. */
function takenOver(type: string, imageId: string): Goal {
  if (type === "ImageImport") {
    return { type, name: "golden", args: { imageId, url: world.url("one") } };
  }
  return type === "ImageRecord" ? goal({ imageId, minRam: 5 }) : ofServer({ imageId, minRam: 5 });
}

/** By resource: of those that tell what an image is. What the others tell, their own suites in test/e2e hold against the cloud. */
const outputs = all.flatMap(([type, { description }]) =>
  !["ImageRecord", "ImageImport", "ServerImageRecord", "ServerImageSnapshot"].includes(type)
    ? []
    : namesGiven(description, "output").map((name) => [type, name] as const),
);

describe.each(outputs)("the output %s.%s", (type, name) => {
  test("is what the image says, after a create and after a read", async () => {
    const { shown, expected } = told(name);
    expect(expected).toBeDefined();
    const made = new StackModel();
    await made.up([type.startsWith("Server") ? ofServer() : { ...goal(), type: "Image" }], start());
    const id = made.state[0]!.id;
    // Something else changes too: the time of a change alone is none.
    await world.emulator.setImage(id, { min_ram: 5, os_hidden: true, [wire(name)]: shown });
    await made.refresh(start());
    expect(made.state.find((saved) => saved.type === type)?.outputs[name]).toEqual(expected);

    made.letGo();
    const other = new StackModel("other");
    await other.up([takenOver(type, id)], start());
    expect(other.state.find((saved) => saved.type === type)?.outputs[name]).toEqual(expected);
  });
});

describe.each(all)("the doc comments of %s", (_, { description, comments, isPublic }) => {
  test("there is one for each property", () => {
    expect(Object.keys(comments).sort()).toEqual(Object.keys(description).sort());
  });

  test("a table of the documentation has each", () => {
    const rows = Object.values(pages).flatMap((names) => names.flatMap((name) => tables[name]?.split("\n")));
    const told = isPublic ? (["output"] as const) : [];
    const shown = namesGiven(description, "required", "optional", "default", "configured", ...told);
    const isInATable = (name: string) =>
      rows.some((row) => row?.startsWith(`| \`${name}\``) && row.includes(comments[name] ?? "no comment"));
    expect(shown.filter((name) => !isInATable(name))).toEqual([]);
  });

  test("the JSON Schema has them", () => {
    const { properties } = jsonSchemaOf(description, comments);
    expect(Object.values(properties)).toEqual(
      Object.keys(properties).map(
        (property) => expect.objectContaining({ description: comments[property] }) as object,
      ),
    );
  });
});

describe.each(all.filter(([, { isPublic }]) => isPublic))("%s", (resource, { description, comments }) => {
  test("an editor shows them, in the published types too: of what one states, and of what a resource offers", () => {
    const shown = documentationIn(resource);
    const stated = namesGiven(description, "required", "optional", "default", "configured");
    for (const property of stated) {
      expect({ property, text: shown.args[property] }).toEqual({ property, text: comments[property] });
    }
    for (const property of [...stated, ...namesGiven(description, "output")]) {
      expect({ property, text: shown.outputs[property] }).toEqual({ property, text: comments[property] });
    }
  });
});

/** What TypeScript finds to say of a resource's arguments and outputs, in the declarations that are published. */
function documentationIn(resource: string): Record<"args" | "outputs", Record<string, string>> {
  const file = join(__dirname, "../../dist/provider/index.d.ts");
  const program = ts.createProgram([file], {
    moduleResolution: ts.ModuleResolutionKind.Node16,
    module: ts.ModuleKind.Node16,
    skipLibCheck: true,
  });
  const checker = program.getTypeChecker();
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)!)!);
  const texts = (name: string) => {
    const symbol = exported.find((one) => one.name === name)!;
    const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const properties = checker.getDeclaredTypeOfSymbol(original).getProperties();
    return Object.fromEntries(
      properties.map((property) => [
        property.name,
        ts.displayPartsToString(property.getDocumentationComment(checker)).replace(/\s+/g, " "),
      ]),
    );
  };
  return { args: texts(`${resource}Args`), outputs: texts(resource) };
}
