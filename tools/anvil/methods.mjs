// Methods that other nodes have and Bulwark has not, with the reason: the public lists of anvil 1.7, geth 1.16 (its
// console's extensions and the execution-apis specification) and reth 1.8. `compare.mjs` asks Bulwark for each of them: one
// that is answered has to leave this list.

export const LEFT_OUT = [
  {
    why: "proof of work and its miners",
    methods: [
      "eth_getWork",
      "eth_submitWork",
      "eth_submitHashrate",
      "eth_protocolVersion",
      "miner_start",
      "miner_stop",
      "miner_setEtherbase",
      "miner_setExtra",
      "miner_setGasPrice",
      "miner_setGasLimit",
      "debug_seedHash",
    ],
  },
  {
    why: "peers: the node gossips with nobody, and its operator has a command line",
    methods: [
      "admin_addPeer",
      "admin_removePeer",
      "admin_peers",
      "admin_nodeInfo",
      "admin_datadir",
      "admin_exportChain",
      "admin_importChain",
      "debug_traceBadBlock",
      "debug_setHead",
    ],
  },
  {
    why: "keys kept by the node beyond the development accounts: `eth_sign`, `personal_sign`, `eth_signTypedData_v4` are there in `dev`",
    methods: [
      "personal_listAccounts",
      "personal_newAccount",
      "personal_importRawKey",
      "personal_unlockAccount",
      "personal_lockAccount",
      "personal_sendTransaction",
      "personal_ecRecover",
      "eth_resend",
    ],
  },
  {
    why: "the inside of another program: its database, garbage collector, profiler, log",
    methods: [
      "debug_dbGet",
      "debug_dbAncient",
      "debug_chaindbProperty",
      "debug_chaindbCompact",
      "debug_preimage",
      "debug_memStats",
      "debug_gcStats",
      "debug_cpuProfile",
      "debug_goTrace",
      "debug_stacks",
      "debug_verbosity",
      "debug_freeOSMemory",
      "debug_freezeClient",
      "debug_printBlock",
      "debug_traceBlockFromFile",
      "debug_standardTraceBlockToFile",
    ],
  },
  {
    why: "tries between transactions are not made, and witnesses are for clients without a state; `eth_getProof` proves any kept block",
    methods: ["debug_intermediateRoots", "debug_executionWitness", "debug_executionWitnessByBlockHash"],
  },
  {
    why: "another method says the same: `debug_accountRange` page by page, `trace_replayBlockTransactions` with `stateDiff`, `debug_traceBlockByNumber`, `eth_config`, `eth_capabilities`",
    methods: [
      "debug_dumpBlock",
      "debug_getModifiedAccountsByNumber",
      "debug_getModifiedAccountsByHash",
      "debug_traceChain",
      "debug_chainConfig",
      "debug_getAccessibleState",
    ],
  },
  {
    why: "rules that are not Osaka's: block access lists come with a later fork",
    methods: ["eth_getBlockAccessList", "debug_getBlockAccessList"],
  },
  {
    why: "bundles and conditions are for builders; the one producer takes transactions by tip",
    methods: ["eth_sendBundle", "eth_callBundle", "eth_cancelBundle", "eth_sendRawTransactionConditional"],
  },
  {
    why: "a consensus client's side: blocks are not sent to this node",
    methods: ["engine_newPayloadV4", "engine_forkchoiceUpdatedV3", "engine_getPayloadV4"],
  },
  {
    why: "reth's own",
    methods: ["reth_getBalanceChangesInBlock", "reth_subscribeChainNotifications"],
  },
];
