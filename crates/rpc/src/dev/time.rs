//! Chain time. Timestamps round up to a slot, and the value used is returned (`decisions.md` 19).

use crate::{
    context::Context,
    json::{Reply, json, null},
    method::{Method, Pending, pending},
    params::Params,
    quantity::Quantity,
};
use std::{sync::Arc, time::SystemTime};

pub(crate) const METHODS: &[Method] = &[
    Method::wait("evm_increaseTime", increase_time).control(),
    Method::wait("anvil_increaseTime", increase_time).control(),
    Method::wait("evm_setNextBlockTimestamp", set_next_timestamp).control(),
    Method::wait("anvil_setNextBlockTimestamp", set_next_timestamp).control(),
    Method::wait("evm_setTime", set_time).control(),
    Method::wait("anvil_setTime", set_time).control(),
    Method::wait("anvil_setBlockTimestampInterval", set_step).control(),
    Method::wait("anvil_removeBlockTimestampInterval", remove_step).control(),
    Method::now("anvil_getGenesisTime", genesis_time).control(),
    Method::now("anvil_getLastBlockWallTime", last_block_wall_time).control(),
];

/// From here on a time is one in milliseconds, as JavaScript tells it: in seconds this is beyond the year 33,000.
const MILLISECONDS_FROM: u64 = 1_000_000_000_000;

/// Returns the whole offset in seconds.
fn increase_time(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<Quantity>("seconds"), |Quantity(seconds)| async move {
        json(&chain.increase_time(seconds).await?)
    })
}

/// Returns the timestamp that the next block will have.
fn set_next_timestamp(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<Quantity>("timestamp"), |Quantity(timestamp)| async move {
        json(&chain.set_next_timestamp(timestamp).await?)
    })
}

/// Takes seconds or milliseconds. Returns the seconds from the present chain time to the one set; 0 if that is earlier.
fn set_time(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<Quantity>("timestamp"), |Quantity(told)| async move {
        let timestamp = match told {
            milliseconds if milliseconds > MILLISECONDS_FROM => milliseconds / 1_000,
            seconds => seconds,
        };
        let wall =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let now = wall.saturating_add_signed(chain.time_offset());
        chain.set_time(timestamp).await?;
        json(&timestamp.saturating_sub(now))
    })
}

fn set_step(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<Quantity>("seconds"), |Quantity(seconds)| async move {
        chain.set_step(Some(seconds)).await?;
        null()
    })
}

/// Says whether there was one.
fn remove_step(cx: &Arc<Context>, _: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    Box::pin(async move { json(&chain.set_step(None).await?) })
}

fn genesis_time(cx: &Context, _: Params<'_>) -> Reply {
    json(&cx.chain.genesis().timestamp)
}

/// In milliseconds since 1970.
fn last_block_wall_time(cx: &Context, _: Params<'_>) -> Reply {
    json(&cx.chain.published_ms())
}
