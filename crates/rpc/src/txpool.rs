//! `txpool_`: what waits in the pool, by sender and nonce. `pending` can enter the next block, `queued` waits for a
//! nonce before it.

use crate::{
    context::Context,
    convert,
    json::{Reply, json},
    method::Method,
    params::Params,
};
use alloy_primitives::Address;
use chain::{Recovered, pool};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

pub(crate) const METHODS: &[Method] = &[
    Method::now("txpool_status", status),
    Method::heavy("txpool_content", content),
    Method::now("txpool_contentFrom", content_from),
    Method::heavy("txpool_inspect", inspect),
];

#[derive(Serialize)]
struct Told<T> {
    pending: T,
    queued: T,
}

/// Nonces are in decimal and senders with checksum, as geth writes them.
type ByNonce<T> = BTreeMap<String, T>;

fn status(cx: &Context, _: Params<'_>) -> Reply {
    let status = cx.chain.pool().status();
    json(&Told { pending: format!("{:#x}", status.pending), queued: format!("{:#x}", status.queued) })
}

fn told<T>(waiting: BTreeMap<u64, Arc<Recovered>>, of: impl Fn(&Recovered) -> T) -> ByNonce<T> {
    waiting.into_iter().map(|(nonce, transaction)| (nonce.to_string(), of(&transaction))).collect()
}

/// All that waits, as `of` tells it. The pool is not held up by that: it hands out clones.
fn everything<T: Serialize>(cx: &Context, of: impl Fn(&Recovered) -> T) -> Reply {
    let pool::Content { pending, queued } = cx.chain.pool().content();
    let all = |senders: BTreeMap<Address, BTreeMap<u64, Arc<Recovered>>>| -> BTreeMap<String, ByNonce<T>> {
        senders.into_iter().map(|(sender, waiting)| (sender.to_checksum(None), told(waiting, &of))).collect()
    };
    json(&Told { pending: all(pending), queued: all(queued) })
}

fn content(cx: &Context, _: Params<'_>) -> Reply {
    everything(cx, convert::pending)
}

fn content_from(cx: &Context, params: Params<'_>) -> Reply {
    let sender: Address = params.one("address")?;
    let (pending, queued) = cx.chain.pool().content_from(sender);
    json(&Told { pending: told(pending, convert::pending), queued: told(queued, convert::pending) })
}

/// One line a transaction, in geth's words.
fn inspect(cx: &Context, _: Params<'_>) -> Reply {
    everything(cx, pool::summary)
}
