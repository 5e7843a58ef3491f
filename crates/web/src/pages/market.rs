//! The market: operator sets as offers, filtered and sorted by a form without script. Pay is not recorded on this chain
//! yet, and the page says so rather than show a figure.

use super::{Drawn, draw, risk::slack_of, staker::set_link};
use crate::{
    charts::{self, ratio},
    format::{self, Round},
    parts,
    told::Told,
    viewer::Viewer,
};
use axum::{Extension, body::Body, http::Response};
use maud::{Markup, html};
use rpc::Reads;

const SORTS: [(&str, &str); 6] = [
    ("stake", "Stake behind it"),
    ("operators", "Operators"),
    ("largest", "Largest share"),
    ("slashes", "Slashes"),
    ("risk", "Least slack"),
    ("service", "Service"),
];
const CHOICES: [(&str, &str); 3] = [("", "any"), ("yes", "yes"), ("no", "no")];

/// The chosen value of a parameter of the query; nothing for what is none of the known.
fn chosen(here: &str, name: &str) -> String {
    let query = here.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let all: Vec<&str> = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).collect();
    all.first().map(|value| (*value).to_owned()).unwrap_or_default()
}

pub(super) async fn show(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    let here = viewer.here.clone();
    draw(&reads, &viewer, |told| Drawn {
        title: "Market".into(),
        section: "/market",
        body: html! {
            div class="head" { div {
                h1 { "What services ask of stake" }
                p class="lede" { "One line an operator set: what stands behind it, what it may take, and what became of it. The address of this page keeps the choice." }
            } }
            (form(&here))
            section class="card" { (table(told, &here)) }
            (registered(told))
            p class="note" {
                "Slack γ: an attack in which the set or service falls loses at least (1 + γ) times what it wins; prizes that nobody \
                 declared are 3 % of what corrupts it. Delays are the same for all. Pay is " b { "not recorded" } ": no service on this chain pays rewards yet. Who may slash can be changed by a service with "
                (format::count(told.at("change_delay_blocks").number(), "block")) " of notice."
            }
        },
    })
    .await
}

fn select(name: &str, label: &str, options: &[(&str, &str)], chosen: &str) -> Markup {
    html! {
        label { (label)
            select name=(name) { @for (value, words) in options { option value=(value) selected[*value == chosen] { (words) } } }
        }
    }
}

fn form(here: &str) -> Markup {
    html! {
        form class="filters" method="get" action="/market" {
            (select("sort", "Sort by", &SORTS, &chosen(here, "sort")))
            (select("redistributes", "Pays out slashes", &CHOICES, &chosen(here, "redistributes")))
            (select("slashed", "Has slashed", &CHOICES, &chosen(here, "slashed")))
            (select("secure", "No attack pays", &CHOICES, &chosen(here, "secure")))
            button class="btn go" { "Show" }
        }
    }
}

fn table(told: Told<'_>, here: &str) -> Markup {
    let (symbol, decimals) =
        (format::foreign(told.at("unit.symbol").text()), told.at("unit.decimals").decimals());
    let most = told.at("items").items().map(|it| it.at("slashable_stake").amount()).max().unwrap_or_default();
    let sort = match chosen(here, "sort").as_str() {
        "" => "stake".to_owned(),
        other => other.to_owned(),
    };
    let sorted = |by: &str| (sort == by).then_some("descending");
    html! {
        @if told.at("items").items().len() == 0 {
            (parts::empty("No operator set fits.", &html! { a href="/market" { "Show all" } " or see the " a href="/services" { "services" } "." }))
        } @else {
            (parts::scroll("Operator sets", &html! {
                table class="cards" {
                    thead { tr {
                        th scope="col" { "Operator set" }
                        th scope="col" class="n" aria-sort=[sorted("stake")] { "Stake, " (symbol) }
                        th scope="col" class="n" aria-sort=[sorted("operators")] { "Operators" }
                        th scope="col" class="n" aria-sort=[sorted("largest")] { "Largest" }
                        th scope="col" class="n" aria-sort=[(sort == "risk").then_some("ascending")] { "Slack" }
                        th scope="col" { "Assets" }
                        th scope="col" { "Slashed stake" }
                        th scope="col" class="n" aria-sort=[sorted("slashes")] { "Slashes" }
                        th scope="col" class="n" { "Pays" }
                    } }
                    tbody { @for it in told.at("items").items() { (row(it, decimals, most)) } }
                }
            }))
        }
    }
}

/// Services that AVSDirectory knows: who is registered with them, without a set.
fn registered(told: Told<'_>) -> Markup {
    let decimals = told.at("unit.decimals").decimals();
    let symbol = format::foreign(told.at("unit.symbol").text());
    let all = told.at("registered");
    let most = all.items().map(|it| it.at("stake").amount()).max().unwrap_or_default();
    html! {
        @if all.items().len() > 0 {
            div class="sec" { section class="card" {
                h2 { "Registered in AVSDirectory" }
                p { "The older way to serve, without operator sets: an operator puts all its stake behind a service at once. In the same order; nothing is filtered here." }
                (parts::scroll("Services in AVSDirectory", &html! {
                    table class="cards" {
                        thead { tr {
                            th scope="col" { "Service" }
                            th scope="col" class="n" { "Stake, " (symbol) }
                            th scope="col" class="n" { "Operators" }
                            th scope="col" class="n" { "Largest" }
                            th scope="col" class="n" { "Slack" }
                        } }
                        tbody { @for it in all.items() {
                            @let stake = it.at("stake").amount();
                            tr {
                                th scope="row" {
                                    (parts::named("services", it.at("avs").text(), it.at("contract").value().as_str()))
                                    span class="why full" { (format::foreign(it.at("metadata_uri").text())) }
                                }
                                td class="n" data-l="Stake" { span { (format::tokens(stake, decimals)) " " (charts::tiny_bar(ratio(stake, most), "f4")) } }
                                td class="n" data-l="Operators" { (format::grouped(it.at("member_count").number())) }
                                td class="n" data-l="Largest" { (format::wad(it.at("largest_wad").amount(), Round::Up)) }
                                td class="n" data-l="Slack" { (slack_of(it)) }
                            }
                        } }
                    }
                }))
                @if told.at("more").is_true() { p class="note" { "There are more than are looked at here: this is not all." } }
            } }
        }
    }
}

fn row(it: Told<'_>, decimals: u8, most: alloy_primitives::U256) -> Markup {
    let stake = it.at("slashable_stake").amount();
    let symbols: Vec<String> = it.at("symbols").items().map(|it| format::foreign(it.text())).collect();
    html! {
        tr {
            th scope="row" {
                (set_link(it.at("operator_set")))
                span class="why full" { (format::foreign(it.at("metadata_uri").text())) }
            }
            td class="n" data-l="Stake" { span { (format::tokens(stake, decimals)) " " (charts::tiny_bar(ratio(stake, most), "f4")) } }
            td class="n" data-l="Operators" { (it.at("member_count").number()) }
            td class="n" data-l="Largest" { (format::wad(it.at("largest_wad").amount(), Round::Up)) }
            td class="n" data-l="Slack" { (slack_of(it)) }
            td data-l="Assets" { (symbols.join(", ")) }
            td data-l="Slashed stake" { @if it.at("redistributes").is_true() { span class="risk" { "is paid out" } } @else { "is burnt" } }
            td class="n" data-l="Slashes" { (it.at("slash_count").number()) }
            td class="n unknown" data-l="Pays" { "not recorded" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn services_of_the_directory_stand_below_the_sets_and_their_words_are_text() {
        let answer = json!({
            "unit": { "symbol": "ETH", "decimals": 18 },
            "more": true,
            "registered": [{
                "avs": "0x70997970c51812dc3a010c7d01b50e0d17dc79c8", "contract": null, "metadata_uri": "<b>mine</b>",
                "member_count": 1_200, "stake": "12000000000000000000000", "largest_wad": "78263600000000001",
            }],
        });
        let drawn = registered(Told::new(&answer)).into_string();
        for words in [
            "href=\"/services/0x70997970C51812dc3A010C7d01b50e0d17dc79C8\"",
            "12,000 ",
            ">1,200<",
            // What the largest holds is rounded up.
            "7.8264 %",
            "&lt;b&gt;mine",
            "this is not all",
        ] {
            assert!(drawn.contains(words), "{words}: {drawn}");
        }
        assert_eq!(registered(Told::new(&json!({ "registered": [] }))).into_string(), "");
    }
}
