//! The public ABIs that native contracts answer, one file a contract: functions, events and custom errors as
//! `sol!` declares them. What a member does is told in `protocol`, where it is implemented.

mod allocation_manager;
mod avs_directory;
mod backing_eigen;
mod covenants;
mod delegation_manager;
mod duration_vault_strategy;
mod eigen;
mod eigen_pod_manager;
mod eigen_strategy;
mod erc20;
mod key_registrar;
mod lens;
mod loss_notices;
mod multicall3;
mod ownable;
mod pausable;
mod pauser_registry;
mod permission_controller;
mod price_book;
mod protocol_registry;
mod release_manager;
mod risk_oracle;
mod safe_exit;
mod strategy_base;
mod strategy_base_tvl_limits;
mod strategy_factory;
mod strategy_manager;
mod test_token;
mod votes_token;
mod weth;

use alloy_json_abi::JsonAbi;

pub use allocation_manager::{IAVSRegistrar, IAllocationManager};
pub use avs_directory::IAVSDirectory;
pub use backing_eigen::IBackingEigen;
pub use covenants::ICovenants;
pub use delegation_manager::IDelegationManager;
pub use duration_vault_strategy::IDurationVaultStrategy;
pub use eigen::IEigen;
pub use eigen_pod_manager::{IEigenPod, IEigenPodManager};
pub use eigen_strategy::IEigenStrategy;
pub use erc20::IERC20;
pub use key_registrar::IKeyRegistrar;
pub use lens::ILens;
pub use loss_notices::ILossNotices;
pub use multicall3::IMulticall3;
pub use ownable::IOwnable;
pub use pausable::IPausable;
pub use pauser_registry::IPauserRegistry;
pub use permission_controller::IPermissionController;
pub use price_book::{IPriceBook, IPriceFeed};
pub use protocol_registry::IProtocolRegistry;
pub use release_manager::IReleaseManager;
pub use risk_oracle::IRiskOracle;
pub use safe_exit::ISafeExit;
pub use strategy_base::IStrategy;
pub use strategy_base_tvl_limits::IStrategyTvlLimits;
pub use strategy_factory::IStrategyFactory;
pub use strategy_manager::IStrategyManager;
pub use test_token::ITestToken;
pub use votes_token::IVotesToken;
pub use weth::IWETH;

/// A name, and what builds its ABI.
type Named = (&'static str, fn() -> JsonAbi);

/// What [`json`] knows.
const ABIS: &[Named] = &[
    ("AVSDirectory", IAVSDirectory::abi::contract),
    ("AllocationManager", IAllocationManager::abi::contract),
    ("BackingEigen", backing_eigen_whole),
    ("Covenants", ICovenants::abi::contract),
    ("DelegationManager", IDelegationManager::abi::contract),
    ("DurationVaultStrategy", IDurationVaultStrategy::abi::contract),
    ("EIGEN", eigen_whole),
    ("ERC20", IERC20::abi::contract),
    ("EigenPodManager", IEigenPodManager::abi::contract),
    ("EigenStrategy", IEigenStrategy::abi::contract),
    ("KeyRegistrar", IKeyRegistrar::abi::contract),
    ("Lens", ILens::abi::contract),
    ("LossNotices", ILossNotices::abi::contract),
    ("Multicall3", IMulticall3::abi::contract),
    ("PauserRegistry", IPauserRegistry::abi::contract),
    ("PermissionController", IPermissionController::abi::contract),
    ("PriceBook", IPriceBook::abi::contract),
    ("ProtocolRegistry", IProtocolRegistry::abi::contract),
    ("ReleaseManager", IReleaseManager::abi::contract),
    ("RiskOracle", IRiskOracle::abi::contract),
    ("SafeExit", ISafeExit::abi::contract),
    ("StrategyBase", IStrategy::abi::contract),
    ("StrategyBaseTVLLimits", IStrategyTvlLimits::abi::contract),
    ("StrategyFactory", IStrategyFactory::abi::contract),
    ("StrategyManager", IStrategyManager::abi::contract),
    ("TestToken", ITestToken::abi::contract),
    ("WETH", IWETH::abi::contract),
];

/// The names that [`json`] knows, in alphabetical order.
pub fn names() -> impl Iterator<Item = &'static str> {
    ABIS.iter().map(|(name, _)| *name)
}

/// The JSON ABI of a contract, which serialises as an array of functions, events and errors.
pub fn json(name: &str) -> Option<JsonAbi> {
    ABIS.iter().find(|(of, _)| *of == name).map(|(_, abi)| abi())
}

fn backing_eigen_whole() -> JsonAbi {
    with_votes(IBackingEigen::abi::contract())
}

fn eigen_whole() -> JsonAbi {
    with_votes(IEigen::abi::contract())
}

/// A token's ABI with what EIGEN and bEIGEN share.
fn with_votes(own: JsonAbi) -> JsonAbi {
    let mut whole = IVotesToken::abi::contract();
    whole.functions.extend(own.functions);
    whole.events.extend(own.events);
    whole.errors.extend(own.errors);
    whole
}

impl From<IStrategyFactory::VaultConfig> for IDurationVaultStrategy::VaultConfig {
    fn from(config: IStrategyFactory::VaultConfig) -> Self {
        let IStrategyFactory::OperatorSet { avs, id } = config.operatorSet;
        Self {
            underlyingToken: config.underlyingToken,
            vaultAdmin: config.vaultAdmin,
            arbitrator: config.arbitrator,
            duration: config.duration,
            maxPerDeposit: config.maxPerDeposit,
            stakeCap: config.stakeCap,
            metadataURI: config.metadataURI,
            operatorSet: IDurationVaultStrategy::OperatorSet { avs, id },
            operatorSetRegistrationData: config.operatorSetRegistrationData,
            delegationApprover: config.delegationApprover,
            operatorMetadataURI: config.operatorMetadataURI,
        }
    }
}

impl From<IDelegationManager::OperatorSet> for IStrategyManager::OperatorSet {
    fn from(IDelegationManager::OperatorSet { avs, id }: IDelegationManager::OperatorSet) -> Self {
        Self { avs, id }
    }
}

impl From<IAllocationManager::OperatorSet> for IDelegationManager::OperatorSet {
    fn from(IAllocationManager::OperatorSet { avs, id }: IAllocationManager::OperatorSet) -> Self {
        Self { avs, id }
    }
}

impl From<IStrategyManager::OperatorSet> for IAllocationManager::OperatorSet {
    fn from(IStrategyManager::OperatorSet { avs, id }: IStrategyManager::OperatorSet) -> Self {
        Self { avs, id }
    }
}
