//! The withdrawals that wait, and in which order the set of a staker's roots lists them.
//!
//! | tag | row | key | bits, from the lowest |
//! | --- | --- | --- | --- |
//! | 272 | place | root | staker 160 · index 32 · pending flag 1 |
//! | 273 | head | staker, index | operator 160 · start block 32 · nonce 44 · strategies 20 |
//! | 274 | entry | staker, nonce · entry | strategy 160 · scaled shares 96 |
//! | 275 | wide scaled shares | staker, nonce · entry | 256 |
//!
//! So a withdrawal of one strategy takes three slots, all cleared on completion. The index is the root's place in the
//! set; a root is not stored in it but hashed anew when it must move. All ones as scaled shares mean a wide slot.

use crate::{
    host::{Fatal, Host, Result, View},
    ledger::{HOME, Labelled, NONCE_LIMIT, STAKERS, Staker, high, limb, low},
    math::panic,
    storage::Map,
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{PanicKind, SolValue};
use types::abi::IDelegationManager::Withdrawal;

const PLACES: Map<B256, Labelled> = Map::on(HOME, 272);
const HEADS: Map<(Address, u64), Labelled> = Map::on(HOME, 273);
const ENTRIES: Map<(Address, u64), Labelled> = Map::on(HOME, 274);
const WIDE_ENTRIES: Map<(Address, u64), U256> = Map::on(HOME, 275);

const PENDING: u64 = 1;

/// Entries of one withdrawal have 20 bits: far more than a block's gas can queue.
const ENTRY_BITS: u32 = 20;
const ENTRY_LIMIT: u64 = 1 << ENTRY_BITS;
const NONCE_BITS: u32 = 44;

/// A withdrawal's root: the hash of its ABI encoding as one dynamic argument.
///
/// # Errors
/// Out of gas.
pub(crate) fn withdrawal_root<V: View + ?Sized>(
    view: &mut V,
    withdrawal: &Withdrawal,
) -> Result<B256, Fatal> {
    view.keccak256(&withdrawal.abi_encode())
}

/// The last block in which a withdrawal queued in `start` can be slashed.
///
/// # Errors
/// `Panic(0x11)`.
pub(crate) fn slashable_until<V: View + ?Sized>(view: &V, start: u32) -> Result<u32> {
    start.checked_add(view.params().withdrawal_delay_blocks).ok_or_else(|| panic(PanicKind::UnderOverflow))
}

/// Whose set a pending root is in, and where.
///
/// # Errors
/// Out of gas, or the node's.
pub(super) fn find<V: View + ?Sized>(view: &mut V, root: B256) -> Result<Option<(Address, u32)>, Fatal> {
    let Labelled { address, small, large } = PLACES.get(view, root)?;
    Ok((large == PENDING).then_some((address, small)))
}

/// Adds a withdrawal at the end of its staker's set and counts it in `row`, which the caller must store.
///
/// # Errors
/// `Panic(0x11)` for more withdrawals, `Panic(0x41)` for more entries than there are numbers.
pub(super) fn push(host: &mut dyn Host, row: &mut Staker, root: B256, withdrawal: &Withdrawal) -> Result<()> {
    let (staker, index, nonce) = (withdrawal.staker, row.open_withdrawals, row.nonce);
    let entries = u64::try_from(withdrawal.strategies.len()).unwrap_or(u64::MAX);
    if entries >= ENTRY_LIMIT {
        return Err(panic(PanicKind::ResourceError));
    }
    let overflow = || panic(PanicKind::UnderOverflow);
    row.nonce = nonce.checked_add(1).filter(|next| *next < NONCE_LIMIT).ok_or_else(overflow)?;
    row.open_withdrawals = index.checked_add(1).ok_or_else(overflow)?;

    PLACES.set(host, root, Labelled { address: staker, small: index, large: PENDING })?;
    let head = Labelled {
        address: withdrawal.delegatedTo,
        small: withdrawal.startBlock,
        large: nonce | (entries << NONCE_BITS),
    };
    HEADS.set(host, (staker, index.into()), head)?;
    let entries = withdrawal.strategies.iter().zip(&withdrawal.scaledShares);
    for (entry, (strategy, scaled)) in (0..).zip(entries) {
        let key = entry_key(staker, nonce, entry);
        let packed = Entry::pack(*strategy, *scaled);
        if packed.is_wide() {
            WIDE_ENTRIES.set(host, key, *scaled)?;
        }
        ENTRIES.set(host, key, packed.0)?;
    }
    Ok(())
}

/// Takes a pending withdrawal out of its staker's set, where the last one fills the hole, and counts it out of
/// `row`, which the caller must store.
///
/// # Errors
/// Out of gas, or the node's.
pub(super) fn remove(
    host: &mut dyn Host,
    row: &mut Staker,
    root: B256,
    withdrawal: &Withdrawal,
) -> Result<()> {
    let missing = Fatal::Broken("a pending withdrawal is in its staker's set");
    let Some((staker, index)) = find(host, root)? else { return Err(missing.into()) };
    let last = row.open_withdrawals.checked_sub(1).ok_or(missing)?;
    if index != last {
        let moved = read(host, staker, last)?;
        let moved_root = withdrawal_root(host, &moved)?;
        PLACES.set(host, moved_root, Labelled { address: staker, small: index, large: PENDING })?;
        let head = HEADS.get(host, (staker, last.into()))?;
        HEADS.set(host, (staker, index.into()), head)?;
    }
    row.open_withdrawals = last;
    HEADS.set(host, (staker, last.into()), Labelled::default())?;
    PLACES.set(host, root, Labelled::default())?;
    let nonce = withdrawal.nonce.saturating_to();
    for (entry, scaled) in (0..).zip(&withdrawal.scaledShares) {
        let key = entry_key(staker, nonce, entry);
        if Entry::pack(Address::ZERO, *scaled).is_wide() {
            WIDE_ENTRIES.set(host, key, U256::ZERO)?;
        }
        ENTRIES.set(host, key, Labelled::default())?;
    }
    Ok(())
}

/// The withdrawal at a place of a staker's set.
///
/// # Errors
/// Out of gas, or the node's.
pub(super) fn read<V: View + ?Sized>(view: &mut V, staker: Address, index: u32) -> Result<Withdrawal, Fatal> {
    let Labelled { address: operator, small: start, large } = HEADS.get(view, (staker, index.into()))?;
    let nonce = large & (NONCE_LIMIT - 1);
    let mut strategies = Vec::new();
    let mut scaled_shares = Vec::new();
    for entry in 0..large >> NONCE_BITS {
        let key = entry_key(staker, nonce, entry);
        let packed = Entry(ENTRIES.get(view, key)?);
        strategies.push(packed.0.address);
        scaled_shares.push(if packed.is_wide() { WIDE_ENTRIES.get(view, key)? } else { packed.scaled() });
    }
    Ok(Withdrawal {
        staker,
        delegatedTo: operator,
        withdrawer: staker,
        nonce: U256::from(nonce),
        startBlock: start,
        strategies,
        scaledShares: scaled_shares,
    })
}

/// All waiting withdrawals of a staker, in the order of the set.
///
/// # Errors
/// Out of gas, or the node's.
pub(crate) fn all_of<V: View + ?Sized>(view: &mut V, staker: Address) -> Result<Vec<Withdrawal>, Fatal> {
    let count = STAKERS.get(view, staker)?.open_withdrawals;
    (0..count).map(|index| read(view, staker, index)).collect()
}

fn entry_key(staker: Address, nonce: u64, entry: u64) -> (Address, u64) {
    (staker, (nonce << ENTRY_BITS) | entry)
}

/// A strategy with 96 bits of scaled shares.
#[derive(Clone, Copy)]
struct Entry(Labelled);

impl Entry {
    fn pack(strategy: Address, scaled: U256) -> Self {
        let [first, second, third, fourth] = *scaled.as_limbs();
        let fits = (high(second), third, fourth) == (0, 0, 0);
        let (small, large) =
            if fits { (low(first), limb(low(second), high(first))) } else { (u32::MAX, u64::MAX) };
        Self(Labelled { address: strategy, small, large })
    }

    /// Whether the scaled shares lie in their wide slot; so must those that look like the mark.
    fn is_wide(self) -> bool {
        (self.0.small, self.0.large) == (u32::MAX, u64::MAX)
    }

    fn scaled(self) -> U256 {
        let Labelled { small, large, .. } = self.0;
        U256::from_limbs([limb(low(large), small), u64::from(high(large)), 0, 0])
    }
}
