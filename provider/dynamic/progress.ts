import { createRequire } from "node:module";
import type * as Grpc from "@grpc/grpc-js";
import type { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { ProgressBoard, type Progress } from "../lifecycle/progress";

/** Progress that the Pulumi engine shows. */
export function engineProgress(): Progress {
  return new ProgressBoard(engineLog(process.argv.at(-1)), Date.now);
}

/** Pulumi starts a provider's process with the engine's address as its last argument. Without one, the console has to do. */
function engineLog(address: string | undefined): (message: string) => void {
  if (address === undefined || !/^[\w.-]+:\d+$/.test(address)) {
    return console.log;
  }
  let engine: EngineClient | undefined;
  return (message) => {
    try {
      engine ??= connect(address);
      send(engine, message);
    } catch {
      // Showing progress is a courtesy: no import fails for it.
    }
  };
}

/* eslint-disable @typescript-eslint/no-require-imports -- loaded when first needed; grpc must be the copy that @pulumi/pulumi itself uses */
function connect(address: string): EngineClient {
  const grpc = createRequire(require.resolve("@pulumi/pulumi/package.json"))("@grpc/grpc-js") as typeof Grpc;
  const { EngineClient } =
    require("@pulumi/pulumi/proto/engine_grpc_pb") as typeof import("@pulumi/pulumi/proto/engine_grpc_pb");
  return new EngineClient(address, grpc.credentials.createInsecure());
}

function send(engine: EngineClient, message: string): void {
  const { LogRequest, LogSeverity } =
    require("@pulumi/pulumi/proto/engine_pb") as typeof import("@pulumi/pulumi/proto/engine_pb");
  const request = new LogRequest();
  request.setSeverity(LogSeverity.INFO);
  request.setMessage(message);
  request.setEphemeral(true); // seen while it happens, not listed again at the end
  engine.log(request, () => undefined);
}
/* eslint-enable @typescript-eslint/no-require-imports */
