//! Blocks and transactions as developers need them: newest first, each transaction in a sentence.

use super::{Drawn, draw};
use crate::{format, parts, told::Told, viewer::Viewer};
use alloy_primitives::U256;
use axum::{Extension, body::Body, http::Response};
use maud::{Markup, html};
use rpc::Reads;

/// Transactions as a feed: where, who, what.
pub(super) fn feed(transactions: Told<'_>) -> Markup {
    html! {
        @if transactions.items().len() == 0 {
            p class="small muted" { "No transactions in the newest blocks." }
        } @else {
            ul class="feed" { @for it in transactions.items() {
                li {
                    a class="when" href=(format!("/tx/{}", it.at("hash").text())) {
                        "block " (format::grouped(it.at("block_number").number()))
                    }
                    span {
                        (parts::account("address", it.at("from").text())) " " (format::foreign(it.at("words").text()))
                        @if !it.at("success").is_true() { " " span class="tag risk" { "failed" } }
                    }
                }
            } }
        }
    }
}

pub(super) async fn blocks(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    draw(&reads, &viewer, |told| {
        let newest = told.at("head").number();
        Drawn {
            title: "Blocks".into(),
            section: "/blocks",
            body: html! {
                div class="head" { div {
                    h1 { "Blocks" }
                    p class="lede" { "The newest is " (parts::block(newest)) "." }
                } }
                div id="list" hx-get=(viewer.here) hx-select="#list" hx-swap="outerHTML"
                    hx-trigger="block from:body delay:200ms" {
                    section class="card" {
                        (list(told))
                        (next(told.at("next"), "/blocks?before="))
                    }
                }
            },
        }
    })
    .await
}

fn list(told: Told<'_>) -> Markup {
    parts::scroll(
        "Blocks",
        &html! {
            table class="dense" {
                (parts::head(&[
                    ("Block", false), ("Time, UTC", false), ("Transactions", true), ("Gas used", true), ("Of the limit", true),
                    ("Base fee, gwei", true), ("Hash", false),
                ]))
                tbody { @for block in told.at("items").items() {
                    tr {
                        th scope="row" { (parts::block(block.at("number").number())) }
                        td class="nowrap" { (parts::time(block.at("timestamp").number())) }
                        td class="n" { (format::grouped(block.at("transactions").number())) }
                        td class="n" { (format::grouped(block.at("gas_used").number())) }
                        td class="n" {
                            (format::share(block.at("gas_used").amount(), block.at("gas_limit").amount()))
                        }
                        td class="n" { (gwei(block.at("base_fee").amount())) }
                        td { span class="addr" title=(block.at("hash").text()) { (parts::short_hash(block.at("hash").text())) } }
                    }
                } }
            }
        },
    )
}

fn gwei(wei: U256) -> String {
    format::tokens(wei, 9)
}

/// A link to what follows, if anything does.
pub(super) fn next(cursor: Told<'_>, path: &str) -> Markup {
    let shown = match cursor.value() {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    html! { @if let Some(shown) = shown { p class="row" { a class="btn" href=(format!("{path}{shown}")) { "More" } } } }
}

pub(super) async fn block(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    draw(&reads, &viewer, |told| {
        let number = told.at("number").number();
        Drawn {
            title: format!("Block {}", format::grouped(number)),
            section: "/blocks",
            body: html! {
                div class="head" { div {
                    p class="crumb" { a href="/blocks" { "Blocks" } " / " (format::grouped(number)) }
                    h1 { "Block " (format::grouped(number)) }
                    p class="small full" { code { (told.at("hash").text()) } }
                    p class="row" {
                        @if number > 0 { a class="btn" href=(format!("/blocks/{}", number.saturating_sub(1))) { "← Before" } }
                        @if number < told.at("head").number() {
                            a class="btn" href=(format!("/blocks/{}", number.saturating_add(1))) { "After →" }
                        }
                    }
                } }
                (facts(told))
                div class="sec" { section class="card" {
                    h2 { (format::count(told.at("transactions").number(), "transaction")) }
                    (transactions(told.at("items")))
                    (next(told.at("next"), &format!("/blocks/{number}?skip=")))
                } }
                details class="sec" {
                    summary { "Roots" }
                    dl class="kv" {
                        @for (name, key) in [
                            ("Parent", "parent_hash"), ("State root", "state_root"),
                            ("Transactions root", "transactions_root"), ("Receipts root", "receipts_root"),
                        ] {
                            dt { (name) } dd { code class="full" { (told.at(key).text()) } }
                        }
                    }
                }
            },
        }
    })
    .await
}

fn facts(told: Told<'_>) -> Markup {
    let (used, limit) = (told.at("gas_used"), told.at("gas_limit"));
    parts::tiles(&[
        parts::tile("Time, UTC", format::clock(told.at("timestamp").number()), "")
            .below(html! { "timestamp " (told.at("timestamp").number()) }),
        parts::tile("Transactions", format::grouped(told.at("transactions").number()), "")
            .below(html! { (format::grouped(told.at("size").number())) " bytes in all" }),
        parts::tile("Gas used", format::grouped(used.number()), "").below(
            html! { (format::share(used.amount(), limit.amount())) " of " (format::grouped(limit.number())) },
        ),
        parts::tile("Base fee", gwei(told.at("base_fee").amount()), "gwei")
            .below(html! { "burnt for each gas" }),
    ])
}

/// Transactions as a table.
pub(super) fn transactions(items: Told<'_>) -> Markup {
    html! {
        @if items.items().len() == 0 { p class="muted" { "None." } } @else {
            (parts::scroll("Transactions", &html! {
                table class="dense cards" {
                    (parts::head(&[("Transaction", false), ("Who", false), ("What", false), ("Gas", true)]))
                    tbody { @for it in items.items() {
                        tr {
                            th scope="row" { (parts::transaction(it.at("hash").text())) }
                            td data-l="Who" { (parts::account("address", it.at("from").text())) }
                            td data-l="What" {
                                span {
                                    (format::foreign(it.at("words").text()))
                                    @if !it.at("success").is_true() { " " span class="tag risk" { "failed" } }
                                }
                            }
                            td class="n" data-l="Gas" { (format::grouped(it.at("gas_used").number())) }
                        }
                    } }
                }
            }))
        }
    }
}
