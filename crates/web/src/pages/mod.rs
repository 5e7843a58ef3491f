//! The routes of the pages: each asks one read of REST at its own path, and draws the answer. A read's refusal becomes a
//! page with the same status.

mod address;
mod alerts;
mod chain;
mod history;
mod market;
mod operator;
mod overview;
mod paused;
mod reference;
mod risk;
mod service;
mod slash;
mod staker;
mod transaction;
mod wallet;
mod withdrawal;

pub(crate) use paused::Paused;

use crate::{
    act, assets, frame,
    names::Book,
    told::Told,
    viewer::{self, Preferences, Viewer},
};
use axum::{
    Extension, Form, Router,
    body::Body,
    extract::{DefaultBodyLimit, rejection::FormRejection},
    http::{Response, StatusCode},
    response::IntoResponse,
    routing::{get, post},
};
use rpc::{Reads, Refused};
use tower_http::{CompressionLevel, compression::CompressionLayer};

/// Bytes of a form that changes something.
const MOST_OF_A_FORM: usize = 16 << 10;

/// All pages. They read through [`Reads`], an extension that the server gives each request, and know people by a book.
pub fn routes(book: Book) -> Router {
    Router::new()
        .route("/", get(overview::show))
        .route("/blocks", get(chain::blocks))
        .route("/blocks/{block}", get(chain::block))
        .route("/tx/{hash}", get(transaction::show))
        .route("/address/{account}", get(address::show))
        .route("/tokens/{token}", get(address::token))
        .route("/search", get(address::search))
        .route("/stakers", get(wallet::accounts))
        .route("/stakers/{staker}", get(staker::show))
        .route("/operators", get(operator::list))
        .route("/operators/{operator}", get(operator::show))
        .route("/services", get(service::list))
        .route("/services/{avs}", get(service::show))
        .route("/services/{avs}/sets/{id}", get(service::set))
        .route("/strategies", get(service::strategies))
        .route("/strategies/{strategy}", get(service::strategy))
        .route("/withdrawals/{root}", get(withdrawal::show))
        .route("/slashes", get(slash::list))
        .route("/slashes/{set}/{id}", get(slash::show))
        .route("/market", get(market::show))
        .route("/risk", get(risk::show))
        .route("/risk/matrix", get(risk::matrix::show))
        .route("/risk/cascade", get(risk::cascade::show))
        .route("/risk/losses", get(risk::losses::show))
        .route("/risk/stress", get(risk::stress::show))
        .route("/risk/concentration", get(risk::held::show))
        .route("/parameters", get(reference::parameters))
        .route("/alerts", get(alerts::show).post(alerts::change).layer(DefaultBodyLimit::max(MOST_OF_A_FORM)))
        .route("/glossary", get(reference::glossary))
        .route("/parts/chip", get(chip))
        .route("/act", get(act::index))
        .route("/act/{verb}", get(act::show))
        .route("/parts/position/{staker}", get(act::position))
        .route("/prefs", post(prefs))
        .route("/assets/{hash}/{name}", get(assets::serve))
        .fallback(missing)
        .layer(Extension(book))
        // Drawings are numbers in rows: a fifth of them is left. No page holds a secret that sizes could tell: that of a
        // webhook is told once, to a page of ours that nothing of others comes into.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
}

/// What a page draws: its title, its section of the navigation, its content.
struct Drawn {
    title: String,
    section: &'static str,
    body: maud::Markup,
}

/// Asks the read at the page's own path and draws its answer.
async fn draw(reads: &Reads, viewer: &Viewer, draw: impl FnOnce(Told<'_>) -> Drawn) -> Response<Body> {
    if let Some(refused) = past(viewer) {
        return frame::refused(reads, viewer, &refused);
    }
    let path = if viewer.path == "/" { "/overview" } else { viewer.here.as_str() };
    match reads.get(&format!("/api/v1{path}")).await {
        Ok(answer) => {
            let Drawn { title, section, body } = draw(Told::new(&answer));
            frame::page(reads, viewer, &frame::Page { title: &title, section, body })
        }
        Err(refused) => frame::refused(reads, viewer, &refused),
    }
}

/// What the strategies are, for the names and decimals of amounts; a page without it is still whole.
async fn strategies(reads: &Reads) -> serde_json::Value {
    reads.get("/api/v1/strategies?limit=1000").await.unwrap_or_default()
}

/// Refuses a past block: what pages show is kept of the newest alone, and figures of another would be a lie.
fn past(viewer: &Viewer) -> Option<Refused> {
    let query = viewer.here.split_once('?').map_or("", |(_, query)| query);
    let asks = query.split('&').any(|pair| pair == "block" || pair.starts_with("block="));
    let why = "Pages show the newest block only. Of the past: /blocks and /slashes, and eth_call with a block's number.";
    asks.then(|| Refused { status: StatusCode::BAD_REQUEST, why: why.to_owned() })
}

async fn chip(Extension(reads): Extension<Reads>) -> Response<Body> {
    frame::fragment(frame::chip(&reads))
}

async fn prefs(form: Result<Form<Preferences>, FormRejection>) -> Response<Body> {
    match form {
        Ok(Form(preferences)) => viewer::remember(&preferences),
        Err(_) => (StatusCode::BAD_REQUEST, "a form with `theme` or `clock` was expected\n").into_response(),
    }
}

async fn missing(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    let why = format!(
        "No page is at {}. JSON-RPC is at POST /, REST is described at /api/v1/openapi.json.",
        viewer.path
    );
    frame::refused(&reads, &viewer, &Refused { status: StatusCode::NOT_FOUND, why })
}
