//! Who secures whom, twice: every pledge as a stone of a matrix, and the largest as a flow from operators to sets.

use super::super::{
    Drawn, draw,
    staker::{set_link, set_name},
};
use crate::{
    charts::{self, CLASSES, Flow, Matrix, Node, Size, Words, class_of, ratio},
    format, parts,
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
/// Operators and sets that are drawn alone where stake flows, on a desk and on a phone; the others are one.
const ALONE: (usize, usize) = (12, 6);
/// Height of a flow at least.
const LEAST_HEIGHT: f64 = 140.0;
/// Classes of operators where stake flows, from the largest share of all down.
const SHADES: [(f64, &str); 3] = [(0.1, "f6"), (0.05, "f5"), (0.02, "f4")];

pub(in crate::pages) async fn show(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    draw(&reads, &viewer, |told| Drawn {
        title: "Who secures whom".into(),
        section: "/risk",
        body: html! {
            div class="head" { div { h1 { "Who secures whom" } } }
            (super::tabs("/risk/matrix"))
            section class="card" { (matrix(told)) }
            div class="sec" { section class="card" { (flows(told)) } }
        },
    })
    .await
}

pub(super) fn matrix(told: Told<'_>) -> Markup {
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
            if short && !it.at("operator_set.id").is_none() {
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
        "Each column is an operator, the largest left. Each row is an operator set, or a service that AVSDirectory alone knows, which all its operators’ stake backs. A stone is a pledge; the darker it is, the more that set leans on that operator. On a phone: the 44 largest.",
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

/// Operators and sets in the order of what they hold, and what flows between them.
struct Pledges {
    operators: Vec<(usize, U256)>,
    sets: Vec<(usize, U256)>,
    cells: Vec<(usize, usize, U256)>,
    total: U256,
}

impl Pledges {
    fn of(told: Told<'_>) -> Self {
        let place = |it: Told<'_>| usize::try_from(it.number()).unwrap_or(usize::MAX);
        let cells: Vec<(usize, usize, U256)> = told
            .at("cells")
            .items()
            .map(|cell| (place(cell.at("0")), place(cell.at("1")), cell.at("2").amount()))
            .collect();
        let sums = |of: fn(&(usize, usize, U256)) -> usize| {
            let mut sums: std::collections::BTreeMap<usize, U256> = std::collections::BTreeMap::new();
            for cell in &cells {
                let sum = sums.entry(of(cell)).or_default();
                *sum = sum.saturating_add(cell.2);
            }
            let mut sums: Vec<(usize, U256)> = sums.into_iter().collect();
            sums.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
            sums
        };
        let total = cells.iter().fold(U256::ZERO, |sum, cell| sum.saturating_add(cell.2));
        Self { operators: sums(|cell| cell.1), sets: sums(|cell| cell.0), cells, total }
    }

    /// The largest alone, and the others as one: a lane for each place.
    fn lanes(all: &[(usize, U256)], alone: usize) -> Vec<(Vec<usize>, U256)> {
        // One other alone needs no name for many.
        let alone = if all.len() == alone.saturating_add(1) { all.len() } else { alone };
        let (first, rest) = all.split_at(alone.min(all.len()));
        let mut lanes: Vec<(Vec<usize>, U256)> =
            first.iter().map(|(place, sum)| (vec![*place], *sum)).collect();
        if !rest.is_empty() {
            let sum = rest.iter().fold(U256::ZERO, |sum, it| sum.saturating_add(it.1));
            lanes.push((rest.iter().map(|it| it.0).collect(), sum));
        }
        lanes
    }

    fn between(&self, operators: &[usize], sets: &[usize]) -> U256 {
        let inside = self.cells.iter().filter(|cell| sets.contains(&cell.0) && operators.contains(&cell.1));
        inside.fold(U256::ZERO, |sum, cell| sum.saturating_add(cell.2))
    }
}

/// What operators have promised, as it flows to the sets that can take it.
fn flows(told: Told<'_>) -> Markup {
    let pledges = Pledges::of(told);
    if pledges.total.is_zero() {
        return html! { h2 { "Where stake goes" } p class="muted" { "No operator has promised any to a set." } };
    }
    let (symbol, decimals) =
        (format::foreign(told.at("unit.symbol").text()), told.at("unit.decimals").decimals());
    let operator = |place: usize| told.at(&format!("operators.{place}.operator")).text();
    let set = |place: usize| told.at(&format!("sets.{place}.operator_set"));
    let draw = |size: Size| {
        let (alone, width, lane, rooms) = match size {
            Size::Wide => (ALONE.0, 1038.0, 34.0, (170.0, 230.0)),
            Size::Narrow => (ALONE.1, 312.0, 42.0, (84.0, 96.0)),
        };
        let (givers, getters) =
            (Pledges::lanes(&pledges.operators, alone), Pledges::lanes(&pledges.sets, alone));
        let figure = |sum: U256| match size {
            Size::Wide => format::tokens(sum, decimals),
            Size::Narrow => String::new(),
        };
        let node = |label: String, sum: U256, class: &'static str| Node {
            label,
            figure: figure(sum),
            value: ratio(sum, pledges.total),
            class,
        };
        let left: Vec<Node> = givers
            .iter()
            .map(|(places, sum)| match places.as_slice() {
                [one] => node(parts::short(operator(*one)), *sum, shade(ratio(*sum, pledges.total))),
                many => node(format!("{} others", many.len()), *sum, "f2"),
            })
            .collect();
        let right: Vec<Node> = getters
            .iter()
            .map(|(places, sum)| match places.as_slice() {
                [one] => node(set_name(set(*one)), *sum, "f4"),
                many => node(format!("{} other sets", many.len()), *sum, "f3"),
            })
            .collect();
        let mut flows = Vec::new();
        for (from, (operators, _)) in givers.iter().enumerate() {
            for (to, (sets, _)) in getters.iter().enumerate() {
                let sum = pledges.between(operators, sets);
                if !sum.is_zero() {
                    let figure = format!("{} {symbol}", format::tokens(sum, decimals));
                    flows.push(Flow { from, to, value: ratio(sum, pledges.total), figure });
                }
            }
        }
        let says = says(&pledges, &symbol, decimals);
        let words = Words { id: "flows", title: "Stake as it flows from operators to sets", says: &says };
        // Two lanes need no height of twelve.
        let lanes = if left.len() > right.len() { &left } else { &right };
        let height = lanes.iter().map(|_| lane).sum::<f64>().max(LEAST_HEIGHT);
        charts::sankey((&left, &right, &flows), (width, height), rooms, &words, size)
    };
    let most = pledges.sets.first().copied().unwrap_or_default();
    charts::figure(
        &html! {
            @if pledges.sets.len() == 1 { "All that is promised goes to one set" }
            @else { (format::share(most.1, pledges.total)) " of all that is promised goes to one set" }
        },
        "Operators at the left, the sets that can take their stake at the right, the largest above. A promise is to one set alone: what leaves the left arrives at the right.",
        &html! {},
        [draw(Size::Wide), draw(Size::Narrow)],
        Some(("The same as a table", table(&pledges, (&symbol, decimals), operator, set))),
    )
}

fn says(pledges: &Pledges, symbol: &str, decimals: u8) -> String {
    format!(
        "{} {symbol} of {} is promised to {}; the largest takes {}.",
        format::headline(pledges.total, decimals),
        format::count(pledges.operators.len() as u64, "operator"),
        format::count(pledges.sets.len() as u64, "set"),
        format::share(pledges.sets.first().copied().unwrap_or_default().1, pledges.total),
    )
}

fn shade(share: f64) -> &'static str {
    SHADES.iter().find(|(from, _)| share >= *from).map_or("f3", |(_, class)| class)
}

/// The largest promises, one a line.
fn table<'t>(
    pledges: &Pledges,
    (symbol, decimals): (&str, u8),
    operator: impl Fn(usize) -> &'t str,
    set: impl Fn(usize) -> Told<'t>,
) -> Markup {
    const ROWS: usize = 40;
    let mut all = pledges.cells.clone();
    all.sort_by(|a, b| b.2.cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
    parts::scroll(
        "Promises",
        &html! {
            table class="dense" {
                (parts::head(&[("Operator", false), ("Operator set", false), (&format!("Promised, {symbol}"), true)]))
                tbody {
                    @for (row, column, sum) in all.iter().take(ROWS) {
                        tr {
                            th scope="row" { (parts::account("operators", operator(*column))) }
                            td { (set_link(set(*row))) }
                            td class="n" { (format::tokens(*sum, decimals)) }
                        }
                    }
                    @if all.len() > ROWS {
                        @let rest = all.iter().skip(ROWS).fold(U256::ZERO, |sum, it| sum.saturating_add(it.2));
                        tr {
                            th scope="row" { (all.len().saturating_sub(ROWS)) " smaller promises" } td {}
                            td class="n" { (format::tokens(rest, decimals)) }
                        }
                    }
                }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "test code: a panic is how a test fails"
    )]

    use super::*;
    use serde_json::json;

    fn answer(operators: usize, sets: usize) -> serde_json::Value {
        let address = |place: usize| format!("0x{:040x}", place.saturating_add(1));
        let cells: Vec<_> = (0..sets)
            .flat_map(|set| {
                (0..operators)
                    .map(move |operator| json!([set, operator, format!("{}", (operator + 1) * (set + 1))]))
            })
            .collect();
        json!({
            "unit": { "symbol": "ETH", "decimals": 0 },
            "sets": (0..sets).map(|it| json!({ "operator_set": { "avs": address(it), "id": it } })).collect::<Vec<_>>(),
            "operators": (0..operators).map(|it| json!({ "operator": address(it) })).collect::<Vec<_>>(),
            "cells": cells,
        })
    }

    #[test]
    fn the_largest_stand_alone_and_the_rest_as_one_and_nothing_is_lost() {
        let answer = answer(30, 20);
        let pledges = Pledges::of(Told::new(&answer));
        let (left, right) = (Pledges::lanes(&pledges.operators, 12), Pledges::lanes(&pledges.sets, 12));
        assert_eq!((left.len(), right.len(), left[12].0.len(), left[0].0[0]), (13, 13, 18, 29));
        let of = |lanes: &[(Vec<usize>, U256)]| lanes.iter().map(|it| it.1).sum::<U256>();
        let flowing: U256 =
            left.iter().flat_map(|from| right.iter().map(|to| pledges.between(&from.0, &to.0))).sum();
        assert_eq!((of(&left), of(&right), flowing), (pledges.total, pledges.total, pledges.total));
        assert_eq!(Pledges::lanes(&pledges.operators, 29).len(), 30, "one other is itself");
        let drawn = flows(Told::new(&answer)).into_string();
        assert!(drawn.contains("18 others") && drawn.contains("14 other sets"), "{drawn}");
        assert!(drawn.contains("560 smaller promises"), "{drawn}");
    }

    #[test]
    fn a_chain_without_promises_says_so() {
        let none = json!({ "sets": [], "operators": [], "cells": [] });
        assert!(flows(Told::new(&none)).into_string().contains("No operator has promised"));
    }
}
