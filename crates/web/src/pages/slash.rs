//! Slashes: the list, and each as a story: who lost what, why, where it went. No blame: what was done, by whom, how much.

use super::{
    Drawn, chain, draw,
    operator::{Tokens, slash_table},
    overview::reason,
    staker::set_link,
};
use crate::{
    charts::{self, Segment, Size, Words, ratio},
    format::{self, Round},
    parts,
    told::Told,
    viewer::Viewer,
};
use alloy_primitives::U256;
use axum::{Extension, body::Body, http::Response};
use maud::{Markup, html};
use rpc::Reads;

/// Stones of a slash's wall, at least.
const STONES: u64 = 60;

pub(super) async fn list(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    let strategies = super::strategies(&reads).await;
    draw(&reads, &viewer, |told| Drawn {
        title: "Slashes".into(),
        section: "/slashes",
        body: html! {
            div class="head" { div {
                h1 { "Slashes" }
                p class="lede" { "Each time a service took stake, the newest first: what for, of whom, how much. A slash opens to its story." }
            } }
            section class="card" {
                @if told.at("items").items().len() == 0 {
                    (parts::empty("No stake was ever taken on this chain.", &html! { "When it is, each staker’s loss stands here to the last unit." }))
                } @else {
                    (slash_table(told.at("items"), &Tokens(Told::new(&strategies))))
                    (chain::next(told.at("next"), "/slashes?cursor="))
                }
            }
        },
    })
    .await
}

/// Losses of one staker in one strategy.
struct Loss<'a> {
    staker: &'a str,
    symbol: String,
    decimals: u8,
    staked: U256,
    queued: U256,
    from_stake: U256,
    from_queue: U256,
    tokens: U256,
    shares: U256,
}

fn losses(told: Told<'_>) -> Vec<Loss<'_>> {
    let mut all: Vec<Loss<'_>> = told
        .at("items")
        .items()
        .flat_map(|staker| {
            staker.at("strategies").items().map(move |it| {
                let fell =
                    |before: &str, after: &str| it.at(before).amount().saturating_sub(it.at(after).amount());
                Loss {
                    staker: staker.at("staker").text(),
                    symbol: format::foreign(it.at("symbol").text()),
                    decimals: it.at("decimals").decimals(),
                    staked: it.at("withdrawable_before").amount(),
                    queued: it.at("queued_before").amount(),
                    from_stake: fell("withdrawable_before", "withdrawable_after"),
                    from_queue: fell("queued_before", "queued_after"),
                    tokens: it.at("tokens_lost").amount(),
                    shares: it.at("shares_lost").amount(),
                }
            })
        })
        .collect();
    all.sort_by_key(|it| std::cmp::Reverse(it.shares));
    all
}

pub(super) async fn show(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    let strategies = super::strategies(&reads).await;
    let path = format!("/api/v1{}", viewer.path.trim_end_matches('/'));
    // The set says where the stake goes; a page without it is still whole.
    let set_path = path.split('/').nth(4).and_then(|set| set.split_once(':'));
    let set = match set_path {
        Some((avs, id)) => reads.get(&format!("/api/v1/services/{avs}/sets/{id}")).await.unwrap_or_default(),
        None => serde_json::Value::Null,
    };
    draw(&reads, &viewer, |told| {
        let tokens = Tokens(Told::new(&strategies));
        let lost = losses(told);
        let operator = told.at("operator").text();
        Drawn {
            title: format!("A slash of {}", parts::short(operator)),
            section: "/slashes",
            body: html! {
                div class="head" { div {
                    p class="crumb" { a href="/slashes" { "Slashes" } " / " (set_link(told.at("operator_set"))) " / slash " (told.at("slash_id").number()) }
                    h1 { (headline(told, &lost, &tokens)) }
                    p class="lede" { (story(told)) }
                } }
                (tiles(told, &lost, &tokens))
                (wall(&lost))
                (who(told, &lost))
                div class="sec grid2" {
                    section class="card" { (where_it_went(told, Told::new(&set), &tokens)) }
                    section class="card" { (timeline(told)) }
                }
                (arithmetic(told, &tokens))
            },
        }
    })
    .await
}

fn headline(told: Told<'_>, lost: &[Loss<'_>], tokens: &Tokens<'_>) -> String {
    let taken: Vec<String> = told
        .at("strategies")
        .items()
        .map(|it| tokens.says(it.at("strategy").text(), it.at("shares_slashed").amount(), Round::Up))
        .collect();
    let mut stakers: Vec<&str> = lost.iter().map(|loss| loss.staker).collect();
    stakers.sort_unstable();
    stakers.dedup();
    let accounts = stakers.len() as u64;
    let more = if told.at("next").is_none() { "" } else { "more than " };
    let what = if taken.is_empty() { "stake".into() } else { taken.join(" and ") };
    format!(
        "{} was slashed, and {more}{} lost {what}",
        parts::short(told.at("operator").text()),
        format::count(accounts, "account")
    )
}

fn story(told: Told<'_>) -> Markup {
    html! {
        "At block " (parts::block(told.at("block_number").number())) ", " (parts::time(told.at("timestamp").number()))
        " UTC, the operator set " (set_link(told.at("operator_set"))) " took part of what "
        (parts::account("operators", told.at("operator").text())) " had allocated to it. It wrote: “" (reason(told)) "”. \
         Every delegator bears its part, and so does who was leaving within the window."
    }
}

fn tiles(told: Told<'_>, lost: &[Loss<'_>], tokens: &Tokens<'_>) -> Markup {
    let first = told.at("strategies.0");
    let (before, after) =
        (first.at("max_magnitude_before").amount(), first.at("max_magnitude_after").amount());
    let taken = tokens.says(first.at("strategy").text(), first.at("shares_slashed").amount(), Round::Up);
    let queue = lost.iter().filter(|loss| !loss.from_queue.is_zero()).count();
    let mut stakers: Vec<&str> = lost.iter().map(|loss| loss.staker).collect();
    stakers.sort_unstable();
    stakers.dedup();
    let (figure, unit) = taken.split_once(' ').unwrap_or((taken.as_str(), ""));
    parts::tiles(&[
        parts::tile("Taken", figure, unit).class("lost").below(
            html! { (format::wad(first.at("wad_slashed").amount(), Round::Up)) " of the operator’s stake" },
        ),
        parts::tile("Magnitude", magnitude(after), "")
            .below(html! { "was " (magnitude(before)) "; it never grows again" }),
        parts::tile("Accounts that paid", format::grouped(stakers.len()), "")
            .below(html! { "in proportion, none by choice" }),
        parts::tile("While leaving", format::grouped(queue), "")
            .below(html! { "of them had queued a withdrawal" }),
    ])
}

/// A magnitude as a plain decimal: 1 is whole.
fn magnitude(wad: U256) -> String {
    format::position(wad, 18, Round::Down)
}

fn wall(lost: &[Loss<'_>]) -> Markup {
    let Some(first) = lost.first() else { return html! {} };
    let same = || lost.iter().filter(|loss| loss.symbol == first.symbol);
    let sum = |of: fn(&Loss<'_>) -> U256| same().map(of).fold(U256::ZERO, U256::saturating_add);
    let (staked, queued) = (
        sum(|it| it.staked.saturating_sub(it.from_stake)),
        sum(|it| it.queued.saturating_sub(it.from_queue)),
    );
    let gone = sum(|it| it.shares);
    let stone = super::overview::stone_of(staked.saturating_add(queued).saturating_add(gone), STONES);
    let segments: Vec<Segment<'_>> =
        [(staked, "own", "still staked"), (queued, "queue", "still leaving"), (gone, "hole", "gone")]
            .into_iter()
            .filter(|(amount, ..)| !amount.is_zero())
            .map(|(amount, class, label)| Segment {
                stones: ratio(amount, stone),
                class,
                label: label.into(),
            })
            .collect();
    let figure = |amount, round| format::position(amount, first.decimals, round);
    let says = format!(
        "{} still staked, {} still leaving, {} gone.",
        figure(staked, Round::Down),
        figure(queued, Round::Down),
        figure(gone, Round::Up)
    );
    let words = Words { id: "slash-wall", title: "Stake after the slash as a wall", says: &says };
    html! {
        div class="sec" { section class="card" {
            (charts::figure(
                &html! { "The wall after the slash: one stone is " (figure(stone, Round::Down)) " " (first.symbol) },
                "Everything the listed accounts had with this operator. What is gone was taken from all in the same proportion.",
                &charts::key(&[
                    ("own", html! { b { (figure(staked, Round::Down)) } " still staked" }),
                    ("queue", html! { b { (figure(queued, Round::Down)) } " still leaving" }),
                    ("hole", html! { b { (figure(gone, Round::Up)) } " gone" }),
                ]),
                [
                    charts::wall(&segments, 3, (1038.0, 24.0), &words, Size::Wide),
                    charts::wall(&segments, 7, (312.0, 18.0), &words, Size::Narrow),
                ],
                None,
            ))
        } }
    }
}

fn who(told: Told<'_>, lost: &[Loss<'_>]) -> Markup {
    let total = lost.iter().map(|loss| loss.shares).fold(U256::ZERO, U256::saturating_add);
    html! {
        div class="sec" { section class="card" {
            h2 { "Who lost what" }
            @if lost.is_empty() { p class="muted" { "Nobody: there was nothing behind what was slashed." } } @else {
                p { "Nobody chose who pays: claims shrink by the same factor. Leaving early does not help within the window." }
                (parts::scroll("Losses", &html! {
                    table class="cards" {
                        (parts::head(&[
                            ("Who", false), ("Staked before", true), ("Queued before", true), ("From stake", true), ("From queue", true),
                            ("Lost", true), ("Of the slash", true),
                        ]))
                        tbody { @for it in lost {
                            @let figure = |amount, round| format::position(amount, it.decimals, round);
                            tr {
                                th scope="row" { (parts::account("stakers", it.staker)) }
                                (parts::figure_cell("Staked before", &figure(it.staked, Round::Down)))
                                (parts::figure_cell("Queued before", &figure(it.queued, Round::Down)))
                                td class="n" data-l="From stake" { (minus(it.from_stake, it.decimals)) }
                                td class="n" data-l="From queue" { (minus(it.from_queue, it.decimals)) }
                                td class="n" data-l="Lost" { b class="lost" { "−" (figure(it.tokens, Round::Up)) " " (it.symbol) } }
                                (parts::figure_cell("Of the slash", &format::share(it.shares, total)))
                            }
                        } }
                    }
                }))
                (chain::next(told.at("next"), "?cursor="))
            }
        } }
    }
}

fn minus(amount: U256, decimals: u8) -> Markup {
    html! {
        @if amount.is_zero() { "0" } @else { span class="lost" { "−" (format::position(amount, decimals, Round::Up)) } }
    }
}

fn where_it_went(told: Told<'_>, set: Told<'_>, tokens: &Tokens<'_>) -> Markup {
    let recipient = set.at("redistribution_recipient").text();
    html! {
        h2 { "Where it went" }
        @for it in told.at("strategies").items() {
            p {
                b { (tokens.says(it.at("strategy").text(), it.at("shares_slashed").amount(), Round::Up)) } " "
                @if set.at("redistributes").is_true() { "to " (parts::account("address", recipient)) ", whom the set named when it was made." }
                @else { "are burnt: nobody gains." }
            }
        }
        p class="small muted" { "Anyone may pay it out once its delay has passed; until then StrategyManager holds it." }
    }
}

fn timeline(told: Told<'_>) -> Markup {
    html! {
        h2 { "What happened" }
        ol class="steps" {
            li { h3 { "The set decided" } p { "“" (reason(told)) "”" } p class="when" { "why is the service’s word: the chain checks who may slash, not what for" } }
            li class="gone" {
                h3 { "The stake was taken" }
                p { "block " (parts::block(told.at("block_number").number())) ", " (parts::time(told.at("timestamp").number())) }
                p { (parts::transaction(told.at("transaction_hash").text())) }
            }
        }
    }
}

fn arithmetic(told: Told<'_>, tokens: &Tokens<'_>) -> Markup {
    html! {
        details class="sec" {
            summary { "The arithmetic, in exact integers" }
            @for it in told.at("strategies").items() {
                h3 { (tokens.symbol(it.at("strategy").text())) }
                dl class="kv" {
                    @for (name, key) in [
                        ("Of the magnitude, 10^18", "wad_slashed"), ("Magnitude before", "max_magnitude_before"),
                        ("Magnitude after", "max_magnitude_after"), ("Shares taken", "shares_slashed"),
                    ] { dt { (name) } dd { code { (it.at(key).text()) } } }
                }
            }
            p class="note" { "Each staker’s claim is multiplied by magnitude after over magnitude before, rounded as the protocol rounds." }
        }
    }
}
