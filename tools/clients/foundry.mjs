// cast and forge against a running node: what a shell script does. Arguments: the node's address, cast, forge. What
// forge simulates by itself cannot run native contracts (docs/tools.md); what it sends to the node can.

import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ETHER, KEYS, NO_SALT, STRATEGY, TOOLS, ensure, natives, refused, same, story } from "./kit.mjs";

const [CAST, FORGE] = process.argv.slice(3).map((path) => resolve(path));
const [OWNER, STAKER, OPERATOR] = [
  "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
  "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
];
const ZERO = `0x${"00".repeat(20)}`;
const DELEGATE = "delegateTo(address,(bytes,uint256),bytes32)";

function command(program, words, { cwd, env } = {}) {
  return new Promise((done, fail) => {
    const child = spawn(program, words, {
      cwd,
      env: { ...process.env, ...env, NO_COLOR: "1", FOUNDRY_OFFLINE: "true" },
    });
    let said = "";
    let wrong = "";
    child.stdout.on("data", (part) => (said += part));
    child.stderr.on("data", (part) => (wrong += part));
    child.on("error", fail);
    child.on("close", (status) =>
      status === 0 ? done(said.trim()) : fail(new Error(`${words.join(" ")}\nended with ${status}: ${said}${wrong}`)),
    );
  });
}

await story("cast", async (check, node) => {
  const cast = (...words) => command(CAST, words, { env: { ETH_RPC_URL: node.url } });
  const json = async (...words) => JSON.parse(await cast(...words));
  const { StrategyManager, DelegationManager, TestToken } = await natives(node.url);
  const [manager, delegation, token] = [StrategyManager, DelegationManager, TestToken].map(({ address }) => address);
  /** Sends a call from one of the accounts and returns its receipt. */
  const send = async (key, ...words) => {
    const receipt = await json("send", "--json", "--private-key", key, ...words);
    same(receipt.status, "0x1", `status of ${words.join(" ")}`);
    return receipt;
  };
  const amount = 32n * ETHER;

  await check("knows chain, head, balance, client", async () => {
    same(await cast("chain-id"), "31337", "chain id");
    same(await cast("block-number"), "0", "head");
    same(await cast("balance", "--ether", STAKER), "10000.000000000000000000", "balance");
    return cast("client");
  });

  await check("deposits into a strategy, reads the shares", async () => {
    await send(KEYS[1], token, "mint(address,uint256)", STAKER, String(amount));
    await send(KEYS[1], token, "approve(address,uint256)", manager, String(amount));
    const words = ["depositIntoStrategy(address,address,uint256)", STRATEGY, token, String(amount)];
    const gas = await cast("estimate", "--from", STAKER, manager, ...words);
    const receipt = await send(KEYS[1], manager, ...words);
    ensure(BigInt(receipt.gasUsed) <= BigInt(gas), `${receipt.gasUsed} used of ${gas} estimated`);
    const shares = await cast("call", manager, "stakerDepositShares(address,address)(uint256)", STAKER, STRATEGY);
    same(shares.split(" ")[0], String(amount), "shares");
    return shares;
  });

  await check("registers an operator and delegates to it", async () => {
    const register = ["registerAsOperator(address,uint32,string)", ZERO, "0", "https://operator.test"];
    await send(KEYS[2], delegation, ...register);
    await send(KEYS[1], delegation, DELEGATE, OPERATOR, "(0x,0)", NO_SALT);
    same(await cast("call", delegation, "delegatedTo(address)(address)", STAKER), OPERATOR, "delegatedTo");
  });

  await check("finds a native contract's events", async () => {
    const find = (...words) => json("logs", "--json", "--from-block", "0", ...words);
    const delegated = await find("StakerDelegated(address indexed,address indexed)", STAKER);
    same(
      delegated.map(({ address }) => address),
      [delegation.toLowerCase()],
      "emitter",
    );
    const [{ data }] = await find("Deposit(address,address,uint256)");
    const decoded = await cast("decode-event", "--sig", "Deposit(address,address,uint256)", data);
    ensure(decoded.includes(STRATEGY), decoded);
  });

  await check("names a native contract's custom error", async () => {
    const error = await refused(
      cast("call", "--from", STAKER, delegation, DELEGATE, OPERATOR, "(0x,0)", NO_SALT),
      "again",
    );
    ensure(error.message.includes("ActivelyDelegated"), error.message);
    return "ActivelyDelegated()";
  });

  await check("reads blocks, receipts, storage, code, a proof", async () => {
    const block = await json("block", "--json", "latest");
    const receipt = await json("receipt", "--json", block.transactions[0]);
    same(receipt.blockHash, block.hash, "block of the receipt");
    same(await cast("code", manager), "0xfe", "code of a native contract");
    const proof = await json("proof", manager, "0x0");
    ensure(proof.accountProof.length > 0, "an empty proof");
    await cast("storage", manager, "0");
    await cast("access-list", "--from", STAKER, token, "mint(address,uint256)", STAKER, "1");
    return `block ${BigInt(block.number)}`;
  });

  await check("signs and publishes", async () => {
    const raw = await cast("mktx", "--private-key", KEYS[0], STAKER, "--value", "1wei");
    const receipt = JSON.parse(await cast("publish", raw));
    same(receipt.status, "0x1", "status");
    const sent = await send(KEYS[0], "--value", "1gwei", STAKER);
    ensure(receipt.transactionHash !== sent.transactionHash, "the same twice");
  });

  await check("sends with an account of the node, and with an impersonated one", async () => {
    const own = await json("send", "--json", "--unlocked", "--from", OWNER, STAKER, "--value", "1wei");
    same(own.status, "0x1", "status");
    const whale = "0x00000000219ab540356cBB839Cbe05303d7705Fa";
    await cast("rpc", "anvil_setBalance", whale, "0x8ac7230489e80000");
    await cast("rpc", "anvil_impersonateAccount", whale);
    const words = ["--unlocked", "--from", whale, token, "mint(address,uint256)", whale, "5"];
    same((await json("send", "--json", ...words)).status, "0x1", "status");
  });

  await check("goes back to a snapshot, travels in time", async () => {
    const id = JSON.parse(await cast("rpc", "evm_snapshot"));
    const before = BigInt(await cast("block", "latest", "--field", "timestamp"));
    await cast("rpc", "evm_increaseTime", "86400");
    await cast("rpc", "evm_mine");
    const after = BigInt(await cast("block", "latest", "--field", "timestamp"));
    ensure(after >= before + 86_400n, `${after - before} s passed`);
    same(await cast("rpc", "evm_revert", id), "true", "evm_revert");
    same(BigInt(await cast("block", "latest", "--field", "timestamp")), before, "timestamp");
  });

  await check("traces a deposit on the node", async () => {
    const receipts = await json("logs", "--json", "--from-block", "0", "Deposit(address,address,uint256)");
    const hash = receipts[0].transactionHash;
    const trace = await json("rpc", "debug_traceTransaction", hash, '{"tracer":"callTracer"}');
    same(trace.to, manager.toLowerCase(), "the outer frame");
    const flat = await json("rpc", "trace_transaction", hash);
    return `${flat.length} frames`;
  });

  await forge(check, node, cast, { manager, token });
});

/** A project with forge's layout, compiled by the npm compiler. */
async function forge(check, node, cast, { manager, token }) {
  const project = mkdtempSync(join(tmpdir(), "bulwark-forge-"));
  cpSync(join(TOOLS, "hardhat/contracts"), join(project, "src"), { recursive: true });
  mkdirSync(join(project, "test"));
  cpSync(join(TOOLS, "forge"), join(project, "test"), { recursive: true });
  writeFileSync(
    join(project, "foundry.toml"),
    '[profile.default]\nevm_version = "osaka"\n[rpc_endpoints]\nbulwark = "${BULWARK_RPC}"\n',
  );
  const run = (...words) => {
    const env = { BULWARK_RPC: node.url, FOUNDRY_SOLC: join(TOOLS, "clients/solc.mjs") };
    return command(FORGE, words, { cwd: project, env });
  };
  try {
    await check("forge deploys a contract", async () => {
      const said = await run(
        "create",
        "--json",
        "--broadcast",
        "--rpc-url",
        node.url,
        "--private-key",
        KEYS[0],
        "src/Savings.sol:Savings",
        "--constructor-args",
        manager,
        STRATEGY,
        token,
      );
      const { deployedTo } = JSON.parse(said.slice(said.indexOf("{")));
      same(await cast("call", deployedTo, "manager()(address)"), manager, "immutable");
      return deployedTo;
    });
    await check("forge tests ask the node with vm.rpc", async () => {
      const said = await run("test");
      ensure(/2 passed; 0 failed/.test(said), said);
    });
  } finally {
    rmSync(project, { recursive: true });
  }
}
