//! The slashable window of a queued withdrawal: both its ends count, and what comes after does not.

use crate::{
    host::{Host, Result},
    ledger::HOME,
    scene::{DELAY, Scene, operator, plenty, staker},
    testkit::{reverts, u},
};
use alloy_primitives::{Address, B256, U256};
use types::{
    abi::IDelegationManager::{
        Withdrawal, WithdrawalDelayNotElapsed, getQueuedWithdrawalCall, getQueuedWithdrawalRootsCall,
        getSlashableSharesInQueueCall, pendingWithdrawalsCall,
    },
    addresses::DELEGATION_MANAGER,
    units::WAD,
};

/// 1000 of staker 0, queued in block 100 from operator 0.
fn queued_at_100() -> (Scene, Withdrawal) {
    let mut scene = Scene::new();
    scene.chain.block.number = 50;
    scene.register(operator(0));
    scene.deposit(staker(0), 0, u(1000)).unwrap();
    scene.delegate(staker(0), operator(0)).unwrap();
    scene.chain.block.number = 100;
    let withdrawal = scene.queue(staker(0), &[(0, u(1000))]).unwrap();
    (scene, withdrawal)
}

fn paid(scene: &mut Scene, withdrawal: &Withdrawal) -> U256 {
    let before = scene.tokens_of(staker(0), 0);
    scene.complete(withdrawal, true).unwrap();
    scene.tokens_of(staker(0), 0) - before
}

fn root_of(scene: &mut Scene, staker: Address) -> B256 {
    let call = getQueuedWithdrawalRootsCall { staker };
    scene.chain.ask(DELEGATION_MANAGER, &call).unwrap().remove(0)
}

#[test]
fn a_slash_in_the_last_block_of_the_window_counts() {
    let (mut scene, withdrawal) = queued_at_100();
    scene.chain.block.number = 110;
    assert_eq!(scene.complete(&withdrawal, true), Err(reverts(WithdrawalDelayNotElapsed {})), "R10");
    assert_eq!(scene.slash(operator(0), 0, WAD / 2), Ok(u(500)), "R10");
    scene.chain.block.number = 111;
    assert_eq!(paid(&mut scene, &withdrawal), u(500), "R10");
}

#[test]
fn a_slash_after_the_window_takes_nothing_from_it() {
    let (mut scene, withdrawal) = queued_at_100();
    scene.chain.block.number = 111;
    assert_eq!(scene.slash(operator(0), 0, WAD / 2), Ok(u(0)), "R10");
    scene.chain.block.number = 500;
    assert_eq!(scene.slash(operator(0), 0, 0), Ok(u(0)), "R10");
    assert_eq!(paid(&mut scene, &withdrawal), u(1000), "R10");
}

#[test]
fn the_order_of_transactions_within_a_block_does_not_matter() {
    let (mut scene, withdrawal) = queued_at_100();
    scene.chain.block.number = 110;
    assert_eq!(scene.slash(operator(0), 0, WAD / 2), Ok(u(500)));
    assert_eq!(scene.slash(operator(0), 0, WAD / 4), Ok(u(250)), "R11: the last of a block");
    scene.chain.block.number = 120;
    assert_eq!(paid(&mut scene, &withdrawal), u(250), "R11");
}

#[test]
fn a_slash_in_the_block_of_queueing_counts_whatever_its_order() {
    let (mut scene, withdrawal) = queued_at_100();
    assert_eq!(scene.slash(operator(0), 0, WAD / 2), Ok(u(500)));
    scene.chain.block.number = 111;
    assert_eq!(paid(&mut scene, &withdrawal), u(500));
}

#[test]
fn the_view_follows_the_factor_until_the_window_is_over() {
    let (mut scene, _) = queued_at_100();
    let root = root_of(&mut scene, staker(0));
    let shown = |scene: &mut Scene| {
        let call = getQueuedWithdrawalCall { withdrawalRoot: root };
        scene.chain.ask(DELEGATION_MANAGER, &call).unwrap().shares
    };
    scene.chain.block.number = 110;
    assert_eq!(shown(&mut scene), [u(1000)], "R45");
    scene.slash(operator(0), 0, WAD / 2).unwrap();
    assert_eq!(shown(&mut scene), [u(500)], "R45");
    scene.chain.block.number = 111;
    scene.slash(operator(0), 0, WAD / 4).unwrap();
    assert_eq!(shown(&mut scene), [u(500)], "R45");
}

#[test]
fn stake_nobody_was_delegated_waits_too_but_suffers_no_slash() {
    let mut scene = Scene::new();
    scene.register(operator(0));
    scene.deposit(staker(0), 0, u(1000)).unwrap();
    let withdrawal = scene.queue(staker(0), &[(0, u(1000))]).unwrap();
    assert_eq!(withdrawal.delegatedTo, Address::ZERO);
    assert_eq!(scene.slash(operator(0), 0, WAD / 2), Ok(u(0)));
    scene.mine(DELAY);
    assert_eq!(scene.complete(&withdrawal, true), Err(reverts(WithdrawalDelayNotElapsed {})));
    scene.mine(1);
    assert_eq!(paid(&mut scene, &withdrawal), u(1000));
}

#[test]
fn a_young_chain_slashes_its_queue() {
    let mut scene = Scene::new();
    scene.chain.block.number = 1;
    scene.register(operator(0));
    scene.deposit(staker(0), 0, u(1000)).unwrap();
    scene.delegate(staker(0), operator(0)).unwrap();
    scene.queue(staker(0), &[(0, u(400))]).unwrap();
    let call = getSlashableSharesInQueueCall { operator: operator(0), strategy: scene.strategies[0] };
    assert_eq!(scene.chain.ask(DELEGATION_MANAGER, &call), Ok(u(400)), "R21, D1");
    assert_eq!(scene.slash(operator(0), 0, WAD / 2), Ok(u(500)), "R21, D1");
}

#[test]
fn several_withdrawals_keep_the_order_of_a_set() {
    let mut scene = Scene::new();
    for strategy in 0..3 {
        scene.deposit(staker(0), strategy, u(100)).unwrap();
    }
    let queued: Vec<Withdrawal> =
        [vec![(0, u(1))], vec![(1, u(2)), (2, u(3))], vec![(2, u(4))], vec![(0, u(5))]]
            .iter()
            .map(|items| scene.queue(staker(0), items).unwrap())
            .collect();
    let roots = |scene: &mut Scene| {
        let call = getQueuedWithdrawalRootsCall { staker: staker(0) };
        scene.chain.ask(DELEGATION_MANAGER, &call).unwrap()
    };
    let before = roots(&mut scene);
    assert_eq!(before.len(), 4);
    scene.mine(DELAY + 1);
    scene.complete(&queued[0], true).unwrap();
    assert_eq!(roots(&mut scene), [before[3], before[1], before[2]]);
    scene.complete(&queued[1], false).unwrap();
    assert_eq!(roots(&mut scene), [before[3], before[2]]);
    let pending = |scene: &mut Scene, root| {
        scene.chain.ask(DELEGATION_MANAGER, &pendingWithdrawalsCall { withdrawalRoot: root }).unwrap()
    };
    assert_eq!([0, 1, 2, 3].map(|index| pending(&mut scene, before[index])), [false, false, true, true]);
    scene.complete(&queued[3], true).unwrap();
    scene.complete(&queued[2], true).unwrap();
    assert!(roots(&mut scene).is_empty());
}

#[test]
fn a_completed_withdrawal_leaves_no_slot_behind() {
    let mut scene = Scene::new();
    let huge = plenty() / u(1_000_000);
    scene.deposit(staker(0), 0, huge).unwrap();
    let slots =
        |scene: &Scene| scene.chain.accounts[&HOME].storage.values().filter(|value| !value.is_zero()).count();
    let before = slots(&scene);
    let parts = [huge / u(2), u(1)];
    for part in parts {
        let withdrawal = scene.queue(staker(0), &[(0, part)]).unwrap();
        assert!(slots(&scene) > before);
        scene.mine(DELAY + 1);
        scene.complete(&withdrawal, true).unwrap();
        assert_eq!(slots(&scene), before, "wide shares and narrow ones");
    }
}

#[test]
fn scaled_shares_of_any_size_come_back_from_the_queue() {
    use super::super::queue;
    use crate::ledger::Staker;
    let mask = (U256::ONE << 96) - U256::ONE;
    let amounts = [U256::ZERO, U256::ONE, mask - U256::ONE, mask, mask + U256::ONE, U256::MAX];
    let withdrawal = |nonce: u64| Withdrawal {
        staker: staker(0),
        delegatedTo: operator(0),
        withdrawer: staker(0),
        nonce: U256::from(nonce),
        startBlock: 7,
        strategies: amounts
            .iter()
            .enumerate()
            .map(|(index, _)| Address::with_last_byte(index as u8 + 1))
            .collect(),
        scaledShares: amounts.iter().map(|amount| amount.wrapping_sub(U256::from(nonce))).collect(),
    };
    let mut scene = Scene::new();
    let rules = |host: &mut dyn Host| -> Result<()> {
        let mut row = Staker::default();
        let mut roots = Vec::new();
        for nonce in 0..3 {
            let queued = withdrawal(nonce);
            let root = queue::withdrawal_root(host, &queued)?;
            queue::push(host, &mut row, root, &queued)?;
            roots.push(root);
        }
        queue::remove(host, &mut row, roots[0], &withdrawal(0))?;
        assert_eq!(queue::read(host, staker(0), 0)?, withdrawal(2));
        assert_eq!(queue::read(host, staker(0), 1)?, withdrawal(1));
        assert_eq!(queue::find(host, roots[2])?, Some((staker(0), 0)));
        queue::remove(host, &mut row, roots[2], &withdrawal(2))?;
        queue::remove(host, &mut row, roots[1], &withdrawal(1))?;
        assert_eq!((row.open_withdrawals, row.nonce), (0, 3));
        Ok(())
    };
    scene.chain.run(HOME, rules).unwrap();
    assert!(scene.chain.accounts[&HOME].storage.values().all(U256::is_zero));
}
