// A node with `--data-dir` that ends and starts again under its clients: viem and ethers keep their connections' objects
// and must find the same chain, with nothing reorganised. One argument: the binary.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Contract, JsonRpcProvider, Wallet, WebSocketProvider } from "ethers";
import { createPublicClient, http } from "viem";
import { foundry } from "viem/chains";
import { ETHER, KEYS, bulwark, freePort, natives, same, story, within } from "./kit.mjs";

const binary = resolve(process.argv[2]);

const start = (port, folder) => bulwark(binary, port, ["--data-dir", folder]);

await story(
  "restart with --data-dir",
  async (check) => {
    const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), "bulwark-restart-"))];
    const url = `http://127.0.0.1:${port}`;
    let node = await start(port, folder);
    try {
      const client = createPublicClient({ chain: foundry, transport: http(url), cacheTime: 0 });
      const provider = new JsonRpcProvider(url, undefined, { cacheTimeout: -1 });
      const signer = new Wallet(KEYS[1], provider);
      const { TestToken } = await natives(url);
      const token = new Contract(TestToken.address, TestToken.abi, signer);
      const mint = async () => (await token.mint(signer.address, ETHER)).wait();
      const blocks = async (head) => Promise.all(Array.from({ length: head + 1 }, (_, at) => provider.getBlock(at)));
      let head;
      let receipt;

      for (const signal of ["SIGTERM", "SIGKILL"]) {
        let before;
        await check(`${signal}: blocks, receipts, logs and balances are the same after it`, async () => {
          for (let at = 0; at < 5; at += 1) receipt = await mint();
          head = receipt.blockNumber;
          before = [
            await blocks(head),
            await provider.getLogs({ fromBlock: 0 }),
            await token.balanceOf(signer.address),
          ];
          await node.stop(signal);
          node = await start(port, folder);
          same(await provider.getBlockNumber(), head, "the head");
          same(
            [await blocks(head), await provider.getLogs({ fromBlock: 0 }), await token.balanceOf(signer.address)],
            before,
            "the chain",
          );
          same((await provider.getTransactionReceipt(receipt.hash)).blockHash, receipt.blockHash, "a receipt");
          return `${head + 1} blocks`;
        });
        await check(`${signal}: the next block follows the last one`, async () => {
          const next = await mint();
          const block = await client.getBlock({ blockNumber: BigInt(next.blockNumber) });
          same([block.number, block.parentHash], [head + 1, receipt.blockHash], "number and parent");
          receipt = next;
          return `block ${block.number}`;
        });
      }

      await check("an open WebSocket is closed with the node, a new one hears of blocks", async () => {
        const ws = url.replace("http", "ws");
        const old = new WebSocketProvider(ws);
        await old.getNetwork();
        const closed = new Promise((heard) => (old.websocket.onclose = heard));
        await node.stop("SIGTERM");
        await within(closed, "the end of the connection");
        node = await start(port, folder);
        const socket = new WebSocketProvider(ws);
        const block = new Promise((heard) => socket.on("block", heard));
        for (let asked = 0; asked < 3; asked += 1) await socket.send("eth_chainId", []);
        const { blockNumber } = await mint();
        same(await within(block, "a block"), blockNumber, "the block");
        await socket.destroy();
        return `block ${blockNumber}`;
      });
    } finally {
      await node.stop("SIGTERM");
      rmSync(folder, { recursive: true });
    }
  },
  null,
);
