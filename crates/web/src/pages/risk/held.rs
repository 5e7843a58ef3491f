//! Who holds the stake behind services: how few hands reach the shares that matter, and how uneven it is.

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

/// Operators that are drawn.
const MOST_DRAWN: usize = 10;

const FORM: Form = Form {
    path: "/risk/concentration",
    title: "Who holds it",
    nothing: "Nobody holds stake behind a service yet.",
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

fn found(told: Told<'_>) -> Markup {
    let third = told.at("nakamoto.0.hands").number();
    html! {
        div class="head" { div {
            h1 {
                @if third == 1 { "One operator alone holds a third" } @else { (format::count(third, "operator")) " together hold a third" }
            }
            p class="lede" {
                "Of the stake behind services, " (format::tile(told.at("stake").amount(), 18)) " ETH of "
                (format::count(told.at("hands").number(), "operator")) ". Hands are counted by address: whether two are one person, the chain does not know."
            }
        } }
        (super::tabs("/risk/concentration"))
        (tiles(told))
        div class="sec grid2" {
            section class="card" { (largest(told)) }
            section class="card" { (super::concentration(told)) }
        }
    }
}

fn tiles(told: Told<'_>) -> Markup {
    let marks = told.at("nakamoto").items().map(|it| {
        let share = format!("{}/{}", it.at("num").number(), it.at("den").number());
        let label = match share.as_str() {
            "1/3" => "A third",
            "1/2" => "A half",
            "2/3" => "Two thirds",
            _ => "A part",
        };
        parts::tile(label, format::grouped(it.at("hands").number()), "")
            .below(html! { "operators, the fewest that reach " (share) })
    });
    let index = |key: &str| told.at(key).float().unwrap_or_default();
    let mut tiles: Vec<parts::Tile> = marks.collect();
    tiles.push(
        parts::tile("Gini", format!("{:.3}", index("gini")), "").below(html! { "0 even, 1 all with one" }),
    );
    tiles.push(
        parts::tile("Herfindahl", format!("{:.4}", index("hhi")), "")
            .below(html! { "1 over the number of equal hands" }),
    );
    parts::tiles(&tiles)
}

fn largest(told: Told<'_>) -> Markup {
    let rows: Vec<Told<'_>> = told.at("largest").items().collect();
    let share = |it: &Told<'_>| it.at("share").float().unwrap_or_default();
    let bars: Vec<Bar> = rows
        .iter()
        .take(MOST_DRAWN)
        .map(|it| Bar {
            label: parts::short(it.at("name").text()),
            value: share(it),
            figure: super::percent_up(share(it)),
            class: "f4",
        })
        .collect();
    let of = |it: Told<'_>| (it.at("0").number(), it.at("1").float().unwrap_or_default());
    let held = |(count, share): (u64, f64)| match count {
        1 => format!("the largest alone holds {}", super::percent_up(share)),
        count => format!("the largest {count} hold {}", super::percent_up(share)),
    };
    let top: Vec<String> = told.at("top").items().map(of).map(held).collect();
    let says = format!("Of all stake behind services, {}.", top.join("; "));
    let ten = told.at("top").items().map(of).last().unwrap_or_default();
    let words = Words { id: "largest", title: "The largest operators", says: &says };
    let draw = |place, size| charts::hbars(&bars, place, None, &words, size);
    charts::figure(
        &html! { "The largest " (ten.0) " hold " (super::percent_up(ten.1)) },
        &says,
        &html! {},
        [draw((488.0, 110.0), Size::Wide), draw((312.0, 110.0), Size::Narrow)],
        Some(("As a table", table(&rows))),
    )
}

fn table(rows: &[Told<'_>]) -> Markup {
    parts::scroll(
        "The largest operators",
        &html! {
            table class="dense" {
                (parts::head(&[("Operator", false), ("Stake, ETH", true), ("Of all", true)]))
                tbody { @for it in rows {
                    tr {
                        th scope="row" { (parts::account("operators", it.at("name").text())) }
                        td class="n" { (format::position(it.at("stake").amount(), 18, Round::Down)) }
                        td class="n" { (super::percent_up(it.at("share").float().unwrap_or_default())) }
                    }
                } }
            }
        },
    )
}
