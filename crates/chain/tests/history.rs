//! The past through the handle: which blocks have to do with an address, and blocks run again after a restart.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    dead_code,
    reason = "test code: a panic is how a test fails; each test program uses its part of the support"
)]

mod support;

use alloy_primitives::{Address, Bytes, U256, address};
use chain::{
    Chain,
    executor::{At, Replay},
};
use support::{Sender, dev_config};
use types::addresses::{HISTORY_STORAGE, MULTICALL3, TEST_TOKEN};

const SOMEBODY: Address = address!("0x00000000000000000000000000000000000b0b00");

/// A selector that nobody has.
const NONSENSE: Bytes = Bytes::from_static(&[1, 2, 3, 4]);

/// Transfers, calls that fail, calls that change storage, and long stretches of empty blocks between them.
async fn told(chain: &Chain) -> [Sender; 2] {
    let (mut alice, mut bob) = (Sender::dev(1), Sender::dev(2));
    for round in 0..4 {
        chain.submit_raw(alice.transfer(SOMEBODY, 1 + round)).await.unwrap();
        chain.mine(1_500, None).await.unwrap();
        chain.submit_raw(bob.call(MULTICALL3, U256::ZERO, NONSENSE)).await.unwrap();
        chain.submit_raw(alice.mint_test_token(SOMEBODY, 5)).await.unwrap();
        // Which hash the ring holds for the block before the stretch of empty ones.
        let asked = U256::from(chain.view().head() - 1_000);
        let ask = bob.call(HISTORY_STORAGE, U256::ZERO, asked.to_be_bytes::<32>().into());
        chain.submit_raw(ask).await.unwrap();
    }
    [alice, bob]
}

fn check(chain: &Chain, senders: &[Sender; 2]) {
    let view = chain.view();
    let head = view.head();
    let blocks: Vec<_> = (0..=head)
        .filter(|number| view.has_transactions(*number).unwrap())
        .map(|number| view.block(number).unwrap().unwrap())
        .collect();
    assert_eq!(blocks.len(), 16);
    let with = |address: Address| -> Vec<u64> {
        let has = |block: &&std::sync::Arc<chain::SealedBlock>| {
            let named = |it: &std::sync::Arc<chain::Recovered>| {
                use alloy_consensus::Transaction as _;
                it.sender == address || it.tx.to() == Some(address)
            };
            block.transactions.iter().any(named)
        };
        blocks.iter().filter(has).map(|block| block.header.number).collect()
    };
    for address in [senders[0].address(), senders[1].address(), SOMEBODY, MULTICALL3, TEST_TOKEN] {
        let mut expected = with(address);
        assert_eq!(view.blocks_of(address, 1..=head, false, usize::MAX).unwrap(), expected, "{address}");
        let some = view.blocks_of(address, 1..=head, false, 2).unwrap();
        assert!(some.len() >= 2 && expected.starts_with(&some));
        expected.reverse();
        assert_eq!(view.blocks_of(address, 1..=head, true, usize::MAX).unwrap(), expected, "{address}");
        let some = view.blocks_of(address, 1..=u64::MAX, true, 3).unwrap();
        assert!(some.len() >= 3 && expected.starts_with(&some));
    }
    for sender in senders {
        for nonce in 0..sender.nonce {
            let number = view.block_of_nonce(sender.address(), nonce).unwrap().unwrap();
            let block = view.block(number).unwrap().unwrap();
            assert!(block.transactions.iter().any(|it| it.sender == sender.address() && it.nonce() == nonce));
        }
        assert_eq!(view.block_of_nonce(sender.address(), sender.nonce).unwrap(), None);
    }
    assert_eq!(view.first_code(TEST_TOKEN).unwrap(), Some(0));
    assert_eq!(view.first_code(SOMEBODY).unwrap(), None);
    for block in blocks {
        let below = At { reader: view.reader().clone(), number: block.header.number - 1 };
        // A replay compares itself with the receipts.
        Replay::begin(&below, chain.environment(), &block).skip_to(usize::MAX).unwrap();
    }
}

#[tokio::test]
async fn blocks_of_an_address_are_named_and_run_again_in_memory_and_after_a_restart() {
    let chain = Chain::open(dev_config()).unwrap();
    let senders = told(&chain).await;
    check(&chain, &senders);
    chain.stop();

    let directory = tempfile::tempdir().unwrap();
    let mut config = dev_config();
    config.data_dir = Some(directory.path().join("data"));
    let chain = Chain::open(config.clone()).unwrap();
    let senders = told(&chain).await;
    check(&chain, &senders);
    chain.stop();
    drop(chain);
    let chain = Chain::open(config).unwrap();
    check(&chain, &senders);
    chain.stop();
}
