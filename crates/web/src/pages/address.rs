//! An address, a token, and what a search finds.

use super::{Drawn, chain, draw};
use crate::{format, frame, parts, told::Told, viewer::Viewer};
use axum::{
    Extension,
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use maud::{Markup, html};
use rpc::Reads;

pub(super) async fn show(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    draw(&reads, &viewer, |told| {
        let account = told.at("address").text();
        let full = parts::checksummed(account);
        Drawn {
            title: parts::short(account),
            section: "/blocks",
            body: html! {
                (head(account, told.at("contract").value().as_str().unwrap_or("Account"), &html! { "Address" }))
                p class="row" {
                    @for (is, kind, words) in [
                        ("is_staker", "stakers", "Its position"), ("is_operator", "operators", "Its book as operator"),
                        ("is_service", "services", "Its service"), ("is_strategy", "strategies", "As strategy"),
                        ("is_token", "tokens", "As token"),
                    ] {
                        @if told.at(is).is_true() { a class="btn" href=(format!("/{kind}/{full}")) { (words) } }
                    }
                }
                (parts::tiles(&[
                    parts::tile("Balance", viewer.ether.held(told.at("balance").amount()), viewer.ether.symbol()).class(viewer.ether.class())
                        .below(html! { "as of block " (told.at("block.number").number()) }),
                    parts::tile("Sent", format::grouped(told.at("nonce").number()), "")
                        .below(html! { "transactions; the next has this nonce" }),
                    parts::tile("Code", format::grouped(told.at("code_bytes").number()), "bytes").below(html! {
                        @if !told.at("contract").is_none() { "a native contract: it runs in the node" }
                        @else if told.at("code_bytes").number() == 0 { "an account without code" }
                        @else { "a contract" }
                    }),
                ]))
                (metadata(told.at("metadata_uri")))
                div class="sec" { section class="card" {
                    h2 { "Transactions" }
                    p { "Those in which it took part, also by calls inside others. The newest first." }
                    (chain::transactions(told.at("transactions.items")))
                    (chain::next(told.at("transactions.next"), &format!("/address/{full}?before=")))
                } }
            },
        }
    })
    .await
}

/// The head of an account's page: identicon, name, full address.
pub(super) fn head(account: &str, name: &str, crumb: &Markup) -> Markup {
    html! {
        div class="head" { div {
            p class="crumb" { (crumb) }
            h1 {
                @if let Ok(address) = account.parse() { (parts::identicon(address)) }
                span { (format::foreign(name)) }
            }
            p class="small full" { code { (parts::checksummed(account)) } }
        } }
    }
}

/// What an account says of itself: text, never a link.
pub(super) fn metadata(uri: Told<'_>) -> Markup {
    html! {
        @if !uri.text().is_empty() {
            p class="note" { "It says of itself: " code class="full" { (format::foreign(uri.text())) } }
        }
    }
}

pub(super) async fn token(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    draw(&reads, &viewer, |told| {
        let (account, decimals) = (told.at("token").text(), told.at("decimals").decimals());
        let symbol = format::foreign(told.at("symbol").text());
        Drawn {
            title: symbol.clone(),
            section: "/strategies",
            body: html! {
                (head(account, told.at("name").value().as_str().unwrap_or(&symbol), &html! { "Token" }))
                (parts::tiles(&[
                    parts::tile("Supply", format::tile(told.at("total_supply").amount(), decimals), symbol.clone())
                        .below(html! { (decimals) " decimals" }),
                    parts::tile("Strategies", format::grouped(told.at("strategies").items().len()), "")
                        .below(html! { "that hold it as stake" }),
                ]))
                div class="sec" { section class="card" {
                    h2 { "Held by strategies" }
                    @if told.at("strategies").items().len() == 0 {
                        p class="muted" { "No strategy is for this token: it cannot be staked." }
                    } @else {
                        (parts::scroll("Strategies", &html! {
                            table class="dense" {
                                (parts::head(&[("Strategy", false), (&format!("Held, {symbol}"), true)]))
                                tbody { @for it in told.at("strategies").items() {
                                    tr {
                                        th scope="row" { (parts::account("strategies", it.at("strategy").text())) }
                                        td class="n" { (format::tokens(it.at("tokens").amount(), decimals)) }
                                    }
                                } }
                            }
                        }))
                    }
                } }
            },
        }
    })
    .await
}

/// Goes to the only thing that fits, else lists all.
pub(super) async fn search(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    let asked = reads.get(&format!("/api/v1{}", viewer.here)).await;
    let answer = match asked {
        Ok(answer) => answer,
        Err(refused) => return frame::refused(&reads, &viewer, &refused),
    };
    let told = Told::new(&answer);
    let items = told.at("items");
    if items.items().len() == 1
        && let Ok(path) = HeaderValue::from_str(items.at("0.path").text())
    {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        response.headers_mut().insert(header::LOCATION, path);
        return response;
    }
    let query = format::foreign(told.at("query").text());
    let body = html! {
        div class="head" { div {
            h1 { "Search" }
            form class="row" aria-label="Search again" action="/search" {
                label class="vh" for="again" { "Address, transaction, block or name" }
                input id="again" name="q" value=(query) size="44" autocomplete="off";
                button class="btn go" { "Search" }
            }
        } }
        section class="card" {
            @if query.is_empty() {
                p { "A block by number or hash, a transaction, a withdrawal, an account, a contract or token by name." }
            } @else if items.items().len() == 0 {
                (parts::empty(&format!("Nothing here is called “{query}”."), &html! {
                    "Known are blocks, transactions and withdrawals by their hash, accounts by their address, contracts \
                     by name, and what operators and services say of themselves."
                }))
            } @else {
                ul class="feed" { @for it in items.items() {
                    li {
                        span class="when" { (it.at("kind").text()) }
                        a class="full" href=(it.at("path").text()) { (format::foreign(it.at("title").text())) }
                    }
                } }
            }
        }
    };
    frame::page(&reads, &viewer, &frame::Page { title: "Search", section: "", body })
}
