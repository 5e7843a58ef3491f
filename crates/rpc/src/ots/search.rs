//! By address. The history and the index of calls name the blocks (`chain::View::blocks_of`); within them, transactions in
//! which the address took part are found by running the block again. A page that takes too long ends early: the next
//! one goes on from there.

use super::{page_size, receipt};
use crate::{
    context::Context,
    convert,
    error::RpcError,
    json::{Reply, json, null},
    method::Method,
    params::Params,
    quantity::Quantity,
    replay::{self, Allowance, Bounded, Keeps, Scene},
    trace::calls_in,
};
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, TxKind, U256};
use alloy_rpc_types_trace::{
    otterscan::{ContractCreator, TransactionsWithReceipts},
    parity::{Action, LocalizedTransactionTrace, TraceOutput},
};
use chain::{SealedBlock, View};
use revm::{
    Inspector,
    interpreter::{CallInputs, CallOutcome, CreateInputs, CreateOutcome},
};
use std::{ops::RangeInclusive, sync::Arc};

pub(crate) const METHODS: &[Method] = &[
    Method::heavy("ots_searchTransactionsBefore", before),
    Method::heavy("ots_searchTransactionsAfter", after),
    Method::now("ots_getTransactionBySenderAndNonce", by_sender_and_nonce),
    Method::heavy("ots_getContractCreator", contract_creator),
];

/// Gas of a transaction that calls no code.
const PLAIN_TRANSFER_GAS: u64 = 21_000;

/// Where a transaction stands.
type Place = (Arc<SealedBlock>, usize);

/// Address, block and page size.
fn arguments(cx: &Context, params: Params<'_>) -> Result<(Address, u64, usize), RpcError> {
    let args = params.args()?;
    let (block, size): (Quantity, Quantity) = (args.required(1, "block")?, args.required(2, "page size")?);
    Ok((args.required(0, "address")?, block.0, page_size(cx, size.0)?))
}

/// From the newest block (0) or from below a block, downwards.
fn before(cx: &Context, params: Params<'_>) -> Reply {
    let (address, block, size) = arguments(cx, params)?;
    let view = cx.chain.view();
    let head = view.head();
    let from = if block == 0 { head } else { block.saturating_sub(1).min(head) };
    let (found, is_last) = search(cx, &view, address, 1..=from, true, size)?;
    tell(&found, from >= head, is_last)
}

/// From the first block (0) or from above a block, upwards; told from the newest on.
fn after(cx: &Context, params: Params<'_>) -> Reply {
    let (address, block, size) = arguments(cx, params)?;
    let view = cx.chain.view();
    let from = block.saturating_add(1);
    let (mut found, is_first) = search(cx, &view, address, from..=view.head(), false, size)?;
    found.reverse();
    tell(&found, is_first, block == 0)
}

fn tell(found: &[Place], first_page: bool, last_page: bool) -> Reply {
    let txs = found.iter().filter_map(|(block, index)| convert::transaction(block, *index)).collect();
    let receipts = found.iter().filter_map(|(block, index)| receipt(block, *index, true)).collect();
    json(&TransactionsWithReceipts { txs, receipts, first_page, last_page })
}

/// Transactions of whole blocks, until there are `size`, and whether there are no more.
fn search(
    cx: &Context,
    view: &View,
    address: Address,
    blocks: RangeInclusive<u64>,
    falling: bool,
    size: usize,
) -> Result<(Vec<Place>, bool), RpcError> {
    let allowance = replay::allowance(cx);
    let (mut low, mut high) = blocks.into_inner();
    let mut found: Vec<Place> = Vec::new();
    while low <= high {
        let candidates = view.blocks_of(address, low..=high, falling, size)?;
        let was_all = candidates.len() < size;
        for number in candidates {
            let is_late = allowance.check();
            if !found.is_empty() && (found.len() >= size || is_late.is_err()) {
                return Ok((found, false));
            }
            is_late?;
            if let Some(block) = view.block(number)? {
                found.extend(within(cx, view, &block, address, falling, allowance)?);
            }
            if falling {
                high = number.saturating_sub(1);
            } else {
                low = number.saturating_add(1);
            }
        }
        if was_all {
            return Ok((found, true));
        }
    }
    Ok((found, true))
}

/// The transactions of a block in which an address took part.
fn within(
    cx: &Context,
    view: &View,
    block: &Arc<SealedBlock>,
    address: Address,
    falling: bool,
    allowance: Allowance,
) -> Result<Vec<Place>, RpcError> {
    let all = 0..block.transactions.len();
    let mut took_part: Vec<bool> = all.clone().map(|index| is_named(block, index, address)).collect();
    let is_open = |index: usize| block.gas_used(index) > PLAIN_TRANSFER_GAS;
    if took_part.iter().enumerate().any(|(index, named)| !named && is_open(index)) {
        let scene = Scene::of(view, block.clone())?;
        let mut replay = scene.replay(cx);
        for took_part in &mut took_part {
            let guest = Guest { address, took_part: *took_part };
            let mut watcher = Bounded::new(guest, Keeps::default(), allowance);
            let Some(simulated) = replay::watch(&mut replay, &mut watcher)? else { break };
            replay.keep(simulated);
            *took_part = watcher.inner.took_part;
        }
    }
    let guests = all.zip(took_part).filter(|(_, took_part)| *took_part);
    let mut found: Vec<Place> = guests.map(|(index, _)| (block.clone(), index)).collect();
    if falling {
        found.reverse();
    }
    Ok(found)
}

/// Whether block and receipt alone tell that an address took part.
fn is_named(block: &SealedBlock, index: usize, address: Address) -> bool {
    let sent = block.transactions.get(index).is_some_and(|it| {
        let made = it.tx.kind() == TxKind::Create && it.sender.create(it.tx.nonce()) == address;
        it.sender == address || it.tx.to() == Some(address) || made
    });
    let logged =
        |receipt: &alloy_consensus::ReceiptEnvelope| receipt.logs().iter().any(|log| log.address == address);
    sent || block.receipts.get(index).is_some_and(logged)
}

/// Looks out for one address.
struct Guest {
    address: Address,
    took_part: bool,
}

impl Guest {
    fn meet(&mut self, address: Address) {
        self.took_part |= self.address == address;
    }
}

impl<CTX> Inspector<CTX> for Guest {
    fn call(&mut self, _: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        self.meet(inputs.caller);
        self.meet(inputs.target_address);
        self.meet(inputs.bytecode_address);
        None
    }

    fn create_end(&mut self, _: &mut CTX, inputs: &CreateInputs, outcome: &mut CreateOutcome) {
        self.meet(inputs.caller());
        outcome.address.into_iter().for_each(|made| self.meet(made));
    }

    fn selfdestruct(&mut self, contract: Address, target: Address, _: U256) {
        self.meet(contract);
        self.meet(target);
    }
}

fn by_sender_and_nonce(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let sender: Address = args.required(0, "sender")?;
    let nonce: Quantity = args.required(1, "nonce")?;
    let view = cx.chain.view();
    let found = view.transaction_of_nonce(sender, nonce.0)?;
    json(&found.and_then(|(block, index)| block.transactions.get(index).map(|it| it.hash)))
}

/// The transaction that made a contract, and who did so in it; none for contracts of the first block.
fn contract_creator(cx: &Context, params: Params<'_>) -> Reply {
    let address: Address = params.one("address")?;
    let view = cx.chain.view();
    let Some(number) = view.first_code(address)?.filter(|number| *number > 0) else { return null() };
    let Some(block) = view.block(number)? else { return null() };
    let made = calls_in(cx, &view, block)?.into_iter().find_map(|located| creator(&located, address));
    json(&made)
}

fn creator(located: &LocalizedTransactionTrace, address: Address) -> Option<ContractCreator> {
    let Action::Create(create) = &located.trace.action else { return None };
    let Some(TraceOutput::Create(made)) = &located.trace.result else { return None };
    let hash = located.transaction_hash?;
    (made.address == address).then_some(ContractCreator { hash, creator: create.from })
}
