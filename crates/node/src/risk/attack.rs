//! `bulwark risk attack`: the attack that costs least for what it brings: which services, whose stake.

use super::{
    answer::rows,
    check, print,
    solving::EffortArgs,
    source::{GraphArgs, Source},
};
use crate::{commands, failure::Failure, text};
use clap::Args;
use risk::{
    Slack,
    solve::{Priced, Subsidy},
};
use serde_json::json;

/// Rows shown to people; `--json` has all.
const SHOWN: usize = 20;

/// `bulwark risk attack`.
#[derive(Debug, Args)]
pub struct AttackArgs {
    /// The network.
    #[command(flatten)]
    pub network: GraphArgs,
    /// An attack that corrupts this service (name, id or index) [default: any]
    #[arg(long, value_name = "SERVICE")]
    pub service: Option<String>,
    /// Also the minimum subsidy b*: the least that an outsider must add until some attack breaks even
    #[arg(long, conflicts_with = "service")]
    pub subsidy: bool,
    /// How far to compute.
    #[command(flatten)]
    pub effort: EffortArgs,
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
/// No attack brings anything, or no answer.
pub fn run(args: &AttackArgs) -> Result<(), Failure> {
    let source = args.network.read()?;
    let service = args.service.as_deref().map(|name| source.service(name)).transpose()?;
    let slack = args.effort.solve(&source, service)?;
    let Some(witness) = &slack.witness else {
        return Err(Failure::negative("no attack was found: corrupting it brings nothing"));
    };
    let subsidy = if args.subsidy { args.effort.subsidy(&source)? } else { None };
    if args.json || args.csv {
        let answer = json!({
            "profitable": witness.prize > witness.cost,
            "attack": check::witness_json(&source, witness),
            "gamma_lower": print::finite(slack.lower),
            "gamma_upper": print::finite(slack.upper),
            "subsidy": subsidy.as_ref().map(|it| json!({
                "lower_wei": it.lower.to_string(), "upper_wei": it.upper.to_string(),
            })),
            "mode": source.graph.mode().name(),
            "prize_rule": source.rule.map(|rule| rule.to_string()),
            "block": source.block,
            "caveat": source.caveat,
        });
        return commands::print(&if args.csv { rows(&answer) } else { format!("{answer:#}\n") });
    }
    commands::print(&told(&source, &slack, witness, subsidy.as_ref()))
}

fn signed(wei: i128) -> String {
    let sign = if wei < 0 { "−" } else { "" };
    format!("{sign}{}", print::proved(wei.unsigned_abs()))
}

fn told(source: &Source, slack: &Slack, witness: &Priced, subsidy: Option<&Subsidy>) -> String {
    let pays = if witness.prize > witness.cost { "pays" } else { "does not pay" };
    let mut lines = vec![
        source.heading(),
        format!(
            "The cheapest attack for its prize {pays}: it costs {} and brings {}.",
            print::proved(witness.cost),
            print::proved(witness.prize)
        ),
        format!(
            "No attack has a better ratio than γ = {} (this one: {}).",
            print::gamma(slack.lower),
            print::gamma(slack.upper)
        ),
    ];
    lines.extend(subsidy.map(|it| {
        let (least, enough) = (signed(it.lower), signed(it.upper));
        format!("Minimum subsidy: with less than {least} no attack breaks even, with {enough} one does.")
    }));
    lines.push(String::new());
    let services = witness.attack.services.iter().filter_map(|it| {
        let (index, service) = (*it as usize, source.graph.services().get(*it as usize)?);
        let need = source.graph.need(index);
        Some(vec![print::cut(&service.name, 40), print::proved(need), print::proved(service.prize)])
    });
    let services: Vec<_> = services.collect();
    lines.push(print::table(&["service", "need", "prize"], services.get(..SHOWN).unwrap_or(&services)));
    lines.push(String::new());
    let mut burnt: Vec<_> =
        witness.attack.operators.iter().filter_map(|it| source.graph.operators().get(*it as usize)).collect();
    burnt.sort_by_key(|operator| std::cmp::Reverse(operator.stake));
    let operators: Vec<_> =
        burnt.iter().take(SHOWN).map(|it| vec![print::operator(&it.id), print::proved(it.stake)]).collect();
    if !operators.is_empty() {
        lines.push(print::table(&["operator", "stake lost"], &operators));
    }
    if let Some(more) = burnt.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push(format!("… and {more} more; --json shows them"));
    }
    if !witness.attack.parts.is_empty() {
        lines.push(format!("and parts of {} allocations of other operators", witness.attack.parts.len()));
    }
    if let Some(caveat) = source.caveat {
        lines.push(format!("{}Note: {caveat}.{}", text::DIM.render(), text::DIM.render_reset()));
    }
    lines.push(String::new());
    lines.join("\n")
}
