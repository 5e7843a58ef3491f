// The wallet: finds injected wallets (EIP-6963) or the node's own accounts (dev chains), keeps the wallet on this chain,
// and sends what the page prepared, one transaction after another. It knows no contract: what is signed, and every word
// about it, comes from the server. Only text is written into the page.
"use strict";
(() => {
  const panel = document.getElementById("wallet");
  if (!panel) return;
  const sign = document.getElementById("sign");
  const { chain, name } = panel.dataset;
  const built = panel.dataset.accounts ? panel.dataset.accounts.split(",") : [];
  const KEPT = "wallet";
  const REFUSED = 4001;
  const UNKNOWN_CHAIN = 4902;
  const RECEIPT_PAUSE_MS = 400;

  const at = (id) => document.getElementById(id);
  const make = (kind, text, fields = {}) => Object.assign(document.createElement(kind), { textContent: text }, fields);
  const short = (address) => `${address.slice(0, 6)}…${address.slice(-4)}`;
  const alike = (a, b) => a.toLowerCase() === b.toLowerCase();
  const message = (error) => String((error && (error.data?.message || error.message)) || error).slice(0, 300);
  const code = (error) => error?.code ?? error?.data?.originalError?.code;

  /** Asks the node that served the page. */
  const node = async (method, params = []) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const answer = await fetch("/", { method: "POST", headers: { "content-type": "application/json" }, body });
    const { result, error } = await answer.json();
    if (error) throw Object.assign(new Error(error.message), { code: error.code });
    return result;
  };

  /** The node's own accounts as a wallet: it never asks. */
  const own = { request: ({ method, params }) => node(method, params) };

  /** By their names of reversed domains: wallets that announced themselves. */
  const found = new Map();
  /** The connected wallet: its key ("built-in" or its name), provider, account. */
  let wallet = null;
  let busy = false;

  // What is said -------------------------------------------------------------------------------------------------

  const say = (text) => (at("wallet-says").textContent = text);

  /** What is wrong with the wallet, and the button that mends it; nothing: all is well. */
  const wrong = (text, ...ways) => {
    const box = at("wallet-wrong");
    box.replaceChildren();
    box.hidden = !text;
    if (text) box.append(make("span", text), ...ways);
  };

  const button = (text, act, fields = {}) => {
    const it = make("button", text, { type: "button", ...fields });
    it.addEventListener("click", act);
    return it;
  };

  const ways = () => {
    const all = [...found].map(([key, { info, provider }]) =>
      button(`Connect ${info.name.slice(0, 40)}`, () => connect(key, provider, info.name)),
    );
    const mine = built.map((address) =>
      button(short(address), () => use("built-in", own, "a built-in account", address), {
        className: "addr",
        title: `Use the built-in account ${address}`,
      }),
    );
    if (wallet) {
      at("wallet-ways").replaceChildren(button("Disconnect", leave));
      return;
    }
    at("wallet-ways").replaceChildren(...all, ...mine);
    const offers = [all.length > 0 && "connect a wallet", mine.length > 0 && "use a built-in account of this chain"];
    const said = offers.filter(Boolean).join(", or ");
    say(said ? `${said[0].toUpperCase()}${said.slice(1)}.` : "This browser has no wallet that announces itself.");
  };

  // Connecting ---------------------------------------------------------------------------------------------------

  const keep = () => {
    try {
      if (wallet) sessionStorage.setItem(KEPT, JSON.stringify({ key: wallet.key, address: wallet.address }));
      else sessionStorage.removeItem(KEPT);
    } catch {
      // A browser that keeps nothing asks again on the next page.
    }
  };
  const kept = () => {
    try {
      return JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
    } catch {
      return {};
    }
  };

  const leave = () => {
    wallet = null;
    keep();
    wrong("");
    ways();
    ready();
  };

  const connect = async (key, provider, title) => {
    wrong("");
    try {
      const [address] = await provider.request({ method: "eth_requestAccounts" });
      if (!address) throw new Error("the wallet showed no account");
      await use(key, provider, title, address);
    } catch (error) {
      if (code(error) === REFUSED) wrong("You refused to connect. Nothing happened.");
      else wrong(`The wallet did not connect: ${message(error)}`);
    }
  };

  const use = async (key, provider, title, address) => {
    wallet = { key, provider, title, address };
    keep();
    say(`${title}: ${address}`);
    ways();
    for (const field of document.querySelectorAll('input[data-wallet="from"]')) {
      if (!field.value || field.dataset.filled) Object.assign(field, { value: address }).dataset.filled = "1";
    }
    await onChain();
  };

  /** Whether the wallet is on this chain and shows the account that the page was prepared for; else says what mends it. */
  const onChain = async () => {
    const using = wallet;
    if (!using) return false;
    let there = "";
    try {
      there = await using.provider.request({ method: "eth_chainId", params: [] });
    } catch (error) {
      wrong(`The wallet does not say on which chain it is: ${message(error)}`);
    }
    if (using !== wallet) return false;
    const matches = there !== "" && BigInt(there) === BigInt(chain);
    if (there !== "" && !matches) {
      wrong(
        `Your wallet is on chain ${BigInt(there)}, and this page shows chain ${BigInt(chain)}.`,
        button(`Switch the wallet to chain ${BigInt(chain)}`, move),
      );
    } else if (matches && sign && !alike(sign.dataset.from, using.address)) {
      const here = new URL(location.href);
      here.searchParams.set("from", using.address);
      wrong(
        `This was prepared for ${short(sign.dataset.from)}, and your wallet shows ${short(using.address)}.`,
        make("a", `Prepare it for ${short(using.address)}`, { href: here.href }),
      );
    } else if (matches) wrong("");
    using.fits = matches && (!sign || alike(sign.dataset.from, using.address));
    ready();
    return using.fits;
  };

  const move = async () => {
    const ask = (method, params) => wallet.provider.request({ method, params: [params] });
    try {
      await ask("wallet_switchEthereumChain", { chainId: chain }).catch((error) => {
        if (code(error) !== UNKNOWN_CHAIN) throw error;
        const nativeCurrency = { name: "Ether", symbol: "ETH", decimals: 18 };
        return ask("wallet_addEthereumChain", {
          chainId: chain,
          chainName: name,
          rpcUrls: [location.origin],
          nativeCurrency,
        });
      });
      await onChain();
    } catch (error) {
      const why = code(error) === REFUSED ? "You refused to switch." : `The wallet did not switch: ${message(error)}.`;
      wrong(`${why} Nothing can be sent from another chain.`, button(`Switch the wallet to chain ${BigInt(chain)}`, move));
    }
  };

  // Signing ------------------------------------------------------------------------------------------------------

  const ready = () => {
    if (!sign) return;
    const go = at("sign-go");
    go.hidden = false;
    go.disabled = busy || !wallet?.fits;
    go.textContent = wallet?.key === "built-in" ? "Sign with the built-in account" : "Ask my wallet";
  };

  const fail = (text) => {
    at("sign-wrong").textContent = text;
    at("sign-wrong").hidden = !text;
  };

  /** Waits until a transaction is in a block. */
  const receipt = async (hash, line) => {
    for (let tries = 0; ; tries += 1) {
      const found = await node("eth_getTransactionReceipt", [hash]).catch(() => null);
      if (found) return found;
      if (tries === 50) line.append(" Not in a block yet; the page goes on looking.");
      await new Promise((done) => setTimeout(done, RECEIPT_PAUSE_MS));
    }
  };

  /** Why a transaction that is in a block failed: it is run again on the block before. */
  const reason = async ({ blockNumber }, { from, to, data, value }) => {
    const before = `0x${(BigInt(blockNumber) - 1n).toString(16)}`;
    return node("eth_call", [{ from, to, data, value }, before]).then(() => "it is not said why", message);
  };

  /** Sends one transaction and waits for it; whether it succeeded. */
  const send = async ({ says, ...transaction }, line) => {
    line.textContent = `${says}: waiting for the signature…`;
    const hash = await wallet.provider.request({ method: "eth_sendTransaction", params: [transaction] });
    line.textContent = `${says}: sent, waiting for a block… `;
    const link = make("a", short(hash), { href: `/tx/${hash}`, className: "addr" });
    line.append(link);
    const done = await receipt(hash, line);
    if (BigInt(done.status) === 1n) {
      line.textContent = `${says}: done in block ${BigInt(done.blockNumber).toLocaleString("en")}. `;
      line.append(link);
      return;
    }
    line.textContent = `${says}: failed. `;
    line.append(link);
    throw new Error(await reason(done, transaction));
  };

  /** Sends what is left to send: what was done stays done when a later signature is refused. */
  const all = sign?.dataset.transactions ? JSON.parse(sign.dataset.transactions) : [];
  let next = 0;
  const perform = async () => {
    if (busy || !(await onChain())) return;
    if (sign.dataset.typed) return approve();
    busy = true;
    fail("");
    ready();
    const lines = at("sign-steps");
    for (; next < all.length; next += 1) {
      const line = lines.children[next] ?? lines.appendChild(make("li", ""));
      try {
        await send(all[next], line);
      } catch (error) {
        const left = `${all[next].says}: not done.`;
        if (!line.textContent.includes("failed")) line.textContent = left;
        if (code(error) === REFUSED) fail("You refused the signature. Nothing was sent; you can ask again.");
        else fail(`This was refused: ${message(error).replace(/^execution reverted: /, "")}`);
        break;
      }
    }
    busy = false;
    ready();
    if (next === all.length) {
      at("sign-go").hidden = true;
      at("sign-buttons").replaceChildren(
        make("a", "See the position", { href: `/stakers/${sign.dataset.from}`, className: "btn go" }),
        make("a", "Do something else", { href: "/act", className: "btn" }),
      );
    }
    document.body.dispatchEvent(new CustomEvent("block"));
  };
  /** Has an approval signed (EIP-712): the signature goes into a link for the staker, and nowhere else. */
  const approve = async () => {
    fail("");
    try {
      const params = [wallet.address, sign.dataset.typed];
      const signature = await wallet.provider.request({ method: "eth_signTypedData_v4", params });
      const line = make("li", "Signed. Give the staker this link: ");
      const href = location.origin + sign.dataset.path + encodeURIComponent(signature);
      line.append(make("a", href, { href, className: "full" }));
      at("sign-steps").replaceChildren(line);
    } catch (error) {
      if (code(error) === REFUSED) fail("You refused the signature. Nothing was signed; you can ask again.");
      else fail(`This was not signed: ${message(error)}`);
    }
  };
  if (sign) at("sign-go").addEventListener("click", perform);

  // What wallets tell --------------------------------------------------------------------------------------------

  const listen = (key, provider) => {
    if (typeof provider.on !== "function") return;
    provider.on("chainChanged", () => wallet?.key === key && onChain());
    provider.on("accountsChanged", ([address]) => {
      if (wallet?.key !== key) return;
      if (address) use(key, provider, wallet.title, address);
      else leave();
    });
  };

  window.addEventListener("eip6963:announceProvider", ({ detail }) => {
    const { info, provider } = detail ?? {};
    if (typeof info?.rdns !== "string" || typeof info.name !== "string" || found.has(info.rdns)) return;
    if (typeof provider?.request !== "function") return;
    found.set(info.rdns, detail);
    listen(info.rdns, provider);
    ways();
    if (!wallet && kept().key === info.rdns) {
      // Asks nothing: answers only what the viewer allowed before.
      provider.request({ method: "eth_accounts", params: [] }).then(([address]) => {
        if (address && !wallet) use(info.rdns, provider, info.name, address);
      }, ways);
    }
  });

  ways();
  ready();
  const before = kept();
  if (before.key === "built-in" && built.some((address) => alike(address, before.address))) {
    use("built-in", own, "a built-in account", before.address);
  }
  window.dispatchEvent(new Event("eip6963:requestProvider"));
})();
