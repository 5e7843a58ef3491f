//! `/api/v1/alerts`: the rules, how they stand, and what they told last; adding, removing and testing rules. Rules make
//! the node call out and hold secrets, so only programs and pages of this machine, and origins that the user has named,
//! see them or change them (`decisions.md` 65).

use super::{Shared, http::plain, origin::Trust};
use crate::{
    alerts::{Refused, Rule},
    clients::Client,
};
use axum::{
    Extension, Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, Response, StatusCode},
    response::IntoResponse,
    routing::{MethodRouter, delete, get, post},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Bytes of a rule.
const MAX_RULE_BYTES: usize = 16 << 10;

/// The paths and what answers them.
pub(super) fn table() -> [(&'static str, MethodRouter<Arc<Shared>>); 3] {
    [
        ("/api/v1/alerts", get(list).post(add)),
        ("/api/v1/alerts/{name}", delete(remove)),
        ("/api/v1/alerts/{name}/test", post(test)),
    ]
}

type Answer = Response<Body>;

/// Whether the caller may see and change rules.
fn admit(trust: &Trust, client: &Client) -> Result<(), Box<Answer>> {
    if let Trust::Foreign(origin) = trust {
        let why = format!(
            "alerts are not for origin {origin:?}; start the node with --allow-origin {origin} if they should be"
        );
        return Err(Box::new(plain(StatusCode::FORBIDDEN, &why)));
    }
    if !client.is_local() {
        let why = "alerts are set from the machine that the node runs on, or in its configuration";
        return Err(Box::new(plain(StatusCode::FORBIDDEN, why)));
    }
    Ok(())
}

fn refused(why: &Refused) -> Answer {
    let status = match why {
        Refused::Bad(_) => StatusCode::BAD_REQUEST,
        Refused::Unknown(_) => StatusCode::NOT_FOUND,
        Refused::Taken(_) | Refused::Configured(_) | Refused::TooMany => StatusCode::CONFLICT,
        Refused::Chain(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    plain(status, &why.to_string())
}

fn answer(status: StatusCode, answer: Result<Value, Refused>) -> Answer {
    match answer {
        Ok(value) => (status, Json(value)).into_response(),
        Err(why) => refused(&why),
    }
}

async fn list(
    State(shared): State<Arc<Shared>>,
    Extension(trust): Extension<Trust>,
    Extension(client): Extension<Arc<Client>>,
) -> Answer {
    match admit(&trust, &client) {
        Ok(()) => Json(shared.alerts.list()).into_response(),
        Err(refusal) => *refusal,
    }
}

async fn add(
    State(shared): State<Arc<Shared>>,
    Extension(trust): Extension<Trust>,
    Extension(client): Extension<Arc<Client>>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    if let Err(refusal) = admit(&trust, &client) {
        return *refusal;
    }
    let rule = match rule(&shared, &headers, body).await {
        Ok(rule) => rule,
        Err(refusal) => return *refusal,
    };
    let work = move || shared.alerts.add(shared.dispatcher.context(), rule);
    match tokio::task::spawn_blocking(work).await {
        Ok(added) => answer(StatusCode::CREATED, added),
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the rule could not be added"),
    }
}

/// A rule from a body, within bounds of size and time. Pages cannot send JSON elsewhere without asking first.
async fn rule(shared: &Shared, headers: &HeaderMap, body: Body) -> Result<Rule, Box<Answer>> {
    let bad = |status, why: &str| Box::new(plain(status, why));
    if !super::http::is_json(headers) {
        return Err(bad(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type must be application/json"));
    }
    let read = axum::body::to_bytes(body, MAX_RULE_BYTES);
    let bytes = match tokio::time::timeout(shared.dispatcher.limits().io_timeout, read).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            let why = format!("the rule ended early, or has more than {MAX_RULE_BYTES} bytes");
            return Err(bad(StatusCode::PAYLOAD_TOO_LARGE, &why));
        }
        Err(_) => return Err(bad(StatusCode::REQUEST_TIMEOUT, "the request body took too long")),
    };
    serde_json::from_slice(&bytes).map_err(|error| bad(StatusCode::BAD_REQUEST, &format!("no rule: {error}")))
}

async fn remove(
    State(shared): State<Arc<Shared>>,
    Extension(trust): Extension<Trust>,
    Extension(client): Extension<Arc<Client>>,
    Path(name): Path<String>,
) -> Answer {
    if let Err(refusal) = admit(&trust, &client) {
        return *refusal;
    }
    let work = move || shared.alerts.remove(&name).map(|()| json!({ "removed": name }));
    match tokio::task::spawn_blocking(work).await {
        Ok(removed) => answer(StatusCode::OK, removed),
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the rule could not be removed"),
    }
}

async fn test(
    State(shared): State<Arc<Shared>>,
    Extension(trust): Extension<Trust>,
    Extension(client): Extension<Arc<Client>>,
    Path(name): Path<String>,
) -> Answer {
    match admit(&trust, &client) {
        Ok(()) => answer(StatusCode::OK, shared.alerts.test(shared.dispatcher.context(), &name).await),
        Err(refusal) => *refusal,
    }
}
