//! Numbers as developer tools send them: hex quantities, plain JSON numbers, or decimal text.
//! Standard methods are strict and take hex only, through alloy's types; this is for the developer namespaces.

use serde::{Deserialize, Deserializer, de};
use std::fmt;

/// A 64-bit number in any of the forms that anvil and hardhat accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quantity(pub(crate) u64);

struct AnyForm;

impl de::Visitor<'_> for AnyForm {
    type Value = Quantity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, as 0x-prefixed hex, JSON number or decimal text, below 2^64")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Quantity, E> {
        Ok(Quantity(value))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Quantity, E> {
        let parsed = match text.strip_prefix("0x") {
            Some("") => Ok(0),
            Some(digits) => u64::from_str_radix(digits, 16),
            None => text.parse(),
        };
        parsed.map(Quantity).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyForm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_and_nothing_else() {
        for text in ["16", "\"0x10\"", "\"16\""] {
            assert_eq!(serde_json::from_str::<Quantity>(text).unwrap(), Quantity(16), "{text}");
        }
        for text in ["-1", "1.5", "\"0xg\"", "\"\"", "\"0x10000000000000000\"", "true", "[1]", "\"+5x\""] {
            assert!(serde_json::from_str::<Quantity>(text).is_err(), "{text}");
        }
    }
}
