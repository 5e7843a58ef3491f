// Rules of alerts set from their page in a real browser: added, refused in place, tried, told, removed; with and without
// script, by keyboard alone. Arguments: the node's binary, the browser's. With BULWARK_SHOTS=FOLDER a picture of each page
// is kept.

import { createServer } from "node:http";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";
import { Interface } from "ethers";
import { bulwark, ensure, freePort, rpc, same, story } from "../clients/kit.mjs";
import { axe, look, watch } from "./eyes.mjs";

const [binary, browserPath] = process.argv.slice(2).map((path) => resolve(path));
/** Milliseconds for a page to show what happened. */
const SOON = 15_000;

/** A webhook that keeps what it is sent. */
async function hook() {
  const posts = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    posts.push({ headers: request.headers, body: JSON.parse(body) });
    response.writeHead(204).end();
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { url: `http://127.0.0.1:${server.address().port}/a-path-that-is-a-password`, posts, close: () => server.close() };
}

const folder = mkdtempSync(join(tmpdir(), "alerts-"));
const file = join(folder, "alerts.toml");
writeFileSync(file, '[[alert]]\nname = "of-the-file"\nkind = "gamma"\nunder = 0.05\n');

const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });

await story(
  `alerts: ${browser.version()} on the page of rules`,
  async (check) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const node = await bulwark(binary, port, ["--alerts", file]);
    const target = await hook();
    const context = await browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(SOON);
    const wrongs = watch(page, url);
    const rules = async () => (await (await fetch(`${url}/api/v1/alerts`)).json()).items.map(({ name }) => name);
    const fill = async (fields) => {
      await page.goto(`${url}/alerts`);
      for (const [name, value] of Object.entries(fields)) {
        if (name === "kind") await page.selectOption("[name=kind]", value);
        else await page.fill(`.rule [name=${name}]`, value);
      }
      await page.click(".rule button");
    };

    await check("each kind shows the fields that it takes", async () => {
      await page.goto(`${url}/alerts`);
      const shown = async (kind) => {
        await page.selectOption("[name=kind]", kind);
        return page.$$eval(".rule .field", (all) =>
          all.filter((it) => it.offsetParent).map((it) => it.querySelector("input, select").name),
        );
      };
      same(await shown("gamma"), ["name", "kind", "operator_set", "under", "webhook"], "gamma");
      same(await shown("concentration"), ["name", "kind", "operator_set", "over", "webhook"], "concentration");
      same(
        await shown("slash"),
        ["name", "kind", "staker", "operator", "avs", "operator_set", "strategy", "webhook"],
        "slash",
      );
      await look(page, "/alerts/empty");
    });
    await check("nonsense is refused in place, and what was typed stays", async () => {
      await fill({ name: "my rule", kind: "slash", staker: "nobody-i-know", webhook: "hooks" });
      await page.waitForSelector(".wrong");
      const said = await page.$$eval(".wrong", (all) => all.map((it) => it.textContent));
      same(said.length, 3, said.join(" | "));
      ensure(said.some((it) => it.includes("Known are dev0")), said.join(" | "));
      same(await page.inputValue("[name=staker]"), "nobody-i-know", "what was typed");
      same(await page.evaluate(() => document.activeElement.name), "name", "the focus");
      await look(page, "/alerts/refused");
      same(await rules(), ["of-the-file"], "the rules");
    });
    await check("a rule by keyboard alone, and its secret once", async () => {
      await page.goto(`${url}/alerts`);
      await page.focus(".rule [name=name]");
      await page.keyboard.type("slashes");
      await page.keyboard.press("Tab");
      await page.keyboard.type("slashes");
      await page.focus(".rule [name=operator]");
      await page.keyboard.type("dev1");
      await page.focus(".rule [name=webhook]");
      await page.keyboard.type(target.url);
      await page.keyboard.press("Enter");
      await page.waitForSelector("#secret code");
      const secret = await page.textContent("#secret code");
      ensure(/^[0-9a-f]{64}$/.test(secret), secret);
      await look(page, "/alerts/secret");
      await page.goto(`${url}/alerts`);
      ensure(!(await page.content()).includes(secret), "the secret is shown again");
      ensure(!(await page.content()).includes("password"), "the webhook's path is shown");
    });
    await check("a test alert reaches the webhook", async () => {
      await page.click("tr:has-text('slashes') button:has-text('Test')");
      await page.waitForSelector(".banner:has-text('was delivered')");
      same(target.posts.map(({ body }) => body.rule), ["slashes"], "what the webhook got");
      ensure(target.posts[0].headers["bulwark-signature"].startsWith("v1="), "no signature");
      await look(page, "/alerts/tested");
    });
    await check("a rule without a webhook leads back, and says so", async () => {
      await fill({ name: "slack", kind: "concentration", over: "30%" });
      await page.waitForSelector(".banner:has-text('is watched from the next block on')");
      same(new URL(page.url()).search, "?added=slack", "the address");
    });
    await check("removing asks first; a block in between leaves the question open", async () => {
      const row = "tr:has(th:text-is('slack'))";
      await page.click(`${row} summary`);
      await rpc(url, "evm_mine");
      await page.waitForFunction((head) => document.getElementById("chip").textContent.includes(`block ${head}`), 1);
      await look(page, "/alerts/remove", ["light"]);
      await page.click(`${row} button:has-text('Remove')`);
      await page.waitForSelector(".banner:has-text('is not watched')");
      same(await rules(), ["of-the-file", "slashes"], "the rules");
      same(await page.$$eval(`tr:has-text('from the file') details`, (all) => all.length), 0, "ways to remove it");
    });
    await check("without script all the same", async () => {
      const plain = await browser.newContext({ javaScriptEnabled: false });
      const other = await plain.newPage();
      await other.goto(`${url}/alerts`);
      await other.fill(".rule [name=name]", "plain");
      await other.click(".rule button");
      await other.waitForSelector("th:text-is('plain')");
      await other.click("tr:has(th:text-is('plain')) summary");
      await other.click("tr:has(th:text-is('plain')) button:has-text('Remove')");
      await other.waitForSelector(".banner:has-text('is not watched')");
      same(await rules(), ["of-the-file", "slashes"], "the rules");
      await plain.close();
    });
    await check("what is told arrives on the open page", async () => {
      await page.goto(`${url}/alerts`);
      const [operator] = (await rpc(url, "eth_accounts")).slice(1);
      await fill({ name: "people", kind: "operator" });
      await page.waitForSelector(".banner:has-text('is watched')");
      const abi = new Interface(await rpc(url, "restake_abi", ["DelegationManager"]));
      const data = abi.encodeFunctionData("registerAsOperator", [`0x${"0".repeat(40)}`, 0, ""]);
      const { DelegationManager: to } = await rpc(url, "restake_addresses");
      await rpc(url, "eth_sendTransaction", [{ from: operator, to, data }]);
      await rpc(url, "evm_mine");
      await page.waitForSelector("#told li:has-text('people')");
      await look(page, "/alerts/told");
      same(await axe(page), [], "axe");
    });
    // A form that says what is wrong answers 422, which browsers write down.
    same(wrongs.filter((it) => !it.includes("422")), [], "what went wrong by itself");
    await context.close();
    target.close();
    await node.stop("SIGTERM");
    await browser.close();
  },
  null,
);
