//! Services and their operator sets: how much stands behind them, whose, and what they may take; strategies beside.

use super::{
    Drawn, Paused, address, chain, draw, history,
    operator::{Tokens, slashes},
    risk,
    staker::is_zero,
    wallet,
};
use crate::{
    charts::{self, Bar, Size, Words, ratio},
    format::{self, Round},
    parts,
    told::Told,
    viewer::Viewer,
};
use alloy_primitives::U256;
use axum::{Extension, body::Body, http::Response};
use maud::{Markup, html};
use rpc::Reads;

/// The name of beacon chain ether as a strategy: no contract is there.
const BEACON: &str = "0xbeaC0eeEeeeeEEeEeEEEEeeEEeEeeeEeeEEBEaC0";

/// Bars of a set's members.
const MOST_BARS: usize = 12;

pub(super) async fn list(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    draw(&reads, &viewer, |told| Drawn {
        title: "Services".into(),
        section: "/services",
        body: html! {
            div class="head" { div {
                h1 { "Services" }
                p class="lede" { "Whoever needs work done that stake stands for. A service groups operators in sets; each set says which stake counts and who may slash." }
                p class="row" { a class="btn" href="/market" { "Compare their operator sets" } }
            } }
            section class="card" {
                @if told.at("items").items().len() == 0 {
                    (parts::empty("No service is here yet.", &html! { "A service begins with " code { "bulwark service create" } "." }))
                } @else {
                    (parts::scroll("Services", &html! {
                        table {
                            (parts::head(&[("Service", false), ("Operator sets", true), ("It says of itself", false)]))
                            tbody { @for it in told.at("items").items() {
                                tr {
                                    th scope="row" { (parts::account("services", it.at("avs").text())) }
                                    td class="n" { (it.at("operator_set_count").number()) }
                                    td class="full" { (format::foreign(it.at("metadata_uri").text())) }
                                }
                            } }
                        }
                    }))
                    (chain::next(told.at("next"), "/services?cursor="))
                }
            }
        },
    })
    .await
}

pub(super) async fn show(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    let strategies = super::strategies(&reads).await;
    draw(&reads, &viewer, |told| {
        let avs = told.at("avs").text();
        let full = parts::checksummed(avs);
        let tokens = Tokens(Told::new(&strategies));
        let sets = told.at("operator_sets.items");
        Drawn {
            title: format!("Service {}", parts::short(avs)),
            section: "/services",
            body: html! {
                (address::head(avs, "Service", &html! { a href="/" { "Overview" } " / " a href="/services" { "Services" } }))
                (address::metadata(told.at("metadata_uri")))
                @if !told.at("is_service").is_true() {
                    p class="banner" role="status" { b { "This account has never been a service." } }
                }
                (parts::tiles(&[
                    parts::tile("Operator sets", format::grouped(sets.items().len()), "").below(html! { "each with its own stake and slasher" }),
                    parts::tile("Operators", format::grouped(sets.items().map(|it| it.at("member_count").number()).max().unwrap_or(0)), "")
                        .below(html! { "in its largest set" }),
                    parts::tile("Slashes", format::grouped(told.at("slashes.items").items().len()), "").below(html! { "that took stake, told below" }),
                    parts::tile("Registrar", if is_zero(told.at("registrar").text()) { "none".into() } else { parts::short(told.at("registrar").text()) }, "")
                        .below(html! { "admits operators to its sets" }),
                ]))
                div class="sec" { section class="card" {
                    h2 { "Operator sets" }
                    @if sets.items().len() == 0 { p class="muted" { "None: it can take nothing." } } @else {
                        (parts::scroll("Operator sets", &html! {
                            table class="cards" {
                                (parts::head(&[("Set", false), ("Operators", true), ("Assets", false), ("Who may slash", false), ("Slashed stake", false), ("Slack", false), ("Slashes", true)]))
                                tbody { @for it in sets.items() {
                                    @let id = it.at("operator_set.id").number();
                                    tr {
                                        th scope="row" { a href=(format!("/services/{full}/sets/{id}")) { "Set " (id) } }
                                        td class="n" data-l="Operators" { (it.at("member_count").number()) }
                                        td data-l="Assets" { span { @for it in it.at("strategies").items() { (tokens.symbol(it.text())) " " } } }
                                        td data-l="Who may slash" { (parts::account("address", it.at("slasher").text())) }
                                        td data-l="Slashed stake" { @if it.at("redistributes").is_true() { span class="risk" { "is paid out" } } @else { "is burnt" } }
                                        td data-l="Slack" { (risk::slack_of(it.at("risk"))) }
                                        td class="n" data-l="Slashes" { (it.at("slash_count").number()) }
                                    }
                                } }
                            }
                        }))
                        (chain::next(told.at("operator_sets.next"), &format!("/services/{full}?cursor=")))
                    }
                } }
                (registered(told.at("registered")))
                @if !told.at("risk").is_none() { (risk::of_service(told.at("risk"))) }
                (slashes(told.at("slashes"), told, &tokens))
            },
        }
    })
    .await
}

/// Who is registered with a service in AVSDirectory: the older way to serve, without operator sets.
fn registered(told: Told<'_>) -> Markup {
    html! {
        @if told.at("items").items().len() > 0 {
            div class="sec" { section class="card" {
                h2 { "Registered in AVSDirectory" }
                p { "The older way to serve, without operator sets: all stake of these operators stands behind the service. It cannot slash it." }
                p { (risk::operators(told.at("items").items().map(Told::text))) }
                @if told.at("more").is_true() { p class="small muted" { "There are more: " code { "restake_operators" } " has all." } }
            } }
        }
    }
}

/// One operator set: whose stake it can take, now and when what is under way has come into effect.
pub(super) async fn set(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    let strategies = super::strategies(&reads).await;
    let seconds = (!reads.is_dev()).then_some(reads.seconds_per_block());
    draw(&reads, &viewer, |told| {
        let (avs, id) = (told.at("operator_set.avs").text(), told.at("operator_set.id").number());
        let full = parts::checksummed(avs);
        let tokens = Tokens(Told::new(&strategies));
        let members = told.at("members").items().len();
        Drawn {
            title: format!("Set {id} of {}", parts::short(avs)),
            section: "/services",
            body: html! {
                (address::head(avs, &format!("Operator set {id}"), &html! {
                    a href="/services" { "Services" } " / " a href=(format!("/services/{full}")) { (parts::short(avs)) }
                }))
                (slasher_banner(told, seconds))
                (parts::tiles(&[
                    parts::tile("Operators", format::grouped(members), "").below(html! { "serve it and can be slashed by it" }),
                    parts::tile("Assets", format::grouped(told.at("strategies").items().len()), "").below(html! {
                        @for it in told.at("strategies").items() { a href=(format!("/strategies/{}", parts::checksummed(it.text()))) { (tokens.symbol(it.text())) } " " }
                    }),
                    parts::tile("Slashed stake", if told.at("redistributes").is_true() { "is paid out" } else { "is burnt" }, "")
                        .class(if told.at("redistributes").is_true() { "risk" } else { "" })
                        .below(html! { @if told.at("redistributes").is_true() { "to " (parts::account("address", told.at("redistribution_recipient").text())) } @else { "nobody gains by a slash" } }),
                    parts::tile("Slashes", format::grouped(told.at("slash_count").number()), "").below(html! { a href=(format!("/slashes?avs={full}")) { "of this service" } }),
                ]))
                @for (place, strategy) in told.at("strategies").items().enumerate() { (behind(told, place, strategy.text(), &tokens)) }
                (history::over_time(told.at("history"), "that it could take", &tokens))
                @if members > 0 { (risk::of_service(told.at("risk"))) }
                @if members == 0 { div class="sec" { section class="card" {
                    (parts::empty("No operator serves this set.", &html! { "Operators join below, or with " code { "bulwark operator join" } "." }))
                } } }
                div class="sec" { section class="card" {
                    h2 { "Terms" }
                    dl class="kv" {
                        dt { "Who may slash" } dd { (parts::account("address", told.at("slasher").text())) }
                        dt { "What it may take" } dd { "All that is allocated to the set, of stake and of what is leaving within its window. No rule of the chain limits what for." }
                        dt { "Pay" } dd class="unknown" { "not recorded" }
                    }
                    details { summary { "I am an operator" } (wallet::membership(avs, id)) }
                } }
            },
        }
    })
    .await
}

fn slasher_banner(told: Told<'_>, seconds: Option<u64>) -> Markup {
    let (now, at) = (told.at("block.number").number(), told.at("slasher_effect_block").number());
    let pending = told.at("pending_slasher").text();
    html! {
        @if !is_zero(pending) && at > now {
            p class="banner pending" role="status" {
                b { "Who may slash changes." } " From " (format::countdown(now, at, seconds)) " it is " (parts::account("address", pending)) "."
            }
        }
    }
}

/// Stake of one asset behind a set, by operator, with the third that breaks most services.
fn behind(told: Told<'_>, place: usize, strategy: &str, tokens: &Tokens<'_>) -> Markup {
    let column = |key: &str| -> Vec<U256> {
        told.at(key).items().map(|row| row.at(&place.to_string()).amount()).collect()
    };
    let (now, later) = (column("slashable_stake"), column("future_slashable_stake"));
    let members: Vec<&str> = told.at("members").items().map(Told::text).collect();
    let mut rows: Vec<(&str, U256, U256)> = members
        .iter()
        .zip(&now)
        .zip(later.iter().chain(std::iter::repeat(&U256::ZERO)))
        .map(|((who, now), later)| (*who, *now, *later))
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.1));
    let total = rows.iter().fold(U256::ZERO, |sum, row| sum.saturating_add(row.1));
    let symbol = tokens.symbol(strategy);
    let largest = rows.first().map(|row| row.1).unwrap_or_default();
    let bars: Vec<Bar> = rows
        .iter()
        .take(MOST_BARS)
        .filter(|row| !row.1.is_zero())
        .map(|(who, stake, _)| Bar {
            label: parts::short(who),
            value: ratio(*stake, total),
            figure: format::share(*stake, total),
            class: "f4",
        })
        .collect();
    let says = format!(
        "{} behind the set; the largest operator holds {}.",
        tokens.says(strategy, total, Round::Down),
        format::share(largest, total)
    );
    let (id, title) = (format!("behind-{place}"), format!("Stake in {symbol} behind the set"));
    let words = Words { id: &id, title: &title, says: &says };
    let drawings = [((1038.0, 140.0), Size::Wide), ((312.0, 110.0), Size::Narrow)]
        .map(|(widths, size)| charts::hbars(&bars, widths, Some((1.0 / 3.0, "⅓")), &words, size));
    let future_block = told.at("future_block").number();
    html! {
        div class="sec" { section class="card" {
            @if bars.is_empty() { h2 { "No stake in " (symbol) " can be taken" } p class="muted" { "No member has allocated any to this set." } } @else {
                (charts::figure(
                    &html! { (tokens.says(strategy, total, Round::Down)) " stand behind it" },
                    "What the set can take of each operator now, as a share of all. A service that tolerates a third of faults fails when hands that hold more act together.",
                    &html! {}, drawings,
                    Some(("Same figures as a table", parts::scroll("Members", &html! {
                        table class="dense" {
                            (parts::head(&[("Operator", false), ("Can take now", true), ("Share", true), (&format!("At block {}, if nothing changes", format::grouped(future_block)), true)]))
                            tbody { @for (who, stake, later) in &rows {
                                tr {
                                    th scope="row" { (parts::account("operators", who)) }
                                    td class="n" { (tokens.says(strategy, *stake, Round::Up)) }
                                    td class="n" { (format::share(*stake, total)) }
                                    td class="n" { (tokens.says(strategy, *later, Round::Up)) }
                                }
                            } }
                        }
                    }))),
                ))
            }
        } }
    }
}

pub(super) async fn strategies(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    let paused = Paused::read(&reads).await;
    let open = |it: Told<'_>| match it.at("is_open_for_deposits").is_true() {
        true if paused.stops("deposit") => "paused",
        true => "open",
        false => "closed",
    };
    draw(&reads, &viewer, |told| Drawn {
        title: "Strategies".into(),
        section: "/strategies",
        body: html! {
            div class="head" { div {
                h1 { "Strategies" }
                p class="lede" { "A strategy is a box for one token. Deposits become shares of it; slashes take shares." }
            } }
            (paused.banners(&["deposit"]))
            section class="card" {
                (parts::scroll("Strategies", &html! {
                    table class="cards" {
                        (parts::head(&[("Strategy", false), ("Token", false), ("Held", true), ("Deposits", false)]))
                        tbody { @for it in told.at("items").items() {
                            tr {
                                th scope="row" { (parts::account("strategies", it.at("strategy").text())) }
                                td data-l="Token" { (token(it)) }
                                td class="n" data-l="Held" { (held(it)) }
                                td data-l="Deposits" { (open(it)) }
                            }
                        } }
                    }
                }))
                (chain::next(told.at("next"), "/strategies?cursor="))
            }
        },
    })
    .await
}

fn token(it: Told<'_>) -> Markup {
    html! {
        @if it.at("token").is_none() { (format::foreign(it.at("symbol").text())) }
        @else { a href=(format!("/tokens/{}", parts::checksummed(it.at("token").text()))) { (format::foreign(it.at("symbol").text())) } }
    }
}

fn held(it: Told<'_>) -> String {
    match it.at("total_tokens").is_none() {
        true => "not pooled".into(),
        false => format::tokens(it.at("total_tokens").amount(), it.at("decimals").decimals()),
    }
}

pub(super) async fn strategy(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    let paused = Paused::read(&reads).await;
    let own = Paused::of_strategy(&reads, viewer.path.rsplit('/').next().unwrap_or_default()).await;
    draw(&reads, &viewer, |told| {
        let (account, decimals) = (told.at("strategy").text(), told.at("decimals").decimals());
        let symbol = format::foreign(told.at("symbol").text());
        let (shares, held_now) = (told.at("total_shares").amount(), told.at("total_tokens").amount());
        Drawn {
            title: format!("Strategy of {symbol}"),
            section: "/strategies",
            body: html! {
                (address::head(account, &format!("Strategy of {symbol}"), &html! { a href="/strategies" { "Strategies" } }))
                @if told.at("total_tokens").is_none() && !account.eq_ignore_ascii_case(BEACON) {
                    div class="banner" role="status" { b { "No strategy is at this address." } " It tells no token and no shares." }
                }
                (paused.banners(&["deposit", "withdraw", "complete"]))
                (own)
                (parts::tiles(&[
                    parts::tile("Held", held(told), if told.at("total_tokens").is_none() { String::new() } else { symbol.clone() })
                        .below(html! { "token: " (token(told)) }),
                    parts::tile("Deposits", if told.at("is_open_for_deposits").is_true() { "open" } else { "closed" }, "")
                        .below(html! { @if told.at("is_open_for_deposits").is_true() { "anyone may deposit" } @else { "no one can deposit now" } }),
                    parts::tile("A share is worth", if shares.is_zero() { "1".into() } else { format::position(rate(held_now, shares), 18, Round::Down) }, symbol)
                        .below(html! { "strategy shares: " code { (told.at("total_shares").text()) } }),
                ]))
                div class="sec" { section class="card" {
                    h2 { "How to use it" }
                    p { "Approve the token for StrategyManager, then deposit: " code { "bulwark staker deposit 1" (decimals_hint(decimals)) } ". The page of your account does both on a development chain." }
                } }
            },
        }
    })
    .await
}

fn decimals_hint(decimals: u8) -> &'static str {
    if decimals == 0 { "" } else { ".5" }
}

/// Tokens for one share, 18 decimals.
fn rate(tokens: U256, shares: U256) -> U256 {
    let wad = U256::from(1_000_000_000_000_000_000_u64);
    tokens.checked_mul(wad).and_then(|it| it.checked_div(shares)).unwrap_or(wad)
}
