//! JSON to ABI values and back, by signatures, and comparison with what a case expects.

use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::{Address, B256, Bytes, I256, U256, hex};
use serde_json::Value;

/// What names and special arguments of a case stand for.
pub trait Names {
    fn address(&self, name: &str) -> Address;
    fn name(&self, address: Address) -> Option<String>;
    /// The value of an argument that is an object, such as a signature.
    fn special(&mut self, argument: &Value) -> DynSolValue;
}

/// An argument of type `kind`.
pub fn value(names: &mut impl Names, kind: &DynSolType, argument: &Value) -> DynSolValue {
    if argument.is_object() {
        return names.special(argument);
    }
    match kind {
        DynSolType::Array(item) => {
            DynSolValue::Array(items(argument).iter().map(|argument| value(names, item, argument)).collect())
        }
        DynSolType::Tuple(kinds) => {
            let fields = kinds.iter().zip(items(argument));
            DynSolValue::Tuple(fields.map(|(kind, argument)| value(names, kind, argument)).collect())
        }
        DynSolType::Bool => DynSolValue::Bool(argument.as_bool().expect("a bool")),
        DynSolType::Address => DynSolValue::Address(address(names, text(argument))),
        DynSolType::String => DynSolValue::String(text(argument).into()),
        DynSolType::Bytes => DynSolValue::Bytes(hex::decode(text(argument)).expect("hex")),
        DynSolType::FixedBytes(size) => {
            let bytes = hex::decode(text(argument)).expect("hex");
            DynSolValue::FixedBytes(B256::right_padding_from(&bytes), *size)
        }
        DynSolType::Uint(bits) => DynSolValue::Uint(text(argument).parse().expect("a number"), *bits),
        DynSolType::Int(bits) => DynSolValue::Int(text(argument).parse().expect("a number"), *bits),
        other => panic!("no argument has type {other}"),
    }
}

/// Whether `actual` is what a case expects: the same value, or `*`.
pub fn is_as_expected(names: &impl Names, expected: &Value, actual: &DynSolValue) -> bool {
    if expected == "*" {
        return true;
    }
    match actual {
        DynSolValue::Array(values) | DynSolValue::FixedArray(values) | DynSolValue::Tuple(values) => {
            let expected = items(expected);
            expected.len() == values.len()
                && expected
                    .iter()
                    .zip(values)
                    .all(|(expected, actual)| is_as_expected(names, expected, actual))
        }
        DynSolValue::Bool(actual) => expected.as_bool() == Some(*actual),
        DynSolValue::Address(actual) => address(names, text(expected)) == *actual,
        DynSolValue::String(actual) => text(expected) == actual,
        DynSolValue::Bytes(actual) => hex::decode(text(expected)).expect("hex") == *actual,
        DynSolValue::FixedBytes(actual, size) => {
            hex::decode(text(expected)).expect("hex") == actual.as_slice()[..*size]
        }
        DynSolValue::Uint(actual, _) => text(expected).parse::<U256>().expect("a number") == *actual,
        DynSolValue::Int(actual, _) => text(expected).parse::<I256>().expect("a number") == *actual,
        other => panic!("no value is {other:?}"),
    }
}

/// A value for people, with names for addresses.
pub fn show(names: &impl Names, value: &DynSolValue) -> String {
    match value {
        DynSolValue::Array(values) | DynSolValue::FixedArray(values) | DynSolValue::Tuple(values) => {
            let shown: Vec<String> = values.iter().map(|value| show(names, value)).collect();
            format!("[{}]", shown.join(", "))
        }
        DynSolValue::Address(address) => names.name(*address).unwrap_or_else(|| address.to_string()),
        DynSolValue::Uint(number, _) => number.to_string(),
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::FixedBytes(bytes, size) => hex::encode_prefixed(&bytes[..*size]),
        DynSolValue::Bytes(bytes) => Bytes::copy_from_slice(bytes).to_string(),
        DynSolValue::Bool(value) => value.to_string(),
        other => format!("{other:?}"),
    }
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn items(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list"))
}

fn address(names: &impl Names, text: &str) -> Address {
    match text.strip_prefix('@') {
        Some(name) => names.address(name),
        None => text.parse().expect("an address"),
    }
}
