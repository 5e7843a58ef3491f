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
/// Blocks that anvil mines: what one costs grows there with their number, and 10,080 took it over two minutes.
const BLOCKS_ANVIL: u64 = 2_000;
/// Blocks read afterwards, each with its parent.
const LOOKS: u64 = 1_000;
/// Runs of each.
const RUNS: usize = 5;

pub fn run(subjects: &Subjects) -> Result<Section> {
    let folder = tempfile::tempdir()?;
    let mut table = Table::new(&[
        "",
        "blocks",
        "mining, ms (least)",
        "(median)",
        "blocks/s (median)",
        "reading a block, µs (median)",
        "memory after, MiB",
    ]);
    let mut rates = Vec::new();
    for name in ["bulwark dev", "bulwark dev --data-dir", "anvil"] {
        let (mut mining, mut reading, mut memory) = (Vec::new(), Vec::new(), 0.0);
        let blocks = if name == "anvil" { BLOCKS_ANVIL } else { BLOCKS };
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
            client.call("anvil_mine", json!([format!("{blocks:#x}")]))?;
            mining.push(started.elapsed().as_secs_f64() * 1e3);
            let head = quantity(&client.call("eth_blockNumber", json!([]))?)?;
            ensure!(head == blocks, "{name}: the head is {head} after mining {blocks} blocks");
            reading.extend(linked(&mut client, blocks, Chance::new(run as u64))?);
            memory = node.memory_mib()?.0;
        }
        let (least, median) = least_and_median(mining);
        let (_, look) = least_and_median(reading);
        let rate = blocks as f64 / median * 1e3;
        rates.push(rate);
        let cells = [
            blocks.to_string(),
            format!("{least:.1}"),
            format!("{median:.1}"),
            format!("{rate:.0}"),
            format!("{look:.0}"),
            format!("{memory:.1}"),
        ];
        table.row(&[&[name.to_owned()], cells.as_slice()].concat());
    }
    let mut ratio = vec![String::new(); 7];
    ratio[0] = "bulwark dev / anvil".into();
    ratio[4] = format!("{:.0}", rates[0] / rates[2]);
    table.row(&ratio);
    Ok(Section {
        name: "mining",
        title: "A withdrawal delay in one call",
        method: format!(
            "`anvil_mine` of {BLOCKS} blocks ({RUNS} runs; anvil one of {BLOCKS_ANVIL}, as its time a block grows with their number); then {LOOKS} random blocks are read over RPC, each \
             with its parent, and every parent hash is checked. Aim: under 2 s, every block readable."
        ),
        tables: vec![table],
    })
}

/// Reads random blocks with their parents; microseconds of each look.
fn linked(client: &mut Client, blocks: u64, mut chance: Chance) -> Result<Vec<f64>> {
    let mut look = |number: u64, times: &mut Vec<f64>| {
        let started = Instant::now();
        let block = client.call("eth_getBlockByNumber", json!([format!("{number:#x}"), false]));
        times.push(started.elapsed().as_secs_f64() * 1e6);
        block
    };
    let mut times = Vec::new();
    for _ in 0..LOOKS {
        let number = 1 + chance.below(blocks);
        let (block, parent) = (look(number, &mut times)?, look(number - 1, &mut times)?);
        ensure!(quantity(&block["number"])? == number, "asked for block {number}, got {block}");
        ensure!(block["parentHash"] == parent["hash"], "block {number} is not linked to its parent");
    }
    Ok(times)
}
