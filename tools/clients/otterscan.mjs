// What a local Otterscan asks of its node, page by page, in the order and with the arguments of its source
// (github.com/otterscan/otterscan at 9dfd87f, API level 8): each answer must have what its page reads from it. It asks
// through ethers, as here. One argument: the node's address.

import { Contract, ContractFactory, Interface, JsonRpcProvider, Wallet, dataSlice, getAddress, getBytes } from "ethers";
import { ETHER, KEYS, NO_SALT, NO_SIGNATURE, STRATEGY, compiled, ensure, natives, same, story } from "./kit.mjs";

/** The oldest API that the explorer works with, and the size of its pages. */
const MIN_API_LEVEL = 8;
const PAGE = 25;
const TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

const isQuantity = (value) => typeof value === "string" && /^0x(0|[1-9a-f][0-9a-f]*)$/.test(value);
const isBytes = (value) => typeof value === "string" && /^0x([0-9a-f]{2})*$/.test(value);
const isHash = (value) => isBytes(value) && value.length === 66;
const isAddress = (value) => isBytes(value) && value.length === 42;
const isBool = (value) => typeof value === "boolean";
const isNumber = (value) => Number.isInteger(value);
const orNull = (is) => (value) => value === null || is(value);

/** Checks the fields of an answer. */
function has(answer, fields, what) {
  for (const [name, is] of Object.entries(fields)) {
    ensure(is(answer?.[name]), `${what}: ${name} is ${JSON.stringify(answer?.[name])}`);
  }
}

const BLOCK = {
  hash: isHash,
  parentHash: isHash,
  number: isQuantity,
  timestamp: isQuantity,
  nonce: isBytes,
  difficulty: isQuantity,
  gasLimit: isQuantity,
  gasUsed: isQuantity,
  baseFeePerGas: isQuantity,
  miner: isAddress,
  extraData: isBytes,
  size: isQuantity,
  sha3Uncles: isHash,
  stateRoot: isHash,
};
const TRANSACTION = {
  hash: isHash,
  blockHash: isHash,
  blockNumber: isQuantity,
  transactionIndex: isQuantity,
  type: isQuantity,
  from: isAddress,
  to: orNull(isAddress),
  value: isQuantity,
  gas: isQuantity,
  gasPrice: isQuantity,
  nonce: isQuantity,
  input: isBytes,
};
const RECEIPT = {
  transactionHash: isHash,
  transactionIndex: isQuantity,
  blockNumber: isQuantity,
  from: isAddress,
  to: orNull(isAddress),
  contractAddress: orNull(isAddress),
  gasUsed: isQuantity,
  cumulativeGasUsed: isQuantity,
  status: isQuantity,
};
const FRAME = { type: (type) => typeof type === "string", depth: isNumber, from: isAddress, to: isAddress, input: isBytes };

await story("otterscan", async (check, node) => {
  const provider = new JsonRpcProvider(node.url, undefined, { cacheTimeout: -1, staticNetwork: true });
  const ask = (method, ...params) => provider.send(method, params);
  const named = await natives(node.url);
  const [, staker, operator] = KEYS.map((key) => new Wallet(key, provider));
  const at = (name, signer) => new Contract(named[name].address, named[name].abi, signer);
  const done = async (sent) => (await sent).wait();
  const made = {};

  await check("begins: head, API level, network", async () => {
    ensure(isQuantity(await ask("eth_blockNumber")), "head");
    ensure((await ask("ots_getApiLevel")) >= MIN_API_LEVEL, "API level");
    same((await provider.getNetwork()).chainId, 31337n, "chain id");
  });

  await check("(a chain to look at: transfer, creation, deposit, failure)", async () => {
    made.transfer = await done(staker.sendTransaction({ to: operator.address, value: 5n }));
    const { abi, bytecode } = compiled();
    const factory = new ContractFactory(abi, bytecode, staker);
    const contract = await factory.deploy(named.StrategyManager.address, STRATEGY, named.TestToken.address);
    made.creation = await contract.deploymentTransaction().wait();
    await done(at("TestToken", staker).mint(staker.address, 32n * ETHER));
    await done(at("TestToken", staker).approve(named.StrategyManager.address, 32n * ETHER));
    made.deposit = await done(
      at("StrategyManager", staker).depositIntoStrategy(STRATEGY, named.TestToken.address, ETHER),
    );
    const data = new Interface(named.DelegationManager.abi).encodeFunctionData("delegateTo", [
      operator.address,
      NO_SIGNATURE,
      NO_SALT,
    ]);
    const failing = await staker.sendTransaction({ to: named.DelegationManager.address, data, gasLimit: 300_000n });
    await failing.wait().catch(() => undefined);
    made.failure = await provider.getTransactionReceipt(failing.hash);
    same(made.failure.status, 0, "status");
  });

  await check("front page and list of blocks", async () => {
    const head = Number(await ask("eth_blockNumber"));
    for (let number = head; number >= 0; number -= 1) {
      const { block, issuance, totalFees } = await ask("ots_getBlockDetails", number);
      has(block, { ...BLOCK, transactionCount: isNumber }, `block ${number}`);
      ensure(issuance !== null && typeof issuance === "object", "issuance");
      ensure(isQuantity(totalFees), "fees");
    }
    same(await ask("ots_getBlockDetails", head + 1_000), null, "a block to come");
    return `${head + 1} blocks`;
  });

  await check("page of a block, by number and by hash", async () => {
    const number = made.deposit.blockNumber;
    const one = await ask("ots_getBlockDetails", number);
    const other = await ask("ots_getBlockDetailsByHash", one.block.hash);
    same(JSON.stringify(other), JSON.stringify(one), "by hash");
    same(await ask("ots_getBlockDetailsByHash", `0x${"77".repeat(32)}`), null, "unknown hash");
    const { fullblock, receipts } = await ask("ots_getBlockTransactions", number, 0, PAGE);
    has(fullblock, { ...BLOCK, transactionCount: isNumber }, "block");
    same(fullblock.transactions.length, receipts.length, "a receipt each");
    for (const transaction of fullblock.transactions) has(transaction, TRANSACTION, "transaction");
    for (const receipt of receipts) has(receipt, { ...RECEIPT, timestamp: isQuantity }, "receipt");
  });

  await check("page of a transaction", async () => {
    for (const [kind, receipt] of Object.entries(made)) {
      const raw = await ask("eth_getTransactionByHash", receipt.hash);
      has(raw, TRANSACTION, kind);
      has(await ask("eth_getTransactionReceipt", receipt.hash), { ...RECEIPT, logs: Array.isArray }, kind);
      const [response, again] = await Promise.all([
        provider.getTransaction(receipt.hash),
        provider.getTransactionReceipt(receipt.hash),
      ]);
      ensure((await again.confirmations()) > 0, "confirmations");
      ensure(response.gasPrice * again.gasUsed > 0n, "fee");
      const operations = await ask("ots_getInternalOperations", receipt.hash);
      for (const one of operations) has(one, { type: isNumber, from: isAddress, to: isAddress, value: isQuantity }, kind);
      const moves = again.logs.filter(({ topics }) => topics.length === 3 && topics[0] === TRANSFER);
      for (const { topics } of moves) getAddress(dataSlice(getBytes(topics[1]), 12));
    }
    same(await provider.getTransaction(`0x${"77".repeat(32)}`), null, "unknown transaction");
  });

  await check("why a transaction failed", async () => {
    const data = await ask("ots_getTransactionError", made.failure.hash);
    same(new Interface(named.DelegationManager.abi).parseError(data).name, "OperatorNotRegistered", "error");
    same(await ask("ots_getTransactionError", made.deposit.hash), "0x", "no error");
  });

  await check("trace of a transaction, a tree by depth", async () => {
    const frames = await ask("ots_traceTransaction", made.deposit.hash);
    for (const frame of frames) {
      has(frame, { ...FRAME, value: orNull(isQuantity), output: orNull(isBytes) }, "frame");
      getAddress(frame.from);
    }
    same(frames[0].depth, 0, "the first is the outermost");
    ensure(
      frames.every(({ depth }, index) => index === 0 || depth <= frames[index - 1].depth + 1),
      "no depth is left out",
    );
    return `${frames.length} frames`;
  });

  await check("state differences of a transaction", async () => {
    let changes = 0;
    for (const receipt of Object.values(made)) {
      const { stateDiff } = await ask("trace_replayTransaction", receipt.hash, ["stateDiff"]);
      for (const [address, account] of Object.entries(stateDiff)) {
        ensure(isAddress(address), address);
        const { storage, ...others } = account;
        for (const change of [...Object.values(others), ...Object.values(storage)]) {
          if (change === "=") continue;
          const kinds = Object.keys(change);
          ensure(kinds.length === 1 && ["+", "-", "*"].includes(kinds[0]), JSON.stringify(change));
          if (kinds[0] === "*") ensure("from" in change["*"] && "to" in change["*"], "from and to");
          changes += 1;
        }
      }
    }
    return `${changes} changes`;
  });

  await check("page of an address: first, older and newer transactions", async () => {
    const newest = await ask("ots_searchTransactionsBefore", staker.address, 0, PAGE);
    has(newest, { txs: Array.isArray, receipts: Array.isArray, firstPage: isBool, lastPage: isBool }, "page");
    same([newest.firstPage, newest.lastPage].join(), "true,true", "all fit on a page");
    same(newest.txs.length, newest.receipts.length, "a receipt each");
    for (const transaction of newest.txs) has(transaction, TRANSACTION, "transaction");
    for (const receipt of newest.receipts) has(receipt, { ...RECEIPT, timestamp: isQuantity, logs: Array.isArray }, "receipt");
    const hashes = newest.txs.map(({ hash }) => hash);
    for (const { hash } of Object.values(made)) ensure(hashes.includes(hash), `${hash} is on the page`);
    // Page by page, down and up again.
    const down = [];
    for (let block = 0, last = false; !last; ) {
      const page = await ask("ots_searchTransactionsBefore", staker.address, block, 2);
      down.push(...page.txs.map(({ hash }) => hash));
      last = page.lastPage;
      block = Number(page.txs.at(-1)?.blockNumber ?? 0);
    }
    same(down.join(), hashes.join(), "downwards");
    const up = [];
    for (let block = 0, first = false; !first; ) {
      const page = await ask("ots_searchTransactionsAfter", staker.address, block, 2);
      up.unshift(...page.txs.map(({ hash }) => hash));
      first = page.firstPage;
      block = Number(page.txs[0]?.blockNumber ?? 0);
    }
    same(up.join(), hashes.join(), "upwards");
    const native = await ask("ots_searchTransactionsBefore", named.StrategyManager.address, 0, PAGE);
    ensure(native.txs.some(({ hash }) => hash === made.deposit.hash), "a native contract's page");
    return `${hashes.length} transactions`;
  });

  await check("balance, nonce, code and creator of an address", async () => {
    ensure((await provider.getBalance(staker.address)) > 0n, "balance");
    const nonce = await provider.getTransactionCount(staker.address);
    for (let used = 0; used < nonce; used += 1) {
      const hash = await ask("ots_getTransactionBySenderAndNonce", staker.address, used);
      same((await provider.getTransaction(hash)).nonce, used, "nonce");
    }
    same(await ask("ots_getTransactionBySenderAndNonce", staker.address, nonce), null, "an unused nonce");
    const contract = made.creation.contractAddress;
    for (const [address, code] of [
      [contract, true],
      [named.StrategyManager.address, true],
      [staker.address, false],
    ]) {
      same(await ask("ots_hasCode", address, "latest"), code, `code of ${address}`);
      same((await ask("eth_getCode", address, "latest")) !== "0x", code, `code of ${address}`);
    }
    const creator = await ask("ots_getContractCreator", contract);
    same(`${creator.hash} ${getAddress(creator.creator)}`, `${made.creation.hash} ${staker.address}`, "creator");
    same(await ask("ots_getContractCreator", named.StrategyManager.address), null, "made with the chain");
    same(await ask("ots_getContractCreator", staker.address), null, "no contract");
  });

  await check("a token's name, symbol and decimals; a call of a contract", async () => {
    const token = at("TestToken", provider);
    same(`${(await token.symbol()).length > 0} ${(await token.name()).length > 0} ${await token.decimals()}`, "true true 18");
    const probe = await provider.call({ to: staker.address, data: "0x06fdde03" });
    same(probe, "0x", "no token");
  });

  await check("the chart of fees: blocks and their history", async () => {
    for (const tag of ["latest", "earliest", 1]) ensure((await provider.getBlock(tag)).baseFeePerGas > 0n, `${tag}`);
    has(await ask("erigon_getHeaderByNumber", 1), { hash: isHash, timestamp: isQuantity }, "header");
  });

  await check("broadcasts a signed transaction", async () => {
    const filled = await staker.populateTransaction({ to: operator.address, value: 7n });
    const hash = await ask("eth_sendRawTransaction", await staker.signTransaction(filled));
    same((await provider.getTransactionReceipt(hash)).status, 1, "status");
  });
});
