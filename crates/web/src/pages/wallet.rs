//! Whose position, and the forms of the pages that lead to `/act`, where each verb says what it means before it is signed.

use super::{Drawn, Paused, draw};
use crate::{
    format::{self, Round},
    parts,
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
                }
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
        },
    })
    .await
}

/// What a staker can do, as forms that lead to the page before signing.
pub(super) fn panel(
    account: &str,
    (strategy, symbol): (&str, &str),
    delegated: bool,
    paused: &Paused,
) -> Markup {
    let from = parts::checksummed(account);
    let hidden = html! { input type="hidden" name="from" value=(from); };
    html! {
        div class="sec" { section class="card" {
            h2 { "Do something" }
            p { "Each leads to a page that says what can be lost and how fast you can leave, before anything is signed." }
            div class="grid3" {
                form method="get" action="/act/deposit" class="stackv" {
                    (hidden)
                    input type="hidden" name="strategy" value=(strategy);
                    label { "Deposit, " (symbol) " " input name="amount" inputmode="decimal" placeholder="10" required size="10"; }
                    p { (button("Deposit", "deposit", paused)) }
                }
                form method="get" action="/act/withdraw" class="stackv" {
                    (hidden)
                    input type="hidden" name="strategy" value=(strategy);
                    label { "Withdraw, " (symbol) " or all " input name="amount" placeholder="all" required size="10"; }
                    p { (button("Queue a withdrawal", "withdraw", paused)) }
                }
                @if delegated {
                    form method="get" action="/act/undelegate" class="stackv" {
                        (hidden)
                        p class="small muted" { "Leaving the operator queues everything." }
                        p { (button("End the delegation", "withdraw", paused)) }
                    }
                } @else {
                    form method="get" action="/act/delegate" class="stackv" {
                        (hidden)
                        label { "Delegate to " input name="operator" placeholder="0x…" required size="14"; }
                        p { (button("Delegate", "delegate", paused)) }
                    }
                }
            }
        } }
    }
}

/// A button that leads to a verb; it says why where the verb is stopped.
pub(super) fn button(name: &str, verb: &str, paused: &Paused) -> Markup {
    html! { button class="btn" disabled[paused.stops(verb)] aria-describedby=[paused.reason(verb)] { (name) } }
}

/// Completing one withdrawal.
pub(super) fn complete(account: &str, root: &str, paused: &Paused) -> Markup {
    let (stopped, why) = (paused.stops("complete"), paused.reason("complete"));
    html! {
        form method="get" action="/act/complete" class="row" {
            input type="hidden" name="from" value=(parts::checksummed(account));
            input type="hidden" name="root" value=(root);
            button class="btn" name="as" value="tokens" disabled[stopped] aria-describedby=[why.as_deref()] { "Take the tokens" }
            button class="btn" name="as" value="stake" disabled[stopped] aria-describedby=[why.as_deref()] { "Stake them again" }
        }
    }
}

/// An operator's promise to a set.
pub(super) fn allocate(operator: &str, strategy: &str, symbol: &str, paused: &Paused) -> Markup {
    html! {
        form method="get" action="/act/allocate" class="filters" {
            input type="hidden" name="from" value=(parts::checksummed(operator));
            input type="hidden" name="strategy" value=(strategy);
            label { "Operator set" input name="set" placeholder="0x…:1" required size="24"; }
            label { "Per cent of " (symbol) input name="part" inputmode="decimal" placeholder="10" required size="6"; }
            (button("Allocate", "allocate", paused))
        }
    }
}

/// What an operator can do besides allocating; whoever is none can become one.
pub(super) fn operate(account: &str, is_operator: bool) -> Markup {
    let from = parts::checksummed(account);
    let to = |verb: &str| format!("/act/{verb}?from={from}");
    html! {
        @if is_operator {
            p class="row" {
                a class="btn" href=(to("join")) { "Join operator sets" }
                a class="btn" href=(to("leave")) { "Leave operator sets" }
                a class="btn" href=(to("delay")) { "Set the allocation delay" }
                a class="btn" href=(to("describe")) { "Describe yourself" }
                a class="btn" href=(to("approver")) { "Name an approver" }
            }
        } @else {
            p class="row" { a class="btn" href=(to("register")) { "Become an operator" } }
        }
    }
}

/// Joining and leaving an operator set, for operators.
pub(super) fn membership(avs: &str, id: u64) -> Markup {
    let set = format!("{}:{id}", parts::checksummed(avs));
    html! {
        p class="row" {
            a class="btn" href=(format!("/act/join?set={set}")) { "Join it" }
            a class="btn" href=(format!("/act/leave?set={set}")) { "Leave it" }
            a class="btn" href=(format!("/act/allocate?set={set}")) { "Allocate to it" }
        }
    }
}
