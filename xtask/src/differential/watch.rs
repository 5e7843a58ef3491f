//! The answers of all views of one world, kept up to date cheaply: a view runs again only if a slot that it read has
//! changed, or if it looks at the block and the block has changed. At the end of a run all run again, which shows whether
//! that was right.

use super::views::Looks;
use crate::originals::world::{Outcome, World};
use alloy_primitives::{Address, Bytes, U256};
use anyhow::{Result, ensure};
use revm::state::EvmState;
use std::collections::HashMap;

/// Answers, and who must be asked again.
#[derive(Clone, Default)]
pub struct Watch {
    answers: Vec<(bool, Bytes)>,
    stale: Vec<bool>,
    readers: HashMap<(Address, U256), Vec<usize>>,
}

impl Watch {
    /// Makes room for views, which are stale at first.
    pub fn grow(&mut self, looks: usize) {
        self.answers.resize(looks, (false, Bytes::new()));
        self.stale.resize(looks, true);
    }

    /// Tells that a transaction did this.
    pub fn changed(&mut self, state: &EvmState) {
        for (address, account) in state {
            for (slot, value) in &account.storage {
                if value.is_changed() {
                    for look in self.readers.get(&(*address, *slot)).into_iter().flatten() {
                        self.stale[*look] = true;
                    }
                }
            }
        }
    }

    /// Tells that another block runs.
    pub fn moved(&mut self, looks: &Looks) {
        for (stale, look) in self.stale.iter_mut().zip(looks.iter()) {
            *stale |= look.timed;
        }
    }

    /// Asks the stale views again.
    ///
    /// # Errors
    /// A view cannot run at all.
    pub fn refresh(&mut self, world: &mut World, looks: &Looks) -> Result<Vec<usize>> {
        let stale: Vec<usize> = (0..looks.len()).filter(|look| self.stale[*look]).collect();
        for &look in &stale {
            let (outcome, state) = looks.get(look).answer(world)?;
            for (address, account) in &state {
                for slot in account.storage.keys() {
                    let readers = self.readers.entry((*address, *slot)).or_default();
                    if !readers.contains(&look) {
                        readers.push(look);
                    }
                }
            }
            self.answers[look] = (outcome.success, outcome.output);
            self.stale[look] = false;
        }
        Ok(stale)
    }

    /// What a view answered last.
    pub fn answer(&self, look: usize) -> &(bool, Bytes) {
        &self.answers[look]
    }

    /// Asks all views again.
    ///
    /// # Errors
    /// One answers otherwise than last: it depends on something that is not watched.
    pub fn confirm(&self, world: &mut World, looks: &Looks) -> Result<()> {
        for (look, last) in looks.iter().zip(&self.answers) {
            let (Outcome { success, output, .. }, _) = look.answer(world)?;
            ensure!((success, &output) == (last.0, &last.1), "{} changed unnoticed", look.text);
        }
        Ok(())
    }
}
