// Sends what the page before signing lists, one transaction after the other: through a wallet of the browser (EIP-6963),
// or on development chains through the node's own accounts. What is said stands in the page; nothing is signed silently.
"use strict";
(() => {
  const POLL_MS = 500;
  const POLLS = 240;
  const REFUSED = 4001;
  const UNKNOWN_CHAIN = 4902;

  const node = async (method, params) => {
    const response = await fetch("/", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const answer = await response.json();
    if (answer.error) throw answer.error;
    return answer.result;
  };

  const element = (name, words, className) => {
    const made = document.createElement(name);
    made.textContent = words;
    if (className) made.className = className;
    return made;
  };

  const same = (a, b) => a.toLowerCase() === b.toLowerCase();
  const pause = () => new Promise((done) => setTimeout(done, POLL_MS));

  // Wallets announce themselves, as often as they are asked.
  const wallets = (found) => {
    const seen = new Set();
    window.addEventListener("eip6963:announceProvider", (event) => {
      const { info, provider } = event.detail;
      if (seen.has(info.uuid)) return;
      seen.add(info.uuid);
      found(String(info.name).slice(0, 40), provider);
    });
    window.dispatchEvent(new Event("eip6963:requestProvider"));
  };

  // The wallet on this chain; asks to switch, and to add what it does not know.
  const onChain = async (provider, chain) => {
    const chainId = "0x" + Number(chain).toString(16);
    if ((await provider.request({ method: "eth_chainId" })) === chainId) return;
    try {
      await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] });
    } catch (error) {
      if (error.code !== UNKNOWN_CHAIN) throw error;
      await provider.request({
        method: "wallet_addEthereumChain",
        params: [{
          chainId,
          chainName: "Bulwark " + chain,
          rpcUrls: [location.origin],
          nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
        }],
      });
    }
    const now = await provider.request({ method: "eth_chainId" });
    if (now !== chainId) throw { message: "the wallet is on chain " + Number(now) + ", this page is of chain " + chain };
  };

  const receipt = async (hash) => {
    for (let tries = 0; tries < POLLS; tries += 1) {
      const found = await node("eth_getTransactionReceipt", [hash]);
      if (found) return found;
      await pause();
    }
    throw { message: "no block has it after two minutes: " + hash };
  };

  const words = (error) =>
    error && error.code === REFUSED ? "You refused to sign. What is not ticked was not sent." : (error && error.message) || String(error);

  const step = async (list, it, from, request) => {
    const line = element("li", "", "wait");
    line.append(element("h3", it.words), element("p", "waiting for a signature"));
    list.append(line);
    const said = line.lastChild;
    try {
      const hash = await request({ method: "eth_sendTransaction", params: [{ from, to: it.to, data: it.input, value: it.value }] });
      said.textContent = "sent, waiting for a block";
      const done = await receipt(hash);
      const link = element("a", "block " + Number(done.blockNumber));
      link.href = "/tx/" + hash;
      said.replaceChildren(link);
      if (done.status !== "0x1") throw { message: "it failed; its page says why" };
      line.className = "";
    } catch (error) {
      said.append(" " + words(error));
      line.setAttribute("role", "alert");
      throw error;
    }
  };

  const signing = (box) => {
    const { from, chain, dev, steps } = box.dataset;
    const list = document.getElementById("progress");
    const all = JSON.parse(steps);
    const offer = (label, main, prepare) => {
      const button = element("button", label, main ? "btn go" : "btn");
      button.type = "button";
      box.prepend(button);
      button.addEventListener("click", async () => {
        list.replaceChildren();
        box.querySelectorAll("button").forEach((it) => (it.disabled = true));
        try {
          const request = await prepare();
          for (const it of all) await step(list, it, from, request);
          const line = element("li", "");
          const link = element("a", "See the position now");
          link.href = "/stakers/" + from;
          line.append(element("h3", "Done"), link);
          list.append(line);
        } catch (error) {
          if (!list.childElementCount) {
            const line = element("li", "", "wait");
            line.append(element("h3", "Nothing was sent"), element("p", words(error)));
            line.setAttribute("role", "alert");
            list.append(line);
          }
          box.querySelectorAll("button").forEach((it) => (it.disabled = false));
        }
      });
    };
    wallets((name, provider) =>
      offer("Sign with " + name, true, async () => {
        const [account] = await provider.request({ method: "eth_requestAccounts" });
        if (!account || !same(account, from)) {
          throw { message: "the wallet's account is " + account + ", this page is of " + from };
        }
        await onChain(provider, chain);
        return (asked) => provider.request(asked);
      }),
    );
    if (dev === "true") {
      node("eth_accounts", []).then((own) => {
        if (own.some((it) => same(it, from))) {
          offer("Sign with the node’s account", true, async () => (asked) => node(asked.method, asked.params));
        }
      });
    }
  };

  const connecting = (box) => {
    const said = document.getElementById("connect-said");
    wallets((name, provider) => {
      const button = element("button", "Connect " + name, "btn");
      button.type = "button";
      box.append(button);
      button.addEventListener("click", async () => {
        try {
          const [account] = await provider.request({ method: "eth_requestAccounts" });
          await onChain(provider, box.dataset.chain);
          location.assign("/stakers/" + account);
        } catch (error) {
          said.textContent = words(error);
        }
      });
    });
  };

  const box = document.getElementById("sign");
  if (box) signing(box);
  const connect = document.getElementById("connect");
  if (connect) connecting(connect);
})();
