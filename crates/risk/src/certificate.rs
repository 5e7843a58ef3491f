//! From floating-point prices to certificates: prices become whole multiples of a unit, and the bound is lowered until
//! it holds in integers. The checker itself is [`light::certificate`], re-exported here; a certificate as JSON too.

mod even;
mod form;
mod round;

pub use even::rules_out_profit;
pub use form::{from_json, to_json};
pub use light::certificate::{
    Attack, Certificate, Claim, Cover, Fraction, Lower, Network, Node, Part, Refusal, decode, encode, hash,
};
pub(crate) use round::{LeafPrices, LeafState, denominator, integer_price, least_loss, settle};

use crate::{Error, Graph, Mode};

impl Graph {
    /// The network as the checker takes it.
    pub fn network(&self) -> Network {
        Network {
            divisible: self.mode() != Mode::Full,
            stakes: self.operators().iter().map(|it| it.stake).collect(),
            needs: (0..self.services().len()).map(|service| self.need(service)).collect(),
            prizes: self.services().iter().map(|it| it.prize).collect(),
            starts: self.operator_starts().to_vec(),
            edges: self.edges().iter().map(|it| (it.service, it.stake)).collect(),
        }
    }
}

/// Checks a certificate against a graph.
///
/// # Errors
/// [`Error::CheckFailed`] with the first thing that is not proved.
pub fn verify(graph: &Graph, certificate: &Certificate) -> Result<Claim, Error> {
    light::certificate::verify(&graph.network(), certificate)
        .map_err(|refusal| Error::CheckFailed(refusal.to_string()))
}

/// γ of a proved ratio of cost to prize.
pub fn gamma(ratio: Fraction) -> f64 {
    // Subtract in integers first: the ratio may be close to one.
    let (num, den) = (ratio.num, ratio.den);
    if num >= den { (num - den) as f64 / den as f64 } else { -((den - num) as f64 / den as f64) }
}
