//! The REST reads that the pages need besides restaking's: the overview, blocks, transactions, addresses, search, the
//! market and the figures of risk. What they answer is worked out in `explore`.

use super::{
    Shared,
    restaking::{Answer, Asked, either, query, tell},
};
use crate::explore;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    routing::{MethodRouter, get},
};
use serde::Deserialize;
use std::sync::Arc;

/// The paths and what answers them.
pub(super) fn table() -> Vec<(&'static str, MethodRouter<Arc<Shared>>)> {
    vec![
        ("/api/v1/overview", get(overview)),
        ("/api/v1/blocks", get(blocks)),
        ("/api/v1/blocks/{block}", get(block)),
    ]
}

/// Which blocks are wanted.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockList {
    before: Option<u64>,
    limit: Option<u64>,
}

/// Which transactions of a block are wanted.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockQuery {
    skip: Option<usize>,
}

async fn overview(State(shared): State<Arc<Shared>>) -> Answer {
    tell(shared, StatusCode::BAD_REQUEST, explore::overview).await
}

async fn blocks(State(shared): State<Arc<Shared>>, list: Asked<BlockList>) -> Answer {
    let tell = |list: BlockList| {
        tell(shared, StatusCode::BAD_REQUEST, move |cx| explore::blocks(cx, list.before, list.limit))
    };
    either(query(list).map(tell)).await
}

async fn block(
    State(shared): State<Arc<Shared>>,
    Path(block): Path<String>,
    asked: Asked<BlockQuery>,
) -> Answer {
    let tell = |asked: BlockQuery| {
        let skip = asked.skip.unwrap_or_default();
        tell(shared, StatusCode::NOT_FOUND, move |cx| explore::block(cx, &block, skip))
    };
    either(query(asked).map(tell)).await
}
