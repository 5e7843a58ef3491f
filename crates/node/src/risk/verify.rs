//! `bulwark risk verify`: what a certificate proves of a network, by the checker alone. Ends with 2 if it is refused.

use super::{
    print,
    source::{GraphArgs, text_of},
};
use crate::{commands, failure::Failure};
use clap::Args;
use risk::certificate::{self, Claim};
use serde_json::json;

/// `bulwark risk verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The network.
    #[command(flatten)]
    pub network: GraphArgs,
    /// The certificate (JSON), as `bulwark risk check --cert` writes it; alone, it is of the node's state
    #[arg(value_name = "CERTIFICATE")]
    pub certificate: Option<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Verifies.
///
/// # Errors
/// The first thing that is not proved.
pub fn run(args: &VerifyArgs) -> Result<(), Failure> {
    // One file is the certificate; the network is then the node's.
    let (graph, path) = match (&args.network.graph, &args.certificate) {
        (graph, Some(certificate)) => (graph.clone(), certificate.clone()),
        (Some(certificate), None) => (None, certificate.clone()),
        (None, None) => return Err(Failure::usage("no certificate is named")),
    };
    let source = GraphArgs { graph, ..args.network.clone() }.read()?;
    let text = text_of(&path)?;
    let read = certificate::from_json(&text);
    let certificate = read.map_err(|error| Failure::new(format!("{path}: {error}")))?;
    let verified = certificate::verify(&source.graph, &certificate);
    if args.json {
        let error = verified.as_ref().err().map(ToString::to_string);
        let claim = verified.as_ref().ok();
        let bound = |it: fn(&Claim) -> Option<certificate::Fraction>| {
            claim.and_then(it).map(certificate::gamma).map(print::finite)
        };
        let answer = json!({
            "ok": verified.is_ok(),
            "service": claim.and_then(|claim| claim.service),
            "gamma_lower": bound(|claim| claim.lower),
            "gamma_upper": bound(|claim| claim.upper),
            "certificate_hash": certificate::hash(&certificate),
            "error": error,
        });
        commands::print(&format!("{answer:#}\n"))?;
    }
    let claim = verified.map_err(Failure::negative)?;
    if !args.json {
        let bound = |it: Option<certificate::Fraction>| {
            it.map_or_else(|| "nothing".to_owned(), |ratio| print::gamma(certificate::gamma(ratio)))
        };
        commands::print(&format!(
            "{}\nThe certificate holds: γ is at least {}, at most {}.\n",
            source.heading(),
            bound(claim.lower),
            bound(claim.upper)
        ))?;
    }
    Ok(())
}
