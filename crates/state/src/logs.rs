//! Finding blocks by their logs: each group of keys is a rising list of blocks, read in pieces, and the groups are joined by
//! leaping to the next block that the sparsest of them allows. So a rare key next to a common one costs what the rare does.

use crate::Result;
use crate::layer::log_tag;
use crate::model::LogKey;
use crate::view::View;
use std::collections::VecDeque;
use std::sync::Arc;

/// Blocks read for a key at first; each further piece is twice as long.
const FIRST_PIECE: usize = 16;
/// The longest piece.
const LONGEST_PIECE: usize = 4_096;

/// The blocks of one key.
struct Cursor {
    tag: u64,
    ready: VecDeque<u64>,
    piece: usize,
    /// Nothing comes after what is ready.
    finished: bool,
}

impl Cursor {
    fn new(tag: u64) -> Self {
        Self { tag, ready: VecDeque::new(), piece: FIRST_PIECE, finished: false }
    }

    /// The first block at or after `from`.
    fn seek(&mut self, view: &View, from: u64, to: u64) -> Result<Option<u64>> {
        while self.ready.front().is_some_and(|block| *block < from) {
            self.ready.pop_front();
        }
        if self.ready.is_empty() && !self.finished {
            self.ready.extend(view.logged(self.tag, from, to, self.piece)?);
            self.finished = self.ready.len() < self.piece;
            self.piece = self.piece.saturating_mul(2).min(LONGEST_PIECE);
        }
        Ok(self.ready.front().copied())
    }
}

/// Rising numbers of blocks that have, for each group, a log with one of its keys.
pub(crate) struct BlocksWithLogs {
    view: Arc<View>,
    groups: Vec<Vec<Cursor>>,
    /// The next block to look at; `None`: done.
    next: Option<u64>,
    to: u64,
}

impl BlocksWithLogs {
    pub(crate) fn new(view: Arc<View>, groups: &[Vec<LogKey>], from: u64, to: u64) -> Self {
        let cursors = |keys: &Vec<LogKey>| {
            let mut tags: Vec<u64> = keys.iter().map(log_tag).collect();
            tags.sort_unstable();
            tags.dedup();
            tags.into_iter().map(Cursor::new).collect()
        };
        Self { view, groups: groups.iter().map(cursors).collect(), next: (from <= to).then_some(from), to }
    }

    /// The first block at or after `from` that every group has.
    fn join(&mut self, from: u64) -> Result<Option<u64>> {
        let mut block = from;
        loop {
            let asked = block;
            if self.groups.is_empty()
                && let Some(last) = self.view.empty_until(block)?
            {
                match last.checked_add(1).filter(|next| *next <= self.to) {
                    Some(next) => block = next,
                    None => return Ok(None),
                }
                continue;
            }
            for group in &mut self.groups {
                let mut nearest = None;
                for cursor in group.iter_mut() {
                    let found = cursor.seek(&self.view, block, self.to)?;
                    nearest = nearest.into_iter().chain(found).min();
                }
                match nearest {
                    Some(found) => block = found,
                    None => return Ok(None),
                }
            }
            if block == asked {
                return Ok(Some(block));
            }
        }
    }
}

impl Iterator for BlocksWithLogs {
    type Item = Result<u64>;

    fn next(&mut self) -> Option<Self::Item> {
        let from = self.next.take()?;
        match self.join(from) {
            Ok(Some(block)) => {
                self.next = block.checked_add(1).filter(|next| *next <= self.to);
                Some(Ok(block))
            }
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        }
    }
}
