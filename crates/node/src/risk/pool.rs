//! `bulwark risk pool`: what it costs to corrupt one service that stands alone, one in a pool, and all of a pool.

use super::answer::{AnswerArgs, table};
use crate::{failure::Failure, text};
use clap::Args;
use risk::{
    Ratio,
    chart::{Bar, Look, Words, bars},
    pool::{Pool, pool},
};
use serde_json::json;

/// `bulwark risk pool`.
#[derive(Debug, Args)]
pub struct PoolArgs {
    /// Number of services
    #[arg(long, default_value_t = 100)]
    pub services: u64,
    /// What each has at stake, in whole dollars (or any other unit)
    #[arg(long, default_value_t = 1_000_000_000)]
    pub stake: u128,
    /// Fraction of the stake that corrupts a service
    #[arg(long, default_value = "1/3", value_name = "N/D", value_parser = Ratio::parse)]
    pub theta: Ratio,
    /// How to answer.
    #[command(flatten)]
    pub answer: AnswerArgs,
}

/// Compares.
///
/// # Errors
/// Figures outside their limits.
pub fn run(args: &PoolArgs) -> Result<(), Failure> {
    let answer = pool(args.services, args.stake, args.theta).map_err(Failure::usage)?;
    let theta = format!("{}/{}", args.theta.num, args.theta.den);
    let json = json!({
        "services": answer.services,
        "theta": theta,
        "stake": answer.stake.to_string(),
        "isolated": answer.isolated.to_string(),
        "pooled_stake": answer.pooled_stake.to_string(),
        "pooled": answer.pooled.to_string(),
        "pooled_each": answer.pooled_each.to_string(),
        "unique": answer.unique.to_string(),
        "times": answer.times,
    });
    args.answer.give(&json, &told(&answer, &theta), || chart(&answer))
}

fn title(answer: &Pool) -> String {
    format!(
        "Corrupting one of {} services costs {} alone, {} in the pool.",
        text::grouped(answer.services),
        dollars(answer.isolated),
        dollars(answer.pooled)
    )
}

/// Money in the unit that people say, rounded down.
fn dollars(amount: u128) -> String {
    let units = [(1_000_000_000_000u128, " T"), (1_000_000_000, " B"), (1_000_000, " M")];
    match units.into_iter().find(|(unit, _)| amount >= *unit) {
        Some((unit, word)) => {
            let hundredths = amount.saturating_mul(100).checked_div(unit).unwrap_or_default().to_string();
            let (whole, rest) = hundredths.split_at(hundredths.len().saturating_sub(2));
            format!("${whole}.{rest}{word}")
        }
        None => format!("${}", text::grouped(amount)),
    }
}

fn told(answer: &Pool, theta: &str) -> String {
    let row =
        |what: &str, amount: u128, note: &str| vec![what.to_owned(), dollars(amount), format!("  {note}")];
    let rows = [
        row("isolated, one service", answer.isolated, "its own stake, times θ"),
        row("pooled, one service", answer.pooled, "all stake, times θ"),
        row("pooled, each of all", answer.pooled_each, "the same attack takes every service at once"),
        row("unique, one service", answer.unique, "stake split evenly, each part counts once"),
    ];
    format!(
        "{}\n\n{}\nθ = {theta}. The pool makes one attack {} times dearer; it makes no capital: whoever can pay\nfor it may corrupt every service at once. Rely on the unique figure.\n",
        title(answer),
        table(&rows),
        text::grouped(answer.times)
    )
}

fn chart(answer: &Pool) -> String {
    let bar = |label: &str, amount: u128, look: Look| Bar {
        label: label.into(),
        value: amount as f64,
        text: dollars(amount),
        look,
    };
    let rows = [
        bar("isolated, one service", answer.isolated, Look::Own),
        bar("pooled, one service", answer.pooled, Look::Plain),
        bar("pooled, each of all at once", answer.pooled_each, Look::Bound),
        bar("unique, one service", answer.unique, Look::Own),
    ];
    let subtitle = "What an attacker must control. The pooled figure holds for an attack on one service; an attack on all \
                    at once divides it back.";
    let title = format!(
        "A pool of {} makes one attack {} times dearer, not all of them",
        answer.services, answer.times
    );
    bars(&Words { title, subtitle: subtitle.into() }, &rows, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_rounded_down_in_the_unit_that_people_say() {
        assert_eq!(dollars(333_333_333), "$333.33 M");
        assert_eq!(dollars(33_333_333_333), "$33.33 B");
        assert_eq!(dollars(999_999), "$999,999");
    }
}
