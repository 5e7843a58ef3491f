//! Stake over blocks, as steps: what changes at a block changes there.

use super::operator::Tokens;
use crate::{
    charts::{self, Axes, Line, Size, Words, ratio},
    format::{self, Round},
    told::Told,
};
use alloy_primitives::U256;
use maud::{Markup, html};

/// Assets that are drawn.
const MOST_DRAWN: usize = 3;

/// A chart for each asset that was ever there: `whose` says what stands beside the amount, as "delegated to it".
pub(super) fn over_time(history: Told<'_>, whose: &str, tokens: &Tokens<'_>) -> Markup {
    let rows: Vec<(u64, Vec<U256>)> = history
        .at("items")
        .items()
        .map(|it| (it.at("block").number(), it.at("stake").items().map(Told::amount).collect()))
        .collect();
    let of = |place: usize| -> Vec<(u64, U256)> {
        rows.iter().map(|(block, stake)| (*block, stake.get(place).copied().unwrap_or_default())).collect()
    };
    let strategies = history.at("strategies").items().enumerate().map(|(place, it)| (it.text(), of(place)));
    let begun = strategies.map(|(strategy, steps)| {
        let begun: Vec<(u64, U256)> = steps.into_iter().skip_while(|step| step.1.is_zero()).collect();
        (strategy, begun)
    });
    let drawn = begun.filter(|(_, steps)| steps.len() > 1);
    html! {
        @for (place, (strategy, steps)) in drawn.take(MOST_DRAWN).enumerate() {
            div class="sec" { section class="card" { (asset(place, strategy, &steps, whose, tokens)) } }
        }
    }
}

fn asset(place: usize, strategy: &str, steps: &[(u64, U256)], whose: &str, tokens: &Tokens<'_>) -> Markup {
    let (symbol, decimals) = tokens.of(strategy);
    let unit = U256::from(10).saturating_pow(U256::from(decimals));
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (block, stake) in steps {
        let (x, y) = (position(*block), ratio(*stake, unit));
        // What was there until here.
        points.extend(points.last().map(|last| (x, last.1)));
        points.push((x, y));
    }
    let (first, last) = (steps.first(), steps.last());
    let said = |step: Option<&(u64, U256)>| {
        step.map_or_else(String::new, |(block, stake)| {
            format!("{} at block {}", tokens.says(strategy, *stake, Round::Down), format::grouped(block))
        })
    };
    let most = steps.iter().max_by_key(|step| step.1);
    let says = format!("{}, {}; the most seen: {}.", said(first), said(last), said(most));
    let (id, title) = (format!("over-time-{place}"), format!("Stake in {symbol} over time"));
    let words = Words { id: &id, title: &title, says: &says };
    let axes = Axes { x: "block", y: &symbol, x_figure: format::short, y_figure: format::short };
    let line = [Line { class: "ln", points }];
    let draw = |width, size| charts::lines(&line, &[], (width, 180.0), &axes, &words, size);
    let grew = first.zip(last).map(|(first, last)| last.1.cmp(&first.1));
    let verb = match grew {
        Some(std::cmp::Ordering::Greater) => "has grown",
        Some(std::cmp::Ordering::Less) => "has shrunk",
        _ => "is what it was",
    };
    let how = format!("{symbol} {whose}, at {} blocks, evenly spread since the first.", steps.len());
    charts::figure(
        &html! { "Stake in " (symbol) " " (verb) },
        &how,
        &html! {},
        [draw(1038.0, Size::Wide), draw(312.0, Size::Narrow)],
        Some(("Figures", html! { p { (says) } })),
    )
}

/// A block on an axis.
#[expect(clippy::cast_precision_loss, reason = "a length on a screen")]
fn position(block: u64) -> f64 {
    block as f64
}
