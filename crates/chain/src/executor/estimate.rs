//! The least gas with which a call succeeds, by bisection as geth does it, and the reason if none does.

use super::{
    environment::{BlockContext, Environment},
    outcome::{Ending, Outcome},
    request::{CallRequest, Overrides},
    simulator::{SimulationError, Simulator},
    source::StateSource,
    transaction::Refusal,
};
use alloy_primitives::{Bytes, U256};
use revm::context::result::{HaltReason, OutOfGasError};

/// Gas of a plain transfer.
const TRANSFER_GAS: u64 = 21_000;

/// What a call with value adds for its callee: not counted as used if the callee does not use it, but needed.
const STIPEND: u64 = 2_300;

/// The answer may exceed the least gas by one part in so many: each further bit costs one more execution.
const PRECISION: u64 = 64;

/// Why no gas limit does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EstimateError {
    /// It reverts with all the gas that it may have.
    #[error("execution reverted")]
    Reverted(Bytes),
    /// It needs more gas than it may have or its sender can pay.
    #[error("gas required exceeds allowance ({allowance})")]
    Allowance {
        /// The most gas that it may have.
        allowance: u64,
    },
    /// It halts for another reason than gas.
    #[error("execution halted: {0:?}")]
    Halted(HaltReason),
    /// It cannot run.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
}

impl From<Refusal> for EstimateError {
    fn from(refusal: Refusal) -> Self {
        Self::Simulation(refusal.into())
    }
}

/// The gas limit with which to send a call.
///
/// # Errors
/// Why it fails whatever its gas limit is.
pub fn estimate_gas(
    source: &dyn StateSource,
    environment: &Environment,
    context: &BlockContext,
    request: &CallRequest,
    overrides: &Overrides,
) -> Result<u64, EstimateError> {
    let mut simulator = Simulator::new(source, environment, *context);
    simulator.pretend(overrides).map_err(SimulationError::from)?;
    let allowance = allowance(&mut simulator, environment, request)?;
    if is_plain_transfer(&mut simulator, request)?
        && allowance >= TRANSFER_GAS
        && attempt(&mut simulator, request, TRANSFER_GAS)?.is_some_and(|outcome| outcome.is_success())
    {
        return Ok(TRANSFER_GAS);
    }
    let Some(outcome) = attempt(&mut simulator, request, allowance)? else {
        return Err(EstimateError::Allowance { allowance });
    };
    if let Some(error) = failure(&outcome, allowance) {
        return Err(error);
    }
    bisect(&mut simulator, request, &outcome, allowance)
}

/// The most gas that the call may have: what it asks for or the block has, within the cap and its sender's means.
fn allowance(
    simulator: &mut Simulator<'_>,
    environment: &Environment,
    request: &CallRequest,
) -> Result<u64, EstimateError> {
    let block = simulator.context().gas_limit;
    let asked = request.gas.filter(|gas| *gas >= TRANSFER_GAS).unwrap_or(block).min(block);
    let most = asked.min(environment.params().transaction_gas_cap.unwrap_or(u64::MAX));
    let price = U256::from(request.fee_cap.unwrap_or_default());
    if price.is_zero() {
        return Ok(most);
    }
    let balance = simulator.balance(request.from).map_err(SimulationError::from)?;
    let Some(left) = balance.checked_sub(request.value) else {
        return Err(Refusal::InsufficientFunds { have: balance, want: request.value }.into());
    };
    let affordable = left.checked_div(price).unwrap_or_default();
    Ok(u64::try_from(affordable).unwrap_or(u64::MAX).min(most))
}

/// Whether the call can only move wei.
fn is_plain_transfer(simulator: &mut Simulator<'_>, request: &CallRequest) -> Result<bool, EstimateError> {
    let Some(to) = request.to else { return Ok(false) };
    if !request.input.is_empty() || !request.access_list.is_empty() || !request.authorizations.is_empty() {
        return Ok(false);
    }
    Ok(!simulator.has_code(to).map_err(SimulationError::from)?)
}

/// One run; `None` if the gas limit is too low to begin with.
fn attempt(
    simulator: &mut Simulator<'_>,
    request: &CallRequest,
    gas: u64,
) -> Result<Option<Outcome>, EstimateError> {
    let request = CallRequest { gas: Some(gas), ..request.clone() };
    match simulator.call(&request) {
        Ok(simulated) => Ok(Some(simulated.into_outcome())),
        Err(SimulationError::Refused(Refusal::IntrinsicGas { .. } | Refusal::FloorGas { .. })) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Why a run with all the gas failed.
fn failure(outcome: &Outcome, allowance: u64) -> Option<EstimateError> {
    match &outcome.ending {
        Ending::Returned(_) | Ending::Created { .. } => None,
        Ending::Reverted(data) => Some(EstimateError::Reverted(data.clone())),
        Ending::Halted(HaltReason::OutOfGas(
            OutOfGasError::Basic
            | OutOfGasError::Memory
            | OutOfGasError::MemoryLimit
            | OutOfGasError::Precompile
            | OutOfGasError::InvalidOperand
            | OutOfGasError::ReentrancySentry,
        )) => Some(EstimateError::Allowance { allowance }),
        Ending::Halted(reason) => Some(EstimateError::Halted(reason.clone())),
    }
}

/// The least gas between what a run used and what it had, to one part in [`PRECISION`].
fn bisect(
    simulator: &mut Simulator<'_>,
    request: &CallRequest,
    outcome: &Outcome,
    allowance: u64,
) -> Result<u64, EstimateError> {
    let mut enough = allowance;
    let mut too_little = outcome.gas_used.saturating_sub(1);
    // A first guess that mostly does: all that was used at once, refunds included, and what 63/64 holds back.
    let at_once = outcome.gas_used.saturating_add(outcome.gas_refunded).saturating_add(STIPEND);
    let guess = at_once.saturating_add(at_once.checked_div(63).unwrap_or_default());
    let mut middle = guess;
    while too_little.saturating_add(1) < enough {
        let width = enough.saturating_sub(too_little);
        if width < enough.checked_div(PRECISION).unwrap_or_default() {
            break;
        }
        if middle <= too_little || middle >= enough {
            middle = too_little.midpoint(enough);
        }
        let succeeds = attempt(simulator, request, middle)?.is_some_and(|outcome| outcome.is_success());
        if succeeds {
            enough = middle;
        } else {
            too_little = middle;
        }
        // Most calls need little more than they use, so high limits are left quickly.
        middle = too_little.midpoint(enough).min(too_little.saturating_mul(2));
    }
    Ok(enough)
}
