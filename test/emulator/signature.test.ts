import { execFileSync } from "node:child_process";
import http from "node:http";
import { type Emulator, startEmulator } from "../../emulator";
import { signed } from "./testing";

const host = "virtualserver.kr-west1.s.samsungsdscloud.com";
const time = 1605290625682; // The time of the documentation's examples.
const accountId = "8989447062e04a818baf9e073fd04fa7";

let now = time;
let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ now: () => now });
});
beforeEach(() => {
  now = time;
});
afterAll(() => emulator.close());

/** Sends a request whose Host header is the real service's, as a client behind a TLS proxy does. */
function send(method: string, target: string, headers: Record<string, string>) {
  return new Promise<{ status: number; detail: string; headers: http.IncomingHttpHeaders }>(
    (resolve, reject) => {
      const request = http.request(emulator.url + target, { method, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("end", () => {
          const body = JSON.parse(text || "{}") as { errors?: { detail: string }[] };
          const status = response.statusCode ?? 0;
          resolve({ status, detail: body.errors?.[0]?.detail ?? "", headers: response.headers });
        });
      });
      request.on("error", reject).end();
    },
  );
}

const headersWith = (signature: string, more: Record<string, string> = {}) => ({
  Host: host,
  "X-Forwarded-Proto": "https",
  "Scp-Accesskey": "SCPEMULATORACCESSKEY",
  "Scp-Signature": signature,
  "Scp-Timestamp": String(time),
  "Scp-ClientType": "Openapi",
  ...more,
});

// Each made with: printf '%s' "$message" | openssl dgst -sha256 -hmac scp-emulator-secret-key -binary | base64
const knownAnswers = [
  ["GET", "/v1/images", "h+I3q+hmyUEwOFQmBXdjeAHZ9oeUhCQv73/grhtY4Hk=", 200],
  ["GET", "/v1/images?sort=created_at:desc&name=a%20b", "WzGjhVbKke20vhsrhZ1Hy2Tw+qTRHMcg1a3W/tI9tAo=", 200],
  ["GET", "/v1/images?sort=created_at%3Adesc&name=a+b", "ZlvBknuc2UxHIcj9XDDShl6emMy8hNKjTU79aRuGkdw=", 200],
  // The right signature of another spelling of the same query.
  ["GET", "/v1/images?sort=created_at:desc&name=a+b", "ZlvBknuc2UxHIcj9XDDShl6emMy8hNKjTU79aRuGkdw=", 401],
  ["GET", "/v1/images", "oe80vpKCLHjPR3UOG/BREaYyQa3UYkPaBpZtdyNeN8k=", 401],
  [
    "DELETE",
    "/v1/images/70a599e0-31e7-49b7-b260-868f441e862b",
    "oe80vpKCLHjPR3UOG/BREaYyQa3UYkPaBpZtdyNeN8k=",
    404,
  ],
] as const;

test.each(knownAnswers)("%s %s signed %s answers %i", async (method, target, signature, status) => {
  expect((await send(method, target, headersWith(signature))).status).toBe(status);
});

test("a signature that openssl computes is accepted on the loopback URL", async () => {
  const message = `GET${emulator.url}/v1/images?limit=5${time}SCPEMULATORACCESSKEYOpenapi`;
  const signature = execFileSync(
    "openssl",
    ["dgst", "-sha256", "-hmac", "scp-emulator-secret-key", "-binary"],
    {
      input: message,
    },
  ).toString("base64");
  const headers = {
    ...headersWith(signature),
    Host: new URL(emulator.url).host,
    "X-Forwarded-Proto": "http",
  };
  expect((await send("GET", "/v1/images?limit=5", headers)).status).toBe(200);
});

test("the account id may stand in the message when it is sent, and must be the key's own", async () => {
  const signature = "vMT0M84xk1NyKex9PV+Bo5XDR9IrHF8e1sP1XimI8mw=";
  const own = headersWith(signature, { "Scp-AccountId": accountId });
  expect((await send("GET", "/v1/images", own)).status).toBe(200);
  expect((await send("GET", "/v1/images", headersWith(signature))).status).toBe(401);
  const plain = headersWith(knownAnswers[0][2], { "Scp-AccountId": accountId });
  expect((await send("GET", "/v1/images", plain)).status).toBe(200);
  const other = headersWith(knownAnswers[0][2], { "Scp-AccountId": "a".repeat(32) });
  expect((await send("GET", "/v1/images", other)).status).toBe(403);
});

test("every refusal is a 401 with its own words, and none tells the secret", async () => {
  const good = knownAnswers[0][2];
  const without = (name: string) =>
    Object.fromEntries(Object.entries(headersWith(good)).filter(([key]) => key !== name)) as Record<
      string,
      string
    >;
  const refused: [Record<string, string>, RegExp][] = [
    [without("Scp-Accesskey"), /Scp-Accesskey is missing/],
    [without("Scp-Signature"), /Scp-Signature is missing/],
    [without("Scp-Timestamp"), /Scp-Timestamp is missing/],
    [without("Scp-ClientType"), /Scp-ClientType is missing/],
    [headersWith(good, { "Scp-ClientType": "Console" }), /must be 'Openapi'/],
    [headersWith(good, { "Scp-Accesskey": "NOBODY" }), /access key is unknown/],
    [headersWith(good, { "Scp-Timestamp": "1605290625" }), /milliseconds/],
    [headersWith("AAAA"), /does not match/],
    [headersWith(good.replace("/", "_").replace(/\+/g, "-")), /does not match/],
    [headersWith("not base64 at all"), /does not match/],
  ];
  for (const [headers, words] of refused) {
    const answer = await send("GET", "/v1/images", headers);
    expect(answer.status).toBe(401);
    expect(answer.detail).toMatch(words);
    expect(JSON.stringify(answer)).not.toContain("scp-emulator-secret-key");
  }
});

test.each([
  [-300_000, 200],
  [300_000, 200],
  [-300_001, 401],
  [300_001, 401],
])("a clock that is %i ms off gets %i", async (skew, status) => {
  now = time + skew;
  const answer = await send("GET", "/v1/images", headersWith(knownAnswers[0][2]));
  expect(answer.status).toBe(status);
  if (status === 401) expect(answer.detail).toMatch(/5 minutes/);
});

test("every answer has the emulator's own date, and an id", async () => {
  const answer = await send("GET", "/v1/images", headersWith("AAAA"));
  expect(answer.headers.date).toBe("Fri, 13 Nov 2020 18:03:45 GMT");
  expect(answer.headers["x-request-id"]).toMatch(/^req-/);
});

test.each([
  ["virtualserver 1.0", 200],
  ["virtualserver 1.3", 200],
  ["virtualserver 1.99", 400],
  ["virtualserver 2.0", 400],
  ["virtualserver", 400],
  ["iam 1.0", 400],
  ["1.3", 400],
])("of images, Scp-Api-Version '%s' gets %i", async (version, status) => {
  const headers = headersWith(knownAnswers[0][2], { "Scp-Api-Version": version });
  expect((await send("GET", "/v1/images", headers)).status).toBe(status);
});

test("other services take their own version names", async () => {
  for (const [path, version] of [
    ["/v1/access-keys", "iam 1.0"],
    ["/v1/endpoints", "iam 1.3"],
    ["/v1/tags", "resourcemanager 1.0"],
  ] as const) {
    const headers = {
      ...signed("GET", emulator.url + path, emulator.options, now),
      "Scp-Api-Version": version,
    };
    expect((await fetch(emulator.url + path, { headers })).status).toBe(200);
  }
});

test("the root needs no signature and tells the versions", async () => {
  const answer = (await (await fetch(`${emulator.url}/`)).json()) as {
    versions: { id: string; status: string }[];
  };
  expect(answer.versions[0]).toMatchObject({ id: "v1.3", status: "CURRENT", links: [{ rel: "self" }] });
});
