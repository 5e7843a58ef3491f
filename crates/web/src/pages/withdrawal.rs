//! One withdrawal: what was queued, what it pays now, and when it is free.

use super::{Drawn, Paused, draw, operator::Tokens, staker::is_zero, wallet};
use crate::{
    format::{self, Round},
    parts,
    told::Told,
    viewer::Viewer,
};
use axum::{Extension, body::Body, http::Response};
use maud::{Markup, html};
use rpc::Reads;

pub(super) async fn show(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    let strategies = super::strategies(&reads).await;
    let seconds = (!reads.is_dev()).then_some(reads.seconds_per_block());
    let paused = Paused::read(&reads).await;
    draw(&reads, &viewer, |told| {
        let tokens = Tokens(Told::new(&strategies));
        let root = told.at("root").text();
        Drawn {
            title: format!("Withdrawal {}", parts::short_hash(root)),
            section: "/stakers",
            body: html! {
                div class="head" { div {
                    p class="crumb" { a href="/stakers" { "Stake" } " / " (parts::account("stakers", told.at("staker").text())) }
                    h1 { (finding(told)) }
                    p class="small full" { code { (root) } }
                } }
                (paused.banners(&["complete"]))
                div class="sec" { section class="card" { (assets(told, &tokens)) } }
                div class="sec grid2" {
                    section class="card" { (timeline(told, seconds, &paused)) }
                    section class="card" { (whose(told)) }
                }
            },
        }
    })
    .await
}

fn finding(told: Told<'_>) -> &'static str {
    match told.at("status").text() {
        "completed" => "A withdrawal that was taken out",
        "completable" => "A withdrawal that is ready",
        _ => "A withdrawal that waits",
    }
}

/// What was queued of each asset, and what of it is left.
fn assets(told: Told<'_>, tokens: &Tokens<'_>) -> Markup {
    let pays = told.at("withdrawable_shares");
    let rows = told.at("strategies").items().zip(told.at("queued_shares").items()).enumerate();
    html! {
        h2 { "What it holds" }
        (parts::scroll("Assets", &html! {
            table class="cards" {
                (parts::head(&[("Asset", false), ("Queued", true), ("Pays now", true)]))
                tbody { @for (place, (strategy, queued)) in rows {
                    @let now = pays.at(&place.to_string());
                    tr {
                        th scope="row" { (parts::named("strategies", strategy.text(), Some(&tokens.symbol(strategy.text())))) }
                        (parts::figure_cell("Queued", &tokens.says(strategy.text(), queued.amount(), Round::Down)))
                        td class="n" data-l="Pays now" {
                            @if now.is_none() { span class="muted" { "taken out" } }
                            @else {
                                span class=(if now.amount() < queued.amount() { "lost" } else { "" }) {
                                    (tokens.says(strategy.text(), now.amount(), Round::Down))
                                }
                            }
                        }
                    }
                } }
            }
        }))
        p class="small muted" { "Until its window ends, a slash of the operator takes its part of what waits too. It never grows." }
    }
}

fn timeline(told: Told<'_>, seconds: Option<u64>, paused: &Paused) -> Markup {
    let now = told.at("block.number").number();
    let (until, at) = (told.at("slashable_until_block").number(), told.at("completable_block").number());
    let completed = told.at("completed_block");
    html! {
        h2 { "When" }
        ol class="steps" {
            li { h3 { "Queued" } p { "block " (parts::block(told.at("start_block").number())) } }
            li class=(if until >= now && completed.is_none() { "wait" } else { "" }) {
                h3 { @if until >= now { "Can be slashed until" } @else { "Could be slashed until" } }
                p { @if until >= now { (format::countdown(now, until, seconds)) } @else { "block " (parts::block(until)) } }
            }
            @if completed.is_none() {
                li class="wait" {
                    h3 { @if at <= now { "Ready" } @else { "Leaves the queue" } }
                    p { (format::countdown(now, at, seconds)) }
                    @if at <= now { (wallet::complete(told.at("staker").text(), told.at("root").text(), paused)) }
                }
            } @else {
                li { h3 { "Taken out" } p { "block " (parts::block(completed.number())) } }
            }
        }
    }
}

fn whose(told: Told<'_>) -> Markup {
    let operator = told.at("operator").text();
    html! {
        h2 { "Whose" }
        dl class="kv" {
            dt { "Staker" } dd { (parts::account("stakers", told.at("staker").text())) }
            dt { "Paid to" } dd { (parts::account("address", told.at("withdrawer").text())) }
            dt { "Was with" } dd {
                @if is_zero(operator) { "nobody: it was not delegated" } @else { (parts::account("operators", operator)) }
            }
            dt { "Nonce" } dd { (told.at("nonce").text()) }
        }
    }
}
