//! Risk: a sentence with its condition, then the interval, then what else was assumed, before any chart. What this page
//! cannot tell is part of it.

pub(super) mod cascade;
mod form;
pub(super) mod held;
pub(super) mod losses;
pub(super) mod matrix;
pub(super) mod stress;

use super::{Drawn, draw};
use crate::{
    charts::{self, Axes, Line, Size, Words},
    format::{self, Round},
    parts,
    told::Told,
    viewer::Viewer,
};
use axum::{Extension, body::Body, http::Response};
use maud::{Markup, html};
use rpc::Reads;

/// The pages of risk: path, name.
const TABS: [(&str, &str); 6] = [
    ("/risk", "Is it secure?"),
    ("/risk/matrix", "Who secures whom"),
    ("/risk/stress", "What would break it"),
    ("/risk/cascade", "How a loss spreads"),
    ("/risk/losses", "What a year may cost"),
    ("/risk/concentration", "Who holds it"),
];
/// Slack to which the gauge reaches at least.
const LEAST_SLACK: f64 = 4.0;

/// The id, in hex, of a service that AVSDirectory alone knows.
const OF_DIRECTORY: &str = "ffffffffffffffffffffffff";
/// Operators that are named where many are spoken of.
const MOST_NAMED: usize = 12;

/// The pages of risk beside each other.
fn tabs(here: &str) -> Markup {
    html! {
        nav aria-label="Risk" { ul class="tabs" {
            @for (path, name) in TABS { li { a href=(path) aria-current=[(path == here).then_some("page")] { (name) } } }
        } }
    }
}

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
            (tabs("/risk"))
            (tiles(told))
            (slack(told.at("slack")))
            (attack(told.at("attack")))
            div class="sec" { section class="card" { (matrix::matrix(told.at("matrix"))) } }
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
            (interval(slack)) ": γ is how much more an attack loses than it wins. "
            @if assumed > 0 {
                "That holds " b { "if the prize of " (format::count(assumed, "set")) " of " (services) " is 3 % of what it can take" }
                ": they have declared none. Other prizes give another answer."
            } @else { "All " (services) " sets have declared their prize." }
        }
    }
}

/// Between what γ lies.
fn interval(slack: Told<'_>) -> Markup {
    let end = |name| slack.at(name).float().unwrap_or_default();
    let (lower, upper) = (format::bound(end("gamma_lower")), format::bound(end("gamma_upper")));
    html! {
        @if slack.at("gamma_upper").is_none() { "γ is at least " b { (lower) } }
        @else if lower == upper { "γ is " b { (lower) } }
        @else { "γ lies between " b { (lower) } " and " b { (upper) } }
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

/// The certified interval on its axis, with what it means for a loss that spreads.
fn slack(slack: Told<'_>) -> Markup {
    let (Some(lower), level) = (slack.at("gamma_lower").float(), slack.at("level").text()) else {
        return html! {};
    };
    // Where nothing is to be gained there is no upper end.
    let upper = slack.at("gamma_upper").float().unwrap_or(f64::INFINITY);
    let figure = match upper {
        upper if upper.is_infinite() => format!("γ ≥ {}", format::bound(lower)),
        upper if upper - lower < 1e-6 => format!("γ = {}", format::bound(lower)),
        upper => format!("γ = {} … {}", format::bound(lower), format::bound(upper)),
    };
    let reach = if upper.is_finite() { upper } else { lower };
    let high = (reach + 1.0).ceil().max(LEAST_SLACK);
    let says = format!("{figure}, by a proof of level {level}. Below zero an attack pays.");
    let words = Words { id: "slack", title: "Certified slack of the network", says: &says };
    let draw = |width, size| charts::gauge((lower, upper), (-1.0, high), &figure, width, &words, size);
    html! {
        div class="sec" { section class="card" {
            (charts::figure(
                &html! {
                    @if lower > 0.0 { "A shock grows to at most " (spread(lower)) " times itself" }
                    @else { "A shock may grow without a bound that is known" }
                },
                "Slack γ, lower and upper end certified. Right of zero no attack pays; hatched, one does. What is lost in a shock grows to at most 1 + 1/γ times itself.",
                &html! {},
                [draw(1038.0, Size::Wide), draw(312.0, Size::Narrow)],
                None,
            ))
        } }
    }
}

/// 1 + 1/γ, rounded up.
fn spread(gamma: f64) -> String {
    let figure = ((1.0 + 1.0 / gamma) * 100.0).ceil() / 100.0;
    if figure < 1e6 { format!("{figure:.2}") } else { "a million".into() }
}

/// A share given as a figure with a point, rounded down.
fn percent(share: f64) -> String {
    tenths((share * 1000.0 + 1e-9).floor())
}

/// A share given as a figure with a point, rounded up: what may be lost.
fn percent_up(share: f64) -> String {
    tenths((share * 1000.0 - 1e-9).ceil().max(0.0))
}

/// `12.3 %`, `10 %`.
fn tenths(tenths: f64) -> String {
    let said = format!("{:.1}", tenths / 10.0);
    format!("{} %", said.strip_suffix(".0").unwrap_or(&said))
}

fn attack(attack: Told<'_>) -> Markup {
    html! {
        @if !attack.at("attack").is_none() {
            div class="sec" { section class="card" {
                h2 { @if attack.at("profitable").is_true() { "The attack that pays" } @else { "The attack that comes nearest" } }
                (nearest(attack.at("attack")))
            } }
        }
    }
}

/// What an attack costs, beside what it wins.
fn nearest(nearest: Told<'_>) -> Markup {
    let ether = |amount: Told<'_>| format::position(amount.amount(), 18, Round::Up);
    let against = nearest.at("services").items();
    html! {
        dl class="kv" {
            dt { "It costs" } dd { (ether(nearest.at("cost"))) " ETH of stake" }
            dt { "It wins" } dd { (ether(nearest.at("prize"))) " ETH" }
            dt { "By" } dd { (hands(nearest)) }
            dt { "Against" } dd {
                @for it in against.clone().take(MOST_NAMED) { (service_key(it.text())) " " }
                @if against.len() > MOST_NAMED { "and " (against.len().saturating_sub(MOST_NAMED)) " more" }
            }
        }
    }
}

/// What an attack on one service costs against its profit: the service's own slack, and the attack that comes nearest.
pub(super) fn of_service(risk: Told<'_>) -> Markup {
    html! {
        div class="sec" { section class="card" {
            h2 { (service_verdict(risk)) }
            @if risk.at("gamma_lower").is_none() {
                p class="unknown" {
                    @if risk.at("unknown").is_none() { "It has declared that nothing is to be won by an attack." }
                    @else { "Unknown: " (format::foreign(risk.at("unknown").text())) }
                }
            } @else {
                p {
                    (interval(risk)) " for attacks in which it falls, alone or with others. "
                    @if risk.at("assumed_prizes").number() > 0 { "Where a service has declared no prize, 3 % of what corrupts it is assumed. " }
                    a href="/risk" { "The whole network" } ", " a href="/risk/stress" { "what would break it" } "."
                }
            }
            @if !risk.at("attack").is_none() { (nearest(risk.at("attack"))) }
        } }
    }
}

fn service_verdict(risk: Told<'_>) -> Markup {
    html! {
        @match (risk.at("profitable").is_true(), risk.at("gamma_lower").float()) {
            (true, _) => span class="lost" { "An attack on it pays" },
            (false, Some(gamma)) if gamma >= 0.0 => { "An attack on it loses at least " (times(gamma)) " what it wins" }
            _ => "What an attack on it costs",
        }
    }
}

/// The slack of one service in a table.
pub(super) fn slack_of(risk: Told<'_>) -> Markup {
    html! {
        @match risk.at("gamma_lower").float() {
            Some(gamma) => span class=(if gamma < 0.0 { "lost" } else { "" }) { "γ ≥ " (format::bound(gamma)) },
            None => span class="unknown" { "unknown" },
        }
    }
}

fn hands(nearest: Told<'_>) -> Markup {
    let parts = nearest.at("parts").items().map(|it| it.at("operator").text());
    operators(nearest.at("operators").items().map(Told::text).chain(parts))
}

/// Operators, the first of them by address.
pub(super) fn operators<'t>(all: impl Iterator<Item = &'t str>) -> Markup {
    let mut all: Vec<&str> = all.collect();
    all.sort_unstable();
    all.dedup();
    html! {
        @for it in all.iter().take(MOST_NAMED) { (parts::account("operators", it)) " " }
        @if all.len() > MOST_NAMED { "and " (all.len().saturating_sub(MOST_NAMED)) " more" }
    }
}

/// A service by its key of 32 bytes: avs and id, all ones for one that AVSDirectory alone knows.
fn service_key(key: &str) -> Markup {
    let avs = key.get(..42).unwrap_or(key);
    let (at, name) = (parts::checksummed(avs), parts::short(avs));
    match set_id(key) {
        Some(id) => html! { a class="addr" href=(format!("/services/{at}/sets/{id}")) { (name) ":" (id) } },
        None => html! { a class="addr" href=(format!("/services/{at}")) { (name) } },
    }
}

/// The id in a service's key; none for one that AVSDirectory alone knows.
fn set_id(key: &str) -> Option<u32> {
    let of_directory = key.len() == 66 && key.ends_with(OF_DIRECTORY);
    let id = key.get(58..).and_then(|id| u32::from_str_radix(id, 16).ok()).unwrap_or_default();
    (!of_directory).then_some(id)
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
            dd { @if stress.at("at_least").is_none() { span class="unknown" { "unknown" } } @else { "At least " b { (format::position(stress.at("at_least").amount(), 18, Round::Down)) " ETH" } " would have to vanish first." } }
            dt { "Cascade" }
            dd { @match cascade.at("bound").float() {
                Some(bound) => { "A shock of 1 % of stake grows to at most " b { (percent_up(bound)) } "." }
                None => span class="unknown" { "unknown: " (format::foreign(cascade.at("unknown").text())) }
            } }
        }
        p class="small muted" {
            "Further: " a href="/risk/stress" { "what would break it" } ", " a href="/risk/cascade" { "how a loss spreads" } ", "
            a href="/risk/losses" { "what a year may cost" } "."
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_lost_is_rounded_up_and_what_is_safe_down() {
        for (share, down, up) in [
            (0.0, "0 %", "0 %"),
            (0.1, "10 %", "10 %"),
            (0.123_41, "12.3 %", "12.4 %"),
            (1.0, "100 %", "100 %"),
        ] {
            assert_eq!((percent(share).as_str(), percent_up(share).as_str()), (down, up), "{share}");
        }
        assert_eq!((percent(0.000_01).as_str(), percent_up(0.000_01).as_str()), ("0 %", "0.1 %"));
        assert_eq!((spread(1.9065), spread(1e-9)), ("1.53".into(), "a million".into()));
    }
}
