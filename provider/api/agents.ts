import type { Agent } from "node:http";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

/** Makes an agent give up on a connection that does not come about. Axios's own time-out is for silence, and longer. */
export function withConnectTimeout<A extends Agent>(agent: A, milliseconds: number): A {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = connect(options, callback);
    if (socket) {
      destroyUnlessConnected(socket, milliseconds);
    }
    return socket;
  };
  return agent;
}

function destroyUnlessConnected(socket: Duplex, milliseconds: number): void {
  const timer = setTimeout(() => {
    const error = new Error(`no connection within ${milliseconds / 1000} s`);
    socket.destroy(Object.assign(error, { code: "ECONNECTTIMEOUT" }));
  }, milliseconds);
  const stop = () => {
    clearTimeout(timer);
  };
  // With TLS, a connection is made when its handshake is done.
  socket.once(socket instanceof TLSSocket ? "secureConnect" : "connect", stop).once("close", stop);
}
