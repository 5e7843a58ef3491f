//! How a loss spreads: the worst shock of a share of all stake that was found, and the attacks that it makes profitable,
//! round by round.

use super::form::{Field, Form, Sent};
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

/// Rounds that are drawn; the table has all.
const MOST_DRAWN: usize = 12;
/// Services that are named in a round.
const MOST_SERVICES: usize = 4;

const FORM: Form = Form {
    path: "/risk/cascade",
    title: "How a loss spreads",
    nothing: "Nothing can spread yet.",
    button: "Follow it",
    fields: &[Field {
        name: "shock",
        label: "Lost at first, of all stake",
        hint: "10% or 0.1: above 0, at most all.",
        usual: "10%",
    }],
};

pub(in crate::pages) async fn show(
    Extension(reads): Extension<Reads>,
    viewer: Viewer,
    sent: Sent,
) -> Response<Body> {
    FORM.page(&reads, &viewer, &sent, found).await
}

fn found(told: Told<'_>, sent: &Sent) -> Markup {
    html! {
        div class="head" { div {
            h1 { (finding(told)) }
            p class="lede" {
                "First some operators lose all their stake. That makes attacks cheaper; where one now pays, its operators’ stake \
                 is gone too, which may make the next one pay."
            }
        } }
        (super::tabs("/risk/cascade"))
        (FORM.draw(sent, None))
        (tiles(told))
        div class="sec" { section class="card" { (rounds(told)) } }
        div class="sec grid2" { (shock(told)) (limits(told)) }
    }
}

fn finding(told: Told<'_>) -> Markup {
    let (psi, gone) = (share(told, "psi"), share(told, "totals.share"));
    let count = told.at("rounds").items().len() as u64;
    html! {
        @if count == 0 { "No attack pays after a shock of " (super::percent_up(psi)) }
        @else {
            "A shock of " (super::percent_up(psi)) " takes " (super::percent_up(gone)) " in " (format::count(count, "round"))
        }
    }
}

fn share(told: Told<'_>, path: &str) -> f64 {
    told.at(path).float().unwrap_or_default()
}

fn ether(amount: Told<'_>) -> String {
    format::tile_up(amount.amount(), 18)
}

fn tiles(told: Told<'_>) -> Markup {
    let hands = told.at("shock").items().len() as u64;
    parts::tiles(&[
        parts::tile("Lost at first", super::percent_up(share(told, "shock_share")), "").class("risk").below(html! {
            @if hands == 0 { "no operator is as small as that" }
            @else { (ether(told.at("shock_stake"))) " ETH of " (format::count(hands, "operator")) }
        }),
        parts::tile("Lost in the end", super::percent_up(share(told, "totals.share")), "")
            .class("risk")
            .below(html! { (ether(told.at("totals.stake_lost"))) " ETH of " (format::count(told.at("totals.operators").number(), "operator")) }),
        parts::tile("Never more than", super::percent_up(share(told, "loss_upper")), "").below(html! {
            @if told.at("exhaustive").is_true() { "every shock of this size was tried" } @else { "whatever the order of attacks" }
        }),
        parts::tile("Services that fall", format::grouped(told.at("totals.services").number()), "")
            .below(html! { "of " (told.at("services").number()) ", in " (format::count(told.at("totals.rounds").number(), "round")) }),
    ])
}

/// How much is gone after each round, against the bound.
fn rounds(told: Told<'_>) -> Markup {
    if told.at("shock").items().len() == 0 && told.at("rounds").items().len() == 0 {
        return parts::empty(
            "Nothing falls.",
            &html! { "No operator is so small that a shock of this size takes it whole. Ask for a larger one." },
        );
    }
    let items = || told.at("rounds").items();
    let bound = share(told, "loss_upper");
    let figure = |share: f64| super::percent_up(share);
    let first = share(told, "shock_share");
    let mut bars =
        vec![Bar { label: "the shock".into(), value: first, figure: figure(first), class: "atrisk" }];
    bars.extend(items().take(MOST_DRAWN).map(|it| {
        let gone = share(it, "cumulative_share");
        let label = format!("round {}", it.at("round").number());
        Bar { label, value: gone, figure: figure(gone), class: "atrisk" }
    }));
    let said: Vec<String> = bars.iter().map(|bar| format!("{} {}", bar.label, bar.figure)).collect();
    let says = format!("Gone of all stake: {}. At most {}.", said.join(", "), figure(bound));
    let words = Words { id: "rounds", title: "Stake that is gone after each round", says: &says };
    let mark = format!("at most {}", figure(bound));
    let draw = |place, size| charts::hbars(&bars, place, Some((bound, &mark)), &words, size);
    let hidden = items().len().saturating_sub(MOST_DRAWN);
    let table = (items().len() > 0).then(|| ("Each round as a table", table(told)));
    charts::figure(
        &html! {
            @match items().len() {
                0 => "The shock breaks nothing else",
                1 => "One attack pays after the shock",
                count => { (count) " attacks follow, one from the other" }
            }
        },
        "What is gone of all stake, all rounds before included. Hatched: it can be taken. The line is a bound that holds for every order of attacks.",
        &html! { @if hidden > 0 { p class="small muted" { "Drawn are the first " (MOST_DRAWN) "; " (hidden) " more are in the table." } } },
        [draw((1038.0, 90.0), Size::Wide), draw((312.0, 70.0), Size::Narrow)],
        table,
    )
}

fn table(told: Told<'_>) -> Markup {
    let ether = |amount: Told<'_>| format::position(amount.amount(), 18, Round::Up);
    parts::scroll(
        "Rounds",
        &html! {
            table class="dense" {
                (parts::head(&[("Round", false), ("Services that fall", false), ("Operators", true), ("They lose, ETH", true), ("They win, ETH", true), ("Gone of all", true)]))
                tbody { @for it in told.at("rounds").items() {
                    @let fallen = it.at("services").items();
                    tr {
                        th scope="row" { (it.at("round").number()) }
                        td {
                            @for key in fallen.clone().take(MOST_SERVICES) { (super::service_key(key.text())) " " }
                            @if fallen.len() > MOST_SERVICES { "and " (fallen.len().saturating_sub(MOST_SERVICES)) " more" }
                        }
                        td class="n" { (it.at("operators").items().len()) }
                        td class="n" { (ether(it.at("cost"))) }
                        td class="n" { (ether(it.at("prize"))) }
                        td class="n" { (super::percent_up(share(it, "cumulative_share"))) }
                    }
                } }
            }
        },
    )
}

fn shock(told: Told<'_>) -> Markup {
    let all = told.at("shock").items();
    html! {
        section class="card" {
            h2 { "Who is gone at first" }
            p {
                @if all.len() == 0 { "Nobody: every operator holds more than " (super::percent_up(share(told, "psi"))) " of all stake." }
                @else if told.at("shock_by").text() == "search" { "The shock of this size that the search found to do the most." }
                @else { "No shock of this size was found to make an attack pay. Shown are the largest operators that fit into it." }
            }
            p { (super::operators(all.map(Told::text))) }
        }
    }
}

fn limits(told: Told<'_>) -> Markup {
    let assumed = told.at("assumed_prizes").number();
    html! {
        section class="card" {
            h2 { "What this rests on" }
            ul class="plain" {
                @match told.at("gamma_lower").float() {
                    Some(gamma) if gamma > 0.0 => {
                        li { "Certified slack of at least " b { (format::bound(gamma)) } ": a shock grows to at most " (super::spread(gamma)) " times itself." }
                    }
                    Some(gamma) => { li { "Certified slack of " b { (format::bound(gamma)) } ": an attack may pay before any shock." } }
                    None => { li { "No attack is known to win anything." } }
                }
                @if assumed > 0 { li { "The prize of " (format::count(assumed, "set")) " is assumed: 3 % of what it can take." } }
                @if !told.at("exhaustive").is_true() { li { "Too many shocks to try each: what was found may not be the worst, the bound holds all the same." } }
            }
        }
    }
}
