//! Which blocks have to do with an address, from the history of its account and the index of calls: no block is read.

use crate::{
    block::SealedBlock,
    query::{ReadError, View},
};
use alloy_primitives::{Address, KECCAK256_EMPTY};
use state::LogKey;
use std::{ops::RangeInclusive, sync::Arc};

/// Blocks of the index of calls looked through first; twice as many each further time.
const FIRST_WINDOW: u64 = 1_024;

/// Changes of an account looked at at a time.
const CHANGES_PER_LOOK: usize = 256;

/// Changes of an account looked at in all, to find when it got its code. It is one of the first.
const MOST_CHANGES: usize = 65_536;

impl View {
    /// At least `most` blocks in `blocks`, or all, in which an address may have taken part: its account changed (nonce,
    /// balance, code or storage), or a transaction called it. Rising, or falling from the last. Calls between contracts
    /// that changed nothing of an account are in no index: they are not found.
    ///
    /// # Errors
    /// The database's.
    pub fn blocks_of(
        &self,
        address: Address,
        blocks: RangeInclusive<u64>,
        falling: bool,
        most: usize,
    ) -> Result<Vec<u64>, ReadError> {
        let oldest = self.reader().oldest();
        let (mut low, mut high) = ((*blocks.start()).max(oldest), (*blocks.end()).min(self.head()));
        let (mut found, mut window) = (Vec::new(), FIRST_WINDOW);
        while low <= high && found.len() < most {
            let reach = window.saturating_sub(1);
            let part = if falling {
                high.saturating_sub(reach).max(low)..=high
            } else {
                low..=low.saturating_add(reach).min(high)
            };
            found.extend(self.blocks_between(address, &part, falling)?);
            if falling {
                let Some(next) = part.start().checked_sub(1) else { break };
                high = next;
            } else {
                low = part.end().saturating_add(1);
            }
            window = window.saturating_mul(2);
        }
        Ok(found)
    }

    fn blocks_between(
        &self,
        address: Address,
        part: &RangeInclusive<u64>,
        falling: bool,
    ) -> Result<Vec<u64>, ReadError> {
        let reader = self.reader();
        let mut found = reader.account_changes(address, part.clone(), false, usize::MAX)?;
        for block in reader.blocks_with_logs(&[vec![LogKey::Called(address)]], part.clone())? {
            found.push(block?);
        }
        found.sort_unstable();
        found.dedup();
        if falling {
            found.reverse();
        }
        Ok(found)
    }

    /// The block in which an account first had code; `None` if it never had, or not within what is kept.
    ///
    /// # Errors
    /// The database's.
    pub fn first_code(&self, address: Address) -> Result<Option<u64>, ReadError> {
        let mut from = self.reader().oldest();
        let mut looked = 0usize;
        while looked < MOST_CHANGES {
            let changes =
                self.reader().account_changes(address, from..=self.head(), false, CHANGES_PER_LOOK)?;
            let Some(last) = changes.last() else { return Ok(None) };
            from = last.saturating_add(1);
            looked = looked.saturating_add(changes.len());
            for block in changes {
                let code = self.account(address, block)?.code_hash;
                if code != KECCAK256_EMPTY && !code.is_zero() {
                    return Ok(Some(block));
                }
            }
        }
        Ok(None)
    }

    /// The transaction with which an account used a nonce, and its position; `None` if there is none, or not within what is
    /// kept.
    ///
    /// # Errors
    /// The database's.
    pub fn transaction_of_nonce(
        &self,
        sender: Address,
        nonce: u64,
    ) -> Result<Option<(Arc<SealedBlock>, usize)>, ReadError> {
        let Some(number) = self.block_of_nonce(sender, nonce)? else { return Ok(None) };
        let Some(block) = self.block(number)? else { return Ok(None) };
        let index = block.transactions.iter().position(|it| it.sender == sender && it.nonce() == nonce);
        Ok(index.map(|index| (block, index)))
    }

    /// The block in which an account used a nonce; `None` if it has not, or not within what is kept.
    ///
    /// # Errors
    /// The database's.
    pub fn block_of_nonce(&self, address: Address, nonce: u64) -> Result<Option<u64>, ReadError> {
        let used =
            |block: u64| -> Result<bool, ReadError> { Ok(self.account(address, block)?.nonce > nonce) };
        let (mut before, mut after) = (self.reader().oldest(), self.head());
        if !used(after)? || used(before)? {
            return Ok(None);
        }
        // Not yet used after `before`, used after `after`.
        while after.saturating_sub(before) > 1 {
            let middle = before.midpoint(after);
            if used(middle)? {
                after = middle;
            } else {
                before = middle;
            }
        }
        Ok(Some(after))
    }
}
