//! What the restaking index costs and gives: a position view in a state of a million stakers and a hundred thousand slashes,
//! and the price of keeping the index, against the same blocks without it.

use super::report::{Section, Table, least_and_median};
use crate::process::Running;
use alloy_consensus::{Header, SignableTransaction, TxEip1559, TxEnvelope, TxType};
use alloy_eips::eip2718::Encodable2718;
use alloy_network::TxSignerSync;
use alloy_primitives::{Address, B256, Bytes, Log, TxKind, U256, keccak256};
use alloy_rlp::Encodable;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolEvent};
use anyhow::{Context, Result, ensure};
use chain::{
    CallRequest, Chain, Config, Genesis, History, Mining, Overrides, SealedBlock,
    block::receipt,
    executor::{AccountOverride, At, BlockContext, BlockOverrides, Environment, Simulator},
    genesis::DevOptions,
    index::{SIDE_TABLE, rows_of},
    query::read_header,
};
use serde_json::json;
use state::{Account, AccountChange, BlockRecord, Changes, Options, Writer};
use std::{path::Path, time::Instant};
use types::{
    Preset, Rules,
    abi::{IAllocationManager as Am, IDelegationManager as Dm, IERC20, IStrategyManager as Sm, ITestToken},
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, STRATEGY_MANAGER, TEST_TOKEN, TEST_TOKEN_STRATEGY},
    units::WAD,
};

/// Stakers of the large state.
pub(super) const STAKERS: u64 = 1_000_000;
/// Slashes of the large state, of all operators together.
pub(super) const SLASHES: u64 = 100_000;
/// Operators of the large state.
pub(super) const OPERATORS: u64 = 100;
/// Steps of the large state in one block.
const STEPS_A_BLOCK: u64 = 20_000;
/// Slashes in one block: as many as the gas limit lets in.
const SLASHES_A_BLOCK: u64 = 300;
/// Positions asked for.
const QUESTIONS: u64 = 2_000;
/// Accounts that deposit, delegate and queue in the measured blocks.
const ACTORS: u64 = 600;
/// Times that the measured blocks are sealed with the index, and without.
const RUNS: usize = 5;
/// Gas of a measured transaction.
const GAS: u64 = 700_000;
/// A contract that answers 1 to everything.
const REGISTRAR: Address = Address::with_last_byte(b'G');
/// The service of the large state.
pub(super) const SERVICE: Address = Address::with_last_byte(b'S');

/// # Errors
/// A step fails.
pub fn run(bulwark: &Path) -> Result<Section> {
    Ok(Section {
        name: "index",
        title: "Restaking index",
        method: format!(
            "Position: `restake_position` of {QUESTIONS} stakers drawn from {STAKERS}, over one keep-alive connection to \
             a node whose state has {OPERATORS} operators with {SLASHES} slashes; round trips, JSON included. Cost: \
             {ACTORS} accounts mint, approve, deposit, delegate and queue withdrawals, in durable blocks as full as their \
             gas limit lets them be, {RUNS} times with the index and without in turns; time on the producer's clock from \
             the first block to the last, and once more until all is folded and closed."
        ),
        tables: vec![position(bulwark)?, cost()?],
    })
}

fn position(bulwark: &Path) -> Result<Table> {
    let folder = tempfile::tempdir()?;
    let node = large(bulwark, folder.path())?;
    let mut client = node.client()?;
    let mut micros = Vec::new();
    for question in 0..QUESTIONS {
        let staker = staker(question.wrapping_mul(0x9e37_79b9_7f4a_7c15) % STAKERS);
        let begun = Instant::now();
        let told = client.call("restake_position", json!([staker]))?;
        micros.push(begun.elapsed().as_secs_f64() * 1e6);
        ensure!(told["holdings"].as_array().is_some_and(|all| all.len() == 1), "no position: {told}");
    }
    let mut table = Table::new(&["position view, µs", "least", "median", "p99"]);
    let mut sorted = micros.clone();
    sorted.sort_by(f64::total_cmp);
    let p99 = sorted[sorted.len() * 99 / 100];
    let (least, median) = least_and_median(micros);
    let name = format!("{STAKERS} stakers, {SLASHES} slashes");
    table.row(&[name, format!("{least:.0}"), format!("{median:.0}"), format!("{p99:.0}")]);
    Ok(table)
}

/// A node over the large state, in `folder`.
pub(super) fn large(bulwark: &Path, folder: &Path) -> Result<Running> {
    let (data, log) = (folder.join("data"), folder.join("log"));
    let directory = data.to_str().context("a folder with a name")?;
    let arguments = ["dev", "--silent", "--data-dir", directory];
    drop(Running::start(bulwark, &arguments, &log)?);
    populate(&data)?;
    Running::start(bulwark, &arguments, &log)
}

pub(super) fn staker(number: u64) -> Address {
    Address::left_padding_from(&(number + (1 << 40)).to_be_bytes())
}

pub(super) fn operator(number: u64) -> Address {
    Address::left_padding_from(&(number % OPERATORS + (1 << 50)).to_be_bytes())
}

/// Blocks under construction over a genesis: steps run in one simulation, whose state is sealed with the last block.
struct Forge<'s> {
    writer: Writer,
    simulator: Simulator<'s>,
    header: Header,
    hash: B256,
    logs: Vec<Log>,
    steps: u64,
    steps_a_block: u64,
}

impl Forge<'_> {
    fn step(
        &mut self,
        from: Address,
        to: Address,
        call: &impl SolCall,
        keep: fn(&Log) -> bool,
    ) -> Result<()> {
        let request =
            CallRequest { from, to: Some(to), input: call.abi_encode().into(), ..CallRequest::default() };
        let simulated = self.simulator.call(&request)?;
        let outcome = simulated.outcome();
        ensure!(outcome.is_success(), "a step failed: {:?}", outcome.ending);
        self.simulator.keep(simulated);
        self.logs.extend(outcome.logs.into_iter().filter(keep));
        self.steps += 1;
        if self.steps >= self.steps_a_block { self.seal(Changes::default()) } else { Ok(()) }
    }

    /// Seals what was logged, and changes.
    fn seal(&mut self, changes: Changes) -> Result<()> {
        self.steps = 0;
        let root = self.writer.stage(changes)?;
        let (number, parent_hash) = (self.header.number + 1, self.hash);
        let timestamp = self.header.timestamp + 1;
        self.header = Header { number, parent_hash, timestamp, state_root: root, ..self.header.clone() };
        self.hash = self.header.hash_slow();
        let receipts = vec![receipt(TxType::Legacy, true, 0, std::mem::take(&mut self.logs))];
        let side = rows_of(number, receipts[0].logs().iter().map(|log| (0, log)));
        let (header, hash) = (self.header.clone(), self.hash);
        let block = SealedBlock { header, hash, transactions: Vec::new(), receipts };
        let mut raw = Vec::new();
        self.header.encode(&mut raw);
        self.writer.commit(BlockRecord {
            number,
            hash,
            header: raw,
            body: block.encode_body(),
            receipts: block.encode_receipts(),
            transactions: Vec::new(),
            log_keys: Vec::new(),
            side,
        })?;
        let block = BlockOverrides {
            number: Some(number + 1),
            timestamp: Some(timestamp + 1),
            ..BlockOverrides::default()
        };
        Ok(self.simulator.pretend(&Overrides { block, ..Overrides::default() })?)
    }

    /// Passes blocks without a step.
    fn wait(&mut self, blocks: u64) -> Result<()> {
        (0..blocks).try_for_each(|_| self.seal(Changes::default()))
    }

    /// All native storage that the steps changed.
    fn changes(&self) -> Changes {
        let natives = [DELEGATION_MANAGER, ALLOCATION_MANAGER, STRATEGY_MANAGER, TEST_TOKEN_STRATEGY];
        let accounts = natives.into_iter().filter_map(|address| {
            let cached = self.simulator.state().cache.accounts.get(&address)?;
            let info = &cached.info;
            let account = Account { nonce: info.nonce, balance: info.balance, code_hash: info.code_hash };
            let slots = cached.storage.iter().map(|(slot, value)| (*slot, *value)).collect();
            Some(AccountChange { address, account: Some(account), wiped: false, slots })
        });
        Changes { accounts: accounts.collect(), code: Vec::new() }
    }
}

/// Fills a fresh data directory: everybody stakes, operators are slashed.
fn populate(data: &Path) -> Result<()> {
    let text = std::fs::read_to_string(data.join("genesis.json"))?;
    let (genesis, _) = Genesis::from_json(&text)?;
    let options = Options { side: Some(SIDE_TABLE), ..Options::durable(data, genesis.identity()) };
    let writer = Writer::open(options)?;
    let head = writer.head().context("a genesis block")?;
    let header = read_header(&writer.reader(), head.number)?;
    let source = At { reader: writer.reader(), number: head.number };
    let environment = Environment::new(genesis.chain_id, genesis.params.clone());
    let context = BlockContext { number: head.number + 1, base_fee: 0, ..BlockContext::of(&header) };
    let mut simulator = Simulator::new(&source, &environment, context);
    let registrar = AccountOverride {
        code: Some(Bytes::from_static(&[0x60, 0x01, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3])),
        ..AccountOverride::default()
    };
    let accounts = [(REGISTRAR, registrar)].into();
    simulator.pretend(&Overrides { accounts, ..Overrides::default() })?;
    let mut forge = Forge {
        writer,
        simulator,
        header,
        hash: head.hash,
        logs: Vec::new(),
        steps: 0,
        steps_a_block: STEPS_A_BLOCK,
    };
    let all = |_: &Log| true;
    let avs = SERVICE;
    let about = Am::updateAVSMetadataURICall { avs, metadataURI: "ipfs://service".into() };
    forge.step(avs, ALLOCATION_MANAGER, &about, all)?;
    forge.step(avs, ALLOCATION_MANAGER, &Am::setAVSRegistrarCall { avs, registrar: REGISTRAR }, all)?;
    let set = Am::CreateSetParamsV2 { operatorSetId: 1, strategies: vec![TEST_TOKEN_STRATEGY], slasher: avs };
    forge.step(avs, ALLOCATION_MANAGER, &Am::createOperatorSets_1Call { avs, params: vec![set] }, all)?;
    (0..OPERATORS).try_for_each(|number| enlist(&mut forge, operator(number)))?;
    forge.wait(u64::from(genesis.params.configuration_delay_blocks) + 1)?;
    (0..OPERATORS).try_for_each(|number| allocate(&mut forge, operator(number)))?;
    forge.wait(2)?;
    let delegations = |log: &Log| log.topics().first() == Some(&Dm::StakerDelegated::SIGNATURE_HASH);
    for number in 0..STAKERS {
        let (staker, strategy, shares) = (staker(number), TEST_TOKEN_STRATEGY, U256::from(WAD));
        let add = Sm::addSharesCall { staker, strategy, shares };
        forge.step(DELEGATION_MANAGER, STRATEGY_MANAGER, &add, delegations)?;
        forge.step(staker, DELEGATION_MANAGER, &delegate(operator(number)), delegations)?;
    }
    forge.seal(Changes::default())?;
    forge.steps_a_block = SLASHES_A_BLOCK;
    for number in 0..SLASHES {
        let params = Am::SlashingParams {
            operator: operator(number),
            operatorSetId: 1,
            strategies: vec![TEST_TOKEN_STRATEGY],
            wadsToSlash: vec![U256::from(WAD / 1_000_000)],
            description: String::new(),
        };
        forge.step(avs, ALLOCATION_MANAGER, &Am::slashOperatorCall { avs, params }, all)?;
    }
    let changes = forge.changes();
    forge.seal(changes)?;
    Ok(forge.writer.close()?)
}

fn enlist(forge: &mut Forge<'_>, operator: Address) -> Result<()> {
    let register = Dm::registerAsOperatorCall {
        initDelegationApprover: Address::ZERO,
        allocationDelay: 0,
        metadataURI: "ipfs://operator".into(),
    };
    forge.step(operator, DELEGATION_MANAGER, &register, |_| true)
}

fn allocate(forge: &mut Forge<'_>, operator: Address) -> Result<()> {
    let params = Am::RegisterParams { avs: SERVICE, operatorSetIds: vec![1], data: Bytes::new() };
    forge.step(
        operator,
        ALLOCATION_MANAGER,
        &Am::registerForOperatorSetsCall { operator, params },
        |_| true,
    )?;
    let params = vec![Am::AllocateParams {
        operatorSet: Am::OperatorSet { avs: SERVICE, id: 1 },
        strategies: vec![TEST_TOKEN_STRATEGY],
        newMagnitudes: vec![WAD],
    }];
    forge.step(operator, ALLOCATION_MANAGER, &Am::modifyAllocationsCall { operator, params }, |_| true)
}

fn delegate(operator: Address) -> Dm::delegateToCall {
    Dm::delegateToCall {
        operator,
        approverSignatureAndExpiry: Dm::SignatureWithExpiry { signature: Bytes::new(), expiry: U256::ZERO },
        approverSalt: B256::ZERO,
    }
}

/// The same blocks with and without the index.
fn cost() -> Result<Table> {
    let keys = (0..=ACTORS).map(|number| PrivateKeySigner::from_bytes(&keccak256(number.to_be_bytes())));
    let keys: Vec<PrivateKeySigner> = keys.collect::<Result<_, _>>()?;
    let transactions = transactions(&keys)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut samples = [const { (Vec::new(), Vec::new()) }; 2];
    for _ in 0..RUNS {
        for (indexed, (sealing, closing)) in [false, true].into_iter().zip(&mut samples) {
            let folder = tempfile::tempdir()?;
            let (sealed, closed) =
                runtime.block_on(seal_all(&keys, &transactions, folder.path(), indexed))?;
            sealing.push(sealed * 1e3);
            closing.push(closed * 1e3);
        }
    }
    let mut table = Table::new(&["all blocks, ms (median)", "without index", "with index", "ratio"]);
    let [(without, until), (with, until_with)] = samples;
    for (name, without, with) in [("sealed", without, with), ("sealed, folded, closed", until, until_with)] {
        let (one, other) = (least_and_median(without).1, least_and_median(with).1);
        table.row(&[name.into(), format!("{one:.0}"), format!("{other:.0}"), format!("{:.3}", other / one)]);
    }
    Ok(table)
}

/// One round a list: each is sent when the round before is sealed.
fn transactions(keys: &[PrivateKeySigner]) -> Result<Vec<Vec<Bytes>>> {
    let (operator, stakers) = keys.split_first().context("an operator")?;
    let shares = U256::from(WAD);
    let queue = Dm::queueWithdrawalsCall {
        params: vec![Dm::QueuedWithdrawalParams {
            strategies: vec![TEST_TOKEN_STRATEGY],
            depositShares: vec![shares / U256::from(8)],
            __deprecated_withdrawer: Address::ZERO,
        }],
    };
    let deposit =
        Sm::depositIntoStrategyCall { strategy: TEST_TOKEN_STRATEGY, token: TEST_TOKEN, amount: shares };
    let approve = IERC20::approveCall { spender: STRATEGY_MANAGER, value: U256::MAX };
    let register = Dm::registerAsOperatorCall {
        initDelegationApprover: Address::ZERO,
        allocationDelay: 0,
        metadataURI: String::new(),
    };
    let mut rounds = vec![vec![signed(operator, 0, DELEGATION_MANAGER, &register)?]];
    for round in 0..9u64 {
        let sign = |key: &PrivateKeySigner| match round {
            0 => {
                let mint = ITestToken::mintCall { to: key.address(), value: shares * U256::from(4) };
                signed(key, round, TEST_TOKEN, &mint)
            }
            1 => signed(key, round, TEST_TOKEN, &approve),
            2 | 5 => signed(key, round, STRATEGY_MANAGER, &deposit),
            3 => signed(key, round, DELEGATION_MANAGER, &delegate(operator.address())),
            7 => signed(key, round, DELEGATION_MANAGER, &Dm::undelegateCall { staker: key.address() }),
            8 => signed(key, round, DELEGATION_MANAGER, &delegate(operator.address())),
            _ => signed(key, round, DELEGATION_MANAGER, &queue),
        };
        rounds.push(stakers.iter().map(sign).collect::<Result<_>>()?);
    }
    Ok(rounds)
}

fn signed(key: &PrivateKeySigner, nonce: u64, to: Address, call: &impl SolCall) -> Result<Bytes> {
    let mut transaction = TxEip1559 {
        chain_id: 31_337,
        nonce,
        gas_limit: GAS,
        max_fee_per_gas: 10_000_000_000,
        max_priority_fee_per_gas: 1_000_000_000,
        to: TxKind::Call(to),
        input: call.abi_encode().into(),
        ..TxEip1559::default()
    };
    let signature = key.sign_transaction_sync(&mut transaction)?;
    Ok(TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into())
}

/// Seconds of sealing, and the same with closing the database.
async fn seal_all(
    keys: &[PrivateKeySigner],
    rounds: &[Vec<Bytes>],
    folder: &Path,
    indexed: bool,
) -> Result<(f64, f64)> {
    let funds = U256::from(10).pow(U256::from(22));
    let genesis = Genesis::dev(&DevOptions {
        chain_id: 31_337,
        preset: Preset::Fast,
        rules: Rules::Mainnet,
        accounts: keys.iter().map(|key| (key.address(), funds)).collect(),
        gas_limit: None,
        timestamp: 1_700_000_000,
        base_fee: None,
    });
    let (history, mining, pool) = (History::All, Mining::Manual, chain::PoolLimits::default());
    let config = Config { genesis, data_dir: Some(folder.into()), history, mining, pool, audit: false };
    let chain = if indexed { Chain::open(config)? } else { Chain::open_without_index(config)? };
    let mut secs = 0.0;
    for round in rounds {
        for sent in chain.submit_raw_all(round.clone()).await {
            sent?;
        }
        let begun = Instant::now();
        while !chain.pool().is_empty() {
            chain.mine(1, None).await?;
        }
        secs += begun.elapsed().as_secs_f64();
    }
    let begun = Instant::now();
    chain.stop();
    Ok((secs, secs + begun.elapsed().as_secs_f64()))
}
