import { UsageError, introduction, optionsFrom, usage } from "./command";
import { startEmulator } from ".";

async function main(): Promise<void> {
  const options = optionsFrom(process.argv.slice(2));
  if (options === "help") {
    process.stdout.write(usage);
    return;
  }
  const emulator = await startEmulator(options);
  process.stdout.write(introduction(emulator));
  const stop = () => {
    void emulator.close().then(() => process.exit(0));
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message}\n`);
  const asked =
    error instanceof UsageError || (error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS");
  if (asked) process.stderr.write(usage);
  process.exitCode = 1;
});
