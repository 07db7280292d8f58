// Pulumi's Engine service: where the program and the provider process send their messages.

import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import * as proto from "@pulumi/pulumi/proto/engine_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Severity } from "./events";
import { handler } from "./rpc";

export type Log = (severity: Severity, message: string, urn: string, ephemeral: boolean) => void;

const SEVERITIES: readonly Severity[] = ["debug", "info", "warning", "error"];

export function engineService(log: Log): UntypedServiceImplementation {
  let root = "";
  return {
    log: handler((request: proto.LogRequest) => {
      const severity = SEVERITIES[request.getSeverity()] ?? "info";
      log(severity, request.getMessage(), request.getUrn(), request.getEphemeral());
      return Promise.resolve(new Empty());
    }),
    getRootResource: handler(() => {
      const response = new proto.GetRootResourceResponse();
      response.setUrn(root);
      return Promise.resolve(response);
    }),
    setRootResource: handler((request: proto.SetRootResourceRequest) => {
      root = request.getUrn();
      return Promise.resolve(new proto.SetRootResourceResponse());
    }),
    startDebugging: handler(() =>
      Promise.reject(new Error("the embedded engine does not support attaching a debugger")),
    ),
    requirePulumiVersion: handler(() =>
      Promise.reject(
        new Error("the embedded engine does not support requirePulumiVersion: it is no Pulumi CLI"),
      ),
    ),
  };
}
