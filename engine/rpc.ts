// The little that every use of gRPC here shares.

import * as grpc from "@grpc/grpc-js";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Properties } from "./values";

const MEGABYTE = 1024 * 1024;
// Pulumi's own limit. A call may take as long as the cloud takes: no deadline here either.
export const CHANNEL = {
  "grpc.max_receive_message_length": 400 * MEGABYTE,
  "grpc.server_max_unrequested_time_in_server": 1800,
};

export const toStruct = (props: Properties): Struct => Struct.fromJavaScript(props);

export const fromStruct = (struct: Struct | undefined): Properties => struct?.toJavaScript() ?? {};

type Callback<T> = (error: grpc.ServiceError | null, response: T) => void;

/** A unary call as a promise. */
export function unary<T>(start: (done: Callback<T>) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, response) => {
      if (error) reject(error);
      else resolve(response);
    });
  });
}

/** An async function as a server's method. */
export function handler<Q, S>(answer: (request: Q) => Promise<S>): grpc.handleUnaryCall<Q, S> {
  return (call, callback) => {
    answer(call.request).then(
      (response) => {
        callback(null, response);
      },
      (error: unknown) => {
        callback(toStatus(error));
      },
    );
  };
}

/** The deployment has ended: the SDK takes this code as "stop, all is said already". */
export class MonitorGone extends Error {
  readonly code = grpc.status.UNAVAILABLE;
}

function toStatus(error: unknown): Partial<grpc.StatusObject> {
  const details = error instanceof Error ? error.message : String(error);
  return { code: error instanceof MonitorGone ? error.code : grpc.status.UNKNOWN, details };
}

export const isServiceError = (error: unknown): error is grpc.ServiceError =>
  error instanceof Error && "code" in error && "metadata" in error && "details" in error;

export async function listen(server: grpc.Server): Promise<string> {
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return `127.0.0.1:${port}`;
}
