// A real browser on pages of other origins, trying what a malicious page would: sign with the node's keys, travel in
// time, change state. Nothing may change; what is allowed (decision 65 in the node's `server/origin.rs`) must work.
// Arguments: the node's binary, the browser's. Names like `attacker.test` lead to this machine inside the browser only.

import { createServer } from "node:http";
import { resolve } from "node:path";
import { chromium } from "playwright-core";
import { bulwark, ensure, freePort, relay, rpc, same, story } from "../clients/kit.mjs";

const [binary, browserPath] = process.argv.slice(2).map((path) => resolve(path));
const VICTIM = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const THIEF = "0x00000000000000000000000000000000000abcde";
/** Refused with a reason (decision 67). */
const REFUSED = -32004;

const TYPED = {
  domain: { name: "Note" },
  types: { EIP712Domain: [{ name: "name", type: "string" }], Note: [{ name: "text", type: "string" }] },
  primaryType: "Note",
  message: { text: "hello" },
};
/** What no foreign page may do: signing, time, mining, state. */
const DEEDS = [
  ["eth_sendTransaction", [{ from: VICTIM, to: THIEF, value: "0xde0b6b3a7640000" }]],
  ["eth_sign", [VICTIM, "0x68656c6c6f"]],
  ["personal_sign", ["0x68656c6c6f", VICTIM]],
  ["eth_signTypedData_v4", [VICTIM, TYPED]],
  [
    "eth_signTransaction",
    [{ from: VICTIM, to: THIEF, value: "0x1", gas: "0x5208", gasPrice: "0x77359400", nonce: "0x14" }],
  ],
  ["evm_mine", []],
  ["anvil_mine", ["0x5"]],
  ["hardhat_mine", ["0x5"]],
  ["evm_increaseTime", [86400]],
  ["evm_setNextBlockTimestamp", [4000000000]],
  ["evm_setAutomine", [false]],
  ["evm_setIntervalMining", [1]],
  ["evm_snapshot", []],
  ["evm_revert", ["0x0"]],
  ["anvil_setBalance", [THIEF, "0xde0b6b3a7640000"]],
  ["hardhat_setBalance", [THIEF, "0xde0b6b3a7640000"]],
  ["anvil_setCode", [VICTIM, "0x00"]],
  ["anvil_setStorageAt", [VICTIM, "0x0", `0x${"1".padStart(64, "0")}`]],
  ["anvil_setNonce", [VICTIM, "0x99"]],
  ["anvil_impersonateAccount", [VICTIM]],
  ["anvil_autoImpersonateAccount", [true]],
  ["anvil_dropAllTransactions", []],
  ["anvil_loadState", ["0x00"]],
  ["anvil_reset", []],
];
const body = (method, params) => JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
const BATCH = `[${DEEDS.map(([method, params]) => body(method, params)).join(",")}]`;
/** Bodies for doors that show no answer: each deed alone, and all in a batch. */
const BODIES = [...DEEDS.map(([method, params]) => body(method, params)), BATCH];

/** What would look different if any deed were done. */
async function standing(url) {
  const head = await rpc(url, "eth_getBlockByNumber", ["latest", false]);
  const of = async (address) => [
    await rpc(url, "eth_getBalance", [address, "latest"]),
    await rpc(url, "eth_getTransactionCount", [address, "latest"]),
    await rpc(url, "eth_getCode", [address, "latest"]),
    await rpc(url, "eth_getStorageAt", [address, "0x0", "latest"]),
  ];
  const mining = [await rpc(url, "anvil_getAutomine"), await rpc(url, "anvil_getIntervalMining")];
  return [head.hash, head.number, await of(VICTIM), await of(THIEF), await rpc(url, "txpool_status"), mining];
}

/** A server of empty pages, and of redirects to wherever `to` says. */
async function pages() {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url, "http://pages.test");
    if (searchParams.has("to")) response.writeHead(307, { location: searchParams.get("to") }).end();
    else response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>a page</title>");
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { port: server.address().port, close: () => server.close() };
}

/** Runs in the page: posts JSON as an honest client does; the answer, or the browser's refusal. */
const post = ([url, text, type]) =>
  fetch(url, { method: "POST", headers: type ? { "content-type": type } : {}, body: text })
    .then(async (answer) => ({ status: answer.status, text: await answer.text() }))
    .catch((error) => ({ blocked: String(error) }));

/** Runs in the page: posts without asking for the answer, which needs no preflight. */
const blind = ([url, texts]) =>
  Promise.all(
    texts.flatMap((text) =>
      ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""].flatMap((type) => {
        const blob = () => new Blob([text], { type });
        navigator.sendBeacon(url, blob());
        return [fetch(url, { method: "POST", mode: "no-cors", body: blob() }).then((it) => it.type, String)];
      }),
    ),
  );

/** Runs in the page: a form whose only field spells the JSON, sent into a frame. */
const form = ([url, text]) =>
  new Promise((done) => {
    const frame = Object.assign(document.createElement("iframe"), { name: `frame${Math.random()}` });
    const sent = Object.assign(document.createElement("form"), {
      action: url,
      method: "POST",
      enctype: "text/plain",
      target: frame.name,
    });
    // `name=value`: the sign of equality hides in a member that JSON-RPC ignores.
    sent.append(Object.assign(document.createElement("input"), { name: `${text.slice(0, -1)},"x":"`, value: '"}' }));
    document.body.append(frame, sent);
    sent.submit();
    frame.addEventListener("load", () => done("answered"));
  });

/** Runs in the page: everything over one WebSocket; the answers, or that it was closed. */
const socket = ([url, texts]) =>
  new Promise((done) => {
    const heard = [];
    const connection = new WebSocket(url);
    connection.onopen = () => texts.forEach((text) => connection.send(text));
    connection.onmessage = ({ data }) => heard.push(data) === texts.length && done({ heard });
    connection.onclose = () => done({ closed: true, heard });
  });

/** Runs in the page: a form of fields, sent into a frame. */
const fields = ([url, given]) =>
  new Promise((done) => {
    const frame = Object.assign(document.createElement("iframe"), { name: `frame${Math.random()}` });
    const sent = Object.assign(document.createElement("form"), { action: url, method: "POST", target: frame.name });
    for (const [name, value] of Object.entries(given)) {
      sent.append(Object.assign(document.createElement("input"), { name, value }));
    }
    document.body.append(frame, sent);
    sent.submit();
    frame.addEventListener("load", () => done("answered"));
  });

const refusals = (answers) =>
  answers.flat().forEach(({ error, result }, at) => {
    ensure(error?.code === REFUSED, `${DEEDS[at % DEEDS.length][0]} was answered ${JSON.stringify(error ?? result)}`);
  });

const site = await pages();
const browser = await chromium.launch({
  executablePath: browserPath,
  args: [
    "--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    // The node has to defend itself, also in browsers without such checks of their own.
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessSendPreflights",
    "--no-sandbox",
  ],
});

await story(
  `browser: ${browser.version()} on pages of other origins`,
  async (check) => {
    const own = await freePort();
    const node = await bulwark(binary, own, []);
    // Counts what arrives: an attack that the browser stops shows nothing about the node.
    const door = await relay(`http://127.0.0.1:${own}`);
    const { url } = door;
    const { port } = new URL(url);
    const open = async (origin) => {
      const page = await browser.newPage();
      await page.goto(origin);
      return page;
    };
    const attacker = `http://attacker.test:${site.port}`;
    const page = await open(attacker);
    const before = await standing(url);
    /** An attack that must leave everything as it was. */
    const attack = (name, work) =>
      check(name, async () => {
        const detail = await work();
        same(await standing(url), before, "the chain");
        return detail;
      });

    await attack("fetch with JSON: every deed is refused with the reason", async () => {
      const answers = [];
      for (const [method, params] of DEEDS) {
        const { status, text } = await page.evaluate(post, [url, body(method, params), "application/json"]);
        ensure(status === 200, `${method}: ${status} ${text}`);
        answers.push(JSON.parse(text));
      }
      refusals(answers);
      refusals([JSON.parse((await page.evaluate(post, [url, BATCH, "application/json"])).text)]);
      return `${DEEDS.length} deeds`;
    });
    await attack("fetch with text: needs no preflight, and no door", async () => {
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "text/plain; charset=application/json"]) {
        const { status, text, blocked } = await page.evaluate(post, [url, BATCH, type]);
        ensure(blocked || status === 415, `${type}: ${status} ${text}`);
      }
    });
    await attack("fetch without CORS and beacons", async () => {
      const { arrived } = door;
      const { length } = await page.evaluate(blind, [url, BODIES]);
      ensure(door.arrived - arrived >= length, `only ${door.arrived - arrived} requests of ${length} arrived`);
      return `${door.arrived - arrived} requests`;
    });
    await attack("forms", async () => {
      const { arrived } = door;
      for (const text of BODIES.slice(0, -1)) await page.evaluate(form, [url, text]);
      ensure(door.arrived - arrived >= DEEDS.length, `only ${door.arrived - arrived} forms of ${DEEDS.length} arrived`);
      return `${DEEDS.length} forms`;
    });
    await attack("forms that set rules of alerts: none is added, none removed, none told", async () => {
      const rules = async () => (await fetch(`${url}/api/v1/alerts`)).json();
      const mine = { name: "mine", kind: "slash" };
      const headers = { "content-type": "application/json" };
      await fetch(`${url}/api/v1/alerts`, { method: "POST", headers, body: JSON.stringify(mine) });
      const { arrived } = door;
      const deeds = [
        { do: "add", name: "theirs", kind: "slash", webhook: `${attacker}/` },
        { do: "remove", name: "mine" },
        { do: "test", name: "mine" },
      ];
      const neighbour = await open(`http://localhost:${site.port}`);
      for (const from of [page, neighbour]) {
        for (const deed of deeds) await from.evaluate(fields, [`${url}/alerts`, deed]);
      }
      await neighbour.close();
      ensure(door.arrived - arrived >= 2 * deeds.length, `only ${door.arrived - arrived} forms arrived`);
      const { items, recent } = await rules();
      same([items.map(({ name }) => name), recent], [["mine"], []], "the rules");
      return `${2 * deeds.length} forms`;
    });
    await attack("redirects from the attacker's own server", async () => {
      const over = `${attacker}/?to=${encodeURIComponent(url)}`;
      await page.evaluate(blind, [over, [BATCH]]);
      await page.evaluate(form, [over, BODIES[0]]);
      const { status, text, blocked } = await page.evaluate(post, [
        `/?to=${encodeURIComponent(url)}`,
        BATCH,
        "application/json",
      ]);
      if (!blocked && status === 200) refusals([JSON.parse(text)]);
    });
    await attack("GET: links, images, scripts", async () => {
      const asked = DEEDS.map(
        ([method, params]) => `${url}/?method=${method}&params=${encodeURIComponent(JSON.stringify(params))}`,
      );
      const load = (addresses) =>
        Promise.all(
          addresses.map(
            (src) => new Promise((done) => Object.assign(new Image(), { onload: done, onerror: () => done(), src })),
          ),
        );
      await page.evaluate(load, asked);
    });
    await attack("WebSocket: every deed is refused with the reason", async () => {
      const { heard, closed } = await page.evaluate(socket, [url.replace("http", "ws"), BODIES]);
      ensure(!closed && heard.length === BODIES.length, `closed after ${heard.length} answers`);
      refusals(heard.map((text) => JSON.parse(text)));
      return `${heard.length} answers`;
    });
    await attack("a frame without an origin (sandbox)", async () => {
      const inFrame = (source) =>
        new Promise((done) => {
          addEventListener("message", ({ data }) => done(data), { once: true });
          const frame = document.createElement("iframe");
          frame.sandbox = "allow-scripts";
          frame.srcdoc = `<script>${source}</script>`;
          document.body.append(frame);
        });
      const source = `(${post})([${JSON.stringify(url)}, ${JSON.stringify(BATCH)}, "application/json"]).then((it) => parent.postMessage(it, "*"))`;
      const { text } = await page.evaluate(inFrame, source);
      refusals([JSON.parse(text)]);
    });
    await attack("DNS rebinding: the attacker's name leads to the node", async () => {
      const rebound = await browser.newPage();
      const origin = `http://rebound.test:${port}`;
      // The page comes from the attacker; what it asks of its own name afterwards reaches the node.
      await rebound.route(`${origin}/page`, (route) =>
        route.fulfill({ contentType: "text/html", body: "<!doctype html>" }),
      );
      await rebound.goto(`${origin}/page`);
      const answer = await rebound.evaluate(post, [`${origin}/`, BATCH, "application/json"]);
      ensure(answer.status === 403, `answered ${JSON.stringify(answer)}`);
      const heard = await rebound.evaluate(socket, [`ws://rebound.test:${port}`, BODIES]);
      same(heard, { closed: true, heard: [] }, "WebSocket");
      await rebound.close();
      return answer.text.slice(0, 40);
    });
    await attack("a foreign page may read and send what is signed already", async () => {
      const { text } = await page.evaluate(post, [url, body("eth_blockNumber", []), "application/json"]);
      same(JSON.parse(text).result, before[1], "the head");
      const refused = JSON.parse(
        (await page.evaluate(post, [url, body("eth_sendRawTransaction", ["0x00"]), "application/json"])).text,
      );
      ensure(refused.error.code !== REFUSED, "a raw transaction was refused because of the origin");
    });
    await check("time did not travel: the next block has the clock's time", async () => {
      await rpc(url, "evm_mine");
      const { timestamp } = await rpc(url, "eth_getBlockByNumber", ["latest", false]);
      const apart = Math.abs(Number(timestamp) - Date.now() / 1000);
      ensure(apart < 60, `${apart} s from the clock`);
    });
    await check("a page of this machine may do everything", async () => {
      const local = await open(`http://localhost:${site.port}`);
      for (const [method, params] of [
        ["personal_sign", ["0x68656c6c6f", VICTIM]],
        ["evm_mine", []],
      ]) {
        const { text } = await local.evaluate(post, [url, body(method, params), "application/json"]);
        ensure(JSON.parse(text).result !== undefined, `${method}: ${text}`);
      }
      await local.close();
    });
    await node.stop("SIGTERM");

    await named(check, { open, attacker, page });
    await browser.close();
  },
  null,
);

/** The flags that name origins. */
async function named(check, { open, page }) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const friend = `http://friend.test:${site.port}`;
  const sign = body("personal_sign", ["0x68656c6c6f", VICTIM]);
  await check("--allow-origin: the named page signs, others do not even read", async () => {
    const node = await bulwark(binary, port, ["--allow-origin", friend]);
    const trusted = await open(friend);
    const { text } = await trusted.evaluate(post, [url, sign, "application/json"]);
    ensure(JSON.parse(text).result, text);
    const { blocked } = await page.evaluate(post, [url, body("eth_blockNumber", []), "application/json"]);
    ensure(blocked, "another page was answered");
    const heard = await page.evaluate(socket, [url.replace("http", "ws"), [sign]]);
    same(heard, { closed: true, heard: [] }, "WebSocket");
    await node.stop("SIGTERM");
  });
  await check("--no-cors: no foreign page is answered", async () => {
    const node = await bulwark(binary, port, ["--no-cors"]);
    for (const text of [sign, body("eth_blockNumber", [])]) {
      const { blocked } = await page.evaluate(post, [url, text, "application/json"]);
      ensure(blocked, "a page was answered");
    }
    await node.stop("SIGTERM");
  });
}
