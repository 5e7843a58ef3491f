//! The services' part of a scene: operator sets, who is in them, what is allocated, and real slashes.

use super::{AVS, OPERATORS, STAKERS, Scene, operator, staker};
use crate::{
    audit::{self, Actors, OperatorSetName},
    host::Result,
};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use types::{
    Rules,
    abi::IAllocationManager::{
        AllocateParams, CreateSetParams, CreateSetParamsV2, DeregisterParams, OperatorSet, RegisterParams,
        SlashingParams, createOperatorSets_0Call, createOperatorSets_1Call, deregisterFromOperatorSetsCall,
        getAllocatableMagnitudeCall, getAllocationCall, getEncumberedMagnitudeCall, modifyAllocationsCall,
        registerForOperatorSetsCall, setAVSRegistrarCall, slashOperatorCall, updateAVSMetadataURICall,
    },
    addresses::ALLOCATION_MANAGER as AM,
};

/// A contract that agrees to everything.
pub const REGISTRAR: Address = Address::repeat_byte(0xa6);
/// Who slashes for all sets, but in the slashing release, where the service does.
pub const SLASHER: Address = Address::repeat_byte(0xa7);

const GAS: u64 = 1 << 30;

/// Set `id` of the scene's service.
pub fn set(id: u32) -> OperatorSet {
    OperatorSet { avs: AVS, id }
}

impl Scene {
    /// Announces the service, with a registrar that agrees to everything.
    pub fn serve(&mut self) {
        self.chain.place(REGISTRAR, |_, _| Ok(U256::ONE.to_be_bytes::<32>().into()));
        let metadata = updateAVSMetadataURICall { avs: AVS, metadataURI: "ipfs://service".into() };
        self.tell(AVS, AM, &metadata).expect("metadata");
        let registrar = setAVSRegistrarCall { avs: AVS, registrar: REGISTRAR };
        self.tell(AVS, AM, &registrar).expect("a registrar");
    }

    fn is_first_release(&mut self) -> bool {
        self.chain.run(AVS, |host| Ok(host.params().rules == Rules::Slashing2025)).expect("rules")
    }

    /// Makes a set of the service.
    pub fn create_set(&mut self, id: u32, strategies: &[usize]) -> Result<()> {
        let strategies = strategies.iter().map(|strategy| self.strategies[*strategy]).collect();
        if self.is_first_release() {
            let params = vec![CreateSetParams { operatorSetId: id, strategies }];
            return self.tell(AVS, AM, &createOperatorSets_0Call { avs: AVS, params }).map(|_| ());
        }
        let params = vec![CreateSetParamsV2 { operatorSetId: id, strategies, slasher: SLASHER }];
        self.tell(AVS, AM, &createOperatorSets_1Call { avs: AVS, params }).map(|_| ())
    }

    pub fn join(&mut self, operator: Address, ids: &[u32]) -> Result<()> {
        let params = RegisterParams { avs: AVS, operatorSetIds: ids.to_vec(), data: Bytes::new() };
        self.tell(operator, AM, &registerForOperatorSetsCall { operator, params }).map(|_| ())
    }

    pub fn leave(&mut self, operator: Address, ids: &[u32]) -> Result<()> {
        let params = DeregisterParams { operator, avs: AVS, operatorSetIds: ids.to_vec() };
        self.tell(operator, AM, &deregisterFromOperatorSetsCall { params }).map(|_| ())
    }

    pub fn allocate(&mut self, operator: Address, id: u32, strategy: usize, magnitude: u64) -> Result<()> {
        let params = AllocateParams {
            operatorSet: set(id),
            strategies: vec![self.strategies[strategy]],
            newMagnitudes: vec![magnitude],
        };
        self.tell(operator, AM, &modifyAllocationsCall { operator, params: vec![params] }).map(|_| ())
    }

    /// Slashes as the set's slasher, and returns the raw answer: the slashing release gives none.
    pub fn slash_set(&mut self, operator: Address, id: u32, parts: &[(usize, u64)]) -> Result<Bytes> {
        let mut parts: Vec<(Address, U256)> =
            parts.iter().map(|(at, wad)| (self.strategies[*at], U256::from(*wad))).collect();
        parts.sort();
        let (strategies, wads) = parts.into_iter().unzip();
        let params = SlashingParams {
            operator,
            operatorSetId: id,
            strategies,
            wadsToSlash: wads,
            description: "fault".into(),
        };
        let from = if self.is_first_release() { AVS } else { SLASHER };
        let call = slashOperatorCall { avs: AVS, params };
        self.chain.send(from, AM, U256::ZERO, &call.abi_encode(), GAS).answer
    }

    /// Current magnitude, pending change and effect block.
    pub fn allocation(&mut self, operator: Address, id: u32, strategy: usize) -> (u64, i128, u32) {
        let strategy = self.strategies[strategy];
        let call = getAllocationCall { operator, operatorSet: set(id), strategy };
        let allocation = self.chain.ask(AM, &call).expect("an allocation");
        (allocation.currentMagnitude, allocation.pendingDiff, allocation.effectBlock)
    }

    /// Encumbered and allocatable magnitude.
    pub fn magnitudes(&mut self, operator: Address, strategy: usize) -> (u64, u64) {
        let strategy = self.strategies[strategy];
        let encumbered = self.chain.ask(AM, &getEncumberedMagnitudeCall { operator, strategy });
        let allocatable = self.chain.ask(AM, &getAllocatableMagnitudeCall { operator, strategy });
        (encumbered.expect("a magnitude"), allocatable.expect("a magnitude"))
    }

    /// What the auditor finds, with the sets `ids` of the service.
    pub fn audit(&mut self, ids: &[u32]) -> Vec<String> {
        let actors = Actors {
            stakers: (0..STAKERS).map(staker).chain((0..OPERATORS).map(operator)).collect(),
            operators: (0..OPERATORS).map(operator).collect(),
            strategies: self.strategies.to_vec(),
            sets: ids.iter().map(|id| OperatorSetName { avs: AVS, id: *id }).collect(),
            ..Actors::default()
        };
        self.chain.run(audit::ADDRESS, |host| audit::check(host, &actors)).expect("an audit")
    }
}
