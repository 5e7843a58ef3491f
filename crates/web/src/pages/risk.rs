//! Risk: a sentence with its condition, then the interval, then what else was assumed, before any chart. What this page
//! cannot tell is part of it.

use super::{
    Drawn, draw,
    staker::{set_link, set_name},
};
use crate::{
    charts::{self, Axes, CLASSES, Line, Matrix, Size, Words, class_of, ratio},
    format::{self, Round},
    parts,
    told::Told,
    viewer::Viewer,
};
use alloy_primitives::U256;
use axum::{Extension, body::Body, http::Response};
use maud::{Markup, html};
use rpc::Reads;

/// Columns of the matrix on a phone.
const NARROW_COLUMNS: usize = 44;
/// Characters of a row's name on a phone.
const NARROW_NAME: f64 = 92.0;

pub(super) async fn show(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    draw(&reads, &viewer, |told| Drawn {
        title: "Risk".into(),
        section: "/risk",
        body: html! {
            div class="head" { div {
                h1 { "Is the network secure?" }
                p class="verdict" { (verdict(told.at("slack"))) }
                p class="lede" { (condition(told.at("slack"))) }
            } }
            (tiles(told))
            (attack(told.at("attack")))
            div class="sec" { section class="card" { (matrix(told.at("matrix"))) } }
            div class="sec grid2" {
                section class="card" { (concentration(told.at("concentration"))) }
                section class="card" { (stress(told)) }
            }
            (limits())
        },
    })
    .await
}

/// The sentence.
fn verdict(slack: Told<'_>) -> Markup {
    html! {
        @match (slack.at("secure").value().as_bool(), slack.at("gamma_lower").float()) {
            (Some(true), Some(gamma)) => { "No attack pays: the cheapest loses at least " (times(gamma)) " what it wins." }
            (Some(false), _) => { "An attack pays: what it wins is more than what it loses." }
            (None, Some(_)) => { "Undecided: no attack was found, and none was ruled out." }
            _ => { "Unknown: " (format::foreign(slack.at("unknown").text())) }
        }
    }
}

fn times(gamma: f64) -> String {
    let figure = ((gamma + 1.0) * 10.0).floor() / 10.0;
    if figure.is_finite() { format!("{figure:.1} times") } else { "any number of times".into() }
}

fn condition(slack: Told<'_>) -> Markup {
    let (assumed, services) = (slack.at("assumed_prizes").number(), slack.at("services").number());
    html! {
        @if slack.at("gamma_lower").is_none() {
            "Security is measured where services hold stake. There is nothing to measure yet."
        } @else {
            "γ lies between " b { (format::bound(slack.at("gamma_lower").float().unwrap_or_default())) } " and "
            b { (format::bound(slack.at("gamma_upper").float().unwrap_or_default())) }
            ": γ is how much more an attack loses than it wins. "
            @if assumed > 0 {
                "That holds " b { "if the prize of " (format::count(assumed, "set")) " of " (services) " is 3 % of what it can take" }
                ": they have declared none. Other prizes give another answer."
            } @else { "All " (services) " sets have declared their prize." }
        }
    }
}

fn tiles(told: Told<'_>) -> Markup {
    let (slack, held, stress) = (told.at("slack"), told.at("concentration"), told.at("stress"));
    let hands = held.at("nakamoto.0.hands").number();
    parts::tiles(&[
        match slack.at("gamma_lower").float() {
            Some(gamma) => parts::tile("Certified slack", format!("γ ≥ {}", format::bound(gamma)), "")
                .below(html! { "proof of level " (slack.at("level").text()) ", " (slack.at("cases").number()) " cases" }),
            None => parts::tile("Certified slack", "unknown", "").class("unknown"),
        },
        parts::tile("Looked at", format::grouped(slack.at("services").number()), "sets").below(html! {
            (format::count(slack.at("operators").number(), "operator")) " behind them; stake is "
            @if slack.at("mode").text() == "unique" { "promised to each set alone" } @else { "shared by all sets" }
        }),
        match held.at("nakamoto").is_none() {
            true => parts::tile("Operators that hold ⅓", "unknown", "").class("unknown"),
            false => parts::tile("Operators that hold ⅓", format::grouped(hands), format!("of {}", held.at("operators").number()))
                .below(html! { "half: " (held.at("nakamoto.1.hands").number()) ", two thirds: " (held.at("nakamoto.2.hands").number()) }),
        },
        match stress.at("price_fall_at_least").float() {
            Some(fall) => parts::tile("Prices may fall by", percent(fall), "").below(html! { "all at once, before an attack pays" }),
            None => parts::tile("Prices may fall by", "unknown", "").class("unknown"),
        },
    ])
}

/// A share given as a figure with a point, rounded down.
fn percent(share: f64) -> String {
    format!("{:.1} %", (share * 1000.0).floor() / 10.0)
}

fn attack(attack: Told<'_>) -> Markup {
    let nearest = attack.at("attack");
    let ether = |amount: Told<'_>| format::position(amount.amount(), 18, Round::Up);
    html! {
        @if !nearest.is_none() {
            div class="sec" { section class="card" {
                h2 { @if attack.at("profitable").is_true() { "The attack that pays" } @else { "The attack that comes nearest" } }
                dl class="kv" {
                    dt { "It costs" } dd { (ether(nearest.at("cost"))) " ETH of stake" }
                    dt { "It wins" } dd { (ether(nearest.at("prize"))) " ETH" }
                    dt { "By" } dd { (hands(nearest)) }
                    dt { "Against" } dd { @for it in nearest.at("services").items() { (service_key(it.text())) " " } }
                }
            } }
        }
    }
}

fn hands(nearest: Told<'_>) -> Markup {
    let mut all: Vec<&str> = nearest
        .at("operators")
        .items()
        .map(Told::text)
        .chain(nearest.at("parts").items().map(|it| it.at("operator").text()))
        .collect();
    all.sort_unstable();
    all.dedup();
    html! {
        @for it in all.iter().take(12) { (parts::account("operators", it)) " " }
        @if all.len() > 12 { "and " (all.len().saturating_sub(12)) " more" }
    }
}

/// A set by its key of 32 bytes: avs and id.
fn service_key(key: &str) -> Markup {
    let (avs, id) = (
        key.get(..42).unwrap_or(key),
        key.get(58..).and_then(|id| u32::from_str_radix(id, 16).ok()).unwrap_or_default(),
    );
    html! { a class="addr" href=(format!("/services/{}/sets/{id}", parts::checksummed(avs))) { (parts::short(avs)) ":" (id) } }
}

pub(super) async fn matrix_page(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    draw(&reads, &viewer, |told| Drawn {
        title: "Who secures whom".into(),
        section: "/risk",
        body: html! {
            div class="head" { div { p class="crumb" { a href="/risk" { "Risk" } } h1 { "Who secures whom" } } }
            section class="card" { (matrix(told)) }
        },
    })
    .await
}

fn matrix(told: Told<'_>) -> Markup {
    let (symbol, decimals) =
        (format::foreign(told.at("unit.symbol").text()), told.at("unit.decimals").decimals());
    let sets: Vec<Told<'_>> = told.at("sets").items().collect();
    let columns: Vec<U256> = told.at("operators").items().map(|it| it.at("stake").amount()).collect();
    if sets.is_empty() || columns.is_empty() {
        return parts::empty(
            "No set can take stake of any operator.",
            &html! { "Operators promise stake with " code { "bulwark operator allocate" } "." },
        );
    }
    let most = columns.iter().max().copied().unwrap_or_default();
    let stake_of = |row: usize| sets.get(row).map(|it| it.at("stake").amount()).unwrap_or_default();
    let cells: Vec<(usize, usize, &'static str)> = told
        .at("cells")
        .items()
        .map(|cell| {
            let (row, column) = (cell.at("0").number() as usize, cell.at("1").number() as usize);
            (row, column, class_of(ratio(cell.at("2").amount(), stake_of(row))))
        })
        .collect();
    let rows = |short: bool| -> Vec<(String, String)> {
        let name = |it: Told<'_>| {
            if short {
                format!("set {}", it.at("operator_set.id").number())
            } else {
                set_name(it.at("operator_set"))
            }
        };
        sets.iter().map(|it| (name(*it), format::tile(it.at("stake").amount(), decimals))).collect()
    };
    let of = |short: bool, columns: &[U256]| Matrix {
        rows: rows(short),
        columns: columns.iter().map(|stake| ratio(*stake, most)).collect(),
        columns_name: if short { "stake".into() } else { "stake of each operator".into() },
        cells: cells.clone(),
    };
    let narrow = columns.get(..NARROW_COLUMNS.min(columns.len())).unwrap_or_default();
    let says = format!(
        "{} can take stake of {}, in {} pledges.",
        format::count(sets.len() as u64, "set"),
        format::count(columns.len() as u64, "operator"),
        format::grouped(cells.len())
    );
    let words =
        Words { id: "matrix", title: "Operators and the sets that can take their stake", says: &says };
    let keys: Vec<(&str, Markup)> =
        CLASSES.iter().rev().map(|(class, _, said)| (*class, html! { (said) })).collect();
    charts::figure(
        &html! { (says) },
        "Each column is an operator, the largest left. Each row is an operator set. A stone is a pledge; the darker it is, the more that set leans on that operator. On a phone: the 44 largest.",
        &charts::key(&keys),
        [
            charts::matrix(&of(false, &columns), (1038.0, 150.0), &words, Size::Wide),
            charts::matrix(&of(true, narrow), (312.0, NARROW_NAME), &words, Size::Narrow),
        ],
        Some((
            "All sets as a table",
            parts::scroll(
                "Sets",
                &html! {
                    table class="dense" {
                        (parts::head(&[("Operator set", false), (&format!("Can take, {symbol}"), true), ("Operators", true)]))
                        tbody { @for (row, it) in sets.iter().enumerate() {
                            tr {
                                th scope="row" { (set_link(it.at("operator_set"))) }
                                td class="n" { (format::tokens(it.at("stake").amount(), decimals)) }
                                td class="n" { (cells.iter().filter(|cell| cell.0 == row).count()) }
                            }
                        } }
                    }
                },
            ),
        )),
    )
}

/// The Lorenz curve of stake behind services.
fn concentration(told: Told<'_>) -> Markup {
    let points: Vec<(f64, f64)> = told
        .at("lorenz")
        .items()
        .filter_map(|point| Some((point.at("0").float()?, point.at("1").float()?)))
        .collect();
    if points.len() < 2 {
        return html! { h2 { "Concentration" } p class="muted" { "Unknown: " (format::foreign(told.at("unknown").text())) } };
    }
    let gini = told.at("gini").float().unwrap_or_default();
    let says = format!(
        "The Gini coefficient is {gini:.3}; the Herfindahl index {:.4}.",
        told.at("hhi").float().unwrap_or_default()
    );
    let words = Words { id: "lorenz", title: "Lorenz curve of stake", says: &says };
    let curves = [Line { class: "ln3", points: vec![(0.0, 0.0), (1.0, 1.0)] }, Line { class: "ln", points }];
    let share = |it: f64| format!("{:.0} %", it * 100.0);
    let axes = Axes { x: "operators, smallest first", y: "share of stake", x_figure: share, y_figure: share };
    let draw = |width, size| charts::lines(&curves, &[], (width, 240.0), &axes, &words, size);
    html! {
        (charts::figure(
            &html! {
                @match told.at("nakamoto.0.hands").number() {
                    1 => "1 operator alone holds a third",
                    hands => { (format::grouped(hands)) " operators together hold a third" }
                }
            },
            "How stake behind services is spread. The dashed line is an even spread; the further below, the fewer hold it.",
            &html! {},
            [draw(488.0, Size::Wide), draw(312.0, Size::Narrow)],
            Some(("Figures", html! { p { (says) } })),
        ))
    }
}

fn stress(told: Told<'_>) -> Markup {
    let (stress, cascade) = (told.at("stress"), told.at("cascade"));
    html! {
        h2 { "What would have to go wrong" }
        dl class="kv" {
            dt { "Prices" }
            dd { @match stress.at("price_fall_at_least").float() {
                Some(fall) => { "All stake may lose " b { (percent(fall)) } " of its price before an attack pays." }
                None => span class="unknown" { "unknown" }
            } }
            dt { "Lost stake" }
            dd { @if stress.at("at_least").is_none() {
                span class="unknown" { "unknown: each allocation is of one set, so what is lost behind one weakens no other" }
            } @else { "At least " b { (format::position(stress.at("at_least").amount(), 18, Round::Down)) " ETH" } " would have to vanish first." } }
            dt { "Cascade" }
            dd { @match cascade.at("bound").float() {
                Some(bound) => { "A shock of 1 % of stake grows to at most " b { (percent(bound)) } "." }
                None => span class="unknown" { "unknown: " (format::foreign(cascade.at("unknown").text())) }
            } }
        }
        p class="small muted" { "The command line asks further: " code { "bulwark risk stress" } ", " code { "cascade" } ", " code { "simulate" } "." }
    }
}

fn limits() -> Markup {
    html! {
        div class="sec" { section class="card" {
            h2 { "What this page cannot tell" }
            ul class="plain" {
                li { "Whether operators are one person: hands are counted by address." }
                li { "What an attack wins outside this chain. A prize is what a service declares, or an assumption that is named above." }
                li { "Faults without intent, stolen keys, bad code. A slash for those needs no attack that pays." }
            }
        } }
    }
}
