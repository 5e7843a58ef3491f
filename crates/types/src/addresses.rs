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
/// EigenLayer's KeyRegistrar.
pub const KEY_REGISTRAR: Address = address!("0xb000000000000000000000000000000000000105");
/// EigenLayer's ReleaseManager.
pub const RELEASE_MANAGER: Address = address!("0xb000000000000000000000000000000000000106");
/// EigenLayer's ProtocolRegistry.
pub const PROTOCOL_REGISTRY: Address = address!("0xB000000000000000000000000000000000000107");
/// EigenLayer's EigenStrategy.
pub const EIGEN_STRATEGY: Address = address!("0xB000000000000000000000000000000000000108");
/// EIGEN.
pub const EIGEN: Address = address!("0xb000000000000000000000000000000000000109");
/// bEIGEN, which stands behind [`EIGEN`].
pub const BACKING_EIGEN: Address = address!("0xB00000000000000000000000000000000000010a");
/// Limits that operators promise and stakers demand.
pub const COVENANTS: Address = address!("0xB000000000000000000000000000000000000180");
/// What slashes took of stakers, written to the log on request.
pub const LOSS_NOTICES: Address = address!("0xb000000000000000000000000000000000000181");
/// A way out that no registrar can bar, and keys that come back to their operator.
pub const SAFE_EXIT: Address = address!("0xb000000000000000000000000000000000000182");
/// Whole positions, exposures and previews in one call.
pub const LENS: Address = address!("0xb000000000000000000000000000000000000183");
/// EigenLayer's EigenPodManager; pods come with the base layer.
pub const EIGEN_POD_MANAGER: Address = address!("0xB000000000000000000000000000000000000201");
/// EigenLayer's beacon of pods (comes with the base layer).
pub const EIGEN_POD_BEACON: Address = address!("0xb000000000000000000000000000000000000202");
/// What strategies and tokens are worth in ether.
pub const PRICE_BOOK: Address = address!("0xB000000000000000000000000000000000000680");
/// Prizes of services, and certified bounds on how secure they are.
pub const RISK_ORACLE: Address = address!("0xb000000000000000000000000000000000000681");
/// Wrapped ether with WETH9's ABI, native.
pub const WETH: Address = address!("0xb000000000000000000000000000000000000f01");
/// An ERC-20 that anyone may mint; `dev` and `demo` only.
pub const TEST_TOKEN: Address = address!("0xb000000000000000000000000000000000000f02");
/// The strategy of [`TEST_TOKEN`]: `CREATE`(StrategyFactory, nonce 1), made at genesis in `dev`.
pub const TEST_TOKEN_STRATEGY: Address = address!("0x1b4029dD81999F1baEAdb1A0d4D2f660363Fa95A");
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
    ("EigenPodManager", EIGEN_POD_MANAGER),
    ("PermissionController", PERMISSION_CONTROLLER),
    ("StrategyFactory", STRATEGY_FACTORY),
    ("PauserRegistry", PAUSER_REGISTRY),
    ("AVSDirectory", AVS_DIRECTORY),
    ("KeyRegistrar", KEY_REGISTRAR),
    ("ReleaseManager", RELEASE_MANAGER),
    ("ProtocolRegistry", PROTOCOL_REGISTRY),
    ("EigenStrategy", EIGEN_STRATEGY),
    ("EIGEN", EIGEN),
    ("BackingEigen", BACKING_EIGEN),
    ("Covenants", COVENANTS),
    ("LossNotices", LOSS_NOTICES),
    ("SafeExit", SAFE_EXIT),
    ("Lens", LENS),
    ("PriceBook", PRICE_BOOK),
    ("RiskOracle", RISK_ORACLE),
    ("WETH", WETH),
    ("Multicall3", MULTICALL3),
];

/// What `dev` and `demo` have besides [`NAMED`].
pub const NAMED_IN_DEV: &[(&str, Address)] = &[("TestToken", TEST_TOKEN)];

/// Whether an account must never be created at `address` by a user: the fixed addresses of native contracts.
pub fn is_fixed(address: Address) -> bool {
    [DELEGATION_MANAGER, AVS_DIRECTORY, REWARDS_COORDINATOR, PERMISSION_CONTROLLER, MULTICALL3]
        .contains(&address)
        || address.as_slice().starts_with(&[0xb0, 0, 0, 0, 0, 0, 0, 0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_the_checksums_that_are_published() {
        let published = [
            (DELEGATION_MANAGER, "0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9"),
            (AVS_DIRECTORY, "0x0165878A594ca255338adfa4d48449f69242Eb8F"),
            (REWARDS_COORDINATOR, "0x2279B7A0a67DB372996a5FaB50D91eAA73d2eBe6"),
            (PERMISSION_CONTROLLER, "0x3Aa5ebB10DC797CAC828524e59A333d0A371443c"),
            (STRATEGY_MANAGER, "0xb000000000000000000000000000000000000101"),
            (ALLOCATION_MANAGER, "0xB000000000000000000000000000000000000102"),
            (STRATEGY_FACTORY, "0xb000000000000000000000000000000000000103"),
            (PAUSER_REGISTRY, "0xB000000000000000000000000000000000000104"),
            (KEY_REGISTRAR, "0xb000000000000000000000000000000000000105"),
            (RELEASE_MANAGER, "0xb000000000000000000000000000000000000106"),
            (PROTOCOL_REGISTRY, "0xB000000000000000000000000000000000000107"),
            (EIGEN_STRATEGY, "0xB000000000000000000000000000000000000108"),
            (EIGEN, "0xb000000000000000000000000000000000000109"),
            (BACKING_EIGEN, "0xB00000000000000000000000000000000000010a"),
            (COVENANTS, "0xB000000000000000000000000000000000000180"),
            (LOSS_NOTICES, "0xb000000000000000000000000000000000000181"),
            (SAFE_EXIT, "0xb000000000000000000000000000000000000182"),
            (LENS, "0xb000000000000000000000000000000000000183"),
            (EIGEN_POD_MANAGER, "0xB000000000000000000000000000000000000201"),
            (EIGEN_POD_BEACON, "0xb000000000000000000000000000000000000202"),
            (PRICE_BOOK, "0xB000000000000000000000000000000000000680"),
            (RISK_ORACLE, "0xb000000000000000000000000000000000000681"),
            (WETH, "0xb000000000000000000000000000000000000f01"),
            (TEST_TOKEN, "0xb000000000000000000000000000000000000f02"),
            (TEST_TOKEN_STRATEGY, "0x1b4029dD81999F1baEAdb1A0d4D2f660363Fa95A"),
            (MULTICALL3, "0xcA11bde05977b3631167028862bE2a173976CA11"),
            (BEACON_STRATEGY, "0xbeaC0eeEeeeeEEeEeEEEEeeEEeEeeeEeeEEBEaC0"),
            (BURN, "0x00000000000000000000000000000000000E16E4"),
            (DEPOSIT_CONTRACT, "0x00000000219ab540356cBB839Cbe05303d7705Fa"),
            (BEACON_ROOTS, "0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02"),
            (HISTORY_STORAGE, "0x0000F90827F1C53a10cb7A02335B175320002935"),
            (CREATE2_DEPLOYER, "0x4e59b44847b379578588920cA78FbF26c0B4956C"),
            (SYSTEM, "0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE"),
        ];
        for (address, checksummed) in published {
            assert_eq!(address.to_checksum(None), checksummed);
        }
    }

    #[test]
    fn names_and_addresses_are_unique() {
        let all: Vec<_> = NAMED.iter().chain(NAMED_IN_DEV).collect();
        for (index, (name, address)) in all.iter().enumerate() {
            assert!(all[..index].iter().all(|(n, a)| n != name && a != address), "{name}");
        }
    }

    #[test]
    fn native_addresses_are_fixed() {
        for (name, address) in NAMED.iter().chain(NAMED_IN_DEV) {
            assert!(is_fixed(*address), "{name}");
        }
        assert!(!is_fixed(Address::repeat_byte(0xb0)));
    }
}
