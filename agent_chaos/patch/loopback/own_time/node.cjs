// Loaded into Node programs before their own code (`--require`): what they wait for passes in the run's virtual time.
//
// A timer is moved ahead only while nothing else can happen: no request is open, no file, process or foreign connection is in
// use. The run is asked first (`/-/wait`), so that its clock is ahead before the program asks anything more.
"use strict";

const { isMainThread } = require("node:worker_threads");

// Below this a real wait costs less than asking for it.
const SHORT_MS = 5;
const LOOK_MS = 1;
const QUIET_LOOKS = 3;
const IDLE_MS = 100;
const LONGEST_MS = 2 ** 31 - 1;
// What may be open in a program that only waits: its pipes, kept connections, servers, signals.
const AT_REST = new Set(["Timeout", "PipeWrap", "TTYWrap", "TCPSocketWrap", "TCPServerWrap", "PipeServerWrap", "SignalWrap", "MessagePort"]);

if (process.env.AGENT_CHAOS_TIME && isMainThread) install(new URL(process.env.AGENT_CHAOS_TIME));

function install(place) {
  const net = require("node:net");
  const timers = require("node:timers");
  const timerPromises = require("node:timers/promises");
  const { promisify } = require("node:util");
  const { AsyncResource } = require("node:async_hooks");
  const channels = require("node:diagnostics_channel");

  const real = { setTimeout, clearTimeout, setInterval, clearInterval, Date, now: performance.now.bind(performance) };
  const waiting = new Map();
  const open = new Set();
  let passed = 0;
  let made = 0;
  let activity = 0;
  let driver;
  let looking = false;
  let asking = false;
  let idle = true;

  const now = () => real.now() + passed;

  class Timeout extends AsyncResource {
    constructor(run, args, delay, repeats) {
      super("Timeout");
      Object.assign(this, { run, args, delay, repeats, id: ++made, refed: true });
      this.refresh();
    }
    refresh() {
      this.due = now() + this.delay;
      // By the run's clock, which knows nothing of the real time that the program took.
      this.at = passed + this.delay;
      waiting.set(this.id, this);
      changed();
      return this;
    }
    ref() {
      this.refed = true;
      changed();
      return this;
    }
    unref() {
      this.refed = false;
      changed();
      return this;
    }
    hasRef() {
      return this.refed;
    }
    close() {
      waiting.delete(this.id);
      changed();
      return this;
    }
    [Symbol.toPrimitive]() {
      return this.id;
    }
    [Symbol.dispose ?? Symbol("dispose")]() {
      this.close();
    }
    fire() {
      waiting.delete(this.id);
      if (this.repeats) this.refresh();
      this.runInAsyncScope(this.run, this, ...this.args);
    }
  }

  const inOrder = (when) => [...waiting.values()].sort((one, other) => one[when] - other[when] || one.id - other.id);

  function changed() {
    activity += 1;
    real.clearTimeout(driver);
    const [next] = inOrder("due");
    if (next === undefined) return;
    driver = real.setTimeout(fire, Math.max(1, Math.min(next.due - now(), LONGEST_MS)));
    if (![...waiting.values()].some((timer) => timer.refed)) driver.unref();
    look();
  }

  function fire() {
    const [next] = inOrder("due");
    try {
      if (next !== undefined && next.due <= now()) next.fire();
    } finally {
      changed();
    }
  }

  // Looks until the program has been at rest for a while, then asks to go on to its next timer.
  function look() {
    if (looking || asking || open.size > 0) return;
    looking = true;
    let quiet = 0;
    let seen = activity;
    let restful = real.now();
    const again = () => {
      if (open.size > 0) {
        looking = false;
        return;
      }
      quiet = seen === activity && !busy() ? quiet + 1 : 0;
      restful = quiet === 0 ? real.now() : restful;
      seen = activity;
      const next = inOrder("at").find((timer) => timer.refed);
      if (quiet >= QUIET_LOOKS && next !== undefined) {
        looking = false;
        ask(next);
      } else if (next === undefined && quiet >= QUIET_LOOKS && real.now() - restful > IDLE_MS) {
        looking = false;
        if (!idle) say("/-/idle", () => {}).unref();
        idle = true;
      } else {
        real.setTimeout(again, LOOK_MS).unref();
      }
    };
    real.setTimeout(again, LOOK_MS).unref();
  }

  function ask(next) {
    const wait = Math.max(0, next.at - passed);
    asking = true;
    say(`${place.pathname}?s=${wait / 1000}`, (granted) => {
      asking = false;
      if (granted) passed += wait;
      changed();
    });
  }

  function say(target, heard) {
    const socket = net.connect({ host: place.hostname, port: Number(place.port) });
    let granted = false;
    socket.on("data", (data) => {
      granted = data.toString("latin1").startsWith("HTTP/1.1 204");
      socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => heard(granted));
    socket.write(`GET ${target} HTTP/1.1\r\nhost: agent-chaos\r\nconnection: close\r\n\r\n`);
    return socket;
  }

  function busy() {
    const resources = process.getActiveResourcesInfo?.() ?? ["unknown"];
    const handles = process._getActiveHandles?.() ?? [];
    return resources.some((name) => !AT_REST.has(name)) || handles.some(elsewhere);
  }

  // A connection to anything but the run: what comes of it takes real time.
  function elsewhere(handle) {
    return handle.remotePort !== undefined && String(handle.remotePort) !== place.port && handle.hasRef?.() !== false;
  }

  const begins = (what) => {
    activity += 1;
    idle = false;
    open.add(what);
  };
  const ends = (what) => {
    activity += 1;
    if (open.delete(what)) look();
  };
  channels.subscribe("undici:request:create", ({ request }) => begins(request));
  channels.subscribe("undici:request:trailers", ({ request }) => ends(request));
  channels.subscribe("undici:request:error", ({ request }) => ends(request));
  channels.subscribe("http.client.request.start", ({ request }) => {
    begins(request);
    request.once("close", () => ends(request));
  });

  const delayOf = (delay) => (delay >= 1 && delay <= LONGEST_MS ? Number(delay) : 1);
  const later = (usual, repeats) => (run, delay, ...args) =>
    delayOf(delay) < SHORT_MS || typeof run !== "function"
      ? usual(run, delay, ...args)
      : new Timeout(run, args, delayOf(delay), repeats);
  const never = (usual) => (timer) => {
    const found = timer instanceof Timeout ? timer : waiting.get(Number(timer));
    if (found === undefined) usual(timer);
    else found.close();
  };

  const setVirtual = later(real.setTimeout, false);
  const wait = (delay, value, { signal, ref = true } = {}) =>
    new Promise((resolve, reject) => {
      const refuse = () => reject(Object.assign(new Error("The operation was aborted"), { name: "AbortError", code: "ABORT_ERR", cause: signal.reason }));
      if (signal?.aborted) return refuse();
      const timer = setVirtual(() => {
        signal?.removeEventListener("abort", stop);
        resolve(value);
      }, delay);
      const stop = () => {
        clearVirtual(timer);
        refuse();
      };
      if (!ref) timer.unref();
      signal?.addEventListener("abort", stop, { once: true });
    });
  const clearVirtual = never(real.clearTimeout);
  setVirtual[promisify.custom] = wait;
  const replaced = {
    setTimeout: setVirtual,
    clearTimeout: clearVirtual,
    setInterval: later(real.setInterval, true),
    clearInterval: never(real.clearInterval),
  };
  Object.assign(globalThis, replaced);
  Object.assign(timers, replaced);
  timerPromises.setTimeout = wait;
  if (timerPromises.scheduler) timerPromises.scheduler.wait = (delay, options) => wait(delay, undefined, options);
  require("node:module").syncBuiltinESMExports();

  AbortSignal.timeout = (delay) => {
    const controller = new AbortController();
    setVirtual(() => controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")), delay).unref();
    return controller.signal;
  };

  const today = () => real.Date.now() + Math.round(passed);
  globalThis.Date = new Proxy(real.Date, {
    construct: (usual, args, target) => Reflect.construct(usual, args.length ? args : [today()], target),
    apply: () => new real.Date(today()).toString(),
    get: (usual, name, self) => (name === "now" ? today : Reflect.get(usual, name, self)),
  });
  real.Date.prototype.constructor = globalThis.Date;
  Object.defineProperty(performance, "now", { value: now, configurable: true, writable: true });

  // The jitter of a back-off is the same in every run (mulberry32), also in a program that is kept: each line on stdin begins
  // it anew.
  let state = 1;
  Math.random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const push = net.Socket.prototype.push;
  net.Socket.prototype.push = function (...chunk) {
    if (this.fd === 0) state = 1;
    return push.apply(this, chunk);
  };

  // Says from the start that this program needs no shortened waits.
  say(`${place.pathname}?s=0`, () => {}).unref();
}
