//! What draws pages gets from here: the REST paths, asked from inside, so that a page shows what its JSON twin says. The
//! pages themselves are a router that the program brings; the server hands it every `GET` that is not its own.

use super::{Shared, origin::Trust, rest};
use crate::{clients::Client, config::Mode, dispatch::Session};
use axum::{
    body::Body,
    http::{Method, Request, Response, StatusCode, header},
    response::IntoResponse,
};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

/// Reads of the node that serves, for one request to a page: an extension of that request.
#[derive(Clone)]
pub struct Reads {
    shared: Arc<Shared>,
    client: Arc<Client>,
    trust: Trust,
}

/// Why a read answered nothing: a status of HTTP and a line for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// As the read would have answered over HTTP.
    pub status: StatusCode,
    /// One line.
    pub why: String,
}

impl Reads {
    pub(super) fn new(shared: Arc<Shared>, client: Arc<Client>, trust: Trust) -> Self {
        Self { shared, client, trust }
    }

    /// Whether the node signs with keys of its own and lets time be moved: `dev` and `demo`.
    pub fn is_dev(&self) -> bool {
        matches!(self.shared.dispatcher.context().mode, Mode::Dev { .. })
    }

    /// The number of the newest block.
    pub fn head(&self) -> u64 {
        self.shared.dispatcher.context().chain.view().head()
    }

    /// The chain's id.
    pub fn chain_id(&self) -> u64 {
        self.shared.dispatcher.context().chain.chain_id()
    }

    /// Seconds between blocks, where blocks come by the clock.
    pub fn seconds_per_block(&self) -> u64 {
        self.shared.dispatcher.context().chain.params().slot_secs
    }

    /// What a REST path answers, with its query.
    ///
    /// # Errors
    /// The path's refusal.
    pub async fn get(&self, path_and_query: &str) -> Result<Value, Refused> {
        self.send(Method::GET, path_and_query, None).await
    }

    /// What a REST path answers to a change, for whoever sent the page's form: who may not use the path may not use the
    /// form.
    ///
    /// # Errors
    /// The path's refusal.
    pub async fn send(
        &self,
        method: Method,
        path_and_query: &str,
        body: Option<&Value>,
    ) -> Result<Value, Refused> {
        let broken = |status, why: &str| Refused { status, why: why.to_owned() };
        if let Err(refusal) = self.client.take(1) {
            return Err(broken(StatusCode::TOO_MANY_REQUESTS, &refusal.why));
        }
        let request = Request::builder().method(method).uri(path_and_query);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let request = request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())));
        let mut request =
            request.map_err(|_| broken(StatusCode::BAD_REQUEST, "this is no address of a page"))?;
        // Inside is who asked outside.
        request.extensions_mut().insert(self.client.clone());
        request.extensions_mut().insert(self.trust.clone());
        let answer = match rest::routes(self.shared.clone()).oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        let status = answer.status();
        let limit = self.shared.dispatcher.limits().max_response_bytes;
        let body = axum::body::to_bytes(answer.into_body(), limit).await;
        let body = body.map_err(|_| broken(StatusCode::INTERNAL_SERVER_ERROR, "the answer is too large"))?;
        if !status.is_success() {
            return Err(Refused { status, why: String::from_utf8_lossy(&body).trim().to_owned() });
        }
        serde_json::from_slice(&body)
            .map_err(|_| broken(StatusCode::INTERNAL_SERVER_ERROR, "the answer cannot be read"))
    }

    /// What a method of JSON-RPC answers. Only what any page may ask: no keys, no time, no state.
    ///
    /// # Errors
    /// The method's refusal: 503 where the node has too much to do, else 400.
    pub async fn ask(&self, method: &str, params: Value) -> Result<Value, Refused> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let trust = Trust::Foreign("the node's own".to_owned());
        let session = Session { trust: &trust, client: &self.client, socket: None };
        let answer = self.shared.dispatcher.answer(body.as_bytes(), session).await;
        let mut told: Value = serde_json::from_slice(&answer.text).unwrap_or_default();
        if let Some(result) = told.get_mut("result") {
            return Ok(result.take());
        }
        let said = told.pointer("/error/message").and_then(Value::as_str);
        let status = match told.pointer("/error/code").and_then(Value::as_i64) {
            Some(-32003 | -32005) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        Err(Refused { status, why: said.unwrap_or("the node gave no answer").to_owned() })
    }
}

/// What the program's pages answer; `None`: it brought none.
pub(super) async fn page(shared: &Arc<Shared>, mut request: Request<Body>) -> Option<Response<Body>> {
    let pages = shared.pages.clone()?;
    let client = request.extensions().get::<Arc<Client>>()?.clone();
    let trust = request.extensions().get::<Trust>()?.clone();
    request.extensions_mut().insert(Reads::new(shared.clone(), client, trust));
    match pages.oneshot(request).await {
        Ok(response) => Some(response.into_response()),
        Err(never) => match never {},
    }
}

/// Whether a path can be a page: everything but the reads of programs.
pub(super) fn is_page(path: &str) -> bool {
    !["/api/", "/eth/"].iter().any(|prefix| path.starts_with(prefix))
}

/// Whether a request wants to become a WebSocket.
pub(super) fn is_upgrade(request: &Request<Body>) -> bool {
    request.headers().contains_key(header::UPGRADE)
}
