//! What every page has: head, navigation, the chip that says which chain and block, the foot with the preferences, and the
//! headers that let nothing in from elsewhere.

use crate::{
    assets::{HTMX, LIVE, MARK as ICON, STYLE},
    charts, format, parts,
    viewer::{CLOCKS, THEMES, UNITS, Viewer},
};
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
};
use maud::{DOCTYPE, Markup, html};
use rpc::{Reads, Refused};

/// Nothing but the server's own files and data; no frame, no other form target.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// htmx without its own style and without `eval`.
const HTMX_CONFIG: &str =
    r#"{"includeIndicatorStyles":false,"allowEval":false,"selfRequestsOnly":true,"historyCacheSize":0}"#;

/// Sections of the navigation: path, name.
const SECTIONS: [(&str, &str); 9] = [
    ("/", "Overview"),
    ("/stakers", "Stake"),
    ("/act", "Act"),
    ("/operators", "Operators"),
    ("/services", "Services"),
    ("/market", "Market"),
    ("/risk", "Risk"),
    ("/slashes", "Slashes"),
    ("/blocks", "Chain"),
];

/// A page's own content.
pub(crate) struct Page<'a> {
    pub(crate) title: &'a str,
    /// The section of the navigation that it belongs to, by path.
    pub(crate) section: &'a str,
    pub(crate) body: Markup,
}

/// The chip: which chain, which block, whether it lives.
pub(crate) fn chip(reads: &Reads) -> Markup {
    let kind = if reads.is_dev() { "Dev chain" } else { "Chain" };
    html! {
        a class="chip" id="chip" href="/blocks" hx-get="/parts/chip" hx-trigger="block from:body delay:200ms"
            hx-swap="outerHTML" {
            span class="dot on" {}
            b { (kind) " " (reads.chain_id()) } " block " (format::grouped(reads.head()))
        }
    }
}

/// A whole page.
pub(crate) fn page(reads: &Reads, viewer: &Viewer, page: &Page<'_>) -> Response<Body> {
    with_status(StatusCode::OK, reads, viewer, page)
}

/// A fragment that htmx swaps in.
pub(crate) fn fragment(markup: Markup) -> Response<Body> {
    answer(StatusCode::OK, markup)
}

/// A whole page with a status of its own.
pub(crate) fn with_status(
    status: StatusCode,
    reads: &Reads,
    viewer: &Viewer,
    page: &Page<'_>,
) -> Response<Body> {
    answer(
        status,
        html! {
            (DOCTYPE)
            html lang="en" data-theme=[viewer.theme] data-clock=[viewer.clock] {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="htmx-config" content=(HTMX_CONFIG);
                    title { (page.title) " · Bulwark" }
                    link rel="icon" href=(ICON.address());
                    link rel="stylesheet" href=(STYLE.address());
                    script src=(HTMX.address()) defer {}
                    script src=(LIVE.address()) defer {}
                }
                body {
                    a class="skip" href="#main" { "Skip to content" }
                    (charts::DEFS)
                    (top(reads, page.section))
                    main class="wrap" id="main" {
                        p class="banner" id="stream" role="status" hidden {
                            b { "Not connected." } " Figures stand as they were; the page tries again by itself."
                        }
                        (page.body)
                    }
                    (foot(viewer))
                }
            }
        },
    )
}

fn top(reads: &Reads, section: &str) -> Markup {
    html! {
        header class="top" { div class="wrap" {
            a class="brand" href="/" { (parts::MARK) "Bulwark" }
            nav class="nav" aria-label="Main" {
                @for (path, name) in SECTIONS {
                    a href=(path) aria-current=[(path == section).then_some("page")] { (name) }
                }
            }
            form class="search" role="search" action="/search" {
                label class="vh" for="q" { "Address, transaction, block or name" }
                input id="q" name="q" placeholder="Search" autocomplete="off";
            }
            (chip(reads))
        } }
    }
}

fn foot(viewer: &Viewer) -> Markup {
    let choices = [
        ("theme", "Theme", &THEMES[..], viewer.theme.unwrap_or("system")),
        ("clock", "Clock", &CLOCKS[..], viewer.clock.unwrap_or("UTC")),
        ("unit", "Ether in", &UNITS[..], viewer.ether.symbol()),
    ];
    html! {
        footer class="foot" { div class="wrap" {
            span { "Served by your own node. No tracker, no outside request." }
            a href="/strategies" { "Strategies" }
            a href="/alerts" { "Alerts" }
            a href="/parameters" { "Parameters" }
            a href="/glossary" { "Words" }
            // What one does has no answer to read.
            @if !viewer.path.starts_with("/act") {
                a href=(format!("/api/v1{}", if viewer.here == "/" { "/overview" } else { viewer.here.as_str() })) {
                    "This page as JSON"
                }
            }
            form class="row" method="post" action="/prefs" {
                input type="hidden" name="back" value=(viewer.here);
                @for (id, label, all, chosen) in choices {
                    span class="choice" {
                        span id=(id) { (label) }
                        @for name in all {
                            button name=(id) value=(name) aria-pressed=(*name == chosen) aria-describedby=(id) { (name) }
                        }
                    }
                }
            }
        } }
    }
}

/// What could not be shown: what was wrong, with which value, and where to go.
pub(crate) fn refused(reads: &Reads, viewer: &Viewer, refused: &Refused) -> Response<Body> {
    let title = match refused.status {
        StatusCode::NOT_FOUND => "There is no such thing here",
        StatusCode::BAD_REQUEST => "This address cannot be read",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests",
        StatusCode::FORBIDDEN => "This is not for everybody",
        StatusCode::SERVICE_UNAVAILABLE => "This cannot be shown now",
        _ => "This could not be worked out",
    };
    let body = html! {
        div class="head" { div { h1 { (title) } } }
        p class="banner pending" role="alert" { (format::foreign(&refused.why)) }
        form class="row" aria-label="Search again" action="/search" {
            label class="vh" for="again" { "Address, transaction, block or name" }
            input id="again" name="q" placeholder="Address, hash, block" size="36" autocomplete="off";
            button class="btn go" { "Search" }
            a class="btn" href="/" { "Overview" }
        }
    };
    with_status(refused.status, reads, viewer, &Page { title, section: "", body })
}

fn answer(status: StatusCode, markup: Markup) -> Response<Body> {
    let mut response = Response::new(Body::from(markup.into_string()));
    *response.status_mut() = status;
    let all: [(HeaderName, &'static str); 6] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Nothing to other machines; with none at all, browsers would call the origin of our own forms `null`.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-cache"),
        // The cookie chooses the theme.
        (header::VARY, "cookie"),
    ];
    for (name, value) in all {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
