//! The REST reads of restaking under `/api/v1`: what `restake_` answers, with keys in snake case (`decisions.md` 7). They
//! execute native views, so they run on the workers' threads, a bounded number at a time.

use super::{Shared, http::plain};
use crate::{
    context::Context,
    error::RpcError,
    explore,
    json::json,
    restake::{Paging, ask::snake_case, operators, position, services, set_in, slashes},
};
use alloy_primitives::{Address, B256};
use axum::{
    body::Body,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderValue, Response, StatusCode, header},
    routing::{MethodRouter, get},
};
use chain::index::{SetId, SlashFilter, SlashSubject};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// The paths and what answers them.
pub(super) fn table() -> [(&'static str, MethodRouter<Arc<Shared>>); 11] {
    [
        ("/api/v1/stakers/{staker}", get(staker)),
        ("/api/v1/operators", get(all_operators)),
        ("/api/v1/operators/{operator}", get(operator)),
        ("/api/v1/services", get(all_services)),
        ("/api/v1/services/{avs}", get(service)),
        ("/api/v1/services/{avs}/sets/{id}", get(operator_set)),
        ("/api/v1/strategies", get(all_strategies)),
        ("/api/v1/strategies/{strategy}", get(strategy)),
        ("/api/v1/withdrawals/{root}", get(withdrawal)),
        ("/api/v1/slashes", get(all_slashes)),
        ("/api/v1/slashes/{set}/{id}", get(losses)),
    ]
}

/// What a list may be asked.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    limit: Option<u64>,
    cursor: Option<String>,
}

/// What the list of operators may be asked: by address with a cursor, or by stake from a rank on.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OperatorList {
    sort: Option<String>,
    skip: Option<usize>,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// What the list of slashes may be asked.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SlashList {
    avs: Option<Address>,
    operator: Option<Address>,
    strategy: Option<Address>,
    from_block: Option<u64>,
    to_block: Option<u64>,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// What an operator set may be asked.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetQuery {
    future_block: Option<u64>,
}

pub(super) type Asked<T> = Result<Query<T>, QueryRejection>;
pub(super) type Answer = Response<Body>;

impl From<List> for Paging {
    fn from(List { limit, cursor }: List) -> Self {
        Self { limit, cursor }
    }
}

/// Runs `work` and answers with what it finds; `absent`: the status where the arguments name nothing.
pub(super) async fn tell(
    shared: Arc<Shared>,
    absent: StatusCode,
    work: impl FnOnce(&Context) -> Result<Value, RpcError> + Send + 'static,
) -> Answer {
    let context = shared.dispatcher.context().clone();
    let run = move || json(&snake_case(work(&context)?));
    match shared.dispatcher.context().workers.run(run).await {
        Ok(text) => {
            let mut response = Response::new(Body::from(text.bytes().to_vec()));
            let kind = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
        Err(error) => {
            let status = match error.code() {
                // Also what risk has no figure of.
                -32602 | -32049..=-32040 => absent,
                // What is refused or takes too long here and now.
                -32000 | -32003 | -32005 => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            plain(status, error.message())
        }
    }
}

/// A part of the path; a refusal in one line if it is not what it should be.
pub(super) fn part<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, Box<Answer>> {
    let shown: String = text.chars().take(80).collect();
    text.parse().map_err(|_| Box::new(plain(StatusCode::BAD_REQUEST, &format!("{shown:?} is no {what}"))))
}

pub(super) fn query<T>(asked: Asked<T>) -> Result<T, Box<Answer>> {
    let refused = |error: QueryRejection| Box::new(plain(StatusCode::BAD_REQUEST, &error.body_text()));
    asked.map(|Query(asked)| asked).map_err(refused)
}

/// The answer, or the refusal of what was asked.
pub(super) async fn either(answer: Result<impl Future<Output = Answer>, Box<Answer>>) -> Answer {
    match answer {
        Ok(answer) => answer.await,
        Err(refusal) => *refusal,
    }
}

async fn staker(State(shared): State<Arc<Shared>>, Path(staker): Path<String>) -> Answer {
    let asked = part(&staker, "address");
    either(asked.map(|staker| tell(shared, StatusCode::NOT_FOUND, move |cx| position::position(cx, staker))))
        .await
}

async fn all_operators(State(shared): State<Arc<Shared>>, list: Asked<OperatorList>) -> Answer {
    let tell = |list: OperatorList| {
        let OperatorList { sort, skip, limit, cursor } = list;
        tell(shared, StatusCode::BAD_REQUEST, move |cx| match sort.as_deref() {
            Some("stake") => explore::ranked(cx, skip.unwrap_or_default(), limit),
            None | Some("address") => {
                let of = operators::OperatorsOf::All;
                operators::operators(cx, of, &Paging { limit, cursor })
            }
            Some(other) => {
                let shown: String = other.chars().take(32).collect();
                Err(RpcError::params(format!("sort {shown:?} is not address or stake")))
            }
        })
    };
    either(query(list).map(tell)).await
}

async fn operator(State(shared): State<Arc<Shared>>, Path(operator): Path<String>) -> Answer {
    let asked = part(&operator, "address");
    either(asked.map(|who| tell(shared, StatusCode::NOT_FOUND, move |cx| explore::operator(cx, who)))).await
}

async fn all_services(State(shared): State<Arc<Shared>>, list: Asked<List>) -> Answer {
    let asked = query(list).map(Paging::from);
    either(asked.map(|list| tell(shared, StatusCode::BAD_REQUEST, move |cx| services::services(cx, &list))))
        .await
}

async fn service(State(shared): State<Arc<Shared>>, Path(avs): Path<String>, list: Asked<List>) -> Answer {
    let asked = part(&avs, "address").and_then(|avs: Address| Ok((avs, Paging::from(query(list)?))));
    let tell =
        |(avs, list)| tell(shared, StatusCode::BAD_REQUEST, move |cx| explore::service(cx, avs, &list));
    either(asked.map(tell)).await
}

async fn operator_set(
    State(shared): State<Arc<Shared>>,
    Path((avs, id)): Path<(String, String)>,
    asked: Asked<SetQuery>,
) -> Answer {
    let set =
        part(&avs, "address").and_then(|avs| Ok(SetId { avs, id: part(&id, "id of an operator set")? }));
    let asked = set.and_then(|set| Ok((set, query(asked)?.future_block)));
    let tell =
        |(set, future)| tell(shared, StatusCode::NOT_FOUND, move |cx| explore::operator_set(cx, set, future));
    either(asked.map(tell)).await
}

async fn all_strategies(State(shared): State<Arc<Shared>>, list: Asked<List>) -> Answer {
    let asked = query(list).map(Paging::from);
    let tell = |list| tell(shared, StatusCode::BAD_REQUEST, move |cx| operators::strategies(cx, &list));
    either(asked.map(tell)).await
}

async fn strategy(State(shared): State<Arc<Shared>>, Path(strategy): Path<String>) -> Answer {
    let asked = part(&strategy, "address");
    either(asked.map(|it| tell(shared, StatusCode::NOT_FOUND, move |cx| operators::strategy(cx, it)))).await
}

async fn withdrawal(State(shared): State<Arc<Shared>>, Path(root): Path<String>) -> Answer {
    let asked = part::<B256>(&root, "root of a withdrawal");
    let find = |root| {
        tell(shared, StatusCode::NOT_FOUND, move |cx| {
            let nobody = || RpcError::params(format!("nobody queued a withdrawal with root {root}"));
            position::withdrawal(cx, root)?.ok_or_else(nobody)
        })
    };
    either(asked.map(find)).await
}

async fn all_slashes(State(shared): State<Arc<Shared>>, list: Asked<SlashList>) -> Answer {
    let tell = |list: SlashList| {
        let subject = match (list.avs, list.operator) {
            (Some(avs), _) => SlashSubject::Service(avs),
            (None, Some(operator)) => SlashSubject::Operator(operator),
            (None, None) => SlashSubject::All,
        };
        let filter = SlashFilter {
            subject,
            operator: list.operator,
            strategy: list.strategy,
            from: list.from_block.unwrap_or(0),
            to: list.to_block.unwrap_or(u64::MAX),
        };
        let paging = Paging { limit: list.limit, cursor: list.cursor };
        tell(shared, StatusCode::BAD_REQUEST, move |cx| slashes::slashes(cx, &filter, &paging))
    };
    either(query(list).map(tell)).await
}

async fn losses(
    State(shared): State<Arc<Shared>>,
    Path((set, id)): Path<(String, String)>,
    list: Asked<List>,
) -> Answer {
    let named = set_in(&set).ok_or_else(|| {
        Box::new(plain(StatusCode::BAD_REQUEST, "an operator set is avs:id, or 32 bytes of avs and id"))
    });
    let asked = named.and_then(|set| Ok((set, part(&id, "id of a slash")?, Paging::from(query(list)?))));
    let tell =
        |(set, id, list)| tell(shared, StatusCode::NOT_FOUND, move |cx| slashes::losses(cx, set, id, &list));
    either(asked.map(tell)).await
}
