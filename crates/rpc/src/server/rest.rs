//! What is not JSON-RPC: health, metrics, the REST reads, the WebSocket door and a note at `GET /`.
//! Keys are snake case here, camel case in JSON-RPC (`decisions.md` 7).

use super::{Shared, alerts, events, exploring, http::plain, openapi, origin::Trust, pages, restaking};
use crate::{clients::Client, health, restake, socket};
use axum::{
    Extension, Json, Router,
    body::Body,
    extract::{Path, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{Request, Response, StatusCode, header},
    response::{Html, IntoResponse},
    routing::{MethodRouter, get},
};
use std::sync::Arc;

/// Shown where no pages are.
const NOTE: &str = include_str!("note.html");

/// The paths and what answers them. What they answer is described in `openapi`.
pub(crate) fn table() -> Vec<(&'static str, MethodRouter<Arc<Shared>>)> {
    let own: [(&'static str, MethodRouter<Arc<Shared>>); 9] = [
        ("/", get(root)),
        ("/ws", get(root)),
        ("/health", get(health)),
        ("/metrics", get(metrics)),
        ("/api/v1/addresses", get(addresses)),
        ("/api/v1/abi/{contract}", get(abi)),
        ("/api/v1/parameters", get(parameters)),
        ("/api/v1/events", get(events::events)),
        ("/api/v1/openapi.json", get(openapi::page)),
    ];
    own.into_iter().chain(restaking::table()).chain(exploring::table()).chain(alerts::table()).collect()
}

/// The routes besides `POST /`.
pub(super) fn routes(shared: Arc<Shared>) -> Router {
    let router = table().into_iter().fold(Router::new(), |router, (path, route)| router.route(path, route));
    router.fallback(missing).method_not_allowed_fallback(wrong_method).with_state(shared)
}

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// A WebSocket, or the note for people.
async fn root(
    State(shared): State<Arc<Shared>>,
    Extension(trust): Extension<Trust>,
    Extension(client): Extension<Arc<Client>>,
    upgrade: Upgrade,
    request: Request<Body>,
) -> Response<Body> {
    match upgrade {
        Ok(upgrade) => {
            let limit = shared.dispatcher.limits().max_body_bytes;
            upgrade
                .max_message_size(limit)
                .max_frame_size(limit)
                .on_upgrade(move |stream| socket::serve(stream, shared, trust, client))
        }
        Err(rejection) if pages::is_upgrade(&request) => rejection.into_response(),
        Err(_) => match pages::page(&shared, request).await {
            Some(page) => page,
            None => Html(NOTE).into_response(),
        },
    }
}

async fn health(State(shared): State<Arc<Shared>>) -> Response<Body> {
    match health::report(shared.dispatcher.context()) {
        Ok(report) => Json(report).into_response(),
        Err(report) => (StatusCode::SERVICE_UNAVAILABLE, Json(report)).into_response(),
    }
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response<Body> {
    match &shared.metrics {
        Some(handle) => {
            health::measure(shared.dispatcher.context());
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render())
                .into_response()
        }
        None => plain(StatusCode::NOT_FOUND, "metrics are turned off"),
    }
}

async fn addresses(State(shared): State<Arc<Shared>>) -> Response<Body> {
    Json(restake::named(shared.dispatcher.context())).into_response()
}

async fn abi(Path(contract): Path<String>) -> Response<Body> {
    match types::abi::json(&contract) {
        Some(abi) => Json(abi).into_response(),
        None => {
            let names: Vec<&str> = types::abi::names().collect();
            let why = format!("no contract is named {contract:?}; there are {}", names.join(", "));
            plain(StatusCode::NOT_FOUND, &why)
        }
    }
}

async fn parameters(State(shared): State<Arc<Shared>>) -> Response<Body> {
    restaking::tell(shared, StatusCode::SERVICE_UNAVAILABLE, restake::parameters).await
}

async fn missing(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    if pages::is_page(request.uri().path())
        && let Some(page) = pages::page(&shared, request).await
    {
        return page;
    }
    plain(
        StatusCode::NOT_FOUND,
        "nothing is here; JSON-RPC is at POST /, REST is described at /api/v1/openapi.json, health is at /health",
    )
}

async fn wrong_method() -> Response<Body> {
    plain(StatusCode::METHOD_NOT_ALLOWED, "this path is read with GET; JSON-RPC is at POST /")
}
