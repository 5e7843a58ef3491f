//! Taking transactions out of the pool before a block takes them.

use crate::{
    context::Context,
    json::{Reply, json, null},
    method::Method,
    params::Params,
};

pub(crate) const METHODS: &[Method] = &[
    Method::now("anvil_dropTransaction", drop_one).control(),
    Method::now("hardhat_dropTransaction", drop_one).control(),
    Method::now("anvil_dropAllTransactions", drop_all).control(),
    Method::now("hardhat_dropAllTransactions", drop_all).control(),
    Method::now("anvil_removePoolTransactions", drop_from).control(),
];

/// The hash of what was dropped; `null` if it was not there.
fn drop_one(cx: &Context, params: Params<'_>) -> Reply {
    let hash = params.one("hash")?;
    let dropped = (*cx.chain.pool()).drop(hash);
    json(&dropped.map(|transaction| transaction.hash))
}

fn drop_all(cx: &Context, _: Params<'_>) -> Reply {
    cx.chain.pool().drop_all();
    null()
}

fn drop_from(cx: &Context, params: Params<'_>) -> Reply {
    let sender = params.one("address")?;
    cx.chain.pool().drop_from(sender);
    null()
}
