//! Every view of the restaking core (restaking-core §2) that both worlds have, asked about every actor, strategy and set,
//! and about nobody and nothing.

pub mod pinned;

use super::scene::{NOBODY, Scene};
use crate::originals::{
    release::{
        IAllocations::{self as Sets, OperatorSet},
        IDirectory as Directory,
    },
    world::{Outcome, World},
};
use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256, keccak256};
use alloy_sol_types::SolCall;
use anyhow::Result;
use revm::state::EvmState;
use std::{fmt::Debug, sync::Arc};
use types::{
    abi::{
        IDelegationManager as Delegation, IEigenPodManager as Pods, IOwnable as Owned, IPausable as Pausable,
        IPermissionController as Permissions, IStrategy as Strategy, IStrategyManager as Deposits,
        IStrategyTvlLimits as Limits, ITestToken as Token,
    },
    addresses::{
        ALLOCATION_MANAGER, AVS_DIRECTORY, BEACON_STRATEGY, BURN, DELEGATION_MANAGER, EIGEN_POD_MANAGER,
        PERMISSION_CONTROLLER, STRATEGY_MANAGER,
    },
};

/// Ids of the sets that a service may make.
pub const SET_IDS: [u32; 3] = [0, 1, 7];

/// A question to a world.
#[derive(Clone, Debug)]
pub struct Look {
    to: Address,
    data: Bytes,
    /// The question, for people.
    pub text: String,
    /// Whether the answer depends on the block.
    pub timed: bool,
}

impl Look {
    /// Asks.
    ///
    /// # Errors
    /// The call cannot run at all.
    pub fn answer(&self, world: &mut World) -> Result<(Outcome, EvmState)> {
        world.run(NOBODY, self.to, self.data.clone())
    }
}

/// The questions of a run: those that all runs share, and its own.
#[derive(Clone, Debug)]
pub struct Looks {
    shared: Arc<[Look]>,
    own: Vec<Look>,
}

impl Looks {
    /// Questions to share.
    pub fn new(shared: Vec<Look>) -> Self {
        Self { shared: shared.into(), own: Vec::new() }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.shared.len() + self.own.len()
    }

    /// One, by its place.
    pub fn get(&self, at: usize) -> &Look {
        self.shared.get(at).unwrap_or_else(|| &self.own[at - self.shared.len()])
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Look> {
        self.shared.iter().chain(&self.own)
    }

    /// Adds a run's own.
    pub fn extend(&mut self, own: Vec<Look>) {
        self.own.extend(own);
    }
}

/// Collects questions.
pub struct Asking {
    looks: Vec<Look>,
}

impl Asking {
    fn ask<C: SolCall + Debug>(&mut self, to: Address, call: C) {
        self.push(to, call, false);
    }

    /// Of what changes with the block alone.
    fn ask_timed<C: SolCall + Debug>(&mut self, to: Address, call: C) {
        self.push(to, call, true);
    }

    fn push<C: SolCall + Debug>(&mut self, to: Address, call: C, timed: bool) {
        self.looks.push(Look { to, data: call.abi_encode().into(), text: format!("{to} {call:?}"), timed });
    }
}

/// All questions whose arguments are known from the start.
pub fn all(scene: &Scene) -> Vec<Look> {
    let mut asking = Asking { looks: Vec::new() };
    constants(&mut asking, scene);
    stakers(&mut asking, scene);
    operators(&mut asking, scene);
    sets(&mut asking, scene);
    members(&mut asking, scene);
    strategies(&mut asking, scene);
    pods(&mut asking, scene);
    permissions(&mut asking, scene);
    if scene.has_directory {
        directory(&mut asking, scene);
    }
    if scene.is_pinned {
        pinned::ask(&mut asking, scene);
    }
    asking.looks
}

/// Questions about a withdrawal that has been queued.
pub fn of_withdrawal(root: B256) -> Vec<Look> {
    let mut asking = Asking { looks: Vec::new() };
    let withdrawalRoot = root;
    asking.ask(DELEGATION_MANAGER, Delegation::pendingWithdrawalsCall { withdrawalRoot });
    asking.ask(DELEGATION_MANAGER, Delegation::queuedWithdrawalsCall { withdrawalRoot });
    asking.ask_timed(DELEGATION_MANAGER, Delegation::getQueuedWithdrawalCall { withdrawalRoot });
    asking.looks
}

/// Questions about what has been slashed by a block.
pub fn of_slash(scene: &Scene, operator: Address, block: u64) -> Vec<Look> {
    let mut asking = Asking { looks: Vec::new() };
    for at in [block.saturating_sub(1), block] {
        let call = Sets::getMaxMagnitudesAtBlockCall {
            operator,
            strategies: scene.strategies.clone(),
            blockNumber: at as u32,
        };
        asking.ask(ALLOCATION_MANAGER, call);
    }
    asking.looks
}

/// Strategies with the beacon strategy.
fn with_beacon(scene: &Scene) -> Vec<Address> {
    scene.strategies.iter().copied().chain([BEACON_STRATEGY]).collect()
}

/// Sets that services may have made, and one of nobody.
pub fn all_sets(scene: &Scene) -> Vec<OperatorSet> {
    let of = |avs: &Address| SET_IDS.map(|id| OperatorSet { avs: *avs, id });
    let nobodys = OperatorSet { avs: NOBODY, id: 0 };
    scene.services.iter().flat_map(of).chain([nobodys]).collect()
}

fn constants(asking: &mut Asking, scene: &Scene) {
    for contract in &scene.pausable {
        asking.ask(*contract, Pausable::paused_0Call {});
        asking.ask(*contract, Pausable::paused_1Call { index: 1 });
        asking.ask(*contract, Pausable::pauserRegistryCall {});
    }
    let to = DELEGATION_MANAGER;
    asking.ask(to, Delegation::DELEGATION_APPROVAL_TYPEHASHCall {});
    asking.ask(to, Delegation::allocationManagerCall {});
    asking.ask(to, Delegation::beaconChainETHStrategyCall {});
    asking.ask(to, Delegation::domainSeparatorCall {});
    asking.ask(to, Delegation::eigenPodManagerCall {});
    asking.ask(to, Delegation::minWithdrawalDelayBlocksCall {});
    asking.ask(to, Delegation::permissionControllerCall {});
    asking.ask(to, Delegation::strategyManagerCall {});
    asking.ask(to, Delegation::versionCall {});
    let to = STRATEGY_MANAGER;
    asking.ask(to, Deposits::DEFAULT_BURN_ADDRESSCall {});
    asking.ask(to, Deposits::DEPOSIT_TYPEHASHCall {});
    asking.ask(to, Deposits::delegationCall {});
    asking.ask(to, Deposits::domainSeparatorCall {});
    asking.ask(to, Deposits::getStrategiesWithBurnableSharesCall {});
    asking.ask(to, Deposits::strategyWhitelisterCall {});
    asking.ask(to, Deposits::versionCall {});
    asking.ask(to, Owned::ownerCall {});
    let to = ALLOCATION_MANAGER;
    asking.ask(to, Sets::ALLOCATION_CONFIGURATION_DELAYCall {});
    asking.ask(to, Sets::DEALLOCATION_DELAYCall {});
    asking.ask(to, Sets::delegationCall {});
    asking.ask(to, Sets::permissionControllerCall {});
}

fn stakers(asking: &mut Asking, scene: &Scene) {
    let strategies = with_beacon(scene);
    let amounts = vec![U256::from(10).pow(U256::from(18)); strategies.len()];
    for staker in scene.holders().into_iter().chain([NOBODY]) {
        let to = STRATEGY_MANAGER;
        asking.ask(to, Deposits::getDepositsCall { staker });
        asking.ask(to, Deposits::getStakerStrategyListCall { staker });
        asking.ask(to, Deposits::stakerStrategyListLengthCall { staker });
        asking.ask(to, Deposits::stakerStrategyListCall { staker, index: U256::ONE });
        asking.ask(to, Deposits::noncesCall { signer: staker });
        let to = DELEGATION_MANAGER;
        asking.ask(to, Delegation::delegatedToCall { staker });
        asking.ask(to, Delegation::isDelegatedCall { staker });
        asking.ask(to, Delegation::isOperatorCall { operator: staker });
        asking.ask(to, Delegation::getDepositedSharesCall { staker });
        let withdrawable = Delegation::getWithdrawableSharesCall { staker, strategies: strategies.clone() };
        asking.ask(to, withdrawable);
        let convert = Delegation::convertToDepositSharesCall {
            staker,
            strategies: strategies.clone(),
            withdrawableShares: amounts.clone(),
        };
        asking.ask(to, convert);
        asking.ask(to, Delegation::cumulativeWithdrawalsQueuedCall { staker });
        asking.ask(to, Delegation::getQueuedWithdrawalRootsCall { staker });
        asking.ask_timed(to, Delegation::getQueuedWithdrawalsCall { staker });
        for strategy in &strategies {
            let strategy = *strategy;
            asking.ask(to, Delegation::depositScalingFactorCall { staker, strategy });
            asking.ask(STRATEGY_MANAGER, Deposits::stakerDepositSharesCall { staker, strategy });
        }
    }
}

fn operators(asking: &mut Asking, scene: &Scene) {
    let strategies = with_beacon(scene);
    let operators: Vec<Address> = scene.operators.iter().copied().chain([NOBODY]).collect();
    let many =
        Delegation::getOperatorsSharesCall { operators: operators.clone(), strategies: strategies.clone() };
    asking.ask(DELEGATION_MANAGER, many);
    for &operator in &operators {
        let to = DELEGATION_MANAGER;
        asking.ask(to, Delegation::delegationApproverCall { operator });
        asking.ask(to, Delegation::getOperatorSharesCall { operator, strategies: strategies.clone() });
        let to = ALLOCATION_MANAGER;
        asking.ask_timed(to, Sets::getAllocationDelayCall { operator });
        asking.ask(to, Sets::getAllocatedSetsCall { operator });
        asking.ask(to, Sets::getRegisteredSetsCall { operator });
        asking.ask(to, Sets::getMaxMagnitudes_0Call { operator, strategies: strategies.clone() });
        for &strategy in &strategies {
            asking.ask(DELEGATION_MANAGER, Delegation::operatorSharesCall { operator, strategy });
            let in_queue = Delegation::getSlashableSharesInQueueCall { operator, strategy };
            asking.ask_timed(DELEGATION_MANAGER, in_queue);
            asking.ask(to, Sets::getMaxMagnitudeCall { operator, strategy });
            asking.ask_timed(to, Sets::getEncumberedMagnitudeCall { operator, strategy });
            asking.ask_timed(to, Sets::getAllocatableMagnitudeCall { operator, strategy });
            asking.ask_timed(to, Sets::getStrategyAllocationsCall { operator, strategy });
        }
    }
    for &strategy in &strategies {
        let call = Sets::getMaxMagnitudes_1Call { operators: operators.clone(), strategy };
        asking.ask(ALLOCATION_MANAGER, call);
    }
    for approver in &scene.approvers {
        for salt in 0..4u64 {
            let salt = B256::from(U256::from(salt));
            let call = Delegation::delegationApproverSaltIsSpentCall { delegationApprover: *approver, salt };
            asking.ask(DELEGATION_MANAGER, call);
        }
    }
}

fn sets(asking: &mut Asking, scene: &Scene) {
    let to = ALLOCATION_MANAGER;
    let strategies = with_beacon(scene);
    let operators = scene.operators.clone();
    for avs in &scene.services {
        asking.ask(to, Sets::getAVSRegistrarCall { avs: *avs });
        asking.ask(to, Sets::getOperatorSetCountCall { avs: *avs });
    }
    for set in all_sets(scene) {
        asking.ask(to, Sets::isOperatorSetCall { set: set.clone() });
        asking.ask(to, Sets::getMembersCall { set: set.clone() });
        asking.ask(to, Sets::getMemberCountCall { set: set.clone() });
        asking.ask(to, Sets::getStrategiesInOperatorSetCall { set: set.clone() });
        let allocated = Sets::getAllocatedStakeCall {
            set: set.clone(),
            operators: operators.clone(),
            strategies: strategies.clone(),
        };
        asking.ask_timed(to, allocated);
        // Far off, and long past.
        for futureBlock in [u32::MAX, 1_000] {
            let slashable = Sets::getMinimumSlashableStakeCall {
                set: set.clone(),
                operators: operators.clone(),
                strategies: strategies.clone(),
                futureBlock,
            };
            asking.ask_timed(to, slashable);
        }
        for &strategy in &strategies {
            let call = Sets::getAllocationsCall { operators: operators.clone(), set: set.clone(), strategy };
            asking.ask_timed(to, call);
        }
    }
}

fn members(asking: &mut Asking, scene: &Scene) {
    let to = ALLOCATION_MANAGER;
    let operators: Vec<Address> = scene.operators.iter().copied().chain([NOBODY]).collect();
    for set in all_sets(scene) {
        for &operator in &operators {
            let set = || set.clone();
            asking.ask(to, Sets::isMemberOfOperatorSetCall { operator, set: set() });
            asking.ask_timed(to, Sets::isOperatorSlashableCall { operator, set: set() });
            asking.ask(to, Sets::getAllocatedStrategiesCall { operator, set: set() });
            let strategy = scene.strategies[0];
            asking.ask_timed(to, Sets::getAllocationCall { operator, set: set(), strategy });
        }
    }
}

/// What of a strategy both worlds can tell: in the originals' world a strategy of ours does not know their StrategyManager,
/// so a staker's shares are asked there alone.
fn strategies(asking: &mut Asking, scene: &Scene) {
    let wad = U256::from(10).pow(U256::from(18));
    for &strategy in &scene.strategies {
        asking.ask(strategy, Strategy::totalSharesCall {});
        asking.ask(strategy, Strategy::underlyingTokenCall {});
        asking.ask(strategy, Strategy::sharesToUnderlyingViewCall { amountShares: wad });
        asking.ask(strategy, Strategy::underlyingToSharesViewCall { amountUnderlying: wad });
        asking.ask(strategy, Limits::getTVLLimitsCall {});
        asking.ask(STRATEGY_MANAGER, Deposits::strategyIsWhitelistedForDepositCall { strategy });
        asking.ask(STRATEGY_MANAGER, Deposits::getBurnableSharesCall { strategy });
    }
    let others = [BURN, STRATEGY_MANAGER, DELEGATION_MANAGER, NOBODY];
    for token in &scene.tokens {
        for account in scene.holders().into_iter().chain(scene.strategies.iter().copied()).chain(others) {
            asking.ask(*token, Token::balanceOfCall { account });
        }
    }
}

fn pods(asking: &mut Asking, scene: &Scene) {
    let to = EIGEN_POD_MANAGER;
    asking.ask(to, Pods::beaconChainETHStrategyCall {});
    asking.ask(to, Pods::burnableETHSharesCall {});
    asking.ask(to, Pods::delegationManagerCall {});
    asking.ask(to, Pods::ethPOSCall {});
    asking.ask(to, Pods::numPodsCall {});
    asking.ask(to, Owned::ownerCall {});
    for (owner, _) in &scene.pods {
        asking.ask(to, Pods::getPodCall { podOwner: *owner });
    }
    for podOwner in scene.holders().into_iter().chain([NOBODY]) {
        asking.ask(to, Pods::ownerToPodCall { podOwner });
        asking.ask(to, Pods::hasPodCall { podOwner });
        asking.ask(to, Pods::podOwnerDepositSharesCall { podOwner });
        asking.ask(to, Pods::beaconChainSlashingFactorCall { podOwner });
        for strategy in [BEACON_STRATEGY, scene.strategies[0]] {
            asking.ask(to, Pods::stakerDepositSharesCall { user: podOwner, strategy });
        }
    }
}

/// Verbs that appointees are appointed for.
pub fn appointed() -> [(Address, FixedBytes<4>); 6] {
    [
        (DELEGATION_MANAGER, Delegation::modifyOperatorDetailsCall::SELECTOR.into()),
        (DELEGATION_MANAGER, Delegation::undelegateCall::SELECTOR.into()),
        (ALLOCATION_MANAGER, Sets::modifyAllocationsCall::SELECTOR.into()),
        (ALLOCATION_MANAGER, Sets::slashOperatorCall::SELECTOR.into()),
        (ALLOCATION_MANAGER, Sets::createOperatorSetsCall::SELECTOR.into()),
        (ALLOCATION_MANAGER, Sets::registerForOperatorSetsCall::SELECTOR.into()),
    ]
}

fn permissions(asking: &mut Asking, scene: &Scene) {
    let to = PERMISSION_CONTROLLER;
    let principals: Vec<Address> = scene.operators.iter().chain(&scene.services).copied().collect();
    let others: Vec<Address> = scene.stakers.iter().take(3).copied().collect();
    for &account in &principals {
        asking.ask(to, Permissions::getAdminsCall { account });
        asking.ask(to, Permissions::getPendingAdminsCall { account });
        asking.ask(to, Permissions::isAdminCall { account, caller: account });
        for (target, selector) in appointed() {
            asking.ask(to, Permissions::getAppointeesCall { account, target, selector });
            for &caller in &others {
                asking.ask(to, Permissions::canCallCall { account, caller, target, selector });
            }
        }
        for &other in &others {
            asking.ask(to, Permissions::isAdminCall { account, caller: other });
            asking.ask(to, Permissions::isPendingAdminCall { account, pendingAdmin: other });
            asking.ask(to, Permissions::getAppointeePermissionsCall { account, appointee: other });
        }
    }
}

fn directory(asking: &mut Asking, scene: &Scene) {
    let to = AVS_DIRECTORY;
    asking.ask(to, Directory::OPERATOR_AVS_REGISTRATION_TYPEHASHCall {});
    asking.ask(to, Directory::OPERATOR_SET_REGISTRATION_TYPEHASHCall {});
    asking.ask(to, Directory::OPERATOR_SET_FORCE_DEREGISTRATION_TYPEHASHCall {});
    asking.ask(to, Directory::delegationCall {});
    asking.ask(to, Directory::domainSeparatorCall {});
    asking.ask(to, Directory::versionCall {});
    asking.ask(to, Owned::ownerCall {});
    for &operator in &scene.operators {
        for &avs in &scene.services {
            asking.ask(to, Directory::avsOperatorStatusCall { avs, operator });
        }
        for salt in 0..4u64 {
            let salt = B256::from(U256::from(salt));
            asking.ask(to, Directory::operatorSaltIsSpentCall { operator, salt });
        }
    }
    let digest = Directory::calculateOperatorAVSRegistrationDigestHashCall {
        operator: scene.operators[0],
        avs: scene.services[0],
        salt: keccak256("salt"),
        expiry: U256::MAX,
    };
    asking.ask(to, digest);
}
