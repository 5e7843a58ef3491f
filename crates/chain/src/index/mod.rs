//! The restaking index: lists and histories that the state does not hold, derived from logs of sealed blocks.
//!
//! # Design
//!
//! 1. **Derived, never consulted by rules.** [`SIDE_TABLE`] maps a block's number and receipts to rows: a pure function, no
//!    look at earlier blocks, so a slash costs the same with ten delegators and with a million. The rows ride in the
//!    layers of `crates/state` and are folded, rewound, recovered and rebuilt with their block (`decisions.md` 60); they
//!    are not in the durable record, because receipts are. Execution never reads them.
//! 2. **Columns of sorted keys.** A key is a column's number, its subjects (addresses, set ids, roots), and the place of
//!    the log: block, then position in the block. So "the last word on X before a place" is one seek, a list is one range
//!    read, and every read is bounded by a page. Nothing is ever changed in place.
//! 3. **State is asked for what it knows.** Shares, magnitudes, allocations and queues of now are read from the state of
//!    the same snapshot; the index names who and when. One [`View`](crate::View) answers both, so an answer is of one block.
//! 4. **Losses are computed when asked** (`decisions.md` 62). A slash's row has the magnitudes it left; who was delegated
//!    at that log is a column; shares and scaling factor are the state's before the block plus the block's logs up to
//!    the slash ([`mod@losses`]).
//!
//! | column | key after the column's number | value |
//! | --- | --- | --- |
//! | delegation | operator, staker, place | 1 came, 0 left |
//! | delegation of staker | staker, place | operator, 1 or 0 |
//! | slash | place | [`SlashRow`] |
//! | slash of service, of set, of operator | avs; avs and id; operator; then place | – |
//! | slash id | avs, id, slash id | place |
//! | withdrawal | staker, place | [`WithdrawalRow`] |
//! | withdrawal of operator | operator, place | staker |
//! | queued | root | staker, place |
//! | completed | root | place |
//! | magnitude | operator, strategy, place | max magnitude from there on |
//! | operator | operator | place of registration |
//! | set | avs, id | place of creation |
//! | service | avs, place | – |
//! | member | avs, id, operator, place | 1 joined, 0 left |
//! | strategy | strategy, place | 1 deposits allowed, 0 not |
//! | registration | avs, operator, place | 1 registered in AVSDirectory, 0 left |
//! | registration of operator | operator, avs, place | 1 or 0 |
//! | metadata | 0 operator or 1 service, address, place | URI |

mod derive;
pub mod lists;
pub mod losses;
mod past;
mod rows;

pub use derive::{rows_of, slashes_in};
pub use lists::{Index, Page, SlashFilter, SlashSubject, Withdrawal, WithdrawalStatus};
pub use losses::{Loss, LossError, StrategyLoss, losses, prospective_losses};
pub use rows::{Cut, Described, Place, SetId, Slash, SlashRow, WithdrawalRow};

use crate::block;
use state::{SideRow, SideTable};

/// Raised with every change of what is derived: indexes of other versions are built anew at the start.
const VERSION: u64 = 2;

/// How the index comes about.
pub const SIDE_TABLE: SideTable = SideTable { version: VERSION, derive };

/// The rows of a block, from its durable receipts.
fn derive(number: u64, receipts: &[u8]) -> Option<Vec<SideRow>> {
    let logs = block::stored_logs(receipts)?;
    let numbered = (0u32..).zip(&logs).flat_map(|(index, logs)| logs.iter().map(move |log| (index, log)));
    Some(rows_of(number, numbered))
}
