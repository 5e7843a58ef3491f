//! What can go wrong. Each error prints as one line that says what, where, and what to do.

use alloy_primitives::B256;
use std::path::PathBuf;

/// The result of everything in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the database could not be opened, read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Another process (or another [`crate::Writer`] of this one) has it open.
    #[error("{} is in use by another process; stop that process or choose another data directory", dir.display())]
    Locked {
        /// The data directory.
        dir: PathBuf,
    },
    /// Written by a release that this one cannot read.
    #[error(
        "{} has database format {found}, this release reads format {known}; use the release that wrote it, or another data directory",
        dir.display()
    )]
    UnknownFormat {
        /// The data directory.
        dir: PathBuf,
        /// The format found.
        found: u32,
        /// The format that this release reads.
        known: u32,
    },
    /// The database belongs to another chain.
    #[error(
        "{} holds the chain of genesis {found}, not of {asked}; give its genesis file, or another data directory",
        dir.display()
    )]
    OtherChain {
        /// The data directory.
        dir: PathBuf,
        /// The genesis of the database.
        found: B256,
        /// The genesis asked for.
        asked: B256,
    },
    /// What was read contradicts what must hold.
    #[error("{} is damaged: {what}; restore it from a copy, or start anew in another data directory", dir.display())]
    Damaged {
        /// The data directory.
        dir: PathBuf,
        /// What contradicts.
        what: String,
    },
    /// The operating system refused.
    #[error("cannot {action} in {}: {why}; check space and permissions, then start again", dir.display())]
    Io {
        /// The data directory.
        dir: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The operating system's words.
        why: String,
    },
    /// A write failed earlier; nothing more is written, so that nothing acknowledged can be lost.
    #[error(
        "writing stopped after an error ({why}); what was sealed is safe: fix the cause, then start again"
    )]
    Stopped {
        /// The first error.
        why: String,
    },
    /// The state of that block is no longer kept.
    #[error(
        "the state of block {asked} is pruned; the oldest kept is that of block {oldest}: ask for a later block, or run without --prune or with more blocks"
    )]
    StatePruned {
        /// The block asked for.
        asked: u64,
        /// The oldest block whose state is readable.
        oldest: u64,
    },
    /// The log index of that block is no longer kept.
    #[error(
        "logs before block {oldest} are pruned, and the filter begins at block {asked}: ask for later blocks, or run without --prune or with more blocks"
    )]
    LogsPruned {
        /// The first block asked for.
        asked: u64,
        /// The oldest block whose logs are indexed.
        oldest: u64,
    },
    /// There is no such block yet.
    #[error("block {asked} does not exist; the last is {head}")]
    UnknownBlock {
        /// The block asked for.
        asked: u64,
        /// The head's number.
        head: u64,
    },
    /// There is no block at all.
    #[error("the chain has no block yet")]
    NoBlocks,
    /// A proof of an old state would have to undo too many changes.
    #[error("a proof at block {asked} would undo {rows} changes, more than {most}; ask for a later block")]
    ProofTooOld {
        /// The block asked for.
        asked: u64,
        /// Changed accounts and slots since then.
        rows: usize,
        /// The limit.
        most: usize,
    },
    /// The chain was rewound while a snapshot of it was in use.
    #[error("block {asked} is no longer part of the chain, which was rewound; ask again")]
    Rewound {
        /// The block asked for.
        asked: u64,
    },
    /// The caller broke the order of calls: a defect of this program.
    #[error("{what}; this is a defect of the program, please report it")]
    Misuse {
        /// What was wrong.
        what: String,
    },
}
