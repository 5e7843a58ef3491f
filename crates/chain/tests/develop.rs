//! Developer controls against a model of plain maps: edits, blocks, snapshots, undone blocks and restarts in any order.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::type_complexity,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

#[allow(dead_code, reason = "each test program uses its part")]
mod support;

use alloy_primitives::{Address, Bytes, U256};
use chain::{Chain, Config, Edit};
use proptest::prelude::*;
use std::{collections::BTreeMap, path::Path};
use support::{Sender, dev_config};

/// Accounts that edits are about.
const ACCOUNTS: u8 = 4;

#[derive(Clone, Debug)]
enum Step {
    Balance(u8, u64),
    Add(u8, u64),
    Nonce(u8, u64),
    Code(u8, u8),
    Slot(u8, u8, u64),
    /// A signed transfer to an account: a block of its own.
    Send(u8, u64),
    Mine(u8),
    Snapshot,
    /// To the snapshot taken so many ago.
    Revert(u8),
    RollBack(u8),
    Reset,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..ACCOUNTS;
    prop_oneof![
        4 => (who(), 0u64..1_000).prop_map(|(who, wei)| Step::Balance(who, wei)),
        2 => (who(), 0u64..1_000).prop_map(|(who, wei)| Step::Add(who, wei)),
        2 => (who(), 0u64..9).prop_map(|(who, nonce)| Step::Nonce(who, nonce)),
        2 => (who(), 0u8..4).prop_map(|(who, code)| Step::Code(who, code)),
        4 => (who(), 0u8..4, 0u64..3).prop_map(|(who, slot, value)| Step::Slot(who, slot, value)),
        3 => (who(), 1u64..9).prop_map(|(who, wei)| Step::Send(who, wei)),
        3 => (1u8..5).prop_map(Step::Mine),
        4 => Just(Step::Snapshot),
        4 => (0u8..4).prop_map(Step::Revert),
        2 => (0u8..5).prop_map(Step::RollBack),
        1 => Just(Step::Reset),
        2 => Just(Step::Restart),
    ]
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Known {
    balance: U256,
    nonce: u64,
    code: Bytes,
    slots: BTreeMap<U256, U256>,
}

type State = BTreeMap<u8, Known>;

#[derive(Default)]
struct Model {
    /// The state after each block.
    blocks: Vec<State>,
    /// The sender's nonce after each block.
    nonces: Vec<u64>,
    /// Id, height and state.
    snapshots: Vec<(u64, usize, State)>,
}

impl Model {
    fn new() -> Self {
        Self { blocks: vec![State::new()], nonces: vec![0], snapshots: Vec::new() }
    }

    fn head(&mut self) -> &mut State {
        self.blocks.last_mut().unwrap()
    }

    fn account(&mut self, who: u8) -> &mut Known {
        self.head().entry(who).or_default()
    }

    fn seal(&mut self) {
        self.blocks.push(self.blocks.last().unwrap().clone());
        self.nonces.push(*self.nonces.last().unwrap());
    }

    fn cut(&mut self, height: usize) {
        self.blocks.truncate(height + 1);
        self.nonces.truncate(height + 1);
    }
}

fn address(who: u8) -> Address {
    Address::repeat_byte(0xa0 + who)
}

fn code(n: u8) -> Bytes {
    // STOP, so that transfers to it succeed.
    if n == 0 { Bytes::new() } else { vec![0; usize::from(n)].into() }
}

fn open(directory: &Path) -> Chain {
    let config = Config { data_dir: Some(directory.into()), audit: false, ..dev_config() };
    Chain::open(config).unwrap()
}

async fn edit(chain: &Chain, model: &mut Model, step: &Step) {
    let edit = match *step {
        Step::Balance(who, wei) => {
            model.account(who).balance = U256::from(wei);
            Edit::Balance(address(who), U256::from(wei))
        }
        Step::Add(who, wei) => {
            model.account(who).balance += U256::from(wei);
            Edit::AddBalance(address(who), U256::from(wei))
        }
        Step::Nonce(who, nonce) => {
            model.account(who).nonce = nonce;
            Edit::Nonce(address(who), nonce)
        }
        Step::Code(who, n) => {
            model.account(who).code = code(n);
            Edit::Code(address(who), code(n))
        }
        Step::Slot(who, slot, value) => {
            model.account(who).slots.insert(U256::from(slot), U256::from(value));
            Edit::Slot(address(who), U256::from(slot), U256::from(value))
        }
        _ => return,
    };
    chain.edit(vec![edit]).await.unwrap();
}

async fn play(steps: &[Step], directory: &Path) {
    let mut chain = open(directory);
    let mut model = Model::new();
    let mut sender = Sender::dev(1);
    for step in steps {
        match *step {
            Step::Send(who, wei) => {
                sender.nonce = *model.nonces.last().unwrap();
                chain.submit_raw(sender.transfer(address(who), wei)).await.unwrap();
                model.seal();
                model.account(who).balance += U256::from(wei);
                *model.nonces.last_mut().unwrap() += 1;
            }
            Step::Mine(blocks) => {
                chain.mine(blocks.into(), None).await.unwrap();
                (0..blocks).for_each(|_| model.seal());
            }
            Step::Snapshot => {
                let id = chain.snapshot().await.unwrap();
                let state = model.head().clone();
                model.snapshots.push((id, model.blocks.len() - 1, state));
            }
            Step::Revert(back) => {
                let Some(at) = model.snapshots.len().checked_sub(1 + usize::from(back)) else { continue };
                let (id, height, state) = model.snapshots[at].clone();
                model.snapshots.truncate(at);
                assert!(chain.revert(id).await.unwrap());
                model.cut(height);
                *model.head() = state;
            }
            Step::RollBack(depth) => {
                let head = model.blocks.len() - 1;
                let done = chain.roll_back(depth.into()).await;
                let Some(height) = head.checked_sub(depth.into()) else {
                    assert!(done.is_err());
                    continue;
                };
                assert_eq!(done, Ok(height as u64));
                model.cut(height);
                model.snapshots.retain(|(_, block, _)| *block <= height);
            }
            Step::Reset => {
                chain.reset().await.unwrap();
                model = Model::new();
            }
            Step::Restart => {
                chain.stop();
                drop(chain);
                chain = open(directory);
                model.snapshots.clear();
            }
            ref other => edit(&chain, &mut model, other).await,
        }
        assert_eq!(chain.view().head() as usize, model.blocks.len() - 1, "after {step:?}");
    }
    compare(&chain, &model);
    chain.stop();
}

fn compare(chain: &Chain, model: &Model) {
    let view = chain.view();
    for (number, state) in (0u64..).zip(&model.blocks) {
        for who in 0..ACCOUNTS {
            let (address, known) = (address(who), state.get(&who).cloned().unwrap_or_default());
            let found = view.account(address, number).unwrap();
            let told = (found.balance, found.nonce, view.code(address, number).unwrap());
            assert_eq!(told, (known.balance, known.nonce, known.code), "account {who} at {number}");
            for slot in (0..4).map(U256::from) {
                let value = known.slots.get(&slot).copied().unwrap_or_default();
                assert_eq!(view.storage(address, slot, number).unwrap(), value, "{who} {slot} at {number}");
            }
        }
        let root = view.reader().root_of(number).unwrap().unwrap();
        let sealed = view.header(number + 1).unwrap().filter(|next| next.gas_used == 0);
        assert!(sealed.is_none_or(|next| next.state_root == root), "block {} covers edits", number + 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_order_of_controls_leaves_what_plain_maps_say(steps in prop::collection::vec(step(), 1..60)) {
        let directory = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(&steps, directory.path()));
    }
}
