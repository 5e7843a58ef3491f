//! `bulwark risk concentration`: Nakamoto numbers, indices and the largest hands, by operator or tag.

use super::answer::{AnswerArgs, GraphArgs, Network, name, percent, table, wei};
use crate::failure::Failure;
use clap::Args;
use risk::{
    chart::{Line, Look, Panel, Words, lines},
    concentration::{Concentration, GroupBy, Joint, joint, network, service},
};
use serde_json::json;

/// `bulwark risk concentration`.
#[derive(Debug, Args)]
pub struct ConcentrationArgs {
    /// Which network.
    #[command(flatten)]
    pub graph: GraphArgs,
    /// Who counts as one hand: operator, or a tag of the graph (entity, cloud, client, lrt)
    #[arg(long, default_value = "operator", value_name = "TAG")]
    pub by: String,
    /// Only what this service can slash
    #[arg(long, value_name = "SERVICE")]
    pub service: Option<String>,
    /// How to answer.
    #[command(flatten)]
    pub answer: AnswerArgs,
}

/// Measures.
///
/// # Errors
/// A bad graph; an unknown service.
pub fn run(args: &ConcentrationArgs) -> Result<(), Failure> {
    let of = args.graph.read()?;
    let by = GroupBy::of(&args.by);
    if by != GroupBy::Operator && !of.graph.operators().iter().any(|it| it.groups.contains_key(&args.by)) {
        return Err(Failure::new(format!("no operator of the graph has a tag {:?}", args.by)));
    }
    let answer = match &args.service {
        Some(id) => service(&of.graph, &by, of.service(id)?).map_err(Failure::new)?,
        None => network(&of.graph, &by),
    };
    let all = joint(&of.graph, &by);
    let json =
        json!({ "network": of.described(), "service": args.service, "concentration": answer, "joint": all });
    args.answer.give(&json, &told(args, &of, &answer, &all), || chart(args, &of, &answer))
}

fn title(args: &ConcentrationArgs, answer: &Concentration) -> String {
    let third = answer.nakamoto.first().map_or(0, |it| it.hands);
    let what = args.service.as_ref().map_or("stake".into(), |service| format!("{service}'s stake"));
    let hands = if args.by == "operator" { "operators".into() } else { format!("hands (by {})", args.by) };
    format!("{third} of {} {hands} hold a third of {what}", answer.hands)
}

fn told(args: &ConcentrationArgs, of: &Network, answer: &Concentration, all: &Joint) -> String {
    let mut rows = vec![vec!["stake".into(), format!("{} ETH", wei(answer.stake))]];
    for mark in &answer.nakamoto {
        rows.push(vec![format!("Nakamoto {}/{}", mark.num, mark.den), mark.hands.to_string()]);
    }
    rows.push(vec!["HHI".into(), format!("{:.4}", answer.hhi)]);
    rows.push(vec!["Gini".into(), format!("{:.4}", answer.gini)]);
    for (count, share) in &answer.top {
        rows.push(vec![format!("largest {count}"), percent(*share)]);
    }
    let joint = if all.at_least == all.at_most {
        all.at_most.to_string()
    } else {
        format!("{} … {}", all.at_least, all.at_most)
    };
    rows.push(vec!["fewest for every service".into(), joint]);
    let mut largest = vec![vec!["largest".into(), "operators".into(), "ETH".into(), "share".into()]];
    largest.extend(answer.largest.iter().map(|hand| {
        vec![name(&hand.name), hand.operators.to_string(), wei(hand.stake), percent(hand.share)]
    }));
    format!("{}.\n\n{}\n{}\n{}\n", title(args, answer), table(&rows), table(&largest), of.assumptions())
}

fn chart(args: &ConcentrationArgs, of: &Network, answer: &Concentration) -> String {
    let equal = Line {
        name: "if all were equal".into(),
        look: Look::Plain,
        points: vec![(0.0, 0.0), (100.0, 100.0)],
    };
    let points = answer.lorenz.iter().map(|(hands, share)| (hands * 100.0, share * 100.0)).collect();
    let curve =
        Line { name: format!("Gini {:.3}, HHI {:.4}", answer.gini, answer.hhi), look: Look::Own, points };
    let panel = Panel { label: "% of stake".into(), lines: vec![curve, equal], from_zero: true };
    let subtitle = format!("Lorenz curve: the smallest x % of hands hold y % of stake. {}", of.assumptions());
    lines(&Words { title: title(args, answer), subtitle }, &[panel], "% of hands, smallest first")
}
