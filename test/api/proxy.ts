import http from "node:http";
import net, { type AddressInfo } from "node:net";

/** What a proxy that does not connect says, byte by byte, and whether it hangs up then. */
export interface StrangeAnswer {
  bytes: string;
  hangsUp: boolean;
}

/** The answer of a proxy that refuses, as most do. */
export function refusal(status: number): StrangeAnswer {
  return { bytes: `HTTP/1.1 ${status} No\r\nContent-Type: text/html\r\n\r\n<html>No.</html>`, hangsUp: true };
}

/** A proxy on loopback that connects every host to one port of this machine. */
export interface TestProxy {
  url: string;
  /** What CONNECT asked for, such as `host:443`, and the headers that came with it. */
  asked: { target: string; headers: http.IncomingHttpHeaders }[];
  /** Requests that were not CONNECT: what a proxy must not get to see. */
  seen: string[];
  /** Answers this to CONNECT instead of connecting. */
  answer?: StrangeAnswer;
  /** What came after CONNECT where the proxy did not connect. */
  received: string;
  close: () => Promise<void>;
}

export async function startProxy(port: number): Promise<TestProxy> {
  const sockets = new Set<net.Socket>();
  const server = http.createServer((request, response) => {
    proxy.seen.push(`${request.method} ${request.url}`);
    response.writeHead(502).end();
  });
  server.on("connection", (socket: net.Socket) => {
    sockets.add(socket);
  });
  server.on("connect", (request, client: net.Socket) => {
    proxy.asked.push({ target: request.url!, headers: request.headers });
    if (proxy.answer !== undefined) {
      const { bytes, hangsUp } = proxy.answer;
      client.on("data", (data: Buffer) => (proxy.received += data.toString("latin1")));
      client.on("error", () => client.destroy());
      client.write(bytes, "latin1");
      if (hangsUp) client.end();
      return;
    }
    const service = net.connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      client.pipe(service).pipe(client);
    });
    for (const [one, other] of [
      [client, service],
      [service, client],
    ] as const) {
      one.on("error", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: TestProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    seen: [],
    received: "",
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      sockets.forEach((socket) => socket.destroy());
      await closed;
    },
  };
  return proxy;
}
