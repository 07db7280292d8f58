/** What is wrong with a file on this machine, in one sentence for the user: which file, what, and the command that mends it. */
export class FileError extends Error {
  override readonly name = "FileError";
}
