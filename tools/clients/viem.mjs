// viem against a running node: what an application and its tests do. One argument: the node's address.

import {
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  createTestClient,
  createWalletClient,
  http,
  parseEther,
  parseEventLogs,
  publicActions,
  verifyTypedData,
  walletActions,
  webSocket,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import {
  ETHER,
  KEYS,
  NO_SALT,
  NO_SIGNATURE,
  STRATEGY,
  compiled,
  ensure,
  natives,
  refused,
  same,
  story,
  within,
} from "./kit.mjs";

const [owner, staker, operator] = KEYS.map((key) => privateKeyToAccount(key));

/** The custom error that a node's answer decoded to: its name and arguments. */
function custom(error) {
  const reverted = error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  ensure(reverted && reverted.data, `no custom error in: ${error}`);
  return [reverted.data.errorName, ...(reverted.data.args ?? [])];
}

await story("viem", async (check, node) => {
  const transport = http(node.url);
  const settings = { chain: foundry, transport, pollingInterval: 50, cacheTime: 0 };
  const client = createPublicClient(settings);
  const wallet = (account) => createWalletClient({ ...settings, account });
  const { StrategyManager, DelegationManager, TestToken } = await natives(node.url);
  const { abi, bytecode } = compiled();
  const send = async (account, request) => {
    const hash = await wallet(account).writeContract({ ...request, account });
    const receipt = await client.waitForTransactionReceipt({ hash });
    ensure(receipt.status === "success", `${request.functionName} failed: ${hash}`);
    return receipt;
  };
  let savings;
  let saved;

  await check("knows chain and fees", async () => {
    same(await client.getChainId(), 31337, "chain id");
    const { maxFeePerGas, maxPriorityFeePerGas } = await client.estimateFeesPerGas();
    ensure(maxFeePerGas >= maxPriorityFeePerGas, "a tip above the whole fee");
    const history = await client.getFeeHistory({ blockCount: 1, rewardPercentiles: [50] });
    same(history.baseFeePerGas.length, 2, "base fees of one block and the next");
  });

  await check("deploys a contract", async () => {
    const args = [StrategyManager.address, STRATEGY, TestToken.address];
    const hash = await wallet(owner).deployContract({ abi, bytecode, args });
    const receipt = await client.waitForTransactionReceipt({ hash });
    savings = { address: receipt.contractAddress, abi };
    same(await client.readContract({ ...savings, functionName: "manager" }), StrategyManager.address, "immutable");
    return `${savings.address} ${receipt.gasUsed} gas`;
  });

  await check("deposits into a strategy, decodes Deposit", async () => {
    const amount = parseEther("32");
    await send(staker, { ...TestToken, functionName: "mint", args: [staker.address, 3n * amount] });
    await send(staker, { ...TestToken, functionName: "approve", args: [StrategyManager.address, amount] });
    const args = [STRATEGY, TestToken.address, amount];
    const receipt = await send(staker, { ...StrategyManager, functionName: "depositIntoStrategy", args });
    const [event] = parseEventLogs({ abi: StrategyManager.abi, logs: receipt.logs, eventName: "Deposit" });
    same(event.args, { staker: staker.address, strategy: STRATEGY, shares: amount }, "Deposit");
    return `${receipt.gasUsed} gas`;
  });

  await check("deposits through a contract of its own, decodes Saved", async () => {
    await send(staker, { ...TestToken, functionName: "approve", args: [savings.address, 2n * ETHER] });
    const { request, result } = await client.simulateContract({
      ...savings,
      functionName: "save",
      args: [2n * ETHER],
      account: staker,
    });
    same(result, 2n * ETHER, "shares of the simulation");
    saved = await send(staker, request);
    const [event] = parseEventLogs({ abi, logs: saved.logs, eventName: "Saved" });
    same(event.args, { who: staker.address, amount: 2n * ETHER, shares: 2n * ETHER }, "Saved");
    same(await client.readContract({ ...savings, functionName: "total" }), 2n * ETHER, "shares of the protocol");
  });

  await check("registers an operator and delegates to it", async () => {
    const args = [`0x${"00".repeat(20)}`, 0, "https://operator.test"];
    await send(operator, { ...DelegationManager, functionName: "registerAsOperator", args });
    const receipt = await send(staker, {
      ...DelegationManager,
      functionName: "delegateTo",
      args: [operator.address, NO_SIGNATURE, NO_SALT],
    });
    const logs = parseEventLogs({ abi: DelegationManager.abi, logs: receipt.logs, eventName: "StakerDelegated" });
    same(logs[0].args, { staker: staker.address, operator: operator.address }, "StakerDelegated");
    const shares = await client.readContract({
      ...DelegationManager,
      functionName: "operatorShares",
      args: [operator.address, STRATEGY],
    });
    same(shares, 32n * ETHER, "operator shares");
  });

  await check("decodes a native contract's custom error", async () => {
    const again = client.simulateContract({
      ...DelegationManager,
      functionName: "delegateTo",
      args: [operator.address, NO_SIGNATURE, NO_SALT],
      account: staker,
    });
    const error = custom(await refused(again, "a second delegation"));
    same(error, ["ActivelyDelegated"], "error");
    return error[0];
  });

  await check("decodes its own contract's custom error with arguments", async () => {
    const call = client.simulateContract({ ...savings, functionName: "save", args: [5n], account: staker });
    const error = custom(await refused(call, "a dust deposit"));
    same(error, ["TooLittle", 5n, ETHER], "error");
    return `${error[0]}(${error[1]}, ${error[2]})`;
  });

  await check("calls many views in one through Multicall3", async () => {
    const reads = [staker, operator].map(({ address }) => ({
      ...DelegationManager,
      functionName: "delegatedTo",
      args: [address],
    }));
    const chain = { ...foundry, contracts: { multicall3: { address: "0xcA11bde05977b3631167028862bE2a173976CA11" } } };
    const bundled = createPublicClient({ ...settings, chain });
    const found = await bundled.multicall({ contracts: reads, allowFailure: false });
    same(found, [operator.address, operator.address], "delegatedTo");
  });

  await check("finds logs by filter, event and range", async () => {
    const event = abi.find((entry) => entry.name === "Saved");
    const logs = await client.getLogs({ event, args: { who: staker.address }, fromBlock: 0n });
    same(
      logs.map((log) => log.transactionHash),
      [saved.transactionHash],
      "getLogs",
    );
    const filter = await client.createContractEventFilter({ abi, address: savings.address, fromBlock: 0n });
    same((await client.getFilterLogs({ filter })).length, 1, "getFilterLogs");
    same(await client.uninstallFilter({ filter }), true, "uninstallFilter");
  });

  await check("overrides balance and code of a call", async () => {
    const poor = `0x${"ab".repeat(20)}`;
    const code = "0x5f545f5260205ff3"; // returns slot 0
    const { data } = await client.call({
      account: poor,
      to: poor,
      value: ETHER,
      stateOverride: [
        {
          address: poor,
          balance: 2n * ETHER,
          code,
          stateDiff: [{ slot: NO_SALT, value: `0x${"07".padStart(64, "0")}` }],
        },
      ],
    });
    same(BigInt(data), 7n, "slot 0");
  });

  await check("proves an account and a slot", async () => {
    const proof = await client.getProof({ address: savings.address, storageKeys: [NO_SALT] });
    ensure(proof.accountProof.length > 0 && proof.storageProof.length === 1, "an empty proof");
    same(proof.nonce, 1, "nonce");
    return `${proof.accountProof.length} nodes`;
  });

  await check("signs typed data with an account of the node", async () => {
    const typed = {
      domain: { name: "Bulwark", chainId: 31337 },
      types: { Note: [{ name: "text", type: "string" }] },
      primaryType: "Note",
      message: { text: "signed by the node" },
    };
    const remote = createWalletClient({ ...settings, account: owner.address });
    const signature = await remote.signTypedData(typed);
    ensure(await verifyTypedData({ ...typed, address: owner.address, signature }), "the signature is another's");
  });

  await check("delegates an account to code and back (EIP-7702)", async () => {
    const sender = wallet(owner);
    const authorization = await wallet(operator).signAuthorization({
      account: operator,
      contractAddress: savings.address,
    });
    const hash = await sender.sendTransaction({ authorizationList: [authorization], to: owner.address });
    const receipt = await client.waitForTransactionReceipt({ hash });
    same(receipt.type, "eip7702", "type");
    same(
      await client.getCode({ address: operator.address }),
      `0xef0100${savings.address.slice(2).toLowerCase()}`,
      "code",
    );
  });

  await subscriptions(check, node, { send, staker, savings, TestToken });
  await controls(check, { settings, client, TestToken, send });
});

async function subscriptions(check, node, { send, staker, savings, TestToken }) {
  const socket = createPublicClient({ chain: foundry, transport: webSocket(node.ws) });
  const heard = (start) => {
    let stop;
    const promise = new Promise((onHeard, onError) => (stop = start(onHeard, onError)));
    return { promise, stop: () => stop() };
  };
  await check("hears of blocks, logs and pending transactions over WebSocket", async () => {
    const blocks = heard((onBlock, onError) => socket.watchBlocks({ onBlock, onError }));
    const pending = heard((onTransactions, onError) => socket.watchPendingTransactions({ onTransactions, onError }));
    const logs = heard((onLogs, onError) =>
      socket.watchContractEvent({ ...savings, eventName: "Saved", onLogs, onError }),
    );
    // The node answers a connection in order, so after these the subscriptions are in place.
    for (let asked = 0; asked < 3; asked += 1) await socket.request({ method: "eth_chainId" });
    await send(staker, { ...TestToken, functionName: "approve", args: [savings.address, 2n * ETHER] });
    const receipt = await send(staker, { ...savings, functionName: "save", args: [2n * ETHER] });
    const block = await within(blocks.promise, "a block");
    ensure(block.number > 0n && block.hash, "a block without number or hash");
    same((await within(pending.promise, "a pending transaction")).length > 0, true, "pending");
    const [log] = await within(logs.promise, "a log");
    same([log.transactionHash, log.args.amount], [receipt.transactionHash, 2n * ETHER], "the log");
    for (const { stop } of [blocks, pending, logs]) stop();
    return `block ${block.number}`;
  });
}

async function controls(check, { settings, client, TestToken, send }) {
  const dev = createTestClient({ ...settings, mode: "anvil" })
    .extend(publicActions)
    .extend(walletActions);
  const whale = "0x00000000219ab540356cBB839Cbe05303d7705Fa";

  await check("sets a balance and impersonates its account", async () => {
    await dev.setBalance({ address: whale, value: 5n * ETHER });
    await dev.impersonateAccount({ address: whale });
    const hash = await dev.sendTransaction({ account: whale, to: owner.address, value: ETHER });
    same((await client.waitForTransactionReceipt({ hash })).status, "success", "status");
    await dev.stopImpersonatingAccount({ address: whale });
    const error = await refused(dev.sendTransaction({ account: whale, to: owner.address, value: 1n }), "a stranger");
    ensure(/No Signer|unlocked|unknown account|not.*account|no.*key/i.test(error.message), error.message);
  });

  await check("goes back to a snapshot", async () => {
    const before = await client.getBlock();
    const id = await dev.snapshot();
    await send(owner, { ...TestToken, functionName: "mint", args: [whale, ETHER] });
    await dev.revert({ id });
    const after = await client.getBlock();
    same([after.number, after.hash], [before.number, before.hash], "the head");
    same(await client.readContract({ ...TestToken, functionName: "balanceOf", args: [whale] }), 0n, "tokens");
    return `block ${after.number}`;
  });

  await check("travels in time, mines many blocks", async () => {
    const before = await client.getBlock();
    await dev.increaseTime({ seconds: 86_400 });
    await dev.mine({ blocks: 1 });
    const day = await client.getBlock();
    ensure(day.timestamp >= before.timestamp + 86_400n, `${day.timestamp - before.timestamp} s passed`);
    await dev.setNextBlockTimestamp({ timestamp: day.timestamp + 1_000n });
    await dev.mine({ blocks: 1 });
    const next = await client.getBlock();
    same(next.timestamp, day.timestamp + 1_000n, "timestamp");
    await dev.mine({ blocks: 100, interval: 60 });
    const last = await client.getBlock();
    same(last.number, next.number + 100n, "number");
    const apart = last.timestamp - next.timestamp;
    // The first of them may follow at once.
    ensure(apart >= 99n * 60n && apart <= 6_000n, `100 blocks a minute apart took ${apart} s`);
    return `block ${last.number}`;
  });

  await check("holds transactions back until told to mine", async () => {
    await dev.setAutomine(false);
    same(await dev.getAutomine(), false, "automine");
    const hashes = [];
    const nonce = await client.getTransactionCount({ address: owner.address });
    const sender = createWalletClient({ ...settings, account: owner });
    for (let at = 0; at < 3; at += 1) {
      hashes.push(await sender.sendTransaction({ to: whale, value: 1n, nonce: nonce + at, gas: 21_000n }));
    }
    same((await dev.getTxpoolStatus()).pending, 3, "pending");
    await dev.dropTransaction({ hash: hashes[2] });
    await dev.mine({ blocks: 1 });
    const block = await client.getBlock();
    same(block.transactions, hashes.slice(0, 2), "the block");
    await dev.setAutomine(true);
  });

  await check("writes code, storage and nonce", async () => {
    const address = `0x${"c0de".repeat(10)}`;
    await dev.setCode({ address, bytecode: "0x5f545f5260205ff3" });
    await dev.setStorageAt({ address, index: 0, value: `0x${"2a".padStart(64, "0")}` });
    await dev.setNonce({ address, nonce: 9 });
    const { data } = await client.call({ to: address });
    same([BigInt(data), await client.getTransactionCount({ address })], [42n, 9], "slot 0 and nonce");
  });

  await check("dumps the chain and loads it", async () => {
    const address = `0x${"d0".repeat(20)}`;
    await dev.setBalance({ address, value: 7n });
    const state = await dev.dumpState();
    await dev.setBalance({ address, value: 8n });
    await dev.loadState({ state });
    same(await client.getBalance({ address }), 7n, "balance");
    return `${(state.length / 2 / 1024).toFixed(0)} KiB`;
  });

  await check("traces a deposit, native frames included", async () => {
    const amount = ETHER;
    const { StrategyManager } = await natives(client.transport.url);
    await send(owner, { ...TestToken, functionName: "mint", args: [owner.address, amount] });
    await send(owner, { ...TestToken, functionName: "approve", args: [StrategyManager.address, amount] });
    const args = [STRATEGY, TestToken.address, amount];
    const { transactionHash } = await send(owner, { ...StrategyManager, functionName: "depositIntoStrategy", args });
    const trace = await client.request({
      method: "debug_traceTransaction",
      params: [transactionHash, { tracer: "callTracer", tracerConfig: { withLog: true } }],
    });
    same(trace.to, StrategyManager.address.toLowerCase(), "the outer frame");
    const frames = (frame) => 1 + (frame.calls ?? []).reduce((sum, call) => sum + frames(call), 0);
    ensure(frames(trace) >= 3, `only ${frames(trace)} frames`);
    const [call] = await client.request({ method: "trace_transaction", params: [transactionHash] });
    same(call.action.to, StrategyManager.address.toLowerCase(), "trace_transaction");
    return `${frames(trace)} frames`;
  });
}
