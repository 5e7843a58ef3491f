//! `bulwark risk allocate --goal services`: which services an operator does best to serve, within a limit of expected
//! loss and of what it adds to the reason to attack.

use super::{AllocateArgs, DEFAULT_REWARD, read_rewards};
use crate::{
    failure::Failure,
    risk::answer::{Network, cut, name, number, percent, table},
};
use risk::{
    allocate::{Choice, choose, services::Limit},
    chart::{Bar, Look, Words, bars},
};
use serde_json::json;

/// Expected share of the stake that bugs of services may take a year, unless told otherwise.
const DEFAULT_LOSS: f64 = 0.01;

/// Chooses.
///
/// # Errors
/// An operator that is unknown or has no stake; a mode in which services are not chosen; bad rewards or limits.
pub(super) fn run(args: &AllocateArgs, of: &Network) -> Result<(), Failure> {
    let id = args.operator.as_deref().unwrap_or_default();
    let operator = of.operator(id)?;
    let model = args.chance.model(of)?;
    let names: Vec<&str> = of.graph.services().iter().map(|it| it.name.as_str()).collect();
    let rewards = match &args.rewards {
        Some(path) => read_rewards("service", &names, path)?,
        None => vec![DEFAULT_REWARD; names.len()],
    };
    let limit = Limit { loss: args.limit_loss.unwrap_or(DEFAULT_LOSS), slack: args.target_gamma };
    let choice = choose(&of.graph, operator, &rewards, &model, limit).map_err(Failure::new)?;
    let serves =
        |service: usize| of.graph.of_operator(operator).iter().any(|edge| edge.service as usize == service);
    let chosen: Vec<(&str, f64, bool)> = choice
        .services
        .iter()
        .filter_map(|it| Some((*names.get(*it)?, *rewards.get(*it)?, serves(*it))))
        .collect();
    let left: Vec<&str> = names
        .iter()
        .enumerate()
        .filter(|(it, _)| serves(*it) && !choice.services.contains(it))
        .map(|(_, name)| *name)
        .collect();
    let json = json!({
        "network": of.described(), "goal": "services", "operator": id, "choice": choice,
        "names": chosen.iter().map(|it| it.0).collect::<Vec<_>>(), "leave": left,
    });
    let title = format!(
        "{} does best with {} of {} services: {} a year",
        name(id),
        chosen.len(),
        names.len(),
        percent(choice.reward)
    );
    let told = told(of, &title, &choice, &chosen, &left);
    args.answer.give(&json, &told, || {
        let bar = |(name, reward, serves): &(&str, f64, bool)| Bar {
            label: (*name).to_owned(),
            value: reward * 100.0,
            text: percent(*reward),
            look: if *serves { Look::Own } else { Look::Plain },
        };
        let rows: Vec<Bar> = chosen.iter().map(bar).collect();
        let subtitle = format!("Reward a year by service, served today in colour. {}", of.assumptions());
        bars(&Words { title: title.clone(), subtitle }, &rows, None)
    })
}

fn told(of: &Network, title: &str, choice: &Choice, chosen: &[(&str, f64, bool)], left: &[&str]) -> String {
    let mut rows = vec![["service", "reward", "serves it"].map(String::from).to_vec()];
    rows.extend(chosen.iter().map(|(name, reward, serves)| {
        vec![cut(name, 40), percent(*reward), if *serves { "already" } else { "not yet" }.to_owned()]
    }));
    let left = if left.is_empty() { String::new() } else { format!("to leave: {}\n", left.join(", ")) };
    format!(
        "{title}.\n\n{}\n{left}expected loss {} a year, load {}; no choice within the limits pays more than {}\n{}\n",
        table(&rows),
        percent(choice.loss),
        number(choice.load, 4),
        percent(choice.at_most),
        of.assumptions()
    )
}
