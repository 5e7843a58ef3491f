//! The first page: how much is staked, who holds it up, what happened last, and how to read it all.

use super::{Drawn, chain::feed, draw};
use crate::{
    charts::{self, Segment, Size, Words, ratio},
    format::{self, Round},
    parts::{self, Tile, tile},
    told::Told,
    viewer::Viewer,
};
use alloy_primitives::U256;
use axum::{Extension, body::Body, http::Response};
use maud::{Markup, html};
use rpc::Reads;

/// Stones of the wall, at least: its unit is the largest round amount that gives as many.
const STONES: u64 = 60;

pub(super) async fn show(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    draw(&reads, &viewer, |told| Drawn {
        title: "Overview".into(),
        section: "/",
        body: html! {
            (hero(told))
            div hx-get="/" hx-select="#figures" hx-target="#figures" hx-swap="outerHTML"
                hx-trigger="block from:body delay:200ms" {
                (figures(told))
            }
            (how_to_read(told))
        },
    })
    .await
}

/// What a refreshed page swaps: all that a block can change.
fn figures(told: Told<'_>) -> Markup {
    html! {
        div id="figures" {
            (tiles(told))
            (left_out(told))
            div class="sec grid21" {
                section class="card" {
                    h2 { "Latest on the chain" }
                    (feed(told.at("transactions")))
                    p class="small muted" { "Follows the chain while the page is open. " a href="/blocks" { "All blocks" } }
                }
                div class="stackv" {
                    (blocks(told))
                    (slashes(told))
                }
            }
            @if told.at("operators.largest").items().len() > 0 {
                div class="sec" { section class="card" { (largest(told)) } }
            }
        }
    }
}

fn unit(told: Told<'_>) -> (String, u8) {
    (format::foreign(told.at("unit.symbol").text()), told.at("unit.decimals").decimals())
}

fn staked(told: Told<'_>) -> U256 {
    told.at("staked").amount()
}

fn hero(told: Told<'_>) -> Markup {
    let (symbol, decimals) = unit(told);
    let operators = told.at("operators.with_stake").number();
    html! {
        div class="head hero" {
            div {
                h1 {
                    @if staked(told).is_zero() { "Nothing is staked here yet" }
                    @else {
                        (format::headline(staked(told), decimals)) " " (symbol) ", staked with "
                        (format::count(operators, "operator"))
                    }
                }
                p class="lede" {
                    "Restaking lets one deposit guard many services. Each service can take some of it when the operator \
                     who runs it breaks a rule. This page shows who guards what, and what every pledge risks."
                }
                p class="row" {
                    @if let Some(operator) = told.at("operators.largest").items().next() {
                        a class="btn go" href=(format!("/operators/{}", parts::checksummed(operator.at("operator").text()))) {
                            "See the largest operator"
                        }
                    }
                    @match told.at("slashes.newest").items().find(|slash| !slash.at("slash_id").is_none()) {
                        Some(slash) => a class="btn" href=(slash_path(slash)) { "Follow one slash" },
                        None => a class="btn" href="/blocks" { "See the blocks" },
                    }
                    a class="btn" href="#read" { "How to read this" }
                }
            }
            (wall(told))
        }
    }
}

/// Where a slash is told.
pub(super) fn slash_path(slash: Told<'_>) -> String {
    let (avs, set) =
        (parts::checksummed(slash.at("operator_set.avs").text()), slash.at("operator_set.id").number());
    format!("/slashes/{avs}:{set}/{}", slash.at("slash_id").number())
}

/// All stake as a wall, by who holds it.
fn wall(told: Told<'_>) -> Markup {
    let total = staked(told);
    let (symbol, decimals) = unit(told);
    let stone = stone_of(total, STONES);
    if total.is_zero() {
        return html! {
            div { (parts::empty("An empty wall: no operator holds stake.", &html! {
                "Start " code { "bulwark demo" } " to see one with the stake of 349 operators."
            })) }
        };
    }
    let [third, half, most] = [0, 1, 2].map(|place| told.at(&format!("operators.groups.{place}")));
    let held = |group: Told<'_>| (group.at("operators").number(), group.at("stake").amount());
    let ((a, a_sum), (b, b_sum), (c, c_sum)) = (held(third), held(half), held(most));
    let others = told.at("operators.with_stake").number().saturating_sub(c);
    let parts: Vec<(U256, &str, String)> = vec![
        (a_sum, "f6", format!("the {}", largest_words(a))),
        (b_sum.saturating_sub(a_sum), "f5", format!("the next {}", b.saturating_sub(a))),
        (c_sum.saturating_sub(b_sum), "f3", format!("the next {}", c.saturating_sub(b))),
        (total.saturating_sub(c_sum), "f1", format!("{others} others")),
    ];
    let segments: Vec<Segment<'_>> = parts
        .iter()
        .filter(|(sum, ..)| !sum.is_zero())
        .map(|(sum, class, label)| Segment { stones: ratio(*sum, stone), class, label: label.clone() })
        .collect();
    let says = format!(
        "{} of {} {symbol} lie with the {}; {b} operators hold more than half, {c} more than two thirds, {others} others the rest.",
        format::share(a_sum, total),
        format::headline(total, decimals),
        largest_words(a),
    );
    let words = Words { id: "stake", title: "All stake as a wall", says: &says };
    let draw = |size, courses, width| charts::wall(&segments, courses, (width, 23.0), &words, size);
    html! {
        figure {
            (draw(Size::Wide, 6, 500.0)) (draw(Size::Narrow, 8, 312.0))
            p class="small muted" { "One stone is " (format::tile(stone, decimals)) " " (symbol) "." }
            (charts::key(&[
                ("f6", html! { b { (a) } " " (if a == 1 { "operator" } else { "operators" }) ": over a third" }),
                ("f5", html! { b { (b) } ": half" }),
                ("f3", html! { b { (c) } ": two thirds" }),
                ("f1", html! { "the other " (others) }),
            ]))
        }
    }
}

fn largest_words(count: u64) -> String {
    if count == 1 { "largest operator".into() } else { format!("{count} largest operators") }
}

/// The largest amount of 1, 2 or 5 times a power of ten that gives at least some number of stones; one smallest unit if all is
/// less than that.
pub(super) fn stone_of(total: U256, stones: u64) -> U256 {
    let most = total.checked_div(U256::from(stones)).unwrap_or_default();
    let mut stone = U256::from(1);
    let grown = |stone: U256, by: u64| stone.checked_mul(U256::from(by)).filter(|grown| *grown <= most);
    while let Some(next) = grown(stone, 10) {
        stone = next;
    }
    grown(stone, 5).or_else(|| grown(stone, 2)).unwrap_or(stone)
}

fn tiles(told: Told<'_>) -> Markup {
    let (symbol, decimals) = unit(told);
    let (count, sets) = (told.at("services.count").number(), told.at("services.operator_sets").number());
    let third = told.at("operators.groups.0.operators").number();
    let with_stake = told.at("operators.with_stake").number();
    parts::tiles(&[
        tile("Staked, counted once", format::tile(staked(told), decimals), symbol)
            .below(html! { a href="/operators" { (format::count(with_stake, "operator")) } " hold it" }),
        tile("Services", format::grouped(count), "")
            .below(html! { a href="/services" { (format::count(sets, "operator set")) } }),
        slack(told.at("risk")),
        tile("Operators that hold ⅓", format::grouped(third), format!("of {}", format::grouped(with_stake)))
            .below(html! {
                "half: " (told.at("operators.groups.1.operators").number())
                ", two thirds: " (told.at("operators.groups.2.operators").number())
            }),
        lost(told.at("slashes")),
    ])
}

/// The certified slack, with its condition; unknown where there is none.
fn slack(risk: Told<'_>) -> Tile {
    match risk.at("gamma_lower").float() {
        Some(gamma) => {
            let assumed = risk.at("assumed_prizes").number();
            tile("Certified slack", format!("γ ≥ {}", format::bound(gamma)), "").below(html! {
                a href="/risk" { "an attack costs " (times(gamma)) " its prize" }
                @if assumed > 0 { ", if a prize is 3 % of what a service can take" }
            })
        }
        None => tile("Certified slack", "unknown", "").class("unknown").below(html! {
            @if risk.at("unknown").is_none() { "no service holds stake" }
            @else { (format::foreign(risk.at("unknown").text())) }
        }),
    }
}

/// `2.9 times`: rounded down, as a bound is.
fn times(gamma: f64) -> String {
    let figure = ((gamma + 1.0) * 10.0).floor() / 10.0;
    if figure.is_finite() {
        format!("at least {figure:.1} times")
    } else {
        "more than any number of times".into()
    }
}

fn lost(slashes: Told<'_>) -> Tile {
    let count = slashes.at("count").number();
    let Some(first) = slashes.at("lost").items().next() else {
        return tile("Lost to slashing", "nothing", "")
            .class("unknown")
            .below(html! { "no slash on this chain" });
    };
    let figure = format::position(first.at("tokens").amount(), first.at("decimals").decimals(), Round::Up);
    tile("Lost to slashing", figure, format::foreign(first.at("symbol").text())).class("lost").below(html! {
        a href="/slashes" { (format::count(count, "slash").replace("slashs", "slashes")) }
        @for other in slashes.at("lost").items().skip(1).take(2) { ", " (parts::amount(other, "tokens", Round::Up)) }
    })
}

fn left_out(told: Told<'_>) -> Markup {
    let names: Vec<String> = told.at("unit.left_out").items().map(|it| format::foreign(it.text())).collect();
    html! {
        @if !names.is_empty() {
            p class="note" {
                "Sums are in " (unit(told).0) " only: there is no price for all that is staked. Left out: " (names.join(", ")) "."
            }
        }
    }
}

fn blocks(told: Told<'_>) -> Markup {
    html! {
        section class="card" {
            h2 { "Blocks" }
            (parts::scroll("Newest blocks", &html! {
                table class="dense" {
                    (parts::head(&[("Block", false), ("Transactions", true), ("Gas", true)]))
                    tbody { @for block in told.at("blocks").items() {
                        tr {
                            th scope="row" { (parts::block(block.at("number").number())) }
                            td class="n" { (format::grouped(block.at("transactions").number())) }
                            td class="n" { (format::grouped(block.at("gas_used").number())) }
                        }
                    } }
                }
            }))
        }
    }
}

fn slashes(told: Told<'_>) -> Markup {
    html! {
        section class="card" {
            h2 { "Slashes" }
            @if told.at("slashes.count").number() == 0 {
                p class="small muted" { "None. When a service takes stake, it is told here: who lost what, and why." }
            } @else {
                ul class="feed" { @for slash in told.at("slashes.newest").items() {
                    li {
                        span class="when" { "block " (parts::block(slash.at("block_number").number())) }
                        span {
                            (parts::account("operators", slash.at("operator").text())) " lost stake: "
                            @if slash.at("slash_id").is_none() { (format::foreign(slash.at("description").text())) }
                            @else { a href=(slash_path(slash)) { (reason(slash)) } }
                        }
                    }
                } }
            }
        }
    }
}

/// What a slash was for, as the service wrote it.
pub(super) fn reason(slash: Told<'_>) -> String {
    let text = format::foreign(slash.at("description").text());
    if text.trim().is_empty() { "no reason was given".into() } else { text }
}

fn largest(told: Told<'_>) -> Markup {
    let (symbol, decimals) = unit(told);
    let total = staked(told);
    let most = told.at("operators.largest.0.stake").amount();
    let groups = told.at("operators.groups.0.operators").number();
    let with_stake = told.at("operators.with_stake").number();
    html! {
        h2 { (groups) " of " (format::count(with_stake, "operator")) " hold more than a third" }
        p { "The largest, by the stake that is delegated to them. A bar is measured by the largest." }
        (parts::scroll("Largest operators", &html! {
            table class="dense" {
                (parts::head(&[("Operator", false), (&format!("Stake, {symbol}"), true), ("Of all", true), ("", false)]))
                tbody { @for operator in told.at("operators.largest").items() {
                    @let stake = operator.at("stake").amount();
                    tr {
                        th scope="row" { (parts::account("operators", operator.at("operator").text())) }
                        (parts::figure_cell("Stake", &parts::sum(stake, decimals)))
                        (parts::figure_cell("Of all", &format::share(stake, total)))
                        td class="p3" { (charts::tiny_bar(ratio(stake, most), "f4")) }
                    }
                } }
            }
        }))
        p class="small" { a href="/operators" { "All operators" } }
    }
}

fn how_to_read(told: Told<'_>) -> Markup {
    let delay = told.at("chain.withdrawal_delay_blocks").number();
    html! {
        div class="sec" { section class="card" id="read" {
            h2 { "How to read this" }
            ol class="plain" {
                li { "A " b { "staker" } " deposits ETH or a token and picks an operator." }
                li { "The " b { "operator" } " runs software for " b { "services" } ": price feeds, bridges, data stores." }
                li {
                    "To each it " b { "allocates" } " part of the stake. That part can be " span class="risk" { "taken" }
                    " if a rule is broken."
                }
                li {
                    "Leaving takes " (format::count(delay, "block")) " on this chain, and the stake can still be taken \
                     while it waits."
                }
            }
            p class="small muted" { "Every word is explained under " a href="/glossary" { "words" } "." }
        } }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "test code: a panic is how a test fails")]

    use super::*;

    #[test]
    fn a_wall_has_between_sixty_and_a_hundred_and_fifty_stones() {
        for exponent in 2..40_u64 {
            for lead in [6_u64, 9, 12, 25, 40, 59] {
                let total = U256::from(lead) * U256::from(10).pow(U256::from(exponent));
                let stones = total / stone_of(total, STONES);
                assert!((60..=151).contains(&u64::try_from(stones).unwrap()), "{total}: {stones}");
            }
        }
        assert_eq!(stone_of(U256::ZERO, STONES), U256::from(1));
    }

    #[test]
    fn bounds_are_rounded_down() {
        assert_eq!(times(1.9065), "at least 2.9 times");
        assert_eq!(times(f64::INFINITY), "more than any number of times");
    }
}
