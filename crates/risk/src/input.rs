//! Graphs from text: the JSON form `bulwark-risk-graph/1`, and tables (CSV). What a file leaves open (prizes,
//! thresholds) is settled in [`Draft::finish`]. Errors are one line and name the row.

mod csv;
mod json;

use crate::{Edge, Error, Graph, Mode, Operator, PrizeRule, Ratio, Service};

/// Most bytes of a file.
pub const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// A graph as read, before prizes and thresholds are settled.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// How stake backs services.
    pub mode: Mode,
    /// The block that the graph shows, if it says.
    pub block: Option<u64>,
    /// Operators.
    pub operators: Vec<Operator>,
    /// Services with what the file says of prize (wei) and threshold.
    pub services: Vec<(Service, Option<u128>, Option<Ratio>)>,
    /// Operator, service, allocation in wei.
    pub edges: Vec<(u32, u32, Option<u128>)>,
}

/// How to settle what a file leaves open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choices {
    /// The prize rule that was asked for: then it holds for all services, whatever the file says.
    pub rule: Option<PrizeRule>,
    /// The threshold that was asked for, likewise.
    pub theta: Option<Ratio>,
}

/// A finished graph and what was assumed for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// The graph.
    pub graph: Graph,
    /// The rule that set prizes, if any service needed one.
    pub rule: Option<PrizeRule>,
    /// The block that the graph shows, if the file says.
    pub block: Option<u64>,
}

/// Reads a graph, JSON if it begins with `{`, else a table of operators.
///
/// # Errors
/// What is wrong, with its row.
pub fn read(text: &str) -> Result<Draft, Error> {
    if text.trim_start().starts_with('{') { json::read(text) } else { csv::read(text, None) }
}

/// Reads a table of operators with a table of services.
///
/// # Errors
/// What is wrong, with its row.
pub fn read_tables(operators: &str, services: &str) -> Result<Draft, Error> {
    csv::read(operators, Some(services))
}

/// Reads prizes: a table with the columns `service` (name or index) and `prize_gwei`.
///
/// # Errors
/// What is wrong, with its row.
pub fn read_prizes(draft: &mut Draft, text: &str) -> Result<(), Error> {
    csv::prizes(draft, text)
}

impl Draft {
    /// Settles prizes and thresholds, and checks everything.
    ///
    /// # Errors
    /// What is wrong, with its row.
    pub fn finish(self, choices: Choices) -> Result<Finished, Error> {
        let given: Vec<Option<u128>> = self.services.iter().map(|(_, prize, _)| *prize).collect();
        let settle = |(mut service, prize, theta): (Service, Option<u128>, Option<Ratio>)| {
            service.prize = prize.unwrap_or(0);
            service.theta = choices.theta.or(theta).unwrap_or(Ratio::THIRD);
            service
        };
        let services = self.services.into_iter().map(settle).collect();
        let graph = Graph::new(self.mode, self.operators, services, self.edges)?;
        if choices.rule.is_none() && given.iter().all(Option::is_some) {
            return Ok(Finished { graph, rule: None, block: self.block });
        }
        let rule = choices.rule.unwrap_or(PrizeRule::DEFAULT);
        let ruled = graph.prizes_by(rule).into_iter().zip(given);
        let prizes: Vec<u128> = match choices.rule {
            Some(_) => ruled.map(|(prize, _)| prize).collect(),
            None => ruled.map(|(prize, given)| given.unwrap_or(prize)).collect(),
        };
        Ok(Finished { graph: graph.with_prizes(&prizes)?, rule: Some(rule), block: self.block })
    }
}

/// The graph as JSON text of the documented form, amounts in gwei rounded down.
pub fn write(graph: &Graph, block: Option<u64>) -> String {
    json::write(graph, block)
}

/// Whether edges of `mode` carry an allocation.
fn carries_allocation(mode: Mode, edge: &Edge) -> Option<u128> {
    (mode != Mode::Full).then_some(edge.stake)
}
