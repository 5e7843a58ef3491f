// An independent judge of the plain EVM: takes a chain as Bulwark tells it (genesis state, headers, raw transactions),
// executes it again with ethereumjs, and compares what every block claims. Shares no code with the node.
//
//   node evm-oracle.mjs chain.json
//
// Input: {chainId, alloc: {address: {nonce, balance, code, storage}}, genesis: header, blocks: [{header, raw, receipts}]},
// headers and receipts as JSON-RPC gives them, raw transactions as hex. Prints one JSON object; exit status 0: equal,
// 2: different, 1: cannot judge.
//
// Empty blocks are executed too, but their state root is not compared: Bulwark writes the EIP-2935 ring for a range of
// empty blocks with the first step of the next block that runs code (ARCHITECTURE.md, Time), where it must be equal.

import { readFileSync } from "node:fs";
import { createBlock, createBlockHeaderFromRPC } from "@ethereumjs/block";
import { createCustomCommon, Hardfork, Mainnet } from "@ethereumjs/common";
import { MerklePatriciaTrie } from "@ethereumjs/mpt";
import { MerkleStateManager } from "@ethereumjs/statemanager";
import { createTxFromRLP } from "@ethereumjs/tx";
import {
  bytesToHex,
  createAccount,
  createAddressFromString,
  hexToBytes,
  setLengthLeft,
  unpadBytes,
} from "@ethereumjs/util";
import { createVM, runBlock } from "@ethereumjs/vm";

const word = (hex) => setLengthLeft(hexToBytes(hex.length % 2 ? `0x0${hex.slice(2)}` : hex), 32);

async function genesisState(common, alloc) {
  const trie = new MerklePatriciaTrie({ useKeyHashing: true, common });
  const state = new MerkleStateManager({ common, trie });
  for (const [text, { nonce, balance, code, storage }] of Object.entries(alloc)) {
    const address = createAddressFromString(text);
    await state.putAccount(address, createAccount({ nonce: BigInt(nonce), balance: BigInt(balance) }));
    if (code && code !== "0x") await state.putCode(address, hexToBytes(code));
    for (const [slot, value] of Object.entries(storage ?? {})) {
      await state.putStorage(address, word(slot), unpadBytes(word(value)));
    }
  }
  return state;
}

// What BLOCKHASH asks for: the blocks so far.
class Chain {
  blocks = new Map();
  async getBlock(number) {
    return this.blocks.get(BigInt(number));
  }
  async putBlock(block) {
    this.blocks.set(block.header.number, block);
  }
  shallowCopy() {
    return this;
  }
}

function blockOf(common, { header, raw }) {
  const parsed = createBlockHeaderFromRPC(header, { common });
  const transactions = raw.map((hex) => createTxFromRLP(hexToBytes(hex), { common }));
  return createBlock({ header: parsed, transactions, withdrawals: [] }, { common, skipConsensusFormatValidation: true });
}

async function main(path) {
  const input = JSON.parse(readFileSync(path, "utf8"));
  const common = createCustomCommon({ chainId: input.chainId }, Mainnet, { hardfork: Hardfork.Osaka });
  const differences = [];
  const compare = (where, what, ours, claimed) => {
    if (ours !== claimed) differences.push({ block: where, what, ethereumjs: String(ours), bulwark: String(claimed) });
  };

  const state = await genesisState(common, input.alloc);
  compare(0, "stateRoot", bytesToHex(await state.getStateRoot()), input.genesis.stateRoot);
  const chain = new Chain();
  let parent = blockOf(common, { header: input.genesis, raw: [] });
  compare(0, "hash", bytesToHex(parent.hash()), input.genesis.hash);
  await chain.putBlock(parent);

  const vm = await createVM({ common, stateManager: state, blockchain: chain });
  const seen = { blocks: 0, transactions: 0, types: {}, failed: 0, logs: 0, gas: 0n };
  for (const told of input.blocks) {
    const { header } = told;
    const number = Number(header.number);
    const block = blockOf(common, told);
    compare(number, "hash", bytesToHex(block.hash()), header.hash);
    compare(number, "parentHash", bytesToHex(parent.hash()), header.parentHash);
    compare(number, "baseFeePerGas", parent.header.calcNextBaseFee(), BigInt(header.baseFeePerGas));
    compare(number, "transactionsRoot", await block.transactionsTrieIsValid(), true);

    const result = await runBlock(vm, { block, generate: true, skipBlockValidation: true });
    compare(number, "gasUsed", result.gasUsed, BigInt(header.gasUsed));
    compare(number, "logsBloom", bytesToHex(result.logsBloom), header.logsBloom);
    compare(number, "receiptsRoot", bytesToHex(result.receiptsRoot), header.receiptsRoot);
    compare(number, "requestsHash", bytesToHex(result.requestsHash), header.requestsHash);
    if (block.transactions.length > 0) compare(number, "stateRoot", bytesToHex(result.stateRoot), header.stateRoot);

    for (const [index, receipt] of result.receipts.entries()) {
      const where = `${number}, transaction ${index} (${bytesToHex(block.transactions[index].hash())})`;
      const claimed = told.receipts[index];
      compare(where, "status", Number(receipt.status), Number(claimed.status));
      compare(where, "cumulativeGasUsed", receipt.cumulativeBlockGasUsed, BigInt(claimed.cumulativeGasUsed));
      const logs = claimed.logs.map(({ address, topics, data }) => [address.toLowerCase(), topics, data]);
      const ours = receipt.logs.map(([address, topics, data]) => [bytesToHex(address), topics.map(bytesToHex), bytesToHex(data)]);
      compare(where, "logs", JSON.stringify(ours), JSON.stringify(logs));
    }

    seen.blocks += 1;
    seen.transactions += block.transactions.length;
    seen.gas += result.gasUsed;
    for (const [index, transaction] of block.transactions.entries()) {
      seen.types[transaction.type] = (seen.types[transaction.type] ?? 0) + 1;
      seen.failed += result.receipts[index].status ? 0 : 1;
      seen.logs += result.receipts[index].logs.length;
    }
    if (differences.length > 0) {
      // Everything after the first wrong block would be wrong too.
      console.log(JSON.stringify({ equal: false, differences }, null, 2));
      return 2;
    }
    await chain.putBlock(block);
    parent = block;
  }
  console.log(JSON.stringify({ equal: true, hardfork: common.hardfork(), ...seen, gas: String(seen.gas) }));
  return 0;
}

main(process.argv[2]).then(
  (status) => (process.exitCode = status),
  (error) => {
    console.error(`evm-oracle: ${error.stack ?? error}`);
    process.exitCode = 1;
  },
);
