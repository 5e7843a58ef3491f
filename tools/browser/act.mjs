// Acting from the node's pages in a real browser: forms that refuse nonsense in place, and a staker's whole way by a wallet
// that refuses, is on another chain, and comes round; a node that stops and starts under an open page. Arguments: the
// node's binary, the browser's. With BULWARK_SHOTS=FOLDER a picture of each page is kept.

import { resolve } from "node:path";
import { chromium } from "playwright-core";
import { Interface } from "ethers";
import { bulwark, ensure, freePort, rpc, same, story, STRATEGY } from "../clients/kit.mjs";
import { axe, fits, look, watch } from "./eyes.mjs";

const [binary, browserPath] = process.argv.slice(2).map((path) => resolve(path));
/** Text that would do something if a page took it as markup. */
const MARKUP = `<img src=x onerror="window.owned=1"><script>window.owned=1</script>"><b id=owned>`;
const REGISTRAR = `0x${"a9".repeat(20)}`;
/** Milliseconds for a page to show what happened. */
const SOON = 15_000;
/** Runs in the page before its own scripts: a wallet as extensions announce themselves (EIP-6963). The accounts are the
    node's; `wallet.refuse` and `wallet.chain` are set by the story, and survive on the next page. */
function inject({ name }) {
  const kept = JSON.parse(localStorage.getItem("test wallet") ?? "{}");
  const wallet = { refuse: false, chain: null, knows: true, account: 0, asked: [], ...kept, listeners: [] };
  window.wallet = wallet;
  window.keepWallet = (change) => {
    Object.assign(wallet, change);
    const { refuse, chain, knows, account } = wallet;
    localStorage.setItem("test wallet", JSON.stringify({ refuse, chain, knows, account }));
  };
  const forward = async (method, params) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const answer = await fetch("/", { method: "POST", headers: { "content-type": "application/json" }, body });
    const { result, error } = await answer.json();
    if (error) throw error;
    return result;
  };
  const refusal = { code: 4001, message: "User rejected the request." };
  const changed = (chain) => {
    window.keepWallet({ chain });
    for (const told of wallet.listeners) told(chain);
  };
  const request = async ({ method, params = [] }) => {
    wallet.asked.push(method);
    switch (method) {
      case "eth_requestAccounts":
      case "eth_accounts":
        return [(await forward("eth_accounts", []))[wallet.account]];
      case "eth_chainId":
        return wallet.chain ?? forward(method, params);
      case "wallet_switchEthereumChain":
        if (wallet.refuse) throw refusal;
        if (!wallet.knows) throw { code: 4902, message: "Unrecognized chain ID." };
        return changed(params[0].chainId), null;
      case "wallet_addEthereumChain":
        window.keepWallet({ knows: true });
        return changed(params[0].chainId), null;
      case "eth_sendTransaction":
        if (wallet.refuse) throw refusal;
        return forward(method, params);
      default:
        throw { code: 4200, message: `${method} is not supported` };
    }
  };
  const on = (event, listener) => event === "chainChanged" && wallet.listeners.push(listener);
  const info = { uuid: "350670db-19fa-4704-a166-e52e178b59d2", name, icon: "data:,", rdns: "test.wallet" };
  const detail = Object.freeze({ info, provider: { request, on } });
  const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
}

/** Puts an operator, a service with a set, and text that is markup on the chain. */
async function people(url) {
  const addresses = await rpc(url, "restake_addresses");
  const [staker, operator, service] = await rpc(url, "eth_accounts");
  const send = async (from, name, method, values) => {
    const abi = new Interface(await rpc(url, "restake_abi", [name]));
    const data = abi.encodeFunctionData(method, values);
    const hash = await rpc(url, "eth_sendTransaction", [{ from, to: addresses[name], data }]);
    const { status } = await rpc(url, "eth_getTransactionReceipt", [hash]);
    same(status, "0x1", method);
  };
  await send(operator, "DelegationManager", "registerAsOperator", ["0x" + "0".repeat(40), 0, MARKUP]);
  await send(service, "AllocationManager", "updateAVSMetadataURI", [service, MARKUP]);
  await send(service, "AllocationManager", "createOperatorSets(address,(uint32,address[])[])", [
    service,
    [[0, [STRATEGY]]],
  ]);
  // A registrar that agrees to all: else nobody can join.
  await rpc(url, "anvil_setCode", [REGISTRAR, "0x60015f5260205ff3"]);
  await send(service, "AllocationManager", "setAVSRegistrar", [service, REGISTRAR]);
  return { staker, operator, service };
}

const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });

await story(
  `acting: ${browser.version()} on the pages of bulwark dev`,
  async (check) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    let node = await bulwark(binary, port, []);
    await check("forms refuse nonsense in place, with a word that helps", () => nonsense(url));
    const who = await people(url);
    await journey(check, url, who);
    await check("markup in names is text", () => inert(url, who));
    await check("without script a form leads up to signing", () => plain(url, who));
    await check("a block arrives by itself", () => live(url));
    await check("times by the chain's clock or by one's own", () => clocks(url));
    await check("amounts of ether as one chose them", () => units(url, who));
    await check("a lost stream is said, and found again", async () => {
      const page = await browser.newPage();
      await page.goto(url);
      await node.stop("SIGTERM");
      await page.waitForSelector("#stream:not([hidden])", { timeout: SOON });
      same(await axe(page), [], "axe");
      node = await bulwark(binary, port, []);
      await page.waitForSelector("#stream", { state: "hidden", timeout: SOON });
      await page.close();
    });
    await node.stop("SIGTERM");
    await browser.close();
  },
  null,
);

/** Every form, filled with what cannot be. */
async function nonsense(url) {
  const page = await browser.newPage();
  const somebody = `0x${"12".repeat(20)}`;
  const cases = [
    ["mint", { from: "me", amount: "1" }, "no address"],
    ["mint", { from: somebody, amount: "-1" }, "1.5, 25% or all"],
    ["mint", { from: somebody, amount: "" }, "1.5, 25% or all"],
    ["deposit", { from: somebody, strategy: STRATEGY, amount: "1" }, "has no TEST"],
    ["deposit", { from: somebody, strategy: somebody, amount: "1" }, "no strategy"],
    ["delegate", { from: somebody, operator: somebody }, "is no operator"],
    ["delegate", { from: somebody, operator: MARKUP }, "no address"],
    ["undelegate", { from: somebody }, "delegates to nobody"],
    ["withdraw", { from: somebody, strategy: STRATEGY, amount: "all" }, "nothing here"],
    ["complete", { from: somebody }, "no withdrawal"],
    ["register", { from: somebody, delay: "soon" }, "number of blocks"],
    ["register", { from: somebody, delay: "5", approver: MARKUP }, "no address"],
    ["delay", { from: somebody, delay: "5" }, "is no operator"],
    ["describe", { from: somebody, metadata: "ipfs://me" }, "is no operator"],
    ["approver", { from: somebody, approver: MARKUP }, "is no operator"],
    ["join", { from: somebody, set: `${somebody}:0` }, "is no operator"],
    ["leave", { from: somebody, operator: "me", set: `${somebody}:0` }, "no address"],
    ["allocate", { from: somebody, set: "x", strategy: STRATEGY, part: "25%" }, "a colon"],
    ["allocate", { from: somebody, set: `${somebody}:0`, strategy: STRATEGY, part: "125%" }, "between 0 % and 100 %"],
  ];
  for (const [verb, fields, words] of cases) {
    const answer = await page.goto(`${url}/act/${verb}?${new URLSearchParams(fields)}`);
    const what = `${verb} ${JSON.stringify(fields)}`;
    same(answer.status(), 422, what);
    const said = await page.textContent(".field .wrong");
    ensure(said.includes(words), `${what}: ${said}`);
    ensure(await page.$("[aria-invalid=true]"), `${what}: no field is marked`);
    ensure(!(await page.evaluate(() => window.owned)), `${what}: markup ran`);
  }
  await fits(page, 360);
  same(await axe(page), [], "axe on a refused form");
  await page.close();
  return `${cases.length} of them`;
}

/** A staker's way from nothing to nothing, by a wallet that is not always willing. */
async function journey(check, url, { staker, operator, service }) {
  const context = await browser.newContext();
  await context.addInitScript(inject, { name: "Test Wallet" });
  const page = await context.newPage();
  const wrongs = watch(page, url);
  page.setDefaultTimeout(SOON);
  const says = (selector, words) =>
    page.waitForFunction(([at, text]) => document.querySelector(at)?.textContent.includes(text), [selector, words]);
  /** Fills a verb's form and asks what it means. */
  const prepare = async (verb, fields) => {
    await page.goto(`${url}/act/${verb}`);
    await page.waitForFunction(() => document.querySelector("[data-wallet=from]").value !== "");
    for (const [name, value] of Object.entries(fields)) await page.fill(`[name=${name}]`, value);
    await page.click("form.fields button");
    await page.waitForSelector("#sign");
  };
  /** Signs all steps. */
  const sign = async (steps) => {
    await page.click("#sign-go:not([disabled])");
    for (let at = 1; at <= steps; at += 1) await says(`#sign-steps li:nth-child(${at})`, "done in block");
  };
  const position = () => rpc(url, "restake_position", [staker]);

  await check("a wallet on another chain: said, and switched or added", async () => {
    await page.goto(`${url}/act`);
    await page.evaluate(() => window.keepWallet({ chain: "0x1", knows: false, refuse: true }));
    await page.click("text=Connect Test Wallet");
    await says("#wallet-wrong", "on chain 1, and this page shows chain 31337");
    same(await axe(page), [], "axe");
    await page.click("#wallet-wrong button");
    await says("#wallet-wrong", "You refused to switch");
    await page.evaluate(() => window.keepWallet({ refuse: false }));
    await page.click("#wallet-wrong button");
    await page.waitForSelector("#wallet-wrong", { state: "hidden" });
    ensure((await page.evaluate(() => window.wallet.asked)).includes("wallet_addEthereumChain"), "nothing was added");
    await says("#wallet-says", "Test Wallet");
  });
  await check("a refused signature: said, and asked again", async () => {
    await prepare("mint", { amount: "100" });
    await page.evaluate(() => window.keepWallet({ refuse: true }));
    await page.click("#sign-go:not([disabled])");
    await says("#sign-wrong", "You refused the signature. Nothing was sent");
    await page.evaluate(() => window.keepWallet({ refuse: false }));
    await sign(1);
    await page.waitForSelector("#sign-wrong", { state: "hidden" });
  });
  await check("deposit: approve and deposit, a quarter", async () => {
    await prepare("deposit", { amount: "25%" });
    await look(page, "/act/deposit/before");
    await sign(2);
    same((await position()).holdings[0].withdrawableShares, (25n * 10n ** 18n).toString(), "shares");
    await says("#position", "25");
    return "25 TEST";
  });
  await check("delegate: what can be lost is said before", async () => {
    await prepare("delegate", { operator });
    for (const words of ["count at once", "promised no limits", "leaving takes"]) await says(".careful", words);
    await look(page, "/act/delegate/before");
    await sign(1);
    same((await position()).operator.toLowerCase(), operator.toLowerCase(), "the operator");
  });
  await check("queue a withdrawal, then leave with the rest", async () => {
    await prepare("withdraw", { amount: "5" });
    await sign(1);
    await prepare("undelegate", {});
    await sign(1);
    same((await position()).queued.length, 2, "withdrawals that wait");
  });
  await check("complete when it is time, not before", async () => {
    await page.goto(`${url}/act/complete?from=${staker}`);
    await says(".field .wrong", "Nothing is ready");
    const { queued } = await position();
    const last = Math.max(...queued.map((it) => it.completableBlock));
    await rpc(url, "anvil_mine", [`0x${last.toString(16)}`]);
    await prepare("complete", {});
    await sign(1);
    const { holdings, queued: left } = await position();
    same([holdings.length, left.length], [0, 0], "what is left");
  });
  await check("a transaction that the chain undoes: why, by the contract's own word", async () => {
    await prepare("delegate", { operator });
    // The page was right when it was made; then the chain moved on.
    const [{ from, to, data }] = JSON.parse(await page.getAttribute("#sign", "data-transactions"));
    await rpc(url, "eth_sendTransaction", [{ from, to, data }]);
    await page.click("#sign-go:not([disabled])");
    await says("#sign-wrong", "ActivelyDelegated");
    same(await axe(page), [], "axe");
  });
  await check("allocate by a built-in account, with one click", async () => {
    await page.evaluate(() => sessionStorage.clear());
    await page.goto(`${url}/act`);
    await page.click(`button[title$="${operator}" i]`);
    await says("#wallet-says", "a built-in account");
    await prepare("allocate", { set: `${service}:0`, part: "95%" });
    for (const words of ["a plain account", "nearly all of it is committed"]) await says(".careful", words);
    await look(page, "/act/allocate/before");
    await page.click("#sign-go:not([disabled])");
    await says("#sign-steps li", "done in block");
  });
  await check("become an operator, join a set and leave it, from the pages that lead there", async () => {
    const newcomer = (await rpc(url, "eth_accounts"))[3];
    await page.evaluate(() => sessionStorage.clear());
    await page.goto(`${url}/act`);
    await look(page, "/act");
    await page.click(`button[title$="${newcomer}" i]`);
    await says("#wallet-says", "a built-in account");
    await page.goto(`${url}/operators/${newcomer}`);
    await page.click("text=This is my account");
    await page.click("text=Become an operator");
    await page.fill("[name=delay]", "0");
    await page.click("form.fields button");
    for (const words of ["cannot be undone", "count at once", "anyone may delegate"]) await says(".careful", words);
    await look(page, "/act/register/before");
    await sign(1);
    await page.goto(`${url}/services/${service}/sets/0`);
    await page.click("text=I am an operator");
    await page.click("text=Join it");
    await page.waitForFunction(() => document.querySelector("[data-wallet=from]").value !== "");
    await page.click("form.fields button");
    await says("#sign", "nothing can be taken yet");
    for (const words of ["for 10 blocks yet", "can refuse to let you go"]) await says(".careful", words);
    await look(page, "/act/join/before");
    await sign(1);
    await prepare("leave", { set: `${service}:0` });
    await says("#sign", "out of its reach");
    await look(page, "/act/leave/before");
    await sign(1);
    const { registeredSets } = await rpc(url, "restake_operator", [newcomer]);
    same(registeredSets, [], "the sets it is in");
  });
  await check("an operator changes its description and who approves its stakers", async () => {
    const [, , approver, newcomer] = await rpc(url, "eth_accounts");
    const told = () => rpc(url, "restake_operator", [newcomer]);
    await prepare("describe", { metadata: "https://olga.test/about.json" });
    await says("#sign", "nobody’s stake changes");
    await look(page, "/act/describe/before");
    await sign(1);
    same((await told()).metadataUri, "https://olga.test/about.json", "the description");
    await prepare("approver", { approver });
    await says(".careful", "only stakers for whom");
    await sign(1);
    same((await told()).delegationApprover.toLowerCase(), approver.toLowerCase(), "the approver");
    await prepare("approver", { approver: "" });
    await says(".careful", "cannot refuse their stake");
    await look(page, "/act/approver/before");
    await sign(1);
    same(BigInt((await told()).delegationApprover), 0n, "the approver");
  });
  // A form that says what is wrong answers 422, which browsers write down.
  same(wrongs.filter((it) => !it.includes("422")), [], "what went wrong by itself");
  await context.close();
}

/** Pages that show foreign names run none of them. */
async function inert(url, { operator, service }) {
  const page = await browser.newPage();
  const wrongs = watch(page, url);
  const paths = ["/", `/operators/${operator}`, `/services/${service}`, "/operators", "/services", "/search?q=owned"];
  let shown = 0;
  for (const path of paths) {
    const answer = await page.goto(url + path);
    if (answer.status() === 200) shown += 1;
    const owned = await page.evaluate(() => Boolean(window.owned || document.querySelector("#owned, img")));
    ensure(!owned, `${path}: markup from the chain is markup on the page`);
  }
  // A path that does not exist is an error of the console, as it should be.
  same(wrongs.filter((it) => !it.includes("404")), [], "what went wrong by itself");
  await page.close();
  return `${shown} pages`;
}

/** The same form without any script. */
async function plain(url, { staker }) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${url}/act/mint`);
  await page.fill("[name=from]", staker);
  await page.fill("[name=amount]", "3");
  await page.click("form.fields button");
  ensure((await page.textContent("#sign")).includes("make 3 TEST"), "it does not say what would be done");
  ensure((await page.textContent("#sign details")).includes("0x40c10f19"), "the call is not shown");
  await context.close();
}

/** The chip and the figures of the overview follow the chain. */
async function live(url) {
  const page = await browser.newPage();
  await page.goto(url);
  const before = Number(await rpc(url, "eth_blockNumber"));
  const began = performance.now();
  await rpc(url, "evm_mine");
  const wanted = (before + 1).toLocaleString("en");
  await page.waitForFunction((text) => document.getElementById("chip").textContent.includes(`block ${text}`), wanted, {
    timeout: SOON,
  });
  const took = performance.now() - began;
  await page.close();
  return `after ${took.toFixed(0)} ms`;
}

/** A balance in each unit of ether, without a page that grows too wide. */
async function units(url, { staker }) {
  const page = await browser.newPage();
  const shown = [];
  await page.goto(`${url}/address/${staker}`);
  for (const unit of ["ETH", "gwei", "wei"]) {
    await page.click(`footer button[value=${unit}]`);
    await page.waitForSelector(`footer button[value=${unit}][aria-pressed=true]`);
    const said = await page.textContent(".tile:first-child dd");
    ensure(said.endsWith(` ${unit}`), said);
    shown.push(said);
    await look(page, `/address/${unit}`, ["light"]);
  }
  const digits = shown.map((said) => BigInt(said.replace(/[^0-9.]/g, "").split(".")[0]));
  ensure(digits[0] < digits[1] && digits[1] < digits[2], shown.join(", "));
  const hash = await rpc(url, "eth_sendTransaction", [{ from: staker, to: staker, value: "0x1234567890123456" }]);
  await page.goto(`${url}/tx/${hash}`);
  ensure((await page.textContent(".tile:nth-child(3) dd")) === "1,311,768,467,284,833,366 wei", "the value to the wei");
  await look(page, "/tx/wei", ["light"]);
  await page.close();
  return shown.join(" = ");
}

/** A block's time in UTC, and by the clock of whoever chose so. */
async function clocks(url) {
  const context = await browser.newContext({ timezoneId: "Asia/Tokyo" });
  const page = await context.newPage();
  await page.goto(`${url}/blocks`);
  const told = () => page.textContent("main time");
  const utc = await told();
  await page.click("footer button[value=local]");
  await page.waitForSelector("html[data-clock=local]");
  const own = await told();
  const apart = new Date(`${own} UTC`) - new Date(`${utc} UTC`);
  same(apart, 9 * 3_600_000, `${utc} and ${own}`);
  same(await axe(page), [], "axe");
  await fits(page, 360);
  await page.click("footer button[value=UTC]");
  await page.waitForSelector("html:not([data-clock])");
  same(await told(), utc, "the time in UTC again");
  await context.close();
  return `${utc} is ${own}`;
}
