// Hashes a file's chunks in a thread of its own. The thread that started it reads the file into shared memory, and says where what is.
//
// In: a number n, the next n bytes are in the slot whose turn it is; 0, that was all. Out: a slot's number, it may be filled again; at
// last the hashes, by their names.
const { createHash } = require("node:crypto");
const { parentPort, workerData } = require("node:worker_threads");

const slots = workerData.slots.map((memory) => new Uint8Array(memory));
const hashes = workerData.names.map((name) => [name, createHash(name)]);
let turn = 0;

parentPort.on("message", (length) => {
  if (length === 0) {
    parentPort.postMessage(Object.fromEntries(hashes.map(([name, hash]) => [name, hash.digest("hex")])));
    return;
  }
  const chunk = slots[turn].subarray(0, length);
  for (const [, hash] of hashes) hash.update(chunk);
  parentPort.postMessage(turn);
  turn = (turn + 1) % slots.length;
});
