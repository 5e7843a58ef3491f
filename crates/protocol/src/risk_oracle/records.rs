//! What is proved of services and networks, and what follows: the network's γ, the bound on cascades, and staleness.
//! γ is told in millionths; a lower bound of -1 000 000 says nothing, for costs are not negative, nor does an upper
//! bound of the largest `int64`.
//!
//! | tag | row | key | bits, from the lowest |
//! | --- | --- | --- | --- |
//! | 12, 13 | [`Record`], certificate's hash | service | lower 64 · upper 64 · block 64 · has others 1 |
//! | 14, 15 | the same | mode | |

use super::{HOME, Mode};
use crate::{
    host::{Host, Result, View},
    storage::{Map, Word},
};
use alloy_primitives::{B256, U256};
use types::abi::IRiskOracle::{gammaReturn, modeGammaReturn, networkGammaReturn};

/// Millionths in one.
pub(super) const E6: i64 = 1_000_000;

const SERVICES: Map<B256, Record> = Map::on(HOME, 12);
const SERVICE_HASHES: Map<B256, B256> = Map::on(HOME, 13);
const NETWORKS: Map<u64, Record> = Map::on(HOME, 14);
const NETWORK_HASHES: Map<u64, B256> = Map::on(HOME, 15);

/// Proved bounds on γ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// In millionths.
    pub lower: i64,
    /// In millionths.
    pub upper: i64,
    /// The state that it was proved in; 0: nothing is proved.
    pub block: u64,
    /// Whether services of the other mode were listed then.
    pub has_others: bool,
}

impl Record {
    /// Nothing is proved.
    const NOTHING: Self = Self { lower: -E6, upper: i64::MAX, block: 0, has_others: false };

    /// The record, or that nothing is proved.
    const fn or_nothing(self) -> Self {
        if self.block == 0 { Self::NOTHING } else { self }
    }

    /// How far apart the bounds are.
    pub(super) fn gap(self) -> i128 {
        i128::from(self.upper).saturating_sub(i128::from(self.lower))
    }
}

impl Word for Record {
    fn to_word(self) -> U256 {
        let Self { lower, upper, block, has_others } = self;
        U256::from_limbs([lower.cast_unsigned(), upper.cast_unsigned(), block, u64::from(has_others)])
    }

    fn from_word(word: U256) -> Self {
        let [lower, upper, block, others] = *word.as_limbs();
        Self { lower: lower.cast_signed(), upper: upper.cast_signed(), block, has_others: others != 0 }
    }
}

/// What is spoken of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject {
    /// Attacks that corrupt this service.
    Service(B256),
    /// All attacks in the network of this mode.
    Network(Mode),
}

impl Subject {
    pub(super) fn record(self, view: &mut dyn View) -> Result<Record> {
        let record = match self {
            Self::Service(key) => SERVICES.get(view, key)?,
            Self::Network(mode) => NETWORKS.get(view, mode.key())?,
        };
        Ok(record.or_nothing())
    }

    fn hash(self, view: &mut dyn View) -> Result<B256> {
        Ok(match self {
            Self::Service(key) => SERVICE_HASHES.get(view, key)?,
            Self::Network(mode) => NETWORK_HASHES.get(view, mode.key())?,
        })
    }

    pub(super) fn write(self, host: &mut dyn Host, record: Record, hash: B256) -> Result<()> {
        match self {
            Self::Service(key) => {
                SERVICES.set(host, key, record)?;
                Ok(SERVICE_HASHES.set(host, key, hash)?)
            }
            Self::Network(mode) => {
                NETWORKS.set(host, mode.key(), record)?;
                Ok(NETWORK_HASHES.set(host, mode.key(), hash)?)
            }
        }
    }
}

/// Forgets what is proved of the networks.
///
/// # Errors
/// Out of gas, a static frame, or the node's.
pub(super) fn forget_networks(host: &mut dyn Host) -> Result<()> {
    for mode in [Mode::Full, Mode::Unique] {
        Subject::Network(mode).write(host, Record::default(), B256::ZERO)?;
    }
    Ok(())
}

pub(super) fn of_service(view: &mut dyn View, service: B256) -> Result<gammaReturn> {
    let subject = Subject::Service(service);
    let Record { lower, upper, block, .. } = subject.record(view)?;
    let hash = subject.hash(view)?;
    Ok(gammaReturn { gammaLowerE6: lower, gammaUpperE6: upper, blockNumber: block, certificateHash: hash })
}

pub(super) fn of_mode(view: &mut dyn View, mode: u8) -> Result<modeGammaReturn> {
    let subject = Subject::Network(Mode::of(mode)?);
    let Record { lower, upper, block, .. } = subject.record(view)?;
    let hash = subject.hash(view)?;
    Ok(modeGammaReturn {
        gammaLowerE6: lower,
        gammaUpperE6: upper,
        blockNumber: block,
        certificateHash: hash,
    })
}

/// The lower of both modes (`decisions.md` 72), as of the older of both proofs; nothing while a mode that has services is
/// not proved.
fn combined(view: &mut dyn View) -> Result<(Record, B256)> {
    let (full, unique) = (Subject::Network(Mode::Full), Subject::Network(Mode::Unique));
    let (of_full, of_unique) = (full.record(view)?, unique.record(view)?);
    let (weaker, weaker_record, other) =
        if of_full.lower <= of_unique.lower && of_full.block != 0 || of_unique.block == 0 {
            (full, of_full, of_unique)
        } else {
            (unique, of_unique, of_full)
        };
    let hash = weaker.hash(view)?;
    if other.block == 0 {
        let alone = if weaker_record.has_others {
            Record { upper: weaker_record.upper, ..Record::NOTHING }
        } else {
            weaker_record
        };
        return Ok((alone, hash));
    }
    let upper = weaker_record.upper.min(other.upper);
    Ok((Record { upper, block: weaker_record.block.min(other.block), ..weaker_record }, hash))
}

pub(super) fn of_network(view: &mut dyn View) -> Result<networkGammaReturn> {
    let (Record { lower, upper, block, .. }, hash) = combined(view)?;
    Ok(networkGammaReturn {
        gammaLowerE6: lower,
        gammaUpperE6: upper,
        blockNumber: block,
        certificateHash: hash,
    })
}

/// The share of all stake, in millionths, that an initial loss of the share `psi` can come to with all attacks that it
/// makes profitable: (1 + 1/γ)·ψ where γ > 0 is proved, else everything.
pub(super) fn r(view: &mut dyn View, psi: u32) -> Result<u32> {
    let (record, _) = combined(view)?;
    let whole = E6.unsigned_abs();
    if psi == 0 || record.lower <= 0 {
        return Ok(u32::try_from(if psi == 0 { 0 } else { whole }).unwrap_or(u32::MAX));
    }
    let psi = u64::from(psi);
    let cascade = psi.saturating_mul(whole).div_ceil(record.lower.unsigned_abs());
    Ok(u32::try_from(psi.saturating_add(cascade).min(whole)).unwrap_or(u32::MAX))
}

/// Whether what is proved of the network is older than so many blocks.
pub(super) fn stale(view: &mut dyn View, max_age: u64) -> Result<bool> {
    let (record, _) = combined(view)?;
    let age = view.block().number.saturating_sub(record.block);
    Ok(record.block == 0 || age > max_age)
}
