//! What would break it: the smallest loss of stake after which an attack on a service pays, service by service, beside the
//! fall of price that does the same, and what follows the loss of each large operator.

use super::form::{Form, Sent};
use crate::{
    charts::{self, Bar, Size, Words},
    format::{self, Round},
    parts,
    told::Told,
    viewer::Viewer,
};
use axum::{Extension, body::Body, http::Response};
use maud::{Markup, html};
use rpc::Reads;

/// Services that are drawn; the table has all.
const MOST_DRAWN: usize = 16;
/// Share of what was found up to which the bound below it says the same.
const AGREES: f64 = 0.999;
/// Operators that are told one by one.
const MOST_OPERATORS: usize = 12;

const FORM: Form = Form {
    path: "/risk/stress",
    title: "What would break it",
    nothing: "Nothing can break yet.",
    button: "",
    fields: &[],
};

pub(in crate::pages) async fn show(
    Extension(reads): Extension<Reads>,
    viewer: Viewer,
    sent: Sent,
) -> Response<Body> {
    FORM.page(&reads, &viewer, &sent, |told, _| found(told)).await
}

/// Services with what breaks each alone, the nearest first; those that nothing breaks are last.
fn nearest(told: Told<'_>) -> Vec<Told<'_>> {
    let mut rows: Vec<Told<'_>> = told.at("by_service").items().collect();
    let psi = |it: &Told<'_>| it.at("shock.psi").float().unwrap_or(f64::INFINITY);
    rows.sort_by(|one, other| psi(one).total_cmp(&psi(other)));
    rows
}

fn found(told: Told<'_>) -> Markup {
    let rows = nearest(told);
    html! {
        div class="head" { div {
            h1 { (finding(told)) }
            p class="lede" {
                "Stake that is lost makes attacks cheaper. Each bar is the smallest loss of whole operators after which somebody \
                 wins by attacking the service: the shorter, the nearer."
            }
        } }
        (super::tabs("/risk/stress"))
        (tiles(told, &rows))
        div class="sec" { section class="card" { (causes(told, &rows)) } }
        div class="sec grid2" { section class="card" { (outages(told)) } (limits(told, &rows)) }
    }
}

fn finding(told: Told<'_>) -> Markup {
    html! {
        @match told.at("shock.psi").float() {
            Some(0.0) => "An attack pays as it is, before anything is lost",
            Some(psi) => { "Losing " (super::percent(psi)) " of all stake makes an attack pay" }
            None => "No loss of operators that was tried makes an attack pay",
        }
    }
}

fn tiles(told: Told<'_>, rows: &[Told<'_>]) -> Markup {
    let shock = told.at("shock");
    let hands = shock.at("operators").items().len() as u64;
    let alone = told.at("outages").items().filter(|it| !it.at("attack").is_none()).count();
    let safe = rows.iter().filter(|it| it.at("shock").is_none()).count();
    parts::tiles(&[
        match shock.at("psi").float() {
            Some(psi) => parts::tile("Smallest loss found", super::percent(psi), "").class("risk").below(html! {
                (format::tile(shock.at("stake").amount(), 18)) " ETH of " (format::count(hands, "operator"))
            }),
            None => parts::tile("Smallest loss found", "none", "").below(html! { "breaks it" }),
        },
        parts::tile("No loss below", percent_of(told, "at_least_psi"), "").below(html! {
            @if told.at("exact").is_true() { "breaks it: proved, the two agree" } @else { "breaks it: proved" }
        }),
        parts::tile("Price may fall by", percent_of(told, "price_fall_at_least"), "")
            .below(html! { "of all stake at once, prizes unchanged" }),
        parts::tile("Single operators", format::grouped(alone), "")
            .class(if alone > 0 { "risk" } else { "" })
            .below(html! { "of the largest whose loss alone breaks it" }),
        parts::tile("Services that stand", format::grouped(safe), "")
            .below(html! { "of " (rows.len()) ", whoever is lost" }),
    ])
}

fn percent_of(told: Told<'_>, path: &str) -> String {
    told.at(path).float().map_or_else(|| "unknown".into(), super::percent)
}

/// A service by its key, as text.
fn label(key: &str) -> String {
    let avs = parts::short(key.get(..42).unwrap_or(key));
    match super::set_id(key) {
        Some(id) => format!("{avs}:{id}"),
        None => avs,
    }
}

/// The smallest break by cause, the nearest first.
fn causes(told: Told<'_>, rows: &[Told<'_>]) -> Markup {
    let mut bars: Vec<Bar> = rows
        .iter()
        .filter_map(|it| {
            let psi = it.at("shock.psi").float()?;
            let (label, figure) = (label(it.at("service").text()), super::percent(psi));
            Some(Bar { label, value: psi, figure, class: "atrisk" })
        })
        .take(MOST_DRAWN)
        .collect();
    if let Some(fall) = told.at("price_fall_at_most").float() {
        let at = bars.iter().position(|bar| bar.value > fall).unwrap_or(bars.len());
        let figure = super::percent(fall);
        bars.insert(at, Bar { label: "all prices".into(), value: fall, figure, class: "f4" });
    }
    let broken = rows.iter().filter(|it| !it.at("shock").is_none()).count();
    let hidden = broken.saturating_sub(MOST_DRAWN);
    let said: Vec<String> = bars.iter().map(|bar| format!("{} {}", bar.label, bar.figure)).collect();
    let says = format!("The smallest loss that breaks it, of all stake: {}.", said.join(", "));
    let words = Words { id: "causes", title: "The smallest loss that breaks it, by cause", says: &says };
    let draw = |place, size| charts::hbars(&bars, place, None, &words, size);
    charts::figure(
        &html! {
            @match rows.first().filter(|it| !it.at("shock").is_none()) {
                Some(it) => { "The nearest: " (super::service_key(it.at("service").text())) }
                None => "No service falls by the loss of operators",
            }
        },
        "The smallest break by cause, of all stake. Hatched: operators whose stake must be lost before an attack on this service \
         alone pays. Solid: how far the price of all stake must fall.",
        &html! { @if hidden > 0 { p class="small muted" { "Drawn are the nearest " (MOST_DRAWN) "; " (hidden) " more are in the table." } } },
        [draw((1038.0, 130.0), Size::Wide), draw((312.0, 112.0), Size::Narrow)],
        (!rows.is_empty()).then(|| ("Each service as a table", table(rows))),
    )
}

fn table(rows: &[Told<'_>]) -> Markup {
    let ether = |amount: Told<'_>, round| format::position(amount.amount(), 18, round);
    parts::scroll(
        "What each service withstands",
        &html! {
            table class="dense" {
                (parts::head(&[("Service", false), ("Loss that breaks it, ETH", true), ("Of all stake", true), ("Operators", true), ("The attack then costs", true), ("and wins", true)]))
                tbody { @for it in rows {
                    @let shock = it.at("shock");
                    tr {
                        th scope="row" { (super::service_key(it.at("service").text())) }
                        @if shock.is_none() {
                            td class="n" { "–" } td class="n" { "nothing breaks it" } td class="n" { } td class="n" { } td class="n" { }
                        } @else {
                            td class="n" {
                                @let (most, least) = (ether(shock.at("stake"), Round::Down), ether(it.at("at_least"), Round::Down));
                                (most)
                                @if least != most { " " span class="small muted" { "or less, at least " (least) } }
                            }
                            td class="n" { (percent_of(shock, "psi")) }
                            td class="n" { (shock.at("operators").items().len()) }
                            td class="n" { (ether(shock.at("attack.cost"), Round::Up)) }
                            td class="n" { (ether(shock.at("attack.prize"), Round::Down)) }
                        }
                    }
                } }
            }
        },
    )
}

/// What follows the loss of each large operator.
fn outages(told: Told<'_>) -> Markup {
    let rows = told.at("outages").items();
    html! {
        h2 { "The largest operators, one by one" }
        p { "What follows if one of them loses all its stake." }
        (parts::scroll("Loss of one operator", &html! {
            table class="dense" {
                (parts::head(&[("Operator", false), ("Of all stake", true), ("Attack that then pays", false)]))
                tbody { @for it in rows.take(MOST_OPERATORS) {
                    @let attack = it.at("attack");
                    tr {
                        th scope="row" { (parts::account("operators", it.at("operator").text())) }
                        td class="n" { (super::percent_up(it.at("psi").float().unwrap_or_default())) }
                        td {
                            @if attack.is_none() { "none found" }
                            @else {
                                @let fallen = attack.at("services").items();
                                span class="risk" { "on " }
                                @if let Some(key) = fallen.clone().next() { (super::service_key(key.text())) }
                                @if fallen.len() > 1 { " and " (fallen.len().saturating_sub(1)) " more" }
                            }
                        }
                    }
                } }
            }
        }))
    }
}

fn limits(told: Told<'_>, rows: &[Told<'_>]) -> Markup {
    let assumed = told.at("assumed_prizes").number();
    let is_open = |it: &&Told<'_>| {
        let (least, most) = (it.at("at_least_psi").float(), it.at("shock.psi").float());
        least.zip(most).is_some_and(|(least, most)| least < most * AGREES)
    };
    let open = rows.iter().filter(is_open).count() as u64;
    html! {
        section class="card" {
            h2 { "What this rests on" }
            ul class="plain" {
                @if told.at("mode").text() == "unique" {
                    li { "Stake is promised to each set alone: what is lost behind one weakens no other." }
                } @else {
                    li { "Stake is shared by all services of an operator. A bar is of an attack on one service alone; attacks on several at once are in the first two figures." }
                }
                @if assumed > 0 { li { "The prize of " (format::count(assumed, "set")) " is assumed: 3 % of what it can take." } }
                @if open > 0 { li { "For " (format::count(open, "service")) " the search stopped before it had tried all: a smaller loss may do, the bound in the table holds." } }
                li { "Whole operators are lost, by whatever cause. What they share, such as a cloud or a client, this chain does not know: " code { "bulwark risk stress --by cloud" } " reads it from a file." }
            }
        }
    }
}
