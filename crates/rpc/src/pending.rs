//! The pending block: the newest block's successor as it would be with what is ready in the pool, executed on demand and
//! kept until head, pool, or the next block's environment change. It is no part of the chain: its hash is provisional and
//! it has no state root. Which state a block id means is decided here too.

use crate::{block_id, context::Context, error::RpcError, workers};
use alloy_consensus::{Header, Transaction as _};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{
    Address, B256, Bytes, KECCAK256_EMPTY, U256,
    map::{AddressMap, B256Map, HashMap},
};
use chain::{
    Account, Recovered, SealedBlock, View,
    executor::{At, BlockContext, ExecutedBlock, StateSource, assemble_header, execute_block},
};
use parking_lot::Mutex;
use state::{Changes, Error};
use std::sync::Arc;

/// Transactions of a pending block: as many transfers as fit into a block of the default size.
const MAX_PENDING: usize = 2_857;

/// What a pending block was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Made {
    /// Root of the newest state. Development tools change it without a block.
    root: B256,
    /// Of the pool.
    generation: u64,
    context: BlockContext,
}

/// A block that nobody sealed, and what it would change.
pub(crate) struct NextBlock {
    made: Made,
    pub(crate) block: Arc<SealedBlock>,
    changed: Changed,
}

/// The newest pending block.
#[derive(Default)]
pub(crate) struct Next {
    newest: Mutex<Option<Arc<NextBlock>>>,
    /// Held while a block is made, so that many callers make one.
    making: Mutex<()>,
}

/// Values that differ from those in the newest state.
#[derive(Default)]
struct Changed {
    accounts: AddressMap<Option<Account>>,
    /// Accounts whose other slots are zero.
    wiped: AddressMap<()>,
    slots: HashMap<(Address, U256), U256>,
    codes: B256Map<Bytes>,
}

impl From<Changes> for Changed {
    fn from(changes: Changes) -> Self {
        let mut changed = Self { codes: changes.code.into_iter().collect(), ..Self::default() };
        for change in changes.accounts {
            if change.wiped || change.account.is_none() {
                changed.wiped.insert(change.address, ());
            }
            let slots = change.slots.into_iter().map(|(slot, value)| ((change.address, slot), value));
            changed.slots.extend(slots);
            changed.accounts.insert(change.address, change.account);
        }
        changed
    }
}

/// The state after a sealed block, or after the pending one.
#[derive(Clone)]
pub(crate) struct Ground {
    sealed: At,
    next: Option<Arc<NextBlock>>,
}

/// Where a call runs: on a state, in a block.
pub(crate) struct Place {
    pub(crate) ground: Ground,
    pub(crate) context: BlockContext,
}

impl StateSource for Ground {
    fn account(&self, address: Address) -> Result<Option<Account>, Error> {
        match self.changed().and_then(|changed| changed.accounts.get(&address)) {
            Some(account) => Ok(*account),
            None => self.sealed.account(address),
        }
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, Error> {
        let Some(changed) = self.changed() else { return self.sealed.storage(address, slot) };
        match changed.slots.get(&(address, slot)) {
            Some(value) => Ok(*value),
            None if changed.wiped.contains_key(&address) => Ok(U256::ZERO),
            None => self.sealed.storage(address, slot),
        }
    }

    fn code(&self, hash: B256) -> Result<Option<Bytes>, Error> {
        match self.changed().and_then(|changed| changed.codes.get(&hash)) {
            Some(code) => Ok(Some(code.clone())),
            None => self.sealed.code(hash),
        }
    }

    fn block_hash(&self, number: u64) -> Result<Option<B256>, Error> {
        self.sealed.block_hash(number)
    }
}

impl Ground {
    fn changed(&self) -> Option<&Changed> {
        self.next.as_ref().map(|next| &next.changed)
    }

    /// An account; one that does not exist has nothing.
    ///
    /// # Errors
    /// The database's.
    pub(crate) fn account_or_none(&self, address: Address) -> Result<Account, RpcError> {
        let none = Account { nonce: 0, balance: U256::ZERO, code_hash: KECCAK256_EMPTY };
        Ok(self.account(address).map_err(failed)?.unwrap_or(none))
    }

    /// A slot; zero if it was never written.
    ///
    /// # Errors
    /// The database's.
    pub(crate) fn slot(&self, address: Address, slot: U256) -> Result<U256, RpcError> {
        self.storage(address, slot).map_err(failed)
    }

    /// The code of an account; empty if it has none.
    ///
    /// # Errors
    /// The database's.
    pub(crate) fn code_of(&self, address: Address) -> Result<Bytes, RpcError> {
        match self.account_or_none(address)?.code_hash {
            KECCAK256_EMPTY | B256::ZERO => Ok(Bytes::new()),
            hash => Ok(self.code(hash).map_err(failed)?.unwrap_or_default()),
        }
    }
}

fn failed(error: Error) -> RpcError {
    chain::ReadError::State(error).into()
}

/// Whether the pending block is meant.
pub(crate) fn is_meant(block: Option<BlockId>) -> bool {
    block == Some(BlockId::Number(BlockNumberOrTag::Pending))
}

/// The state that a block id means; the newest if none is given.
///
/// # Errors
/// There is no such block, or the pending one cannot be made.
pub(crate) fn ground(cx: &Context, view: &View, block: Option<BlockId>) -> Result<Ground, RpcError> {
    let number = block_id::state_at(view, block)?;
    let next = if is_meant(block) { Some(next(cx, view)?) } else { None };
    Ok(Ground { sealed: At { reader: view.reader().clone(), number }, next })
}

/// The state that a block id means, and the header of its block.
///
/// # Errors
/// As [`ground`].
pub(crate) fn base(cx: &Context, view: &View, block: Option<BlockId>) -> Result<(Ground, Header), RpcError> {
    let ground = ground(cx, view, block)?;
    let header = match &ground.next {
        Some(next) => Some(next.block.header.clone()),
        None => view.header(ground.sealed.number)?,
    };
    header.map(|header| (ground, header)).ok_or_else(|| RpcError::server("header not found"))
}

/// Where a call runs that names a block: on the state after it, in a block like it.
///
/// # Errors
/// As [`ground`].
pub(crate) fn place(cx: &Context, view: &View, block: Option<BlockId>) -> Result<Place, RpcError> {
    let ground = ground(cx, view, block)?;
    let context = match &ground.next {
        Some(next) => next.made.context,
        None => cx.chain.place(view, ground.sealed.number, false)?.1,
    };
    Ok(Place { ground, context })
}

/// The pending block.
///
/// # Errors
/// The state cannot be read. A caller whose thread may not execute is sent to one that may
/// ([`RpcError::needs_worker`]).
pub(crate) fn next(cx: &Context, view: &View) -> Result<Arc<NextBlock>, RpcError> {
    let context = cx.chain.next_context(view)?;
    let root = view.reader().root_of(view.head()).map_err(failed)?.unwrap_or_default();
    let (made, candidates) = {
        let mut pool = cx.chain.pool();
        let made = Made { root, generation: pool.generation(), context };
        if let Some(kept) = cx.next.kept(&made) {
            return Ok(kept);
        }
        (made, pool.ready(context.base_fee, MAX_PENDING))
    };
    if candidates.is_empty() {
        return Ok(Arc::new(NextBlock::new(made, ExecutedBlock::default(), Changes::default())));
    }
    if !workers::is_here() {
        return Err(RpcError::needs_worker());
    }
    let _making = cx.next.making.lock();
    if let Some(kept) = cx.next.kept(&made) {
        return Ok(kept);
    }
    let head = At { reader: view.reader().clone(), number: view.head() };
    let candidates = within(candidates, &context, cx.limits.max_call_gas);
    let executed = execute_block(&head, cx.chain.environment(), &context, &candidates);
    let executed = executed.map_err(|error| RpcError::internal(error.to_string()))?;
    let next = Arc::new(NextBlock::new(made, executed.block, executed.changes));
    *cx.next.newest.lock() = Some(next.clone());
    Ok(next)
}

/// The first candidates, so that no more than `most` gas is spent on them. A block of the usual size spends less anyway.
fn within(candidates: Vec<Arc<Recovered>>, context: &BlockContext, most: u64) -> Vec<Arc<Recovered>> {
    if context.gas_limit <= most {
        return candidates;
    }
    let mut left = most;
    let fits = |candidate: &Arc<Recovered>| match left.checked_sub(candidate.tx.gas_limit()) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    candidates.into_iter().take_while(fits).collect()
}

impl Next {
    fn kept(&self, made: &Made) -> Option<Arc<NextBlock>> {
        self.newest.lock().as_ref().filter(|kept| kept.made == *made).cloned()
    }
}

impl NextBlock {
    fn new(made: Made, block: ExecutedBlock, changes: Changes) -> Self {
        let header = assemble_header(&made.context, &block, B256::ZERO);
        let hash = header.hash_slow();
        let ExecutedBlock { transactions, receipts, .. } = block;
        let block = Arc::new(SealedBlock { header, hash, transactions, receipts });
        Self { made, block, changed: changes.into() }
    }
}
