//! `bulwark risk check`: is it secure, by how much, and why. Ends with 0 if secure, 2 if insecure, 3 if undecided.

use super::{
    answer::rows,
    print,
    solving::EffortArgs,
    source::{GraphArgs, Source},
};
use crate::{commands, failure::Failure, text};
use clap::{Args, ValueEnum};
use risk::{Slack, certificate, solve::Priced};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

/// When an attack counts as worth while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Profit {
    /// When it brings more than it costs
    Strict,
    /// When it brings as much as it costs
    Weak,
}

/// `bulwark risk check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The network.
    #[command(flatten)]
    pub network: GraphArgs,
    /// Only attacks that corrupt this service (name, id or index)
    #[arg(long, value_name = "SERVICE")]
    pub service: Option<String>,
    /// When an attack counts as worth while
    #[arg(long, value_enum, default_value = "strict", value_name = "WHEN")]
    pub profit: Profit,
    /// How far to compute.
    #[command(flatten)]
    pub effort: EffortArgs,
    /// Write the certificate to this file, for `bulwark risk verify`
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// As CSV: a row for each figure, its name in the JSON and its value
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
}

/// Answers.
///
/// # Errors
/// Insecure, undecided, or no answer.
pub fn run(args: &CheckArgs) -> Result<(), Failure> {
    let sources = args.network.read_each()?;
    let mut answers = Vec::new();
    for source in &sources {
        let service = match &args.service {
            // Of a chain, the service may be of either mode.
            Some(name) if sources.len() > 1 => match source.service(name) {
                Ok(service) => Some(service),
                Err(_) => continue,
            },
            named => named.as_deref().map(|name| source.service(name)).transpose()?,
        };
        answers.push((source, service, args.effort.solve(source, service)?));
    }
    // The figure of a network of two modes is the lower one (`decisions.md` 72).
    let weakest = answers.iter().min_by(|one, other| one.2.lower.total_cmp(&other.2.lower));
    let Some((source, service, slack)) = weakest else {
        let name = args.service.as_deref().unwrap_or_default();
        return Err(Failure::usage(format!("no mode has a service {name:?}")));
    };
    let service = *service;
    let secures: Vec<_> =
        answers.iter().map(|(_, _, slack)| slack.secure(args.profit == Profit::Weak)).collect();
    // One insecure mode is enough; all must be secure.
    let secure = match () {
        () if secures.contains(&Some(false)) => Some(false),
        () if secures.contains(&None) => None,
        () => Some(true),
    };
    if let Some(path) = &args.cert {
        let text = format!("{:#}\n", certificate::to_json(&slack.certificate));
        fs::write(path, text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    }
    let text = match args.json || args.csv {
        true => {
            let mut answer = answer(source, service, slack, secure);
            add_modes(&mut answer, source, &answers);
            if args.csv { rows(&answer) } else { format!("{answer:#}\n") }
        }
        false => told(source, service, slack, secure),
    };
    commands::print(&text)?;
    let subject = subject(source, service);
    match secure {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::negative(format!("{subject} is insecure: an attack pays"))),
        None => Err(Failure::undecided(format!("{subject}: undecided between {}", print::interval(slack)))
            .help("give it more --time, or a sharper --level")),
    }
}

fn subject(source: &Source, service: Option<usize>) -> String {
    let named = service.and_then(|service| source.graph.services().get(service));
    named.map_or_else(|| "the network".to_owned(), |service| service.name.clone())
}

/// Of a chain, the figures of each mode.
fn add_modes(answer: &mut Value, source: &Source, answers: &[(&Source, Option<usize>, Slack)]) {
    let (Some(fields), Some(counts)) = (answer.as_object_mut(), source.counts) else { return };
    let of = |(source, _, slack): &(&Source, Option<usize>, Slack)| {
        json!({
            "mode": source.graph.mode().name(),
            "operators": source.graph.operators().len(),
            "services": source.graph.services().len(),
            "stake_wei": source.graph.total_stake().to_string(),
            "gamma_lower": print::finite(slack.lower),
            "gamma_upper": print::finite(slack.upper),
        })
    };
    fields.insert("modes".into(), answers.iter().map(of).collect());
    fields.insert("services_unique".into(), counts.unique.into());
    fields.insert("services_full".into(), counts.full.into());
}

/// The JSON answer (decisions 71).
fn answer(source: &Source, service: Option<usize>, slack: &Slack, secure: Option<bool>) -> Value {
    let bytes = certificate::hash(&slack.certificate);
    json!({
        "secure": secure,
        "gamma_lower": print::finite(slack.lower),
        "gamma_upper": print::finite(slack.upper),
        "level": slack.level.name(),
        "mode": source.graph.mode().name(),
        "prize_rule": source.rule.map(|rule| rule.to_string()),
        "service": service.and_then(|it| source.graph.services().get(it)).map(|it| it.id.clone()),
        "block": source.block,
        "witness": slack.witness.as_ref().map(|witness| witness_json(source, witness)),
        "certificate": certificate::to_json(&slack.certificate),
        "certificate_hash": bytes,
        "cases": slack.cases,
        "caveat": source.caveat,
        "warnings": source.graph.warnings(),
    })
}

/// An attack as JSON, with names.
pub fn witness_json(source: &Source, witness: &Priced) -> Value {
    let services = witness.attack.services.iter().filter_map(|it| source.graph.services().get(*it as usize));
    let operators =
        witness.attack.operators.iter().filter_map(|it| source.graph.operators().get(*it as usize));
    json!({
        "services": services.map(|it| it.id.clone()).collect::<Vec<_>>(),
        "operators": operators.map(|it| it.id.clone()).collect::<Vec<_>>(),
        "parts": witness.attack.parts.len(),
        "cost_wei": witness.cost.to_string(),
        "prize_wei": witness.prize.to_string(),
    })
}

/// The answer for people: the verdict first.
fn told(source: &Source, service: Option<usize>, slack: &Slack, secure: Option<bool>) -> String {
    let subject = subject(source, service);
    let percent = |gamma: f64| print::exact_percent((gamma * 1e6).floor() / 1e6);
    let (style, verdict) = match secure {
        _ if slack.lower.is_infinite() => {
            (text::ACCENT, format!("{subject} is secure: nothing is to be gained"))
        }
        Some(true) => (
            text::ACCENT,
            format!(
                "{subject} is secure: every attack costs at least {} more than it brings",
                percent(slack.lower)
            ),
        ),
        Some(false) => (text::GONE, format!("{subject} is insecure: an attack brings more than it costs")),
        None => (text::CARE, format!("{subject}: undecided")),
    };
    let mut lines = vec![
        source.heading(),
        format!("{}{verdict}{}", style.render(), style.render_reset()),
        String::new(),
        format!("slack γ     {}, proved ({})", print::interval(slack), slack.level.name().to_uppercase()),
    ];
    if let Some(witness) = &slack.witness {
        lines.push(format!(
            "attack      {} services by {} operators: costs {}, brings {}",
            witness.attack.services.len(),
            operators_of(witness),
            print::proved(witness.cost),
            print::proved(witness.prize)
        ));
    }
    lines.push(format!("certificate {}", certificate::hash(&slack.certificate)));
    lines.extend(source.graph.warnings().into_iter().map(|it| format!("note        {it}")));
    lines.push(String::new());
    lines.push(format!(
        "{}Secure against profit within the model: not against bugs. Prizes are estimates.{}",
        text::DIM.render(),
        text::DIM.render_reset()
    ));
    if let Some(caveat) = source.caveat {
        lines.push(format!("{}Note: {caveat}.{}", text::DIM.render(), text::DIM.render_reset()));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// How many operators lose stake in an attack.
pub fn operators_of(witness: &Priced) -> usize {
    let mut names: Vec<u32> = witness.attack.parts.iter().map(|part| part.operator).collect();
    names.extend(&witness.attack.operators);
    names.sort_unstable();
    names.dedup();
    names.len()
}
