//! What can be wrong with a graph, a parameter or a certificate: one line each, naming the row.

use thiserror::Error as ThisError;

/// Why the engine refuses its input.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum Error {
    /// Nothing to compute with.
    #[error("the graph has no {0}")]
    Empty(&'static str),
    /// Text that is no number, or a number where an integer is needed.
    #[error("{place}: {text:?} is not {wanted}")]
    NotANumber {
        /// Row and field.
        place: String,
        /// What stands there.
        text: String,
        /// What was expected.
        wanted: &'static str,
    },
    /// A negative amount or probability.
    #[error("{place}: {text} is negative")]
    Negative {
        /// Row and field.
        place: String,
        /// What stands there.
        text: String,
    },
    /// A number outside its range.
    #[error("{place}: {text} is outside {range}")]
    OutOfRange {
        /// Row and field.
        place: String,
        /// What stands there.
        text: String,
        /// The allowed range.
        range: String,
    },
    /// A name or index that the graph does not have.
    #[error("{place}: no {kind} {id}")]
    UnknownId {
        /// Row and field.
        place: String,
        /// Operator or service.
        kind: &'static str,
        /// The name or index.
        id: String,
    },
    /// The same name or edge twice.
    #[error("{place}: {kind} {id} stands there twice")]
    Duplicate {
        /// Row of the second one.
        place: String,
        /// Operator, service or edge.
        kind: &'static str,
        /// The name.
        id: String,
    },
    /// Allocations above the stake behind them.
    #[error("operator {operator}: allocations of {sum} wei exceed its stake of {stake} wei")]
    OverAllocated {
        /// The operator's name.
        operator: String,
        /// What is allocated, in wei.
        sum: u128,
        /// What it has, in wei.
        stake: u128,
    },
    /// Sums beyond what the engine computes with.
    #[error("{0} exceed 2^96 wei")]
    Overflow(&'static str),
    /// More objects than the engine takes.
    #[error("{count} {what}, at most {limit}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How many.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// An allocation given where there is none, or missing.
    #[error("{place}: {reason}")]
    ModeMismatch {
        /// The edge's row.
        place: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// A file that is not of the documented form.
    #[error("{0}")]
    Form(String),
    /// A certificate that the checker refused.
    #[error("the certificate is refused: {0}")]
    CheckFailed(String),
    /// A request that the engine cannot answer, with the reason.
    #[error("{0}")]
    Unsupported(String),
}
