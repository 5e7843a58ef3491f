//! Risk of restaking: how secure each service and the network are against profit-seeking attacks, with certificates
//! that a small checker accepts; how losses spread; what they cost. Pure: no files, clocks of the system, or node.
//! Words follow the papers: operator, service, stake, prize, threshold, attack, slack γ.

#![forbid(unsafe_code)]
#![allow(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "search and statistics use floating point and dense tables built here; whatever is called certified \
              passes the integer checker of `light`, and amounts are added with checks where a graph is built"
)]

pub mod allocate;
pub mod cascade;
pub mod certificate;
pub mod chart;
pub mod concentration;
pub mod elastic;
pub mod error;
pub mod input;
pub mod leverage;
pub mod model;
pub mod pool;
pub mod price;
pub mod shocked;
pub mod simulate;
pub mod solve;
pub mod statistics;
pub mod stress;

pub use error::Error;
pub use model::{Edge, Graph, Mode, Operator, PrizeRule, Ratio, Service};
pub use simulate::{LossModel, Portfolio};
pub use solve::{Level, Limits, Slack, slack, slack_of_each_service, slack_of_service};
