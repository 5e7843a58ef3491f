//! `bulwark risk price`: the fair premium of slashing risk for the network, operators, services and portfolios, and how
//! far every prize may grow before a wanted slack is gone.

use super::{
    answer::{AnswerArgs, GraphArgs, Network, cut, ether, in_file, name, number, read, table},
    simulate::{ChanceArgs, rate},
};
use crate::failure::Failure;
use clap::Args;
use risk::{
    chart::{Bar, Look, Words, bars},
    price::{DEFAULT_CAPITAL_COST, Premium, Prices, Terms, prices, prize_cap},
    simulate::{Sampling, model},
};
use serde_json::json;
use std::path::PathBuf;

/// Rows shown of each kind.
const SHOWN: usize = 10;

/// `bulwark risk price`.
#[derive(Debug, Args)]
pub struct PriceArgs {
    /// Which network.
    #[command(flatten)]
    pub graph: GraphArgs,
    /// How to simulate.
    #[command(flatten)]
    pub chance: ChanceArgs,
    /// Cost of capital a year
    #[arg(long, default_value_t = DEFAULT_CAPITAL_COST)]
    pub k: f64,
    /// Loading on premiums
    #[arg(long, default_value_t = 0.0)]
    pub loading: f64,
    /// What stake would earn elsewhere, a year
    #[arg(long, default_value_t = 0.0)]
    pub opportunity: f64,
    /// Slack that must remain, for the cap of prizes
    #[arg(long, default_value_t = 0.0)]
    pub target_gamma: f64,
    /// Stakes by operator of stakers or liquid tokens (JSON)
    #[arg(long, value_name = "FILE")]
    pub portfolio: Option<PathBuf>,
    /// How to answer.
    #[command(flatten)]
    pub answer: AnswerArgs,
}

/// Prices.
///
/// # Errors
/// A bad graph, model, portfolio or term.
pub fn run(args: &PriceArgs) -> Result<(), Failure> {
    let of = args.graph.read()?;
    let model = args.chance.model(&of)?;
    let portfolios = match &args.portfolio {
        Some(path) => model::portfolios(&of.graph, &read(path)?).map_err(|error| in_file(path, &error))?,
        None => Vec::new(),
    };
    let (slack, _) = of.certified_slack()?;
    let cap = prize_cap(slack, args.target_gamma).map_err(Failure::usage)?;
    let report = args.chance.run(&of, &model, &portfolios, slack, Sampling::Plain)?.report;
    let terms = Terms { capital_cost: args.k, loading: args.loading, opportunity: args.opportunity };
    let answer = prices(&of.graph, &report, &terms).map_err(Failure::usage)?;
    let json = json!({
        "network": of.described(),
        "paths": report.paths,
        "seed": report.seed,
        "prices": answer,
        "prize_cap": { "target_gamma": args.target_gamma, "gamma_lower": slack.is_finite().then_some(slack),
            "times": cap.is_finite().then_some(cap) },
    });
    args.answer.give(&json, &told(args, &of, &answer, cap), || chart(&of, &answer))
}

fn title(answer: &Prices) -> String {
    format!(
        "Carrying the risk is worth {} of stake a year, {} ETH",
        rate(answer.network.rate),
        ether(answer.network.premium)
    )
}

fn told(args: &PriceArgs, of: &Network, answer: &Prices, cap: f64) -> String {
    let head =
        |what: &str| [what, "ETH", "expected", "worst 1 %", "premium", "a year"].map(String::from).to_vec();
    let row = |it: &Premium| {
        let figures = [it.stake, it.expected, it.tail, it.premium].map(ether);
        [vec![name(&it.name)], figures.to_vec(), vec![rate(it.rate)]].concat()
    };
    let mut rows = vec![head("whole"), row(&answer.network)];
    rows.extend(answer.portfolios.iter().map(row));
    let mut operators = vec![head("operator")];
    operators.extend(answer.operators.iter().take(SHOWN).map(row));
    let mut services = vec![
        ["service must pay", "ETH slashable", "for risk", "elsewhere", "a year"].map(String::from).to_vec(),
    ];
    let mut sorted: Vec<_> = answer.services.iter().collect();
    sorted.sort_by(|a, b| b.rate.total_cmp(&a.rate));
    services.extend(sorted.iter().take(SHOWN).map(|it| {
        vec![cut(&it.name, 28), ether(it.stake), ether(it.premium), ether(it.opportunity), rate(it.rate)]
    }));
    format!(
        "{}.\n\n{}\n{}\n{}\nEvery prize may be {} times as large and slack stays at least {}.\npremium = expected loss + k·(mean of the worst 1 % − expected), k = {}\n{}\n",
        title(answer),
        table(&rows),
        table(&operators),
        table(&services),
        number(cap, 4),
        args.target_gamma,
        args.k,
        of.assumptions()
    )
}

fn chart(of: &Network, answer: &Prices) -> String {
    let mut sorted: Vec<_> = answer.services.iter().collect();
    sorted.sort_by(|a, b| b.premium.total_cmp(&a.premium));
    let bar = |it: &&risk::price::Required| Bar {
        label: it.name.clone(),
        value: it.premium,
        text: format!("{} ETH", ether(it.premium)),
        look: Look::Bound,
    };
    let rows: Vec<Bar> = sorted.iter().take(25).map(bar).collect();
    let subtitle = format!(
        "What each service must pay a year for the risk that its operators carry for it. {}",
        of.assumptions()
    );
    bars(&Words { title: title(answer), subtitle }, &rows, None)
}
