//! Every selector that either side could know, asked of both before any sequence: without arguments, with words of
//! nothing, and with value. So a verb of another release that answers, or one that is missing, shows.

use super::scene::{NOBODY, Stage};
use crate::originals::world::{Outcome, World};
use alloy_primitives::{Address, U256, hex};
use alloy_sol_types::SolCall;
use anyhow::{Result, ensure};
use std::collections::BTreeSet;
use types::abi::{
    self,
    IAllocationManager::viewImplementationCall,
    IEigenPodManager::{createPodCall, getPodCall, stakeCall},
};

/// `PUSH4`, by which compiled contracts compare selectors.
const PUSH4: u8 = 0x63;
/// Words of arguments: enough for the head of every verb.
const WORDS: usize = 24;

/// What answers otherwise on purpose: one contract where the originals are two (restaking-core D3), and pods, which
/// this build does not have, and whose addresses will follow from a constant of ours.
const DEPARTURES: [[u8; 4]; 4] =
    [viewImplementationCall::SELECTOR, createPodCall::SELECTOR, getPodCall::SELECTOR, stakeCall::SELECTOR];

/// Compares the doors of `contracts`.
///
/// # Errors
/// A call cannot run at all, or answers differ.
pub fn agree(stage: &Stage, contracts: &[Address]) -> Result<usize> {
    let (mut native, mut original) = stage.begin();
    let known: BTreeSet<[u8; 4]> = abi::names()
        .filter_map(abi::json)
        .flat_map(|abi| abi.functions().map(|function| function.selector().0).collect::<Vec<_>>())
        .collect();
    let mut differing = Vec::new();
    let mut asked = 0;
    for &contract in contracts {
        let mut selectors = pushed(&original.world.code(contract));
        selectors.extend(&known);
        selectors.retain(|it| !DEPARTURES.contains(it));
        for selector in selectors {
            for (words, value) in [(0, 0), (WORDS, 0), (WORDS, 1)] {
                let data = [selector.to_vec(), vec![0; 32 * words]].concat();
                let ask = |world: &mut World| world.pay(NOBODY, contract, data.clone(), U256::from(value));
                let (ours, theirs) = (ask(&mut native.world)?, ask(&mut original.world)?);
                asked += 1;
                if told(&ours) != told(&theirs) {
                    let selector = hex::encode(selector);
                    differing.push(format!(
                        "{contract} {selector}, {words} words, value {value}: native {ours:?}, original {theirs:?}"
                    ));
                }
            }
        }
    }
    let text = stage.scene.named(&differing.join("\n"));
    ensure!(differing.is_empty(), "{} doors differ:\n{text}", differing.len());
    Ok(asked)
}

/// What of an answer is compared.
fn told(outcome: &Outcome) -> (bool, &[u8], usize) {
    (outcome.success, &outcome.output, outcome.logs.len())
}

fn pushed(code: &[u8]) -> BTreeSet<[u8; 4]> {
    let mut found = BTreeSet::new();
    let mut at = 0;
    while let Some(&opcode) = code.get(at) {
        if opcode == PUSH4
            && let Some(selector) = code.get(at + 1..at + 5).and_then(|it| it.try_into().ok())
        {
            found.insert(selector);
        }
        let pushes = if (0x60..=0x7f).contains(&opcode) { usize::from(opcode) - 0x5f } else { 0 };
        at += 1 + pushes;
    }
    found
}
