//! From a failing run to the fewest steps that still fail in the same place (delta debugging), and its story for people.

use super::{
    run::{Difference, Line, Story, tell},
    scene::{Scene, Stage},
};
use crate::originals::world::Outcome;
use alloy_primitives::hex;
use anyhow::Result;
use std::fmt::Write;
use types::abi;

/// Runs that a shrink may cost.
const MOST_RUNS: usize = 600;

/// The fewest steps found that part the worlds as `steps` do.
///
/// # Errors
/// A world cannot run a call at all.
pub fn shrink(stage: &Stage, seed: u64, mut steps: Vec<u32>, kind: &str) -> Result<Vec<u32>> {
    let mut runs = 0;
    let mut fails = |steps: &[u32]| -> Result<Option<usize>> {
        runs += 1;
        if runs > MOST_RUNS {
            return Ok(None);
        }
        let found = tell(stage, seed, steps, false)?.difference.filter(|(_, it)| it.kind() == kind);
        Ok(found.and_then(|(step, _)| steps.iter().position(|it| *it == step)))
    };
    let mut chunk = steps.len().div_ceil(2);
    loop {
        let mut at = 0;
        let before = steps.len();
        while at < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + chunk).min(fewer.len()));
            match fails(&fewer)? {
                Some(last) => {
                    fewer.truncate(last + 1);
                    steps = fewer;
                }
                None => at += chunk,
            }
        }
        if chunk == 1 && steps.len() == before {
            return Ok(steps);
        }
        chunk = chunk.div_ceil(2).max(1);
    }
}

/// What happened, line by line, with both answers where they matter.
pub fn describe(scene: &Scene, seed: u64, story: &Story) -> Result<String> {
    let mut text = format!("seed {seed}: the worlds part, or an invariant breaks\n");
    for line in &story.lines {
        writeln!(text, "  step {:>3}, block {}: {}", line.step, line.block, line.text)?;
        answers(&mut text, scene, line)?;
    }
    if let Some((_, Difference::View { text: question, native, original })) = &story.difference {
        writeln!(text, "  view {question}")?;
        for (side, (success, data)) in [("native", native), ("original", original)] {
            writeln!(text, "      {side}: {}", verdict(*success, data))?;
        }
    }
    if let Some((_, Difference::Broken(broken))) = &story.difference {
        for invariant in broken {
            writeln!(text, "  broken: {invariant}")?;
        }
    }
    let steps: Vec<String> = story.lines.iter().map(|line| line.step.to_string()).collect();
    let steps = steps.join(",");
    write!(text, "  again: cargo xtask differential --from-seed {seed} --seeds 1 --only {steps}")?;
    Ok(text)
}

fn answers(text: &mut String, scene: &Scene, line: &Line) -> Result<()> {
    let Some((native, original)) = &line.answers else { return Ok(()) };
    if native == original {
        writeln!(text, "      both: {}", verdict(native.success, &native.output))?;
        return Ok(());
    }
    for (side, outcome) in [("native", native), ("original", original)] {
        writeln!(text, "      {side}: {}", verdict(outcome.success, &outcome.output))?;
    }
    let first = native.logs.iter().zip(&original.logs).take_while(|(ours, theirs)| ours == theirs).count();
    if native.logs != original.logs {
        writeln!(text, "      {first} logs are equal, then")?;
        for (side, outcome) in [("native", native), ("original", original)] {
            logs(text, scene, side, outcome, first)?;
        }
    }
    Ok(())
}

fn logs(text: &mut String, scene: &Scene, side: &str, outcome: &Outcome, first: usize) -> Result<()> {
    for log in outcome.logs.iter().skip(first) {
        let at = scene.named(&log.address.to_string());
        let topic = log.topics().first().copied().unwrap_or_default();
        let name = event_name(topic).unwrap_or_else(|| topic.to_string());
        let rest = log.topics().get(1..).unwrap_or_default();
        writeln!(text, "        {side}: {at} {name} {rest:?} {}", log.data.data)?;
    }
    Ok(())
}

fn verdict(success: bool, data: &[u8]) -> String {
    let shown = hex::encode_prefixed(data);
    if success {
        return format!("ok {shown}");
    }
    let name = data.first_chunk().and_then(|selector| error_name(*selector));
    format!("reverted {} {shown}", name.unwrap_or_default())
}

/// The name of a custom error of any contract.
pub fn error_name(selector: [u8; 4]) -> Option<String> {
    match selector {
        [0x08, 0xc3, 0x79, 0xa0] => return Some("Error(string)".to_owned()),
        [0x4e, 0x48, 0x7b, 0x71] => return Some("Panic(uint256)".to_owned()),
        _ => {}
    }
    abi::names().find_map(|name| {
        let abi = abi::json(name)?;
        let found = abi.errors().find(|error| error.selector() == selector)?.name.clone();
        Some(found)
    })
}

fn event_name(topic: alloy_primitives::B256) -> Option<String> {
    abi::names().find_map(|name| {
        let abi = abi::json(name)?;
        let found = abi.events().find(|event| event.selector() == topic)?.name.clone();
        Some(found)
    })
}
