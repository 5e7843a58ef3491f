//! Rules of alerts, what they told last, and the form that sets them. Only callers whom the REST path answers see any of
//! it, and only this page's own forms change anything.

mod form;
mod list;

use crate::{
    format,
    frame::{self, Page},
    names::{Book, Names},
    own,
    told::Told,
    viewer::Viewer,
};
use axum::{
    Extension, Form,
    body::Body,
    extract::rejection::FormRejection,
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header},
};
use form::{Sent, Wrongs};
use maud::{Markup, html};
use rpc::{Reads, Refused};
use serde_json::Value;
use std::collections::BTreeMap;

const PATH: &str = "/api/v1/alerts";

/// What the page draws besides its rules.
#[derive(Default)]
struct Shown {
    status: StatusCode,
    notice: Option<Markup>,
    sent: Sent,
    wrongs: Wrongs,
}

pub(super) async fn show(
    Extension(reads): Extension<Reads>,
    Extension(book): Extension<Book>,
    viewer: Viewer,
) -> Response<Body> {
    if let Some(refused) = super::past(&viewer) {
        return frame::refused(&reads, &viewer, &refused);
    }
    match reads.get(PATH).await {
        Ok(rules) => {
            let shown = Shown { notice: done(&viewer, Told::new(&rules)), ..Shown::default() };
            draw(&reads, &viewer, book, &rules, shown).await
        }
        Err(refused) => kept_from(&reads, &viewer, &refused),
    }
}

/// What the form sends: a rule to add, or one to remove or to try.
pub(super) async fn change(
    Extension(reads): Extension<Reads>,
    Extension(book): Extension<Book>,
    viewer: Viewer,
    headers: HeaderMap,
    form: Result<Form<BTreeMap<String, String>>, FormRejection>,
) -> Response<Body> {
    if !own::is_own(&headers) {
        let why = "This form is taken from this node's own page only. Programs set rules at /api/v1/alerts, or with `bulwark alert`.";
        let refused = Refused { status: StatusCode::FORBIDDEN, why: why.into() };
        return frame::refused(&reads, &viewer, &refused);
    }
    let sent = match form {
        Ok(Form(fields)) => Sent(fields),
        Err(error) => {
            let refused = Refused { status: error.status(), why: error.body_text() };
            return frame::refused(&reads, &viewer, &refused);
        }
    };
    // First of all whether the caller may: what follows tells names of the address book.
    let rules = match reads.get(PATH).await {
        Ok(rules) => rules,
        Err(refused) => return kept_from(&reads, &viewer, &refused),
    };
    let name = sent.text("name").to_owned();
    let changed = match sent.text("do") {
        "add" => return add(&reads, &viewer, book, &rules, sent).await,
        "remove" if is_name(&name) => reads.send(Method::DELETE, &format!("{PATH}/{name}"), None).await,
        "test" if is_name(&name) => reads.send(Method::POST, &format!("{PATH}/{name}/test"), None).await,
        "remove" | "test" => {
            let why = format!("no rule is called “{}”", format::foreign(&name));
            Err(Refused { status: StatusCode::NOT_FOUND, why })
        }
        _ => Err(Refused { status: StatusCode::BAD_REQUEST, why: "add, remove or test a rule".into() }),
    };
    match changed {
        Ok(_) if sent.text("do") == "remove" => back(&format!("/alerts?removed={name}")),
        Ok(told) => {
            let shown = Shown { notice: Some(list::tried(&name, Told::new(&told))), ..Shown::default() };
            // What was told just now is among the newest alerts.
            let rules = reads.get(PATH).await.unwrap_or(rules);
            draw(&reads, &viewer, book, &rules, shown).await
        }
        Err(refused) => {
            let shown =
                Shown { status: refused.status, notice: Some(not_done(&refused)), ..Shown::default() };
            draw(&reads, &viewer, book, &rules, shown).await
        }
    }
}

async fn add(reads: &Reads, viewer: &Viewer, book: Book, rules: &Value, sent: Sent) -> Response<Body> {
    let names = Names::read(reads, book).await;
    let items = Told::new(rules).at("items");
    let taken: Vec<&str> = items.items().map(|it| it.at("name").text()).collect();
    let rule = match sent.rule(&names, &taken) {
        Ok(rule) => rule,
        Err(wrongs) => {
            let shown = Shown { status: StatusCode::UNPROCESSABLE_ENTITY, sent, wrongs, notice: None };
            return draw(reads, viewer, book, rules, shown).await;
        }
    };
    let body = serde_json::to_value(&rule).unwrap_or_default();
    match reads.send(Method::POST, PATH, Some(&body)).await {
        Ok(told) => match Told::new(&told).at("secret").text() {
            "" => back(&format!("/alerts?added={}", rule.name)),
            secret => {
                let notice = Some(list::secret(&rule.name, secret));
                let rules = reads.get(PATH).await.unwrap_or_default();
                let shown = Shown { notice, ..Shown::default() };
                let mut response = draw(reads, viewer, book, &rules, shown).await;
                response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                response
            }
        },
        Err(refused) => {
            let notice = Some(not_done(&refused));
            let shown = Shown { status: refused.status, notice, sent, wrongs: Wrongs::new() };
            draw(reads, viewer, book, rules, shown).await
        }
    }
}

/// Whether a text can be the name of a rule, and stand in a path as it is.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_'))
}

fn back(to: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

/// What the form did, which the address tells: said only if the rules agree, whoever wrote the address.
fn done(viewer: &Viewer, rules: Told<'_>) -> Option<Markup> {
    let (_, query) = viewer.here.split_once('?')?;
    let (what, name) = query.split_once('=').filter(|(_, name)| is_name(name))?;
    let is_there = rules.at("items").items().any(|it| it.at("name").text() == name);
    let says = match (what, is_there) {
        ("added", true) => "is watched from the next block on.",
        ("removed", false) => "is not watched.",
        _ => return None,
    };
    Some(html! { p class="banner info" role="status" { b { (name) } " " (says) } })
}

fn not_done(refused: &Refused) -> Markup {
    html! {
        p class="banner pending" role="alert" { b { "Nothing was changed." } " " (form::sentence(&refused.why)) }
    }
}

fn head() -> Markup {
    html! {
        div class="head" { div {
            h1 { "Alerts" }
            p class="lede" { "Rules that this node evaluates on each block, and what they told: slashes, other promises, withdrawals that are ready." }
        } }
    }
}

/// Who may not see the rules is told why, and where they are set.
fn kept_from(reads: &Reads, viewer: &Viewer, refused: &Refused) -> Response<Body> {
    if refused.status != StatusCode::FORBIDDEN {
        return frame::refused(reads, viewer, refused);
    }
    let body = html! {
        (head())
        p class="banner pending" role="alert" { b { "Not from here." } " " (form::sentence(&refused.why)) }
        section class="card" {
            h2 { "Why there is no form here" }
            p { "Rules make the node call out, and hold secrets. Whoever sits at the node’s own machine sets them: on this page, with " code { "bulwark alert" } ", or in the file that " code { "--alerts" } " names." }
            p { a class="btn" href="/" { "Overview" } }
        }
    };
    frame::with_status(refused.status, reads, viewer, &Page { title: "Alerts", section: "", body })
}

async fn draw(reads: &Reads, viewer: &Viewer, book: Book, rules: &Value, shown: Shown) -> Response<Body> {
    let names = Names::read(reads, book).await;
    let strategies = super::strategies(reads).await;
    let told = Told::new(rules);
    let body = html! {
        (head())
        @if let Some(notice) = &shown.notice { (notice) }
        div id="alerts" hx-get="/alerts" hx-select="#alerts" hx-swap="outerHTML" hx-trigger="block from:body delay:200ms" {
            section class="card" { h2 { "Rules" } (list::rules(told.at("items"), &names)) }
        }
        div class="sec" { section class="card" id="add" {
            h2 { "Add a rule" }
            (form::draw(&shown.sent, &shown.wrongs, &names, Told::new(&strategies).at("items")))
        } }
        div class="sec" id="told" hx-get="/alerts" hx-select="#told" hx-swap="outerHTML" hx-trigger="block from:body delay:200ms" {
            section class="card" { h2 { "Told last" } (list::recent(told.at("recent"))) }
        }
    };
    frame::with_status(shown.status, reads, viewer, &Page { title: "Alerts", section: "", body })
}
