//! A withdrawal delay passes: `anvil_mine` of 100,800 blocks, then blocks picked at random are read and must be linked by
//! their parent hashes. Empty blocks only; what full ones cost is in the throughput section.

use super::{
    Subjects,
    report::{Section, Table, least_and_median},
};
use crate::{
    client::{Client, quantity},
    e2e::chance::Chance,
    process::Running,
};
use anyhow::{Result, ensure};
use serde_json::json;
use std::time::Instant;

/// EigenLayer's withdrawal delay on mainnet.
const BLOCKS: u64 = 100_800;
/// Blocks read afterwards, each with its parent.
const LOOKS: u64 = 1_000;
/// Runs of each.
const RUNS: usize = 5;

pub fn run(subjects: &Subjects) -> Result<Section> {
    let folder = tempfile::tempdir()?;
    let mut table = Table::new(&[
        "",
        "mining, ms (least)",
        "(median)",
        "reading a block, µs (median)",
        "memory after, MiB",
    ]);
    let mut medians = Vec::new();
    for name in ["bulwark dev", "bulwark dev --data-dir", "anvil"] {
        let (mut mining, mut reading, mut memory) = (Vec::new(), Vec::new(), 0.0);
        for run in 0..if name == "anvil" { 1 } else { RUNS } {
            let data = folder.path().join(format!("data-{run}")).display().to_string();
            let (program, arguments): (_, &[&str]) = match name {
                "anvil" => (&subjects.anvil, &["--silent"]),
                "bulwark dev" => (&subjects.bulwark, &["dev", "--silent"]),
                _ => (&subjects.bulwark, &["dev", "--silent", "--data-dir", &data]),
            };
            let node = Running::start(program, arguments, &folder.path().join("log"))?;
            let mut client = node.client()?;
            let started = Instant::now();
            client.call("anvil_mine", json!([format!("{BLOCKS:#x}")]))?;
            mining.push(started.elapsed().as_secs_f64() * 1e3);
            let head = quantity(&client.call("eth_blockNumber", json!([]))?)?;
            ensure!(head == BLOCKS, "{name}: the head is {head} after mining {BLOCKS} blocks");
            reading.extend(linked(&mut client, Chance::new(run as u64))?);
            memory = node.memory_mib()?.0;
        }
        let (least, median) = least_and_median(mining);
        let (_, look) = least_and_median(reading);
        medians.push(median);
        let cells =
            [format!("{least:.1}"), format!("{median:.1}"), format!("{look:.0}"), format!("{memory:.1}")];
        table.row(&[&[name.to_owned()], cells.as_slice()].concat());
    }
    let ratio = format!("{:.0}", medians[2] / medians[0]);
    table.row(&["anvil / bulwark dev".into(), String::new(), ratio, String::new(), String::new()]);
    Ok(Section {
        name: "mining",
        title: "A withdrawal delay in one call",
        method: format!(
            "`anvil_mine` of {BLOCKS} blocks ({RUNS} runs; anvil one); then {LOOKS} random blocks are read over RPC, each \
             with its parent, and every parent hash is checked. Aim: under 2 s, every block readable."
        ),
        tables: vec![table],
    })
}

/// Reads random blocks with their parents; microseconds of each look.
fn linked(client: &mut Client, mut chance: Chance) -> Result<Vec<f64>> {
    let mut look = |number: u64, times: &mut Vec<f64>| {
        let started = Instant::now();
        let block = client.call("eth_getBlockByNumber", json!([format!("{number:#x}"), false]));
        times.push(started.elapsed().as_secs_f64() * 1e6);
        block
    };
    let mut times = Vec::new();
    for _ in 0..LOOKS {
        let number = 1 + chance.below(BLOCKS);
        let (block, parent) = (look(number, &mut times)?, look(number - 1, &mut times)?);
        ensure!(quantity(&block["number"])? == number, "asked for block {number}, got {block}");
        ensure!(block["parentHash"] == parent["hash"], "block {number} is not linked to its parent");
    }
    Ok(times)
}
