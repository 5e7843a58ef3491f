//! The only writer: one thread that seals blocks at once, at intervals or on command, and answers the controls of
//! development chains in order. It decides when; `executor` decides what a block does.

mod develop;

use crate::{
    audit::{AuditError, Auditor},
    block::SealedBlock,
    chain::{ControlError, Mining, Shared},
    clock::Clock,
    develop::{Dials, Edit, Turn},
    dump::Dump,
    empty::next_empty,
    executor, index,
    query::ReadError,
    transaction::Recovered,
};
use alloy_consensus::{Header, Transaction as _};
use alloy_primitives::B256;
use alloy_rlp::Encodable;
use state::{BlockRecord, EmptyRange, LogKey, RANGE_BLOCKS, Writer};
use std::{
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::sync::oneshot;

/// Most transactions taken from the pool for one block: what a block of 60 M gas can hold of the cheapest kind.
const MAX_BLOCK_TRANSACTIONS: usize = 2_857;

/// Most blocks that one `mine` command may seal: a year of 12-second slots is 2.6 M.
pub const MAX_MINED_BLOCKS: u64 = 3_000_000;

/// What the producer can be asked, besides sealing when transactions arrive.
pub enum Command {
    /// Transactions were admitted.
    Wake,
    /// Seal so many blocks, so many seconds apart.
    Mine(u64, Option<u64>, Answer<u64>),
    /// Change when blocks are sealed.
    SetMining(Mining, Answer<()>),
    /// Move time forward by seconds.
    IncreaseTime(u64, Answer<i64>),
    /// Set the next block's timestamp.
    SetNextTimestamp(u64, Answer<u64>),
    /// Set chain time.
    SetTime(u64, Answer<i64>),
    /// Remember this state.
    Snapshot(Answer<u64>),
    /// Go back to a remembered state.
    Revert(u64, Answer<bool>),
    /// Change the head's state without a transaction.
    Edit(Vec<Edit>, Answer<()>),
    /// Change what the next blocks are like.
    Turn(Turn, Answer<()>),
    /// Fix the seconds between a block and the next, or no longer.
    SetStep(Option<u64>, Answer<bool>),
    /// Undo so many blocks.
    Rollback(u64, Answer<u64>),
    /// Put as many other blocks in the place of the last ones, with these transactions.
    Reorg(Vec<Vec<Arc<Recovered>>>, Answer<()>),
    /// Go back to the first block.
    Reset(Answer<()>),
    /// Take over what another chain dumped.
    Restore(Box<Dump>, Answer<()>),
    /// End.
    Stop,
}

/// Where an answer goes.
pub type Answer<T> = oneshot::Sender<Result<T, ControlError>>;

/// Why the producer cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ProducerError {
    /// The database refused.
    #[error(transparent)]
    State(#[from] state::Error),
    /// The head could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A block could not be executed: a rule of ours is broken, or the state could not be read.
    #[error("block {number} could not be executed: {reason}")]
    Execution {
        /// Which block.
        number: u64,
        /// Why.
        reason: String,
    },
    /// An invariant is broken (`--audit`).
    #[error(transparent)]
    Audit(#[from] AuditError),
}

/// The state of the producer's thread.
pub struct Producer {
    writer: Writer,
    shared: Arc<Shared>,
    commands: Receiver<Command>,
    clock: Clock,
    head: Header,
    head_hash: B256,
    snapshots: develop::Snapshots,
    /// When the next block of interval mining is due.
    due: Instant,
    auditor: Option<Auditor>,
}

/// Seconds since 1970.
pub fn wall_clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Producer {
    /// A producer above an open database whose head is `head`.
    pub fn new(
        writer: Writer,
        shared: Arc<Shared>,
        commands: Receiver<Command>,
        (head, head_hash): (Header, B256),
        auditor: Option<Auditor>,
    ) -> Self {
        let clock = Clock::new(shared.genesis.timestamp, shared.genesis.params.slot_secs);
        let (snapshots, due) = (develop::Snapshots::default(), Instant::now());
        Self { writer, shared, commands, clock, head, head_hash, snapshots, due, auditor }
    }

    /// Runs until told to stop or unable to go on.
    pub fn run(mut self) {
        let ended = self.serve();
        if let Err(error) = &ended {
            tracing::error!(%error, "block production stopped");
            self.shared.fail(error.to_string());
        }
        // Dropping the writer closes the database; only then may `stop` return.
        drop(self.writer);
    }

    fn serve(&mut self) -> Result<(), ProducerError> {
        loop {
            let command = match self.shared.mining() {
                Mining::Interval(interval) => {
                    let left = self.due.saturating_duration_since(Instant::now());
                    match self.commands.recv_timeout(left) {
                        Err(RecvTimeoutError::Timeout) => {
                            self.wait_for(interval);
                            self.seal_next(None)?;
                            continue;
                        }
                        other => other.ok(),
                    }
                }
                Mining::Instant | Mining::Manual => self.commands.recv().ok(),
            };
            match command {
                None | Some(Command::Stop) => return Ok(()),
                Some(command) => self.obey(command)?,
            }
        }
    }

    fn wait_for(&mut self, interval: Duration) {
        self.due = Instant::now().checked_add(interval).unwrap_or(self.due);
    }

    fn set_mining(&mut self, mining: Mining) {
        self.shared.set_mining(mining);
        if let Mining::Interval(interval) = mining {
            self.wait_for(interval);
        }
    }

    fn obey(&mut self, command: Command) -> Result<(), ProducerError> {
        let (head, wall) = (self.head.timestamp, wall_clock());
        match command {
            Command::Wake => self.seal_ready()?,
            Command::Mine(blocks, interval, answer) => {
                let mined = self.mine(blocks, interval)?;
                reply(answer, mined);
            }
            Command::IncreaseTime(secs, answer) => {
                reply(answer, self.clock.increase(secs, head, wall).map_err(Into::into));
            }
            Command::SetNextTimestamp(secs, answer) => {
                reply(answer, self.clock.set_next(secs, head).map_err(Into::into));
            }
            Command::SetTime(secs, answer) => reply(answer, self.clock.set(secs, wall).map_err(Into::into)),
            Command::Snapshot(answer) => {
                let id = self.remember();
                reply(answer, Ok(id));
            }
            Command::Revert(id, answer) => {
                let found = self.go_back(id)?;
                reply(answer, found);
            }
            Command::SetMining(mining, answer) => {
                self.set_mining(mining);
                reply(answer, Ok(()));
                self.seal_ready()?;
            }
            Command::Edit(edits, answer) => {
                self.edit(edits)?;
                self.seal_ready()?;
                reply(answer, Ok(()));
            }
            Command::Turn(turn, answer) => reply(answer, self.turn(turn)),
            Command::SetStep(secs, answer) => reply(answer, Ok(self.clock.set_step(secs))),
            Command::Rollback(depth, answer) => {
                let head = self.roll_back(depth)?;
                reply(answer, head);
            }
            Command::Reorg(blocks, answer) => {
                let done = self.reorganise(blocks)?;
                reply(answer, done);
            }
            Command::Reset(answer) => {
                let done = self.reset()?;
                reply(answer, done);
            }
            Command::Restore(dump, answer) => {
                let done = self.restore(*dump)?;
                self.seal_ready()?;
                reply(answer, done);
            }
            Command::Stop => {}
        }
        self.shared.publish_clock(&self.clock);
        Ok(())
    }

    /// With instant sealing: blocks until the pool has nothing ready. Each round is one pass (see [`Shared`]).
    fn seal_ready(&mut self) -> Result<(), ProducerError> {
        self.shared.woken.store(false, Ordering::SeqCst);
        loop {
            let pass = self.shared.passes_begun.fetch_add(1, Ordering::SeqCst).saturating_add(1);
            let ready = match self.shared.mining() {
                Mining::Instant => self.ready(),
                Mining::Interval(_) | Mining::Manual => Vec::new(),
            };
            let idle = ready.is_empty();
            if !idle {
                self.seal(ready, None)?;
            }
            self.shared.passes_done.send_replace(pass);
            if idle {
                return Ok(());
            }
        }
    }

    /// Transactions that the next block may take, best first.
    fn ready(&self) -> Vec<Arc<Recovered>> {
        let base_fee = self.shared.base_fee_after(&self.head);
        self.shared.pool().ready(base_fee, MAX_BLOCK_TRANSACTIONS)
    }

    /// One block with whatever is ready.
    fn seal_next(&mut self, timestamp: Option<u64>) -> Result<(), ProducerError> {
        let ready = self.ready();
        self.seal(ready, timestamp)
    }

    /// Seals blocks as `anvil_mine` asks: those with transactions one by one, the empty rest as a range.
    fn mine(
        &mut self,
        blocks: u64,
        interval: Option<u64>,
    ) -> Result<Result<u64, ControlError>, ProducerError> {
        if blocks > MAX_MINED_BLOCKS {
            return Ok(Err(ControlError::TooManyBlocks { asked: blocks, most: MAX_MINED_BLOCKS }));
        }
        let step = interval.or(self.clock.step_secs()).unwrap_or(self.shared.genesis.params.slot_secs);
        let step = self.clock.interval(step);
        let mut left = blocks;
        let mut first = true;
        while left > 0 {
            let ready = self.ready();
            if ready.is_empty() && !self.next_differs() {
                self.seal_empty(left, step, first)?;
                break;
            }
            let timestamp = (!first).then(|| self.head.timestamp.saturating_add(step));
            self.seal(ready, timestamp)?;
            first = false;
            left = left.saturating_sub(1);
        }
        Ok(Ok(self.head.number))
    }

    /// Seals a range of empty blocks: headers only.
    fn seal_empty(&mut self, blocks: u64, step: u64, first: bool) -> Result<(), ProducerError> {
        let begun = Instant::now();
        let next = if first {
            self.clock.take(self.head.timestamp, wall_clock())
        } else {
            self.head.timestamp.saturating_add(step)
        };
        // After an edit of the head's state the header says another root than the state's.
        let state_root = self.writer.head().map_or(self.head.state_root, |head| head.root);
        let header = Header { state_root, ..self.head.clone() };
        let mut chain = EmptyChain { header, hash: self.head_hash, next, step, left: blocks };
        self.writer.commit_empty(&mut chain)?;
        let EmptyChain { header, hash, .. } = chain;
        tracing::debug!(blocks, head = header.number, took = ?begun.elapsed(), "sealed empty blocks");
        self.publish(SealedBlock { header, hash, transactions: Vec::new(), receipts: Vec::new() });
        Ok(())
    }

    /// Executes, commits and publishes one block.
    fn seal(&mut self, candidates: Vec<Arc<Recovered>>, timestamp: Option<u64>) -> Result<(), ProducerError> {
        let begun = Instant::now();
        let timestamp = timestamp.unwrap_or_else(|| self.clock.take(self.head.timestamp, wall_clock()));
        let context = self.shared.context_after(&self.head, self.head_hash, timestamp);
        let number = context.number;
        let executed = executor::execute_block(&self.writer, &self.shared.rules, &context, &candidates)
            .map_err(|error| ProducerError::Execution { number, reason: error.to_string() })?;
        let state_root = self.writer.stage(executed.changes)?;
        let header = executor::assemble_header(&context, &executed.block, state_root);
        let hash = header.hash_slow();
        let block = SealedBlock {
            header,
            hash,
            transactions: executed.block.transactions,
            receipts: executed.block.receipts,
        };
        self.writer.commit(record(&block, self.shared.indexed))?;
        if let Some(auditor) = &mut self.auditor {
            let logs = block.receipts.iter().flat_map(|receipt| receipt.logs());
            auditor.follow(self.writer.reader(), &context, logs)?;
        }
        let transactions = block.transactions.len();
        let gas = block.header.gas_used;
        for (transaction, reason) in &executed.skipped {
            tracing::debug!(hash = %transaction.hash, %reason, "dropped a transaction that cannot run");
        }
        self.shared.turn(Dials::used);
        self.shared.pool().drop_all_of(executed.skipped.iter().map(|(transaction, _)| transaction.hash));
        self.publish(block);
        tracing::info!(number, transactions, gas, took = ?begun.elapsed(), "sealed");
        metrics::histogram!("bulwark_block_seconds").record(begun.elapsed().as_secs_f64());
        Ok(())
    }

    /// Makes a durable block visible, and lets the pool follow.
    fn publish(&mut self, block: SealedBlock) {
        self.head = block.header.clone();
        self.head_hash = block.hash;
        self.shared.publish(Arc::new(block), &self.clock);
    }
}

/// Chains the headers of empty blocks, range by range.
struct EmptyChain {
    header: Header,
    hash: B256,
    next: u64,
    step: u64,
    left: u64,
}

impl Iterator for EmptyChain {
    type Item = EmptyRange;

    fn next(&mut self) -> Option<EmptyRange> {
        let mut range: Option<EmptyRange> = None;
        while self.left > 0 && range.as_ref().is_none_or(|range| range.hashes.len() < RANGE_BLOCKS) {
            let elapsed = self.next.saturating_sub(self.header.timestamp);
            self.header = next_empty(&self.header, self.hash, elapsed);
            self.hash = self.header.hash_slow();
            self.next = self.next.saturating_add(self.step);
            self.left = self.left.saturating_sub(1);
            range
                .get_or_insert_with(|| EmptyRange {
                    first: self.header.number,
                    first_header: encode(&self.header),
                    interval_secs: self.step,
                    hashes: Vec::new(),
                })
                .hashes
                .push(self.hash);
        }
        range
    }
}

fn reply<T>(answer: Answer<T>, value: Result<T, ControlError>) {
    // The asker may have hung up; the work is done all the same.
    let _ = answer.send(value);
}

fn encode(header: &Header) -> Vec<u8> {
    let mut out = Vec::with_capacity(header.length());
    header.encode(&mut out);
    out
}

/// The durable record of a block.
pub fn record(block: &SealedBlock, indexed: bool) -> BlockRecord {
    let mut log_keys = Vec::new();
    for log in block.receipts.iter().flat_map(|receipt| receipt.logs()) {
        log_keys.push(LogKey::Address(log.address));
        for (position, topic) in (0u8..).zip(log.topics()) {
            log_keys.push(LogKey::Topic(position, *topic));
        }
    }
    // A transfer changes its recipient's account, which the history knows; a call may change nothing.
    let calls = block.transactions.iter().filter(|it| !it.tx.input().is_empty() || it.tx.value().is_zero());
    log_keys.extend(calls.filter_map(|it| it.tx.to()).map(LogKey::Called));
    log_keys.sort_unstable();
    log_keys.dedup();
    BlockRecord {
        number: block.header.number,
        hash: block.hash,
        header: encode(&block.header),
        body: if block.transactions.is_empty() { Vec::new() } else { block.encode_body() },
        receipts: if block.receipts.is_empty() { Vec::new() } else { block.encode_receipts() },
        transactions: block.transactions.iter().map(|transaction| transaction.hash).collect(),
        log_keys,
        side: if indexed { index_rows(block) } else { Vec::new() },
    }
}

/// The block's rows in the restaking index.
pub fn index_rows(block: &SealedBlock) -> Vec<state::SideRow> {
    let receipts = (0u32..).zip(&block.receipts);
    let logs = receipts.flat_map(|(at, receipt)| receipt.logs().iter().map(move |log| (at, log)));
    index::rows_of(block.header.number, logs)
}

/// How long `stop` waits for the thread before it says so.
pub const STOP_PATIENCE: Duration = Duration::from_secs(30);
