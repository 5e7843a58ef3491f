//! `Chain`: the handle that RPC, dashboard and demo hold. It submits, reads and asks the producer; it is cheap to clone.

mod batch;
mod develop;

use crate::{
    audit::{AuditError, Auditor},
    block::SealedBlock,
    clock::{Clock, TimeError},
    develop::Dials,
    executor::{
        self, At, BlockContext, CallRequest, Environment, EstimateError, Outcome, Overrides, SimulationError,
    },
    genesis::Genesis,
    index::SIDE_TABLE,
    pool::{LOWEST_BASE_FEE, Limits, Pool, PoolError, Rules},
    producer::{Answer, Command, Producer, STOP_PATIENCE, record, wall_clock},
    query::{ReadError, View, head_of, read_header},
    reread::Reread,
    transaction::{self, Recovered, TransactionError},
};
use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes};
use parking_lot::{Mutex, MutexGuard, RwLock};
use state::{History, Options, Readers, SideTable, Writer};
use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::{broadcast, oneshot, watch};
use types::Params;

/// Blocks kept decoded in memory for the queries that everybody asks.
const RECENT_BLOCKS: usize = 64;

/// Blocks that a slow subscriber may fall behind before it is told that it missed some.
const EVENT_BACKLOG: usize = 1_024;

/// Pending-transaction hashes that a slow subscriber may fall behind.
const PENDING_BACKLOG: usize = 16_384;

/// Name of the genesis file that a data directory keeps.
pub(crate) const GENESIS_FILE: &str = "genesis.json";

/// When blocks are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mining {
    /// As soon as a transaction is ready.
    Instant,
    /// At intervals, also empty ones.
    Interval(Duration),
    /// On command only.
    Manual,
}

/// How a chain is opened.
#[derive(Clone, Debug)]
pub struct Config {
    /// The first block and the rules.
    pub genesis: Genesis,
    /// Where the database lies; `None` keeps all in memory.
    pub data_dir: Option<PathBuf>,
    /// How much of the past stays readable.
    pub history: History,
    /// When blocks are sealed.
    pub mining: Mining,
    /// Bounds of the transaction pool.
    pub pool: Limits,
    /// Whether all invariants are checked after every block that touched restaking.
    pub audit: bool,
}

/// Why a chain did not open.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The database's reason.
    #[error(transparent)]
    State(#[from] state::Error),
    /// The genesis cannot start a chain.
    #[error(transparent)]
    Genesis(#[from] crate::genesis::GenesisError),
    /// A file of the data directory could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A directory that should hold a chain does not.
    #[error("{path} holds no chain: it has no {GENESIS_FILE}; name the directory that a node was given")]
    NoChain {
        /// The directory.
        path: PathBuf,
    },
    /// The genesis that a data directory keeps cannot be read back.
    #[error("{path} is damaged: {source}; restore it from a copy, or start anew in another data directory")]
    KeptGenesis {
        /// Which file.
        path: PathBuf,
        /// What is wrong in it.
        source: crate::genesis::GenesisError,
    },
    /// The data directory holds another chain.
    #[error(
        "{path} holds another chain (genesis {found}, asked for {asked}); use its own genesis and flags, or another --data-dir"
    )]
    OtherChain {
        /// The data directory.
        path: PathBuf,
        /// The identity found.
        found: B256,
        /// The identity asked for.
        asked: B256,
    },
    /// The head could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The auditor could not begin.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The system gave no thread.
    #[error("the block producer's thread could not be started: {0}")]
    Thread(std::io::Error),
}

/// Why a transaction was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// It cannot be a transaction of this chain.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    /// The pool refused it.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The state could not be read.
    #[error(transparent)]
    State(#[from] state::Error),
    /// The producer has stopped.
    #[error("the node has stopped producing blocks: {0}")]
    Stopped(String),
}

/// Why a control was not obeyed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// A time that cannot be used.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// More blocks than one command may seal.
    #[error("{asked} blocks are more than one command may seal; ask for at most {most} at a time")]
    TooManyBlocks {
        /// Asked for.
        asked: u64,
        /// The bound.
        most: u64,
    },
    /// More blocks than there are.
    #[error("depth must not exceed current chain height: current height {head}, depth {depth}")]
    TooDeep {
        /// Blocks to undo.
        depth: u64,
        /// The head.
        head: u64,
    },
    /// The state to go back to is no longer kept.
    #[error("block {asked} is out of reach: states before block {oldest} are pruned; start without --prune")]
    OutOfReach {
        /// Where to.
        asked: u64,
        /// The oldest state that is kept.
        oldest: u64,
    },
    /// More accounts than may be impersonated by name.
    #[error("more than {most} accounts are impersonated; use anvil_autoImpersonateAccount")]
    TooManyImpersonated {
        /// The bound.
        most: usize,
    },
    /// The producer has stopped.
    #[error("the node has stopped producing blocks: {0}")]
    Stopped(String),
}

/// What the handle and the producer's thread share.
pub struct Shared {
    /// The first block and the rules.
    pub genesis: Genesis,
    /// What execution needs to know of the chain.
    pub rules: Environment,
    /// Whether the restaking index is kept.
    pub indexed: bool,
    pool: Mutex<Pool>,
    mining: RwLock<Mining>,
    clock: RwLock<Clock>,
    dials: RwLock<Dials>,
    /// Id and block of each snapshot.
    snapshots: RwLock<Vec<(u64, u64)>>,
    /// When the head was published, in milliseconds since 1970.
    published_ms: AtomicU64,
    recent: RwLock<VecDeque<Arc<SealedBlock>>>,
    /// Older ones.
    pub(crate) reread: Reread,
    readers: Readers,
    blocks: broadcast::Sender<Arc<SealedBlock>>,
    pending: broadcast::Sender<B256>,
    failure: watch::Sender<Option<String>>,
    /// Whether a wake-up is on its way to the producer.
    pub woken: AtomicBool,
    /// Sealing passes begun. A transaction admitted before pass `n` begins is considered by pass `n`.
    pub passes_begun: AtomicU64,
    /// The last sealing pass that ended.
    pub passes_done: watch::Sender<u64>,
}

/// A handle to a running chain.
#[derive(Clone)]
pub struct Chain {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Shared {
    /// The pool, for short look-ups.
    pub fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock()
    }

    /// When blocks are sealed.
    pub fn mining(&self) -> Mining {
        *self.mining.read()
    }

    /// Changes when blocks are sealed; the producer's alone.
    pub fn set_mining(&self, mining: Mining) {
        *self.mining.write() = mining;
    }

    /// Says why block production ended.
    pub fn fail(&self, reason: String) {
        self.failure.send_replace(Some(reason));
    }

    /// Lets readers see how time was set.
    pub fn publish_clock(&self, clock: &Clock) {
        *self.clock.write() = clock.clone();
    }

    /// Makes a durable block visible to queries, pool and subscribers, in this order.
    pub fn publish(&self, block: Arc<SealedBlock>, clock: &Clock) {
        self.publish_clock(clock);
        self.published_ms.store(develop::wall_clock_ms(), Ordering::Relaxed);
        {
            let mut recent = self.recent.write();
            recent.push_back(block.clone());
            if recent.len() > RECENT_BLOCKS {
                recent.pop_front();
            }
        }
        {
            let mut pool = self.pool();
            let reader = self.readers.latest();
            if let Err(error) = pool.on_block(&block.transactions, &PoolState(&reader)) {
                tracing::error!(%error, "the pool could not follow block {}", block.header.number);
            }
        }
        metrics::gauge!("bulwark_head").set(gauge(block.header.number));
        // Nobody may be listening.
        let _ = self.blocks.send(block);
    }

    /// After a rewind: forgets what lies above, and lets the pool look again.
    pub fn went_back(&self, head: u64) {
        self.recent.write().retain(|block| block.header.number <= head);
        let mut pool = self.pool();
        let reader = self.readers.latest();
        if let Err(error) = pool.on_rewind(&PoolState(&reader)) {
            tracing::error!(%error, "the pool could not follow the rewind to block {head}");
        }
    }

    /// A recent block, if it is still decoded in memory.
    pub fn recent(&self, number: u64) -> Option<Arc<SealedBlock>> {
        self.recent.read().iter().rev().find(|block| block.header.number == number).cloned()
    }

    /// The header of a block at or below the head, with its hash.
    ///
    /// # Errors
    /// The database's, also if the block does not exist.
    pub fn header_at(&self, number: u64) -> Result<(Header, B256), ReadError> {
        let header = read_header(&self.readers.latest(), number)?;
        let hash = header.hash_slow();
        Ok((header, hash))
    }
}

/// Block heights are far below 2^53.
#[allow(clippy::cast_precision_loss, reason = "a gauge is a float by its protocol")]
fn gauge(number: u64) -> f64 {
    number as f64
}

/// What the pool asks of the state: nonces and balances at the head.
pub struct PoolState<'a>(pub &'a state::Reader);

impl crate::pool::AccountReader for PoolState<'_> {
    type Error = state::Error;

    fn nonce_and_balance(
        &self,
        address: alloy_primitives::Address,
    ) -> Result<(u64, alloy_primitives::U256), state::Error> {
        let account = self.0.account(address, head_of(self.0))?;
        Ok(account.map_or_else(Default::default, |account| (account.nonce, account.balance)))
    }
}

impl Chain {
    /// Opens a chain and starts its producer.
    ///
    /// # Errors
    /// In one line: what is wrong with the genesis, the data directory or the database.
    pub fn open(config: Config) -> Result<Self, ChainError> {
        Self::open_with(config, Some(SIDE_TABLE))
    }

    /// A chain that keeps no restaking index: what benchmarks compare with.
    ///
    /// # Errors
    /// As [`Chain::open`].
    pub fn open_without_index(config: Config) -> Result<Self, ChainError> {
        Self::open_with(config, None)
    }

    fn open_with(config: Config, side: Option<SideTable>) -> Result<Self, ChainError> {
        config.genesis.check()?;
        let genesis = match &config.data_dir {
            Some(path) => keep_genesis(path, config.genesis)?,
            None => config.genesis,
        };
        let mut writer = Writer::open(Options {
            data_dir: config.data_dir,
            history: config.history,
            side,
            ..Options::in_memory(genesis.identity())
        })?;
        if writer.head().is_none() {
            seal_genesis(&mut writer, &genesis)?;
        }
        let reader = writer.reader();
        let header = read_header(&reader, head_of(&reader))?;
        let hash = header.hash_slow();
        let shared = Arc::new(Shared {
            rules: Environment::new(genesis.chain_id, genesis.params.clone()),
            indexed: side.is_some(),
            pool: Mutex::new(Pool::new(config.pool, pool_rules(&genesis, &header))),
            mining: RwLock::new(config.mining),
            clock: RwLock::new(Clock::new(genesis.timestamp, genesis.params.slot_secs)),
            dials: RwLock::new(develop::dials_of(&header, &genesis)),
            snapshots: RwLock::default(),
            published_ms: AtomicU64::new(develop::wall_clock_ms()),
            recent: RwLock::new(VecDeque::new()),
            reread: Reread::default(),
            readers: writer.readers(),
            blocks: broadcast::channel(EVENT_BACKLOG).0,
            pending: broadcast::channel(PENDING_BACKLOG).0,
            failure: watch::channel(None).0,
            woken: AtomicBool::new(false),
            passes_begun: AtomicU64::new(0),
            passes_done: watch::channel(0).0,
            genesis,
        });
        let (commands, inbox) = mpsc::channel();
        let auditor = config.audit.then(|| Auditor::open(&shared, writer.reader())).transpose()?;
        let producer = Producer::new(writer, shared.clone(), inbox, (header, hash), auditor);
        let thread = std::thread::Builder::new()
            .name("producer".into())
            .stack_size(executor::STACK_BYTES)
            .spawn(move || producer.run())
            .map_err(ChainError::Thread)?;
        Ok(Self { shared, commands, thread: Arc::new(Mutex::new(Some(thread))) })
    }

    /// Ends cleanly: the block under way is finished, the database closed.
    pub fn stop(&self) {
        let _ = self.commands.send(Command::Stop);
        let Some(thread) = self.thread.lock().take() else { return };
        let begun = Instant::now();
        let mut told = false;
        while !thread.is_finished() {
            std::thread::park_timeout(Duration::from_millis(5));
            if !told && begun.elapsed() > STOP_PATIENCE {
                tracing::warn!("still closing the database");
                told = true;
            }
        }
        if thread.join().is_err() {
            tracing::error!("the block producer ended in a panic");
        }
    }

    /// Checks all invariants of restaking on the newest block's state, for everybody in the chain's past that is kept.
    ///
    /// # Errors
    /// Violations, or the audit could not run.
    pub fn audit(&self) -> Result<(), AuditError> {
        let view = self.view();
        let (number, failed) = (view.head(), |error: ReadError| error.to_string());
        let header =
            view.head_header().map_err(|error| AuditError::Failed { number, reason: failed(error) })?;
        let reader = view.reader().clone();
        Auditor::open(&self.shared, reader.clone())?.audit(reader, &BlockContext::of(&header))
    }

    /// Resolves when block production had to end, with the reason.
    pub async fn failed(&self) -> String {
        let mut failure = self.shared.failure.subscribe();
        match failure.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => "the chain was closed".into(),
        }
    }

    /// Whether block production has ended, and why.
    pub fn failure(&self) -> Option<String> {
        self.shared.failure.borrow().clone()
    }

    /// EIP-155 chain id.
    pub fn chain_id(&self) -> u64 {
        self.shared.genesis.chain_id
    }

    /// The chain's numbers and rules.
    pub fn params(&self) -> &Params {
        &self.shared.genesis.params
    }

    /// The first block and the rules.
    pub fn genesis(&self) -> &Genesis {
        &self.shared.genesis
    }

    /// The pool, for short look-ups.
    pub fn pool(&self) -> MutexGuard<'_, Pool> {
        self.shared.pool()
    }

    /// A consistent snapshot at the newest durable block.
    pub fn view(&self) -> View {
        View::new(self.shared.readers.latest(), self.shared.clone())
    }

    /// Each block after it is durable.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<SealedBlock>> {
        self.shared.blocks.subscribe()
    }

    /// The hash of each transaction that the pool admits.
    pub fn subscribe_pending(&self) -> broadcast::Receiver<B256> {
        self.shared.pending.subscribe()
    }

    /// Decodes, checks and submits a signed transaction.
    ///
    /// # Errors
    /// What is wrong with it, in geth's words where tools match on them.
    pub async fn submit_raw(&self, raw: Bytes) -> Result<B256, SubmitError> {
        let chain_id = self.chain_id();
        let (answer, decoded) = oneshot::channel();
        rayon::spawn_fifo(move || {
            let _ = answer.send(transaction::recover(raw, chain_id));
        });
        let decoded = decoded.await.map_err(|_| SubmitError::Stopped("a worker ended".into()))?;
        self.submit(Arc::new(decoded?)).await
    }

    /// Submits a checked transaction. With instant sealing, returns after the pass that considered it.
    ///
    /// # Errors
    /// The pool's reason.
    pub async fn submit(&self, transaction: Arc<Recovered>) -> Result<B256, SubmitError> {
        let hash = transaction.hash;
        self.admit(transaction)?;
        let ticket = self.wake();
        if self.mining() == Mining::Instant {
            self.considered(ticket).await?;
        }
        Ok(hash)
    }

    fn admit(&self, transaction: Arc<Recovered>) -> Result<(), SubmitError> {
        if let Some(reason) = self.failure() {
            return Err(SubmitError::Stopped(reason));
        }
        let hash = transaction.hash;
        {
            let mut pool = self.pool();
            // Read after the lock is taken: an older snapshot could miss a block that the pool has followed.
            let reader = self.shared.readers.latest();
            pool.add(transaction, &PoolState(&reader))?;
        }
        // Nobody may be listening.
        let _ = self.shared.pending.send(hash);
        Ok(())
    }

    /// Wakes the producer and returns the first pass that sees all that is in the pool now.
    fn wake(&self) -> u64 {
        let ticket = self.shared.passes_begun.load(Ordering::SeqCst).saturating_add(1);
        if !self.shared.woken.swap(true, Ordering::SeqCst) {
            // A closed channel is noticed by whoever waits.
            let _ = self.commands.send(Command::Wake);
        }
        ticket
    }

    async fn considered(&self, ticket: u64) -> Result<(), SubmitError> {
        let mut done = self.shared.passes_done.subscribe();
        tokio::select! {
            passed = done.wait_for(|pass| *pass >= ticket) => match passed {
                Ok(_) => Ok(()),
                Err(_) => Err(SubmitError::Stopped("the chain was closed".into())),
            },
            reason = self.failed() => Err(SubmitError::Stopped(reason)),
        }
    }

    /// When blocks are sealed.
    pub fn mining(&self) -> Mining {
        self.shared.mining()
    }

    /// Seconds between the wall clock and chain time.
    pub fn time_offset(&self) -> i64 {
        self.shared.clock.read().offset_secs()
    }

    /// What a block sealed now would look like: the environment of calls on `pending`.
    ///
    /// # Errors
    /// The database's.
    pub fn next_context(&self, view: &View) -> Result<BlockContext, ReadError> {
        let header = view.head_header()?;
        let timestamp = self.shared.clock.read().peek(header.timestamp, wall_clock());
        Ok(self.shared.context_after(&header, header.hash_slow(), timestamp))
    }

    /// Where a call at block `at` runs: on the state after it, in a block like it; on `pending`, in the next block.
    ///
    /// # Errors
    /// The database's, also if there is no such block.
    pub fn place(&self, view: &View, at: u64, pending: bool) -> Result<(At, BlockContext), ReadError> {
        let source = At { reader: view.reader().clone(), number: at };
        let context = match pending {
            true => Some(self.next_context(view)?),
            false => view.context(at)?,
        };
        let unknown = || state::Error::UnknownBlock { asked: at, head: view.head() };
        Ok((source, context.ok_or_else(unknown)?))
    }

    /// What execution needs to know of this chain.
    pub fn environment(&self) -> &Environment {
        &self.shared.rules
    }

    /// Runs a call and forgets what it changed (`eth_call`).
    ///
    /// # Errors
    /// The call cannot run, or the state cannot be read. A revert is an [`Outcome`].
    pub fn call(
        &self,
        place: &(At, BlockContext),
        request: &CallRequest,
        overrides: &Overrides,
    ) -> Result<Outcome, SimulationError> {
        executor::simulate(&place.0, &self.shared.rules, &place.1, request, overrides)
    }

    /// The gas limit with which to send a call (`eth_estimateGas`).
    ///
    /// # Errors
    /// Why it fails whatever its gas limit is.
    pub fn estimate_gas(
        &self,
        place: &(At, BlockContext),
        request: &CallRequest,
        overrides: &Overrides,
    ) -> Result<u64, EstimateError> {
        executor::estimate_gas(&place.0, &self.shared.rules, &place.1, request, overrides)
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, ControlError> {
        let stopped =
            || ControlError::Stopped(self.failure().unwrap_or_else(|| "the chain was closed".into()));
        let (answer, reply) = oneshot::channel();
        self.commands.send(command(answer)).map_err(|_| stopped())?;
        reply.await.map_err(|_| stopped())?
    }

    /// Seals `blocks` blocks, `interval_secs` apart (one slot if `None`). Returns the head.
    ///
    /// # Errors
    /// More blocks than one command may seal.
    pub async fn mine(&self, blocks: u64, interval_secs: Option<u64>) -> Result<u64, ControlError> {
        self.ask(|answer| Command::Mine(blocks, interval_secs, answer)).await
    }

    /// Changes when blocks are sealed.
    ///
    /// # Errors
    /// The producer has stopped.
    pub async fn set_mining(&self, mining: Mining) -> Result<(), ControlError> {
        self.ask(|answer| Command::SetMining(mining, answer)).await
    }

    /// Moves chain time forward. Returns the whole offset in seconds.
    ///
    /// # Errors
    /// A time beyond the last that a chain may reach.
    pub async fn increase_time(&self, secs: u64) -> Result<i64, ControlError> {
        self.ask(|answer| Command::IncreaseTime(secs, answer)).await
    }

    /// Sets the next block's timestamp, rounded up to a slot. Returns the one that will be used.
    ///
    /// # Errors
    /// A time not after the head's.
    pub async fn set_next_timestamp(&self, secs: u64) -> Result<u64, ControlError> {
        self.ask(|answer| Command::SetNextTimestamp(secs, answer)).await
    }

    /// Sets chain time, from which it goes on. Returns the whole offset in seconds.
    ///
    /// # Errors
    /// A time beyond the last that a chain may reach.
    pub async fn set_time(&self, secs: u64) -> Result<i64, ControlError> {
        self.ask(|answer| Command::SetTime(secs, answer)).await
    }

    /// Remembers this state. Returns the snapshot's id.
    ///
    /// # Errors
    /// The producer has stopped.
    pub async fn snapshot(&self) -> Result<u64, ControlError> {
        self.ask(Command::Snapshot).await
    }

    /// Goes back to a snapshot, which is used up with all taken after it. `false`: there is no such snapshot.
    ///
    /// # Errors
    /// The producer has stopped.
    pub async fn revert(&self, id: u64) -> Result<bool, ControlError> {
        self.ask(|answer| Command::Revert(id, answer)).await
    }
}

/// What no block of a chain could ever hold, the pool refuses.
fn pool_rules(genesis: &Genesis, head: &Header) -> Rules {
    Rules {
        block_gas_limit: head.gas_limit,
        transaction_gas_cap: genesis.params.transaction_gas_cap,
        lowest_base_fee: genesis.base_fee.min(LOWEST_BASE_FEE).min(head.base_fee_per_gas.unwrap_or_default()),
    }
}

/// Writes block 0.
fn seal_genesis(writer: &mut Writer, genesis: &Genesis) -> Result<(), ChainError> {
    let root = writer.stage(genesis.changes())?;
    let header = genesis.header(root);
    let hash = header.hash_slow();
    let block = SealedBlock { header, hash, transactions: Vec::new(), receipts: Vec::new() };
    Ok(writer.commit(record(&block, false))?)
}

/// Keeps the effective genesis in the data directory, and refuses another chain's. A development chain made again with
/// the same flags but a later first timestamp is the same chain: the kept timestamp counts.
fn keep_genesis(directory: &std::path::Path, asked: Genesis) -> Result<Genesis, ChainError> {
    let path = directory.join(GENESIS_FILE);
    let file = |source| ChainError::File { path: path.clone(), source };
    let kept = match std::fs::read_to_string(&path) {
        Ok(text) => match Genesis::from_json(&text) {
            Ok((genesis, _)) => genesis,
            Err(source) => return Err(ChainError::KeptGenesis { path, source }),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            std::fs::create_dir_all(directory).map_err(file)?;
            write_durably(directory, &path, asked.to_json().as_bytes()).map_err(file)?;
            return Ok(asked);
        }
        Err(error) => return Err(file(error)),
    };
    let same_but_for_time = Genesis { timestamp: kept.timestamp, ..asked.clone() };
    if kept == asked || (kept.dev && kept == same_but_for_time) {
        return Ok(kept);
    }
    let (found, asked) = (kept.identity(), asked.identity());
    Err(ChainError::OtherChain { path: directory.to_path_buf(), found, asked })
}

/// Writes a whole file or nothing, whatever happens in between.
fn write_durably(directory: &std::path::Path, path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let scratch = path.with_extension("json.new");
    let mut out = std::fs::File::create(&scratch)?;
    out.write_all(bytes)?;
    out.sync_all()?;
    std::fs::rename(&scratch, path)?;
    std::fs::File::open(directory)?.sync_all()
}
