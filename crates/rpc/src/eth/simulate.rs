//! `eth_simulateV1`: blocks that could follow a block, each with calls that build on those before, as the execution-apis
//! specification has it. State roots of such blocks are not computed and are zero.

use super::execute::{call_request, halted, overrides};
use crate::{
    context::Context,
    convert,
    error::RpcError,
    json::{Reply, json},
    limits::{fixed, raise},
    method::Method,
    params::Params,
    pending,
    revert::reverted,
};
use alloy_consensus::{Header, TxEnvelope};
use alloy_eips::{BlockId, Encodable2718};
use alloy_primitives::{B256, Bytes, Log, Signature, TxKind, U256};
use alloy_rpc_types_eth::{
    BlockOverrides, Log as RpcLog, TransactionRequest,
    simulate::{SimBlock, SimCallResult, SimulateError, SimulatePayload, SimulatedBlock},
    state::StateOverride,
};
use chain::{
    Outcome, Recovered, SealedBlock,
    block::receipt,
    empty::next_base_fee,
    executor::{
        BlockContext, Ending, ExecutedBlock, Refusal, SimulationError, Simulator, TRANSFER_EMITTER,
        assemble_header,
    },
};
use std::{sync::Arc, time::Instant};
use types::addresses::HISTORY_STORAGE;

/// Blocks in one request, those between the asked-for ones included (suggested by the specification).
const MAX_BLOCKS: u64 = 256;

/// The least gas with which anything runs.
const LEAST_GAS: u64 = 21_000;

/// Entries of the ring of EIP-2935.
const RING: u64 = 8_191;

/// Codes of the specification.
mod code {
    pub(super) const INVALID_PARAMS: i32 = -32602;
    pub(super) const INTERNAL: i32 = -32603;
    pub(super) const VM_ERROR: i32 = -32015;
    pub(super) const TIMEOUT: i32 = -32016;
    pub(super) const NONCE_TOO_LOW: i32 = -38010;
    pub(super) const NONCE_TOO_HIGH: i32 = -38011;
    pub(super) const BASE_FEE: i32 = -38012;
    pub(super) const INTRINSIC_GAS: i32 = -38013;
    pub(super) const FUNDS: i32 = -38014;
    pub(super) const BLOCK_GAS: i32 = -38015;
    pub(super) const NUMBER_ORDER: i32 = -38020;
    pub(super) const TIME_ORDER: i32 = -38021;
    pub(super) const SENDER_HAS_CODE: i32 = -38024;
    pub(super) const INIT_CODE: i32 = -38025;
    pub(super) const CLIENT_LIMIT: i32 = -38026;
}

pub(crate) const METHODS: &[Method] = &[Method::heavy("eth_simulateV1", simulate)];

/// A block to simulate, placed.
struct Plan {
    number: u64,
    timestamp: u64,
    block: BlockOverrides,
    state: StateOverride,
    calls: Vec<TransactionRequest>,
}

fn simulate(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let payload: SimulatePayload = args.required(0, "payload")?;
    let block: Option<BlockId> = args.optional(1, "block")?;
    let view = cx.chain.view();
    let (source, base) = pending::base(cx, &view, block)?;
    let plans = place(&base, payload.block_state_calls, cx.chain.params().slot_secs)?;
    let Some(first) = plans.first().map(|plan| plan.number) else {
        return Err(RpcError::params("empty input: blockStateCalls has no block"));
    };
    let context = BlockContext { number: first, ..BlockContext::of(&base) };
    let mut simulation = Simulation {
        cx,
        begun: Instant::now(),
        parent_hash: base.hash_slow(),
        parent: base,
        simulator: Simulator::new(&source, cx.chain.environment(), context),
        gas_left: cx.limits.max_call_gas,
        strict: payload.validation,
        transfers: payload.trace_transfers,
    };
    let blocks = plans.into_iter().map(|plan| {
        let (block, calls) = simulation.block(plan)?;
        let inner = convert::block(&block, payload.return_full_transactions);
        Ok(SimulatedBlock { inner, calls })
    });
    json(&blocks.collect::<Result<Vec<_>, RpcError>>()?)
}

/// Gives each block its height and time, and fills the gaps between them with empty blocks.
fn place(base: &Header, blocks: Vec<SimBlock>, slot_secs: u64) -> Result<Vec<Plan>, RpcError> {
    let too_many = || {
        RpcError::coded(code::CLIENT_LIMIT, format!("too many blocks, {}", fixed(MAX_BLOCKS, "one request")))
    };
    let last = base.number.saturating_add(MAX_BLOCKS);
    let mut plans: Vec<Plan> = Vec::new();
    let (mut number, mut timestamp) = (base.number, base.timestamp);
    for SimBlock { block_overrides, state_overrides, calls } in blocks {
        let block = block_overrides.unwrap_or_default();
        let asked = match block.number {
            Some(asked) => u64::try_from(asked).map_err(|_| too_many())?,
            None => number.saturating_add(1),
        };
        if asked <= number {
            let why = format!("block numbers must be in order: {asked} <= {number}");
            return Err(RpcError::coded(code::NUMBER_ORDER, why));
        }
        if asked > last {
            return Err(too_many());
        }
        while number.saturating_add(1) < asked {
            number = number.saturating_add(1);
            timestamp = timestamp.saturating_add(slot_secs);
            let (block, state) = Default::default();
            plans.push(Plan { number, timestamp, block, state, calls: Vec::new() });
        }
        let time = block.time.unwrap_or_else(|| timestamp.saturating_add(slot_secs));
        if time <= timestamp {
            let why = format!("block timestamps must be in order: {time} <= {timestamp}");
            return Err(RpcError::coded(code::TIME_ORDER, why));
        }
        (number, timestamp) = (asked, time);
        plans.push(Plan { number, timestamp, block, state: state_overrides.unwrap_or_default(), calls });
    }
    Ok(plans)
}

/// Blocks under way.
struct Simulation<'s> {
    cx: &'s Context,
    begun: Instant,
    simulator: Simulator<'s>,
    parent: Header,
    parent_hash: B256,
    /// Of the whole request.
    gas_left: u64,
    strict: bool,
    transfers: bool,
}

/// A call that has run: its place in the block, and all that is told of it.
struct Ran {
    transaction: Arc<Recovered>,
    outcome: Outcome,
    logs: Vec<Log>,
}

impl Simulation<'_> {
    fn block(&mut self, plan: Plan) -> Result<(SealedBlock, Vec<SimCallResult>), RpcError> {
        self.enter(&plan)?;
        let context = *self.simulator.context();
        let mut block = ExecutedBlock::default();
        let mut all = Vec::new();
        for call in plan.calls {
            if self.begun.elapsed() > self.cx.limits.call_timeout {
                return Err(RpcError::coded(code::TIMEOUT, "execution aborted: the calls take too long"));
            }
            let ran = self.call(call, &context, block.gas_used)?;
            block.gas_used = block.gas_used.saturating_add(ran.outcome.gas_used);
            self.gas_left = self.gas_left.saturating_sub(ran.outcome.gas_used);
            let kind = ran.transaction.tx.tx_type();
            // Moves of wei are told, and are no part of the block.
            let logged = ran.logs.iter().filter(|log| log.address != TRANSFER_EMITTER).cloned().collect();
            block.receipts.push(receipt(kind, ran.outcome.is_success(), block.gas_used, logged));
            block.transactions.push(ran.transaction.clone());
            all.push(ran);
        }
        let header = assemble_header(&context, &block, B256::ZERO);
        let hash = header.hash_slow();
        (self.parent, self.parent_hash) = (header.clone(), hash);
        let ExecutedBlock { transactions, receipts, .. } = block;
        let block = SealedBlock { header, hash, transactions, receipts };
        let calls = told(&block, all);
        Ok((block, calls))
    }

    /// Goes on to the next block: what it pretends, on the state that the block before left.
    fn enter(&mut self, plan: &Plan) -> Result<(), RpcError> {
        let mut pretended = overrides(plan.state.clone(), plan.block.clone())?;
        let usual = if self.strict { next_base_fee(&self.parent) } else { 0 };
        let block = &mut pretended.block;
        block.number = Some(plan.number);
        block.timestamp = Some(plan.timestamp);
        block.base_fee = block.base_fee.or(Some(usual));
        block.gas_limit = block.gas_limit.or(Some(self.parent.gas_limit));
        block.beneficiary = Some(block.beneficiary.unwrap_or_default());
        block.prev_randao = Some(block.prev_randao.unwrap_or_default());
        block.parent_hash = Some(self.parent_hash);
        block.block_hashes.insert(self.parent.number, self.parent_hash);
        let slot = U256::from(self.parent.number.checked_rem(RING).unwrap_or_default());
        let ring = pretended.accounts.entry(HISTORY_STORAGE).or_default();
        ring.slots.push((slot, self.parent_hash.into()));
        self.simulator.pretend(&pretended).map_err(|error| RpcError::internal(error.to_string()))
    }

    fn call(
        &mut self,
        mut call: TransactionRequest,
        context: &BlockContext,
        used: u64,
    ) -> Result<Ran, RpcError> {
        let left = context.gas_limit.saturating_sub(used);
        if let Some(asked) = call.gas.filter(|asked| *asked > left) {
            let why = format!("block gas limit reached: {left} is left, the call asks for {asked}");
            return Err(RpcError::coded(code::BLOCK_GAS, why));
        }
        if self.gas_left < LEAST_GAS {
            let most = self.cx.limits.max_call_gas;
            let why = format!("the calls of one request may use {most} gas; {}", raise("max_call_gas"));
            return Err(RpcError::coded(code::CLIENT_LIMIT, why));
        }
        let cap = match self.cx.chain.params().transaction_gas_cap {
            Some(cap) if self.strict => cap,
            _ => u64::MAX,
        };
        let gas = call.gas.unwrap_or(left.min(cap)).min(self.gas_left);
        call.gas = Some(gas);
        if call.gas_price.is_none() {
            call.max_fee_per_gas.get_or_insert(0);
            call.max_priority_fee_per_gas.get_or_insert(0);
        }
        let mut request = call_request(call.clone())?;
        let internal = |error: chain::executor::ExecutionError| RpcError::internal(error.to_string());
        let nonce = match request.nonce {
            Some(nonce) => nonce,
            None => self.simulator.nonce(request.from).map_err(internal)?,
        };
        request.nonce = Some(nonce);
        call.nonce = Some(nonce);
        call.input = request.input.clone().into();
        let transaction = Arc::new(self.transaction(call)?);
        let ran = self.simulator.call_in_block(&request, self.strict, self.transfers);
        let (simulated, logs) = ran.map_err(|error| refused(&error, gas))?;
        let outcome = simulated.outcome();
        self.simulator.keep(simulated);
        Ok(Ran { transaction, outcome, logs })
    }

    /// The call as a transaction with an empty signature.
    fn transaction(&self, mut call: TransactionRequest) -> Result<Recovered, RpcError> {
        let sender = call.from.unwrap_or_default();
        call.chain_id = Some(self.cx.chain.chain_id());
        call.to.get_or_insert(TxKind::Create);
        let typed = call
            .build_typed_tx()
            .map_err(|_| RpcError::params("the call's fields do not make a transaction of any type"))?;
        let tx = TxEnvelope::new_unhashed(typed, Signature::new(U256::ZERO, U256::ZERO, false));
        let raw = Bytes::from(tx.encoded_2718());
        Ok(Recovered { hash: *tx.tx_hash(), tx, sender, raw, impersonated: true })
    }
}

/// What is told of the calls of a block.
fn told(block: &SealedBlock, calls: Vec<Ran>) -> Vec<SimCallResult> {
    let mut log_index = 0u64;
    let mut place = |index: u64, transaction_hash, log| {
        let place = RpcLog {
            inner: log,
            block_hash: Some(block.hash),
            block_number: Some(block.header.number),
            block_timestamp: Some(block.header.timestamp),
            transaction_hash: Some(transaction_hash),
            transaction_index: Some(index),
            log_index: Some(log_index),
            removed: false,
        };
        log_index = log_index.saturating_add(1);
        place
    };
    (0u64..)
        .zip(calls)
        .map(|(index, Ran { transaction, outcome, logs })| SimCallResult {
            return_data: outcome.output(),
            logs: logs.into_iter().map(|log| place(index, transaction.hash, log)).collect(),
            gas_used: outcome.gas_used,
            max_used_gas: Some(outcome.gas_used.saturating_add(outcome.gas_refunded)),
            status: outcome.is_success(),
            error: failure(&outcome.ending),
        })
        .collect()
}

/// Why a call failed.
fn failure(ending: &Ending) -> Option<SimulateError> {
    match ending {
        Ending::Returned(_) | Ending::Created { .. } => None,
        Ending::Reverted(data) => {
            let error = reverted(data.clone());
            let (code, message) = (error.code(), error.message().to_owned());
            Some(SimulateError { code, message, data: Some(data.clone()) })
        }
        Ending::Halted(reason) => {
            Some(SimulateError { code: code::VM_ERROR, message: halted(reason), data: None })
        }
    }
}

/// A call that cannot run ends the whole simulation.
fn refused(error: &SimulationError, gas: u64) -> RpcError {
    let refusal = match error {
        SimulationError::Refused(refusal) => refusal,
        SimulationError::Execution(error) => return RpcError::internal(error.to_string()),
    };
    let code = match refusal {
        Refusal::NonceTooLow { .. } => code::NONCE_TOO_LOW,
        Refusal::NonceTooHigh { .. } => code::NONCE_TOO_HIGH,
        Refusal::BelowBaseFee { .. } => code::BASE_FEE,
        Refusal::IntrinsicGas { .. } | Refusal::FloorGas { .. } => code::INTRINSIC_GAS,
        Refusal::InsufficientFunds { .. } => code::FUNDS,
        Refusal::BlockGasLimit => code::BLOCK_GAS,
        Refusal::SenderHasCode => code::SENDER_HAS_CODE,
        Refusal::GasCap { .. } => code::INVALID_PARAMS,
        Refusal::Other(reason) => match format!("{reason:?}").as_str() {
            "CreateInitCodeSizeLimit" => code::INIT_CODE,
            "PriorityFeeGreaterThanMaxFee" => code::INVALID_PARAMS,
            _ => code::INTERNAL,
        },
    };
    RpcError::coded(code, format!("err: {refusal} (supplied gas {gas})"))
}
