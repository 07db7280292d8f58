// Loaded into Node before anything else (NODE_OPTIONS=--require …): whoever asks for an address that is not this machine's own gets
// an error that names it, and a line is left in the file LOOPBACK_ONLY_LOG. Plain JavaScript, since it runs as it lies here.

const dns = require("node:dns");
const { appendFileSync } = require("node:fs");
const { syncBuiltinESMExports } = require("node:module");
const net = require("node:net");
const path = require("node:path");

// Kept from the start: a test may give its process another environment.
const { LOOPBACK_ONLY_LOG: log, JEST_WORKER_ID: worker = "-" } = process.env;
const own = new net.BlockList();
own.addSubnet("127.0.0.0", 8, "ipv4");
own.addAddress("::1", "ipv6");
const installed = Symbol.for("pulumi-scp-images:loopback-only");

// npm fetches what a test installs; what it starts is guarded again.
const isNpm = /^np[mx](-cli\.js)?$/.test(path.basename(process.argv[1] ?? ""));
if (!isNpm && !(installed in net.Socket.prototype)) {
  Object.defineProperty(net.Socket.prototype, installed, { value: true });
  guardConnections();
  guardNames();
  syncBuiltinESMExports();
}

function refusal(target) {
  if (log) appendFileSync(log, `${worker} ${target} (process ${process.pid}: ${process.argv.join(" ")})\n`);
  const error = new Error(`Tests reach nothing but this machine: ${target} is refused`);
  return Object.assign(error, { code: "ERR_NOT_LOOPBACK" });
}

function isLoopback(address) {
  return own.check(address, net.isIPv6(address) ? "ipv6" : "ipv4");
}

/** A name counts by what it is found to be: a test may find a made-up one to be here. */
function guardConnections() {
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...args) {
    // Inside Node it is called with what is normalized already.
    const normalized = Array.isArray(args[0]) ? args[0] : net._normalizeArgs(args);
    const [options] = normalized;
    const host = options.host || "localhost";
    const isPipe = Boolean(options.path);
    if (!isPipe && !(net.isIP(host) && isLoopback(host))) {
      const lookup = options.lookup ?? ((...asked) => dns.lookup(...asked));
      const target = `${net.isIPv6(host) ? `[${host}]` : host}:${options.port}`;
      normalized[0] = net.isIP(host)
        ? // A name that is found not to be here, so that the socket fails as one does that finds no name.
          {
            ...options,
            host: "refused",
            lookup: (_name, _options, done) => process.nextTick(done, refusal(target)),
          }
        : { ...options, lookup: onlyLoopback(lookup, target) };
    }
    return connect.call(this, normalized);
  };
}

function onlyLoopback(lookup, target) {
  return (name, options, done) =>
    lookup(name, options, (error, found, ...rest) => {
      const addresses = Array.isArray(found) ? found.map(({ address }) => address) : [found];
      if (error || addresses.every(isLoopback)) done(error, found, ...rest);
      else done(refusal(`${target}, which is ${addresses.join(", ")},`));
    });
}

function guardNames() {
  replace(dns, "lookup", (real) => (name, ...rest) => {
    if (isKnown(name)) return real(name, ...rest);
    process.nextTick(rest.at(-1), refusal(name));
  });
  replace(dns.promises, "lookup", (real) => async (name, ...rest) => {
    if (isKnown(name)) return real(name, ...rest);
    throw refusal(name);
  });
  // These ask a name server whatever the name is.
  for (const asker of [dns, dns.Resolver.prototype]) {
    for (const method of askingMethods(asker)) {
      replace(asker, method, () => (name, ...rest) => {
        process.nextTick(rest.at(-1), refusal(name));
      });
    }
  }
  for (const asker of [dns.promises, dns.promises.Resolver.prototype]) {
    for (const method of askingMethods(asker)) {
      replace(asker, method, () => async (name) => {
        throw refusal(name);
      });
    }
  }
}

/** What is known without asking anybody: addresses, and this machine. */
function isKnown(name) {
  return !name || net.isIP(name) !== 0 || /^localhost$/i.test(name);
}

function askingMethods(asker) {
  return Object.getOwnPropertyNames(asker).filter((name) => /^(resolve|reverse|lookupService)/.test(name));
}

function replace(holder, name, make) {
  const real = holder[name];
  // With what `util.promisify` finds at it.
  holder[name] = Object.defineProperties(make(real), Object.getOwnPropertyDescriptors(real));
}
