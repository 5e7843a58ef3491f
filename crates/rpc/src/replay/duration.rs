//! Durations as Go writes them (`5s`, `1m30s`, `250ms`, `1.5s`), which geth's tracing options use.

use crate::error::RpcError;
use std::time::Duration;

/// Nanoseconds of a unit.
fn nanos_of(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// Reads a duration.
///
/// # Errors
/// It is none, in Go's words.
pub(super) fn read(text: &str) -> Result<Duration, RpcError> {
    let shown: String = text.chars().take(32).collect();
    nanos(text)
        .map(Duration::from_nanos)
        .ok_or_else(|| RpcError::params(format!("time: invalid duration {shown:?}")))
}

fn nanos(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut sum = 0u64;
    if text == "0" {
        return Some(0);
    }
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(unit_at);
        let end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        sum = sum.checked_add(amount(number, nanos_of(unit)?)?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(sum)
}

/// A decimal number of units, in nanoseconds.
fn amount(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut sum = whole.checked_mul(unit)?;
    let mut place = unit;
    for digit in fraction.chars() {
        place = place.checked_div(10)?;
        sum = sum.checked_add(u64::from(digit.to_digit(10)?).checked_mul(place)?)?;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_in_go() {
        let cases =
            [("5s", 5_000), ("250ms", 250), ("1m30s", 90_000), ("1.5s", 1_500), ("0", 0), (".5s", 500)];
        for (text, millis) in cases {
            assert_eq!(read(text).unwrap(), Duration::from_millis(millis), "{text}");
        }
        for text in ["", "5", "s", "-1s", "1x", "1s5", "1..5s", "99999999999999999999s", "99999999999h"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
