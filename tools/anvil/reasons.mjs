// Why an answer may differ from anvil's: the first row whose patterns all match a difference explains it. A row that
// explains nothing any more is an error, so this list stays as short as the truth. `why` is a heading of
// docs/anvil-differences.md.

const CODES = "Error codes: Bulwark's are geth's, -32000 for what the chain refuses; anvil has its own";
const BEYOND = "Bulwark has the method, anvil has not";
const MISSING =
  "anvil has the method, Bulwark has not: what it asks for (proof of work, a wire protocol) does not exist here";
const FINAL = "One producer, no reorganisation: a sealed block is safe and final at once (decision 21)";
const STRICT = "Bulwark refuses what contradicts itself, as geth does; anvil takes one of the two or answers nothing";
const MILD = "Bulwark takes the default, as geth does; anvil asks for every argument";
const ABSENT_CODE = "Code that nobody has is `null`, as reth has it";
const GENESIS = "The base fee given at the start is that of block 0, as in a genesis file; with anvil, that of block 1";
const RECEIPT = "anvil adds fields to receipts that Ethereum's specification does not have for these transactions";
const STATE = "The state at the start is not the same: native contracts are there, so proofs are deeper";
const JSONRPC = "Errors of the body itself: Bulwark follows JSON-RPC 2.0 to the letter";
const FEES = "Fee history as geth gives it: nothing is answered for no blocks, and percentiles must rise";
const FILTERS = "A filter tells of what is new since it was asked; anvil's first answer repeats the past";
const NAMES = "Addresses as keys have their checksum, as geth writes them";
const TRACES =
  "Traces as geth and OpenEthereum give them; anvil counts a frame's gas after the intrinsic costs, and knows no missing block or transaction";
const ESTIMATE =
  "A transaction that would fail is refused while its gas is estimated; anvil sends it with a block's gas";
const UNSIGNED = "An impersonated transaction has no signature: each node makes one up, and hashes follow";
const PRICE =
  "`gasPrice` of a waiting transaction is the most that it pays, as geth has it: its block's base fee is not known";
const FORK = "Bulwark does not fork another chain: native contracts cannot be run from a copy of their code";
const HEADER = "A header is a header: no uncles, transactions or withdrawals";
const OTTERSCAN = "Otterscan's own specification: receipts of a page have no logs";
const LIES = "No signature recovers to another's address: `ecrecover` says what it says on Ethereum";
const CONFIG =
  "`eth_config` names what this chain has: no blobs, no system contracts of the beacon chain, a fork id of its own";
const FILLED = "A filled transaction is not in a block: nothing is said of one, as geth has it";
const SIMULATED =
  "Simulated blocks have the fields of Osaka's headers, errors their data, and no blocks are no simulation, as geth has it";
const TYPED = "anvil signs typed data of the newest version only; the older names sign the same here";
const TIME = "Bulwark returns the time that it will use, rounded up to a slot (decision 19)";

export const REASONS = [
  { request: /^eth_getBlockByNumber: (safe|finalized)$/, why: FINAL },
  { request: /^eth_getBlockByNumber: (genesis|earliest)$/, path: /baseFeePerGas$/, why: GENESIS },
  { request: /^eth_feeHistory$/, path: /baseFeePerGas/, why: GENESIS },
  { request: /^debug_codeByHash$/, bulwark: /^null$/, why: ABSENT_CODE },
  { path: /\.(blobGasPrice|blockTimestamp)$/, bulwark: /^absent$/, why: RECEIPT },
  { path: /^error\.code$/, anvil: /^-3(2001|2003|2602|2603)$/, bulwark: /^-32000$/, why: CODES },
  { anvil: /^error -32601$/, bulwark: /^answer/, why: BEYOND },
  { request: /one argument|without block/, anvil: /^error -32602$/, bulwark: /^answer/, why: MILD },
  { request: /in the future/, anvil: /^error -32602$/, bulwark: /^answer: null$/, why: MILD },
  { request: /^eth_getProof: (whole slot|nobody)$/, path: /Proof$/, why: STATE },
  { request: /^eth_getProof$/, anvil: /^error -32602$/, why: MILD },
  { request: /^eth_feeHistory/, why: FEES },
  { request: /backwards|data and input differ|decimal/, anvil: /^answer/, bulwark: /^error -32602$/, why: STRICT },
  { request: /^eth_estimateGas: too poor$/, bulwark: /^error -32000$/, why: STRICT },
  { request: /^eth_getFilterChanges: logs$/, why: FILTERS },
  { request: /^txpool_/, path: /^result\.(pending|queued)\.0x/, why: NAMES },
  { request: /^(evm|anvil)_setNextBlockTimestamp$/, path: /^result$/, why: TIME },
  { request: /^(debug_trace|trace_|ots_trace)/, why: TRACES },
  { request: /^eth_getTransactionByHash: held back$/, path: /gasPrice$/, why: PRICE },
  { request: /short value$/, anvil: /^error -32602$/, bulwark: /^answer/, why: MILD },
  { request: /(impersonated|unasked|Unsigned.*stranger)$/, path: /^result$/, why: UNSIGNED },
  { request: /^eth_sendTransaction: reverts while estimating$/, bulwark: /^error 3$/, why: ESTIMATE },
  { request: /^anvil_setRpcUrl$/, bulwark: /^error -32004$/, why: FORK },
  { request: /^erigon_getHeaderByNumber$/, bulwark: /^absent$/, why: HEADER },
  { request: /^ots_getBlockTransactions$/, path: /logs(Bloom)?$/, bulwark: /null/, why: OTTERSCAN },
  { request: /^anvil_impersonateSignature$/, path: /code$/, bulwark: /^-32004$/, why: LIES },
  { request: /^eth_getWork$/, path: /code$/, bulwark: /^-32601$/, why: MISSING },
  { request: /^eth_config$/, why: CONFIG },
  { request: /^eth_fillTransaction$/, bulwark: /^absent$/, why: FILLED },
  { request: /^eth_simulateV1/, why: SIMULATED },
  { request: /^eth_getStorageValues$/, anvil: /^error -32602$/, why: MILD },
  { request: /^eth_signTypedData(_v3)?$/, anvil: /^error -32603$/, why: TYPED },
  { request: /^body: /, why: JSONRPC },
  {
    request: /^(eth_hashrate|eth_protocolVersion)$/,
    anvil: /^answer/,
    bulwark: /^error -32601$/,
    why: MISSING,
  },
];
