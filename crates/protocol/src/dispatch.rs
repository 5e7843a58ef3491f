//! The ABI at a native contract's doors: calldata to a verb and its answer back, and typed calls to other contracts.
//! Failures are Solidity's: an unknown selector, short or dirty calldata, and value sent to a verb that takes none
//! revert without data. A static frame is not refused here: its first write halts, as in the EVM.

use crate::host::{Host, Reply, Result, View, revert_empty, revert_with};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, abi::AbiDecoderConfig};
use types::gas;

/// Decoded values may take this many times the calldata's bytes: enough for any encoding in which nothing overlaps,
/// and a bound on what overlapping arrays, which Solidity reads lazily, cost the node.
const EXPANSION_LIMIT: usize = 4;

/// Calldata, split into the selector and the encoded arguments.
#[derive(Clone, Copy, Debug)]
pub struct Calldata<'a> {
    /// Which verb.
    pub selector: [u8; 4],
    arguments: &'a [u8],
}

impl<'a> Calldata<'a> {
    /// Splits.
    ///
    /// # Errors
    /// An empty revert if a selector does not fit.
    pub fn split(input: &'a [u8]) -> Result<Self> {
        match input.split_first_chunk() {
            Some((selector, arguments)) => Ok(Self { selector: *selector, arguments }),
            None => revert_empty(),
        }
    }
}

/// Runs a verb that reads: it gets a [`View`], and so cannot write.
///
/// # Errors
/// The verb's, those of decoding, out of gas.
pub fn view<C: SolCall, R: Into<C::Return>>(
    host: &mut dyn Host,
    calldata: Calldata<'_>,
    verb: impl FnOnce(&mut dyn View, C) -> Result<R>,
) -> Result<Bytes> {
    refuse_value(host)?;
    let call = decode(host, calldata)?;
    let output = verb(host, call)?;
    encode::<C>(host, &output.into())
}

/// Runs a verb that writes and takes no value.
///
/// # Errors
/// The verb's, those of decoding, out of gas.
pub fn write<C: SolCall, R: Into<C::Return>>(
    host: &mut dyn Host,
    calldata: Calldata<'_>,
    verb: impl FnOnce(&mut dyn Host, C) -> Result<R>,
) -> Result<Bytes> {
    refuse_value(host)?;
    payable(host, calldata, verb)
}

/// Runs a verb that writes and may be paid.
///
/// # Errors
/// The verb's, those of decoding, out of gas.
pub fn payable<C: SolCall, R: Into<C::Return>>(
    host: &mut dyn Host,
    calldata: Calldata<'_>,
    verb: impl FnOnce(&mut dyn Host, C) -> Result<R>,
) -> Result<Bytes> {
    let call = decode(host, calldata)?;
    let output = verb(host, call)?;
    encode::<C>(host, &output.into())
}

/// The verb `initialize` of a contract that genesis made (restaking-core D2).
///
/// # Errors
/// Always OpenZeppelin's string.
pub fn already_initialized<C: SolCall>(_: &mut dyn Host, _: C) -> Result<C::Return> {
    revert_with("Initializable: contract is already initialized")
}

fn refuse_value(host: &mut dyn Host) -> Result<()> {
    if host.msg().value.is_zero() { Ok(()) } else { revert_empty() }
}

fn decode<C: SolCall>(host: &mut dyn Host, calldata: Calldata<'_>) -> Result<C> {
    let bytes = calldata.arguments.len();
    host.charge_gas(gas::VERB)?;
    host.charge_gas(gas::abi(bytes))?;
    let limit = EXPANSION_LIMIT.saturating_mul(bytes);
    let config = AbiDecoderConfig::new().validate(true).memory_limit(limit);
    C::abi_decode_raw_with_config(calldata.arguments, config).or_else(|_| revert_empty())
}

fn encode<C: SolCall>(host: &mut dyn Host, output: &C::Return) -> Result<Bytes> {
    let encoded = C::abi_encode_returns(output);
    host.charge_gas(gas::abi(encoded.len()))?;
    Ok(encoded.into())
}

/// Calls a view verb of any contract, as a Solidity interface does.
///
/// # Errors
/// The callee's revert data unchanged; an empty revert if there is no code or the answer does not decode.
pub fn static_call<C: SolCall, V: View + ?Sized>(view: &mut V, to: Address, call: &C) -> Result<C::Return> {
    let input = encode_call(view, call)?;
    let reply = view.static_call(to, input)?;
    decode_reply::<C, V>(view, to, reply)
}

/// Calls a verb of any contract, as a Solidity interface does.
///
/// # Errors
/// As [`static_call`].
pub fn call<C: SolCall>(host: &mut dyn Host, to: Address, call: &C) -> Result<C::Return> {
    let input = encode_call(host, call)?;
    let reply = host.call(to, U256::ZERO, input)?;
    decode_reply::<C, dyn Host>(host, to, reply)
}

/// The calldata of a call to another contract, paid by the word.
///
/// # Errors
/// Out of gas.
pub fn encode_call<C: SolCall, V: View + ?Sized>(view: &mut V, call: &C) -> Result<Bytes> {
    let input = call.abi_encode();
    view.charge_gas(gas::abi(input.len()))?;
    Ok(input.into())
}

fn decode_reply<C: SolCall, V: View + ?Sized>(view: &mut V, to: Address, reply: Reply) -> Result<C::Return> {
    let data = reply.bubble()?;
    view.charge_gas(gas::abi(data.len()))?;
    let limit = EXPANSION_LIMIT.saturating_mul(data.len());
    let config = AbiDecoderConfig::new().validate(true).memory_limit(limit);
    // A verb that returns nothing decodes nothing, so there only the code tells a contract from an empty account.
    match C::abi_decode_returns_with_config(&data, config) {
        Ok(_) if data.is_empty() && view.code_size(to)? == 0 => revert_empty(),
        Ok(answer) => Ok(answer),
        Err(_) => revert_empty(),
    }
}
