import { join } from "node:path";
import ts from "typescript";
import { imageFields } from "../../provider/api/images";
import {
  imageNames,
  jsonSchemaOf,
  namesGiven,
  propertyOf,
  type Description,
} from "../../provider/schema/description";
import { imageImport } from "../../provider/schema/image-import";
import { imageRecord } from "../../provider/schema/image-record";
import { commentsOf } from "../../tools/docs/comments";
import { StackModel, type Goal } from "../faults/model";
import { World } from "../faults/world";

let world: World;

beforeAll(async () => {
  world = await World.open();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

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
    await stack.up([goal({ [name]: value })], world.start());
    expect(held()[wire(name)]).toEqual(value);
    expect(stack.state[0]?.outputs[name]).toEqual(value);

    await stack.up([goal()], world.start());
    expect(held()[wire(name)]).toEqual(standard);
    expect(stack.state[0]?.outputs[name]).toEqual(standard);

    await world.emulator.setImage(stack.state[0]!.id, { [wire(name)]: value });
    await stack.refresh(world.start());
    expect(stack.state[0]?.outputs[name]).toEqual(value);
    expect(stack.state[0]?.inputs[name]).toEqual(value);
    await stack.up([goal()], world.start());
    expect(held()[wire(name)]).toEqual(standard);
  });
});

test.each([...imageNames(imageRecord, "replace")])(
  "%s is part of the request that creates an image",
  async (name) => {
    const stack = new StackModel();
    await stack.up([goal({ osDistro: "rocky" })], world.start());
    expect(held()[wire(name)]).toEqual(stack.state[0]?.inputs[name]);
    expect(stack.state[0]?.outputs[name]).toEqual(stack.state[0]?.inputs[name]);
  },
);

const samples: Record<string, unknown> = { string: "sample", number: 7, boolean: true };
const volumes = JSON.stringify([{ device_name: "/dev/vda", volume_size: 7 }]);

describe.each([
  ["ImageRecord", imageRecord],
  ["ImageImport", imageImport],
] as const)("the outputs of %s", (type, description: Description) => {
  test.each(namesGiven(description, "output").filter((name) => !["status", "owner"].includes(name)))(
    "%s is read",
    async (name) => {
      const stack = new StackModel();
      const goals: Goal[] = [{ ...goal(), type: "Image" }];
      await stack.up(goals, world.start());
      const value = name === "volumes" ? volumes : samples[imageFields[name]?.type ?? ""];
      const id = stack.state[0]!.id;
      await world.emulator.setImage(id, { [wire(name)]: value });
      const keys = { protected: false };
      await world.emulator.setImage(
        id,
        name === "updatedAt" ? { ...keys, updated_at: "sample", min_ram: 5 } : keys,
      );
      await stack.refresh(world.start());
      const read = stack.state.find((saved) => saved.type === type)?.outputs[name];
      expect(read).toEqual(name === "volumes" ? [{ deviceName: "/dev/vda", volumeSize: 7 }] : value);
    },
  );
});

describe.each([
  ["image-record", "imageRecord", imageRecord, "ImageRecord"],
  ["image-import", "imageImport", imageImport, "ImageImport"],
] as const)("the doc comments of %s", (module, name, description: Description, resource) => {
  const comments = commentsOf(module, name);

  test("there is one for each property", () => {
    expect(Object.keys(comments).sort()).toEqual(Object.keys(description).sort());
  });

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

  test("the JSON Schema has them", () => {
    const { properties } = jsonSchemaOf(description, comments);
    expect(Object.values(properties)).toEqual(
      Object.keys(properties).map(
        (property) => expect.objectContaining({ description: comments[property] }) as object,
      ),
    );
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
