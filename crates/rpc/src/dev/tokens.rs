//! Balances and allowances of any ERC-20, and prices. The slot is found, as anvil finds it, by trying: of those that the token's view
//! reads, the one that makes it answer what is wanted. Total supplies stay as they are.

use crate::{
    context::Context,
    error::RpcError,
    json::{json, null},
    method::{Method, Pending, pending},
    params::{Args, Params},
};
use alloy_primitives::{Address, Bytes, U256};
use chain::{
    CallRequest, Edit, Overrides,
    executor::{AccountOverride, At, BlockContext, Simulator},
};
use std::sync::Arc;
use types::addresses::PRICE_BOOK;

pub(crate) const METHODS: &[Method] = &[
    Method::wait("anvil_dealERC20", deal).control(),
    Method::wait("anvil_dealErc20", deal).control(),
    Method::wait("hardhat_dealERC20", deal).control(),
    Method::wait("anvil_setERC20Balance", deal).control(),
    Method::wait("anvil_setERC20Allowance", set_allowance).control(),
    Method::wait("anvil_setErc20Allowance", set_allowance).control(),
    Method::wait("dev_setPrice", set_price).control(),
];

/// `balanceOf(address)`.
const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];
/// `allowance(address,address)`.
const ALLOWANCE: [u8; 4] = [0xdd, 0x62, 0xed, 0x3e];

/// A figure of a token, and what it is to be.
struct Wanted {
    token: Address,
    call: Bytes,
    value: U256,
    /// `balance` or `allowance`.
    what: &'static str,
}

fn encode(selector: [u8; 4], arguments: &[Address]) -> Bytes {
    let words = arguments.iter().flat_map(|address| address.into_word().0);
    selector.into_iter().chain(words).collect()
}

/// Holder, token, balance.
fn deal(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let read = |args: Args<'_>| -> Result<Wanted, RpcError> {
        let call = encode(BALANCE_OF, &[args.required(0, "address")?]);
        let (token, value) = (args.required(1, "token")?, args.required(2, "balance")?);
        Ok(Wanted { token, call, value, what: "balance" })
    };
    set(cx, params.args().and_then(read))
}

/// Owner, spender, token, amount.
fn set_allowance(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let read = |args: Args<'_>| -> Result<Wanted, RpcError> {
        let call = encode(ALLOWANCE, &[args.required(0, "owner")?, args.required(1, "spender")?]);
        let (token, value) = (args.required(2, "token")?, args.required(3, "amount")?);
        Ok(Wanted { token, call, value, what: "allowance" })
    };
    set(cx, params.args().and_then(read))
}

/// Asset, price of a whole share or token in wei: PriceBook's row as if the chain's owner had fixed it.
fn set_price(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let read = |args: Args<'_>| -> Result<(Address, U256), RpcError> {
        let (asset, wad): (Address, U256) = (args.required(0, "asset")?, args.required(1, "price")?);
        if wad.is_zero() || wad.bit_len() > 128 {
            return Err(RpcError::params(format!("price {wad} is outside [1, 2^128)")));
        }
        Ok((asset, wad))
    };
    let cx = cx.clone();
    pending(params.args().and_then(read), |(asset, wad)| async move {
        let now = cx.chain.view().head_header()?.timestamp;
        let slots = protocol::prices::fixed(asset, wad, now);
        let edits = slots.into_iter().map(|(slot, value)| Edit::Slot(PRICE_BOOK, slot, value));
        cx.chain.edit(edits.collect()).await?;
        null()
    })
}

fn set(cx: &Arc<Context>, wanted: Result<Wanted, RpcError>) -> Pending {
    let cx = cx.clone();
    pending(wanted, |wanted| async move {
        let (worker, token, value) = (cx.clone(), wanted.token, wanted.value);
        let found = cx.workers.run(move || json(&find(&worker, &wanted)?)).await?;
        let slot: Option<U256> = serde_json::from_slice(found.bytes())
            .map_err(|error| RpcError::internal(format!("a slot was no number: {error}")))?;
        if let Some(slot) = slot {
            cx.chain.edit(vec![Edit::Slot(token, slot, value)]).await?;
        }
        null()
    })
}

/// The slot to write; `None` if the figure is what it should be.
fn find(cx: &Context, wanted: &Wanted) -> Result<Option<U256>, RpcError> {
    let view = cx.chain.view();
    let (at, context) = cx.chain.place(&view, view.head(), true)?;
    let request =
        CallRequest { to: Some(wanted.token), input: wanted.call.clone(), ..CallRequest::default() };
    let none = || {
        let (what, token) = (wanted.what, wanted.token);
        RpcError::server(format!(
            "Unable to set ERC20 {what}, no slot found: {token} keeps none that can be set"
        ))
    };
    let mut plain = Simulator::new(&at, cx.chain.environment(), context);
    let simulated = plain.call(&request).map_err(|error| RpcError::server(error.to_string()))?;
    let slots: Vec<U256> = simulated
        .state()
        .get(&wanted.token)
        .map(|account| account.storage.keys().copied().collect())
        .unwrap_or_default();
    match figure(&simulated.into_outcome()) {
        None => return Err(none()),
        Some(present) if present == wanted.value => return Ok(None),
        Some(_) => {}
    }
    let mut fits = slots.into_iter().filter(|slot| tried(cx, &at, context, &request, wanted, *slot));
    fits.next().map(Some).ok_or_else(none)
}

/// Whether the view answers what is wanted when the slot holds it.
fn tried(
    cx: &Context,
    at: &At,
    context: BlockContext,
    request: &CallRequest,
    wanted: &Wanted,
    slot: U256,
) -> bool {
    let mut overrides = Overrides::default();
    let account = AccountOverride { slots: vec![(slot, wanted.value)], ..AccountOverride::default() };
    overrides.accounts.insert(wanted.token, account);
    let place = (at.clone(), context);
    cx.chain.call(&place, request, &overrides).ok().and_then(|outcome| figure(&outcome)) == Some(wanted.value)
}

fn figure(outcome: &chain::Outcome) -> Option<U256> {
    let output = outcome.output();
    (outcome.is_success() && output.len() >= 32).then(|| output.get(..32).map(U256::from_be_slice))?
}
