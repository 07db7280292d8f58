/** Closes a run with the one line that every tool can read: how many passed, failed and were skipped. */
module.exports = class TotalsReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const line = `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`;
    // Jest's own summary comes after all reporters: this is to be the last line of all.
    process.once("exit", () => process.stdout.write(line));
  }
};
