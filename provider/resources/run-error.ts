import * as pulumi from "@pulumi/pulumi";

/**
 * An error of which Pulumi shows the message alone. Its stack is formatted all the same, for a trace that nobody sees, and with the paths of
 * node_modules in it that takes Node.js a minute.
 */
export function runError(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  error.stack = `RunError: ${message}`;
  return error;
}
