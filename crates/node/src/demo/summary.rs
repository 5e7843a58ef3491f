//! Who holds what, as a table to read and as JSON. Every figure on chain was read back; the input's stands beside
//! it.

use super::{
    cast::Cast,
    chapters::Record,
    check::Concentration,
    table::{AS_OF, Graph},
};
use crate::text;
use alloy_primitives::{Address, U256};
use serde_json::{Value, json};
use std::time::Duration;

/// Operators with a row of their own.
const ROWS: usize = 15;

/// What the demo did, for people and for scripts.
#[derive(Debug)]
pub struct Report<'a> {
    /// The input.
    pub graph: &'a Graph,
    /// Who played.
    pub cast: &'a Cast,
    /// What happened.
    pub record: &'a Record,
    /// What the keys were drawn from.
    pub seed: u64,
    /// Where the chain is served.
    pub url: String,
    /// From the start of the process to the end of the story.
    pub took: Duration,
}

/// A row of the table: one operator or a sum, amounts in wei.
struct Row {
    label: String,
    input: U256,
    left: U256,
    on_chain: U256,
}

impl Row {
    fn text(&self, total: U256) -> String {
        format!(
            "{:<33}{:>13}{:>12}{:>13}{:>9}",
            self.label,
            text::ether(self.input, 2),
            text::ether(self.left, 2),
            text::ether(self.on_chain, 2),
            text::percent(self.on_chain, total)
        )
    }
}

impl Report<'_> {
    /// The table's lines.
    pub fn table(&self) -> Vec<String> {
        let stakes = &self.record.checked.operators;
        let total = sum(stakes.iter().copied());
        let mut order: Vec<usize> = (0..stakes.len()).collect();
        order.sort_by_key(|index| std::cmp::Reverse(stakes.get(*index).copied().unwrap_or_default()));
        let (top, rest) = order.split_at(order.len().min(ROWS));
        let header = format!(
            "{:<33}{:>13}{:>12}{:>13}{:>9}",
            "      operator      played by", "input ETH", "left", "on chain", "share"
        );
        let mut lines = vec![format!("{}{header}{}", text::DIM.render(), text::DIM.render_reset())];
        lines.extend(top.iter().zip(1..).map(|(index, place)| self.operator(*index, place).text(total)));
        lines.push(self.sum(format!("      {} others", rest.len()), rest).text(total));
        lines.push(self.sum(format!("      {} operators", order.len()), &order).text(total));
        lines
    }

    fn operator(&self, index: usize, place: usize) -> Row {
        let operator = self.graph.operators.get(index);
        let mark = if operator.is_some_and(|operator| operator.anchored) { '●' } else { ' ' };
        let real = operator.map_or(Address::ZERO, |operator| operator.address);
        let player = self.cast.operators.get(index).map_or(Address::ZERO, |player| player.address);
        let label = format!("{place:>3} {mark} {}   {}", text::short(real), text::short(player));
        self.sum(label, &[index])
    }

    fn sum(&self, label: String, of: &[usize]) -> Row {
        let input =
            |index: &usize| self.graph.operators.get(*index).map_or(U256::ZERO, |operator| operator.stake);
        let held = |index: &usize| self.record.checked.operators.get(*index).copied().unwrap_or_default();
        Row {
            label,
            input: sum(of.iter().map(input)),
            left: sum(of.iter().map(|index| self.cast.left(*index))),
            on_chain: sum(of.iter().map(held)),
        }
    }

    /// How concentrated the stake on chain is.
    pub fn concentration(&self) -> Concentration {
        Concentration::of(&self.record.checked.operators)
    }

    /// All of it as JSON; amounts are decimal strings of wei.
    pub fn json(&self) -> Value {
        let graph = self.graph;
        let concentration = self.concentration();
        let operators: Vec<Value> =
            (0..graph.operators.len()).map(|index| self.operator_json(index)).collect();
        let keys: serde_json::Map<String, Value> =
            self.record.key_transactions.iter().map(|(what, hash)| ((*what).into(), json!(hash))).collect();
        let losses: Vec<Value> = self
            .record
            .losses
            .iter()
            .map(|(staker, lost)| json!({ "staker": staker, "lost_wei": lost.to_string() }))
            .collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "commit": env!("BULWARK_COMMIT"),
            "rpc": self.url,
            "seed": self.seed,
            "seconds": self.took.as_secs_f64(),
            "input": {
                "network": "EigenLayer on Ethereum mainnet",
                "as_of": AS_OF,
                "stakes": "reconstructed, not measured",
                "operators": graph.operators.len(),
                "services": graph.services.len(),
                "registrations": graph.registrations(),
                "stake_wei": graph.stake().to_string(),
            },
            "stakers": self.cast.stakers.len(),
            "transactions": self.record.transactions,
            "gas_used": self.record.gas,
            "block": self.record.head,
            "figures_checked": self.record.checked.figures,
            "key_transactions": keys,
            "stake_on_chain_wei": sum(self.record.checked.operators.iter().copied()).to_string(),
            "concentration": {
                "hold_a_third": concentration.hold_a_third,
                "hold_a_half": concentration.hold_a_half,
                "herfindahl_of_10000": concentration.herfindahl.to_string(),
            },
            "losses": losses,
            "covenant_refusal": self.record.refusal,
            "security": self.record.security,
            "operators": operators,
        })
    }

    fn operator_json(&self, index: usize) -> Value {
        let operator = self.graph.operators.get(index);
        let row = self.sum(String::new(), &[index]);
        json!({
            "operator": operator.map(|operator| operator.address.to_string()),
            "played_by": self.cast.operators.get(index).map(|player| player.address.to_string()),
            "anchored": operator.map(|operator| operator.anchored),
            "input_wei": row.input.to_string(),
            "withdrawn_wei": row.left.to_string(),
            "on_chain_wei": row.on_chain.to_string(),
        })
    }
}

fn sum(amounts: impl Iterator<Item = U256>) -> U256 {
    amounts.fold(U256::ZERO, U256::saturating_add)
}
