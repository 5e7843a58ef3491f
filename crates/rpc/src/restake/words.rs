//! Amounts and accounts in words, for people who decide whether to sign.

use super::ask::Token;
use alloy_primitives::{Address, U256};

/// Digits after the point that people read.
const SHOWN_DECIMALS: usize = 4;

/// What is lost in one strategy.
pub(super) struct Lost<'t> {
    pub(super) token: &'t Token,
    /// What the loss is worth in tokens.
    pub(super) tokens: U256,
    /// Shares lost.
    pub(super) lost: U256,
    /// Of how many.
    pub(super) had: U256,
}

/// An account: `0xabcd…1234`.
pub(crate) fn short(account: Address) -> String {
    let text = account.to_checksum(None);
    let (head, tail) = (text.get(..6).unwrap_or_default(), text.get(38..).unwrap_or_default());
    format!("{head}…{tail}")
}

/// An amount of a token: `3.1 stETH`.
pub(crate) fn amount(tokens: U256, token: &Token) -> String {
    format!("{} {}", decimal(tokens, token.decimals), token.symbol)
}

/// `3.1 stETH (10 %)`.
pub(super) fn amount_lost(lost: &Lost<'_>) -> String {
    format!("{} ({})", amount(lost.tokens, lost.token), share(lost.lost, lost.had))
}

/// A number with a point, cut after some digits; what is there but too small to show is said to be less than that.
fn decimal(value: U256, decimals: u8) -> String {
    let digits = format!("{value:0>width$}", width = usize::from(decimals).saturating_add(1));
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(usize::from(decimals)));
    let shown = fraction.get(..SHOWN_DECIMALS.min(fraction.len())).unwrap_or_default().trim_end_matches('0');
    match (whole, shown) {
        ("0", "") if !value.is_zero() => format!("less than 0.{}1", "0".repeat(SHOWN_DECIMALS - 1)),
        (whole, "") => whole.to_owned(),
        (whole, shown) => format!("{whole}.{shown}"),
    }
}

/// A part as a percentage with one digit after the point.
fn share(part: U256, whole: U256) -> String {
    let tenths = part.saturating_mul(U256::from(1_000)).checked_div(whole).unwrap_or_default();
    let (whole, tenth) = tenths.div_rem(U256::from(10));
    match (part.is_zero(), tenths.is_zero(), tenth.is_zero()) {
        (false, true, _) => "less than 0.1 %".into(),
        (_, _, true) => format!("{whole} %"),
        _ => format!("{whole}.{tenth} %"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list(all: &[String]) -> String {
    match all {
        [] => "nothing".into(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_shares_read_as_people_write_them() {
        let token = |decimals| Token { address: None, symbol: "stETH".into(), decimals };
        let cases = [
            (3_100_000_000_000_000_000u128, 18, "3.1 stETH"),
            (1, 18, "less than 0.0001 stETH"),
            (0, 18, "0 stETH"),
            (12_345_678, 6, "12.3456 stETH"),
            (7, 0, "7 stETH"),
        ];
        for (tokens, decimals, said) in cases {
            assert_eq!(amount(U256::from(tokens), &token(decimals)), said);
        }
        for (part, whole, said) in
            [(1u64, 10u64, "10 %"), (1, 3, "33.3 %"), (1, 10_000, "less than 0.1 %"), (0, 5, "0 %")]
        {
            assert_eq!(share(U256::from(part), U256::from(whole)), said);
        }
        let three = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(
            (list(&three), list(&three[..2]), list(&[])),
            ("a, b and c".into(), "a and b".into(), "nothing".into())
        );
        assert_eq!(short(Address::repeat_byte(0x11)), "0x1111…1111");
    }
}
