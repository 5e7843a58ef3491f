//! Execution without sealing: calls, gas estimates and access lists, on the state after any kept block or as the next
//! block would run them, with state and block overrides as geth takes them.

use crate::{
    context::Context,
    error::RpcError,
    json::{Reply, json, quantity},
    limits::fixed,
    method::Method,
    params::{Args, Params},
    pending::{self, Place},
    revert::reverted,
};
use alloy_eips::{
    BlockId, BlockNumberOrTag,
    eip2930::{AccessList, AccessListItem, AccessListResult},
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_rpc_types_eth::{
    BlockOverrides, TransactionRequest,
    state::{AccountOverride, StateOverride},
};
use chain::{
    CallRequest, Outcome, Overrides,
    executor::{self, Ending, EstimateError, SimulationError, Simulator},
};
use std::collections::BTreeSet;

/// Accounts that one call may pretend.
const MAX_OVERRIDES: usize = 1_024;

/// `movePrecompileToAddress` names the account itself.
const MOVE_TO_ITSELF: i32 = -38022;

/// Two accounts name the same `movePrecompileToAddress`.
const MOVE_TO_SAME: i32 = -38023;

/// Runs until an access list no longer grows: what it makes cheaper may let a call touch more.
const ACCESS_LIST_RUNS: usize = 4;

pub(crate) const METHODS: &[Method] = &[
    Method::heavy("eth_call", call),
    Method::heavy("eth_estimateGas", estimate),
    Method::heavy("eth_createAccessList", access_list),
];

/// Where and what a request runs.
struct Plan {
    place: Place,
    request: CallRequest,
    overrides: Overrides,
}

/// Reads call, block and overrides; `default` is the block if none is named.
fn plan(cx: &Context, args: &Args<'_>, default: BlockNumberOrTag) -> Result<Plan, RpcError> {
    let mut request = call_request(args.required(0, "transaction")?)?;
    request.gas = Some(request.gas.unwrap_or(u64::MAX).min(cx.limits.max_call_gas));
    let block: BlockId = args.optional(1, "block")?.unwrap_or(BlockId::Number(default));
    let state: Option<StateOverride> = args.optional(2, "state overrides")?;
    let pretended: Option<BlockOverrides> = args.optional(3, "block overrides")?;
    let view = cx.chain.view();
    let place = pending::place(cx, &view, Some(block))?;
    let overrides = overrides(state.unwrap_or_default(), pretended.unwrap_or_default())?;
    Ok(Plan { place, request, overrides })
}

pub(crate) fn call_request(request: TransactionRequest) -> Result<CallRequest, RpcError> {
    if request.has_eip4844_fields() {
        return Err(RpcError::params("blob transactions do not exist on this chain"));
    }
    if request.gas_price.is_some() && request.has_eip1559_fields() {
        return Err(RpcError::params("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified"));
    }
    let input = request.input.try_into_unique_input();
    let input = input.map_err(|_| RpcError::params("both \"data\" and \"input\" are set and not equal"))?;
    Ok(CallRequest {
        from: request.from.unwrap_or_default(),
        to: request.to.and_then(TxKind::into_to),
        gas: request.gas,
        fee_cap: request.gas_price.or(request.max_fee_per_gas),
        tip_cap: request.max_priority_fee_per_gas,
        value: request.value.unwrap_or_default(),
        input: input.unwrap_or_default(),
        nonce: request.nonce,
        access_list: request.access_list.unwrap_or_default(),
        authorizations: request.authorization_list.unwrap_or_default(),
    })
}

pub(crate) fn overrides(state: StateOverride, block: BlockOverrides) -> Result<Overrides, RpcError> {
    if state.len() > MAX_OVERRIDES {
        let (count, bound) = (state.len(), fixed(MAX_OVERRIDES, "one request"));
        return Err(RpcError::params(format!("too many state overrides: {count} accounts, {bound}")));
    }
    check_moves(&state)?;
    let accounts = state
        .into_iter()
        .map(|(address, account)| Ok((address, account_override(address, account)?)))
        .collect::<Result<_, RpcError>>()?;
    let small = |value: Option<U256>, name: &str| -> Result<Option<u64>, RpcError> {
        let small = |value| {
            u64::try_from(value).map_err(|_| RpcError::params(format!("{name} does not fit 64 bits")))
        };
        value.map(small).transpose()
    };
    let block = executor::BlockOverrides {
        number: small(block.number, "the block override's number")?,
        timestamp: block.time,
        base_fee: small(block.base_fee, "the block override's base fee")?,
        gas_limit: block.gas_limit,
        beneficiary: block.coinbase,
        prev_randao: block.random,
        block_hashes: block.block_hash.unwrap_or_default(),
        parent_hash: None,
    };
    Ok(Overrides { accounts, block })
}

fn account_override(
    address: Address,
    account: AccountOverride,
) -> Result<executor::AccountOverride, RpcError> {
    if account.state.is_some() && account.state_diff.is_some() {
        return Err(RpcError::params(format!("account {address} has both 'state' and 'stateDiff'")));
    }
    let slots = |slots: alloy_primitives::map::B256HashMap<B256>| -> Vec<(U256, U256)> {
        slots.into_iter().map(|(slot, value)| (slot.into(), value.into())).collect()
    };
    Ok(executor::AccountOverride {
        balance: account.balance,
        nonce: account.nonce,
        code: account.code,
        storage: account.state.map(slots),
        slots: account.state_diff.map(slots).unwrap_or_default(),
        move_precompile_to: account.move_precompile_to,
    })
}

/// Only precompiles move, each to a place of its own (errors of the execution-apis specification).
fn check_moves(state: &StateOverride) -> Result<(), RpcError> {
    let mut targets = BTreeSet::new();
    for (from, account) in state {
        let Some(to) = account.move_precompile_to else { continue };
        if to == *from {
            return Err(RpcError::coded(MOVE_TO_ITSELF, format!("account {from} cannot move to itself")));
        }
        if !has_precompile(from) {
            return Err(RpcError::server(format!("account {from} is not a precompile")));
        }
        if !targets.insert(to) {
            return Err(RpcError::coded(MOVE_TO_SAME, format!("more than one account moves to {to}")));
        }
    }
    Ok(())
}

/// Whether the rules have a precompile at an address (Osaka: 1 to 0x11, and 0x100).
fn has_precompile(address: &Address) -> bool {
    let [high @ .., tens, ones] = address.0.0;
    high == [0; 18] && matches!((tens, ones), (0, 1..=0x11) | (1, 0))
}

pub(crate) fn refused(error: &SimulationError) -> RpcError {
    match error {
        SimulationError::Refused(_) => RpcError::server(format!("err: {error}")),
        SimulationError::Execution(_) => RpcError::internal(error.to_string()),
    }
}

/// The output of a call that succeeded, or why it did not.
pub(crate) fn outcome_of(outcome: Outcome) -> Result<Bytes, RpcError> {
    match outcome.ending {
        Ending::Returned(data) | Ending::Created { code: data, .. } => Ok(data),
        Ending::Reverted(data) => Err(reverted(data)),
        Ending::Halted(reason) => Err(RpcError::server(halted(&reason))),
    }
}

fn output(outcome: Outcome) -> Reply {
    json(&outcome_of(outcome)?)
}

/// A halt in geth's words where it has them.
pub(super) fn halted(reason: &impl std::fmt::Debug) -> String {
    let reason = format!("{reason:?}");
    let name = reason.split(['(', ' ', '{']).next().unwrap_or_default();
    match name {
        "OutOfGas" => "out of gas".into(),
        "InvalidJump" => "invalid jump destination".into(),
        "InvalidFEOpcode" | "OpcodeNotFound" => "invalid opcode".into(),
        "StackUnderflow" => "stack underflow".into(),
        "StackOverflow" => "stack limit reached".into(),
        "CallTooDeep" => "max call depth exceeded".into(),
        "CreateCollision" => "contract address collision".into(),
        "CreateContractSizeLimit" => "max code size exceeded".into(),
        _ => format!("execution halted: {reason}"),
    }
}

fn call(cx: &Context, params: Params<'_>) -> Reply {
    let plan = plan(cx, &params.args()?, BlockNumberOrTag::Latest)?;
    let Plan { place: Place { ground, context }, request, overrides } = plan;
    let outcome = executor::simulate(&ground, cx.chain.environment(), &context, &request, &overrides);
    output(outcome.map_err(|error| refused(&error))?)
}

/// In the next block if no other is named: that is where the transaction will run.
fn estimate(cx: &Context, params: Params<'_>) -> Reply {
    estimate_in(cx, &plan(cx, &params.args()?, BlockNumberOrTag::Pending)?)
}

/// For a transaction that the node signs.
pub(crate) fn estimate_next(cx: &Context, request: TransactionRequest) -> Reply {
    let view = cx.chain.view();
    let place = pending::place(cx, &view, Some(BlockNumberOrTag::Pending.into()))?;
    estimate_in(cx, &Plan { place, request: call_request(request)?, overrides: Overrides::default() })
}

fn estimate_in(cx: &Context, plan: &Plan) -> Reply {
    let Plan { place: Place { ground, context }, request, overrides } = plan;
    match executor::estimate_gas(ground, cx.chain.environment(), context, request, overrides) {
        Ok(gas) => quantity(gas),
        Err(EstimateError::Reverted(data)) => Err(reverted(data)),
        Err(EstimateError::Halted(reason)) => Err(RpcError::server(halted(&reason))),
        Err(EstimateError::Simulation(error)) => Err(refused(&error)),
        Err(error @ EstimateError::Allowance { .. }) => Err(RpcError::server(error.to_string())),
    }
}

/// What a call reads and writes, whether bytecode or native, so that it can be paid for in advance (EIP-2930).
fn access_list(cx: &Context, params: Params<'_>) -> Reply {
    let Plan { place, mut request, overrides } = plan(cx, &params.args()?, BlockNumberOrTag::Latest)?;
    let mut simulator = Simulator::new(&place.ground, cx.chain.environment(), place.context);
    simulator.pretend(&overrides).map_err(|error| refused(&error.into()))?;
    let mut answer = AccessListResult::default();
    for _ in 0..ACCESS_LIST_RUNS {
        let simulated = simulator.call(&request).map_err(|error| refused(&error))?;
        let list = touched(&simulated, &request);
        let outcome = simulated.into_outcome();
        answer = AccessListResult {
            access_list: list.clone(),
            gas_used: U256::from(outcome.gas_used),
            error: output(outcome).err().map(|error| error.message().to_owned()),
        };
        if list == request.access_list {
            break;
        }
        request.access_list = list;
    }
    json(&answer)
}

/// The accounts and slots that a simulation loaded, in order; sender and callee are warm anyway, and so are named only
/// for their slots.
fn touched(simulated: &executor::Simulated, request: &CallRequest) -> AccessList {
    let warm = |address: &Address| *address == request.from || Some(*address) == request.to;
    let mut items: Vec<AccessListItem> = simulated
        .state()
        .iter()
        .filter(|(address, account)| {
            !account.storage.is_empty() || !(warm(address) || is_precompile(address))
        })
        .map(|(address, account)| {
            let mut storage_keys: Vec<B256> = account.storage.keys().map(|slot| (*slot).into()).collect();
            storage_keys.sort_unstable();
            AccessListItem { address: *address, storage_keys }
        })
        .collect();
    items.sort_unstable_by_key(|item| item.address);
    AccessList(items)
}

/// Precompiles are warm from the start: the addresses up to `0x1ff`.
fn is_precompile(address: &Address) -> bool {
    let [high @ .., tens, _] = address.0.0;
    high == [0; 18] && tens <= 1
}
