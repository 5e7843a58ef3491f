//! Which call frames are native: the code that a frame would run decides, so the answer is part of the state, follows
//! reverts, and costs one comparison of lengths for every other contract.

use alloy_primitives::Address;
use protocol::{
    host::NativeFn,
    registry::{self, STUB_CODE},
};
use revm::interpreter::{CallInputs, CallScheme};

/// The table of native contracts. Tests bring their own.
#[derive(Clone, Copy, Debug)]
pub struct Contracts {
    /// The contract at a fixed address, if the account there holds the stub code.
    pub singleton: fn(Address) -> Option<NativeFn>,
    /// The contract that instances of a kind run.
    pub instance: fn(u16) -> Option<NativeFn>,
}

/// What a native frame is to do.
#[derive(Clone, Copy, Debug)]
pub enum Claim {
    /// Run the contract.
    Run(NativeFn),
    /// DELEGATECALL or CALLCODE: native code never runs on another account's storage.
    Refuse,
}

impl Contracts {
    /// The contracts of the protocol.
    pub const PROTOCOL: Self = Self { singleton: registry::singleton, instance: registry::instance };

    /// What to do with a call frame, if its code is native.
    ///
    /// A frame's code may be that of an account which the called one delegated to (EIP-7702). A fixed address tells;
    /// for an instance `holds` tells whether the called account itself holds that code. If not, the frame is left to
    /// the interpreter, which halts on the first byte.
    pub fn claim(&self, inputs: &CallInputs, holds: impl FnOnce(&CallInputs) -> bool) -> Option<Claim> {
        let code = inputs.known_bytecode.1.original_byte_slice();
        let entry = if code == STUB_CODE {
            (self.singleton)(inputs.bytecode_address)?
        } else {
            let entry = (self.instance)(registry::kind_of(code)?)?;
            holds(inputs).then_some(entry)?
        };
        match inputs.scheme {
            CallScheme::Call | CallScheme::StaticCall => Some(Claim::Run(entry)),
            CallScheme::DelegateCall | CallScheme::CallCode => Some(Claim::Refuse),
        }
    }
}
