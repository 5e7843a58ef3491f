//! Rules of alerts and what they told last. They are set by the command line or in a file; this page watches them.

use super::{Drawn, draw};
use crate::{format, parts, told::Told, viewer::Viewer};
use axum::{Extension, body::Body, http::Response};
use maud::{Markup, html};
use rpc::Reads;

pub(super) async fn show(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    draw(&reads, &viewer, |told| Drawn {
        title: "Alerts".into(),
        section: "",
        body: html! {
            div class="head" { div {
                h1 { "Alerts" }
                p class="lede" { "Rules that this node evaluates on each block, and what they told: slashes, other promises, withdrawals that are ready." }
            } }
            div id="alerts" hx-get="/alerts" hx-select="#alerts" hx-swap="outerHTML" hx-trigger="block from:body delay:200ms" {
                section class="card" { h2 { "Rules" } (rules(told.at("items"))) }
                div class="sec" { section class="card" { h2 { "Told last" } (recent(told.at("recent"))) } }
            }
        },
    })
    .await
}

fn rules(items: Told<'_>) -> Markup {
    html! {
        @if items.items().len() == 0 {
            (parts::empty("No rule is set.", &html! { code { "bulwark alert add slashes slash" } " tells of every slash." }))
        } @else {
            (parts::scroll("Rules", &html! {
                table class="cards" {
                    (parts::head(&[("Rule", false), ("Tells", false), ("Evaluated to", true), ("To be delivered", true), ("State", false)]))
                    tbody { @for it in items.items() {
                        tr {
                            th scope="row" { (format::foreign(it.at("name").text())) }
                            td data-l="Tells" { (it.at("kind").text().replace('_', " ")) }
                            td class="n" data-l="Evaluated to" { (parts::block(it.at("evaluated_block").number())) }
                            td class="n" data-l="To be delivered" { (it.at("waiting").number()) }
                            td data-l="State" {
                                @if it.at("last_error").is_none() { "works" }
                                @else { span class="risk" { (format::foreign(it.at("last_error").text())) } }
                            }
                        }
                    } }
                }
            }))
        }
    }
}

fn recent(items: Told<'_>) -> Markup {
    html! {
        @if items.items().len() == 0 { p class="muted" { "Nothing yet." } } @else {
            ul class="feed" { @for it in items.items() {
                li {
                    a class="when" href=(format!("/blocks/{}", it.at("block_number").number())) {
                        "block " (format::grouped(it.at("block_number").number()))
                    }
                    span { b { (format::foreign(it.at("rule").text())) } " " (format::foreign(it.at("words").text())) }
                }
            } }
        }
    }
}
