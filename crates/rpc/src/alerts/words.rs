//! An alert in a sentence.

use super::rule::Kind;
use crate::restake::short;
use alloy_primitives::Address;
use serde_json::{Value, json};

/// What happened, for people.
pub(super) fn of(kind: Kind, data: &Value) -> String {
    match kind {
        Kind::Slash => {
            let reason = data["description"].as_str().unwrap_or_default();
            let reason: String = reason.chars().filter(|letter| !letter.is_control()).take(200).collect();
            let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            format!("{} slashed {}{why}", set(&data["operator_set"]), who(&data["operator"]))
        }
        Kind::Allocation => format!(
            "{} has {} slashable by {} from block {} on",
            who(&data["operator"]),
            share(&data["magnitude"]),
            set(&data["operator_set"]),
            data["effect_block"]
        ),
        Kind::Operator => change(data),
        Kind::WithdrawalReady => format!(
            "a withdrawal of {} can be completed from block {} on",
            who(&data["staker"]),
            data["completable_block"]
        ),
        Kind::Gamma => format!(
            "the slack of {} is {}, {} the bound {}",
            scope(data),
            data["gamma_lower"],
            if data["is_beyond"] == true { "under" } else { "no longer under" },
            data["bound"]
        ),
        Kind::Concentration => format!(
            "the largest operator of {} holds {} of its stake, {} the bound {}",
            scope(data),
            data["share"],
            if data["is_beyond"] == true { "over" } else { "no longer over" },
            data["bound"]
        ),
        Kind::PendingSlash if data["status"] == "cleared" => {
            format!("what slash {} of {} took was cleared", data["slash_id"], set(&data["operator_set"]))
        }
        Kind::PendingSlash => format!(
            "what slash {} of {} took of {} waits; it can be cleared from block {} on",
            data["slash_id"],
            set(&data["operator_set"]),
            who(&data["operator"]),
            data["clearable_block"]
        ),
    }
}

fn change(data: &Value) -> String {
    let operator = who(&data["operator"]);
    if data["kind"] == "delegation" {
        let staker = who(&data["staker"]);
        return match data["is_delegated"] == true {
            true => format!("{staker} delegated to {operator}"),
            false => format!("{staker} left {operator}"),
        };
    }
    match data["change"].as_str().unwrap_or_default() {
        "delay" => format!(
            "the allocations of {operator} wait {} blocks from block {} on",
            data["delay_blocks"], data["effect_block"]
        ),
        "joined" => format!("{operator} joined {}", set(&data["operator_set"])),
        "left" => format!("{operator} left {}", set(&data["operator_set"])),
        "approver" if data["approver"] == json!(Address::ZERO) => {
            format!("anyone may delegate to {operator}")
        }
        "approver" => format!("stakers of {operator} are approved by {}", who(&data["approver"])),
        "covenant" => format!("{operator} changed its promise"),
        _ => format!("{operator} describes itself anew"),
    }
}

fn who(value: &Value) -> String {
    value.as_str().and_then(|text| text.parse::<Address>().ok()).map_or_else(|| "somebody".to_owned(), short)
}

fn set(value: &Value) -> String {
    format!("set {} of {}", value["id"], who(&value["avs"]))
}

/// A magnitude, of 10¹⁸, in percent rounded down.
fn share(value: &Value) -> String {
    let parts: Option<u64> = value.as_str().and_then(|text| text.parse().ok());
    let basis_points = parts.unwrap_or_default().checked_div(100_000_000_000_000).unwrap_or_default();
    let (whole, rest) = (basis_points.checked_div(100), basis_points.checked_rem(100));
    format!("{}.{:02} %", whole.unwrap_or_default(), rest.unwrap_or_default())
}

fn scope(data: &Value) -> &str {
    data["operator_set"].as_str().unwrap_or("the network")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_name_who_and_what() {
        let (avs, operator) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let set = json!({ "avs": avs, "id": 3 });
        let cases = [
            (
                Kind::Slash,
                json!({ "operator": operator, "operator_set": set, "description": "late\u{1b}" }),
                "set 3 of 0x0101…0101 slashed 0x0202…0202: late",
            ),
            (
                Kind::PendingSlash,
                json!({ "status": "pending", "operator": operator, "operator_set": set, "slash_id": 4, "clearable_block": 7 }),
                "what slash 4 of set 3 of 0x0101…0101 took of 0x0202…0202 waits; it can be cleared from block 7 on",
            ),
            (
                Kind::PendingSlash,
                json!({ "status": "cleared", "operator_set": set, "slash_id": 4 }),
                "what slash 4 of set 3 of 0x0101…0101 took was cleared",
            ),
            (
                Kind::Allocation,
                json!({ "operator": operator, "operator_set": set, "magnitude": "405000000000000000", "effect_block": 9 }),
                "0x0202…0202 has 40.50 % slashable by set 3 of 0x0101…0101 from block 9 on",
            ),
            (
                Kind::Operator,
                json!({ "kind": "delegation", "staker": avs, "operator": operator, "is_delegated": true }),
                "0x0101…0101 delegated to 0x0202…0202",
            ),
            (
                Kind::Gamma,
                json!({ "gamma_lower": 0.04, "bound": 0.05, "is_beyond": true, "operator_set": null }),
                "the slack of the network is 0.04, under the bound 0.05",
            ),
        ];
        for (kind, data, said) in cases {
            assert_eq!(of(kind, &data), said);
        }
    }
}
