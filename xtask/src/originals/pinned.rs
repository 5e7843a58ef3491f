//! The pinned release (v1.12.0) beside ours: its creation codes, which no published crate holds, read from a folder that
//! the caller names: a file `CONTRACT.hex` each. Nothing here makes that folder.

use super::world::{OWNER, World};
use alloy_primitives::{Address, Bytes, U256, address, hex};
use alloy_sol_types::{SolCall, SolValue, sol};
use anyhow::{Context, Result};
use std::{fs, path::Path};
use types::{
    Params,
    addresses::{
        ALLOCATION_MANAGER, AVS_DIRECTORY, DELEGATION_MANAGER, DEPOSIT_CONTRACT, EIGEN_POD_BEACON,
        EIGEN_POD_MANAGER, EIGEN_STRATEGY, KEY_REGISTRAR, PAUSER_REGISTRY, PERMISSION_CONTROLLER,
        RELEASE_MANAGER, STRATEGY_MANAGER,
    },
};

/// The contracts that are replaced in any world of that release.
pub const REPLACED: [Address; 8] = [
    ALLOCATION_MANAGER,
    AVS_DIRECTORY,
    DELEGATION_MANAGER,
    EIGEN_POD_MANAGER,
    KEY_REGISTRAR,
    PERMISSION_CONTROLLER,
    RELEASE_MANAGER,
    STRATEGY_MANAGER,
];

/// The release's version, whose first character enters the EIP-712 domain.
const VERSION: &str = "1.12.0";
/// The view part of the AllocationManager, which is a contract of its own there.
const VIEWS: Address = address!("0x00000000000000000000000000000000000000b1");

sol! {
    interface IPausedOnly {
        function initialize(uint256 paused);
    }
    interface IOwned {
        function initialize(address owner, uint256 paused);
    }
    interface IWhitelisted {
        function initialize(address owner, address whitelister, uint256 paused);
    }
    interface IPlain {
        function initialize(address token);
    }
    interface ILimited {
        function initialize(uint256 perDeposit, uint256 total, address token);
    }
}

/// The creation codes.
#[derive(Clone, Debug)]
pub struct Pinned {
    allocation_manager: Bytes,
    allocation_manager_view: Bytes,
    avs_directory: Bytes,
    delegation_manager: Bytes,
    eigen_pod_manager: Bytes,
    key_registrar: Bytes,
    permission_controller: Bytes,
    release_manager: Bytes,
    strategy_base: Bytes,
    strategy_limits: Bytes,
    strategy_manager: Bytes,
}

/// Reads the creation codes from `folder`.
///
/// # Errors
/// A file is missing or is not hexadecimal.
pub fn load(folder: &Path) -> Result<Pinned> {
    let read = |name: &str| -> Result<Bytes> {
        let file = folder.join(name).with_extension("hex");
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(hex::decode(text.trim()).with_context(|| format!("{} is not hexadecimal", file.display()))?.into())
    };
    Ok(Pinned {
        allocation_manager: read("AllocationManager")?,
        allocation_manager_view: read("AllocationManagerView")?,
        avs_directory: read("AVSDirectory")?,
        delegation_manager: read("DelegationManager")?,
        eigen_pod_manager: read("EigenPodManager")?,
        key_registrar: read("KeyRegistrar")?,
        permission_controller: read("PermissionController")?,
        release_manager: read("ReleaseManager")?,
        strategy_base: read("StrategyBase")?,
        strategy_limits: read("StrategyBaseTVLLimits")?,
        strategy_manager: read("StrategyManager")?,
    })
}

/// A strategy of a world.
#[derive(Clone, Copy, Debug)]
pub struct Strategy {
    /// Where.
    pub at: Address,
    /// Of which token.
    pub token: Address,
    /// Caps of a deposit and of the balance, in token units, if it has any.
    pub limits: Option<(U256, U256)>,
}

/// A contract to place: where, creation code with arguments, calldata of its initializer if it has one.
type Placed = (Address, Bytes, Option<Vec<u8>>);

impl Pinned {
    /// Places all contracts and strategies.
    ///
    /// # Errors
    /// A constructor or initializer reverts.
    pub fn place(&self, world: &mut World, params: &Params, strategies: &[Strategy]) -> Result<()> {
        let placed = self.managers(params).into_iter().chain(self.strategies(strategies));
        for (at, creation, initializer) in placed {
            world.deploy(at, creation).with_context(|| format!("the original for {at}"))?;
            if let Some(initializer) = initializer {
                world.must(at, initializer)?;
            }
        }
        Ok(())
    }

    fn managers(&self, params: &Params) -> Vec<Placed> {
        let (delay, configuration) = (params.withdrawal_delay_blocks, params.configuration_delay_blocks);
        let version = VERSION.to_owned();
        let paused = Some(IPausedOnly::initializeCall { paused: U256::ZERO }.abi_encode());
        let owned = Some(IOwned::initializeCall { owner: OWNER, paused: U256::ZERO }.abi_encode());
        let whitelister =
            IWhitelisted::initializeCall { owner: OWNER, whitelister: OWNER, paused: U256::ZERO };
        let views = (DELEGATION_MANAGER, EIGEN_STRATEGY, delay, configuration);
        let allocation = (
            VIEWS,
            DELEGATION_MANAGER,
            EIGEN_STRATEGY,
            PAUSER_REGISTRY,
            PERMISSION_CONTROLLER,
            delay,
            configuration,
        );
        let delegation = (
            STRATEGY_MANAGER,
            EIGEN_POD_MANAGER,
            ALLOCATION_MANAGER,
            PAUSER_REGISTRY,
            PERMISSION_CONTROLLER,
            delay,
            version.clone(),
        );
        let strategy = (ALLOCATION_MANAGER, DELEGATION_MANAGER, PAUSER_REGISTRY, version.clone());
        let directory = (DELEGATION_MANAGER, PAUSER_REGISTRY, version.clone());
        let pods = (DEPOSIT_CONTRACT, EIGEN_POD_BEACON, DELEGATION_MANAGER, PAUSER_REGISTRY);
        let keys = (PERMISSION_CONTROLLER, ALLOCATION_MANAGER, version);
        let releases = PERMISSION_CONTROLLER.abi_encode();
        vec![
            (VIEWS, join(&self.allocation_manager_view, views.abi_encode_params()), None),
            (
                ALLOCATION_MANAGER,
                join(&self.allocation_manager, allocation.abi_encode_params()),
                paused.clone(),
            ),
            (DELEGATION_MANAGER, join(&self.delegation_manager, delegation.abi_encode_params()), paused),
            (
                STRATEGY_MANAGER,
                join(&self.strategy_manager, strategy.abi_encode_params()),
                Some(whitelister.abi_encode()),
            ),
            (AVS_DIRECTORY, join(&self.avs_directory, directory.abi_encode_params()), owned.clone()),
            (EIGEN_POD_MANAGER, join(&self.eigen_pod_manager, pods.abi_encode_params()), owned),
            (PERMISSION_CONTROLLER, self.permission_controller.clone(), None),
            (KEY_REGISTRAR, join(&self.key_registrar, keys.abi_encode_params()), None),
            (RELEASE_MANAGER, join(&self.release_manager, releases), None),
        ]
    }

    fn strategies(&self, strategies: &[Strategy]) -> Vec<Placed> {
        let arguments = (STRATEGY_MANAGER, PAUSER_REGISTRY).abi_encode_params();
        let placed = strategies.iter().map(|strategy| {
            let token = strategy.token;
            let (creation, initializer) = match strategy.limits {
                None => (&self.strategy_base, IPlain::initializeCall { token }.abi_encode()),
                Some((per_deposit, total)) => (
                    &self.strategy_limits,
                    ILimited::initializeCall { perDeposit: per_deposit, total, token }.abi_encode(),
                ),
            };
            (strategy.at, join(creation, arguments.clone()), Some(initializer))
        });
        placed.collect()
    }
}

fn join(creation: &Bytes, arguments: Vec<u8>) -> Bytes {
    [creation, arguments.as_slice()].concat().into()
}
