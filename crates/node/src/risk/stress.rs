//! `bulwark risk stress`: the smallest loss of operators, groups or price that breaks a stated thing.

use super::{
    answer::{AnswerArgs, GraphArgs, Network, ether, in_file, name, number, percent, read, table, wei},
    cascade::attacked,
};
use crate::failure::Failure;
use clap::Args;
use risk::{
    chart::{Bar, Look, Words, bars},
    concentration::GroupBy,
    simulate::model,
    stress::{
        Outage, PriceFall, Stress, each_alone, outages, portfolio_shock, price_fall, smallest_outage,
        smallest_shock,
    },
};
use serde_json::json;
use std::path::PathBuf;

/// Rows shown.
const SHOWN: usize = 10;

/// `bulwark risk stress`.
#[derive(Debug, Args)]
pub struct StressArgs {
    /// Which network.
    #[command(flatten)]
    pub graph: GraphArgs,
    /// What must break: network, service:NAME, or loss:SHARE of a portfolio (as loss:0.1)
    #[arg(long = "break", default_value = "network", value_name = "WHAT")]
    pub what: String,
    /// By the loss of what: operator, a tag of the graph (cloud, client, entity), or price; service tells for each what it withstands alone
    #[arg(long, default_value = "operator", value_name = "CAUSE")]
    pub by: String,
    /// Stakes by operator (JSON), for loss:SHARE; the first portfolio counts
    #[arg(long, value_name = "FILE")]
    pub portfolio: Option<PathBuf>,
    /// How to answer.
    #[command(flatten)]
    pub answer: AnswerArgs,
}

/// Searches.
///
/// # Errors
/// A bad graph, target or cause.
pub fn run(args: &StressArgs) -> Result<(), Failure> {
    let of = args.graph.read()?;
    if let Some(share) = args.what.strip_prefix("loss:") {
        return portfolio(args, &of, share);
    }
    let service = match args.what.strip_prefix("service:") {
        Some(id) => Some(of.service(id)?),
        None if args.what == "network" => None,
        None => {
            return Err(Failure::usage(format!("cannot break {:?}", args.what))
                .help("network, service:NAME, or loss:SHARE with --portfolio"));
        }
    };
    let (lower, upper) = of.certified_slack()?;
    match args.by.as_str() {
        "price" => price(args, &of, price_fall(lower, upper), (lower, upper)),
        "operator" => {
            let stress = smallest_shock(&of.graph, service, lower).map_err(Failure::new)?;
            let rows = outages(&of.graph, &GroupBy::Operator, usize::MAX).map_err(Failure::new)?;
            tell(args, &of, &stress, &rows)
        }
        "service" if service.is_none() => {
            let each = each_alone(&of.graph).map_err(Failure::new)?;
            services(args, &of, &each, price_fall(lower, upper))
        }
        _ if service.is_some() => Err(Failure::usage("a service can be broken --by operator only")),
        kind => {
            let by = GroupBy::of(kind);
            let stress = smallest_outage(&of.graph, &by, lower).map_err(Failure::new)?;
            let rows = outages(&of.graph, &by, usize::MAX).map_err(Failure::new)?;
            tell(args, &of, &stress, &rows)
        }
    }
}

fn described(of: &Network, args: &StressArgs, stress: &Stress) -> serde_json::Value {
    json!({
        "network": of.described(),
        "break": args.what,
        "by": args.by,
        "at_least_wei": stress.at_least.to_string(),
        "exact": stress.exact,
        "found": stress.found.as_ref().map(|it| json!({
            "stake_wei": it.stake.to_string(),
            "psi": it.psi,
            "groups": it.groups,
            "operators": names_of(of, &it.operators),
            "attack": it.attack.as_ref().map(|attack| json!({
                "services": attack.services.iter().filter_map(|it| of.graph.services().get(*it)).map(|it| it.name.clone()).collect::<Vec<_>>(),
                "operators": names_of(of, &attack.operators),
                "cost_wei": attack.cost.to_string(),
                "prize_wei": attack.prize.to_string(),
            })),
        })),
    })
}

fn title(args: &StressArgs, stress: &Stress) -> String {
    let what = match args.what.strip_prefix("service:") {
        Some(service) => format!("make an attack on {service} pay"),
        None => "make an attack on the network pay".into(),
    };
    match &stress.found {
        Some(found) if found.groups.is_empty() => {
            format!("Losing {} ETH, {} of stake, can {what}", wei(found.stake), percent(found.psi))
        }
        Some(found) => format!(
            "The failure of {} ({} of stake) can {what}",
            found.groups.join(" and "),
            percent(found.psi)
        ),
        None => format!("No failure of these that was tried can {what}"),
    }
}

fn tell(args: &StressArgs, of: &Network, stress: &Stress, rows: &[Outage]) -> Result<(), Failure> {
    let mut told = format!("{}.\n\n", title(args, stress));
    let mut figures = Vec::new();
    if let Some(found) = &stress.found {
        figures.push(vec![
            "smallest found".into(),
            format!("{} ETH", wei(found.stake)),
            format!("  {} operators", found.operators.len()),
        ]);
    }
    let exact = if stress.exact { "  proved the smallest" } else { "  nothing below this can" };
    figures.push(vec!["at least".into(), format!("{} ETH", wei(stress.at_least)), exact.into()]);
    if let Some(attack) = stress.found.as_ref().and_then(|it| it.attack.as_ref()) {
        figures.push(vec![
            "then an attack costs".into(),
            format!("{} ETH", wei(attack.cost)),
            format!("  {} operators", attack.operators.len()),
        ]);
        figures.push(vec![
            "and pays".into(),
            format!("{} ETH", wei(attack.prize)),
            format!("  {}", attacked(of, attack)),
        ]);
    }
    told.push_str(&table(&figures));
    let mut lines = vec![["loss of one", "ETH", "of stake", "then"].map(String::from).to_vec()];
    lines.extend(rows.iter().take(SHOWN).map(|row| {
        let then = row
            .attack
            .as_ref()
            .map_or("no attack found".into(), |it| format!("attack on {}", attacked(of, it)));
        vec![name(&row.name), wei(row.stake), percent(row.psi), then]
    }));
    told.push_str(&format!("\n{}\n{}\n", table(&lines), of.assumptions()));
    let mut json = described(of, args, stress);
    if let Some(object) = json.as_object_mut() {
        object.insert("outages".into(), json!(rows));
    }
    args.answer.give(&json, &told, || chart(args, of, stress, rows))
}

fn chart(args: &StressArgs, of: &Network, stress: &Stress, rows: &[Outage]) -> String {
    let mut drawn: Vec<Bar> = Vec::new();
    if let Some(found) = &stress.found {
        let label =
            if found.groups.is_empty() { "smallest set found".into() } else { found.groups.join(" + ") };
        drawn.push(Bar {
            label,
            value: found.psi * 100.0,
            text: format!("{}: breaks", percent(found.psi)),
            look: Look::Loss,
        });
    }
    drawn.extend(rows.iter().take(SHOWN).map(|row| Bar {
        label: format!("{} {}", row.by, name(&row.name)),
        value: row.psi * 100.0,
        text: format!("{}{}", percent(row.psi), if row.attack.is_some() { ": breaks" } else { "" }),
        look: if row.attack.is_some() { Look::Loss } else { Look::Plain },
    }));
    let subtitle = format!(
        "Share of all stake that each takes with it; red where an attack pays afterwards. {}",
        of.assumptions()
    );
    bars(&Words { title: title(args, stress), subtitle }, &drawn, None)
}

/// What each service alone withstands, the weakest first, beside the fall of price that breaks the network.
fn services(args: &StressArgs, of: &Network, each: &[Stress], fall: PriceFall) -> Result<(), Failure> {
    let least = |it: &Stress| it.found.as_ref().map_or(u128::MAX, |it| it.stake);
    let mut order: Vec<(&risk::Service, &Stress)> = of.graph.services().iter().zip(each).collect();
    order.sort_by_key(|(_, it)| (least(it), it.at_least));
    let broken = |it: &Stress| it.found.as_ref().map_or("nothing breaks it".into(), |it| percent(it.psi));
    let title = match order.first() {
        Some((service, it)) if it.found.is_some() => format!(
            "{} is the weakest: an attack on it alone pays once {} of all stake is lost",
            service.name,
            broken(it)
        ),
        _ => "No loss of whole operators makes an attack on one service alone pay".into(),
    };
    let mut rows =
        vec![["service", "loss that breaks it, ETH", "of stake", "operators", ""].map(String::from).to_vec()];
    rows.extend(order.iter().map(|(service, it)| {
        let found = it.found.as_ref();
        vec![
            service.name.clone(),
            found.map_or("–".into(), |found| wei(found.stake)),
            broken(it),
            found.map_or(String::new(), |found| found.operators.len().to_string()),
            found
                .filter(|found| wei(found.stake) != wei(it.at_least))
                .map_or(String::new(), |_| format!("  at least {} ETH", wei(it.at_least))),
        ]
    }));
    let told = format!(
        "{title}.\n\n{}\nAll stake may lose {} of its price before an attack pays.\n\n{}\n",
        table(&rows),
        percent(fall.at_least),
        of.assumptions()
    );
    let json = json!({
        "network": of.described(),
        "by": "service",
        "services": order.iter().map(|(service, it)| json!({
            "service": service.name,
            "at_least_wei": it.at_least.to_string(),
            "exact": it.exact,
            "stake_wei": it.found.as_ref().map(|found| found.stake.to_string()),
            "psi": it.found.as_ref().map(|found| found.psi),
            "operators": it.found.as_ref().map(|found| names_of(of, &found.operators)),
        })).collect::<Vec<_>>(),
        "price_fall_at_least": fall.at_least,
        "price_fall_at_most": fall.at_most,
    });
    args.answer.give(&json, &told, || {
        let mut drawn = vec![Bar {
            label: "price of all stake".into(),
            value: fall.at_most * 100.0,
            text: percent(fall.at_most),
            look: Look::Loss,
        }];
        drawn.extend(order.iter().filter_map(|(service, it)| {
            let found = it.found.as_ref()?;
            let (label, text) = (service.name.clone(), percent(found.psi));
            Some(Bar { label, value: found.psi * 100.0, text, look: Look::Plain })
        }));
        let subtitle =
            format!("The smallest loss, of all stake, after which an attack pays. {}", of.assumptions());
        bars(&Words { title: title.clone(), subtitle }, &drawn, None)
    })
}

fn names_of(of: &Network, operators: &[usize]) -> Vec<String> {
    operators.iter().filter_map(|it| of.graph.operators().get(*it)).map(|it| it.id.clone()).collect()
}

fn price(args: &StressArgs, of: &Network, fall: PriceFall, slack: (f64, f64)) -> Result<(), Failure> {
    let title = format!(
        "The price of stake can fall by {} with prizes unchanged; a fall of {} lets an attack pay",
        percent(fall.at_least),
        percent(fall.at_most)
    );
    let json = json!({
        "network": of.described(), "break": args.what, "by": "price",
        "gamma_lower": slack.0.is_finite().then_some(slack.0), "gamma_upper": slack.1.is_finite().then_some(slack.1),
        "at_least": fall.at_least, "at_most": fall.at_most,
    });
    let told = format!(
        "{title}.\n\n  slack γ  {} … {}  certified\n\n{}\n",
        number(slack.0, 6),
        number(slack.1, 6),
        of.assumptions()
    );
    args.answer.give(&json, &told, || {
        let bar = |label: &str, value: f64, look: Look| Bar {
            label: label.into(),
            value: value * 100.0,
            text: percent(value),
            look,
        };
        let rows = [
            bar("certainly safe up to", fall.at_least, Look::Own),
            bar("an attack pays from", fall.at_most, Look::Loss),
        ];
        bars(&Words { title: title.clone(), subtitle: of.assumptions() }, &rows, None)
    })
}

fn portfolio(args: &StressArgs, of: &Network, share: &str) -> Result<(), Failure> {
    let wrong = || Failure::usage(format!("loss:{share} is no share above 0 and at most 1"));
    let share: f64 = share.parse().ok().filter(|it: &f64| *it > 0.0 && *it <= 1.0).ok_or_else(wrong)?;
    let path = args.portfolio.as_ref().ok_or_else(|| Failure::usage("loss:SHARE needs --portfolio FILE"))?;
    let portfolios = model::portfolios(&of.graph, &read(path)?).map_err(|error| in_file(path, &error))?;
    let first = portfolios.first().ok_or_else(|| Failure::new("the file has no portfolio"))?;
    let amount = ((first.total() as f64 * share) as u128).clamp(1, first.total().max(1));
    let stress = portfolio_shock(&of.graph, first, amount).map_err(Failure::new)?;
    let found = stress.found.as_ref().ok_or_else(|| Failure::new("no set of operators takes that much"))?;
    let title = format!(
        "{} operators with {} ETH must fail for {} to lose {}",
        found.operators.len(),
        wei(found.stake),
        first.name,
        percent(share)
    );
    let held = |it: usize| first.stakes.iter().find(|row| row.0 as usize == it).map_or(0, |row| row.1);
    let id = |it: usize| of.graph.operators().get(it).map_or(String::new(), |it| name(&it.id));
    let mut rows = vec![["operator", "its ETH", "of it yours"].map(String::from).to_vec()];
    rows.extend(found.operators.iter().take(SHOWN).map(|it| {
        let stake = of.graph.operators().get(*it).map_or(0, |it| it.stake);
        vec![id(*it), wei(stake), wei(held(*it))]
    }));
    let told = format!(
        "{title}.\n\n{}\n  at least {} ETH of operators' stake: nothing below this can\n\n{}\n",
        table(&rows),
        wei(stress.at_least),
        of.assumptions()
    );
    args.answer.give(&described(of, args, &stress), &told, || {
        let bar = |it: &usize| {
            let amount = held(*it) as f64 / 1e18;
            Bar { label: id(*it), value: amount, text: format!("{} ETH", ether(amount)), look: Look::Loss }
        };
        let drawn: Vec<Bar> = found.operators.iter().take(SHOWN).map(bar).collect();
        bars(&Words { title: title.clone(), subtitle: of.assumptions() }, &drawn, None)
    })
}
