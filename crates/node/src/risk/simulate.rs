//! `bulwark risk simulate`: losses by chance, of the network and of portfolios, and what leaving a service changes.

use super::answer::{
    AnswerArgs, GraphArgs, Network, ether, in_file, name, number, percent, progress, read, table,
};
use crate::{failure::Failure, text};
use clap::Args;
use risk::{
    LossModel, Portfolio,
    chart::{Look, Mark, Words, histogram},
    simulate::{Options, Paired, RareTail, Report, Run, Sampling, model, paired, rare_tail, simulate_by},
    statistics::Summary,
};
use serde_json::json;
use std::path::PathBuf;

/// Operators shown.
const SHOWN: usize = 5;

/// `bulwark risk simulate`.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Which network.
    #[command(flatten)]
    pub graph: GraphArgs,
    /// How to simulate.
    #[command(flatten)]
    pub chance: ChanceArgs,
    /// Stakes by operator of stakers or liquid tokens (JSON)
    #[arg(long, value_name = "FILE")]
    pub portfolio: Option<PathBuf>,
    /// Also without this service, on the same years: what it adds to the loss
    #[arg(long, value_name = "SERVICE")]
    pub without: Option<String>,
    /// Spread the years evenly (scrambled Sobol points): sharper means, for the same number of years
    #[arg(long)]
    pub sobol: bool,
    /// Also the tail beyond this level (0.9999: one year in 10,000), by drawing the weightiest faults more often
    #[arg(long, value_name = "LEVEL")]
    pub rare: Option<f64>,
    /// How to answer.
    #[command(flatten)]
    pub answer: AnswerArgs,
}

/// Paths, seed and model: shared with the verbs that price and choose.
#[derive(Debug, Args)]
#[command(next_help_heading = "Simulation")]
pub struct ChanceArgs {
    /// Simulated years
    #[arg(long, default_value = "1000000", value_parser = count, value_name = "NUMBER")]
    pub paths: u64,
    /// Seed of all chance; the same seed gives the same bits for any number of threads
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Threads [default: as many as there are cores]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub threads: usize,
    /// What can go wrong (JSON): faults, bugs, outages of clouds and clients [default: the graph's chances, else 1 % an operator]
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Do not follow attacks that losses make profitable
    #[arg(long)]
    pub honest: bool,
}

/// A whole number, also as `1e6`.
fn count(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no whole number, such as 1000000 or 1e6");
    let digits = text.replace('_', "");
    if let Ok(count) = digits.parse() {
        return Ok(count);
    }
    let (mantissa, exponent) = digits.split_once('e').ok_or_else(wrong)?;
    let (mantissa, exponent): (u64, u32) =
        (mantissa.parse().map_err(|_| wrong())?, exponent.parse().map_err(|_| wrong())?);
    10u64.checked_pow(exponent).and_then(|power| power.checked_mul(mantissa)).ok_or_else(wrong)
}

impl ChanceArgs {
    /// The model of losses.
    ///
    /// # Errors
    /// A model file that cannot be read, or what is wrong in it.
    pub fn model(&self, of: &Network) -> Result<LossModel, Failure> {
        match &self.model {
            Some(path) => LossModel::parse(&of.graph, &read(path)?).map_err(|error| in_file(path, &error)),
            None => Ok(LossModel::of_graph(&of.graph)),
        }
    }

    /// How the engine is to simulate, with a lower bound of the network's slack.
    fn options(&self, slack: f64) -> Options {
        let slack = if slack.is_finite() { slack } else { 1e12 };
        Options { paths: self.paths, seed: self.seed, threads: self.threads, slack, follow: !self.honest }
    }

    /// Simulates with a bar of progress.
    ///
    /// # Errors
    /// What the engine refuses.
    pub fn run(
        &self,
        of: &Network,
        model: &LossModel,
        portfolios: &[Portfolio],
        slack: f64,
        sampling: Sampling,
    ) -> Result<Run, Failure> {
        let options = self.options(slack);
        let bar = progress(self.paths, "years");
        let run =
            simulate_by(&of.graph, model, portfolios, &options, sampling, &|done| bar.set_position(done));
        bar.finish_and_clear();
        run.map_err(Failure::new)
    }
}

impl SimulateArgs {
    const fn sampling(&self) -> Sampling {
        if self.sobol { Sampling::Even } else { Sampling::Plain }
    }
}

/// Simulates.
///
/// # Errors
/// A bad graph, model, portfolio or level.
pub fn run(args: &SimulateArgs) -> Result<(), Failure> {
    let of = args.graph.read()?;
    let model = args.chance.model(&of)?;
    let portfolios = match &args.portfolio {
        Some(path) => model::portfolios(&of.graph, &read(path)?).map_err(|error| in_file(path, &error))?,
        None => Vec::new(),
    };
    let without = args.without.as_deref().map(|id| of.service(id)).transpose()?;
    let slack = if args.chance.honest { 0.0 } else { of.certified_slack()?.0 };
    let run = args.chance.run(&of, &model, &portfolios, slack, args.sampling())?;
    let difference = without.map(|service| added_by(args, &of, &model, service, &run)).transpose()?;
    let far = |level| rare_tail(&of.graph, &model, &args.chance.options(slack), level).map_err(Failure::new);
    let rare = args.rare.map(far).transpose()?;
    let sampling = if args.sobol { "even" } else { "plain" };
    let json = json!({ "network": of.described(), "report": run.report, "sampling": sampling, "rare": rare,
        "without": difference.map(|it| json!({
        "service": args.without,
        "mean_added": it.difference,
        "standard_error": it.error,
        "independent_error": it.independent_error,
    })) });
    let told = told(args, &of, &run.report, difference.as_ref(), rare.as_ref());
    args.answer.give(&json, &told, || chart(&of, &run.report))
}

/// What a service adds to the expected loss: the same years without its prize and its bugs.
fn added_by(
    args: &SimulateArgs,
    of: &Network,
    model: &LossModel,
    service: usize,
    with: &Run,
) -> Result<Paired, Failure> {
    let mut prizes: Vec<u128> = of.graph.services().iter().map(|it| it.prize).collect();
    let mut model = model.clone();
    if let (Some(prize), Some(chance)) = (prizes.get_mut(service), model.services.get_mut(service)) {
        *prize = 0;
        chance.probability = 0.0;
    }
    let graph = of.graph.with_prizes(&prizes).map_err(Failure::new)?;
    let left = of.with_graph(graph);
    let slack = if args.chance.honest { 0.0 } else { left.certified_slack()?.0 };
    let without = args.chance.run(&left, &model, &[], slack, args.sampling())?;
    Ok(paired(&without.samples, &with.samples))
}

fn figures(what: &str, loss: &Summary, stake: f64) -> Vec<Vec<String>> {
    let share = |amount: f64| if stake > 0.0 { percent(amount / stake) } else { percent(0.0) };
    let row = |label: String, amount: f64, note: String| vec![label, ether(amount), share(amount), note];
    let mut rows = vec![
        vec![what.to_owned(), "ETH".into(), "of stake".into()],
        row("  expected a year".into(), loss.mean, format!("± {}", ether(loss.mean_error * 1.96))),
    ];
    for tail in &loss.tails {
        let odds = (1.0 / (1.0 - tail.level)).round();
        let interval = format!("{} … {}", ether(tail.lower), ether(tail.upper));
        rows.push(row(format!("  1 year in {}", text::grouped(odds)), tail.value_at_risk, interval));
        rows.push(row("    mean beyond".into(), tail.tail_mean, String::new()));
    }
    rows.push(row("  worst seen".into(), loss.maximum, String::new()));
    rows
}

fn title(report: &Report) -> String {
    let tail = report.network.tail(0.99).map_or(0.0, |it| it.value_at_risk);
    format!(
        "{} ETH are lost in an expected year, more than {} in one of a hundred",
        ether(report.network.mean),
        ether(tail)
    )
}

/// A tail beyond what plain years show.
fn far_tail(rare: &RareTail, stake: f64) -> String {
    let share = |amount: f64| if stake > 0.0 { percent(amount / stake) } else { percent(0.0) };
    let odds = (1.0 / (1.0 - rare.level)).round();
    let rows = [
        vec!["by years of more faults, weighted".to_owned(), "ETH".into(), "of stake".into()],
        vec![
            format!("  1 year in {}", text::grouped(odds)),
            ether(rare.value_at_risk),
            share(rare.value_at_risk),
        ],
        vec!["    mean beyond".into(), ether(rare.tail_mean), share(rare.tail_mean)],
    ];
    format!("{}{} years reach it\n", table(&rows), text::grouped(rare.paths_in_tail))
}

fn told(
    args: &SimulateArgs,
    of: &Network,
    report: &Report,
    difference: Option<&Paired>,
    rare: Option<&RareTail>,
) -> String {
    let mut text = format!("{}.\n\n", title(report));
    text.push_str(&table(&figures("network", &report.network, report.stake)));
    for portfolio in &report.portfolios {
        text.push('\n');
        text.push_str(&table(&figures(&portfolio.name, &portfolio.loss, portfolio.stake)));
    }
    let causes = [
        ("operators' own faults", report.causes.operators),
        ("what operators share", report.causes.factors),
        ("wrong slashings", report.causes.services),
        ("attacks that followed", report.causes.attacks),
    ];
    let mut rows = vec![vec!["expected loss by cause".to_owned(), "ETH a year".into()]];
    rows.extend(causes.iter().map(|(cause, amount)| vec![format!("  {cause}"), ether(*amount)]));
    text.push_str(&format!("\n{}", table(&rows)));
    let mut rows = vec![vec!["in the worst 1 %, by operator".to_owned(), "ETH".into()]];
    rows.extend(
        report.operators.iter().take(SHOWN).map(|it| vec![format!("  {}", name(&it.id)), ether(it.tail)]),
    );
    text.push_str(&format!("\n{}", table(&rows)));
    if let (Some(pair), Some(service)) = (difference, &args.without) {
        text.push_str(&format!(
            "\n{service} adds {} ± {} ETH to the expected loss (on the same years; unpaired ± {}).\n",
            ether(pair.difference),
            ether(1.96 * pair.error),
            ether(1.96 * pair.independent_error)
        ));
    }
    if let Some(rare) = rare {
        text.push_str(&format!("\n{}", far_tail(rare, report.stake)));
    }
    let spread = if args.sobol { " evenly spread (± is an upper estimate)" } else { "" };
    let followed = match (report.attacks_followed, args.chance.honest) {
        (true, _) => format!(
            "attacks followed on {} of years; losses at most {} ETH on average",
            percent(report.share_with_attacks),
            ether(report.mean_bound)
        ),
        (false, true) => "attacks not followed".into(),
        (false, false) => format!("attacks are not followed in mode {}", of.graph.mode().name()),
    };
    text.push_str(&format!(
        "\n{} years{spread}, seed {}; {followed}\n{}\n",
        text::grouped(report.paths),
        report.seed,
        of.assumptions()
    ));
    text
}

fn chart(of: &Network, report: &Report) -> String {
    let loss = &report.network;
    let mark = |at: f64, words: String, look: Look| Mark { at, text: words, look };
    let mut marks = vec![mark(loss.mean, format!("expected {}", ether(loss.mean)), Look::Plain)];
    if let (Some(twenty), Some(hundred)) = (loss.tail(0.95), loss.tail(0.99)) {
        marks.push(mark(
            twenty.value_at_risk,
            format!("1 in 20: {}", ether(twenty.value_at_risk)),
            Look::Bound,
        ));
        marks.push(mark(
            hundred.value_at_risk,
            format!("1 in 100: {}", ether(hundred.value_at_risk)),
            Look::Bound,
        ));
        marks.push(mark(
            hundred.tail_mean,
            format!("mean of the worst 1 %: {}", ether(hundred.tail_mean)),
            Look::Loss,
        ));
    }
    let subtitle = format!(
        "{} simulated years; {} of them without loss. {}",
        text::grouped(report.paths),
        percent(loss.share_without_loss),
        of.assumptions()
    );
    histogram(&Words { title: title(report), subtitle }, &report.histogram, "ETH lost in a year", &marks)
}

/// A small number in words for the tables of other verbs.
pub fn rate(value: f64) -> String {
    format!("{} %", number(value * 100.0, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_years_are_read_as_people_write_them() {
        assert_eq!(count("1e6"), Ok(1_000_000));
        assert_eq!(count("1_000"), Ok(1_000));
        for text in ["", "-1", "1.5", "1e99", "e6", "many"] {
            assert!(count(text).is_err(), "{text}");
        }
    }
}
