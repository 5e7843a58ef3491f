// What the stories of `cargo xtask e2e clients` share: named checks printed as a table, a relay that remembers the last
// requests so that a failure can show request and answer, and the compiler. Knows nothing of any client library.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import { connect, createServer as createListener } from "node:net";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);
export const TOOLS = new URL("..", import.meta.url).pathname;

/** The phrase and the first accounts of `bulwark dev`, the same as anvil's. */
export const MNEMONIC = "test test test test test test test test test test test junk";
export const KEYS = [
  "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
  "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
];
export const ETHER = 10n ** 18n;
/** No signature: nobody has to approve the delegation. */
export const NO_SIGNATURE = { signature: "0x", expiry: 0n };
export const NO_SALT = `0x${"00".repeat(32)}`;
/** Milliseconds after which an event that was promised counts as missing. */
const PATIENCE_MS = 60_000;
/** Exchanges that a failure shows. */
const REMEMBERED = 3;
/** Characters of a request or an answer that a failure shows. */
const SHOWN = 1_500;

/** Thrown after a failure was told, so that a story cleans up. */
const STOP = Symbol("a check failed");

const shorten = (text) => (text.length > SHOWN ? `${text.slice(0, SHOWN)}… (${text.length} characters)` : text);

/** A relay on loopback in front of a node: HTTP is remembered, WebSocket passes through. */
export async function relay(url) {
  const { hostname, port } = new URL(url);
  const last = [];
  const door = { last, arrived: 0 };
  const server = createServer((incoming, outgoing) => {
    door.arrived += 1;
    const body = [];
    incoming.on("data", (part) => body.push(part));
    incoming.on("end", () => {
      const sent = Buffer.concat(body);
      const headers = { ...incoming.headers, "content-length": sent.length };
      const options = { hostname, port, path: incoming.url, method: incoming.method, headers };
      const onward = httpRequest(options, (answer) => {
        const received = [];
        answer.on("data", (part) => received.push(part));
        answer.on("end", () => {
          const whole = Buffer.concat(received);
          last.push({ request: sent.toString(), answer: `${answer.statusCode} ${whole}` });
          if (last.length > REMEMBERED) last.shift();
          outgoing.writeHead(answer.statusCode, { ...answer.headers, "content-length": whole.length });
          outgoing.end(whole);
        });
      });
      onward.on("error", (error) => {
        last.push({ request: sent.toString(), answer: String(error) });
        outgoing.destroy();
      });
      onward.end(sent);
    });
  });
  server.on("upgrade", (incoming, socket, head) => {
    const onward = connect(port, hostname, () => {
      const lines = [`GET ${incoming.url} HTTP/1.1`];
      for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
        lines.push(`${incoming.rawHeaders[at]}: ${incoming.rawHeaders[at + 1]}`);
      }
      onward.write(`${lines.join("\r\n")}\r\n\r\n`);
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [onward, socket]) end.on("error", () => (onward.destroy(), socket.destroy()));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const at = `127.0.0.1:${server.address().port}`;
  const close = () => (server.close(), server.closeAllConnections());
  return Object.assign(door, { url: `http://${at}`, ws: `ws://${at}`, close });
}

/** Runs a story: `tell(check, node)` calls `check(name, work)` for each step; the first that fails ends the process.
    `url` is the node's, or null for a story that starts its own. */
export async function story(title, tell, url = process.argv[2]) {
  const node = url ? await relay(url) : { last: [] };
  let passed = 0;
  const began = performance.now();
  const check = async (name, work, patience = PATIENCE_MS) => {
    const start = performance.now();
    try {
      const detail = await within(work(), name, patience);
      passed += 1;
      const took = `${(performance.now() - start).toFixed(0)} ms`;
      const said = detail === undefined ? "" : String(detail);
      console.log(`  ✓ ${name.padEnd(58)} ${said.padEnd(44)} ${took.padStart(8)}`);
    } catch (error) {
      console.log(`  ✗ ${name}`);
      console.log(`\n${title} failed at: ${name}\n${error?.stack ?? error}`);
      if (node.last.length > 0) console.log("\nThe last requests and answers over HTTP:");
      for (const { request, answer } of node.last) console.log(`→ ${shorten(request)}\n← ${shorten(answer)}`);
      throw STOP;
    }
  };
  console.log(`\n${title}`);
  try {
    await tell(check, node);
  } catch (error) {
    if (error !== STOP) console.log(`\n${title} failed between its checks: ${error?.stack ?? error}`);
    process.exit(1);
  }
  console.log(`  ${passed} checks in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  process.exit(0);
}

/** A port of loopback that nobody uses now. */
export async function freePort() {
  const listener = createListener();
  await new Promise((ready) => listener.listen(0, "127.0.0.1", ready));
  const { port } = listener.address();
  await new Promise((closed) => listener.close(closed));
  return port;
}

/** Starts `bulwark dev` and waits for its banner; `stop(signal)` waits for its end. */
export async function bulwark(binary, port, flags) {
  const words = ["dev", "--json", "--port", String(port), ...flags];
  const child = spawn(binary, words, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((done) => child.on("exit", (code, signal) => done(code ?? signal)));
  const first = new Promise((done) => child.stdout.once("data", done));
  const early = ended.then((status) => Promise.reject(new Error(`the node ended with ${status}`)));
  await within(Promise.race([first, early]), "the node's banner");
  early.catch(() => {});
  child.stdout.resume();
  process.once("exit", () => child.kill());
  return { stop: (signal) => (child.kill(signal), within(ended, "the node's end")) };
}

/** `promise`, or an error that names what did not come. */
export function within(promise, what, patience = PATIENCE_MS) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`waited ${patience} ms in vain: ${what}`)), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Fails unless both are the same, as text: numbers of any type, strings, lists. */
export function same(found, expected, what) {
  const text = (value) =>
    JSON.stringify(value, (_, part) => (["bigint", "number"].includes(typeof part) ? String(part) : part));
  if (text(found) !== text(expected)) throw new Error(`${what}: found ${text(found)}, expected ${text(expected)}`);
}

export function ensure(condition, what) {
  if (!condition) throw new Error(what);
}

/** The error of a promise that must fail. */
export async function refused(promise, what) {
  const done = await promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  if ("error" in done) return done.error;
  throw new Error(`${what}: it was not refused but answered ${String(done.value)}`);
}

/** Bare JSON-RPC, for what a client library has no word for. */
export async function rpc(url, method, params = []) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  const { result, error } = await answer.json();
  if (error) throw new Error(`${method}: ${JSON.stringify(error)}`);
  return result;
}

/** The native contracts that a story uses, by name: address and ABI as the node tells them. */
export async function natives(url) {
  const addresses = await rpc(url, "restake_addresses");
  const known = {};
  for (const name of ["StrategyManager", "DelegationManager", "TestToken"]) {
    known[name] = { address: addresses[name], abi: await rpc(url, "restake_abi", [name]) };
  }
  return known;
}

/** The strategy of the test token, with which every `dev` chain starts. */
export const STRATEGY = "0x1b4029dD81999F1baEAdb1A0d4D2f660363Fa95A";

/** The contracts of the Solidity project, compiled by the npm compiler; kept by their text. */
export function compiled(name = "Savings", parent = "hardhat/contracts") {
  const path = join(TOOLS, parent, `${name}.sol`);
  const text = readFileSync(path, "utf8");
  const key = createHash("sha256").update(text).digest("hex").slice(0, 16);
  const folder = join(TOOLS, "node_modules/.cache/bulwark");
  const kept = join(folder, `${name}-${key}.json`);
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, "utf8"));
  const input = {
    language: "Solidity",
    sources: { [path]: { content: text } },
    settings: { outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } } },
  };
  const output = JSON.parse(require("solc").compile(JSON.stringify(input)));
  const contract = output.contracts?.[path]?.[name];
  ensure(contract, `${name} does not compile: ${JSON.stringify(output.errors)}`);
  const artifact = { abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}` };
  mkdirSync(folder, { recursive: true });
  writeFileSync(kept, JSON.stringify(artifact));
  return artifact;
}

/** Starts the demo of a node's binary and waits until its story is told. It ends with this process. */
export async function demo(binary, port) {
  const child = spawn(binary, ["demo", "--json", "--port", String(port)], { stdio: ["ignore", "pipe", "ignore"] });
  process.once("exit", () => child.kill());
  await new Promise((done, failed) => {
    child.stdout.once("data", done);
    child.once("exit", (code) => failed(new Error(`the demo ended with ${code}`)));
  });
  child.stdout.resume();
}
