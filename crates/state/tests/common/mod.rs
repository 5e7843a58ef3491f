//! A chain of plain maps beside a `Writer`: every block's state is kept whole, and what the database says is compared with
//! it. Roots come from `alloy-trie`, which shares no code with the crate.
#![allow(dead_code, reason = "each test program uses its part")]
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::type_complexity,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use alloy_trie::TrieAccount;
use alloy_trie::root::{state_root_unhashed, storage_root_unhashed};
use proptest::prelude::*;
use state::{
    Account, AccountChange, BlockRecord, Changes, EmptyRange, Error, History, Limits, LogKey, Options,
    Reader, Result, SideRow, SideTable, StoredHeader, Writer,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

pub const CHAIN: B256 = B256::repeat_byte(0xc1);

/// Limits under which a few blocks already fold, and a few leaves are a checkpoint.
pub const SMALL: Limits =
    Limits { fold_rows: 60, fold_blocks: 5, pending_rows: 400, checkpoint_leaves: 10, checkpoint_rows: 25 };

pub fn options(data_dir: Option<PathBuf>, history: History) -> Options {
    Options { data_dir, history, limits: SMALL, trie_bytes: 0, side: Some(SIDE), ..Options::in_memory(CHAIN) }
}

/// A side table with some rows a block, whose keys do not follow the order of blocks.
pub const SIDE: SideTable = SideTable { version: 1, derive: side_of };

pub fn side_of(number: u64, receipts: &[u8]) -> Option<Vec<SideRow>> {
    let row = |at: u64| {
        let mut key = vec![((number * 7 + at * 3) % 11) as u8];
        key.extend(number.to_be_bytes());
        key.push(at as u8);
        SideRow { key: key.into(), value: vec![receipts.len() as u8].into() }
    };
    Some((0..receipts.len() as u64 / 70).map(row).collect())
}

type Slots = BTreeMap<U256, U256>;

/// The state after one block.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World(pub BTreeMap<Address, (Account, Slots)>);

impl World {
    pub fn apply(&mut self, changes: &Changes) {
        for change in &changes.accounts {
            let slots = match self.0.remove(&change.address) {
                Some((_, slots)) if !change.wiped => slots,
                _ => Slots::new(),
            };
            let Some(account) = change.account else { continue };
            let (_, slots) = self.0.entry(change.address).or_insert((account, slots));
            for (slot, value) in &change.slots {
                if value.is_zero() {
                    slots.remove(slot);
                } else {
                    slots.insert(*slot, *value);
                }
            }
        }
    }

    pub fn root(&self) -> B256 {
        state_root_unhashed(self.0.iter().map(|(address, (account, slots))| {
            let slots = slots.iter().map(|(slot, value)| (B256::from(*slot), *value));
            let account = TrieAccount {
                nonce: account.nonce,
                balance: account.balance,
                storage_root: storage_root_unhashed(slots),
                code_hash: account.code_hash,
            };
            (*address, account)
        }))
    }
}

/// What is known of one block.
#[derive(Clone, Debug)]
pub struct ModelBlock {
    pub hash: B256,
    /// The same for all blocks of an empty range.
    pub world: usize,
    pub header: StoredHeader,
    pub body: Bytes,
    pub receipts: Bytes,
    pub transactions: Vec<B256>,
    pub logs: BTreeSet<LogKey>,
}

/// The whole chain in plain maps.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub blocks: Vec<ModelBlock>,
    worlds: Vec<World>,
    roots: Vec<B256>,
    /// Makes hashes of blocks on different branches differ.
    pub branch: u64,
    /// Every so many blocks the state is compared; 0: every block.
    pub stride: u64,
    code: BTreeMap<B256, Bytes>,
}

pub fn address(n: u8) -> Address {
    Address::repeat_byte(n)
}

/// What one block does, in small numbers.
#[derive(Clone, Debug)]
pub struct Draft {
    pub changes: Vec<(u8, Option<(u64, bool)>, Vec<(u8, u8)>, bool)>,
    pub logs: Vec<(u8, u8)>,
    pub transactions: u8,
}

#[derive(Clone, Debug)]
pub enum Step {
    Block(Draft),
    Empty(Vec<u8>),
    /// Changes the last block's state.
    Amend(Draft),
    /// Stages, looks, and takes it back.
    Try(Draft),
    Rewind(u8),
    Restart,
    Check,
}

pub fn draft() -> impl Strategy<Value = Draft> {
    let account = prop::option::weighted(0.85, (0u64..1_000, any::<bool>()));
    let slots = prop::collection::vec((0u8..24, 0u8..4), 0..8);
    let changes = prop::collection::vec((0u8..20, account, slots, prop::bool::weighted(0.1)), 0..8);
    let logs = prop::collection::vec((0u8..4, 0u8..6), 0..5);
    (changes, logs, 0u8..4).prop_map(|(changes, logs, transactions)| Draft { changes, logs, transactions })
}

pub fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => draft().prop_map(Step::Block),
        1 => prop::collection::vec(1u8..9, 1..4).prop_map(Step::Empty),
        3 => draft().prop_map(Step::Amend),
        1 => draft().prop_map(Step::Try),
        1 => (0u8..12).prop_map(Step::Rewind),
        1 => Just(Step::Restart),
        1 => Just(Step::Check),
    ];
    prop::collection::vec(step, 1..most)
}

fn code_of(n: u64) -> Bytes {
    vec![n as u8; 40].into()
}

impl Draft {
    pub fn changes(&self) -> Changes {
        let mut accounts = BTreeMap::new();
        let mut code = BTreeMap::new();
        for (who, account, slots, wiped) in &self.changes {
            let account = account.map(|(n, contract)| {
                let bytes = code_of(n);
                let code_hash = if contract { keccak256(&bytes) } else { KECCAK256_EMPTY };
                if contract {
                    code.insert(code_hash, bytes);
                }
                Account { nonce: n, balance: U256::from(n) << (n % 100), code_hash }
            });
            let slots = if account.is_some() { slots.as_slice() } else { &[] };
            let slots: BTreeMap<U256, U256> =
                slots.iter().map(|(k, v)| (U256::from(*k), U256::from(*v))).collect();
            let slots = slots.into_iter().collect();
            accounts.insert(*who, AccountChange { address: address(*who), account, wiped: *wiped, slots });
        }
        Changes { accounts: accounts.into_values().collect(), code: code.into_iter().collect() }
    }

    fn logs(&self) -> BTreeSet<LogKey> {
        let keys = |(who, topic): &(u8, u8)| {
            let topic = LogKey::Topic(topic % 4, B256::repeat_byte(*topic));
            [LogKey::Address(address(*who)), topic]
        };
        self.logs.iter().flat_map(keys).collect()
    }
}

impl Model {
    pub fn head(&self) -> Option<u64> {
        self.blocks.len().checked_sub(1).map(|n| n as u64)
    }

    pub fn world(&self, number: u64) -> &World {
        &self.worlds[self.blocks[number as usize].world]
    }

    pub fn root(&self, number: u64) -> B256 {
        self.roots[self.blocks[number as usize].world]
    }

    fn latest_world(&self) -> World {
        self.head().map(|head| self.world(head).clone()).unwrap_or_default()
    }

    /// Adds a block, and tells what to stage and seal.
    pub fn push(&mut self, draft: &Draft) -> (Changes, BlockRecord) {
        let changes = draft.changes();
        let mut world = self.latest_world();
        world.apply(&changes);
        self.code.extend(changes.code.iter().cloned());
        self.worlds.truncate(self.blocks.last().map_or(0, |block| block.world + 1));
        self.roots.truncate(self.worlds.len());
        self.roots.push(world.root());
        self.worlds.push(world);
        let block = block_of(self.branch, self.blocks.len() as u64, self.worlds.len() - 1, draft);
        let record = record(self.blocks.len() as u64, &block);
        self.blocks.push(block);
        (changes, record)
    }

    /// Stages and seals a block on both sides.
    pub fn seal(&mut self, writer: &mut Writer, draft: &Draft) {
        let (changes, record) = self.push(draft);
        let root = writer.stage(changes).unwrap();
        assert_eq!(Some(&root), self.roots.last(), "root of block {}", record.number);
        writer.commit(record).unwrap();
    }

    /// Adds ranges of empty blocks of these lengths.
    pub fn push_empty(&mut self, lengths: &[u8]) -> Vec<EmptyRange> {
        let Some(world) = self.blocks.last().map(|block| block.world) else { return Vec::new() };
        let mut ranges = Vec::new();
        for length in lengths {
            let range = range_of(self.branch, self.blocks.len() as u64, *length);
            for (at, hash) in range.hashes.iter().enumerate() {
                let header = StoredHeader::Derived {
                    first: range.first_header.clone().into(),
                    interval_secs: range.interval_secs,
                    steps: at as u64,
                    parent: at.checked_sub(1).map(|before| range.hashes[before]),
                };
                let (body, receipts) = (Bytes::new(), Bytes::new());
                let (transactions, logs) = (Vec::new(), BTreeSet::new());
                self.blocks.push(ModelBlock {
                    hash: *hash,
                    world,
                    header,
                    body,
                    receipts,
                    transactions,
                    logs,
                });
            }
            ranges.push(range);
        }
        ranges
    }

    pub fn seal_empty(&mut self, writer: &mut Writer, lengths: &[u8]) {
        let ranges = self.push_empty(lengths);
        if !ranges.is_empty() {
            writer.commit_empty(ranges).unwrap();
        }
    }

    /// Changes the last block's state on both sides; its hash, header and all else stay.
    pub fn amend(&mut self, writer: &mut Writer, draft: &Draft) {
        let changes = draft.changes();
        let Some(block) = self.blocks.last_mut() else {
            assert_eq!(writer.amend(changes, Vec::new()), Err(Error::NoBlocks));
            return;
        };
        let header = match &block.header {
            StoredHeader::Whole(header) => header.clone(),
            StoredHeader::Derived { steps, .. } => vec![7; 3 + *steps as usize].into(),
        };
        let mut world = self.worlds[block.world].clone();
        world.apply(&changes);
        self.code.extend(changes.code.iter().cloned());
        self.worlds.truncate(block.world + 1);
        self.roots.truncate(self.worlds.len());
        self.roots.push(world.root());
        self.worlds.push(world);
        block.world = self.worlds.len() - 1;
        block.header = StoredHeader::Whole(header.clone());
        assert_eq!(writer.amend(changes, header.into()).unwrap(), self.roots[block.world]);
    }

    /// Removes blocks after `to`; blocks that follow are of another branch.
    pub fn cut(&mut self, to: u64) {
        self.blocks.truncate(to as usize + 1);
        self.branch += 1;
    }

    /// Stages, compares what the writer shows, and takes it back.
    pub fn try_out(&mut self, writer: &mut Writer, draft: &Draft) {
        let changes = draft.changes();
        let mut world = self.latest_world();
        world.apply(&changes);
        assert_eq!(writer.stage(changes).unwrap(), world.root());
        compare_writer(writer, &world);
        writer.discard().unwrap();
        compare_writer(writer, &self.latest_world());
    }

    pub fn rewind(&mut self, writer: &mut Writer, back: u64, oldest: u64) {
        let Some(head) = self.head() else { return };
        let to = head.saturating_sub(back).max(oldest);
        writer.rewind(to).unwrap();
        self.cut(to);
    }

    /// Compares everything that the reader says with the model, of every block from `oldest` on: no answer may be wrong.
    /// Returns what could not be answered.
    pub fn compare(&self, reader: &Reader, oldest: u64) -> Vec<Error> {
        assert_eq!(reader.head().map(|head| head.number), self.head());
        let mut errors = Vec::new();
        let Some(head) = self.head() else { return errors };
        assert_eq!(reader.head().unwrap().root, self.root(head));
        let mut note = |done: Result<()>| errors.extend(done.err());
        for (number, block) in (0u64..).zip(&self.blocks) {
            note(self.compare_block(reader, number, block));
            let due = number == head || number.is_multiple_of(self.stride.max(1));
            if number >= oldest && due {
                note(compare_state(reader, number, self.world(number)));
            }
        }
        note(self.compare_logs(reader, oldest, head));
        note(self.compare_head(reader, head));
        note(self.compare_side(reader));
        errors
    }

    /// As [`Model::compare`], where everything must be answered.
    pub fn check(&self, reader: &Reader, oldest: u64) {
        assert_eq!(self.compare(reader, oldest), []);
    }

    fn compare_side(&self, reader: &Reader) -> Result<()> {
        let rows = |(number, block): (u64, &ModelBlock)| side_of(number, &block.receipts).unwrap();
        let mut all: Vec<SideRow> = (0u64..).zip(&self.blocks).flat_map(rows).collect();
        all.sort();
        assert_eq!(reader.side_digest()?.rows, all.len() as u64);
        let bounds: [(&[u8], &[u8]); 4] =
            [(&[], &[0xff]), (&[3], &[7]), (&[5, 0, 0, 0, 0, 0, 0, 0, 1], &[5, 0xff]), (&[9], &[2])];
        for (from, to) in bounds {
            let inside = |row: &&SideRow| (from..=to).contains(&row.key.as_ref());
            for most in [1, 3, usize::MAX] {
                let rising: Vec<SideRow> = all.iter().filter(inside).take(most).cloned().collect();
                assert_eq!(reader.side(from, to, false, most)?, rising, "{from:?} to {to:?}");
                let falling: Vec<SideRow> = all.iter().rev().filter(inside).take(most).cloned().collect();
                assert_eq!(reader.side(from, to, true, most)?, falling, "{from:?} down from {to:?}");
            }
        }
        Ok(())
    }

    fn compare_head(&self, reader: &Reader, head: u64) -> Result<()> {
        assert_eq!(reader.hash_of(head + 1)?, None);
        assert_eq!(reader.number_of(block_hash(self.branch, head + 1))?, None);
        let dump: BTreeMap<Address, Account> = reader.accounts()?.into_iter().collect();
        let world = self.world(head);
        assert_eq!(dump, world.0.iter().map(|(who, (account, _))| (*who, *account)).collect());
        for (who, (_, slots)) in &world.0 {
            assert_eq!(reader.slots(*who)?.into_iter().collect::<Slots>(), *slots);
        }
        for (hash, code) in &self.code {
            let live = world.0.values().any(|(account, _)| account.code_hash == *hash);
            assert!(!live || reader.code(*hash)?.as_ref() == Some(code));
        }
        Ok(())
    }

    fn compare_block(&self, reader: &Reader, number: u64, block: &ModelBlock) -> Result<()> {
        assert_eq!(reader.hash_of(number)?, Some(block.hash), "hash of {number}");
        assert_eq!(reader.root_of(number)?, Some(self.root(number)), "root of {number}");
        assert_eq!(reader.number_of(block.hash)?, Some(number), "number {number}");
        assert_eq!(reader.header(number)?, Some(block.header.clone()), "header {number}");
        assert_eq!(reader.body(number)?, Some(block.body.clone()), "body {number}");
        assert_eq!(reader.receipts(number)?, Some(block.receipts.clone()), "receipts {number}");
        for (at, hash) in (0u32..).zip(&block.transactions) {
            assert_eq!(
                reader.block_of_transaction(*hash)?,
                Some((number, at)),
                "transaction {at} of {number}"
            );
        }
        Ok(())
    }

    fn compare_logs(&self, reader: &Reader, oldest: u64, head: u64) -> Result<()> {
        let filters: Vec<Vec<Vec<LogKey>>> = vec![
            vec![],
            vec![vec![LogKey::Address(address(1))]],
            vec![vec![LogKey::Address(address(1)), LogKey::Address(address(2))]],
            vec![vec![LogKey::Address(address(0))], vec![LogKey::Topic(1, B256::repeat_byte(1))]],
            vec![vec![LogKey::Topic(1, B256::repeat_byte(5)), LogKey::Topic(0, B256::repeat_byte(4))]],
            vec![vec![LogKey::Address(address(99))]],
        ];
        for filter in &filters {
            for (from, to) in [(oldest, head + 5), (oldest, oldest), ((oldest + head) / 2, head)] {
                let matches = |block: &ModelBlock| {
                    // Without a filter, blocks of empty ranges are left out: they can have no log.
                    let may = !filter.is_empty() || matches!(block.header, StoredHeader::Whole(_));
                    may && filter.iter().all(|group| group.iter().any(|key| block.logs.contains(key)))
                };
                let expected: Vec<u64> =
                    (from..=to.min(head)).filter(|n| matches(&self.blocks[*n as usize])).collect();
                let found: Vec<u64> = reader.blocks_with_logs(filter, from..=to)?.collect::<Result<_>>()?;
                assert_eq!(found, expected, "{filter:?} in {from}..={to}");
            }
        }
        Ok(())
    }
}

pub fn block_hash(branch: u64, number: u64) -> B256 {
    keccak256([branch.to_be_bytes(), number.to_be_bytes()].concat())
}

pub fn block_of(branch: u64, number: u64, world: usize, draft: &Draft) -> ModelBlock {
    let hash = block_hash(branch, number);
    let named = |n: u8| keccak256([hash.as_slice(), &[n]].concat());
    ModelBlock {
        hash,
        world,
        header: StoredHeader::Whole(vec![1; 1 + number as usize % 7].into()),
        body: vec![2; draft.transactions as usize * 50].into(),
        receipts: vec![3; draft.transactions as usize * 70].into(),
        transactions: (0..draft.transactions).map(named).collect(),
        logs: draft.logs(),
    }
}

pub fn range_of(branch: u64, first: u64, length: u8) -> EmptyRange {
    EmptyRange {
        first,
        first_header: vec![9; 5 + first as usize % 5],
        interval_secs: 12 + first,
        hashes: (first..).take(length.into()).map(|number| block_hash(branch, number)).collect(),
    }
}

pub fn record(number: u64, block: &ModelBlock) -> BlockRecord {
    let StoredHeader::Whole(header) = &block.header else { panic!("a record of an empty block") };
    BlockRecord {
        number,
        hash: block.hash,
        header: header.to_vec(),
        body: block.body.to_vec(),
        receipts: block.receipts.to_vec(),
        transactions: block.transactions.clone(),
        log_keys: block.logs.iter().copied().collect(),
        side: side_of(number, &block.receipts).unwrap(),
    }
}

pub fn compare_writer(writer: &Writer, world: &World) {
    for who in (0..21).map(address) {
        let known = world.0.get(&who);
        assert_eq!(writer.account(who).unwrap(), known.map(|(account, _)| *account), "{who}");
        for slot in (0..24).map(U256::from) {
            let value = known.and_then(|(_, slots)| slots.get(&slot).copied()).unwrap_or_default();
            assert_eq!(writer.slot(who, slot).unwrap(), value, "{who} {slot}");
        }
    }
}

pub fn compare_state(reader: &Reader, at: u64, world: &World) -> Result<()> {
    for who in (0..21).map(address) {
        let known = world.0.get(&who);
        assert_eq!(reader.account(who, at)?, known.map(|(account, _)| *account), "{who} at {at}");
        for slot in (0..24).map(U256::from) {
            let value = known.and_then(|(_, slots)| slots.get(&slot).copied()).unwrap_or_default();
            assert_eq!(reader.slot(who, slot, at)?, value, "{who} {slot} at {at}");
        }
    }
    Ok(())
}
