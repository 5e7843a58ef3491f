//! What a call reverted with, in words: `Error(string)`, `Panic(uint256)`, and custom errors of the native contracts.
//! The data go to the caller as they came, whether or not words are found for them.

use crate::{abi, error::RpcError};
use alloy_dyn_abi::{DynSolType, DynSolValue, JsonAbiExt};
use alloy_primitives::{Bytes, hex};
use std::fmt::Write as _;

/// `Error(string)`.
const ERROR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];

/// `Panic(uint256)`.
const PANIC: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];

/// Bytes of an argument shown before it is cut.
const MAX_SHOWN: usize = 256;

/// The error of a reverted call: code 3, a message, and the data as they came.
pub(crate) fn reverted(data: Bytes) -> RpcError {
    let message = match reason(&data) {
        Some(reason) => format!("execution reverted: {reason}"),
        None => "execution reverted".to_owned(),
    };
    RpcError::reverted(message, data)
}

/// A revert's data in words; `None` if there are none for it.
pub(crate) fn reason(data: &[u8]) -> Option<String> {
    let (selector, arguments) = data.split_first_chunk::<4>()?;
    match *selector {
        ERROR => match DynSolType::String.abi_decode(arguments).ok()? {
            DynSolValue::String(text) => Some(cut(&text)),
            _ => None,
        },
        PANIC => match DynSolType::Uint(256).abi_decode(arguments).ok()? {
            DynSolValue::Uint(code, _) => Some(panic(u64::try_from(code).unwrap_or(u64::MAX))),
            _ => None,
        },
        selector => {
            Some(named(data).unwrap_or_else(|| format!("custom error {}", hex::encode_prefixed(selector))))
        }
    }
}

/// A custom error of a native contract, by name and with its arguments.
pub(crate) fn named(data: &[u8]) -> Option<String> {
    let (selector, arguments) = data.split_first_chunk::<4>()?;
    let error = abi::error(*selector)?;
    let decoded = error.abi_decode_input(arguments).unwrap_or_default();
    Some(format!("{}({})", error.name, list(&decoded)))
}

/// Solidity's panic codes, as geth words them.
fn panic(code: u64) -> String {
    match code {
        0x00 => "generic panic".into(),
        0x01 => "assert(false)".into(),
        0x11 => "arithmetic underflow or overflow".into(),
        0x12 => "division or modulo by zero".into(),
        0x21 => "enum overflow".into(),
        0x22 => "invalid encoded storage byte array accessed".into(),
        0x31 => "out-of-bounds array access; popping on an empty array".into(),
        0x32 => "out-of-bounds access of an array or bytesN".into(),
        0x41 => "out of memory".into(),
        0x51 => "uninitialized function".into(),
        other => format!("unknown panic code: {other:#x}"),
    }
}

fn list(values: &[DynSolValue]) -> String {
    let mut out = String::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        show(value, &mut out);
        if out.len() > MAX_SHOWN {
            return cut(&out);
        }
    }
    out
}

fn show(value: &DynSolValue, out: &mut String) {
    let written = match value {
        DynSolValue::Bool(value) => write!(out, "{value}"),
        DynSolValue::Int(value, _) => write!(out, "{value}"),
        DynSolValue::Uint(value, _) => write!(out, "{value}"),
        DynSolValue::Address(value) => write!(out, "{value}"),
        DynSolValue::FixedBytes(word, size) => {
            write!(out, "{}", hex::encode_prefixed(word.get(..*size).unwrap_or(word.as_slice())))
        }
        DynSolValue::Function(value) => write!(out, "{value}"),
        DynSolValue::Bytes(bytes) => write!(out, "{}", hex::encode_prefixed(bytes)),
        DynSolValue::String(text) => write!(out, "{text:?}"),
        DynSolValue::Array(values) | DynSolValue::FixedArray(values) => write!(out, "[{}]", list(values)),
        DynSolValue::Tuple(values) => write!(out, "({})", list(values)),
        DynSolValue::CustomStruct { tuple, .. } => write!(out, "({})", list(tuple)),
    };
    // Writing to a string does not fail.
    let _ = written;
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{U256, bytes};

    fn message(data: Bytes) -> String {
        reverted(data).message().to_owned()
    }

    #[test]
    fn solidity_errors_are_told_in_words() {
        let text = DynSolValue::String("not enough".into()).abi_encode();
        assert_eq!(message([&ERROR[..], &text].concat().into()), "execution reverted: not enough");
        let code = DynSolValue::Uint(U256::from(0x11), 256).abi_encode();
        assert_eq!(
            message([&PANIC[..], &code].concat().into()),
            "execution reverted: arithmetic underflow or overflow"
        );
    }

    #[test]
    fn errors_of_native_contracts_are_named_with_their_arguments() {
        let all = types::abi::names().filter_map(types::abi::json);
        let errors: Vec<Error> = all.flat_map(|abi| abi.errors.into_values().flatten()).collect();
        assert!(!errors.is_empty());
        for error in errors {
            let types: Vec<DynSolType> =
                error.inputs.iter().map(|input| input.selector_type().parse().unwrap()).collect();
            let zeros: Vec<DynSolValue> =
                types.iter().map(|kind| kind.abi_decode(&[0; 64]).unwrap()).collect();
            let data = error.abi_encode_input(&zeros).unwrap();
            let told = message(data.into());
            assert!(told.starts_with(&format!("execution reverted: {}(", error.name)), "{told}");
        }
    }

    #[test]
    fn unknown_and_broken_data_never_hide_the_revert() {
        assert_eq!(message(Bytes::new()), "execution reverted");
        assert_eq!(message(bytes!("0102")), "execution reverted");
        assert_eq!(message(bytes!("deadbeef")), "execution reverted: custom error 0xdeadbeef");
        assert_eq!(message(bytes!("08c379a0ff")), "execution reverted");
    }

    use alloy_json_abi::Error;
}
