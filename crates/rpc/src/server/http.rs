//! One HTTP request: judge the caller, answer JSON-RPC directly, hand the rest to the routes, add CORS headers.
//! Bodies are read within bounds of size and time before anything in them is looked at.

use super::{
    Door, Shared,
    origin::{Caller, Refusal},
};
use crate::{
    clients::{Client, TooMany},
    dispatch::Session,
    error::RpcError,
    limits::raise,
};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use std::sync::Arc;
use tower::ServiceExt;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// How long a browser may remember a preflight's answer.
const PREFLIGHT_SECS: HeaderValue = HeaderValue::from_static("3600");

/// Chrome asks this before a public page may reach a private address.
const PRIVATE_ASKED: HeaderName = HeaderName::from_static("access-control-request-private-network");
const PRIVATE_ALLOWED: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// Answers a request.
pub(super) async fn answer(door: &Door, request: Request<Incoming>, client: &Arc<Client>) -> Response<Body> {
    let caller = match door.shared.policy.judge(request.headers()) {
        Ok(caller) => caller,
        Err(refusal) => return refused(&refusal),
    };
    let origin = caller.origin.clone();
    let mut response = if request.method() == Method::OPTIONS {
        preflight(request.headers(), origin.is_some())
    } else if request.method() == Method::POST && request.uri().path() == "/" {
        rpc(&door.shared, request, &caller, client).await
    } else {
        route(door, request, caller, client).await
    };
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}

async fn route(
    door: &Door,
    request: Request<Incoming>,
    caller: Caller,
    client: &Arc<Client>,
) -> Response<Body> {
    if let Err(refusal) = client.take(1) {
        return too_many(&refusal);
    }
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(caller.trust);
    request.extensions_mut().insert(client.clone());
    match door.routes.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn rpc(
    shared: &Shared,
    request: Request<Incoming>,
    caller: &Caller,
    client: &Client,
) -> Response<Body> {
    if !is_json(request.headers()) {
        let why = "content-type must be application/json";
        return plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, why);
    }
    if let Err(refusal) = client.check() {
        return too_many(&refusal);
    }
    let body = match read_body(shared, request.into_body()).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let session = Session { trust: &caller.trust, client, socket: None };
    let answer = shared.dispatcher.answer(&body, session).await;
    let mut response = Response::new(Body::from(answer.text));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// A body within the bounds of size and time.
async fn read_body(shared: &Shared, body: Incoming) -> Result<Bytes, Response<Body>> {
    let limits = shared.dispatcher.limits();
    let too_large = || {
        let (limit, name) = (limits.max_body_bytes, "max_body_bytes");
        let why = format!("request body too large: the limit is {limit} bytes ({name}); {}", raise(name));
        plain(StatusCode::PAYLOAD_TOO_LARGE, &why)
    };
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limits.max_body_bytes {
        return Err(too_large());
    }
    let read = Limited::new(body, limits.max_body_bytes).collect();
    match tokio::time::timeout(limits.io_timeout, read).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(plain(StatusCode::BAD_REQUEST, "the request body ended early")),
        Err(_) => Err(plain(StatusCode::REQUEST_TIMEOUT, "the request body took too long")),
    }
}

/// `application/json`, whatever its parameters. Pages cannot send it to another origin without a preflight.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        let kind = value.split_once(';').map_or(value, |(kind, _)| kind);
        kind.trim().eq_ignore_ascii_case("application/json")
    })
}

fn preflight(asked: &HeaderMap, allowed: bool) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if allowed {
        let headers = response.headers_mut();
        let methods = HeaderValue::from_static("GET, POST, DELETE, OPTIONS");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        let names = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
        let names = names.unwrap_or(HeaderValue::from_static("content-type"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECS);
        if asked.contains_key(PRIVATE_ASKED) {
            headers.insert(PRIVATE_ALLOWED, HeaderValue::from_static("true"));
        }
    }
    response
}

fn refused(refusal: &Refusal) -> Response<Body> {
    let status = match refusal {
        Refusal::NoHost => StatusCode::BAD_REQUEST,
        Refusal::Host(_) | Refusal::Origin(_) => StatusCode::FORBIDDEN,
    };
    plain(status, &refusal.to_string())
}

/// A client that asks too often is told when to come again, in a form that JSON-RPC clients read too.
fn too_many(refusal: &TooMany) -> Response<Body> {
    let error = RpcError::limit(refusal.why.clone());
    let told = serde_json::json!({ "jsonrpc": "2.0", "id": null, "error": error });
    let mut response = Response::new(Body::from(told.to_string()));
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(header::RETRY_AFTER, HeaderValue::from(refusal.retry_secs));
    response
}

/// A line of text.
pub(super) fn plain(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{text}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, TEXT);
    response
}
