//! Fixed addresses, the same on every chain id (`decisions.md` §6). Four are those that EigenLayer's own command
//! line has hard-coded for chain 31337. A constant here does not mean that the contract exists yet: [`NAMED`] does.

use alloy_primitives::{Address, address};

/// EigenLayer's DelegationManager.
pub const DELEGATION_MANAGER: Address = address!("0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9");
/// EigenLayer's AVSDirectory.
pub const AVS_DIRECTORY: Address = address!("0x0165878A594ca255338adfa4d48449f69242Eb8F");
/// EigenLayer's RewardsCoordinator.
pub const REWARDS_COORDINATOR: Address = address!("0x2279B7A0a67DB372996a5FaB50D91eAA73d2eBe6");
/// EigenLayer's PermissionController.
pub const PERMISSION_CONTROLLER: Address = address!("0x3Aa5ebB10DC797CAC828524e59A333d0A371443c");
/// EigenLayer's StrategyManager.
pub const STRATEGY_MANAGER: Address = address!("0xb000000000000000000000000000000000000101");
/// EigenLayer's AllocationManager, with its view ABI.
pub const ALLOCATION_MANAGER: Address = address!("0xB000000000000000000000000000000000000102");
/// EigenLayer's StrategyFactory.
pub const STRATEGY_FACTORY: Address = address!("0xb000000000000000000000000000000000000103");
/// EigenLayer's PauserRegistry.
pub const PAUSER_REGISTRY: Address = address!("0xB000000000000000000000000000000000000104");
/// EigenLayer's EigenStrategy (comes with the whole core).
pub const EIGEN_STRATEGY: Address = address!("0xB000000000000000000000000000000000000108");
/// EigenLayer's EigenPodManager (comes with the base layer).
pub const EIGEN_POD_MANAGER: Address = address!("0xB000000000000000000000000000000000000201");
/// Wrapped ether with WETH9's ABI, native.
pub const WETH: Address = address!("0xb000000000000000000000000000000000000f01");
/// An ERC-20 that anyone may mint; `dev` and `demo` only.
pub const TEST_TOKEN: Address = address!("0xb000000000000000000000000000000000000f02");
/// The strategy of [`TEST_TOKEN`]: `CREATE`(StrategyFactory, nonce 1), made at genesis in `dev`.
pub const TEST_TOKEN_STRATEGY: Address = address!("0x0000000000000000000000000000000000000000");
/// Multicall3 at the address it has everywhere, native.
pub const MULTICALL3: Address = address!("0xcA11bde05977b3631167028862bE2a173976CA11");

/// The name of beacon chain ether as a strategy. Never a contract.
pub const BEACON_STRATEGY: Address = address!("0xbeaC0eeEeeeeEEeEeEEEEeeEEeEeeeEeeEEBEaC0");
/// Where burnt tokens go.
pub const BURN: Address = address!("0x00000000000000000000000000000000000E16E4");
/// Ethereum's deposit contract (`EigenPodManager.ethPOS`).
pub const DEPOSIT_CONTRACT: Address = address!("0x00000000219ab540356cBB839Cbe05303d7705Fa");
/// EIP-4788.
pub const BEACON_ROOTS: Address = address!("0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02");
/// EIP-2935.
pub const HISTORY_STORAGE: Address = address!("0x0000F90827F1C53a10cb7A02335B175320002935");
/// The deterministic deployer that anvil also has.
pub const CREATE2_DEPLOYER: Address = address!("0x4e59b44847b379578588920cA78FbF26c0B4956C");
/// The sender of system steps.
pub const SYSTEM: Address = address!("0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE");

/// The contracts that exist in this build, by the names that `restake_addresses` serves.
pub const NAMED: &[(&str, Address)] = &[
    ("DelegationManager", DELEGATION_MANAGER),
    ("StrategyManager", STRATEGY_MANAGER),
    ("AllocationManager", ALLOCATION_MANAGER),
    ("PermissionController", PERMISSION_CONTROLLER),
    ("StrategyFactory", STRATEGY_FACTORY),
    ("PauserRegistry", PAUSER_REGISTRY),
    ("WETH", WETH),
    ("Multicall3", MULTICALL3),
];

/// Whether an account must never be created at `address` by a user: the fixed addresses of native contracts.
pub fn is_fixed(address: Address) -> bool {
    [DELEGATION_MANAGER, AVS_DIRECTORY, REWARDS_COORDINATOR, PERMISSION_CONTROLLER, MULTICALL3].contains(&address)
        || address.as_slice().starts_with(&[0xb0, 0, 0, 0, 0, 0, 0, 0])
}
