//! `bulwark risk snapshot`: what a node says of registrations and stake, kept in a file that the other verbs read. Run
//! again, or after an interruption, it goes on where the file ends.

use super::{
    print,
    reading::{self, Backing, NodeArgs, Price, Snapshot},
};
use crate::{commands, failure::Failure};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// `bulwark risk snapshot`.
#[derive(Debug, Args)]
pub struct SnapshotArgs {
    /// The file; an existing one is continued
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The node.
    #[command(flatten)]
    pub node: NodeArgs,
    /// Also count this strategy, a whole token of it worth so much ether; repeat for several
    #[arg(long, value_name = "STRATEGY=ETHER", value_parser = reading::price, help_heading = "Network")]
    pub price: Vec<Price>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Reads and keeps.
///
/// # Errors
/// The node or the file fails.
pub fn run(args: &SnapshotArgs) -> Result<(), Failure> {
    let snapshot = reading::read(&args.node, &args.price, Some(&args.out))?;
    let answer = described(&snapshot, &args.price);
    let path = args.out.display();
    let text = match args.json {
        true => format!("{answer:#}\n"),
        false => {
            let rows: Vec<Vec<String>> = [
                ("chain", "chain_id"),
                ("block", "block"),
                ("operators", "operators"),
                ("registrations (AVSDirectory)", "registrations"),
                ("operator sets", "sets"),
                ("services of mode full", "services_full"),
                ("services of mode unique", "services_unique"),
                ("strategies without a price", "strategies_unpriced"),
            ]
            .iter()
            .map(|(name, key)| {
                vec![
                    (*name).to_owned(),
                    answer.get(key).map_or_else(|| "unknown".to_owned(), ToString::to_string),
                ]
            })
            .collect();
            format!("{path} is complete: bulwark risk check {path}\n\n{}\n", print::table(&["", ""], &rows))
        }
    };
    commands::print(&text)
}

fn described(snapshot: &Snapshot, said: &[Price]) -> Value {
    let Some(stake) = &snapshot.stake else { return Value::Null };
    let prices = reading::prices(&snapshot.contracts.strategies, said);
    let backing = Backing::new(snapshot, stake, &prices);
    let counts = backing.counts();
    json!({
        "chain_id": snapshot.chain_id,
        "block": stake.block,
        "hash": stake.hash,
        "operators": stake.shares.len(),
        "registrations": snapshot.registrations(),
        "sets": snapshot.sets.len(),
        "services_full": counts.full,
        "services_unique": counts.unique,
        "strategies_unpriced": backing.unpriced(),
        "contracts": snapshot.contracts,
    })
}
