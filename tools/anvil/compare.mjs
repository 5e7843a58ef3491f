// Sends the same requests to anvil and to Bulwark and compares the answers: which fields there are, of which type, and
// what they say. Differences are recorded with reasons (`reasons.mjs`) in docs/anvil-differences.md.
//
//   node compare.mjs ANVIL_URL BULWARK_URL DOCUMENT [--update]
//
// Exit status 1: a difference without a recorded reason, a reason without a difference, or an old document.

import { readFileSync, writeFileSync } from "node:fs";
import { LEFT_OUT } from "./methods.mjs";
import { BODIES, REQUESTS } from "./requests.mjs";
import { REASONS } from "./reasons.mjs";

const [anvilUrl, bulwarkUrl, document, mode] = process.argv.slice(2);
/** A slower answer than this counts as none. */
const PATIENCE_MS = 30_000;
/** Longest value that a difference shows. */
const SHOWN = 40;
/** Part by which gas estimates may differ. */
const NEAR = 0.1;

/** Fields whose values depend on hashes of the state, on the clock or on the program, and say nothing else. */
const VOLATILE = new Set([
  "hash",
  "parentHash",
  "blockHash",
  "stateRoot",
  "transactionsRoot",
  "receiptsRoot",
  "withdrawalsRoot",
  "requestsHash",
  "parentBeaconBlockRoot",
  "timestamp",
  "blockTimestamp",
  "mixHash",
  "extraData",
  "logsBloom",
  "size",
  "nonceHash",
  "message",
  "v",
  "r",
  "s",
  "yParity",
]);

async function post(url, body) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    return { status: answer.status, text: text === "" ? "" : "(no JSON)" };
  }
}

const kind = (value, key) => {
  if (value === null) return "null";
  if (Array.isArray(value)) return `list of ${value.length}`;
  if (typeof value !== "string") return typeof value;
  // A checksum of the genesis: another one after every change of what a fresh chain holds.
  if (key === "forkId") return /^0x0+$/.test(value) ? "zero" : "bytes4";
  if (key === "r" || key === "s") return "quantity";
  if (/^0x([1-9a-f][0-9a-f]*|0)$/.test(value) && value.length < 42) return "quantity";
  if (/^0x([0-9a-fA-F]{2})*$/.test(value))
    return value.length > 66 || value.length < 42 ? "bytes" : `bytes${value.length / 2 - 1}`;
  return "text";
};

/** All fields of an answer by path; the members of a list share their paths. */
function fields(value, path = "", found = new Map()) {
  if (value !== null && typeof value === "object") {
    found.set(path, [...(found.get(path) ?? []), Array.isArray(value) ? value : undefined]);
    const entries = Array.isArray(value) ? value.map((part) => ["[]", part]) : Object.entries(value);
    for (const [key, part] of entries) fields(part, key === "[]" ? `${path}[]` : path ? `${path}.${key}` : key, found);
  } else {
    found.set(path, [...(found.get(path) ?? []), value]);
  }
  return found;
}

const show = (value) => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text !== undefined && text.length <= SHOWN ? text : kind(value);
};

const isNear = (one, other) => Math.abs(Number(one) - Number(other)) <= NEAR * Math.max(Number(one), Number(other));

/** What differs between two answers: `[path, anvil's, Bulwark's]`. */
function differences(anvil, bulwark, options) {
  if ("error" in anvil !== "error" in bulwark) {
    const said = (answer) =>
      "error" in answer ? `error ${answer.error.code}` : `answer: ${kindOrFields(answer.result)}`;
    return [["", said(anvil), said(bulwark)]];
  }
  const [left, right] = [fields(anvil), fields(bulwark)];
  const [found, apart] = [[], []];
  for (const path of new Set([...left.keys(), ...right.keys()])) {
    const key = path.replace(/\[\]$/, "").split(".").at(-1);
    const [one, other] = [left.get(path), right.get(path)];
    // The members of lists of different lengths are not the same ones.
    if (apart.some((list) => path.startsWith(`${list}[]`))) continue;
    const under = (paths) => !paths.has(path.slice(0, Math.max(0, path.lastIndexOf(".")))) && path.includes(".");
    if (!one || !other) {
      // A missing object is told once, not field by field; so are the members of lists of which one is empty.
      if (under(one ? right : left)) continue;
      if (path.endsWith("[]")) continue;
      found.push([path, one ? kindOrFields(one[0]) : "absent", other ? kindOrFields(other[0]) : "absent"]);
      continue;
    }
    const kinds = (values) =>
      [...new Set(values.map((value) => (value === undefined ? "object" : kind(value, key))))].sort().join(", ");
    const exact = options.exact?.includes(key);
    if (kinds(one) !== kinds(other)) {
      found.push([path, kinds(one), kinds(other)]);
      if ([...one, ...other].some(Array.isArray)) apart.push(path);
    } else if (options.shape || (VOLATILE.has(key) && !exact)) continue;
    else {
      const at = one.findIndex(
        (value, index) =>
          !Array.isArray(value) && value !== other[index] && !(options.near && isNear(value, other[index])),
      );
      if (at >= 0) found.push([path, show(one[at]), show(other[at])]);
    }
  }
  return found;
}

const kindOrFields = (value) =>
  value === undefined || (value !== null && typeof value === "object" && !Array.isArray(value))
    ? "object"
    : kind(value);

/** Keys of objects that are hashes or addresses of one node are not fields. */
function plain(value, known) {
  if (Array.isArray(value)) return value.map((part) => plain(part, known));
  if (value === null || typeof value !== "object") {
    // Hashes of blocks differ because the genesis states do; what they name is the same.
    return typeof value === "string" && known.has(value) ? known.get(value) : value;
  }
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [known.get(key) ?? key, plain(part, known)]));
}

/** Remembers the blocks' hashes of one node, so that they compare as `block N`. */
async function name(url, known) {
  const answer = await post(
    url,
    JSON.stringify({ jsonrpc: "2.0", id: 0, method: "eth_getBlockByNumber", params: ["latest", false] }),
  );
  const { hash, number } = answer.result;
  known.set(hash, `0x${BigInt(number).toString(16).padStart(64, "b")}`);
}

/** anvil answers before it has mined: waits until the transaction has a receipt. */
async function settle(url, hash) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 0, method: "eth_getTransactionReceipt", params: [hash] });
  for (const began = Date.now(); Date.now() - began < PATIENCE_MS;) if ((await post(url, body)).result) return;
  throw new Error(`${hash} is not mined`);
}

async function ask(url, [, method, params, { keep, held } = {}], kept, known) {
  const given = typeof params === "function" ? params(kept) : params;
  const answer = await post(url, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: given }));
  if (keep && answer.result !== undefined) kept[keep] = answer.result;
  if (method.startsWith("eth_send") && typeof answer.result === "string" && !held) await settle(url, answer.result);
  await name(url, known);
  return plain(answer, known);
}

const rows = [];
const nodes = [anvilUrl, bulwarkUrl].map((url) => ({ url, kept: {}, known: new Map() }));
let same = 0;
async function compare(label, options, work) {
  const answers = [];
  for (const node of nodes)
    answers.push(await work(node).catch((error) => ({ error: { code: `none: ${error.message}` } })));
  const found = differences(...answers, options);
  if (found.length === 0) same += 1;
  for (const [path, anvil, bulwark] of found) rows.push({ label, path, anvil, bulwark, answers });
}
for (const request of REQUESTS) {
  const [label, , , options = {}] = request;
  await compare(label, options, (node) => ask(node.url, request, node.kept, node.known));
}
for (const [label, body] of BODIES) await compare(label, {}, (node) => post(node.url, body));

/** What is left out on purpose must be left out. */
const answered = [];
for (const name of LEFT_OUT.flatMap(({ methods }) => methods)) {
  const answer = await post(bulwarkUrl, JSON.stringify({ jsonrpc: "2.0", id: 1, method: name, params: [] }));
  if (answer.error?.code !== -32601) answered.push(name);
}

const used = new Set();
const unexplained = [];
const table = [];
for (const row of rows) {
  const reason = REASONS.find(
    ({ request, path, anvil, bulwark }) =>
      (!request || request.test(row.label)) &&
      (!path || path.test(row.path)) &&
      (!anvil || anvil.test(row.anvil)) &&
      (!bulwark || bulwark.test(row.bulwark)),
  );
  if (!reason) unexplained.push(row);
  else {
    used.add(reason);
    table.push({ ...row, why: reason.why });
  }
}
const unused = REASONS.filter((reason) => !used.has(reason));

const cell = (text) => String(text).replaceAll("|", "\\|").replaceAll("\n", " ");
const grouped = new Map();
for (const { label, path, anvil, bulwark, why } of table) {
  const key = [path, anvil, bulwark, why].join("\u0000");
  const group = grouped.get(key) ?? { path, anvil, bulwark, why, labels: [] };
  group.labels.push(label);
  grouped.set(key, group);
}
const sections = new Map();
for (const group of grouped.values()) sections.set(group.why, [...(sections.get(group.why) ?? []), group]);
const text = `# Where Bulwark answers otherwise than anvil

Written by \`cargo xtask e2e anvil --update\` and compared by \`cargo xtask e2e anvil\`: ${REQUESTS.length + BODIES.length} requests, good and
bad, go to both nodes in the same order; ${same} are answered alike, with the same fields of the same types and values.
Each other difference stands here with its reason. A new one fails the check, and so does one that is gone.

Not compared: hashes and what follows from them (the genesis states differ: native contracts are there), clocks, sizes,
signatures, and the wording of error messages. Values are shown where they are short, kinds otherwise.
${[...sections]
  .map(
    ([why, groups]) =>
      `\n## ${why}\n\n| request | field | anvil | Bulwark |\n| --- | --- | --- | --- |\n${groups
        .map(({ labels, path, anvil, bulwark }) => {
          const most = 6;
          const named = labels
            .slice(0, most)
            .map((label) => `\`${cell(label)}\``)
            .join(", ");
          const more = labels.length > most ? ` and ${labels.length - most} more` : "";
          return `| ${named}${more} | ${path ? `\`${cell(path)}\`` : ""} | ${cell(anvil)} | ${cell(bulwark)} |`;
        })
        .join("\n")}\n`,
  )
  .join("")}
## Methods that are left out

Of the public lists of anvil, geth and reth, these are not answered (-32601), and this is why:

| methods | why |
| --- | --- |
${LEFT_OUT.map(({ why, methods }) => `| ${methods.map((name) => `\`${name}\``).join(", ")} | ${why} |`).join("\n")}
`;

const total = REQUESTS.length + BODIES.length;
console.log(
  `anvil: ${total} requests, ${same} answered alike, ${table.length} recorded differences with ${used.size} reasons`,
);
for (const { label, path, anvil, bulwark, answers } of unexplained) {
  console.log(`  ✗ ${label}${path ? ` · ${path}` : ""}: anvil ${anvil}, Bulwark ${bulwark}`);
  if (process.env.SHOW_ANSWERS)
    for (const answer of answers) console.log(`      ${JSON.stringify(answer).slice(0, 400)}`);
}
for (const { why, request, path } of unused)
  console.log(`  ✗ recorded, but gone: ${why} (${request ?? ""} ${path ?? ""})`);
for (const name of answered) console.log(`  ✗ left out in methods.mjs, but answered: ${name}`);
if (mode === "--update") writeFileSync(document, text);
const isOld = (() => {
  try {
    return readFileSync(document, "utf8") !== text;
  } catch {
    return true;
  }
})();
if (isOld) console.log("  ✗ docs/anvil-differences.md is old: cargo xtask e2e anvil --update");
process.exit(unexplained.length + unused.length + answered.length > 0 || isOld ? 1 : 0);
