// A hardhat project like any user's: the node as a network with its own accounts, and one thing more, the compiler from
// npm, so that nothing is downloaded. BULWARK_RPC names the node.

const { TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD } = require("hardhat/builtin-tasks/task-names");
const { subtask } = require("hardhat/config");
require("@nomicfoundation/hardhat-ethers");
require("@nomicfoundation/hardhat-chai-matchers");

const { version } = require("solc/package.json");

subtask(TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD, async () => ({
  version,
  longVersion: require("solc").version(),
  compilerPath: require.resolve("solc/soljson.js"),
  isSolcJs: true,
}));

module.exports = {
  solidity: version,
  defaultNetwork: "bulwark",
  networks: { bulwark: { url: process.env.BULWARK_RPC ?? "http://127.0.0.1:8545", chainId: 31337 } },
};
