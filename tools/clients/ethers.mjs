// ethers 6 against a running node: what a script, a bot or a wallet does. One argument: the node's address.

import {
  Contract,
  ContractFactory,
  JsonRpcProvider,
  NonceManager,
  Wallet,
  WebSocketProvider,
  verifyTypedData,
} from "ethers";
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

const noSignature = [NO_SIGNATURE.signature, NO_SIGNATURE.expiry];

/** The custom error that ethers decoded: its name and arguments. */
function custom(error) {
  ensure(error.code === "CALL_EXCEPTION" && error.revert, `no custom error in: ${error}`);
  return [error.revert.name, ...error.revert.args];
}

await story("ethers", async (check, node) => {
  const provider = new JsonRpcProvider(node.url, undefined, { cacheTimeout: -1, pollingInterval: 50 });
  const [owner, staker, operator] = KEYS.map((key) => new NonceManager(new Wallet(key, provider)));
  const addresses = await Promise.all([owner, staker, operator].map((signer) => signer.getAddress()));
  const named = await natives(node.url);
  const at = (name, signer) => new Contract(named[name].address, named[name].abi, signer);
  const done = async (sent) => (await sent).wait();
  /** Events of a receipt that the contract's ABI names. */
  const events = (contract, receipt, name) =>
    receipt.logs
      .filter((log) => log.address === contract.target)
      .map((log) => contract.interface.parseLog(log))
      .filter((event) => event?.name === name);
  const { abi, bytecode } = compiled();
  let savings;

  await check("knows chain, accounts and fees", async () => {
    same((await provider.getNetwork()).chainId, 31337n, "chain id");
    same((await provider.listAccounts()).length, 10, "accounts");
    const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = await provider.getFeeData();
    ensure(gasPrice > 0n && maxFeePerGas >= maxPriorityFeePerGas, "fees");
  });

  await check("deploys a contract", async () => {
    const factory = new ContractFactory(abi, bytecode, staker);
    savings = await factory.deploy(named.StrategyManager.address, STRATEGY, named.TestToken.address);
    await savings.waitForDeployment();
    same(await savings.strategy(), STRATEGY, "immutable");
    return savings.target;
  });

  await check("deposits into a strategy, decodes Deposit", async () => {
    const [token, manager] = [at("TestToken", staker), at("StrategyManager", staker)];
    await done(token.mint(addresses[1], 100n * ETHER));
    await done(token.approve(manager.target, 100n * ETHER));
    const gas = await manager.depositIntoStrategy.estimateGas(STRATEGY, token.target, 32n * ETHER);
    const receipt = await done(manager.depositIntoStrategy(STRATEGY, token.target, 32n * ETHER));
    ensure(receipt.gasUsed <= gas, `${receipt.gasUsed} gas used of ${gas} estimated`);
    const [event] = events(manager, receipt, "Deposit");
    same([...event.args], [addresses[1], STRATEGY, 32n * ETHER], "Deposit");
    const [found] = await manager.queryFilter("Deposit", receipt.blockNumber);
    same(found.transactionHash, receipt.hash, "queryFilter");
    return `${receipt.gasUsed} gas of ${gas} estimated`;
  });

  await check("registers an operator and delegates to it", async () => {
    const delegation = at("DelegationManager", operator);
    await done(delegation.registerAsOperator(`0x${"00".repeat(20)}`, 0, "https://operator.test"));
    const receipt = await done(delegation.connect(staker).delegateTo(addresses[2], noSignature, NO_SALT));
    const [event] = events(delegation, receipt, "StakerDelegated");
    same([...event.args], [addresses[1], addresses[2]], "StakerDelegated");
    same(await delegation.operatorShares(addresses[2], STRATEGY), 32n * ETHER, "operator shares");
    // The block before: history is kept.
    const before = { blockTag: receipt.blockNumber - 1 };
    same(await delegation.operatorShares(addresses[2], STRATEGY, before), 0n, "operator shares a block before");
  });

  await check("decodes custom errors of a native and of its own contract", async () => {
    const delegation = at("DelegationManager", staker);
    const again = delegation.delegateTo.staticCall(addresses[2], noSignature, NO_SALT);
    same(custom(await refused(again, "a second delegation")), ["ActivelyDelegated"], "native");
    const dust = savings.save.staticCall(5n);
    same(custom(await refused(dust, "a dust deposit")), ["TooLittle", 5n, ETHER], "its own");
    // A send fails while estimating, with the same data; there ethers leaves decoding to its user.
    const sent = await refused(delegation.delegateTo(addresses[2], noSignature, NO_SALT), "a second delegation");
    same(delegation.interface.parseError(sent.data).name, "ActivelyDelegated", "of a send");
    staker.reset();
    return "ActivelyDelegated, TooLittle";
  });

  await check("reads a mined failure back with its reason", async () => {
    const delegation = at("DelegationManager", staker);
    const sent = await delegation.delegateTo(addresses[2], noSignature, NO_SALT, { gasLimit: 300_000n });
    const error = await refused(sent.wait(), "a second delegation");
    same([error.code, error.receipt.status], ["CALL_EXCEPTION", 0], "the receipt");
    const { from, to, data } = await provider.getTransaction(sent.hash);
    const replayed = await refused(provider.call({ from, to, data, blockTag: error.receipt.blockNumber }), "a replay");
    same(delegation.interface.parseError(replayed.data).name, "ActivelyDelegated", "the reason");
  });

  await check("signs typed data and messages with an account of the node", async () => {
    const signer = await provider.getSigner(addresses[0]);
    const domain = { name: "Bulwark", chainId: 31337 };
    const types = { Note: [{ name: "text", type: "string" }] };
    const signature = await signer.signTypedData(domain, types, { text: "hello" });
    same(verifyTypedData(domain, types, { text: "hello" }, signature), addresses[0], "the signer");
    const sent = await signer.sendTransaction({ to: addresses[1], value: 1n });
    same((await sent.wait()).status, 1, "status");
    owner.reset();
  });

  await check("hears of blocks and events over WebSocket", async () => {
    const socket = new WebSocketProvider(node.ws);
    const watched = new Contract(named.TestToken.address, named.TestToken.abi, socket);
    const block = new Promise((heard) => socket.on("block", heard));
    const pending = new Promise((heard) => socket.on("pending", heard));
    const approval = new Promise((heard) => watched.on("Approval", (...all) => heard(all)));
    // Answered in order: the subscriptions are in place.
    for (let asked = 0; asked < 3; asked += 1) await socket.send("eth_chainId", []);
    const receipt = await done(at("TestToken", staker).approve(addresses[0], 77n));
    ensure((await within(block, "a block")) >= receipt.blockNumber, "an old block");
    same(await within(pending, "a pending transaction"), receipt.hash, "pending");
    const [from, to, value] = await within(approval, "an event");
    same([from, to, value], [addresses[1], addresses[0], 77n], "Approval");
    await socket.destroy();
    return `block ${receipt.blockNumber}`;
  });

  await check("impersonates an account", async () => {
    const whale = "0x00000000219ab540356cBB839Cbe05303d7705Fa";
    await provider.send("hardhat_setBalance", [whale, "0x8ac7230489e80000"]);
    await provider.send("hardhat_impersonateAccount", [whale]);
    const signer = await provider.getSigner(whale);
    const receipt = await done(at("TestToken", signer).mint(whale, 5n));
    same([receipt.from, receipt.status], [whale, 1], "the receipt");
    await provider.send("hardhat_stopImpersonatingAccount", [whale]);
  });

  await check("goes back to a snapshot, travels in time", async () => {
    const id = await provider.send("evm_snapshot", []);
    const before = await provider.getBlock("latest");
    await provider.send("evm_increaseTime", [86_400]);
    await provider.send("evm_mine", []);
    const later = await provider.getBlock("latest");
    ensure(later.timestamp >= before.timestamp + 86_400, `${later.timestamp - before.timestamp} s passed`);
    same(await provider.send("evm_revert", [id]), true, "evm_revert");
    same((await provider.getBlock("latest")).hash, before.hash, "the head");
  });

  await check("completes a withdrawal after the delay", async () => {
    const delegation = at("DelegationManager", staker);
    const queued = await done(delegation.undelegate(addresses[1]));
    const [event] = events(delegation, queued, "SlashingWithdrawalQueued");
    const withdrawal = event.args.withdrawal.toArray(true);
    const tokens = [named.TestToken.address];
    const early = delegation.completeQueuedWithdrawal.staticCall(withdrawal, tokens, true);
    same(custom(await refused(early, "an early withdrawal")), ["WithdrawalDelayNotElapsed"], "too early");
    await provider.send("hardhat_mine", ["0xb"]);
    const token = at("TestToken", staker);
    const before = await token.balanceOf(addresses[1]);
    await done(delegation.completeQueuedWithdrawal(withdrawal, tokens, true));
    same((await token.balanceOf(addresses[1])) - before, 32n * ETHER, "tokens back");
    return "32 tokens";
  });

  await check("traces a transaction and a call", async () => {
    const manager = at("StrategyManager", staker);
    const { hash } = await done(manager.depositIntoStrategy(STRATEGY, named.TestToken.address, ETHER));
    const trace = await provider.send("debug_traceTransaction", [hash, { tracer: "callTracer" }]);
    ensure(trace.calls.length > 0, "no inner frames");
    const before = await provider.send("debug_traceTransaction", [hash, { tracer: "prestateTracer" }]);
    ensure(before[named.StrategyManager.address.toLowerCase()], "the contract is not in the state before");
    const data = manager.interface.encodeFunctionData("stakerDepositShares", [addresses[1], STRATEGY]);
    const call = [{ to: manager.target, data }, "latest", { tracer: "callTracer" }];
    same(BigInt((await provider.send("debug_traceCall", call)).output), ETHER, "the output");
    return `${trace.calls.length} inner frames`;
  });
});
