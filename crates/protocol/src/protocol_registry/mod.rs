//! ProtocolRegistry: the protocol's contracts by name, and one switch that stops all that can be stopped
//! (restaking-core §2.9).

mod dispatch;
mod roles;
mod short_string;
#[cfg(test)]
mod tests;

pub use dispatch::main;

use crate::{
    dispatch::call,
    enumerable::EnumerableMaps,
    host::{Host, Result, View, emit, require, revert_with},
    math::panic,
    storage::{Map, Slot, Word},
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::PanicKind;
use roles::{DEFAULT_ADMIN, PAUSER, require_role};
use types::{
    Rules,
    abi::{
        IPausable,
        IProtocolRegistry::{
            ArrayLengthMismatch, DeploymentConfig, DeploymentConfigDeleted, DeploymentConfigured,
            DeploymentNotShipped, DeploymentShipped, InputAddressZero, InputNameEmpty,
            SemanticVersionUpdated, configureCall, getAddressCall, getAllDeploymentsCall,
            getAllDeploymentsReturn, getDeploymentCall, majorVersionCall, pauseAllCall, shipCall,
            totalDeploymentsCall, versionCall,
        },
    },
    addresses::{
        ALLOCATION_MANAGER, AVS_DIRECTORY, DELEGATION_MANAGER, EIGEN_POD_MANAGER, KEY_REGISTRAR,
        PAUSER_REGISTRY, PERMISSION_CONTROLLER, RELEASE_MANAGER, STRATEGY_FACTORY, STRATEGY_MANAGER,
    },
    params,
};

/// The version of the whole protocol, a short string.
const VERSION: Slot<B256> = Slot::at(0);
/// Name, a short string, → address. There is one map, of owner 0.
const DEPLOYMENTS: EnumerableMaps<u64, B256, Address> = EnumerableMaps::at([1, 2, 3, 4]);
const CONFIGS: Map<Address, Config> = Map::at(5);

const MAP: u64 = 0;

/// What a new chain has: name, address, whether it can be paused.
const SHIPPED: &[(&str, Address, bool)] = &[
    ("AllocationManager", ALLOCATION_MANAGER, true),
    ("AVSDirectory", AVS_DIRECTORY, true),
    ("DelegationManager", DELEGATION_MANAGER, true),
    ("EigenPodManager", EIGEN_POD_MANAGER, true),
    ("KeyRegistrar", KEY_REGISTRAR, false),
    ("PauserRegistry", PAUSER_REGISTRY, false),
    ("PermissionController", PERMISSION_CONTROLLER, false),
    ("ReleaseManager", RELEASE_MANAGER, false),
    ("StrategyFactory", STRATEGY_FACTORY, true),
    ("StrategyManager", STRATEGY_MANAGER, true),
];

/// What is known of a deployment, as two bits.
#[derive(Clone, Copy, Debug, Default)]
struct Config {
    pausable: bool,
    deprecated: bool,
}

impl Word for Config {
    fn to_word(self) -> U256 {
        U256::from(u64::from(self.pausable) | (u64::from(self.deprecated) << 1))
    }

    fn from_word(word: U256) -> Self {
        Self { pausable: word.bit(0), deprecated: word.bit(1) }
    }
}

impl From<&DeploymentConfig> for Config {
    fn from(DeploymentConfig { pausable, deprecated }: &DeploymentConfig) -> Self {
        Self { pausable: *pausable, deprecated: *deprecated }
    }
}

impl From<Config> for DeploymentConfig {
    fn from(Config { pausable, deprecated }: Config) -> Self {
        Self { pausable, deprecated }
    }
}

/// The storage that a genesis state gives it: the core by name, the owner as admin, the pausers as pausers.
pub fn genesis(rules: Rules, roles: &params::Roles) -> Vec<(U256, U256)> {
    let named: Vec<(B256, Address)> =
        SHIPPED.iter().map(|(name, address, _)| (short_string::of_constant(name), *address)).collect();
    let pausable = SHIPPED.iter().filter(|(.., pausable)| *pausable);
    let configs = pausable.map(|(_, at, _)| CONFIGS.entry(*at, Config { pausable: true, deprecated: false }));
    let version = VERSION.entry(short_string::of_constant(rules.version()));
    let deployments = DEPLOYMENTS.genesis(MAP, &named);
    configs.chain([version]).chain(deployments).chain(roles::genesis(roles)).collect()
}

fn ship(host: &mut dyn Host, call: shipCall) -> Result<()> {
    require_role(host, DEFAULT_ADMIN)?;
    let shipCall { addresses, configs, names, semanticVersion } = call;
    let fits = addresses.len() == configs.len() && configs.len() == names.len();
    require(fits, ArrayLengthMismatch {})?;
    set_version(host, semanticVersion)?;
    for ((address, config), name) in addresses.into_iter().zip(configs).zip(names) {
        require(address != Address::ZERO, InputAddressZero {})?;
        require(!name.is_empty(), InputNameEmpty {})?;
        append(host, address, config, &name)?;
    }
    Ok(())
}

fn set_version(host: &mut dyn Host, version: String) -> Result<()> {
    let previous = short_string::to_string(VERSION.get(host)?);
    VERSION.set(host, short_string::of(&version)?)?;
    emit(host, &SemanticVersionUpdated { previousSemanticVersion: previous, semanticVersion: version })
}

fn append(host: &mut dyn Host, address: Address, config: DeploymentConfig, name: &str) -> Result<()> {
    let name = short_string::of(name)?;
    let before = DEPLOYMENTS.get(host, MAP, name)?;
    if !before.is_zero() && before != address {
        CONFIGS.set(host, before, Config::default())?;
        emit(host, &DeploymentConfigDeleted { addr: before })?;
    }
    DEPLOYMENTS.insert(host, MAP, name, address)?;
    CONFIGS.set(host, address, Config::from(&config))?;
    emit(host, &DeploymentShipped { addr: address, config })
}

fn configure(host: &mut dyn Host, call: configureCall) -> Result<()> {
    require_role(host, DEFAULT_ADMIN)?;
    let name = short_string::of(&call.name)?;
    let addr = DEPLOYMENTS.get(host, MAP, name)?;
    require(!addr.is_zero(), DeploymentNotShipped {})?;
    CONFIGS.set(host, addr, Config::from(&call.config))?;
    emit(host, &DeploymentConfigured { addr, config: call.config })
}

/// Stops everything. One deployment that fails to stop keeps all others running, as in the original.
fn pause_all(host: &mut dyn Host, _: pauseAllCall) -> Result<()> {
    require_role(host, PAUSER)?;
    let (_, deployments) = DEPLOYMENTS.entries(host, MAP)?;
    for deployment in deployments {
        let Config { pausable, deprecated } = CONFIGS.get(host, deployment)?;
        if pausable && !deprecated {
            call(host, deployment, &IPausable::pauseAllCall {})?;
        }
    }
    Ok(())
}

fn version(view: &mut dyn View, _: versionCall) -> Result<String> {
    Ok(short_string::to_string(VERSION.get(view)?))
}

/// The first character of the version.
fn major_version(view: &mut dyn View, _: majorVersionCall) -> Result<String> {
    match short_string::to_string(VERSION.get(view)?).chars().next() {
        Some(first) => Ok(first.into()),
        None => Err(panic(PanicKind::ArrayOutOfBounds)),
    }
}

fn address(view: &mut dyn View, call: getAddressCall) -> Result<Address> {
    existing(view, &call.name)
}

fn deployment(view: &mut dyn View, call: getDeploymentCall) -> Result<(Address, DeploymentConfig)> {
    let address = existing(view, &call.name)?;
    Ok((address, CONFIGS.get(view, address)?.into()))
}

fn existing(view: &mut dyn View, name: &str) -> Result<Address> {
    let name = short_string::of(name)?;
    match DEPLOYMENTS.get(view, MAP, name)? {
        Address::ZERO => revert_with("EnumerableMap: nonexistent key"),
        address => Ok(address),
    }
}

fn deployments(view: &mut dyn View, _: getAllDeploymentsCall) -> Result<getAllDeploymentsReturn> {
    let (names, addresses) = DEPLOYMENTS.entries(view, MAP)?;
    let configs: Result<Vec<DeploymentConfig>> =
        addresses.iter().map(|address| Ok(CONFIGS.get(view, *address)?.into())).collect();
    let names = names.into_iter().map(short_string::to_string).collect();
    Ok(getAllDeploymentsReturn { names, addresses, configs: configs? })
}

fn total(view: &mut dyn View, _: totalDeploymentsCall) -> Result<U256> {
    Ok(U256::from(DEPLOYMENTS.len(view, MAP)?))
}
