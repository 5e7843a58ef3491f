//! Before you sign: what is done, what can be lost, how fast one can leave, what to mind, and the transactions themselves.
//! The page works without script as a list of calls for any wallet; the script only sends them, one after the other.

use super::{Drawn, address, draw};
use crate::{
    assets::WALLET,
    format::{self, Round},
    parts,
    told::Told,
    viewer::Viewer,
};
use axum::{Extension, body::Body, http::Response};
use maud::{Markup, html};
use rpc::Reads;

/// Whose position: the node's own accounts on development chains, or any address.
pub(super) async fn accounts(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    let is_dev = reads.is_dev();
    draw(&reads, &viewer, |told| Drawn {
        title: "Stake".into(),
        section: "/stakers",
        body: html! {
            div class="head" { div {
                h1 { "Whose position?" }
                p class="lede" { "What is staked, what can be lost, what is on its way out: for any account, without signing anything." }
                form class="row" aria-label="Search again" action="/search" {
                    label class="vh" for="again" { "Address" }
                    input id="again" name="q" placeholder="0x…" size="44" autocomplete="off";
                    button class="btn go" { "Show" }
                    span id="connect" data-chain=(reads.chain_id()) {}
                }
                p id="connect-said" class="small muted" role="status" {}
            } }
            @if is_dev { section class="card" {
                h2 { "Accounts of this development chain" }
                p { "The node signs for them with one click. Everybody knows their keys: keep nothing of worth there." }
                (parts::scroll("Accounts", &html! {
                    table class="dense" {
                        (parts::head(&[("Account", false), ("Balance, ETH", true)]))
                        tbody { @for it in told.at("items").items() {
                            tr {
                                th scope="row" { (parts::account("stakers", it.at("account").text())) }
                                td class="n" { (format::position(it.at("balance").amount(), 18, Round::Down)) }
                            }
                        } }
                    }
                }))
            } }
            (script())
        },
    })
    .await
}

fn script() -> Markup {
    html! { script src=(WALLET.address()) defer {} }
}

/// What a staker can do, as forms that lead to the page before signing.
pub(super) fn panel(account: &str, strategy: &str, symbol: &str, delegated: bool) -> Markup {
    let from = parts::checksummed(account);
    let hidden = |verb: &str| html! { input type="hidden" name="verb" value=(verb); input type="hidden" name="from" value=(from); };
    html! {
        div class="sec" { section class="card" {
            h2 { "Do something" }
            p { "Each leads to a page that says what can be lost and how fast you can leave, before anything is signed." }
            div class="grid3" {
                form method="get" action="/sign" class="stackv" {
                    (hidden("deposit"))
                    input type="hidden" name="strategy" value=(strategy);
                    label { "Deposit, " (symbol) " " input name="amount" inputmode="decimal" placeholder="10" required size="10"; }
                    p { button class="btn" { "Deposit" } }
                }
                form method="get" action="/sign" class="stackv" {
                    (hidden("queue"))
                    input type="hidden" name="strategy" value=(strategy);
                    label { "Withdraw, " (symbol) " or all " input name="amount" placeholder="all" required size="10"; }
                    p { button class="btn" { "Queue a withdrawal" } }
                }
                @if delegated {
                    form method="get" action="/sign" class="stackv" {
                        (hidden("undelegate"))
                        p class="small muted" { "Leaving the operator queues everything." }
                        p { button class="btn" { "End the delegation" } }
                    }
                } @else {
                    form method="get" action="/sign" class="stackv" {
                        (hidden("delegate"))
                        label { "Delegate to " input name="operator" placeholder="0x…" required size="14"; }
                        p { button class="btn" { "Delegate" } }
                    }
                }
            }
        } }
    }
}

/// Completing one withdrawal.
pub(super) fn complete(account: &str, root: &str) -> Markup {
    html! {
        form method="get" action="/sign" class="row" {
            input type="hidden" name="verb" value="complete";
            input type="hidden" name="from" value=(parts::checksummed(account));
            input type="hidden" name="root" value=(root);
            button class="btn" name="receive" value="tokens" { "Take the tokens" }
            button class="btn" name="receive" value="shares" { "Stake them again" }
        }
    }
}

/// An operator's promise to a set.
pub(super) fn allocate(operator: &str, strategy: &str, symbol: &str) -> Markup {
    html! {
        form method="get" action="/sign" class="filters" {
            input type="hidden" name="verb" value="allocate";
            input type="hidden" name="from" value=(parts::checksummed(operator));
            input type="hidden" name="strategy" value=(strategy);
            label { "Operator set" input name="set" placeholder="0x…:1" required size="24"; }
            label { "Per cent of " (symbol) input name="amount" inputmode="decimal" placeholder="10" required size="6"; }
            button class="btn" { "Allocate" }
        }
    }
}

/// The page before signing.
pub(super) async fn sign(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    let is_dev = reads.is_dev();
    draw(&reads, &viewer, |told| {
        let from = told.at("from").text();
        let title = format::foreign(told.at("title").text());
        Drawn {
            title: title.clone(),
            section: "/stakers",
            body: html! {
                (address::head(from, &title, &html! { a href=(format!("/stakers/{}", parts::checksummed(from))) { "Position" } " / before you sign" }))
                @for warning in told.at("warnings").items() { p class="banner pending" role="status" { b { "Mind." } " " (format::foreign(warning.text())) } }
                section class="card" {
                    h2 { "Before you sign" }
                    dl class="kv" {
                        dt { "You do" } dd { ol class="plain" { @for step in told.at("steps").items() { li { (format::foreign(step.at("words").text())) } } } }
                        @for line in told.at("lines").items() {
                            dt { (line.at("name").text()) }
                            dd { @if line.at("name").text() == "You can lose" { b class="risk" { (format::foreign(line.at("words").text())) } } @else { (format::foreign(line.at("words").text())) } }
                        }
                        dt { "Fee at most" } dd { (format::fee(told.at("fee_at_most").amount())) " ETH" }
                        dt { "Tried out" } dd { (tried(told.at("steps.0"))) }
                    }
                    div id="sign" class="row" data-from=(parts::checksummed(from)) data-chain=(told.at("chain_id").number())
                        data-dev=(is_dev) data-steps=(told.at("steps").value().to_string()) {
                        a class="btn" href=(format!("/stakers/{}", parts::checksummed(from))) { "Not now" }
                    }
                    ol id="progress" class="steps" aria-live="polite" {}
                    noscript { p class="note" { "Signing here needs the page’s script. The calls below do the same in any wallet." } }
                }
                details class="sec" {
                    summary { "The calls, for another wallet or a multisig" }
                    @for step in told.at("steps").items() {
                        h3 { (format::foreign(step.at("words").text())) }
                        dl class="kv" {
                            dt { "to" } dd { code class="full" { (parts::checksummed(step.at("to").text())) } }
                            dt { "data" } dd { code class="full" { (step.at("input").text()) } }
                        }
                    }
                }
                (script())
            },
        }
    })
    .await
}

fn tried(step: Told<'_>) -> Markup {
    let effects: Vec<String> = step.at("effects").items().map(|it| format::foreign(it.text())).collect();
    html! {
        @if step.at("succeeds").is_true() {
            "on the newest block the first step works"
            @if effects.iter().any(|it| !it.contains("change nothing")) { ": " (effects.join("; ")) }
        } @else { b class="risk" { (effects.join("; ")) } }
    }
}
