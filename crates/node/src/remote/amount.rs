//! Amounts as people write them: `1.5eth`, `100stETH`, `25%`, `all`, or a bare number of smallest units. Exact or refused:
//! nothing is rounded but a percentage, down.

use crate::{failure::Failure, text};
use alloy_primitives::{U256, Uint};
use std::str::FromStr;

/// One, in fractions of 18 decimals.
pub const WAD: U256 = text::ETHER;

/// Decimals of a percentage as a fraction of 18 decimals.
const PERCENT_DECIMALS: u8 = 16;

/// What an amount is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The token's symbol.
    pub symbol: String,
    /// Its decimals.
    pub decimals: u8,
}

impl Unit {
    /// Ether.
    pub fn ether() -> Self {
        Self { symbol: "ETH".into(), decimals: 18 }
    }

    /// An amount of it, exactly: `1,234.5 stETH`.
    pub fn show(&self, amount: U256) -> String {
        let width = usize::from(self.decimals).saturating_add(1);
        let digits = format!("{:0>width$}", amount.to_string());
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(usize::from(self.decimals)));
        let (whole, fraction) = (text::grouped(whole), fraction.trim_end_matches('0'));
        match fraction {
            "" => format!("{whole} {}", self.symbol),
            fraction => format!("{whole}.{fraction} {}", self.symbol),
        }
    }
}

/// An amount as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    /// A number of smallest units.
    Raw(U256),
    /// Digits with a point, and the symbol after them.
    Of(String, String),
    /// A part of all, in fractions of 18 decimals.
    Part(U256),
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            "expected an amount such as 1.5eth, 100TEST, 25%, all, or a whole number of smallest units";
        if text.eq_ignore_ascii_case("all") {
            return Ok(Self::Part(WAD));
        }
        let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
        let (digits, unit) = text.split_at(end);
        let unit = unit.trim();
        if digits.is_empty() {
            return Err(expected.into());
        }
        match unit {
            "" => digits.parse().map(Self::Raw).map_err(|_| {
                format!("{digits} has no unit; write {digits}eth or with a token's symbol, or a whole number")
            }),
            "%" => match scaled(digits, PERCENT_DECIMALS) {
                Ok(part) if part <= WAD => Ok(Self::Part(part)),
                Ok(_) => Err(format!("{digits} % is more than all")),
                Err(why) => Err(why),
            },
            _ if digits.matches('.').count() > 1 => Err(expected.into()),
            _ => Ok(Self::Of(digits.to_owned(), unit.to_owned())),
        }
    }
}

impl Amount {
    /// Smallest units, where `unit` is asked for and `whole` is all that there is.
    ///
    /// # Errors
    /// Another token's symbol, or more decimals than the token has.
    pub fn of(&self, unit: &Unit, whole: U256) -> Result<U256, Failure> {
        match self {
            Self::Raw(units) => Ok(*units),
            Self::Part(part) if *part == WAD => Ok(whole),
            Self::Part(part) => Ok(part_of(whole, *part)),
            Self::Of(digits, symbol) => {
                let factor = match symbol.to_ascii_lowercase().as_str() {
                    "wei" if unit.decimals == 18 => Some(0),
                    "gwei" if unit.decimals == 18 => Some(9),
                    "eth" | "ether" if unit.symbol == "ETH" => Some(18),
                    other => unit.symbol.eq_ignore_ascii_case(other).then_some(unit.decimals),
                };
                let factor = factor.ok_or_else(|| {
                    Failure::usage(format!(
                        "{digits}{symbol}: the amount is of {}, not of {symbol}",
                        unit.symbol
                    ))
                    .help(format!("write {digits}{}", unit.symbol))
                })?;
                scaled(digits, factor).map_err(|why| Failure::usage(format!("{digits}{symbol}: {why}")))
            }
        }
    }

    /// A fraction of 18 decimals, as magnitudes and slashes are counted: `25%` or a bare number of 10⁻¹⁸.
    ///
    /// # Errors
    /// A token amount, or more than one.
    pub fn fraction(&self) -> Result<U256, Failure> {
        match self {
            Self::Part(part) => Ok(*part),
            Self::Raw(units) if *units <= WAD => Ok(*units),
            Self::Raw(units) => Err(Failure::usage(format!("{units} is more than all, which is {WAD}"))
                .help("write a percentage, such as 25%")),
            Self::Of(digits, symbol) => Err(Failure::usage(format!("{digits}{symbol} is no fraction"))
                .help("write a percentage, such as 25%")),
        }
    }
}

/// `part` (18 decimals, at most one) of `whole`, rounded down.
fn part_of(whole: U256, part: U256) -> U256 {
    let product: Uint<512, 8> = whole.widening_mul(part);
    product.checked_div(Uint::from(WAD)).unwrap_or_default().saturating_to()
}

/// Digits with a point as a whole number of units of 10^-`decimals`.
fn scaled(digits: &str, decimals: u8) -> Result<U256, String> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.contains('.') {
        return Err("a number has one point".into());
    }
    let missing = usize::from(decimals).checked_sub(fraction.len());
    let missing = missing.ok_or_else(|| format!("more than {decimals} digits after the point"))?;
    let padded = format!("{whole}{fraction}{}", "0".repeat(missing));
    padded.parse().map_err(|_| "too large a number".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test() -> Unit {
        Unit { symbol: "TEST".into(), decimals: 6 }
    }

    #[test]
    fn amounts_are_exact() {
        let cases = [
            ("1.5TEST", 1_500_000u64),
            ("0.000001test", 1),
            ("7", 7),
            ("25%", 500),
            ("33.3%", 666),
            ("all", 2_000),
            ("100%", 2_000),
            ("1.50 TEST", 1_500_000),
        ];
        for (text, expected) in cases {
            let amount: Amount = text.parse().unwrap();
            assert_eq!(amount.of(&test(), U256::from(2_000)).unwrap(), U256::from(expected), "{text}");
        }
        let ether: Amount = "1.5eth".parse().unwrap();
        assert_eq!(ether.of(&Unit::ether(), U256::ZERO).unwrap(), U256::from(1_500_000_000_000_000_000u64));
        let gwei: Amount = "2gwei".parse().unwrap();
        assert_eq!(gwei.of(&Unit::ether(), U256::ZERO).unwrap(), U256::from(2_000_000_000u64));
        let all: Amount = "50%".parse().unwrap();
        assert_eq!(all.of(&test(), U256::MAX).unwrap(), U256::MAX >> 1);
    }

    #[test]
    fn amounts_that_would_have_to_be_rounded_or_guessed_are_refused() {
        for text in ["", "eth", "1.5", "-1eth", "1..5eth", "101%", "0x10", "1e18"] {
            let amount = text.parse::<Amount>().map_err(|_| ());
            let of = amount.and_then(|it| it.of(&test(), U256::ZERO).map_err(|_| ()));
            assert!(of.is_err(), "{text}");
        }
        let fine: Amount = "0.0000001TEST".parse().unwrap();
        assert!(fine.of(&test(), U256::ZERO).is_err());
        let other: Amount = "1stETH".parse().unwrap();
        assert!(other.of(&test(), U256::ZERO).unwrap_err().message().contains("of TEST, not of stETH"));
    }

    #[test]
    fn fractions_are_percentages_or_wads() {
        let fraction = |text: &str| text.parse::<Amount>().unwrap().fraction();
        assert_eq!(fraction("25%").unwrap(), U256::from(250_000_000_000_000_000u64));
        assert_eq!(fraction("1000000000000000000").unwrap(), WAD);
        assert!(fraction("1000000000000000001").is_err());
        assert!(fraction("1TEST").is_err());
    }

    #[test]
    fn amounts_read_back_as_they_are_shown() {
        assert_eq!(test().show(U256::from(1_234_500_000u64)), "1,234.5 TEST");
        assert_eq!(test().show(U256::from(1)), "0.000001 TEST");
        let whole = Unit { symbol: "X".into(), decimals: 0 };
        assert_eq!(whole.show(U256::from(12)), "12 X");
    }
}
