//! The chapters between opening and closing: each sends its transactions, waits for their receipts and tells what
//! happened.

use super::{
    cast::{Cast, Player},
    check::{self, Checked},
    client::{Client, Order, Receipt, Signed, number},
    promise,
    script::{self, ALLOWANCE_ETHER, STAKING_STEPS},
    security, slash,
    story::Story,
    table::{AS_OF, Graph},
};
use crate::{failure::Failure, text};
use alloy_primitives::{Address, B256, U256};
use serde_json::{Value, json};
use std::{ops::RangeInclusive, time::Instant};
use types::Params;

/// How many chapters there are.
pub const CHAPTERS: usize = 9;

/// All that the chapters play on.
pub struct Stage<'a> {
    /// The public RPC.
    pub client: &'a Client,
    /// The input.
    pub graph: &'a Graph,
    /// Who plays.
    pub cast: &'a Cast,
    /// Pays everybody's gas.
    pub payer: Player,
    /// The chain's numbers.
    pub params: Params,
    /// What the players are drawn from.
    pub seed: u64,
}

/// What happened.
#[derive(Debug)]
pub struct Record {
    /// Signed transactions, all of which succeeded.
    pub transactions: usize,
    /// Gas that they used.
    pub gas: u64,
    /// The newest block when the story ended.
    pub head: u64,
    /// Transactions worth looking at, by what they do.
    pub key_transactions: Vec<(&'static str, B256)>,
    /// What was read back.
    pub checked: Checked,
    /// What each delegator of the slashed operator lost by its notice, in wei.
    pub losses: Vec<(Address, U256)>,
    /// The error that an operator met who tried to break its covenant.
    pub refusal: String,
    /// How secure the network was with all its registrations.
    pub security: Value,
}

/// Transactions of a scene with their receipts.
#[derive(Debug)]
pub struct Scene {
    /// As sent.
    pub signed: Vec<Signed>,
    /// In the same order.
    pub receipts: Vec<Receipt>,
}

impl Scene {
    fn blocks(&self) -> Option<RangeInclusive<u64>> {
        let blocks = || self.receipts.iter().map(|receipt| receipt.block);
        Some(blocks().min()?..=blocks().max()?)
    }
}

impl Stage<'_> {
    /// Plays all chapters.
    ///
    /// # Errors
    /// The first transaction that fails, or figure that differs.
    pub async fn play(&self, story: &mut Story) -> Result<Record, Failure> {
        let mut record = Record {
            transactions: 0,
            gas: 0,
            head: 0,
            key_transactions: Vec::new(),
            checked: Checked::default(),
            losses: Vec::new(),
            refusal: String::new(),
            security: Value::Null,
        };
        self.input(story);
        self.fund(story, &mut record).await?;
        self.register(story, &mut record).await?;
        self.stake(story, &mut record).await?;
        story.chapter(5, "Operators join services");
        security::play(self, story, &mut record).await?;
        self.leave(story, &mut record).await?;
        story.chapter(7, "A service slashes");
        let aside = slash::play(self, story, &mut record).await?;
        story.chapter(8, "A promise that holds");
        promise::play(self, story, &mut record).await?;
        story.chapter(9, "Who holds what");
        record.head = self.client.head().await?;
        let checked = check::everything(self.client, self.graph, self.cast, aside, record.head).await?;
        record.checked.add(&checked);
        Ok(record)
    }

    fn input(&self, story: &mut Story) {
        let graph = self.graph;
        story.chapter(1, "The input");
        story.say(&format!(
            "EigenLayer on Ethereum, {AS_OF}: {} operators with {} ETH behind them, {} services, {} registrations \
             of an operator with a service.",
            graph.operators.len(),
            text::ether(graph.stake(), 0),
            graph.services.len(),
            text::grouped(graph.registrations()),
        ));
        story.care(
            "Registrations are reported; the stake of each operator is reconstructed from the services' published \
             totals, not measured.",
        );
        story.say(
            "Nobody here has the real operators' keys: a demo account plays each, and a test token stands for ETH.",
        );
    }

    async fn fund(&self, story: &mut Story, record: &mut Record) -> Result<(), Failure> {
        story.chapter(2, "Everybody gets money for gas");
        let orders = script::funding(&self.payer, self.next_nonce(&self.payer).await?, self.cast);
        self.scene(story, record, &orders).await?;
        story.say(&format!(
            "Dev account 0 pays {ALLOWANCE_ETHER} ETH to each of {} operators and {} stakers.",
            self.cast.operators.len(),
            self.cast.stakers.len()
        ));
        Ok(())
    }

    async fn register(&self, story: &mut Story, record: &mut Record) -> Result<(), Failure> {
        story.chapter(3, "Operators register");
        let scene = self.scene(story, record, &script::registrations(self.graph, self.cast)).await?;
        if let (Some(real), Some(player), Some(signed)) =
            (self.graph.operators.first(), self.cast.operators.first(), scene.signed.first())
        {
            story.say(&format!(
                "The largest, {}, is played by {}:",
                real.address,
                text::short(player.address)
            ));
            story.transaction("registers", signed.hash);
            record.key_transactions.push(("first_registration", signed.hash));
        }
        Ok(())
    }

    async fn stake(&self, story: &mut Story, record: &mut Record) -> Result<(), Failure> {
        story.chapter(4, "Stake is deposited and delegated");
        let scene = self.scene(story, record, &script::staking(self.cast)?).await?;
        if let (Some(first), [_, _, deposit, delegation, ..]) =
            (self.cast.stakers.first(), scene.signed.as_slice())
        {
            story.say(&format!(
                "The first of {} stakers brings {} ETH:",
                self.cast.stakers.len(),
                text::ether(first.deposit, 2)
            ));
            story.transaction("deposits", deposit.hash);
            story.transaction("delegates", delegation.hash);
            record
                .key_transactions
                .extend([("first_deposit", deposit.hash), ("first_delegation", delegation.hash)]);
        }
        let at = self.client.head().await?;
        let checked = check::operators(self.client, self.graph, self.cast, at, |_| U256::ZERO).await?;
        story.fact(&format!(
            "{} operators hold {} ETH: the input, to the wei",
            self.graph.operators.len(),
            text::ether_exact(self.graph.stake())
        ));
        record.checked.add(&checked);
        Ok(())
    }

    async fn leave(&self, story: &mut Story, record: &mut Record) -> Result<(), Failure> {
        story.chapter(6, "Some leave");
        let leavers = script::leavers(self.cast);
        let queue: Vec<Order<'_>> = leavers
            .iter()
            .map(|(staker, exit)| script::queue(&staker.player, STAKING_STEPS, exit.amount))
            .collect();
        let queued = self.scene(story, record, &queue).await?;
        let delay = u64::from(self.params.withdrawal_delay_blocks);
        self.client.ask("anvil_mine", json!([format!("{:#x}", delay.saturating_add(1))])).await?;
        story.say(&format!(
            "{} stakers queue a withdrawal. It takes {delay} blocks here and 14 days on mainnet, so that they can be \
             slashed for what they secured; {} empty blocks are sealed.",
            leavers.len(),
            delay.saturating_add(1)
        ));
        let mut complete = Vec::new();
        for ((staker, exit), receipt) in leavers.iter().zip(&queued.receipts) {
            let withdrawal = script::queued(receipt)?;
            let nonce = STAKING_STEPS.saturating_add(1);
            complete.push(script::complete(&staker.player, nonce, withdrawal, exit.as_tokens));
        }
        let completed = self.scene(story, record, &complete).await?;
        let paid: Vec<U256> =
            leavers.iter().filter(|(_, exit)| exit.as_tokens).map(|(_, exit)| exit.amount).collect();
        let sum = paid.iter().fold(U256::ZERO, |sum, amount| sum.saturating_add(*amount));
        story.say(&format!(
            "{} of them take {} ETH in tokens; the other {} change their mind and take their shares back.",
            paid.len(),
            text::ether(sum, 2),
            leavers.len().saturating_sub(paid.len())
        ));
        if let (Some(first), Some(last)) = (queued.signed.first(), completed.signed.first()) {
            story.transaction("queues", first.hash);
            story.transaction("completes", last.hash);
            record.key_transactions.extend([("first_queued", first.hash), ("first_completed", last.hash)]);
        }
        Ok(())
    }

    /// A player's next nonce.
    ///
    /// # Errors
    /// The node's refusal.
    pub async fn next_nonce(&self, player: &Player) -> Result<u64, Failure> {
        number(&self.client.ask("eth_getTransactionCount", json!([player.address, "pending"])).await?)
    }

    /// Signs, sends, waits for receipts and tells how long it took.
    ///
    /// # Errors
    /// The first transaction that is refused or fails.
    pub async fn scene(
        &self,
        story: &mut Story,
        record: &mut Record,
        orders: &[Order<'_>],
    ) -> Result<Scene, Failure> {
        let begun = Instant::now();
        let bar = story.progress(orders.len());
        let scene =
            self.perform(record, orders, |sent| bar.inc(u64::try_from(sent).unwrap_or(u64::MAX))).await;
        bar.finish_and_clear();
        let scene = scene?;
        story.sent(orders.len(), begun.elapsed(), scene.blocks());
        Ok(scene)
    }

    /// Signs, sends and waits for receipts.
    ///
    /// # Errors
    /// The first transaction that is refused or fails.
    pub async fn quietly(&self, record: &mut Record, orders: &[Order<'_>]) -> Result<Scene, Failure> {
        self.perform(record, orders, |_| ()).await
    }

    async fn perform(
        &self,
        record: &mut Record,
        orders: &[Order<'_>],
        sent: impl FnMut(usize),
    ) -> Result<Scene, Failure> {
        let signed = self.client.sign(orders)?;
        self.client.send(&signed, sent).await?;
        let scene = Scene { receipts: self.client.receipts(&signed).await?, signed };
        record.transactions = record.transactions.saturating_add(orders.len());
        record.gas = scene.receipts.iter().fold(record.gas, |sum, receipt| sum.saturating_add(receipt.gas));
        Ok(scene)
    }
}
