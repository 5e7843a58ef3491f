//! `bulwark risk cascade`: the worst spread of a loss of ψ, or the rounds of attacks after a shock that is named.

use super::answer::{AnswerArgs, GraphArgs, Network, cut, name, percent, table, wei};
use crate::failure::Failure;
use clap::Args;
use risk::{
    Mode,
    cascade::{Attack, Cascade, bound, follow, worst},
    chart::{Bar, Line, Look, Panel, Words, bars, lines},
    simulate::model::members,
};
use serde_json::json;

/// Points of the curve over ψ.
const POINTS: u32 = 12;
/// Services named in a row.
const NAMED: usize = 3;

/// `bulwark risk cascade`.
#[derive(Debug, Args)]
pub struct CascadeArgs {
    /// Which network.
    #[command(flatten)]
    pub graph: GraphArgs,
    /// Share of all stake that a shock takes, chosen for the worst
    #[arg(long, default_value_t = 0.01)]
    pub psi: f64,
    /// Operators that are lost instead, or groups of them as cloud=NAME; repeat for several
    #[arg(long, value_name = "OPERATOR", conflicts_with = "psi")]
    pub shock: Vec<String>,
    /// Most rounds to show
    #[arg(long, default_value_t = 20)]
    pub rounds: usize,
    /// How to answer.
    #[command(flatten)]
    pub answer: AnswerArgs,
}

/// Searches or follows.
///
/// # Errors
/// A bad graph, share or name; a mode that has no cascades.
pub fn run(args: &CascadeArgs) -> Result<(), Failure> {
    let of = args.graph.read()?;
    if args.shock.is_empty() { search(args, &of) } else { after(args, &of) }
}

fn search(args: &CascadeArgs, of: &Network) -> Result<(), Failure> {
    if of.graph.mode() == Mode::Full && !(0.0..=1.0).contains(&args.psi) {
        return Err(Failure::usage(format!("--psi {} is outside [0, 1]", args.psi)));
    }
    let (slack, _) = of.certified_slack()?;
    let cascade = worst(&of.graph, args.psi, slack).map_err(Failure::new)?;
    let json = json!({
        "network": of.described(),
        "gamma_lower": finite(slack),
        "psi": cascade.psi,
        "loss_lower": cascade.lower,
        "loss_upper": cascade.upper,
        "bound": bound(slack, args.psi),
        "exhaustive": cascade.exhaustive,
        "shock": cascade.shock.iter().map(|it| id(of, *it)).collect::<Vec<_>>(),
        "shock_stake_wei": cascade.shock_stake.to_string(),
        "attack": cascade.attack.as_ref().map(|it| described(of, it)),
    });
    args.answer.give(&json, &found(of, &cascade, slack), || curve(of, slack, args.psi))
}

/// A finite number, or nothing for infinity.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn id(of: &Network, operator: usize) -> &str {
    of.graph.operators().get(operator).map_or("", |it| &it.id)
}

fn described(of: &Network, attack: &Attack) -> serde_json::Value {
    let services: Vec<&str> = attack
        .services
        .iter()
        .filter_map(|it| of.graph.services().get(*it))
        .map(|it| it.name.as_str())
        .collect();
    json!({
        "services": services,
        "operators": attack.operators.iter().map(|it| id(of, *it)).collect::<Vec<_>>(),
        "cost_wei": attack.cost.to_string(),
        "prize_wei": attack.prize.to_string(),
    })
}

/// Names of attacked services, the first few.
pub fn attacked(of: &Network, attack: &Attack) -> String {
    let names: Vec<String> = attack
        .services
        .iter()
        .take(NAMED)
        .filter_map(|it| of.graph.services().get(*it))
        .map(|it| cut(&it.name, 30))
        .collect();
    match attack.services.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

fn found(of: &Network, cascade: &Cascade, slack: f64) -> String {
    let (low, high) = (percent(cascade.lower), percent(cascade.upper));
    let range = if cascade.exhaustive { low.clone() } else { format!("between {low} and {high}") };
    let verdict = format!("A shock of {} costs at worst {range} of all stake.", percent(cascade.psi));
    let mut rows = vec![
        vec!["worst found".into(), low],
        vec![
            "bound".into(),
            high,
            if slack > 0.0 {
                format!("  (1 + 1/γ)·ψ, γ ≥ {slack:.4} certified")
            } else {
                "  no slack to rely on".into()
            },
        ],
        vec![
            "shock".into(),
            format!("{} ETH", wei(cascade.shock_stake)),
            format!("  {} operators", cascade.shock.len()),
        ],
    ];
    match &cascade.attack {
        Some(attack) => {
            rows.push(vec![
                "attack costs".into(),
                format!("{} ETH", wei(attack.cost)),
                format!("  {} operators", attack.operators.len()),
            ]);
            rows.push(vec![
                "attack pays".into(),
                format!("{} ETH", wei(attack.prize)),
                format!("  {} services", attack.services.len()),
            ]);
        }
        None => rows.push(vec!["attack".into(), "none pays".into()]),
    }
    let through =
        cascade.attack.as_ref().map_or(String::new(), |it| format!("  through {}\n", attacked(of, it)));
    format!("{verdict}\n\n{}{through}\n{}\n", table(&rows), of.assumptions())
}

fn curve(of: &Network, slack: f64, psi: f64) -> String {
    let most = (psi * 2.0).clamp(0.02, 1.0);
    let shares: Vec<f64> = (0..=POINTS).map(|step| most * f64::from(step) / f64::from(POINTS)).collect();
    let at = |share: f64| worst(&of.graph, share, slack).map_or((share, 1.0), |it| (it.lower, it.upper));
    let values: Vec<(f64, (f64, f64))> = shares.iter().map(|share| (*share, at(*share))).collect();
    let line = |name: &str, look: Look, value: &dyn Fn(f64, (f64, f64)) -> f64| Line {
        name: name.into(),
        look,
        points: values.iter().map(|(share, ends)| (share * 100.0, value(*share, *ends) * 100.0)).collect(),
    };
    let panel = Panel {
        label: "% of stake lost".into(),
        lines: vec![
            line("bound", Look::Bound, &|_, ends| ends.1),
            line("worst found", Look::Loss, &|_, ends| ends.0),
            line("the shock alone", Look::Plain, &|share, _| share),
        ],
        from_zero: true,
    };
    let (low, high) = at(psi);
    let title =
        format!("A shock of {} costs between {} and {} of stake", percent(psi), percent(low), percent(high));
    lines(&Words { title, subtitle: of.assumptions() }, &[panel], "% of stake taken by the shock")
}

fn after(args: &CascadeArgs, of: &Network) -> Result<(), Failure> {
    let mut shock = Vec::new();
    for name in &args.shock {
        match name.split_once('=') {
            Some((kind, tag)) => {
                let of_group = members(&of.graph, kind, tag);
                if of_group.is_empty() {
                    return Err(Failure::new(format!("no operator of the graph is tagged {name}")));
                }
                shock.extend(of_group.into_iter().map(|it| it as usize));
            }
            None => shock.push(of.operator(name)?),
        }
    }
    shock.sort_unstable();
    shock.dedup();
    let rounds = follow(&of.graph, &shock).map_err(Failure::new)?;
    let stake: u128 = shock.iter().filter_map(|it| of.graph.operators().get(*it)).map(|it| it.stake).sum();
    let total = of.graph.total_stake();
    let lost = rounds.iter().fold(stake, |sum, it| sum.saturating_add(it.cost));
    let json = json!({
        "network": of.described(),
        "shock": shock.iter().map(|it| id(of, *it)).collect::<Vec<_>>(),
        "shock_stake_wei": stake.to_string(),
        "rounds": rounds.iter().map(|it| described(of, it)).collect::<Vec<_>>(),
        "lost_wei": lost.to_string(),
        "lost_share": share(lost, total),
    });
    let title = format!(
        "Losing {} of stake is followed by {} and {} lost in all.",
        percent(share(stake, total)),
        match rounds.len() {
            0 => "no attack that the search finds,".to_owned(),
            1 => "one round of attack,".to_owned(),
            count => format!("{count} rounds of attack,"),
        },
        percent(share(lost, total))
    );
    let told = rounds_told(args, of, &title, stake, &rounds);
    args.answer.give(&json, &told, || rounds_chart(of, &title, stake, &rounds))
}

fn share(part: u128, total: u128) -> f64 {
    if total == 0 { 0.0 } else { part as f64 / total as f64 }
}

fn rounds_told(args: &CascadeArgs, of: &Network, title: &str, stake: u128, rounds: &[Attack]) -> String {
    let mut rows = vec![["round", "lost ETH", "prize ETH", "operators"].map(String::from).to_vec()];
    rows.push(vec!["shock".into(), wei(stake)]);
    for (index, round) in rounds.iter().take(args.rounds).enumerate() {
        let number = index.saturating_add(1);
        rows.push(vec![
            format!("{number}: {}", attacked(of, round)),
            wei(round.cost),
            wei(round.prize),
            round.operators.len().to_string(),
        ]);
    }
    let first: Vec<String> = args.shock.iter().take(3).map(|it| name(it)).collect();
    format!("{title}\n\n{}\nshock: {}\n{}\n", table(&rows), first.join(", "), of.assumptions())
}

fn rounds_chart(of: &Network, title: &str, stake: u128, rounds: &[Attack]) -> String {
    let row = |label: String, amount: u128, look: Look| Bar {
        label,
        value: amount as f64 / 1e18,
        text: format!("{} ETH", wei(amount)),
        look,
    };
    let mut rows = vec![row("shock".into(), stake, Look::Bound)];
    rows.extend(rounds.iter().take(20).map(|it| row(attacked(of, it), it.cost, Look::Loss)));
    bars(&Words { title: title.trim_end_matches('.').into(), subtitle: of.assumptions() }, &rows, None)
}
