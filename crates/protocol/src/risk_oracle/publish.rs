//! Publishing: a certificate's bytes become bounds if the checker accepts them in this state. The work is paid before it
//! is done and bounded, so a certificate that does not fit leaves the last bounds as they were.

use super::{
    Mode, PAUSED, PAUSED_PUBLISHING,
    network::{self, Built},
    records::{E6, Record, Subject},
    services::require_within,
};
use crate::{
    host::{Host, Result, emit, require, revert},
    pausable::require_running,
};
use alloy_primitives::{B256, U256};
use light::certificate::{Certificate, Fraction, decode, verify};
use types::{
    abi::IRiskOracle::{
        CertificateRefused, MalformedCertificate, NothingProved, Published, WiderThanStored, publishCall,
        publishReturn,
    },
    gas,
};

/// Bytes of a certificate: half of what a transaction's calldata may cost.
pub const MAX_CERTIFICATE_BYTES: u64 = 65_536;
/// Steps of the checker: nodes of the proof times what a leaf reads. Each step is at most [`gas::CERTIFICATE_STEP`].
pub const MAX_WORK: u64 = 5_000_000;
/// Blocks for which bounds cannot be replaced by wider ones: the keeper's pace (`decisions.md` 50).
const FRESH_BLOCKS: u64 = 100;

/// Checks a certificate against the network of a mode as it is now, and stores what it proves.
///
/// # Errors
/// `CurrentlyPaused`, `InvalidMode`, `TooLarge`, `MalformedCertificate`, `NothingProved`, `PriceUnavailable`,
/// `CertificateRefused` with the checker's reason, `WiderThanStored`.
pub(super) fn publish(host: &mut dyn Host, call: publishCall) -> Result<publishReturn> {
    require_running(host, &PAUSED, PAUSED_PUBLISHING)?;
    let publishCall { mode, certificate: bytes } = call;
    require_within(bytes.len() as u64, MAX_CERTIFICATE_BYTES)?;
    let hash = host.keccak256(&bytes)?;
    let certificate = match decode(&bytes) {
        Ok(certificate) => certificate,
        Err(malformed) => return revert(MalformedCertificate { at: U256::from(malformed.at) }),
    };
    require(certificate.lower.is_some() || certificate.upper.is_some(), NothingProved {})?;
    let built = network::listed(host, mode)?;
    let work = work(&built, &certificate);
    require_within(work, MAX_WORK)?;
    host.charge_gas(work.saturating_mul(gas::CERTIFICATE_STEP))?;
    let claim = match verify(&built.network, &certificate) {
        Ok(claim) => claim,
        Err(refusal) => return revert(CertificateRefused { reason: refusal.to_string() }),
    };
    let record = Record {
        lower: claim.lower.map_or(-E6, |ratio| gamma(ratio, false)),
        upper: claim.upper.map_or(i64::MAX, |ratio| gamma(ratio, true)),
        block: host.block().number,
        has_others: built.other_services > 0,
    };
    let (subject, service) = subject(&built, certificate.service)?;
    keep(host, subject, record, hash)?;
    let Record { lower, upper, .. } = record;
    let published = Published {
        service,
        mode: built.mode as u8,
        gammaLowerE6: lower,
        gammaUpperE6: upper,
        certificateHash: hash,
    };
    emit(host, &published)?;
    Ok(publishReturn { gammaLowerE6: lower, gammaUpperE6: upper })
}

/// What the certificate speaks of, and the service's key, or zero for all attacks.
fn subject(built: &Built, service: Option<u32>) -> Result<(Subject, B256)> {
    let Some(index) = service else { return Ok((Subject::Network(built.mode), B256::ZERO)) };
    let at = usize::try_from(index).unwrap_or(usize::MAX);
    match built.services.get(at) {
        Some(service) => Ok((Subject::Service(service.key), service.key)),
        None => revert(CertificateRefused { reason: light::certificate::Refusal::Index.to_string() }),
    }
}

/// Writes bounds. Bounds of the last [`FRESH_BLOCKS`] blocks are not replaced by wider ones, lest anybody blur what is
/// known; unless the new ones contradict them, for then the state has changed.
fn keep(host: &mut dyn Host, subject: Subject, record: Record, hash: B256) -> Result<()> {
    let stored = subject.record(host)?;
    let age = record.block.saturating_sub(stored.block);
    let is_fresh = stored.block != 0 && age < FRESH_BLOCKS;
    let contradicts = record.upper < stored.lower || record.lower > stored.upper;
    let Record { lower, upper, block, .. } = stored;
    require(
        !is_fresh || contradicts || record.gap() <= stored.gap(),
        WiderThanStored { gammaLowerE6: lower, gammaUpperE6: upper, blockNumber: block },
    )?;
    subject.write(host, record, hash)
}

/// Steps that the checker takes at most: each node may read the whole network once, and so may the attack.
fn work(built: &Built, certificate: &Certificate) -> u64 {
    let network = &built.network;
    let size = [network.edges.len(), network.stakes.len(), network.needs.len(), 1];
    let size = size.iter().fold(0_u64, |sum, part| sum.saturating_add(*part as u64));
    let nodes = certificate.lower.as_ref().map_or(0, |lower| lower.nodes.len() as u64);
    let parts = certificate.upper.as_ref().map_or(0, |attack| attack.parts.len() as u64);
    // Each part of an attack is looked for in its operator's edges, which are at most as many as services.
    let attack = parts.saturating_mul(network.needs.len() as u64).saturating_add(size);
    nodes.saturating_mul(size).saturating_add(attack)
}

/// γ = cost / prize − 1 in millionths: a lower bound rounded down, an upper one up, both cut to 64 bits.
fn gamma(ratio: Fraction, up: bool) -> i64 {
    let millionths = U256::from(ratio.num).saturating_mul(U256::from(E6));
    let den = U256::from(ratio.den);
    let (quotient, rest) =
        (millionths.checked_div(den).unwrap_or(U256::MAX), millionths.checked_rem(den).unwrap_or_default());
    let rounded = if up && !rest.is_zero() { quotient.saturating_add(U256::ONE) } else { quotient };
    i64::try_from(rounded).map_or(i64::MAX, |ratio| ratio.saturating_sub(E6))
}

const _: () = assert!(Mode::Full as u8 == 0 && Mode::Unique as u8 == 1, "the ABI's numbers of modes");
