//! `bulwark risk allocate`: a staker's best split under a limit of loss, a service's cheapest purchase of security, caps
//! of prizes. Every plan is checked by the engine after it is made.

mod services;

use super::{
    answer::{AnswerArgs, GraphArgs, Network, cut, name, number, percent, progress, read, table, wei},
    simulate::ChanceArgs,
};
use crate::failure::Failure;
use clap::{Args, ValueEnum};
use risk::{
    Level, Limits,
    allocate::{Goal as Wish, Plan, TopUp, plan, top_up, topup::with_additions},
    chart::{Bar, Look, Words, bars},
    price::prize_cap,
};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Reward a year of every operator unless a file says otherwise.
const DEFAULT_REWARD: f64 = 0.03;
/// Rows shown.
const SHOWN: usize = 15;

/// What to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Goal {
    /// A split of stake over operators
    Portfolio,
    /// New stake by service
    Topup,
    /// How far prizes may grow
    Prizecap,
    /// The services that an operator does best to serve
    Services,
}

/// `bulwark risk allocate`.
#[derive(Debug, Args)]
pub struct AllocateArgs {
    /// Which network.
    #[command(flatten)]
    pub graph: GraphArgs,
    /// What to choose
    #[arg(long, value_enum, default_value = "portfolio")]
    pub goal: Goal,
    /// Which operator (services)
    #[arg(long, value_name = "OPERATOR", required_if_eq("goal", "services"))]
    pub operator: Option<String>,
    /// Slack that must hold (topup, prizecap), or that the operator's own load must leave possible (services)
    #[arg(long, default_value_t = 0.2)]
    pub target_gamma: f64,
    /// Most that the worst 1 % of years may take on average, as a share: then the reward is made as large as possible; with services the expected loss by their bugs [default: 0.01]
    #[arg(long, value_name = "SHARE", conflicts_with = "reward")]
    pub limit_loss: Option<f64>,
    /// Least reward a year, as a share: then the loss is made as small as possible
    #[arg(long, value_name = "SHARE")]
    pub reward: Option<f64>,
    /// Reward a year by operator, or by service with services (CSV: operator,reward) [default: 0.03 each]
    #[arg(long, value_name = "FILE")]
    pub rewards: Option<PathBuf>,
    /// Largest share of one operator
    #[arg(long, default_value_t = 0.25)]
    pub cap: f64,
    /// How to simulate.
    #[command(flatten)]
    pub chance: ChanceArgs,
    /// How to answer.
    #[command(flatten)]
    pub answer: AnswerArgs,
}

/// Chooses.
///
/// # Errors
/// A bad graph or a goal that nothing reaches.
pub fn run(args: &AllocateArgs) -> Result<(), Failure> {
    let of = args.graph.read()?;
    match args.goal {
        Goal::Portfolio => portfolio(args, &of),
        Goal::Topup => purchase(args, &of),
        Goal::Prizecap => caps(args, &of),
        Goal::Services => services::run(args, &of),
    }
}

fn portfolio(args: &AllocateArgs, of: &Network) -> Result<(), Failure> {
    let model = args.chance.model(of)?;
    let operators: Vec<&str> = of.graph.operators().iter().map(|it| it.id.as_str()).collect();
    let rewards = match &args.rewards {
        Some(path) => read_rewards("operator", &operators, path)?,
        None => vec![DEFAULT_REWARD; operators.len()],
    };
    let wish = match (args.limit_loss, args.reward) {
        (Some(limit), _) => Wish::LossLimit(limit),
        (None, reward) => Wish::Reward(reward.unwrap_or(f64::NEG_INFINITY).max(-1e9)),
    };
    let answer = plan(&of.graph, &model, &rewards, args.cap, wish, args.chance.seed).map_err(Failure::new)?;
    let json = json!({ "network": of.described(), "goal": "portfolio", "plan": answer });
    args.answer.give(&json, &split_told(of, &answer), || {
        let bar = |(_, id, share): &(usize, String, f64)| Bar {
            label: name(id),
            value: share * 100.0,
            text: percent(*share),
            look: Look::Own,
        };
        let rows: Vec<Bar> = answer.shares.iter().take(30).map(bar).collect();
        let subtitle = format!("Share of your stake by operator, the largest thirty. {}", of.assumptions());
        bars(&Words { title: split_title(&answer), subtitle }, &rows, None)
    })
}

fn split_title(answer: &Plan) -> String {
    format!(
        "Split over {} operators, the worst 1 % of years take {} (by stake: {})",
        answer.shares.len(),
        percent(answer.tail_mean),
        percent(answer.by_stake.2)
    )
}

fn split_told(of: &Network, answer: &Plan) -> String {
    let row = |what: &str, figures: (f64, f64, f64)| {
        vec![what.to_owned(), percent(figures.0), percent(figures.1), percent(figures.2)]
    };
    let rows = [
        ["", "reward", "expected loss", "worst 1 %"].map(String::from).to_vec(),
        row("this split", (answer.reward, answer.expected_loss, answer.tail_mean)),
        row("in proportion to stake", answer.by_stake),
    ];
    let mut shares = vec![["operator", "share"].map(String::from).to_vec()];
    shares.extend(answer.shares.iter().take(SHOWN).map(|(_, id, share)| vec![name(id), percent(*share)]));
    let more = answer.shares.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!("  and {more} more\n") } else { String::new() };
    format!(
        "{}.\n\n{}\n{}{more}\nNo split with this reward does better than {} on the same {} years.\n{}\n",
        split_title(answer),
        table(&rows),
        table(&shares),
        percent(answer.at_least),
        risk::allocate::portfolio::YEARS,
        of.assumptions()
    )
}

/// Reads rows of a name (of `kind`) and a reward; whatever is not named gets the default.
fn read_rewards(kind: &str, names: &[&str], path: &Path) -> Result<Vec<f64>, Failure> {
    let mut rewards = vec![DEFAULT_REWARD; names.len()];
    let heading = format!("{kind},reward");
    for (row, line) in read(path)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let place = format!("{}: line {}", path.display(), row.saturating_add(1));
        if row == 0 && line.trim().eq_ignore_ascii_case(&heading) {
            continue;
        }
        // Names of services may hold commas.
        let (id, reward) =
            line.rsplit_once(',').ok_or_else(|| Failure::new(format!("{place}: not {heading}")))?;
        let value: f64 = reward
            .trim()
            .parse()
            .ok()
            .filter(|it: &f64| it.is_finite() && it.abs() <= 10.0)
            .ok_or_else(|| Failure::new(format!("{place}: {reward:?} is no share from -10 to 10")))?;
        let known = names.iter().position(|it| it.eq_ignore_ascii_case(id.trim()));
        let slot = known.and_then(|it| rewards.get_mut(it));
        *slot.ok_or_else(|| Failure::new(format!("{place}: the graph has no {kind} {}", id.trim())))? = value;
    }
    Ok(rewards)
}

/// New stake by service: the smallest purchase whose certified slack reaches the target. The load condition asks for
/// more than is needed, so its own target is lowered as far as the solver still certifies.
fn purchase(args: &AllocateArgs, of: &Network) -> Result<(), Failure> {
    /// Halvings between the slack now and the target.
    const TRIES: u32 = 8;
    let (now, _) = of.certified_slack()?;
    let (mut best, mut certified) = (top_up(&of.graph, args.target_gamma).map_err(Failure::new)?, now);
    if now >= args.target_gamma {
        (best.additions, best.allocations) = (Vec::new(), Vec::new());
        (best.total, best.at_least) = (0, 0);
    } else {
        certified = after(of, &best)?;
        let (mut low, mut high) = (-0.999, args.target_gamma);
        for _ in 0..TRIES {
            let middle = (low + high) / 2.0;
            let cheaper = top_up(&of.graph, middle).map_err(Failure::new)?;
            let reached = after(of, &cheaper)?;
            if reached >= args.target_gamma {
                (high, best, certified) = (middle, cheaper, reached);
            } else {
                low = middle;
            }
        }
    }
    best.target = args.target_gamma;
    let bought =
        Purchase { now, certified, everywhere: in_proportion(of, now, args.target_gamma), plan: best };
    let json = json!({
        "network": of.described(), "goal": "topup", "gamma_now": now.is_finite().then_some(now),
        "gamma_after": certified.is_finite().then_some(certified), "reached": certified >= args.target_gamma,
        "plan": bought.plan, "in_proportion_wei": bought.everywhere.map(|it| it.to_string()),
    });
    args.answer.give(&json, &purchase_told(args, of, &bought), || {
        let bar = |it: &risk::allocate::topup::Addition| Bar {
            label: it.name.clone(),
            value: it.stake as f64 / 1e18,
            text: format!("{} ETH", wei(it.stake)),
            look: Look::Own,
        };
        let mut rows: Vec<Bar> = bought.plan.additions.iter().map(bar).collect();
        if let Some(all) = bought.everywhere.filter(|all| *all > 0) {
            let (label, text) = ("every operator, in proportion".into(), format!("{} ETH", wei(all)));
            rows.insert(0, Bar { label, value: all as f64 / 1e18, text, look: Look::Plain });
        }
        let title = purchase_title(args, &bought);
        bars(&Words { title, subtitle: format!("New stake by service. {}", of.assumptions()) }, &rows, None)
    })
}

/// The two ways to buy slack.
struct Purchase {
    now: f64,
    certified: f64,
    /// New stake of all operators in proportion, in wei, if slack scales with it.
    everywhere: Option<u128>,
    plan: TopUp,
}

/// 1 + γ scales with all stakes while prizes stay: what growth by (1 + target)/(1 + γ) costs.
fn in_proportion(of: &Network, now: f64, target: f64) -> Option<u128> {
    let growth = (1.0 + target) / (1.0 + now) - 1.0;
    (now > -1.0 && growth.is_finite())
        .then(|| (growth.max(0.0) * of.graph.total_stake() as f64).ceil() as u128)
}

/// Certified slack after a purchase.
fn after(of: &Network, purchase: &TopUp) -> Result<f64, Failure> {
    let graph = with_additions(&of.graph, &purchase.additions).map_err(Failure::new)?;
    Ok(of.with_graph(graph).certified_slack()?.0)
}

fn purchase_title(args: &AllocateArgs, bought: &Purchase) -> String {
    let (target, plan) = (args.target_gamma, &bought.plan);
    match bought.everywhere {
        _ if plan.total == 0 => format!("The network has slack {target} already: nothing to buy"),
        Some(all) if all < plan.total => {
            format!("{} ETH from all operators in proportion bring slack to {target}", wei(all))
        }
        _ => format!(
            "{} ETH of new stake for {} services bring slack to {target}",
            wei(plan.total),
            plan.additions.len()
        ),
    }
}

fn purchase_told(args: &AllocateArgs, of: &Network, bought: &Purchase) -> String {
    let plan = &bought.plan;
    let mut rows = vec![["by service", "new stake, ETH"].map(String::from).to_vec()];
    rows.extend(plan.additions.iter().map(|it| vec![cut(&it.name, 40), wei(it.stake)]));
    rows.push(vec!["together".into(), wei(plan.total)]);
    if let Some(all) = bought.everywhere {
        rows.push(vec!["or: every operator, in proportion".into(), wei(all)]);
    }
    let short: Vec<&str> =
        plan.short.iter().filter_map(|it| of.graph.services().get(*it)).map(|it| it.name.as_str()).collect();
    let short = match short.len() {
        0 => String::new(),
        _ => format!("needs exceed their operators' stake: {}\n", short.join(", ")),
    };
    format!(
        "{}.\n\n{}\nslack now {}, with the stake by service {} (certified)\n{short}{}\n",
        purchase_title(args, bought),
        table(&rows),
        number(bought.now, 4),
        number(bought.certified, 4),
        of.assumptions()
    )
}

/// All prizes together by the certified slack, and each alone by halving with the solver.
fn caps(args: &AllocateArgs, of: &Network) -> Result<(), Failure> {
    /// Halvings for one service.
    const TRIES: u32 = 12;
    /// Largest factor of one prize that is looked at.
    const MOST: f64 = 1_024.0;
    let (slack, _) = of.certified_slack()?;
    let together = prize_cap(slack, args.target_gamma).map_err(Failure::usage)?;
    let bar = progress(of.graph.services().len() as u64, "services");
    let mut alone = Vec::new();
    for service in 0..of.graph.services().len() {
        bar.set_position(service as u64);
        let (mut low, mut high) = (if together >= 1.0 { together } else { 0.0 }, MOST);
        for _ in 0..TRIES {
            let middle = if low > 0.0 { (low * high).sqrt() } else { high / 4.0 };
            if holds(of, service, middle, args.target_gamma)? { low = middle } else { high = middle }
        }
        alone.push(low);
    }
    bar.finish_and_clear();
    let named = of.graph.services().iter().zip(&alone);
    let json = json!({
        "network": of.described(), "goal": "prizecap", "target_gamma": args.target_gamma,
        "gamma_lower": slack.is_finite().then_some(slack), "all_times": together.is_finite().then_some(together),
        "services": named.clone().map(|(it, times)| json!({
            "name": it.name, "prize_wei": it.prize.to_string(), "times": times,
        })).collect::<Vec<_>>(),
    });
    let title = format!(
        "Every prize may be {} times as large and slack stays at least {}",
        number(together, 4),
        args.target_gamma
    );
    let mut rows = vec![["service, alone", "prize, ETH", "times", "up to, ETH"].map(String::from).to_vec()];
    rows.extend(named.clone().map(|(it, times)| {
        vec![cut(&it.name, 40), wei(it.prize), number(*times, 2), wei((it.prize as f64 * times) as u128)]
    }));
    let told =
        format!("{title}.\n\n{}\nslack {} certified\n{}\n", table(&rows), number(slack, 4), of.assumptions());
    args.answer.give(&json, &told, || {
        let rows: Vec<Bar> = named
            .map(|(it, times)| Bar {
                label: it.name.clone(),
                value: *times,
                text: format!("{}×", number(*times, 2)),
                look: Look::Bound,
            })
            .collect();
        let subtitle = format!("How many times as large each prize alone may be. {}", of.assumptions());
        bars(&Words { title: title.clone(), subtitle }, &rows, None)
    })
}

/// Whether the target is certified with one prize `times` as large.
fn holds(of: &Network, service: usize, times: f64, target: f64) -> Result<bool, Failure> {
    let mut prizes: Vec<u128> = of.graph.services().iter().map(|it| it.prize).collect();
    if let Some(prize) = prizes.get_mut(service) {
        *prize = (*prize as f64 * times) as u128;
    }
    let graph = of.graph.with_prizes(&prizes).map_err(Failure::new)?;
    let mut limits = Limits { gap: risk::solve::DEFAULT_GAP, cases: 1_000, stop: &mut |_| false };
    let slack = risk::slack(&graph, Level::C2, &mut limits).map_err(Failure::new)?;
    Ok(slack.lower >= target)
}
