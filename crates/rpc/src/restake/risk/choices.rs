//! `restake_riskSimulate`, `…Price`, `…Allocate`, `…Leverage`: losses by chance, what carrying them is worth, and what to do
//! about it, on the network that the other questions of risk are about. Bounded by paths and by time.

#![allow(
    clippy::float_arithmetic,
    reason = "figures for people; what is certified comes from the integer checker"
)]

use super::{MOST_TIME, bounded, camel_case, code, failed, finite, network::Found, network::Question};
use crate::{context::Context, error::RpcError, json::Reply, params::Params, restake::ask::reply};
use risk::{
    Graph, Level, Limits, LossModel, Portfolio,
    allocate::{Goal, TopUp, plan, top_up, topup::with_additions},
    leverage::{self, Oracle, Scenario, scenario::NAMES},
    price::{DEFAULT_CAPITAL_COST, Terms, prices, prize_cap},
    simulate::{Options, Report, model, simulate},
    solve::DEFAULT_GAP,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Instant;

/// Simulated years unless told otherwise.
const USUAL_PATHS: u64 = 100_000;
/// Simulated years at most.
pub(super) const MOST_PATHS: u64 = 1_000_000;
/// Years times operators, services and portfolios at most: what two cores do in about [`MOST_TIME`].
const MOST_WORK: u64 = 4_000_000_000;
/// Slack above which nothing that is lost can make an attack pay.
const BOUNDLESS: f64 = 1e12;
/// Reward a year of every operator.
const USUAL_REWARD: f64 = 0.03;
/// Largest share of one operator unless told otherwise.
const USUAL_CAP: f64 = 0.25;
/// Halvings on the way to the cheapest purchase.
const TRIES: u32 = 8;

/// Losses by chance, with the slack that they were followed by.
fn run(found: &Found, question: &Question) -> Result<(Report, f64), RpcError> {
    let graph = &found.graph;
    let model = model_of(graph, question)?;
    let portfolios = match &question.portfolio {
        Some(given) => model::portfolios(graph, &given.to_string()).map_err(|error| failed(&error))?,
        None => Vec::new(),
    };
    let paths = question.paths.unwrap_or(USUAL_PATHS);
    let size = [graph.operators().len(), graph.services().len(), portfolios.len()].iter().sum::<usize>();
    if paths.saturating_mul(size as u64) > MOST_WORK {
        let most = MOST_WORK.checked_div(size.max(1) as u64).unwrap_or_default();
        return Err(RpcError::coded(code::TOO_LARGE, format!("{paths} paths, at most {most} here")));
    }
    let gamma = bounded(found, question, Level::C2)?.lower;
    let report = simulated(graph, &model, &portfolios, question, paths, gamma)?;
    Ok((report, gamma))
}

fn simulated(
    graph: &Graph,
    model: &LossModel,
    portfolios: &[Portfolio],
    question: &Question,
    paths: u64,
    gamma: f64,
) -> Result<Report, RpcError> {
    let options = Options {
        paths,
        seed: question.seed.unwrap_or(1),
        threads: 0,
        slack: if gamma.is_finite() { gamma } else { BOUNDLESS },
        follow: !question.honest.unwrap_or_default(),
    };
    let run = simulate(graph, model, portfolios, &options, &|_| ());
    run.map(|run| run.report).map_err(|error| failed(&error))
}

fn model_of(graph: &Graph, question: &Question) -> Result<LossModel, RpcError> {
    match &question.model {
        Some(given) => LossModel::parse(graph, &given.to_string()).map_err(|error| failed(&error)),
        None => Ok(LossModel::of_graph(graph)),
    }
}

/// Expected loss, value at risk, tail mean, by cause, operator and portfolio.
pub(super) fn simulation(_: &Context, found: &Found, question: &Question) -> Result<Value, RpcError> {
    let (report, gamma) = run(found, question)?;
    Ok(json!({ "gamma_lower": finite(gamma), "report": report }))
}

/// Fair premiums, and how far all prizes may grow.
pub(super) fn price(_: &Context, found: &Found, question: &Question) -> Result<Value, RpcError> {
    let (report, gamma) = run(found, question)?;
    let terms = Terms {
        capital_cost: question.k.unwrap_or(DEFAULT_CAPITAL_COST),
        loading: question.loading.unwrap_or_default(),
        opportunity: question.opportunity.unwrap_or_default(),
    };
    let prices = prices(&found.graph, &report, &terms).map_err(|error| failed(&error))?;
    let target = question.target_gamma.unwrap_or_default();
    let cap = prize_cap(gamma, target).map_err(|error| failed(&error))?;
    Ok(json!({
        "gamma_lower": finite(gamma),
        "paths": report.paths,
        "seed": report.seed,
        "prices": prices,
        "target_gamma": target,
        "prizes_may_grow": finite(cap),
    }))
}

/// A split, a purchase of security, or caps of prizes.
pub(super) fn allocation(_: &Context, found: &Found, question: &Question) -> Result<Value, RpcError> {
    match question.goal.as_deref() {
        None | Some("portfolio") => split(found, question),
        Some("topup") => purchase(found, question),
        Some("prizecap") => {
            let gamma = bounded(found, question, Level::C2)?.lower;
            let target = question.target_gamma.unwrap_or(0.2);
            let times = prize_cap(gamma, target).map_err(|error| failed(&error))?;
            Ok(json!({
                "goal": "prizecap",
                "target_gamma": target,
                "gamma_lower": finite(gamma),
                "all_times": finite(times),
            }))
        }
        Some(other) => {
            let shown: String = other.chars().take(32).collect();
            let why = format!("goal {shown:?} is not portfolio, topup or prizecap");
            Err(RpcError::coded(code::OUT_OF_RANGE, why))
        }
    }
}

fn split(found: &Found, question: &Question) -> Result<Value, RpcError> {
    let graph = &found.graph;
    let model = model_of(graph, question)?;
    let rewards = vec![USUAL_REWARD; graph.operators().len()];
    let goal = match (question.limit_loss, question.reward) {
        (Some(limit), _) => Goal::LossLimit(limit),
        (None, Some(reward)) => Goal::Reward(reward),
        (None, None) => Goal::Reward(-1e9),
    };
    // Few operators cannot take small shares only.
    let cap = question.cap.unwrap_or(USUAL_CAP).max(1.0 / graph.operators().len().max(1) as f64);
    let plan = plan(graph, &model, &rewards, cap, goal, question.seed.unwrap_or(1));
    Ok(json!({ "goal": "portfolio", "plan": plan.map_err(|error| failed(&error))? }))
}

/// The cheapest purchase whose slack is certified, as far as time allows. The load condition asks for more than is
/// needed, so its own target is lowered as far as the solver still certifies.
fn purchase(found: &Found, question: &Question) -> Result<Value, RpcError> {
    let began = Instant::now();
    let graph = &found.graph;
    let target = question.target_gamma.unwrap_or(0.2);
    let bought = |target: f64| top_up(graph, target).map_err(|error| failed(&error));
    let now = bounded(found, question, Level::C2)?.lower;
    let (mut best, mut certified) = (bought(target)?, now);
    if now >= target {
        best = TopUp { additions: Vec::new(), allocations: Vec::new(), total: 0, at_least: 0, ..best };
    } else {
        certified = after(graph, &best)?;
        let (mut low, mut high) = (-0.999, target);
        for _ in 0..TRIES {
            if began.elapsed() > MOST_TIME {
                break;
            }
            let middle = f64::midpoint(low, high);
            let cheaper = bought(middle)?;
            let reached = after(graph, &cheaper)?;
            if reached >= target {
                (high, best, certified) = (middle, cheaper, reached);
            } else {
                low = middle;
            }
        }
        best.target = target;
    }
    Ok(json!({
        "goal": "topup",
        "gamma_lower": finite(now),
        "gamma_after": finite(certified),
        "reached": certified >= target,
        "plan": best,
    }))
}

/// Certified slack after a purchase.
fn after(graph: &Graph, bought: &TopUp) -> Result<f64, RpcError> {
    let graph = with_additions(graph, &bought.additions).map_err(|error| failed(&error))?;
    let began = Instant::now();
    let mut stop = |_| began.elapsed() >= MOST_TIME;
    let mut limits = Limits { gap: DEFAULT_GAP, cases: u64::MAX, stop: &mut stop };
    Ok(risk::slack(&graph, Level::C2, &mut limits).map_err(|error| failed(&error))?.lower)
}

/// A scenario of a liquid token, its loops and its lenders: no figure of this chain.
pub(super) fn leverage(_: &Context, params: Params<'_>) -> Reply {
    #[derive(Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Ask {
        scenario: Option<Value>,
        oracle: Option<String>,
    }
    let Ask { scenario, oracle } = params.args()?.optional(0, "scenario")?.unwrap_or_default();
    let mut scenario: Scenario = match scenario {
        None => named(NAMES[0])?,
        Some(Value::String(name)) => named(&name)?,
        Some(given) => serde_json::from_value(given)
            .map_err(|error| RpcError::coded(code::NOT_A_NUMBER, format!("scenario: {error}")))?,
    };
    if let Some(kind) = oracle {
        let why = || RpcError::coded(code::OUT_OF_RANGE, "oracle is not market, nav or average:MINUTES");
        scenario.market.oracle = Oracle::of(&kind).ok_or_else(why)?;
    }
    let run = leverage::run(&scenario).map_err(|error| failed(&error))?;
    reply(Ok(camel_case(json!(run))))
}

fn named(name: &str) -> Result<Scenario, RpcError> {
    leverage::by_name(name).ok_or_else(|| {
        let shown: String = name.chars().take(32).collect();
        RpcError::coded(code::UNKNOWN, format!("no scenario {shown:?}; there are {}", NAMES.join(", ")))
    })
}
