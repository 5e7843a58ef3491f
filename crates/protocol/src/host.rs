//! What a rule may ask of the chain: [`View`] to read, [`Host`] to write, and the two kinds of error.
//! Nothing here knows the EVM; the implementations are `chain::native` and [`crate::mem`].

use alloy_primitives::{Address, B256, Bytes, LogData, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use types::{Params, gas};

/// What a rule answers: a value or one of the two kinds of error.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// The entry point of a native contract: calldata in, return data out.
pub type NativeFn = fn(&mut dyn Host, &[u8]) -> Result<Bytes>;

/// Why a native contract did not finish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The contract said no: its frame is rolled back, unused gas and this data go to the caller.
    Revert(Bytes),
    /// The frame cannot go on. Rules pass it up with `?` and never look inside.
    Fatal(Fatal),
}

/// Conditions that no contract may catch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fatal {
    /// Halts this frame as an EVM frame that ran out of gas.
    OutOfGas,
    /// Halts this frame: a write was tried inside a STATICCALL.
    StaticWrite,
    /// Halts this frame as the INVALID opcode does: all its gas is gone.
    Invalid,
    /// The node failed to read its state: no outcome of the transaction may be recorded.
    Node,
    /// A rule of ours is broken, with the rule: stops the block.
    Broken(&'static str),
}

impl From<Fatal> for Error {
    fn from(fatal: Fatal) -> Self {
        Self::Fatal(fatal)
    }
}

/// The `Err` of a typed Solidity error.
///
/// # Errors
/// Always, with `error` as the ABI encodes it.
pub fn revert<T>(error: impl SolError) -> Result<T> {
    Err(Error::Revert(error.abi_encode().into()))
}

/// The `Err` without data, as Solidity's dispatcher and decoder give it.
///
/// # Errors
/// Always.
pub const fn revert_empty<T>() -> Result<T> {
    Err(Error::Revert(Bytes::new()))
}

/// The `Err` of `require(false, message)`.
///
/// # Errors
/// Always, as `Error(string)`.
pub fn revert_with<T>(message: &str) -> Result<T> {
    revert(alloy_sol_types::Revert::from(message))
}

/// `Ok` where `holds`, else the `Err` of a typed Solidity error.
///
/// # Errors
/// `error`, as the ABI encodes it.
pub fn require(holds: bool, error: impl SolError) -> Result<()> {
    if holds { Ok(()) } else { revert(error) }
}

/// Emits a typed event from the current contract.
///
/// # Errors
/// Out of gas, or a static frame.
pub fn emit(host: &mut dyn Host, event: &impl SolEvent) -> Result<()> {
    Ok(host.emit_log(event.encode_log_data())?)
}

/// The message that the current frame executes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Msg {
    /// Who calls.
    pub sender: Address,
    /// The contract that runs, and whose storage it is.
    pub this: Address,
    /// Wei sent along.
    pub value: U256,
    /// The selector called: Solidity's `msg.sig`.
    pub selector: [u8; 4],
    /// Whether writes are forbidden.
    pub is_static: bool,
}

/// The block that the current frame executes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockInfo {
    /// Height.
    pub number: u64,
    /// Seconds since 1970.
    pub timestamp: u64,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The COINBASE opcode.
    pub coinbase: Address,
    /// The PREVRANDAO opcode.
    pub prevrandao: B256,
    /// The GASLIMIT opcode.
    pub gas_limit: u64,
    /// The BASEFEE opcode, in wei.
    pub base_fee: u64,
}

/// How a nested call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It returned.
    Success,
    /// It reverted.
    Revert,
    /// It ran out of gas.
    OutOfGas,
    /// It halted for another reason.
    Halt,
}

/// The end of a nested call, for rules that look before they pass a failure on.
#[derive(Clone, Debug)]
pub struct Reply {
    /// How it ended.
    pub status: Status,
    /// Return or revert data.
    pub data: Bytes,
}

impl Reply {
    /// Whether the call returned.
    pub fn is_success(&self) -> bool {
        self.status == Status::Success
    }

    /// Passes a failure on unchanged: custom errors bubble, a starved callee starves its caller.
    ///
    /// # Errors
    /// The callee's revert data, or out of gas.
    pub fn bubble(self) -> Result<Bytes> {
        match self.status {
            Status::Success => Ok(self.data),
            Status::OutOfGas => Err(Fatal::OutOfGas.into()),
            Status::Revert | Status::Halt => Err(Error::Revert(self.data)),
        }
    }
}

/// Reads: all that a view verb gets, so that it cannot write by type.
pub trait View {
    /// The message that runs.
    fn msg(&self) -> Msg;
    /// The block that runs.
    fn block(&self) -> BlockInfo;
    /// The chain's numbers and rules.
    fn params(&self) -> &Params;

    /// Pays for computation.
    ///
    /// # Errors
    /// Out of gas.
    fn charge_gas(&mut self, amount: u64) -> Result<(), Fatal>;
    /// Reads a slot of `account`, which must be native: the current contract, or one whose storage it shares.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    fn sload(&mut self, account: Address, slot: U256) -> Result<U256, Fatal>;
    /// Reads a transient slot of the current contract.
    ///
    /// # Errors
    /// Out of gas.
    fn tload(&mut self, slot: U256) -> Result<U256, Fatal>;
    /// The BALANCE opcode.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    fn balance(&mut self, of: Address) -> Result<U256, Fatal>;
    /// The EXTCODESIZE opcode.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    fn code_size(&mut self, of: Address) -> Result<usize, Fatal>;
    /// The BLOCKHASH opcode: zero outside the last 256 blocks.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    fn block_hash(&mut self, number: u64) -> Result<B256, Fatal>;
    /// The kind of native instance at an address (`decisions.md` 30), at EXTCODESIZE's price.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    fn instance_kind(&mut self, of: Address) -> Result<Option<u16>, Fatal>;
    /// STATICCALL with all but 1/64 of the gas.
    ///
    /// # Errors
    /// The node's; a callee's failure is a [`Reply`].
    fn static_call(&mut self, to: Address, input: Bytes) -> Result<Reply, Fatal>;
    /// STATICCALL with exactly `gas`, so that a caller cannot make the callee fail by starving it.
    ///
    /// # Errors
    /// Out of gas if the 63/64 rule leaves less than `gas`; the node's. A callee's failure is a [`Reply`].
    fn static_call_with_gas(&mut self, to: Address, input: Bytes, gas: u64) -> Result<Reply, Fatal>;
    /// Begins a call from one native contract to another: swaps the message and returns the caller's.
    /// `input` is there only if [`View::is_traced`]. Use [`call_native`].
    ///
    /// # Errors
    /// Out of gas.
    fn enter(&mut self, callee: Address, selector: [u8; 4], input: Option<Bytes>) -> Result<Msg, Fatal>;
    /// Ends what [`View::enter`] began.
    fn leave(&mut self, caller: Msg, outcome: Result<Option<Bytes>, &Error>);
    /// Whether somebody watches the frames.
    fn is_traced(&self) -> bool;

    /// Hashes at the KECCAK256 opcode's price.
    ///
    /// # Errors
    /// Out of gas.
    fn keccak256(&mut self, data: &[u8]) -> Result<B256, Fatal> {
        self.charge_gas(gas::keccak(data.len()))?;
        Ok(keccak256(data))
    }
}

/// Writes: what a mutating verb gets on top of [`View`].
pub trait Host: View {
    /// Writes a slot of `account`, under the same condition as [`View::sload`].
    ///
    /// # Errors
    /// Out of gas, a static frame, or the node's.
    fn sstore(&mut self, account: Address, slot: U256, value: U256) -> Result<(), Fatal>;
    /// Writes a transient slot of the current contract.
    ///
    /// # Errors
    /// Out of gas, or a static frame.
    fn tstore(&mut self, slot: U256, value: U256) -> Result<(), Fatal>;
    /// Emits a log from the current contract.
    ///
    /// # Errors
    /// Out of gas, or a static frame.
    fn emit_log(&mut self, log: LogData) -> Result<(), Fatal>;
    /// CALL with all but 1/64 of the gas.
    ///
    /// # Errors
    /// The node's; a callee's failure is a [`Reply`].
    fn call(&mut self, to: Address, value: U256, input: Bytes) -> Result<Reply, Fatal>;
    /// CALL without value and with exactly `gas`.
    ///
    /// # Errors
    /// Out of gas if the 63/64 rule leaves less than `gas`; the node's. A callee's failure is a [`Reply`].
    fn call_with_gas(&mut self, to: Address, input: Bytes, gas: u64) -> Result<Reply, Fatal>;
    /// CALL with empty input and the stipend only: pays out, and the receiver cannot write.
    ///
    /// # Errors
    /// The node's; a callee's failure is a [`Reply`].
    fn transfer(&mut self, to: Address, value: U256) -> Result<Reply, Fatal>;
    /// Makes an instance at the CREATE address of the current contract's nonce, at CREATE's price: the account's
    /// code `0xefb1 ‖ kind` is its registration (`decisions.md` 30).
    ///
    /// # Errors
    /// Out of gas, a static frame, or the node's.
    fn create_instance(&mut self, kind: u16) -> Result<Address, Fatal>;
}

/// Calls another native contract as a Rust function (`decisions.md` 33): the callee sees the caller as sender, its
/// logs carry its address, tracers see a frame. The price is one warm call.
/// A verb answers with what converts to the ABI's return values: `()`, one value, or a tuple.
///
/// # Errors
/// The callee's, which must be passed on: no checkpoint is taken, so a caught failure would leave its writes.
pub fn call_native<V: View + ?Sized, C: SolCall, R: Clone + Into<C::Return>>(
    view: &mut V,
    callee: Address,
    call: C,
    verb: impl FnOnce(&mut V, C) -> Result<R>,
) -> Result<R> {
    let input = view.is_traced().then(|| call.abi_encode().into());
    let caller = view.enter(callee, C::SELECTOR, input)?;
    let answer = verb(view, call);
    let shown = match &answer {
        Ok(output) => Ok(view.is_traced().then(|| C::abi_encode_returns(&output.clone().into()).into())),
        Err(error) => Err(error),
    };
    view.leave(caller, shown);
    answer
}
