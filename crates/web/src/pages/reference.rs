//! Parameters and words: every number in force with its unit and source, every word of restaking in a sentence.

use super::{Drawn, Paused, draw, paused::STOPS};
use crate::{format, parts, viewer::Viewer};
use axum::{Extension, body::Body, http::Response};
use maud::html;
use rpc::Reads;

pub(super) async fn parameters(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    let addresses = reads.get("/api/v1/addresses").await.unwrap_or_default();
    draw(&reads, &viewer, |told| Drawn {
        title: "Parameters".into(),
        section: "/parameters",
        body: html! {
            div class="head" { div {
                h1 { "Every number in force" }
                p class="lede" {
                    "Chain " (told.at("chain_id").number()) ", preset " b { (told.at("preset").text()) } ", rules of "
                    b { (told.at("rules").text()) } ". Where a number comes from stands beside it."
                }
            } }
            section class="card" {
                (parts::scroll("Parameters", &html! {
                    table class="cards" {
                        (parts::head(&[("Parameter", false), ("Value", true), ("Unit", false), ("Source", false)]))
                        tbody { @for it in told.at("parameters").items() {
                            tr {
                                th scope="row" { (it.at("name").text().replace('_', " ")) }
                                td class="n" data-l="Value" { (value(it.at("value").text())) }
                                td data-l="Unit" { (it.at("unit").text()) }
                                td class="small" data-l="Source" { (it.at("source").text()) }
                            }
                        } }
                    }
                }))
            }
            div class="sec" { section class="card" {
                h2 { "What the pauser can stop" }
                (parts::scroll("Paused", &html! {
                    table class="cards" {
                        (parts::head(&[("Verb", false), ("Now", false), ("While it is paused", false)]))
                        @let paused = Paused::of(told.at("paused"));
                        tbody { @for it in &STOPS {
                            tr {
                                th scope="row" { (it.verb) }
                                td data-l="Now" { @if paused.stops(it.verb) { b { "paused" } } @else { "runs" } }
                                td class="small" data-l="While it is paused" { (it.still) }
                            }
                        } }
                    }
                }))
            } }
            div class="sec" { section class="card" {
                h2 { "Contracts" }
                p { "They run in the node itself, at the same addresses on every chain, and answer EigenLayer’s ABI." }
                (parts::scroll("Contracts", &html! {
                    table class="dense" {
                        (parts::head(&[("Name", false), ("Address", false), ("ABI", false)]))
                        tbody { @for (name, address) in addresses.as_object().into_iter().flatten() {
                            tr {
                                th scope="row" { (name) }
                                td { (parts::account("address", address.as_str().unwrap_or_default())) }
                                td { a href=(format!("/api/v1/abi/{name}")) { "JSON" span class="vh" { " of " (name) } } }
                            }
                        } }
                    }
                }))
            } }
        },
    })
    .await
}

/// Integers with commas, words as they are.
fn value(text: &str) -> String {
    if text.chars().all(|it| it.is_ascii_digit()) && !text.is_empty() {
        format::grouped(text)
    } else {
        text.to_owned()
    }
}

pub(super) async fn glossary(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    draw(&reads, &viewer, |told| Drawn {
        title: "Words".into(),
        section: "",
        body: html! {
            div class="head" { div {
                h1 { "Words of restaking" }
                p class="lede" { "Each in a sentence or two that need none of the others. The terminal has them too: " code { "bulwark explain magnitude" } "." }
            } }
            section class="card" {
                dl class="kv" { @for it in told.at("items").items() {
                    dt id=(anchor(it.at("word").text())) { b { (it.at("word").text()) } }
                    dd { (it.at("means").text()) }
                } }
            }
        },
    })
    .await
}

/// A word as the end of a link.
fn anchor(word: &str) -> String {
    word.to_lowercase().replace(|it: char| !it.is_ascii_alphanumeric(), "-")
}
