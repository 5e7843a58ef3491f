//! One transaction: a sentence, what it cost, the call tree with events where they were emitted, what it changed. A
//! failure shows the innermost contract that refused, with the error's values, and where it is explained.

use super::{Drawn, draw};
use crate::{
    format::{self, Ether},
    parts,
    told::Told,
    viewer::Viewer,
};
use axum::{Extension, body::Body, http::Response};
use maud::{Markup, html};
use rpc::Reads;

/// Characters of a value of an argument that are shown.
const MOST_VALUE: usize = 160;
/// Depth to which a tree is drawn as it is; what is below is drawn beneath the last.
const MOST_DEPTH: usize = 24;

pub(super) async fn show(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    draw(&reads, &viewer, |told| Drawn {
        title: format!("Transaction {}", parts::short_hash(told.at("hash").text())),
        section: "/blocks",
        body: html! {
            div class="head" { div {
                p class="crumb" {
                    a href="/blocks" { "Blocks" } " / " (parts::block(told.at("block_number").number())) " / transaction "
                    (told.at("index").number())
                }
                h1 { (sentence(told)) }
                p class="small full" { code { (told.at("hash").text()) } }
            } }
            @if !told.at("success").is_true() { (failure(told)) }
            (tiles(told, viewer.ether))
            div class="sec" { section class="card" {
                h2 { "What happened" }
                p { "Calls from the outside in, with events where they were emitted. Native contracts run in the node itself." }
                @if told.at("trace.unknown").is_none() {
                    ul class="tree" tabindex="0" aria-label="Call tree" { (call(told.at("trace"), viewer.ether, 0)) }
                } @else {
                    p class="banner" role="status" { (format::foreign(told.at("trace.unknown").text())) }
                }
            } }
            (changes(told, viewer.ether))
            (raw(told))
        },
    })
    .await
}

fn sentence(told: Told<'_>) -> Markup {
    html! {
        span { (parts::short(told.at("from").text())) " " (format::foreign(told.at("words").text())) }
        @if told.at("success").is_true() { span class="tag acc" { "done" } } @else { span class="tag risk" { "failed" } }
    }
}

/// Who refused, with what, and what helps.
fn failure(told: Told<'_>) -> Markup {
    let refused = innermost(told.at("trace"), 0);
    let (at, reason) = (refused.at("to").text(), refused.at("reason").text());
    let name = reason.split('(').next().unwrap_or_default();
    let named = name.chars().all(|it| it.is_ascii_alphanumeric()) && !name.is_empty();
    html! {
        div class="banner pending" role="alert" {
            b { "It failed, and changed nothing but the fee." }
            span {
                @if reason.is_empty() { (format::foreign(refused.at("error").text())) " in " } @else { (format::foreign(reason)) ", said " }
                (parts::named("address", at, Some(refused.at("call.contract").text()).filter(|it| !it.is_empty())))
            }
            @if named { span class="end" { code { "bulwark explain " (name) } } }
        }
    }
}

/// The deepest call that failed.
fn innermost(call: Told<'_>, depth: usize) -> Told<'_> {
    if depth > MOST_DEPTH {
        return call;
    }
    let below = call.at("below").items().filter(|it| !it.at("error").is_none());
    below.last().map_or(call, |inner| innermost(inner, depth.saturating_add(1)))
}

fn tiles(told: Told<'_>, ether: Ether) -> Markup {
    parts::tiles(&[
        parts::tile("Block", format::grouped(told.at("block_number").number()), "")
            .below(html! { (parts::time(told.at("timestamp").number())) }),
        parts::tile("From", parts::short(told.at("from").text()), "").below(html! {
            (parts::account("address", told.at("from").text())) ", nonce " (told.at("nonce").number())
            @if told.at("impersonated").is_true() { ", nobody signed it" }
        }),
        parts::tile("Value", ether.held(told.at("value").amount()), ether.symbol()).class(ether.class()).below(html! {
            @if told.at("to").is_none() { "creates " (parts::account("address", told.at("created").text())) }
            @else { "to " (parts::account("address", told.at("to").text())) }
        }),
        parts::tile("Gas used", format::grouped(told.at("gas_used").number()), "")
            .below(html! { "of " (format::grouped(told.at("gas_limit").number())) }),
        parts::tile("Fee", ether.fee(told.at("fee").amount()), ether.symbol())
            .class(ether.class())
            .below(html! { (format::tokens(told.at("gas_price").amount(), 9)) " gwei each gas" }),
    ])
}

/// A call and what is below it.
fn call(it: Told<'_>, ether: Ether, depth: usize) -> Markup {
    let (kind, contract) = (it.at("kind").text(), it.at("call.contract").text());
    html! {
        li {
            div class="call" {
                @if kind != "CALL" { span class="tag" { (kind.to_lowercase()) } }
                span { (parts::named("address", it.at("to").text(), Some(contract).filter(|it| !it.is_empty()))) }
                span class="fn" { (function(it)) }
                @if !it.at("value").amount().is_zero() {
                    span class="tag acc" { (ether.held(it.at("value").amount())) " " (ether.symbol()) }
                }
                @if !it.at("error").is_none() {
                    span class="tag risk" {
                        @if it.at("reason").is_none() { (format::foreign(it.at("error").text())) }
                        @else { (format::foreign(it.at("reason").text())) }
                    }
                }
                span class="gas" { (format::grouped(it.at("gas_used").number())) " gas" }
            }
            (arguments(it.at("call.arguments")))
            @if it.at("below").items().len() > 0 {
                @if depth < MOST_DEPTH {
                    ul { @for below in it.at("below").items() {
                        @if below.at("emitter").is_none() { (call(below, ether, depth.saturating_add(1))) } @else { (event(below)) }
                    } }
                } @else { p class="muted" { "deeper calls are in the JSON of this page" } }
            }
            @if it.at("hidden").number() > 0 { p class="muted" { (it.at("hidden").number()) " more calls are not shown" } }
        }
    }
}

fn function(it: Told<'_>) -> String {
    match (it.at("call.function").text(), it.at("call.selector").text(), it.at("kind").text()) {
        ("", "", kind) if kind.starts_with("CREATE") => "creates a contract".into(),
        ("", "", _) => "plain transfer".into(),
        ("", selector, _) => selector.into(),
        (name, ..) => name.into(),
    }
}

fn event(it: Told<'_>) -> Markup {
    html! {
        li {
            div class="ev" {
                "event "
                b { @if it.at("event").is_none() { "without a known name" } @else { (it.at("event").text()) } }
                @if it.at("contract").is_none() { " of " (parts::account("address", it.at("emitter").text())) }
                @else { " of " (it.at("contract").text()) }
            }
            (arguments(it.at("arguments")))
            @if it.at("event").is_none() { div class="args" { (cut(it.at("data").text())) } }
        }
    }
}

fn arguments(all: Told<'_>) -> Markup {
    html! {
        @if all.items().len() > 0 {
            div class="args" { @for (index, it) in all.items().enumerate() {
                @if index > 0 { ", " }
                @if !it.at("name").text().is_empty() { (it.at("name").text()) " " }
                (value(it))
            } }
        }
    }
}

/// A value: accounts as links, the rest as text.
fn value(argument: Told<'_>) -> Markup {
    let it = argument.at("value");
    html! {
        @if argument.at("type").text() == "address" { (parts::account("address", it.text())) }
        @else { b { (cut(&plain(it.value(), 0))) } }
    }
}

/// A value of the ABI as people read it: `(avs 0xe2A7…38Cf, id 2)`, `[1, 2]`.
fn plain(value: &serde_json::Value, depth: usize) -> String {
    const MOST_ITEMS: usize = 12;
    if depth > MOST_DEPTH {
        return "…".into();
    }
    let inner = |value| plain(value, depth.saturating_add(1));
    match value {
        serde_json::Value::String(text) if text.len() == 42 => parts::short(text),
        serde_json::Value::String(text) => format::foreign(text),
        serde_json::Value::Array(items) => {
            let shown: Vec<String> = items.iter().take(MOST_ITEMS).map(inner).collect();
            let more = if items.len() > MOST_ITEMS { ", …" } else { "" };
            format!("[{}{more}]", shown.join(", "))
        }
        serde_json::Value::Object(fields) => {
            let shown: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{} {}", name.replace('_', " "), inner(value)))
                .collect();
            format!("({})", shown.join(", "))
        }
        other => other.to_string(),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_VALUE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Which accounts are different now.
fn changes(told: Told<'_>, ether: Ether) -> Markup {
    let items = told.at("changes.items");
    html! {
        div class="sec" { section class="card" {
            h2 { "What it changed" }
            @if items.items().len() == 0 { p class="muted" { "Nothing is known of it." } } @else {
                (parts::scroll("Changed accounts", &html! {
                    table class="dense" {
                        (parts::head(&[("Account", false), (&format!("Balance, {}", ether.symbol()), true), ("Change", true), ("Slots", true)]))
                        tbody { @for it in items.items() {
                            tr {
                                th scope="row" { (parts::named("address", it.at("address").text(), it.at("contract").value().as_str())) }
                                td class="n" { (balance(it, ether)) }
                                td class="n" { (difference(it, ether)) }
                                td class="n" { (it.at("slot_count").number()) }
                            }
                        } }
                    }
                }))
                details {
                    summary { "Slots before and after" }
                    @for it in items.items().filter(|it| it.at("slot_count").number() > 0) {
                        h3 { (parts::named("address", it.at("address").text(), it.at("contract").value().as_str())) }
                        div class="scroll" tabindex="0" role="region" aria-label="Slots" { pre {
                            @for slot in it.at("slots").items() {
                                (slot.at("slot").text()) "\n  " (slot.at("before").text()) "\n  " (slot.at("after").text()) "\n"
                            }
                        } }
                    }
                }
            }
        } }
    }
}

fn balance(it: Told<'_>, ether: Ether) -> String {
    match (it.at("balance_after").is_none(), it.at("balance_before").is_none()) {
        (false, _) => ether.in_table(it.at("balance_after").amount()),
        (true, false) => ether.in_table(it.at("balance_before").amount()),
        (true, true) => String::new(),
    }
}

fn difference(it: Told<'_>, ether: Ether) -> String {
    if it.at("balance_after").is_none() {
        return String::new();
    }
    let (before, after) = (it.at("balance_before").amount(), it.at("balance_after").amount());
    match before.cmp(&after) {
        std::cmp::Ordering::Equal => String::new(),
        std::cmp::Ordering::Less => format!("+{}", ether.fee(after.saturating_sub(before))),
        std::cmp::Ordering::Greater => format!("−{}", ether.fee(before.saturating_sub(after))),
    }
}

fn raw(told: Told<'_>) -> Markup {
    html! {
        details class="sec" {
            summary { "Input, " (format::count(told.at("input_bytes").number(), "byte")) }
            div class="scroll" tabindex="0" role="region" aria-label="Input" { pre { (told.at("input").text()) } }
        }
    }
}
