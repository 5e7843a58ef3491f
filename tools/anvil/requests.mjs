// The requests of `cargo xtask e2e anvil`, in order: the same ones go to both nodes. A row is `[label, method, params,
// options]`; params may be a function of what the same node answered before (`keep` names an answer).

import { encodeFunctionData, keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { KEYS, compiled } from "../clients/kit.mjs";

const plain = compiled("Plain", "anvil");
const [, ONE, TWO] = KEYS.map((key) => privateKeyToAccount(key));
/** Account 0 has another nonce on Bulwark, so that nobody's contracts take a native one's address; it is not used. */
const A = ONE.address.toLowerCase();
const B = TWO.address.toLowerCase();
const NOBODY = "0x00000000000000000000000000000000000abcde";
const ABSENT = `0x${"12".repeat(32)}`;
const data = (functionName, ...args) => encodeFunctionData({ abi: plain.abi, functionName, args });
const value = "0xde0b6b3a7640000";
const GAS = { gas: "0x30d40", maxFeePerGas: "0x12a05f2000", maxPriorityFeePerGas: "0x3b9aca00" };
const call =
  (name, ...args) =>
  (kept) => [{ from: A, to: kept.plain.contractAddress, data: data(name, ...args) }, "latest"];
const topic = keccak256(toHex("Changed(address,uint256)"));
const signed = (nonce, more = {}) =>
  ONE.signTransaction({
    chainId: 31337,
    type: "eip1559",
    nonce,
    to: B,
    value: 5n,
    gas: 21_000n,
    maxFeePerGas: 80_000_000_000n,
    maxPriorityFeePerGas: 1_000_000_000n,
    ...more,
  });
const raw = {
  first: await signed(1),
  poor: await signed(2, { value: 10n ** 30n }),
  chain: await signed(2, { chainId: 5 }),
  gap: await signed(40),
};
const TYPED = {
  domain: { name: "Note", chainId: 31337 },
  types: {
    EIP712Domain: [
      { name: "name", type: "string" },
      { name: "chainId", type: "uint256" },
    ],
    Note: [{ name: "text", type: "string" }],
  },
  primaryType: "Note",
  message: { text: "hello" },
};

/** Bad arguments that every method with an address and a block has to refuse. */
const badState = (method, ...middle) => [
  [`${method}: no arguments`, method, []],
  [`${method}: short address`, method, ["0x1234", ...middle, "latest"]],
  [`${method}: address is a number`, method, [7, ...middle, "latest"]],
  [`${method}: unknown tag`, method, [A, ...middle, "newest"]],
  [`${method}: block in the future`, method, [A, ...middle, "0xffffff"]],
  [`${method}: unknown block hash`, method, [A, ...middle, { blockHash: ABSENT }]],
];

const chain = [
  ["eth_chainId", "eth_chainId", []],
  ["eth_accounts", "eth_accounts", []],
  ["eth_blockNumber", "eth_blockNumber", []],
  ["eth_coinbase", "eth_coinbase", []],
  ["eth_mining", "eth_mining", []],
  ["eth_hashrate", "eth_hashrate", []],
  ["eth_syncing", "eth_syncing", []],
  ["eth_protocolVersion", "eth_protocolVersion", []],
  ["eth_gasPrice", "eth_gasPrice", []],
  ["eth_maxPriorityFeePerGas", "eth_maxPriorityFeePerGas", []],
  ["eth_blobBaseFee", "eth_blobBaseFee", []],
  ["eth_config", "eth_config", []],
  ["net_version", "net_version", []],
  ["net_listening", "net_listening", []],
  ["net_peerCount", "net_peerCount", []],
  ["web3_clientVersion", "web3_clientVersion", [], { shape: true }],
  ["web3_sha3", "web3_sha3", ["0x68656c6c6f"]],
  ["web3_sha3: not hex", "web3_sha3", ["hello"]],
  ["rpc_modules", "rpc_modules", []],
  ["unknown method", "eth_doesNotExist", []],
  ["unknown namespace", "nonsense_method", []],
];

const sending = [
  ["deploy", "eth_sendTransaction", [{ from: A, data: plain.bytecode, ...GAS, gas: "0x2dc6c0" }], { keep: "deploy" }],
  ["receipt of a creation", "eth_getTransactionReceipt", (kept) => [kept.deploy], { keep: "plain" }],
  ["eth_sendRawTransaction", "eth_sendRawTransaction", [raw.first], { keep: "transfer" }],
  ["eth_sendRawTransaction: known already", "eth_sendRawTransaction", [raw.first]],
  ["eth_sendRawTransaction: too poor", "eth_sendRawTransaction", [raw.poor]],
  ["eth_sendRawTransaction: other chain", "eth_sendRawTransaction", [raw.chain]],
  ["eth_sendRawTransaction: not a transaction", "eth_sendRawTransaction", ["0x02c0"]],
  ["eth_sendRawTransaction: not hex", "eth_sendRawTransaction", ["zz"]],
  [
    "eth_sendTransaction: a change",
    "eth_sendTransaction",
    (kept) => [{ from: A, to: kept.plain.contractAddress, data: data("change", 5n), ...GAS }],
    { keep: "change" },
  ],
  [
    "eth_sendTransaction: nested calls",
    "eth_sendTransaction",
    (kept) => [{ from: A, to: kept.plain.contractAddress, data: data("nested", 6n), ...GAS }],
    { keep: "nested" },
  ],
  [
    "eth_sendTransaction: fails on chain",
    "eth_sendTransaction",
    (kept) => [{ from: A, to: kept.plain.contractAddress, data: data("custom"), ...GAS }],
    { keep: "failed" },
  ],
  [
    "eth_sendTransaction: legacy",
    "eth_sendTransaction",
    [{ from: A, to: B, value: "0x1", gasPrice: "0x12a05f2000", gas: "0x5208" }],
    { keep: "legacy" },
  ],
  [
    "eth_sendTransaction: access list",
    "eth_sendTransaction",
    [
      {
        from: A,
        to: B,
        value: "0x1",
        gasPrice: "0x12a05f2000",
        gas: "0x7530",
        accessList: [{ address: NOBODY, storageKeys: [ABSENT] }],
      },
    ],
    { keep: "listed" },
  ],
  ["eth_sendTransaction: stranger", "eth_sendTransaction", [{ from: NOBODY, to: B, value: "0x1" }]],
  ["eth_sendTransaction: too little gas", "eth_sendTransaction", [{ from: A, to: B, value: "0x1", gas: "0x1" }]],
  ["eth_sendTransaction: no arguments", "eth_sendTransaction", []],
  ["eth_sendRawTransactionSync: not a transaction", "eth_sendRawTransactionSync", ["0x02c0"]],
  ["eth_sign", "eth_sign", [A, "0x68656c6c6f"]],
  ["eth_sign: stranger", "eth_sign", [NOBODY, "0x68656c6c6f"]],
  ["personal_sign", "personal_sign", ["0x68656c6c6f", A]],
  ["eth_signTypedData_v4", "eth_signTypedData_v4", [A, TYPED]],
  ["eth_signTypedData_v4: as text", "eth_signTypedData_v4", [A, JSON.stringify(TYPED)]],
  ["eth_signTypedData_v4: no types", "eth_signTypedData_v4", [A, { message: {} }]],
  [
    "eth_signTransaction",
    "eth_signTransaction",
    [{ from: A, to: B, value: "0x1", nonce: "0x63", ...GAS }],
    { shape: true },
  ],
  ["eth_fillTransaction", "eth_fillTransaction", [{ from: A, to: B, value: "0x1" }], { shape: true }],
];

const blockReads = (label, params) => [[`eth_getBlockByNumber: ${label}`, "eth_getBlockByNumber", params]];

const reading = [
  ...blockReads("latest, hashes", ["latest", false]),
  ...blockReads("latest, whole", ["latest", true]),
  ...blockReads("genesis", ["0x0", false]),
  ...blockReads("earliest", ["earliest", false]),
  ...blockReads("safe", ["safe", false]),
  ...blockReads("finalized", ["finalized", false]),
  ...blockReads("pending", ["pending", false]),
  ...blockReads("in the future", ["0xffffff", false]),
  ...blockReads("no arguments", []),
  ...blockReads("one argument", ["latest"]),
  ...blockReads("decimal", ["1", false]),
  ...blockReads("not a tag", ["newest", false]),
  ["eth_getBlockByHash", "eth_getBlockByHash", (kept) => [kept.plain.blockHash, true]],
  ["eth_getBlockByHash: unknown", "eth_getBlockByHash", [ABSENT, false]],
  ["eth_getBlockByHash: short", "eth_getBlockByHash", ["0x12", false]],
  ["eth_getHeaderByNumber", "eth_getHeaderByNumber", ["0x1"]],
  ["eth_getHeaderByHash", "eth_getHeaderByHash", (kept) => [kept.plain.blockHash]],
  ["eth_getBlockReceipts", "eth_getBlockReceipts", ["0x1"]],
  ["eth_getBlockReceipts: in the future", "eth_getBlockReceipts", ["0xffffff"]],
  ["eth_getBlockTransactionCountByNumber", "eth_getBlockTransactionCountByNumber", ["0x1"]],
  ["eth_getBlockTransactionCountByNumber: in the future", "eth_getBlockTransactionCountByNumber", ["0xffffff"]],
  ["eth_getBlockTransactionCountByHash", "eth_getBlockTransactionCountByHash", (kept) => [kept.plain.blockHash]],
  ["eth_getBlockTransactionCountByHash: unknown", "eth_getBlockTransactionCountByHash", [ABSENT]],
  ["eth_getUncleCountByBlockNumber", "eth_getUncleCountByBlockNumber", ["0x1"]],
  ["eth_getUncleCountByBlockHash", "eth_getUncleCountByBlockHash", (kept) => [kept.plain.blockHash]],
  ["eth_getUncleByBlockNumberAndIndex", "eth_getUncleByBlockNumberAndIndex", ["0x1", "0x0"]],
  ["eth_getUncleByBlockHashAndIndex", "eth_getUncleByBlockHashAndIndex", (kept) => [kept.plain.blockHash, "0x0"]],
  ...["deploy", "transfer", "change", "failed", "legacy", "listed"].flatMap((which) => [
    [`eth_getTransactionByHash: ${which}`, "eth_getTransactionByHash", (kept) => [kept[which]]],
    [`eth_getTransactionReceipt: ${which}`, "eth_getTransactionReceipt", (kept) => [kept[which]]],
  ]),
  ["eth_getTransactionByHash: unknown", "eth_getTransactionByHash", [ABSENT]],
  ["eth_getTransactionByHash: short", "eth_getTransactionByHash", ["0x12"]],
  ["eth_getTransactionReceipt: unknown", "eth_getTransactionReceipt", [ABSENT]],
  ["eth_getTransactionByBlockNumberAndIndex", "eth_getTransactionByBlockNumberAndIndex", ["0x1", "0x0"]],
  ["eth_getTransactionByBlockNumberAndIndex: no such index", "eth_getTransactionByBlockNumberAndIndex", ["0x1", "0x9"]],
  [
    "eth_getTransactionByBlockHashAndIndex",
    "eth_getTransactionByBlockHashAndIndex",
    (kept) => [kept.plain.blockHash, "0x0"],
  ],
  ["eth_getRawTransactionByHash", "eth_getRawTransactionByHash", (kept) => [kept.transfer]],
  ["eth_getRawTransactionByHash: unknown", "eth_getRawTransactionByHash", [ABSENT]],
  ["eth_getRawTransactionByBlockNumberAndIndex", "eth_getRawTransactionByBlockNumberAndIndex", ["0x2", "0x0"]],
  [
    "eth_getRawTransactionByBlockHashAndIndex",
    "eth_getRawTransactionByBlockHashAndIndex",
    (kept) => [kept.plain.blockHash, "0x0"],
  ],
  ["eth_getTransactionBySenderAndNonce", "eth_getTransactionBySenderAndNonce", [A, "0x1"]],
  ["eth_getBalance", "eth_getBalance", [B, "latest"]],
  ["eth_getBalance: genesis", "eth_getBalance", [B, "0x0"]],
  ["eth_getBalance: pending", "eth_getBalance", [B, "pending"]],
  ["eth_getBalance: without block", "eth_getBalance", [B]],
  ["eth_getBalance: by block hash", "eth_getBalance", (kept) => [B, { blockHash: kept.plain.blockHash }]],
  ...badState("eth_getBalance"),
  ["eth_getTransactionCount", "eth_getTransactionCount", [A, "latest"]],
  ...badState("eth_getTransactionCount"),
  ["eth_getCode", "eth_getCode", (kept) => [kept.plain.contractAddress, "latest"]],
  ["eth_getCode: none", "eth_getCode", [NOBODY, "latest"]],
  ...badState("eth_getCode"),
  ["eth_getStorageAt", "eth_getStorageAt", (kept) => [kept.plain.contractAddress, "0x0", "latest"]],
  [
    "eth_getStorageAt: whole slot",
    "eth_getStorageAt",
    (kept) => [kept.plain.contractAddress, `0x${"0".repeat(64)}`, "latest"],
  ],
  ["eth_getStorageAt: slot too long", "eth_getStorageAt", [A, `0x${"0".repeat(66)}`, "latest"]],
  ...badState("eth_getStorageAt", "0x0"),
  ["eth_getProof", "eth_getProof", (kept) => [kept.plain.contractAddress, ["0x0"], "latest"], { shape: true }],
  [
    "eth_getProof: whole slot",
    "eth_getProof",
    (kept) => [kept.plain.contractAddress, [`0x${"0".repeat(64)}`], "latest"],
    { shape: true },
  ],
  ["eth_getProof: nobody", "eth_getProof", [NOBODY, [], "latest"], { shape: true }],
  ["eth_getAccount", "eth_getAccount", [B, "latest"], { shape: true }],
  ["eth_getAccountInfo", "eth_getAccountInfo", [B, "latest"]],
  ["eth_feeHistory", "eth_feeHistory", ["0x2", "0x3", [10, 50]]],
  ["eth_feeHistory: without percentiles", "eth_feeHistory", ["0x1", "latest", []], { shape: true }],
  ["eth_feeHistory: no blocks", "eth_feeHistory", ["0x0", "latest", []]],
  ["eth_feeHistory: falling percentiles", "eth_feeHistory", ["0x1", "latest", [50, 10]]],
  ["eth_getWork", "eth_getWork", []],
];

const executing = [
  ["eth_call", "eth_call", call("value")],
  ["eth_call: custom error", "eth_call", call("custom")],
  ["eth_call: reason", "eth_call", call("text")],
  ["eth_call: without reason", "eth_call", call("silent")],
  ["eth_call: panic", "eth_call", call("panic", 0n)],
  [
    "eth_call: endless",
    "eth_call",
    (kept) => [{ to: kept.plain.contractAddress, data: data("endless"), gas: "0x186a0" }, "latest"],
  ],
  [
    "eth_call: input instead of data",
    "eth_call",
    (kept) => [{ to: kept.plain.contractAddress, input: data("value") }, "latest"],
  ],
  [
    "eth_call: data and input differ",
    "eth_call",
    (kept) => [{ to: kept.plain.contractAddress, input: data("value"), data: data("text") }, "latest"],
  ],
  ["eth_call: to nobody", "eth_call", [{ to: NOBODY }, "latest"]],
  ["eth_call: too poor", "eth_call", [{ from: NOBODY, to: B, value }, "latest"]],
  ["eth_call: in the future", "eth_call", [{ to: B }, "0xffffff"]],
  ["eth_call: at genesis", "eth_call", (kept) => [{ to: kept.plain.contractAddress, data: data("value") }, "0x0"]],
  ["eth_call: no arguments", "eth_call", []],
  ["eth_call: bad data", "eth_call", [{ to: B, data: "0x1" }, "latest"]],
  [
    "eth_call: balance override",
    "eth_call",
    [{ from: NOBODY, to: B, value }, "latest", { [NOBODY]: { balance: value } }],
  ],
  ["eth_call: code override", "eth_call", [{ to: NOBODY }, "latest", { [NOBODY]: { code: "0x602a5f5260205ff3" } }]],
  [
    "eth_call: state override",
    "eth_call",
    (kept) => [
      { to: kept.plain.contractAddress, data: data("value") },
      "latest",
      { [kept.plain.contractAddress]: { stateDiff: { [`0x${"0".repeat(64)}`]: `0x${"9".padStart(64, "0")}` } } },
    ],
  ],
  ["eth_call: state and stateDiff", "eth_call", [{ to: NOBODY }, "latest", { [NOBODY]: { state: {}, stateDiff: {} } }]],
  [
    "eth_call: block override",
    "eth_call",
    (kept) => [
      { to: kept.plain.contractAddress, data: data("now_") },
      "latest",
      {},
      { number: "0x64", time: "0x7fffffff", baseFeePerGas: "0x1" },
    ],
  ],
  [
    "eth_estimateGas",
    "eth_estimateGas",
    (kept) => [{ from: A, to: kept.plain.contractAddress, data: data("change", 9n) }],
    { near: true },
  ],
  ["eth_estimateGas: transfer", "eth_estimateGas", [{ from: A, to: B, value: "0x1" }]],
  [
    "eth_estimateGas: custom error",
    "eth_estimateGas",
    (kept) => [{ from: A, to: kept.plain.contractAddress, data: data("custom") }],
  ],
  ["eth_estimateGas: too poor", "eth_estimateGas", [{ from: NOBODY, to: B, value }]],
  [
    "eth_createAccessList",
    "eth_createAccessList",
    (kept) => [{ from: A, to: kept.plain.contractAddress, data: data("change", 9n) }, "latest"],
    { near: true },
  ],
  [
    "eth_simulateV1",
    "eth_simulateV1",
    (kept) => [
      {
        blockStateCalls: [
          {
            stateOverrides: { [NOBODY]: { balance: value } },
            calls: [
              { from: NOBODY, to: B, value: "0x1" },
              { from: A, to: kept.plain.contractAddress, data: data("custom") },
            ],
          },
        ],
      },
      "latest",
    ],
    { shape: true },
  ],
  ["eth_simulateV1: no blocks", "eth_simulateV1", [{ blockStateCalls: [] }, "latest"]],
];

const filters = [
  ["eth_getLogs", "eth_getLogs", [{ fromBlock: "0x0", toBlock: "latest", topics: [topic] }]],
  ["eth_getLogs: by address", "eth_getLogs", (kept) => [{ fromBlock: "0x0", address: kept.plain.contractAddress }]],
  ["eth_getLogs: by block hash", "eth_getLogs", (kept) => [{ blockHash: kept.plain.blockHash }]],
  ["eth_getLogs: no match", "eth_getLogs", [{ fromBlock: "0x0", topics: [ABSENT] }]],
  ["eth_getLogs: alternatives", "eth_getLogs", [{ fromBlock: "0x0", topics: [[topic, ABSENT], null] }]],
  ["eth_getLogs: backwards", "eth_getLogs", [{ fromBlock: "0x3", toBlock: "0x1" }]],
  ["eth_getLogs: unknown block hash", "eth_getLogs", [{ blockHash: ABSENT }]],
  ["eth_getLogs: hash and range", "eth_getLogs", [{ blockHash: ABSENT, fromBlock: "0x1" }]],
  ["eth_getLogs: no arguments", "eth_getLogs", []],
  ["eth_newFilter", "eth_newFilter", [{ fromBlock: "0x0", topics: [topic] }], { keep: "filter", shape: true }],
  ["eth_newBlockFilter", "eth_newBlockFilter", [], { keep: "blocks", shape: true }],
  ["eth_newPendingTransactionFilter", "eth_newPendingTransactionFilter", [], { keep: "pending", shape: true }],
  ["eth_getFilterLogs", "eth_getFilterLogs", (kept) => [kept.filter]],
  [
    "a transaction for the filters",
    "eth_sendTransaction",
    (kept) => [{ from: A, to: kept.plain.contractAddress, data: data("change", 11n), ...GAS }],
  ],
  ["eth_getFilterChanges: logs", "eth_getFilterChanges", (kept) => [kept.filter]],
  ["eth_getFilterChanges: blocks", "eth_getFilterChanges", (kept) => [kept.blocks]],
  ["eth_getFilterChanges: pending", "eth_getFilterChanges", (kept) => [kept.pending]],
  ["eth_uninstallFilter", "eth_uninstallFilter", (kept) => [kept.filter]],
  ["eth_uninstallFilter: again", "eth_uninstallFilter", (kept) => [kept.filter]],
  ["eth_getFilterChanges: unknown", "eth_getFilterChanges", ["0xdead"]],
  ["eth_getFilterLogs: unknown", "eth_getFilterLogs", ["0xdead"]],
  ["eth_subscribe over HTTP", "eth_subscribe", ["newHeads"]],
];

const pool = [
  ["evm_setAutomine: off", "evm_setAutomine", [false]],
  ["anvil_getAutomine: off", "anvil_getAutomine", []],
  ["hold one back", "eth_sendTransaction", [{ from: B, to: A, value: "0x1", ...GAS }], { keep: "held", held: true }],
  ["hold one with a gap back", "eth_sendRawTransaction", [raw.gap], { held: true }],
  ["txpool_status", "txpool_status", []],
  ["txpool_inspect", "txpool_inspect", []],
  ["txpool_content", "txpool_content", []],
  ["txpool_contentFrom", "txpool_contentFrom", [B]],
  ["eth_getTransactionByHash: held back", "eth_getTransactionByHash", (kept) => [kept.held]],
  ["eth_getTransactionReceipt: held back", "eth_getTransactionReceipt", (kept) => [kept.held]],
  ["eth_getTransactionCount: pending", "eth_getTransactionCount", [B, "pending"]],
  ["eth_getBlockByNumber: pending with one", "eth_getBlockByNumber", ["pending", true]],
  ["eth_pendingTransactions", "eth_pendingTransactions", []],
  ["evm_mine", "evm_mine", []],
  ["evm_mine: with a time", "evm_mine", ["0x80000000"]],
  ["eth_getTransactionReceipt: mined", "eth_getTransactionReceipt", (kept) => [kept.held]],
  ["anvil_dropTransaction: unknown", "anvil_dropTransaction", [ABSENT]],
  ["anvil_removePoolTransactions", "anvil_removePoolTransactions", [A]],
  ["anvil_dropAllTransactions", "anvil_dropAllTransactions", []],
  ["evm_setAutomine: on", "evm_setAutomine", [true]],
];

const tracing = [
  ...["callTracer", "prestateTracer", "4byteTracer", "noopTracer"].map((tracer) => [
    `debug_traceTransaction: ${tracer}`,
    "debug_traceTransaction",
    (kept) => [kept.nested, { tracer }],
  ]),
  ["debug_traceTransaction: steps", "debug_traceTransaction", (kept) => [kept.change, {}]],
  [
    "debug_traceTransaction: call tracer with logs",
    "debug_traceTransaction",
    (kept) => [kept.nested, { tracer: "callTracer", tracerConfig: { withLog: true } }],
  ],
  [
    "debug_traceTransaction: differences",
    "debug_traceTransaction",
    (kept) => [kept.change, { tracer: "prestateTracer", tracerConfig: { diffMode: true } }],
  ],
  ["debug_traceTransaction: unknown", "debug_traceTransaction", [ABSENT, {}]],
  ["debug_traceTransaction: unknown tracer", "debug_traceTransaction", (kept) => [kept.change, { tracer: "noTracer" }]],
  [
    "debug_traceCall",
    "debug_traceCall",
    (kept) => [
      { from: A, to: kept.plain.contractAddress, data: data("change", 3n) },
      "latest",
      { tracer: "callTracer" },
    ],
  ],
  ["debug_traceBlockByNumber", "debug_traceBlockByNumber", ["0x4", { tracer: "callTracer" }]],
  ["debug_traceBlockByHash", "debug_traceBlockByHash", (kept) => [kept.plain.blockHash, { tracer: "callTracer" }]],
  ["debug_getRawTransaction", "debug_getRawTransaction", (kept) => [kept.transfer]],
  ["debug_getRawHeader", "debug_getRawHeader", ["0x1"], { shape: true }],
  ["debug_getRawBlock", "debug_getRawBlock", ["0x1"], { shape: true }],
  ["debug_getRawReceipts", "debug_getRawReceipts", ["0x1"]],
  ["debug_codeByHash", "debug_codeByHash", [ABSENT]],
  ["trace_transaction", "trace_transaction", (kept) => [kept.nested]],
  ["trace_transaction: unknown", "trace_transaction", [ABSENT]],
  ["trace_block", "trace_block", ["0x4"]],
  ["trace_block: in the future", "trace_block", ["0xffffff"]],
  ["trace_filter", "trace_filter", [{ fromBlock: "0x1", toBlock: "0x5", fromAddress: [A] }]],
  ["trace_replayTransaction", "trace_replayTransaction", (kept) => [kept.nested, ["trace"]]],
  ["trace_replayBlockTransactions", "trace_replayBlockTransactions", ["0x4", ["trace"]]],
  ["ots_getApiLevel", "ots_getApiLevel", []],
  ["ots_hasCode", "ots_hasCode", (kept) => [kept.plain.contractAddress, "latest"]],
  ["ots_getBlockDetails", "ots_getBlockDetails", [4], { shape: true }],
  ["ots_getInternalOperations", "ots_getInternalOperations", (kept) => [kept.nested]],
  ["ots_traceTransaction", "ots_traceTransaction", (kept) => [kept.nested]],
  ["ots_getTransactionError", "ots_getTransactionError", (kept) => [kept.failed]],
  ["ots_getContractCreator", "ots_getContractCreator", (kept) => [kept.plain.contractAddress]],
];

/** The same developer's method under its names. */
const named = (names, method, params, label = "") =>
  names.map((name) => [`${name}_${method}${label}`, `${name}_${method}`, params]);
const BOTH = ["anvil", "hardhat"];

const controls = [
  ...named(BOTH, "setBalance", [NOBODY, value]),
  ...named(BOTH, "setBalance", [NOBODY], ": one argument"),
  ["eth_getBalance: after setBalance", "eth_getBalance", [NOBODY, "latest"]],
  ...named(BOTH, "setCode", [NOBODY, "0x602a5f5260205ff3"]),
  ["eth_call: after setCode", "eth_call", [{ to: NOBODY }, "latest"]],
  ...named(BOTH, "setCode", [NOBODY, "0x"], ": none"),
  ...named(BOTH, "setNonce", [NOBODY, "0x5"]),
  ["eth_getTransactionCount: after setNonce", "eth_getTransactionCount", [NOBODY, "latest"]],
  ...named(BOTH, "setStorageAt", [NOBODY, "0x1", `0x${"9".padStart(64, "0")}`]),
  ["eth_getStorageAt: after setStorageAt", "eth_getStorageAt", [NOBODY, "0x1", "latest"]],
  ...named(BOTH, "setStorageAt", [NOBODY, "0x1", "0x9"], ": short value"),
  ["anvil_addBalance", "anvil_addBalance", [NOBODY, "0x1"]],
  ...named(BOTH, "impersonateAccount", [NOBODY]),
  ["eth_sendTransaction: impersonated", "eth_sendTransaction", [{ from: NOBODY, to: B, value: "0x1", ...GAS }]],
  ...named(BOTH, "stopImpersonatingAccount", [NOBODY]),
  [
    "eth_sendTransaction: no longer impersonated",
    "eth_sendTransaction",
    [{ from: NOBODY, to: B, value: "0x1", ...GAS }],
  ],
  ["anvil_autoImpersonateAccount: on", "anvil_autoImpersonateAccount", [true]],
  ["eth_sendTransaction: impersonated unasked", "eth_sendTransaction", [{ from: NOBODY, to: B, value: "0x1", ...GAS }]],
  ["anvil_autoImpersonateAccount: off", "anvil_autoImpersonateAccount", [false]],
  ...named(BOTH, "getAutomine", []),
  ["anvil_getIntervalMining", "anvil_getIntervalMining", []],
  ["anvil_nodeInfo", "anvil_nodeInfo", [], { shape: true }],
  ["anvil_metadata", "anvil_metadata", [], { shape: true }],
  ["hardhat_metadata", "hardhat_metadata", [], { shape: true }],
  ["evm_snapshot", "evm_snapshot", [], { keep: "snapshot", shape: true }],
  ...named(BOTH, "mine", ["0x5"]),
  ...named(BOTH, "mine", ["0x2", "0x3c"], ": an interval"),
  ...named(BOTH, "mine", [], ": no arguments"),
  ["eth_blockNumber: after mining", "eth_blockNumber", []],
  ["evm_increaseTime", "evm_increaseTime", [3600], { shape: true }],
  ["evm_increaseTime: hex", "evm_increaseTime", ["0xe10"], { shape: true }],
  ["evm_increaseTime: negative", "evm_increaseTime", [-1]],
  ["evm_setNextBlockTimestamp", "evm_setNextBlockTimestamp", [2200000000]],
  ["evm_mine: at that time", "evm_mine", []],
  ["eth_getBlockByNumber: at that time", "eth_getBlockByNumber", ["latest", false], { exact: ["timestamp"] }],
  ["evm_setNextBlockTimestamp: the past", "evm_setNextBlockTimestamp", [1]],
  ["evm_setTime", "evm_setTime", [2300000000], { shape: true }],
  ...named(BOTH, "setNextBlockBaseFeePerGas", ["0x77359400"]),
  ["evm_mine: at that base fee", "evm_mine", []],
  ["eth_getBlockByNumber: at that base fee", "eth_getBlockByNumber", ["latest", false]],
  ...named(BOTH, "setCoinbase", [B]),
  ["eth_coinbase: after setCoinbase", "eth_coinbase", []],
  ...named(BOTH, "setPrevRandao", [ABSENT]),
  ...named(BOTH, "setMinGasPrice", ["0x1"]),
  ["anvil_setBlockTimestampInterval", "anvil_setBlockTimestampInterval", [10]],
  ["anvil_removeBlockTimestampInterval", "anvil_removeBlockTimestampInterval", []],
  ["evm_setBlockGasLimit", "evm_setBlockGasLimit", ["0x1c9c380"]],
  ["anvil_setLoggingEnabled", "anvil_setLoggingEnabled", [false]],
  ["hardhat_setLoggingEnabled", "hardhat_setLoggingEnabled", [false]],
  ["anvil_setRpcUrl", "anvil_setRpcUrl", ["http://127.0.0.1:1"]],
  ["anvil_enableTraces", "anvil_enableTraces", []],
  ["evm_setIntervalMining: off", "evm_setIntervalMining", [0]],
  ["anvil_getAutomine: after evm_setIntervalMining", "anvil_getAutomine", []],
  ["evm_setAutomine: on again", "evm_setAutomine", [true]],
  ["evm_revert: unknown", "evm_revert", ["0xffff"]],
  ["evm_revert", "evm_revert", (kept) => [kept.snapshot]],
  ["eth_blockNumber: after the snapshot", "eth_blockNumber", []],
  ["evm_revert: again", "evm_revert", (kept) => [kept.snapshot]],
  ["anvil_dumpState", "anvil_dumpState", [], { shape: true, keep: "dump" }],
  ["anvil_loadState: own dump", "anvil_loadState", (kept) => [kept.dump]],
  ["anvil_loadState: not a dump", "anvil_loadState", ["0x1234"]],
];

/** What only one node does, or does in another block: after it the chains differ, so it comes last. */
const parting = [
  [
    "eth_sendTransaction: reverts while estimating",
    "eth_sendTransaction",
    (kept) => [{ from: A, to: kept.plain.contractAddress, data: data("custom") }],
  ],
  ["eth_sendTransactionSync", "eth_sendTransactionSync", [{ from: A, to: B, value: "0x1", ...GAS }]],
  ["anvil_rollback", "anvil_rollback", [1]],
  ["anvil_reorg", "anvil_reorg", [1, []]],
  ["anvil_reset", "anvil_reset", []],
  ["eth_blockNumber: after reset", "eth_blockNumber", []],
];

/** Bodies that are no single good call, sent as they are. */
export const BODIES = [
  ["body: not JSON", "{"],
  ["body: empty", ""],
  ["body: a number", "7"],
  ["body: empty batch", "[]"],
  ["body: batch of a call and nonsense", '[{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]},7]'],
  ["body: no method", '{"jsonrpc":"2.0","id":1}'],
  ["body: method is a number", '{"jsonrpc":"2.0","id":1,"method":7}'],
  ["body: no version", '{"id":1,"method":"eth_chainId","params":[]}'],
  ["body: notification", '{"jsonrpc":"2.0","method":"eth_chainId","params":[]}'],
  ["body: id is text", '{"jsonrpc":"2.0","id":"x","method":"eth_chainId","params":[]}'],
  ["body: id is null", '{"jsonrpc":"2.0","id":null,"method":"eth_chainId","params":[]}'],
  [
    "body: params by name",
    '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":{"address":"0x0000000000000000000000000000000000000000"}}',
  ],
  ["body: without params", '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'],
];

export const REQUESTS = [
  ...chain,
  ...sending,
  ...reading,
  ...executing,
  ...filters,
  ...pool,
  ...tracing,
  ...controls,
  ...parting,
];
