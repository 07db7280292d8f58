/** A wrong command line: said in a sentence, followed by the usage. */
export class UsageError extends Error {}
