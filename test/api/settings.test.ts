import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  checkPlace,
  environments,
  isLoopback,
  objectStoragePlace,
  objectStorageUrl,
  serviceUrl,
  type Environment,
} from "../../provider/api/regions";
import {
  apiVersions,
  findSettings,
  hasCredentials,
  profilesOf,
  settingSources,
  SettingsError,
  type SettingName,
  type Settings,
} from "../../provider/api/settings";
import type { SettingSources } from "../../provider/api/resolver";

let home: string;
beforeEach(() => (home = mkdtempSync(path.join(tmpdir(), "scp-home-"))));
afterEach(() => {
  rmSync(home, { recursive: true });
});

const inFolder = (name: string) => path.join(home, ".scpconf", name);
function file(name: string, content: unknown, mode = 0o600): void {
  mkdirSync(path.join(home, ".scpconf"), { recursive: true });
  writeFileSync(inFolder(name), typeof content === "string" ? content : JSON.stringify(content));
  chmodSync(inFolder(name), mode);
}

const complete = {
  SCP_ACCESS_KEY: "the-access-key",
  SCP_SECRET_KEY: "the-secret-key",
  SCP_REGION: "kr-west1",
  SCP_ENVIRONMENT: "e",
};

interface Given {
  profile?: string;
  overrides?: SettingSources["overrides"];
  config?: Record<string, string>;
  env?: Record<string, string | undefined>;
}
const around = ({ profile, overrides, config = {}, env = {} }: Given): SettingSources => ({
  profile,
  overrides,
  config: (key) => config[key],
  env,
  home,
});
const find = (given: Given): Settings => findSettings(around(given));
const inEnv = (env: Record<string, string | undefined> = {}) => find({ env: { ...complete, ...env } });

function problems(given: Given): readonly string[] {
  try {
    find(given);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  throw new Error("These settings were taken.");
}
const problem = (env: Record<string, string | undefined>) => {
  const all = problems({ env: { ...complete, ...env } });
  expect(all).toHaveLength(1);
  return all[0]!;
};

describe("every place that is looked at", () => {
  /** Setting, Pulumi config, variables in order, file and key; with a value for each place, the most explicit first. */
  const table: [
    SettingName,
    config: string,
    variables: string[],
    file: [string, string] | undefined,
    string[],
  ][] = [
    [
      "accessKey",
      "scp:accessKey",
      ["SCP_ACCESS_KEY", "SCP_TF_ACCESS_KEY"],
      ["credentials.json", "access-key"],
      ["own", "config", "first", "second", "file"],
    ],
    [
      "secretKey",
      "scp:secretKey",
      ["SCP_SECRET_KEY", "SCP_TF_SECRET_KEY"],
      ["credentials.json", "secret-key"],
      ["own", "config", "first", "second", "file"],
    ],
    [
      "region",
      "scp:region",
      ["SCP_REGION", "SCP_TF_DEFAULT_REGION"],
      ["config.json", "default-region"],
      ["kr-west1", "kr-east1", "kr-west1", "kr-east1", "kr-west1"],
    ],
    [
      "environment",
      "scp:environment",
      ["SCP_ENVIRONMENT", "SCP_TF_AUTH_URL"],
      ["config.json", "auth-url"],
      ["s", "e", "s", "https://iam.e.samsungsdscloud.com/v1", "https://iam.s.samsungsdscloud.com/v1"],
    ],
    [
      "endpoint",
      "scp:endpoint",
      ["SCP_ENDPOINT"],
      undefined,
      ["https://overrides.example", "https://config.example/a", "http://localhost:1"],
    ],
    [
      "objectStorageEndpoint",
      "scp:objectStorageEndpoint",
      ["SCP_OBJECT_STORAGE_ENDPOINT"],
      undefined,
      ["https://overrides.example", "https://config.example", "http://127.0.0.1:1"],
    ],
    ["apiVersion", "scp:apiVersion", ["SCP_API_VERSION"], undefined, ["1.0", "1.1", "1.2"]],
    ["maxRequests", "scp:maxRequests", ["SCP_MAX_REQUESTS"], undefined, ["1", "2", "3"]],
    ["accountId", "scp:accountId", ["SCP_ACCOUNT_ID"], undefined, ["own", "config", "first"]],
    ["creationTag", "scp:creationTag", ["SCP_CREATION_TAG"], undefined, ["false", "true", "false"]],
  ];

  test.each(table)(
    "%s: each place counts where the more explicit ones say nothing",
    (name, config, names, vendor, values) => {
      const [ownValue, configValue, ...rest] = values;
      const fileValue = vendor ? rest.pop() : undefined;
      const read = (value: string) => /^https:\/\/iam\.(.)/.exec(value)?.[1] ?? value;
      const others = { ...complete, ...Object.fromEntries(names.map((variable) => [variable, undefined])) };
      const given: Given & Required<Pick<Given, "env">> = {
        overrides: { [name]: ownValue },
        config: { [config]: configValue! },
        env: { ...others, ...Object.fromEntries(names.map((variable, index) => [variable, rest[index]])) },
      };
      if (vendor) file(vendor[0], { [vendor[1]]: fileValue });

      const expectNext = (value: string, source: string) => {
        const found = find(given);
        expect(String(found[name])).toBe(read(value));
        expect(found.sources[name]).toBe(source);
      };
      expectNext(ownValue!, `the argument ${name}`);
      given.overrides = { [name]: undefined };
      expectNext(configValue!, `Pulumi config ${config}`);
      given.config = {};
      names.forEach((variable, index) => {
        expectNext(rest[index]!, `environment variable ${variable}`);
        given.env[variable] = ""; // An empty variable says nothing.
      });
      if (vendor) expectNext(fileValue!, inFolder(vendor[0]));
    },
  );

  test("the table is the code's", () => {
    expect(
      Object.entries(settingSources).map(([name, { env, file }]) => [
        name,
        env,
        file && [file.name, file.key],
      ]),
    ).toEqual(table.map(([name, , variables, vendor]) => [name, variables, vendor]));
  });

  test("what need not be set", () => {
    expect(inEnv()).toEqual({
      accessKey: "the-access-key",
      secretKey: "the-secret-key",
      region: "kr-west1",
      environment: "e",
      endpoint: undefined,
      objectStorageEndpoint: undefined,
      apiVersion: "1.3",
      maxRequests: 16,
      profile: undefined,
      accountId: undefined,
      creationTag: true,
      sources: {
        accessKey: "environment variable SCP_ACCESS_KEY",
        secretKey: "environment variable SCP_SECRET_KEY",
        region: "environment variable SCP_REGION",
        environment: "environment variable SCP_ENVIRONMENT",
      },
      warnings: [],
    });
  });

  test("without surroundings: the process's overrides environment", () => {
    const before = { ...process.env };
    Object.assign(process.env, complete, { SCP_REGION: "kr-east1" });
    try {
      expect(findSettings().region).toBe("kr-east1");
    } finally {
      process.env = before;
    }
  });

  test("the vendor's two files alone are enough", () => {
    file("credentials.json", { "access-key": "A", "secret-key": "S" });
    file("config.json", {
      "auth-url": "https://iam.g.samsungsdscloud.com/v1",
      "default-region": "kr-south2",
    });
    expect(find({})).toMatchObject({ accessKey: "A", secretKey: "S", environment: "g", region: "kr-south2" });
  });

  test("the Terraform provider's variables alone are enough", () => {
    const env = {
      SCP_TF_ACCESS_KEY: "A",
      SCP_TF_SECRET_KEY: "S",
      SCP_TF_AUTH_URL: "https://iam.s.samsungsdscloud.com/v1",
      SCP_TF_DEFAULT_REGION: "kr-east1",
    };
    expect(find({ env })).toMatchObject({
      accessKey: "A",
      secretKey: "S",
      environment: "s",
      region: "kr-east1",
    });
  });
});

describe("what is missing", () => {
  test("every setting that is, with every place that was looked at", () => {
    expect(problems({})).toEqual([
      "SCP setting accessKey is missing: the access key of the key pair (a secret). Looked at Pulumi config scp:accessKey; " +
        `environment variables SCP_ACCESS_KEY, SCP_TF_ACCESS_KEY; "access-key" in ${inFolder("credentials.json")}.`,
      "SCP setting secretKey is missing: the secret key of the key pair (a secret). Looked at Pulumi config scp:secretKey; " +
        `environment variables SCP_SECRET_KEY, SCP_TF_SECRET_KEY; "secret-key" in ${inFolder("credentials.json")}.`,
      "SCP setting region is missing: the region, such as `kr-west1`. Looked at Pulumi config scp:region; " +
        `environment variables SCP_REGION, SCP_TF_DEFAULT_REGION; "default-region" in ${inFolder("config.json")}.`,
      "SCP setting environment is missing: `s` (for Samsung), `g` (sovereign) or `e` (enterprise). Looked at Pulumi config " +
        `scp:environment; environment variables SCP_ENVIRONMENT, SCP_TF_AUTH_URL; "auth-url" in ${inFolder("config.json")}.`,
    ]);
  });

  test("the argument is named where there is one", () => {
    const [said] = problems({
      overrides: { region: undefined },
      env: { ...complete, SCP_REGION: undefined },
    });
    expect(said).toContain("Looked at the argument region; Pulumi config scp:region; environment variables");
  });

  test.each(["SCP_ACCESS_KEY", "SCP_SECRET_KEY"])("half a pair: without %s", (name) => {
    const said = problem({ [name]: undefined });
    expect(said).toContain(`environment variables ${name}, ${name.replace("SCP_", "SCP_TF_")};`);
    expect(said).not.toContain("the-access-key");
    expect(said).not.toContain("the-secret-key");
  });

  test("halves from two places make a pair, and it is known whose each is", () => {
    file("credentials.json", { "access-key": "other", "secret-key": "from-the-file" });
    const { accessKey, secretKey, sources } = inEnv({ SCP_SECRET_KEY: undefined });
    expect([accessKey, secretKey]).toEqual(["the-access-key", "from-the-file"]);
    expect(sources).toMatchObject({
      accessKey: "environment variable SCP_ACCESS_KEY",
      secretKey: inFolder("credentials.json"),
    });
  });

  test.each([
    "https://auth.example/v1",
    "http://iam.e.samsungsdscloud.com/v1",
    "iam.e",
    "https://iam.east.scp.com",
  ])("an auth URL that tells no environment: %s", (url) => {
    const said = problem({ SCP_ENVIRONMENT: undefined, SCP_TF_AUTH_URL: url });
    expect(said).toContain(
      " In environment variable SCP_TF_AUTH_URL there is an auth URL, but not one like https://iam.e.samsungsdscloud.com/v1.",
    );
    file("config.json", { "auth-url": "https://iam.e.samsungsdscloud.com/v1" });
    expect(inEnv({ SCP_ENVIRONMENT: undefined, SCP_TF_AUTH_URL: url }).environment).toBe("e");
  });

  test("values that are no texts count as missing", () => {
    file("credentials.json", { "access-key": 7, "secret-key": null });
    expect(problems({ env: { ...complete, SCP_ACCESS_KEY: "", SCP_SECRET_KEY: "" } })).toHaveLength(2);
  });
});

describe("what is refused", () => {
  test.each(["x", "constructor", "E"])("environment %s", (environment) => {
    expect(problem({ SCP_ENVIRONMENT: environment })).toBe(
      `environment "${environment}" does not exist; SCP has s (for Samsung), g (sovereign), e (enterprise) ` +
        "(environment from environment variable SCP_ENVIRONMENT).",
    );
  });

  test.each([
    ["e", "kr-south1", 'region "kr-south1" does not exist in environment "e"; it has kr-west1, kr-east1'],
    [
      "g",
      "kr-west1",
      'region "kr-west1" does not exist in environment "g"; it has kr-south1, kr-south2, kr-south3',
    ],
    ["s", "KR-WEST1", 'region "KR-WEST1" does not exist in environment "s"; it has kr-west1, kr-east1'],
  ])("environment %s with region %s", (environment, region, words) => {
    expect(problem({ SCP_ENVIRONMENT: environment, SCP_REGION: region })).toBe(
      `${words} (region from environment variable SCP_REGION, environment from environment variable SCP_ENVIRONMENT).`,
    );
  });

  test.each([
    "http://gateway.example",
    "http://10.0.0.1:8080",
    "http://localhost.example",
    "http://127.0.0.1.example",
    "http://0.0.0.0",
    "http://[::2]",
  ])("plain http that is not this machine's: %s", (url) => {
    for (const name of ["SCP_ENDPOINT", "SCP_OBJECT_STORAGE_ENDPOINT"]) {
      const said = problem({ [name]: url });
      expect(said).toContain(
        `the endpoint ${url} is plain http, which would carry signed requests in the open; use https`,
      );
      expect(said).toContain(`from environment variable ${name}).`);
    }
  });

  test.each([
    ...[
      "http://localhost:1",
      "http://127.0.0.1:1/base",
      "http://127.9.9.9",
      "http://[::1]:1",
      "http://127.1",
    ],
    ...["https://gateway.example", "https://10.0.0.1:8443/scp", "HTTPS://Gateway.Example"],
  ])("but this is taken: %s", (url) => {
    expect(inEnv({ SCP_ENDPOINT: url }).endpoint).toBe(url);
  });

  test.each([
    "gateway.example",
    "ftp://gateway.example",
    "https://",
    "localhost:1",
    "file:///etc/passwd",
    "/v1",
  ])("no URL: %s", (url) => {
    expect(problem({ SCP_ENDPOINT: url })).toBe(
      "the endpoint is not a URL; write it like https://host or https://host/path (endpoint from environment variable SCP_ENDPOINT).",
    );
  });

  test.each([
    "https://me:hidden@gateway.example",
    "https://hidden@gateway.example",
    "https://:hidden@gateway.example",
    "https://gateway.example?token=hidden",
    "https://gateway.example/#hidden",
    "http://me:hidden@gateway.example",
  ])("more than a base URL, which is not shown: %s", (url) => {
    const said = problem({ SCP_ENDPOINT: url });
    expect(said).toContain("the endpoint must be a plain base URL, without credentials, query or fragment");
    expect(said).not.toContain("hidden");
  });

  test.each(["1.99", "2", "v1.3", "1.3 ", "toString"])("API version %j", (version) => {
    expect(problem({ SCP_API_VERSION: version })).toBe(
      `API version "${version}" does not exist; SCP has ${apiVersions.join(", ")} (apiVersion from environment variable SCP_API_VERSION).`,
    );
  });

  test.each(["0", "-1", "1.5", "many", "Infinity", "NaN"])("%s requests under way", (number) => {
    expect(problem({ SCP_MAX_REQUESTS: number })).toBe(
      "the number of requests under way must be a whole number, 1 or more (maxRequests from environment variable SCP_MAX_REQUESTS).",
    );
  });

  const ofType = (type: string) =>
    Object.entries(settingSources).flatMap(([name, { env, standard }]): [string, string][] =>
      typeof standard === type ? [[name, env[0]]] : [],
    );

  test.each(ofType("number"))("what is no number, as %s", (name, variable) => {
    for (const text of ["many", "NaN", "1.5"]) {
      expect(problem({ [variable]: text })).toContain(`must be a whole number`);
      expect(problem({ [variable]: text })).toContain(`(${name} from environment variable ${variable}).`);
    }
  });

  test.each(ofType("boolean"))("what is neither true nor false, as %s", (_, variable) => {
    for (const text of ["yes", "True", "1"]) {
      expect(problem({ [variable]: text })).toContain(`must be true or false, not "${text}"`);
    }
  });

  test.each(["with space", "line\nbreak", "tab\t", "키", "\u0000", "nbsp\u00a0"])(
    "a key that no header takes: %j",
    (key) => {
      for (const name of ["SCP_ACCESS_KEY", "SCP_SECRET_KEY"]) {
        const said = problem({ [name]: key });
        expect(said).toContain(
          "the key has white space or characters outside ASCII; was more than the key pasted?",
        );
        expect(said).toContain(`from environment variable ${name}`);
        expect(said).not.toContain(key);
      }
    },
  );

  test("all at once, each in a line of its own", () => {
    const env = {
      ...complete,
      SCP_REGION: "moon",
      SCP_API_VERSION: "9",
      SCP_ENDPOINT: "x",
      SCP_SECRET_KEY: "a b",
    };
    expect(problems({ env })).toHaveLength(4);
    expect(() => find({ env })).toThrow(/white space.*\n.*not a URL.*\n.*"9".*\n.*moon/);
  });
});

describe("the vendor's files", () => {
  test.each([0o640, 0o604, 0o644, 0o660, 0o666, 0o620])(
    "mode %o of the credentials is warned about",
    (mode) => {
      file("credentials.json", { "access-key": "A", "secret-key": "S" }, mode);
      const { warnings } = inEnv({ SCP_ACCESS_KEY: undefined, SCP_SECRET_KEY: undefined });
      expect(warnings).toEqual([
        `${inFolder("credentials.json")} can be read by other users of this machine; chmod 600 it.`,
      ]);
    },
  );

  test.each([0o600, 0o400, 0o700])("mode %o is not", (mode) => {
    file("credentials.json", { "access-key": "A", "secret-key": "S" }, mode);
    expect(inEnv({ SCP_ACCESS_KEY: undefined, SCP_SECRET_KEY: undefined }).warnings).toEqual([]);
  });

  test("nor is the file without keys, or one that is not needed", () => {
    file(
      "config.json",
      { "default-region": "kr-west1", "auth-url": "https://iam.e.samsungsdscloud.com" },
      0o644,
    );
    file("credentials.json", { "access-key": "A", "secret-key": "S" }, 0o644);
    expect(inEnv({ SCP_REGION: undefined, SCP_ENVIRONMENT: undefined }).warnings).toEqual([]);
  });

  test.each(['{"access-key": "HIDDEN", ', "HIDDEN", '"HIDDEN"', '["HIDDEN"]', "null", "7", ""])(
    "one that is no JSON object is named, not quoted: %s",
    (content) => {
      file("credentials.json", content);
      const said = problems({ env: { ...complete, SCP_SECRET_KEY: undefined } });
      expect(said).toEqual([
        `${inFolder("credentials.json")} is not a JSON object, so no setting can be read from it.`,
      ]);
    },
  );

  test("a broken one that is not needed stops nothing", () => {
    file("credentials.json", "{");
    file("config.json", "{");
    expect(inEnv().region).toBe("kr-west1");
  });

  test("keys that mean something to JavaScript are no settings", () => {
    file("credentials.json", '{"__proto__": {"access-key": "A", "secret-key": "S"}}');
    expect(problems({ env: { ...complete, SCP_ACCESS_KEY: undefined } })).toHaveLength(1);
  });

  test("a folder in a file's place counts as not there", () => {
    mkdirSync(inFolder("credentials.json"), { recursive: true });
    expect(problem({ SCP_ACCESS_KEY: undefined })).toContain("SCP setting accessKey is missing");
  });
});

describe("whether there are credentials", () => {
  const has = (given: Given) => hasCredentials(around(given));
  test("nowhere", () => {
    expect(has({ env: { SCP_REGION: "kr-west1", SCP_ACCESS_KEY: "" } })).toBe(false);
  });
  test.each<Given>([
    { env: { SCP_ACCESS_KEY: "A" } },
    { env: { SCP_SECRET_KEY: "S" } },
    { env: { SCP_TF_ACCESS_KEY: "A", SCP_TF_SECRET_KEY: "S" } },
    { config: { "scp:accessKey": "A" } },
  ])("half a pair is enough to mean the real cloud: %j", (given) => {
    expect(has(given)).toBe(true);
  });
  test("in the vendor's file", () => {
    file("credentials.json", { "access-key": "A" });
    expect(has({})).toBe(true);
  });
});

describe("profiles", () => {
  /** What the stack has, in every place there is; none of it may get into a profile's key pair. */
  const ofStack = {
    "scp:accessKey": "stack-access-key",
    "scp:secretKey": "stack-secret-key",
    "scp:accountId": "stack-account",
    "scp:region": "kr-west1",
    "scp:environment": "e",
    "scp:apiVersion": "1.2",
  };
  const profiles = (all: unknown) => ({
    "scp:profiles": typeof all === "string" ? all : JSON.stringify(all),
  });
  const keys = { accessKey: "audit-access-key", secretKey: "audit-secret-key" };
  const vendor = () => {
    file("credentials.json", { "access-key": "file-access-key", "secret-key": "file-secret-key" });
  };
  const said = (given: Given) => problems(given).join("\n");

  /** A value for each place: the argument, the profile in config and in the environment, then the stack's. */
  const table: [SettingName, variable: string, values: string[]][] = [
    ["region", "SCP_PROFILE_AUDIT_REGION", ["kr-east1", "kr-west1", "kr-east1", "kr-west1"]],
    ["environment", "SCP_PROFILE_AUDIT_ENVIRONMENT", ["s", "e", "s", "e"]],
    [
      "endpoint",
      "SCP_PROFILE_AUDIT_ENDPOINT",
      ["https://a.example", "https://b.example", "https://c.example", "https://d.example"],
    ],
    [
      "objectStorageEndpoint",
      "SCP_PROFILE_AUDIT_OBJECT_STORAGE_ENDPOINT",
      ["https://a.example", "https://b.example", "https://c.example", "https://d.example"],
    ],
    ["apiVersion", "SCP_PROFILE_AUDIT_API_VERSION", ["1.0", "1.1", "1.2", "1.3"]],
    ["creationTag", "SCP_PROFILE_AUDIT_CREATION_TAG", ["false", "true", "false", "true"]],
    ["accessKey", "SCP_PROFILE_AUDIT_ACCESS_KEY", ["a", "b", "c"]],
    ["secretKey", "SCP_PROFILE_AUDIT_SECRET_KEY", ["a", "b", "c"]],
    ["accountId", "SCP_PROFILE_AUDIT_ACCOUNT_ID", ["a", "b", "c"]],
  ];

  test.each(table)("%s: the profile's places come before the stack's", (name, variable, values) => {
    const [own, inConfig, inEnv, stack] = values;
    const given: Given = {
      profile: "audit",
      overrides: { [name]: own },
      config: {
        "scp:region": "kr-west1",
        "scp:environment": "e",
        ...(stack === undefined ? {} : { [`scp:${name}`]: stack }),
        ...profiles({ audit: { ...keys, [name]: inConfig } }),
      },
      env: { [variable]: inEnv },
    };
    const expectNext = (value: string | undefined, source: string) => {
      const found = find(given);
      expect(String(found[name])).toBe(value);
      expect(found.sources[name]).toBe(source);
      expect(found.profile).toBe("audit");
    };
    expectNext(own, `the argument ${name}`);
    given.overrides = {};
    expectNext(inConfig, `Pulumi config scp:profiles, audit.${name}`);
    const others = Object.entries(keys).filter(([key]) => key !== name);
    given.config = { ...given.config, ...profiles({ audit: Object.fromEntries(others) }) };
    expectNext(inEnv, `environment variable ${variable}`);
    if (stack !== undefined) {
      given.env = {};
      expectNext(stack, `Pulumi config scp:${name}`);
    }
  });

  test("each setting of a profile is in the table, but those of the process", () => {
    const names = table.map(([name]) => name).sort();
    expect(names).toEqual(
      Object.keys(settingSources)
        .filter((name) => name !== "maxRequests")
        .sort(),
    );
    const env = { ...complete, SCP_PROFILE_AUDIT_MAX_REQUESTS: "1", SCP_MAX_REQUESTS: "7" };
    expect(find({ profile: "audit", config: profiles({ audit: keys }), env }).maxRequests).toBe(7);
  });

  test.each<[string, Given]>([
    ["in config, without its access key", { config: profiles({ audit: { secretKey: "audit-secret-key" } }) }],
    ["in config, without its secret key", { config: profiles({ audit: { accessKey: "audit-access-key" } }) }],
    [
      "in the environment, without its access key",
      { env: { SCP_PROFILE_AUDIT_SECRET_KEY: "audit-secret-key" } },
    ],
    [
      "in the environment, without its secret key",
      { env: { SCP_PROFILE_AUDIT_ACCESS_KEY: "audit-access-key" } },
    ],
    ["nowhere", {}],
    ["under another name", { config: profiles({ other: keys }), env: { SCP_PROFILE_OTHER_ACCESS_KEY: "x" } }],
  ])("a profile that is %s gets nothing of the stack's", (_, { config, env }) => {
    vendor();
    const given = {
      profile: "audit",
      config: { ...ofStack, ...config },
      env: { ...complete, SCP_TF_ACCESS_KEY: "tf", SCP_TF_SECRET_KEY: "tf", SCP_ACCOUNT_ID: "stack", ...env },
    };
    for (const problem of problems(given)) {
      expect(problem).toMatch(
        /^SCP setting (accessKey|secretKey) of profile "audit" is missing: the (access|secret) key of the key pair \(a secret\)\. Looked at Pulumi config scp:profiles, audit\.\1; environment variable SCP_PROFILE_AUDIT_(ACCESS|SECRET)_KEY\.$/,
      );
      expect(problem).not.toMatch(/(stack|file|audit)-(access|secret)-key|the-(access|secret)-key/);
    }
  });

  test("the account that the stack's keys must be of is nothing to a profile", () => {
    vendor();
    const found = find({ profile: "audit", config: { ...ofStack, ...profiles({ audit: keys }) } });
    expect(found).toMatchObject({ ...keys, accountId: undefined, region: "kr-west1", apiVersion: "1.2" });
    const stack = find({ config: { ...ofStack, ...profiles({ audit: { ...keys, accountId: "audit" } }) } });
    expect(stack).toMatchObject({ accessKey: "stack-access-key", accountId: "stack-account" });
    expect(stack.profile).toBeUndefined();
  });

  test("what is missing and is not the account's is looked for in the stack's places too", () => {
    expect(
      problems({ profile: "audit", config: profiles({ audit: { ...keys, environment: "e" } }) }),
    ).toEqual([
      'SCP setting region of profile "audit" is missing: the region, such as `kr-west1`. Looked at Pulumi config scp:profiles, ' +
        "audit.region; environment variable SCP_PROFILE_AUDIT_REGION; Pulumi config scp:region; environment variables SCP_REGION, " +
        `SCP_TF_DEFAULT_REGION; "default-region" in ${inFolder("config.json")}.`,
    ]);
  });

  test("a name with a hyphen has an underscore in variables", () => {
    const env = {
      ...complete,
      SCP_PROFILE_AUDIT_EU_2_ACCESS_KEY: "A",
      SCP_PROFILE_AUDIT_EU_2_SECRET_KEY: "S",
      SCP_PROFILE_AUDIT_ACCESS_KEY: "other",
      SCP_PROFILE_AUDIT_SECRET_KEY: "other",
    };
    expect(find({ profile: "audit-eu-2", env })).toMatchObject({
      accessKey: "A",
      secretKey: "S",
      sources: { accessKey: "environment variable SCP_PROFILE_AUDIT_EU_2_ACCESS_KEY" },
    });
  });

  test.each(["constructor", "tostring", "valueof", "hasownproperty"])(
    "%s is a name like any other",
    (profile) => {
      expect(problems({ profile, env: complete })).toHaveLength(2);
      expect(problems({ profile, env: complete, config: profiles({ audit: keys }) })).toHaveLength(2);
      expect(find({ profile, env: complete, config: profiles({ [profile]: keys }) })).toMatchObject(keys);
    },
  );

  test.each([
    ...["", "Audit", "audit_eu", "1st", "-audit", "__proto__", "a".repeat(33), "audit\n", "\u001b[31maudit"],
    "audit-object-storage",
  ])("%j is no name", (profile) => {
    const config = profiles(`{"__proto__": ${JSON.stringify(keys)}, "Audit": ${JSON.stringify(keys)}}`);
    const [problem, ...others] = problems({ profile, env: complete, config });
    expect(others).toEqual([]);
    expect(problem).toMatch(/^profile ".*" must (be the name of a profile: up to 32|not end in)/);
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(problem).not.toMatch(/[\u0000-\u001f]/);
  });

  test.each<[string, object, Record<string, string>]>([
    ["a setting that is no text", { audit: { ...keys, region: { a: 1 } } }, {}],
    [
      "a key under a name that is misspelt",
      { audit: { accesskey: keys.accessKey, secretkey: keys.secretKey } },
      {},
    ],
    ["a name that no profile can have", { Audit: keys }, {}],
    [
      "keys in the environment beside such a setting",
      { audit: { region: { a: 1 } } },
      { SCP_PROFILE_AUDIT_ACCESS_KEY: keys.accessKey, SCP_PROFILE_AUDIT_SECRET_KEY: keys.secretKey },
    ],
  ])("the keys of a profile are not shown where another is used, also with %s", (_, all, env) => {
    const { otherKeys } = find({ env: { ...complete, ...env }, config: profiles(all) });
    expect(otherKeys).toEqual(expect.arrayContaining([keys.accessKey, keys.secretKey]));
  });

  test("a setting that does not exist is named, with those that do; what it says is not shown", () => {
    const audit = {
      ...keys,
      secretkey: "HIDDEN",
      "bad\u001b[2J": "HIDDEN",
      ["__proto__"]: "HIDDEN",
      maxRequests: "3",
    };
    const all = problems({ profile: "audit", env: complete, config: profiles({ audit }) });
    expect(all).toHaveLength(4);
    expect(all[0]).toBe(
      'Pulumi config scp:profiles: profile "audit" has a setting "secretkey"; there are accessKey, secretKey, region, environment, ' +
        "endpoint, objectStorageEndpoint, apiVersion, accountId, creationTag.",
    );
    expect(all.join()).not.toContain("HIDDEN");
    expect(all.join()).not.toContain("\u001b");
    // Of another profile it is no matter.
    expect(find({ profile: "ops", env: complete, config: profiles({ audit, ops: keys }) })).toMatchObject(
      keys,
    );
  });

  test.each([
    ...[
      "{",
      "HIDDEN",
      '["HIDDEN"]',
      "null",
      "7",
      '{"audit": "HIDDEN"}',
      '{"audit": ["HIDDEN"]}',
      '{"audit": null}',
    ],
    ...['{"audit": {"accessKey": {"HIDDEN": 1}}}', '{"audit": {"accessKey": null}}'],
    // What Pulumi took for a number, and JavaScript cannot hold.
    '{"audit": {"accessKey": 1234567890123456789}}',
  ])("a configuration that is no object of texts is told, and not quoted: %s", (text) => {
    const env = { ...complete, SCP_PROFILE_AUDIT_ACCESS_KEY: "A", SCP_PROFILE_AUDIT_SECRET_KEY: "S" };
    expect(problems({ profile: "audit", env, config: profiles(text) })).toEqual([
      "Pulumi config scp:profiles must hold an object for each profile, with a text for each setting: set each by pulumi config set --path " +
        "--secret 'scp:profiles.audit.accessKey'.",
    ]);
    expect(find({ env, config: profiles(text) })).toMatchObject({ accessKey: "the-access-key" });
  });

  test("what Pulumi took for a number or a truth value is the text that it was", () => {
    const audit = { accessKey: 12345, secretKey: 67890, apiVersion: "1.2", creationTag: false };
    const found = find({ profile: "audit", env: complete, config: profiles({ audit }) });
    expect(found).toMatchObject({ accessKey: "12345", secretKey: "67890", creationTag: false });
  });

  test("a value that is refused is attributed to the profile, and no key is shown", () => {
    const audit = {
      accessKey: "has HIDDEN space",
      secretKey: "HIDDEN\n",
      endpoint: "http://HIDDEN:x@gateway.example",
    };
    const text = said({ profile: "audit", env: complete, config: profiles({ audit }) });
    for (const name of Object.keys(audit)) {
      expect(text).toContain(`(${name} from Pulumi config scp:profiles, audit.${name})`);
    }
    expect(text).not.toContain("HIDDEN");
  });

  test("those that are configured are known by name; their keys mean the real cloud", () => {
    const env = {
      SCP_PROFILE_B_2_ACCESS_KEY: "x",
      SCP_PROFILE_A_ACCESS_KEY: "x",
      SCP_PROFILE_C_SECRET_KEY: "x",
      SCP_PROFILE__ACCESS_KEY: "x",
      SCP_ACCESS_KEY: "x",
    };
    const config = profiles({ z: {}, a: keys, Wrong: keys });
    expect(profilesOf(around({ env, config }))).toEqual(["a", "b-2", "z"]);
    expect(profilesOf(around({ config: profiles("{") }))).toEqual([]);
    expect(hasCredentials(around({ env: { SCP_PROFILE_A_ACCESS_KEY: "x" } }))).toBe(true);
    expect(hasCredentials(around({ env: { SCP_PROFILE_A_ACCESS_KEY: "" } }))).toBe(false);
    expect(hasCredentials(around({ config: profiles({ z: { region: "kr-west1" } }) }))).toBe(false);
  });
});

describe("places", () => {
  test("the table of the API reference", () => {
    const pairs = Object.entries(environments).flatMap(([letter, { regions }]) =>
      regions.map((region) => `${letter}/${region}`),
    );
    expect(pairs.sort()).toEqual([
      ...["e/kr-east1", "e/kr-west1", "g/kr-south1", "g/kr-south2", "g/kr-south3"],
      ...["s/kr-east1", "s/kr-west1"],
    ]);
    for (const pair of pairs) expect(checkPlace(pair.slice(0, 1), pair.slice(2))).toBeUndefined();
  });

  test("host names: a regional service, a global one, Object Storage and back", () => {
    const place = { environment: "g" as Environment, region: "kr-south3" };
    expect(serviceUrl("virtualserver", place)).toBe("https://virtualserver.kr-south3.g.samsungsdscloud.com");
    expect(serviceUrl("iam", place)).toBe("https://iam.g.samsungsdscloud.com");
    expect(serviceUrl("resourcemanager", place)).toBe("https://resourcemanager.g.samsungsdscloud.com");
    expect(objectStorageUrl(place)).toBe("https://object-store.kr-south3.g.samsungsdscloud.com");
    expect(objectStoragePlace("object-store.kr-south3.g.samsungsdscloud.com")).toEqual(place);
    expect(objectStoragePlace("object-store.private.kr-south3.g.samsungsdscloud.com")).toEqual(place);
  });

  test.each([
    "evil-object-store.kr-west1.e.samsungsdscloud.com",
    "object-store.kr-west1.e.samsungsdscloud.com.evil",
    "localhost",
  ])("%s is nobody's Object Storage", (host) => {
    expect(objectStoragePlace(host)).toBeUndefined();
  });

  test.each([
    ...[
      ["localhost", true] as const,
      ["127.0.0.1", true] as const,
      ["127.200.1.1", true] as const,
      ["[::1]", true] as const,
    ],
    ...[
      ["localhost.example", false] as const,
      ["128.0.0.1", false] as const,
      ["host127.0.0.1", false] as const,
      ["127.0.0.1.example", false] as const,
    ],
  ])("%s is loopback: %s", (host, loopback) => {
    expect(isLoopback(host)).toBe(loopback);
  });
});
