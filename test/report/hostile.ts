import { readState, reportOf, type Report } from "../../provider/report";

/** What a state could hold to harm who reads a report of it. */
export const hostile = [
  `</script><script>document.title = "taken"</script>`,
  `"><img src=http://evil.invalid/x onerror=alert(1)>`,
  `' onmouseover='alert(1)`,
  `</style><style>body { display: none }</style>`,
  `<!-- <b>`,
  `&lt;b&gt; &amp;`,
  `a | b \\| c`,
  "a ` b `` c ```",
  "`",
  `@octocat #1 www.evil.invalid http://evil.invalid me@evil.invalid`,
  `[click](http://evil.invalid) ![x](http://evil.invalid/x.png)`,
  "two\nlines\r\n\r\n# heading",
  "\u202egnp.exe \u2066hidden\u2069 \u200bzero\ufeff",
  "\u001b]8;;http://evil.invalid\u0007link\u001b]8;;\u0007",
  "שלום עולם",
];

/** A report in which every foreign text is this one. */
export function reportWith(text: string): Report {
  const urn = (type: string) => `urn:pulumi:${text}::${text}::${type}::${text}`;
  const image = { urn: urn("scp:index:Image"), type: "scp:index:Image", custom: false };
  const record = (name: string) => ({
    urn: urn("pulumi-nodejs:dynamic/scp:ImageRecord"),
    type: "pulumi-nodejs:dynamic/scp:ImageRecord",
    custom: true,
    id: text,
    parent: image.urn,
    outputs: {
      ...{ name, url: text, region: text, visibility: text, createdAt: text, osDistro: text, status: text },
      ...{ checksum: text, osHashAlgo: "sha512", osHashValue: text, tags: { [text]: text }, serverId: text },
    },
  });
  const generations = {
    urn: urn("pulumi-nodejs:dynamic/scp:ImageGenerations"),
    type: "pulumi-nodejs:dynamic/scp:ImageGenerations",
    custom: true,
    id: "1",
    parent: image.urn,
    outputs: {
      generations: [
        { imageId: text, version: text },
        { imageId: `${text} 2`, version: text },
      ],
      channels: { [text]: text },
      targets: { [text]: { imageId: text, version: text } },
    },
  };
  const member = {
    urn: urn("pulumi-nodejs:dynamic/scp:ImageMember"),
    type: "pulumi-nodejs:dynamic/scp:ImageMember",
    outputs: { imageId: text, memberId: text },
  };
  const state = (name: string, ...more: object[]) => {
    const pending = [{ type: text, resource: record(name) }];
    const deployment = { resources: [image, record(name), ...more], pending_operations: pending };
    return readState(JSON.stringify({ version: 3, deployment }), "state");
  };
  return reportOf(state(text, generations, member), state("before"), 0);
}
