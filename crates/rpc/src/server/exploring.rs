//! The REST reads that the pages need besides restaking's: the overview, blocks, transactions, addresses, search, the
//! market and the figures of risk. What they answer is worked out in `explore`.

use super::{
    Shared,
    http::plain,
    restaking::{Answer, Asked, either, part, query, tell},
};
use crate::{context::Context, error::RpcError, explore};
use alloy_primitives::{Address, B256};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    routing::{MethodRouter, get},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The paths and what answers them.
pub(super) fn table() -> Vec<(&'static str, MethodRouter<Arc<Shared>>)> {
    vec![
        ("/api/v1/overview", get(overview)),
        ("/api/v1/blocks", get(blocks)),
        ("/api/v1/blocks/{block}", get(block)),
        ("/api/v1/tx/{hash}", get(transaction)),
        ("/api/v1/address/{account}", get(address)),
        ("/api/v1/tokens/{token}", get(token)),
        ("/api/v1/search", get(search)),
        ("/api/v1/market", get(market)),
        ("/api/v1/glossary", get(glossary)),
        ("/api/v1/stakers", get(own_accounts)),
        ("/api/v1/risk", get(|shared| plain_read(shared, explore::risk))),
        ("/api/v1/risk/matrix", get(|shared| plain_read(shared, explore::matrix))),
        ("/api/v1/risk/cascade", get(cascade)),
        ("/api/v1/risk/losses", get(losses)),
        ("/api/v1/risk/stress", get(|shared| plain_read(shared, explore::stress))),
        (
            "/api/v1/risk/concentration",
            get(|shared| plain_read(shared, |cx| explore::part(cx, "restake_riskConcentration"))),
        ),
    ]
}

/// An answer that asks for nothing.
async fn plain_read(
    State(shared): State<Arc<Shared>>,
    work: impl FnOnce(&Context) -> Result<Value, RpcError> + Send + 'static,
) -> Answer {
    tell(shared, StatusCode::NOT_FOUND, work).await
}

/// Which transactions of an address are wanted: those below a block.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Below {
    before: Option<u64>,
}

/// What is searched for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    q: Option<String>,
}

async fn transaction(State(shared): State<Arc<Shared>>, Path(hash): Path<String>) -> Answer {
    let asked = part::<B256>(&hash, "hash of a transaction");
    either(asked.map(|hash| tell(shared, StatusCode::NOT_FOUND, move |cx| explore::transaction(cx, hash))))
        .await
}

async fn address(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    asked: Asked<Below>,
) -> Answer {
    let asked = part::<Address>(&account, "address").and_then(|account| Ok((account, query(asked)?.before)));
    let tell = |(account, before): (Address, Option<u64>)| {
        let before = before.unwrap_or_default();
        tell(shared, StatusCode::NOT_FOUND, move |cx| explore::address(cx, account, before))
    };
    either(asked.map(tell)).await
}

async fn token(State(shared): State<Arc<Shared>>, Path(token): Path<String>) -> Answer {
    let asked = part::<Address>(&token, "address");
    either(asked.map(|token| tell(shared, StatusCode::NOT_FOUND, move |cx| explore::token(cx, token)))).await
}

async fn search(State(shared): State<Arc<Shared>>, asked: Asked<Query>) -> Answer {
    let tell = |asked: Query| {
        let words = asked.q.unwrap_or_default();
        tell(shared, StatusCode::BAD_REQUEST, move |cx| explore::search(cx, &words))
    };
    either(query(asked).map(tell)).await
}

async fn market(State(shared): State<Arc<Shared>>, asked: Asked<explore::Wanted>) -> Answer {
    let tell = |wanted| tell(shared, StatusCode::BAD_REQUEST, move |cx| explore::market(cx, &wanted));
    either(query(asked).map(tell)).await
}

/// A refusal of what was asked, before any work.
fn refused(error: &RpcError) -> Box<Answer> {
    Box::new(plain(StatusCode::BAD_REQUEST, error.message()))
}

async fn cascade(State(shared): State<Arc<Shared>>, asked: Asked<explore::Shock>) -> Answer {
    let share = query(asked).and_then(|shock| shock.share().map_err(|error| refused(&error)));
    let tell = |share| tell(shared, StatusCode::NOT_FOUND, move |cx| explore::cascade(cx, share));
    either(share.map(tell)).await
}

async fn losses(State(shared): State<Arc<Shared>>, asked: Asked<explore::Years>) -> Answer {
    let drawn = query(asked).and_then(|years| years.drawn().map_err(|error| refused(&error)));
    let tell = |drawn| tell(shared, StatusCode::NOT_FOUND, move |cx| explore::losses(cx, drawn));
    either(drawn.map(tell)).await
}

async fn own_accounts(State(shared): State<Arc<Shared>>) -> Answer {
    tell(shared, StatusCode::BAD_REQUEST, explore::own_accounts).await
}

async fn glossary(State(shared): State<Arc<Shared>>) -> Answer {
    let words = |_: &Context| {
        let items: Vec<Value> =
            crate::terms::TERMS.iter().map(|(word, means)| json!({ "word": word, "means": means })).collect();
        Ok(json!({ "items": items }))
    };
    tell(shared, StatusCode::BAD_REQUEST, words).await
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
