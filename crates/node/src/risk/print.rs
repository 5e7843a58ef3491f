//! How the risk engine's figures look, for all its verbs: tables that fit 80 columns, ratios with their sign, amounts in
//! ether. Proved figures are rounded down, estimated ones to the nearest.

use crate::text;
use alloy_primitives::U256;
use risk::{PrizeRule, Slack};
use serde_json::{Value, json};

/// A finite number as JSON, anything else as null.
pub fn finite(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { Value::Null }
}

/// γ with six digits and its sign.
pub fn gamma(value: f64) -> String {
    if value.is_finite() { format!("{value:+.6}") } else { "unbounded".to_owned() }
}

/// γ as a proved interval.
pub fn interval(slack: &Slack) -> String {
    if slack.lower.is_infinite() {
        return "unbounded: no attack brings anything".to_owned();
    }
    format!("{:+.7} to {:+.7}", slack.lower, slack.upper)
}

/// Proved wei as ether: two digits, rounded down.
pub fn proved(wei: u128) -> String {
    format!("{} ETH", text::ether(U256::from(wei), 2))
}

/// Estimated ether with the digits that its size deserves.
pub fn ether(amount: f64) -> String {
    let decimals = match amount.abs() {
        0.0 => 0,
        size if size >= 10_000.0 => 0,
        size if size >= 1.0 => 2,
        _ => 4,
    };
    let fixed = format!("{:.decimals$}", amount.abs());
    let (whole, rest) = fixed.split_once('.').unwrap_or((&fixed, ""));
    let sign =
        if amount < 0.0 && fixed.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) { "−" } else { "" };
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{rest}", text::grouped(whole))
}

/// Estimated wei as ether.
pub fn wei(amount: u128) -> String {
    ether(amount as f64 / 1e18)
}

/// A number with a proper minus.
pub fn number(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$}").replace('-', "−")
}

/// A rule of prizes in words.
pub fn rule_in_words(rule: &PrizeRule) -> String {
    match rule {
        PrizeRule::OfNeed(fraction) => format!("{} of the stake at the threshold", exact_percent(*fraction)),
        PrizeRule::OfStake(fraction) => format!("{} of all its stake", exact_percent(*fraction)),
        PrizeRule::Flat(ether) => format!("{ether} ETH each"),
        PrizeRule::Root(factor) => format!("{factor} times the root of its stake in ETH"),
    }
}

/// A share in percent with two digits.
pub fn percent(share: f64) -> String {
    format!("{} %", number(share * 100.0, 2))
}

/// A fraction that somebody chose or proved in percent: up to four digits, no zeros behind them.
pub fn exact_percent(fraction: f64) -> String {
    let text = format!("{:.4}", 100.0 * fraction);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A table of figures: the first column left, the others right.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    text::table(header, rows, text::Side::Right)
}

/// Text cut to `most` characters, with an ellipsis where something is missing.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// An operator's name, shortened in the middle where it is long.
pub fn operator(id: &str) -> String {
    /// Characters that a column has room for.
    const ROOM: usize = 20;
    if id.chars().count() > ROOM { text::shortened(id) } else { id.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_show_the_digits_that_their_size_deserves() {
        for (amount, shown) in [
            (4_089_846.0, "4,089,846"),
            (9_999.5, "9,999.50"),
            (0.18401, "0.1840"),
            (-12.5, "−12.50"),
            (-0.0, "0"),
        ] {
            assert_eq!(ether(amount), shown);
        }
        assert_eq!(percent(0.0279953), "2.80 %");
        assert_eq!(exact_percent(0.03), "3 %");
    }

    #[test]
    fn a_long_name_is_shortened_and_one_of_many_bytes_a_character_too() {
        assert_eq!(operator("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"), "0xf39F…2266");
        assert_eq!(operator(&"ü".repeat(20)), "ü".repeat(20));
        assert_eq!(operator(&"ü".repeat(21)), "üüüüüü…üüüü");
    }
}
