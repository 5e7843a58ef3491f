//! Keys and values of the index: columns, places, records. Everything big-endian, so that keys sort as the numbers do.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rlp::{Decodable, Encodable, RlpDecodable, RlpEncodable};
use state::SideRow;
use std::fmt;

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Column {
    Delegation = 1,
    DelegationOfStaker = 2,
    Slash = 3,
    SlashOfService = 4,
    SlashOfSet = 5,
    SlashOfOperator = 6,
    SlashId = 7,
    Withdrawal = 8,
    WithdrawalOfOperator = 9,
    Queued = 10,
    Completed = 11,
    Magnitude = 12,
    Operator = 13,
    Set = 14,
    Service = 15,
    Member = 16,
    Strategy = 17,
    Metadata = 18,
    Registration = 19,
    RegistrationOfOperator = 20,
}

/// Whose metadata a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Described {
    /// An operator's.
    Operator = 0,
    /// A service's.
    Service = 1,
}

/// Bytes of a place in a key.
pub(super) const PLACE_BYTES: usize = 12;

/// Where a log stands: its block, and its position among all logs of the block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Height.
    pub block: u64,
    /// Position.
    pub log: u32,
}

impl Place {
    /// Before all.
    pub const FIRST: Self = Self { block: 0, log: 0 };
    /// After all.
    pub const LAST: Self = Self { block: u64::MAX, log: u32::MAX };

    /// Twelve bytes that sort as places do.
    pub fn bytes(self) -> [u8; PLACE_BYTES] {
        let mut out = [0; PLACE_BYTES];
        let (block, log) = out.split_at_mut(8);
        block.copy_from_slice(&self.block.to_be_bytes());
        log.copy_from_slice(&self.log.to_be_bytes());
        out
    }

    /// The inverse of [`Self::bytes`], of the end of a key.
    pub fn at_end_of(key: &[u8]) -> Option<Self> {
        let (block, log) = key.last_chunk::<PLACE_BYTES>()?.split_at_checked(8)?;
        Some(Self {
            block: u64::from_be_bytes(block.try_into().ok()?),
            log: u32::from_be_bytes(log.try_into().ok()?),
        })
    }

    /// The place just before; `None` for the first.
    pub fn before(self) -> Option<Self> {
        match self.log.checked_sub(1) {
            Some(log) => Some(Self { log, ..self }),
            None => Some(Self { block: self.block.checked_sub(1)?, log: u32::MAX }),
        }
    }
}

/// An operator set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetId {
    /// Whose.
    pub avs: Address,
    /// Which.
    pub id: u32,
}

impl fmt::Display for SetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.avs, self.id)
    }
}

/// A key in the making.
#[derive(Clone, Debug)]
pub(super) struct Key(Vec<u8>);

impl Key {
    pub(super) fn new(column: Column) -> Self {
        let mut raw = Vec::with_capacity(64);
        raw.push(column as u8);
        Self(raw)
    }

    pub(super) fn with(mut self, part: &[u8]) -> Self {
        self.0.extend_from_slice(part);
        self
    }

    pub(super) fn address(self, address: Address) -> Self {
        self.with(address.as_slice())
    }

    pub(super) fn set(self, set: SetId) -> Self {
        self.address(set.avs).with(&set.id.to_be_bytes())
    }

    pub(super) fn place(self, place: Place) -> Self {
        self.with(&place.bytes())
    }

    pub(super) fn raw(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn row(self, value: impl Into<Bytes>) -> SideRow {
        SideRow { key: self.0.into(), value: value.into() }
    }
}

/// What a slash took in one strategy.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Cut {
    /// Which strategy.
    pub strategy: Address,
    /// The part of the max magnitude before it, with 18 decimals.
    pub wad_slashed: U256,
    /// The max magnitude after it.
    pub magnitude: u64,
    /// Position in the block of the log that lowered the magnitude, plus one; 0: nothing was allocated, nothing is lost.
    pub mark: u32,
    /// Operator shares that it took, those in the queue included.
    pub shares: U256,
}

/// A slash as the index holds it.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct SlashRow {
    /// Who was slashed.
    pub operator: Address,
    /// The service whose set slashed.
    pub avs: Address,
    /// The set.
    pub set_id: u32,
    /// The set's number of the slash; 0: no log tells it.
    pub slash_id: u64,
    /// Position of the transaction in the block.
    pub transaction: u32,
    /// By strategy.
    pub cuts: Vec<Cut>,
    /// Why, for people.
    pub description: String,
}

/// A slash and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slash {
    /// The place of its `OperatorSlashed`.
    pub place: Place,
    /// What it did.
    pub row: SlashRow,
}

impl SlashRow {
    /// The set that slashed.
    pub const fn set(&self) -> SetId {
        SetId { avs: self.avs, id: self.set_id }
    }
}

/// A queued withdrawal as the index holds it.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct WithdrawalRow {
    /// Its root.
    pub root: B256,
    /// The operator at the time of queueing; zero if none.
    pub operator: Address,
    /// Who may complete it.
    pub withdrawer: Address,
    /// Which of the staker's withdrawals it is.
    pub nonce: U256,
    /// The transaction's position in the block.
    pub transaction: u32,
    /// What is withdrawn from.
    pub strategies: Vec<Address>,
    /// How much of each, before the magnitude at completion.
    pub scaled_shares: Vec<U256>,
    /// How much of each could be withdrawn at the time of queueing.
    pub shares: Vec<U256>,
}

/// The bytes of a record.
pub(super) fn encoded(record: &impl Encodable) -> Bytes {
    let mut out = Vec::with_capacity(record.length());
    record.encode(&mut out);
    out.into()
}

/// A record from its bytes.
pub(super) fn decoded<T: Decodable>(mut raw: &[u8]) -> Option<T> {
    let record = T::decode(&mut raw).ok()?;
    raw.is_empty().then_some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_places_do() {
        let places = [
            Place::FIRST,
            Place { block: 0, log: 1 },
            Place { block: 1, log: 0 },
            Place { block: 255, log: 256 },
            Place { block: 256, log: 0 },
            Place::LAST,
        ];
        for pair in places.windows(2) {
            assert!(pair[0] < pair[1] && pair[0].bytes() < pair[1].bytes());
            let key = Key::new(Column::Slash).place(pair[1]).raw();
            assert_eq!(Place::at_end_of(&key), Some(pair[1]));
        }
        assert_eq!(Place { block: 3, log: 0 }.before(), Some(Place { block: 2, log: u32::MAX }));
        assert_eq!(Place::FIRST.before(), None);
    }
}
