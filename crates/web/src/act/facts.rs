//! What a plan needs to know of the chain: views of the native contracts, strategies with their token, warnings of an
//! operator and of a set.

use super::asked::{Asked, Trouble, WAD};
use crate::{
    format::{self, Round},
    parts,
    told::Told,
    warnings,
};
use alloy_primitives::{Address, U256, hex};
use alloy_sol_types::SolCall;
use axum::http::StatusCode;
use rpc::{Reads, Refused};
use serde_json::json;
use types::{
    abi::{
        IDelegationManager,
        ILens::{self, Book, Holding},
        IStrategy,
    },
    addresses::{DELEGATION_MANAGER, LENS},
};

/// Blocks ahead of the newest that a view of a set is asked for: more may be sealed while we ask.
const AHEAD: u32 = 1_000;

/// What a view answers after the newest block.
///
/// # Errors
/// The contract's or the node's refusal.
pub(crate) async fn view<C: SolCall>(reads: &Reads, to: Address, call: &C) -> Result<C::Return, Refused> {
    let call = json!([{ "to": to, "data": hex::encode_prefixed(call.abi_encode()) }, "latest"]);
    let answer = reads.ask("eth_call", call).await?;
    let raw = answer.as_str().and_then(|text| hex::decode(text).ok()).unwrap_or_default();
    C::abi_decode_returns(&raw).map_err(|_| Refused {
        status: StatusCode::BAD_REQUEST,
        why: format!("{to} does not answer {}", C::SIGNATURE),
    })
}

/// A strategy and its token.
#[derive(Clone, Debug)]
pub(super) struct Strategy {
    pub(super) address: Address,
    pub(super) token: Address,
    pub(super) symbol: String,
    pub(super) decimals: u8,
    pub(super) is_open: bool,
}

impl Strategy {
    fn read(told: Told<'_>) -> Option<Self> {
        Some(Self {
            address: told.at("strategy").text().parse().ok()?,
            token: told.at("token").text().parse().ok()?,
            symbol: format::foreign(told.at("symbol").text()),
            decimals: told.at("decimals").decimals(),
            is_open: told.at("is_open_for_deposits").is_true(),
        })
    }

    /// An amount that is the viewer's.
    pub(super) fn show(&self, amount: U256) -> String {
        format!("{} {}", format::position(amount, self.decimals, Round::Down), self.symbol)
    }

    /// An amount that can be lost.
    pub(super) fn show_lost(&self, amount: U256) -> String {
        format!("{} {}", format::position(amount, self.decimals, Round::Up), self.symbol)
    }
}

/// Strategies that have a token of their own.
pub(super) async fn strategies(reads: &Reads) -> Result<Vec<Strategy>, Refused> {
    let answer = reads.get("/api/v1/strategies?limit=200").await?;
    Ok(Told::new(&answer).at("items").items().filter_map(Strategy::read).collect())
}

/// The strategy that a field names.
pub(super) async fn strategy(reads: &Reads, asked: &Asked) -> Result<Strategy, Trouble> {
    let address = asked.address("strategy")?;
    strategy_at(reads, address).await?.ok_or_else(|| {
        Trouble::Field(
            "strategy",
            format!("There is no strategy with a token at {}.", address.to_checksum(None)),
        )
    })
}

/// The strategy at an address; none if nothing there has a token.
pub(super) async fn strategy_at(reads: &Reads, address: Address) -> Result<Option<Strategy>, Refused> {
    let answer = reads.get(&format!("/api/v1/strategies/{address}")).await?;
    Ok(Strategy::read(Told::new(&answer)))
}

/// Blocks that leaving takes.
pub(crate) async fn leaving(reads: &Reads) -> Result<u32, Refused> {
    view(reads, DELEGATION_MANAGER, &IDelegationManager::minWithdrawalDelayBlocksCall {}).await
}

/// The first block in which what is queued in the next block can be completed, in words.
pub(super) fn out_at(reads: &Reads, leaving: u32) -> String {
    let at = reads.head().saturating_add(u64::from(leaving)).saturating_add(2);
    countdown(reads, at)
}

/// How far off a block is.
pub(super) fn countdown(reads: &Reads, at: u64) -> String {
    format::countdown(reads.head(), at, (!reads.is_dev()).then(|| reads.seconds_per_block()))
}

/// What a staker has.
pub(super) async fn holdings(reads: &Reads, staker: Address) -> Result<Vec<Holding>, Refused> {
    Ok(view(reads, LENS, &ILens::positionCall { staker }).await?.holdings)
}

/// What shares of a strategy are worth.
pub(super) async fn worth(reads: &Reads, strategy: Address, shares: U256) -> Result<U256, Refused> {
    view(reads, strategy, &IStrategy::sharesToUnderlyingViewCall { amountShares: shares }).await
}

/// What an operator's book says of the strategies that a staker has something in.
pub(super) async fn book(reads: &Reads, operator: Address, held: &[Holding]) -> Result<Book, Refused> {
    let strategies = held.iter().map(|holding| holding.strategy).collect();
    view(reads, LENS, &ILens::bookCall { operator, strategies }).await
}

/// What being with an operator means for a staker.
pub(super) async fn of_operator(
    reads: &Reads,
    book: &Book,
    held: &[Holding],
) -> Result<Vec<String>, Refused> {
    let leaving = leaving(reads).await?;
    let mut said = Vec::new();
    for holding in held {
        let exposure = book.exposures.iter().find(|it| it.strategy == holding.strategy);
        let Some(exposure) = exposure.filter(|it| it.committedWad > 0) else { continue };
        let Some(strategy) = strategy_at(reads, holding.strategy).await? else { continue };
        let wad = U256::from(exposure.committedWad);
        let all = worth(reads, holding.strategy, holding.withdrawableShares).await?;
        let lost = all.saturating_mul(wad).checked_div(WAD).unwrap_or_default();
        said.push(warnings::of_commitment(
            &strategy.show_lost(lost),
            &strategy.show(all),
            &format::wad(wad, Round::Up),
            exposure.committedWad,
        ));
    }
    said.extend(of_terms(reads, book, leaving).await?);
    Ok(said)
}

/// What an operator is to anyone: its delay, its promise, its sets, and how long leaving takes.
pub(crate) async fn of_terms(reads: &Reads, book: &Book, leaving: u32) -> Result<Vec<String>, Refused> {
    let mut said = Vec::new();
    said.extend(warnings::of_delay(book, leaving));
    said.extend(warnings::of_promise(book));
    for set in book.allocatedSets.iter().take(warnings::MOST_SETS) {
        said.extend(of_set(reads, set.clone()).await?);
    }
    let more = book.allocatedSets.len().saturating_sub(warnings::MOST_SETS);
    if more > 0 {
        said.push(format!("{more} more operator sets can slash it: its page lists them"));
    }
    said.push(warnings::of_leaving(leaving));
    Ok(said)
}

/// What being slashable by a set means; nothing where there is no such set.
pub(super) async fn of_set(reads: &Reads, set: ILens::OperatorSet) -> Result<Vec<String>, Refused> {
    let ahead = u32::try_from(reads.head()).unwrap_or(u32::MAX).saturating_add(AHEAD);
    let Ok(told) = view(reads, LENS, &ILens::operatorSetCall { operatorSet: set, futureBlock: ahead }).await
    else {
        return Ok(Vec::new());
    };
    let plain = !told.slasher.is_zero()
        && reads.ask("eth_getCode", json!([told.slasher, "latest"])).await?.as_str() == Some("0x");
    Ok(warnings::of_set(&told, plain, |account| parts::short(&account.to_string())))
}
