//! What a year may cost by chance: many years are drawn, and counted by what they lose.

use super::form::{Field, Form, Sent};
use crate::{
    charts::{self, Bar, Bin, Mark, Size, Words},
    format, parts,
    told::Told,
    viewer::Viewer,
};
use axum::{Extension, body::Body, http::Response};
use maud::{Markup, html};
use rpc::Reads;

/// Operators whose part in the tail is drawn.
const MOST_OPERATORS: usize = 10;

const FORM: Form = Form {
    path: "/risk/losses",
    title: "What a year may cost",
    nothing: "Nothing can be lost yet.",
    button: "Draw",
    fields: &[
        Field { name: "years", label: "Years to draw", hint: "1000 to 1000000.", usual: "100000" },
        Field {
            name: "seed",
            label: "Seed of chance",
            hint: "The same seed draws the same years.",
            usual: "1",
        },
    ],
};

/// Causes by name, and in words.
const CAUSES: [(&str, &str); 4] = [
    ("operators", "operators’ own faults"),
    ("factors", "outages of what operators share"),
    ("services", "wrong slashings"),
    ("attacks", "attacks that follow"),
];

pub(in crate::pages) async fn show(
    Extension(reads): Extension<Reads>,
    viewer: Viewer,
    sent: Sent,
) -> Response<Body> {
    FORM.page(&reads, &viewer, &sent, found).await
}

/// The tail beyond a level.
fn tail(told: Told<'_>, level: f64) -> Told<'_> {
    let at = |it: &Told<'_>| it.at("level").float().is_some_and(|it| (it - level).abs() < 1e-9);
    told.at("tails").items().find(at).unwrap_or_else(|| told.at("no tail"))
}

fn figure(told: Told<'_>, path: &str) -> f64 {
    told.at(path).float().unwrap_or_default()
}

fn found(told: Told<'_>, sent: &Sent) -> Markup {
    let hundredth = figure(tail(told, 0.99), "value_at_risk");
    let (stake, years) = (figure(told, "stake"), told.at("years").number());
    html! {
        div class="head" { div {
            h1 {
                @if hundredth > 0.0 {
                    "One year in a hundred costs " (format::loss(hundredth)) " ETH or more"
                } @else { "At least 99 years in a hundred lose nothing" }
            }
            p class="lede" {
                (format::grouped(years)) " years were drawn by chance, each with the faults of every operator. Of "
                (format::loss(stake)) " ETH, a year loses " (format::loss(figure(told, "mean"))) " on average."
            }
        } }
        (super::tabs("/risk/losses"))
        (FORM.draw(sent, None))
        (tiles(told))
        div class="sec" { section class="card" { (distribution(told)) } }
        div class="sec grid2" { section class="card" { (hands(told)) } (assumed(told)) }
    }
}

fn tiles(told: Told<'_>) -> Markup {
    let tile = |name, value: f64| parts::tile(name, format::loss(value), "ETH");
    let (twentieth, hundredth) = (tail(told, 0.95), tail(told, 0.99));
    let between = |it: Told<'_>| html! { "95 % sure: " (format::loss(figure(it, "lower"))) " to " (format::loss(figure(it, "upper"))) };
    parts::tiles(&[
        tile("Expected in a year", figure(told, "mean"))
            .below(html! { "± " (format::loss(figure(told, "mean_error"))) ", standard error" }),
        tile("One year in 20", figure(twentieth, "value_at_risk")).class("risk").below(between(twentieth)),
        tile("One year in 100", figure(hundredth, "value_at_risk")).class("risk").below(between(hundredth)),
        tile("Worst 1 %, on average", figure(hundredth, "tail_mean"))
            .class("risk")
            .below(html! { "the most drawn: " (format::loss(figure(told, "maximum"))) }),
        parts::tile("Years without loss", super::percent(figure(told, "share_without_loss")), "")
            .below(html! { "with an attack: " (super::percent_up(figure(told, "share_with_attacks"))) }),
    ])
}

fn distribution(told: Told<'_>) -> Markup {
    let bins: Vec<Bin> = told
        .at("histogram")
        .items()
        .map(|bin| Bin { from: figure(bin, "from"), to: figure(bin, "to"), count: bin.at("count").number() })
        .collect();
    let (twentieth, hundredth) = (tail(told, 0.95), tail(told, 0.99));
    let marks = [
        (figure(told, "mean"), "expected", "ln3"),
        (figure(twentieth, "value_at_risk"), "1 in 20", "lnk"),
        (figure(hundredth, "value_at_risk"), "1 in 100", "lnk"),
        (figure(hundredth, "tail_mean"), "worst 1 %, mean", "lnx"),
    ]
    .map(|(at, name, class)| Mark { at, words: format!("{name}: {}", format::loss(at)), class });
    let said: Vec<&str> = marks.iter().map(|mark| mark.words.as_str()).collect();
    let says = format!(
        "Loss in a year, ETH. {}; the most drawn: {}.",
        said.join("; "),
        format::loss(figure(told, "maximum"))
    );
    let words = Words { id: "losses", title: "How many years lose how much", says: &says };
    let years = told.at("years").number();
    let draw = |width, size| {
        charts::histogram(
            &bins,
            years,
            &marks,
            (width, 320.0),
            ("lost in a year, ETH", format::short),
            &words,
            size,
        )
    };
    charts::figure(
        &html! {
            @let without = figure(told, "share_without_loss");
            @if without > 0.0 { (super::percent(without)) " of the years lose nothing" }
            @else { "No year passes without a loss" }
        },
        "Each bar: how many of the drawn years lost that much. The scale is logarithmic: a line is ten times the one below. The red line is the mean of the worst 1 %.",
        &html! {},
        [draw(1038.0, Size::Wide), draw(312.0, Size::Narrow)],
        Some(("Same figures as a table", table(&bins, years))),
    )
}

fn table(bins: &[Bin], years: u64) -> Markup {
    parts::scroll(
        "Losses",
        &html! {
            table class="dense" {
                (parts::head(&[("Lost in a year, ETH", false), ("Years", true), ("Of all", true)]))
                tbody { @for bin in bins.iter().filter(|bin| bin.count > 0) {
                    tr {
                        th scope="row" { (format::loss(bin.from)) " to " (format::loss(bin.to)) }
                        td class="n" { (format::grouped(bin.count)) }
                        td class="n" { (format::share(alloy_primitives::U256::from(bin.count), alloy_primitives::U256::from(years))) }
                    }
                } }
            }
        },
    )
}

/// Who carries the worst years.
fn hands(told: Told<'_>) -> Markup {
    let items = || told.at("contributions").items().take(MOST_OPERATORS);
    let bars: Vec<Bar> = items()
        .filter(|it| figure(*it, "tail") > 0.0)
        .map(|it| Bar {
            label: parts::short(it.at("operator").text()),
            value: figure(it, "tail"),
            figure: format::loss(figure(it, "tail")),
            class: "atrisk",
        })
        .collect();
    if bars.is_empty() {
        return html! { h2 { "Who carries the worst years" } p class="muted" { "Nobody: no drawn year lost anything." } };
    }
    let tail_mean = figure(tail(told, 0.99), "tail_mean");
    let first = bars.first().map_or(0.0, |bar| bar.value);
    // Parts of years at the edge of the tail may add up to more than its mean.
    let whole = told.at("contributions").items().map(|it| figure(it, "tail")).sum::<f64>().max(tail_mean);
    let says = format!(
        "Of the {} ETH that the worst 1 % of years lose on average, the largest part is {}.",
        format::loss(tail_mean),
        format::loss(first)
    );
    let words = Words { id: "hands", title: "Operators by their part in the worst years", says: &says };
    let draw = |place, size| charts::hbars(&bars, place, None, &words, size);
    charts::figure(
        &html! {
            @if whole > 0.0 { "One operator carries " (super::percent_up(first / whole)) " of the worst years" }
            @else { "Who carries the worst years" }
        },
        "What an operator loses on average in the worst 1 % of years, ETH: parts of one sum. The ten largest.",
        &html! {},
        [draw((488.0, 92.0), Size::Wide), draw((312.0, 84.0), Size::Narrow)],
        Some((
            "Same figures as a table",
            parts::scroll(
                "Operators",
                &html! {
                    table class="dense" {
                        (parts::head(&[("Operator", false), ("Worst 1 %, ETH", true), ("Expected, ETH", true)]))
                        tbody { @for it in told.at("contributions").items() {
                            tr {
                                th scope="row" { (parts::account("operators", it.at("operator").text())) }
                                td class="n" { (format::loss(figure(it, "tail"))) }
                                td class="n" { (format::loss(figure(it, "mean"))) }
                            }
                        } }
                    }
                },
            ),
        )),
    )
}

fn assumed(told: Told<'_>) -> Markup {
    html! {
        section class="card" {
            h2 { "What this rests on" }
            ul class="plain" { @for it in told.at("assumptions").items() { li { (it.text()) } } }
            h3 { "Expected loss by cause, ETH a year" }
            dl class="kv" {
                @for (key, words) in CAUSES {
                    dt { (words) }
                    dd { @match figure(told.at("causes"), key) { value if value > 0.0 => { (format::loss(value)) }, _ => "none" } }
                }
            }
        }
    }
}
