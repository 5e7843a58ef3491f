//! How the risk engine's figures look: tables that fit 80 columns, ratios with their sign, amounts in ether.

use crate::text;
use alloy_primitives::U256;
use risk::{PrizeRule, Slack};
use serde_json::{Value, json};

/// A finite number as JSON, anything else as null.
pub fn number(value: f64) -> Value {
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

/// Wei as ether with two digits.
pub fn ether(wei: u128) -> String {
    format!("{} ETH", text::ether(U256::from(wei), 2))
}

/// A rule of prizes in words.
pub fn rule_in_words(rule: &PrizeRule) -> String {
    match rule {
        PrizeRule::OfNeed(fraction) => format!("{} of the stake at the threshold", percent(*fraction)),
        PrizeRule::OfStake(fraction) => format!("{} of all its stake", percent(*fraction)),
        PrizeRule::Flat(ether) => format!("{ether} ETH each"),
        PrizeRule::Root(factor) => format!("{factor} times the root of its stake in ETH"),
    }
}

/// A fraction in percent.
pub fn percent(fraction: f64) -> String {
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
    match (id.get(..6), id.get(id.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) if id.len() > 20 => format!("{head}…{tail}"),
        _ => id.to_owned(),
    }
}
