// The pages of `bulwark demo` in a real browser, with the real graph on the chain: each renders on a desk and on a phone,
// light and dark, without a console error, a sideways scroll or a finding of axe-core; figures arrive live; nonsense and
// markup are harmless. What a wallet does is in `act.mjs`. Arguments: the node's binary, the browser's, and maybe
// a folder for screenshots.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";
import { demo, ensure, freePort, rpc, story } from "../clients/kit.mjs";

const [binary, browserPath, shots] = process.argv.slice(2).map((path) => resolve(path));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const STRATEGY = "0x1b4029dD81999F1baEAdb1A0d4D2f660363Fa95A";
const ALLOCATION_MANAGER = "0xB000000000000000000000000000000000000102";
/** Bytes of the first visit, and milliseconds of the server for the first page. */
const MOST_BYTES = 150_000;
const MOST_MS = 50;
const WAIT_MS = 20_000;
const SIZES = [
  ["desk", 1280, 900],
  ["phone", 360, 740],
];
const MARKUP = `"><img src=x onerror="document.title='injected'"><script>document.title='injected'</script>`;

/** `updateAVSMetadataURI(address,string)`, by hand: one function needs no library. */
function describe(avs, text) {
  const bytes = Buffer.from(text);
  const word = (value) => BigInt(value).toString(16).padStart(64, "0");
  const data = bytes.toString("hex").padEnd(Math.ceil(bytes.length / 32) * 64, "0");
  return `0xa9821821${word(avs)}${word(64)}${word(bytes.length)}${data}`;
}

/** Bytes of a first visit to the page that is open: itself and all that it asked for. */
const weight = (page) =>
  page.evaluate(() =>
    ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind)).reduce((sum, it) => sum + (it.encodedBodySize || 0), 0),
  );

/** Runs in the page: each chart has words for who cannot see it, and each of its own words stays inside the page. */
function chartsTell() {
  for (const chart of document.querySelectorAll("svg[role=img]")) {
    const words = (chart.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "");
    if (words.length < 2 || words.some((it) => it.trim() === "")) throw new Error(`a chart without words: ${words.join("|")}`);
    for (const text of chart.checkVisibility() ? chart.querySelectorAll("text") : []) {
      const { left, right } = text.getBoundingClientRect();
      if (left < -1 || right > innerWidth + 1) throw new Error(`“${text.textContent}” of ${words[0]} is cut`);
    }
  }
}

const read = async (url, path) => (await fetch(`${url}/api/v1${path}`)).json();

/** Every kind of page, with something of the demo in each. */
async function pages(url) {
  const { items: slashes } = await read(url, "/slashes");
  const [slash] = slashes;
  const { avs, id } = slash.operator_set;
  const { items: blocks } = await read(url, "/blocks");
  const { items: losses } = await read(url, `/slashes/${avs}:${id}/${slash.slash_id}`);
  const { withdrawals } = await read(url, `/operators/${slash.operator}`);
  return [
    ["overview", "/"],
    ["stakers", "/stakers"],
    ["staker", `/stakers/${losses.at(-1).staker}`],
    ["staker-empty", "/stakers/0x00000000000000000000000000000000000000aa"],
    ["operators", "/operators"],
    ["operator", `/operators/${slash.operator}`],
    ["services", "/services"],
    ["service", `/services/${avs}`],
    ["set", `/services/${avs}/sets/${id}`],
    ["strategies", "/strategies"],
    ["strategy", `/strategies/${STRATEGY}`],
    ["token", "/tokens/0xb000000000000000000000000000000000000f02"],
    ["slashes", "/slashes"],
    ["slash", `/slashes/${avs}:${id}/${slash.slash_id}`],
    ["market", "/market?sort=largest&redistributes=&slashed="],
    ["risk", "/risk"],
    ["matrix", "/risk/matrix"],
    ["cascade", "/risk/cascade?shock=10%25"],
    ["losses", "/risk/losses?years=20000&seed=1"],
    ["withdrawal", `/withdrawals/${withdrawals[0].root}`],
    ["stress", "/risk/stress"],
    ["concentration", "/risk/concentration"],
    ["blocks", "/blocks"],
    ["block", `/blocks/${blocks[0].number}`],
    ["transaction", `/tx/${slash.transaction_hash}`],
    ["address", `/address/${slash.operator}`],
    ["contract", `/address/${ALLOCATION_MANAGER}`],
    ["search", "/search?q=manager"],
    ["parameters", "/parameters"],
    ["glossary", "/glossary"],
    ["alerts", "/alerts"],
    ["act", "/act"],
    ["form", "/act/deposit"],
  ];
}

const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
if (shots) mkdirSync(shots, { recursive: true });

await story(
  `pages: ${browser.version()} on the demo`,
  async (check) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    await demo(binary, port);
    const accounts = await rpc(url, "eth_accounts");
    const open = async (path, options = {}) => {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
      const page = await context.newPage();
      page.errors = [];
      page.on("console", (line) => ["error", "warning"].includes(line.type()) && page.errors.push(line.text()));
      page.on("pageerror", (error) => page.errors.push(error.message));
      page.answer = await page.goto(url + path, { waitUntil: "load" });
      return page;
    };

    await check("the first page is quick and light", async () => {
      const took = [];
      for (let at = 0; at < 5; at += 1) {
        const begun = performance.now();
        await (await fetch(url)).text();
        took.push(performance.now() - begun);
      }
      const page = await open("/");
      const bytes = await weight(page);
      await page.context().close();
      ensure(bytes > 20_000 && bytes < MOST_BYTES, `${bytes} bytes`);
      const median = took.sort((a, b) => a - b)[2];
      ensure(median < MOST_MS, `${median.toFixed(1)} ms`);
      return `${median.toFixed(1)} ms, ${(bytes / 1000).toFixed(0)} kB`;
    });

    for (const [name, path] of await pages(url)) {
      await check(`${name}: desk and phone, light and dark`, async () => {
        let [findings, heaviest] = [0, 0];
        for (const [size, width, height] of SIZES) {
          for (const colorScheme of ["light", "dark"]) {
            const page = await open(path, { viewport: { width, height }, colorScheme });
            ensure(page.answer.status() === 200, `${path}: ${page.answer.status()}`);
            const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            ensure(over <= 0, `${path} at ${width} px scrolls sideways by ${over} px`);
            heaviest = Math.max(heaviest, await weight(page));
            ensure(heaviest < MOST_BYTES, `${path} weighs ${heaviest} bytes`);
            await page.evaluate(chartsTell);
            if (shots) await page.screenshot({ path: join(shots, `${name}-${size}-${colorScheme}.png`), fullPage: true });
            // Through the debugger, not through the page, whose policy would refuse it.
            await page.evaluate(AXE);
            const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
            const told = violations.map((it) => `${it.id}: ${it.help}\n    ${it.nodes.slice(0, 3).map((node) => node.html).join("\n    ")}`);
            ensure(told.length === 0, `${path} at ${width} px, ${colorScheme}:\n  ${told.join("\n  ")}`);
            ensure(page.errors.length === 0, `${path}: ${page.errors.join("; ")}`);
            findings += 1;
            await page.context().close();
          }
        }
        return `${findings} times clean, ${(heaviest / 1000).toFixed(0)} kB`;
      });
    }

    await check("figures arrive live", async () => {
      const page = await open("/");
      const before = await page.locator("#chip").innerText();
      await page.waitForFunction((old) => document.getElementById("chip").innerText !== old, before, { timeout: WAIT_MS });
      ensure((await page.locator("#figures .feed li").count()) > 0, "no feed");
      await page.context().close();
    });

    await check("a lost stream is said in place, and recovered from", async () => {
      const page = await open("/");
      ensure(await page.locator("#stream").isHidden(), "said before it was lost");
      await page.context().setOffline(true);
      await page.evaluate(() => dispatchEvent(new Event("pagehide")));
      await page.evaluate(() => dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true })));
      await page.locator("#stream").waitFor({ state: "visible", timeout: WAIT_MS });
      await page.context().setOffline(false);
      await page.locator("#stream").waitFor({ state: "hidden", timeout: WAIT_MS });
      await page.context().close();
    });

    await check("without script every page still tells", async () => {
      const page = await open("/", { javaScriptEnabled: false });
      ensure((await page.locator("svg.chart.wide rect").count()) > 20, "no wall");
      await page.context().close();
    });

    await check("markup in what a service says of itself is inert", async () => {
      const [avs] = accounts;
      await rpc(url, "eth_sendTransaction", [{ from: avs, to: ALLOCATION_MANAGER, data: describe(avs, MARKUP) }]);
      await new Promise((done) => setTimeout(done, 2_500));
      for (const path of [`/services/${avs}`, "/services", `/address/${avs}`, "/search?q=onerror"]) {
        const page = await open(path);
        const text = await page.content();
        ensure(text.includes("&lt;img src=x") || path.startsWith("/search"), `${path}: the words are not shown`);
        ensure(!(await page.title()).includes("injected"), `${path} ran it`);
        ensure((await page.locator("main img").count()) === 0, `${path} made an image of it`);
        await page.context().close();
      }
    });

    await check("nonsense is refused in place", async () => {
      for (const [path, status] of [
        ["/blocks/x", 404],
        ["/tx/0x1", 400],
        ["/stakers/me", 400],
        ["/market?sort=x", 400],
        ["/risk/cascade?shock=1000", 400],
        ["/risk/losses?years=1&seed=1", 400],
        ["/nowhere", 404],
      ]) {
        const page = await open(path);
        ensure(page.answer.status() === status, `${path}: ${page.answer.status()}`);
        ensure((await page.getByRole("search").count()) > 0, `${path}: no way on`);
        await page.context().close();
      }
    });
    await browser.close();
  },
  null,
);
