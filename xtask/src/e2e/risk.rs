//! `bulwark risk` reads a node that runs the original contracts: their v1.3.0 bytecode is deployed on development nodes,
//! ours and anvil, at addresses of no meaning, and the same story is told to them and to the native contracts. The networks
//! read must be equal, and equal to what the native node says of its own state.

use crate::{
    client::{Client, quantity},
    originals::{Creations, load},
    process::Running,
    tools,
};
use alloy_primitives::{Address, B256, Bytes, U256, address, hex};
use alloy_signer::SignerSync;
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner};
use alloy_sol_types::{SolCall, SolValue, sol};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use types::{
    abi::{IAVSDirectory, IDelegationManager, IStrategyManager},
    addresses::{
        ALLOCATION_MANAGER, AVS_DIRECTORY, DELEGATION_MANAGER, PERMISSION_CONTROLLER, STRATEGY_MANAGER,
    },
    units::WAD,
};

/// The phrase of both nodes' accounts.
const PHRASE: &str = "test test test test test test test test test test test junk";
/// Accounts that operate, with their stake in ether.
const OPERATORS: [(u32, u64); 3] = [(1, 1_000), (2, 500), (3, 250)];
/// The account that runs two operator sets.
const SETS: u32 = 4;
/// The account that is a service of AVSDirectory.
const DIRECTORY: u32 = 5;
/// The account that owns the contracts.
const OWNER: u32 = 0;

/// Code that answers every call with one: a registrar that agrees, a token that pays, a registry where all may pause.
const AGREEABLE: &str = "0x60015f5260205ff3";
/// Code of a strategy that is one token a share: `deposit(token, amount)` answers the amount, anything else its first
/// argument.
const STRATEGY_CODE: &str = "0x5f3560e01c6347e7ef2414601757600435 5f5260205ff35b6024355f5260205ff3";
/// Code that answers every call with zero: a manager of pods whose owners have none.
const EMPTY: &str = "0x5f5f5260205ff3";
/// Longest allocation delay that the originals are given, in blocks.
const DELAY_BLOCKS: u32 = 10;
/// Longest wait for a transaction's block.
const PATIENCE: Duration = Duration::from_secs(10);
/// Blocks that are past every delay.
const PAST: u64 = 200;

const REGISTRAR: Address = address!("0x00000000000000000000000000000000000c0de1");
const TOKEN: Address = address!("0x00000000000000000000000000000000000c0de2");
const STRATEGY: Address = address!("0x00000000000000000000000000000000000c0de3");
const PAUSERS: Address = address!("0x00000000000000000000000000000000000c0de4");

sol! {
    interface ISetUp {
        function initialize(address owner, uint256 paused);
    }
    interface IDeposits {
        function initialize(address owner, address whitelister, uint256 paused);
        function addStrategiesToDepositWhitelist(address[] strategies);
    }
    interface ISets {
        struct OperatorSet { address avs; uint32 id; }
        struct CreateSetParams { uint32 operatorSetId; address[] strategies; }
        struct RegisterParams { address avs; uint32[] operatorSetIds; bytes data; }
        struct AllocateParams { OperatorSet operatorSet; address[] strategies; uint64[] newMagnitudes; }
        function updateAVSMetadataURI(address avs, string calldata metadataURI) external;
        function setAVSRegistrar(address avs, address registrar) external;
        function createOperatorSets(address avs, CreateSetParams[] calldata params) external;
        function registerForOperatorSets(address operator, RegisterParams calldata params) external;
        function modifyAllocations(address operator, AllocateParams[] calldata params) external;
    }
}

/// Where the contracts of a world stand.
#[derive(Clone, Copy, Debug)]
struct Contracts {
    delegation: Address,
    deposits: Address,
    allocation: Address,
    directory: Address,
    permission: Address,
    pods: Address,
}

const NATIVE: Contracts = Contracts {
    delegation: DELEGATION_MANAGER,
    deposits: STRATEGY_MANAGER,
    allocation: ALLOCATION_MANAGER,
    directory: AVS_DIRECTORY,
    permission: PERMISSION_CONTROLLER,
    pods: types::addresses::EIGEN_POD_MANAGER,
};

/// Addresses at which nothing of ours stands.
const ORIGINAL: Contracts = Contracts {
    delegation: address!("0x0000000000000000000000000000000000e10001"),
    deposits: address!("0x0000000000000000000000000000000000e10002"),
    allocation: address!("0x0000000000000000000000000000000000e10003"),
    directory: address!("0x0000000000000000000000000000000000e10004"),
    permission: address!("0x0000000000000000000000000000000000e10005"),
    pods: address!("0x0000000000000000000000000000000000e10006"),
};

/// A node and the contracts on it that the story is told to.
struct World {
    node: Running,
    client: Client,
    at: Contracts,
}

/// Tells the story to all three and compares.
///
/// # Errors
/// A node does not start, a transaction fails, or a network differs.
pub fn run(bulwark: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let creations = load()?;
    let ours = ["dev", "--silent", "--rules", "slashing-2025"];
    let theirs = ["--silent", "--code-size-limit", "100000"];
    let mut native = World::start(bulwark, &ours, &folder.path().join("native.log"), NATIVE)?;
    native.story()?;
    let expected = native.own_state()?;
    let read = native.read(bulwark, folder.path(), false)?;
    agree("native contracts", &read, &expected)?;
    let anvil = tools::program("anvil")?;
    let worlds: [(&str, &Path, &[&str]); 2] =
        [("originals on bulwark", bulwark, &ours), ("originals on anvil", &anvil, &theirs)];
    for (name, program, arguments) in worlds {
        let log = folder.path().join(format!("{}.log", name.replace(' ', "-")));
        let mut world = World::start(program, arguments, &log, ORIGINAL)?;
        world.deploy(&creations).with_context(|| name.to_owned())?;
        world.story().with_context(|| name.to_owned())?;
        let read = world.read(bulwark, folder.path(), true)?;
        agree(name, &read, &expected)?;
    }
    println!(
        "risk: {} operators, {} services, the same stakes and γ from the state of the native node, from its events and \
         views, and from the original bytecode on two nodes",
        OPERATORS.len(),
        3
    );
    Ok(())
}

/// What is compared of a mode: operators, services, γ from below and above.
type Figures = Vec<(String, u64, u64, f64, f64)>;

fn agree(name: &str, read: &Figures, expected: &Figures) -> Result<()> {
    let close = |one: f64, other: f64| (one - other).abs() < 1e-6;
    let same = read.len() == expected.len()
        && read.iter().zip(expected).all(|(one, other)| {
            (&one.0, one.1, one.2) == (&other.0, other.1, other.2)
                && close(one.3, other.3)
                && close(one.4, other.4)
        });
    ensure!(same, "{name}: {read:?}, but the native node's own state gives {expected:?}");
    println!("risk: {name}: as the native node's own state: {read:?}");
    Ok(())
}

fn signer(index: u32) -> Result<PrivateKeySigner> {
    Ok(MnemonicBuilder::try_from_phrase_nth(PHRASE, index)?)
}

fn who(index: u32) -> Result<Address> {
    Ok(signer(index)?.address())
}

fn ether(amount: u64) -> U256 {
    U256::from(amount).saturating_mul(U256::from(WAD))
}

impl World {
    fn start(program: &Path, arguments: &[&str], log: &Path, at: Contracts) -> Result<Self> {
        let node = Running::start(program, arguments, log)?;
        let mut client = node.client()?;
        let strategy = STRATEGY_CODE.replace(' ', "");
        for (account, code) in
            [(REGISTRAR, AGREEABLE), (TOKEN, AGREEABLE), (PAUSERS, AGREEABLE), (STRATEGY, &strategy)]
        {
            client.call("anvil_setCode", json!([account, code]))?;
        }
        Ok(Self { node, client, at })
    }

    /// Puts the originals in place: constructors run in a call, and what they return becomes the code. Their mark of
    /// disabled initializers stays behind in the call.
    fn deploy(&mut self, creations: &Creations) -> Result<()> {
        let at = self.at;
        self.client.call("anvil_setCode", json!([at.pods, EMPTY]))?;
        let version = "v1.3.0".to_owned();
        let join = |creation: &Bytes, arguments: Vec<u8>| [creation.as_ref(), &arguments].concat();
        let allocation = (at.delegation, PAUSERS, at.permission, DELAY_BLOCKS, DELAY_BLOCKS, version.clone());
        let delegation =
            (at.deposits, at.pods, at.allocation, PAUSERS, at.permission, DELAY_BLOCKS, version.clone());
        let short = (at.delegation, PAUSERS, version.clone());
        for (to, code) in [
            (at.allocation, join(&creations.allocation_manager, allocation.abi_encode_params())),
            (at.delegation, join(&creations.delegation_manager, delegation.abi_encode_params())),
            (at.deposits, join(&creations.strategy_manager, short.abi_encode_params())),
            (at.directory, join(&creations.avs_directory, short.abi_encode_params())),
            (at.permission, join(&creations.permission_controller, (version,).abi_encode_params())),
        ] {
            let call = json!([{ "from": who(OWNER)?, "data": hex::encode_prefixed(code) }, "latest"]);
            let runtime = self.client.call("eth_call", call)?;
            self.client.call("anvil_setCode", json!([to, runtime]))?;
        }
        let owner = who(OWNER)?;
        let set_up = ISetUp::initializeCall { owner, paused: U256::ZERO };
        for contract in [at.allocation, at.delegation, at.directory] {
            self.send(OWNER, contract, &set_up)?;
        }
        let call = IDeposits::initializeCall { owner, whitelister: owner, paused: U256::ZERO };
        self.send(OWNER, at.deposits, &call)
    }

    /// Three operate with stake of their own; two sets, one of them with allocations; a service of AVSDirectory.
    fn story(&mut self) -> Result<()> {
        let at = self.at;
        self.whitelist()?;
        for (operator, stake) in OPERATORS {
            let register = IDelegationManager::registerAsOperatorCall {
                initDelegationApprover: Address::ZERO,
                allocationDelay: 0,
                metadataURI: String::new(),
            };
            self.send(operator, at.delegation, &register)?;
            let deposit = IStrategyManager::depositIntoStrategyCall {
                strategy: STRATEGY,
                token: TOKEN,
                amount: ether(stake),
            };
            self.send(operator, at.deposits, &deposit)?;
        }
        let avs = who(SETS)?;
        self.send(SETS, at.allocation, &ISets::updateAVSMetadataURICall { avs, metadataURI: "x".into() })?;
        self.send(SETS, at.allocation, &ISets::setAVSRegistrarCall { avs, registrar: REGISTRAR })?;
        let set = |id| ISets::CreateSetParams { operatorSetId: id, strategies: vec![STRATEGY] };
        let params = vec![set(1), set(2)];
        self.send(SETS, at.allocation, &ISets::createOperatorSetsCall { avs, params })?;
        self.mine()?;
        for (index, magnitude) in [(1, WAD / 5 * 3), (2, WAD)] {
            let operator = who(index)?;
            let params = ISets::RegisterParams { avs, operatorSetIds: vec![1, 2], data: Bytes::new() };
            self.send(index, at.allocation, &ISets::registerForOperatorSetsCall { operator, params })?;
            let params = ISets::AllocateParams {
                operatorSet: ISets::OperatorSet { avs, id: 1 },
                strategies: vec![STRATEGY],
                newMagnitudes: vec![magnitude],
            };
            let call = ISets::modifyAllocationsCall { operator, params: vec![params] };
            self.send(index, at.allocation, &call)?;
        }
        for operator in [1, 3] {
            self.join_directory(operator)?;
        }
        self.mine()
    }

    /// As whoever may: ours is a contract.
    fn whitelist(&mut self) -> Result<()> {
        let view = Bytes::from(IStrategyManager::strategyWhitelisterCall {}.abi_encode());
        let call = json!([{ "to": self.at.deposits, "data": view }, "latest"]);
        let word: B256 = serde_json::from_value(self.client.call("eth_call", call)?)?;
        let whitelister = Address::from_word(word);
        self.client.call("anvil_impersonateAccount", json!([whitelister]))?;
        self.client.call("anvil_setBalance", json!([whitelister, ether(1)]))?;
        let call = IDeposits::addStrategiesToDepositWhitelistCall { strategies: vec![STRATEGY] };
        self.send_as(whitelister, self.at.deposits, &call)
    }

    fn join_directory(&mut self, index: u32) -> Result<()> {
        let (operator, avs) = (who(index)?, who(DIRECTORY)?);
        let (salt, expiry) = (B256::with_last_byte(u8::try_from(index)?), U256::from(u64::MAX));
        let view =
            IAVSDirectory::calculateOperatorAVSRegistrationDigestHashCall { operator, avs, salt, expiry };
        let data = Bytes::from(view.abi_encode());
        let call = json!([{ "to": self.at.directory, "data": data }, "latest"]);
        let digest: B256 = serde_json::from_value(self.client.call("eth_call", call)?)?;
        let signature = signer(index)?.sign_hash_sync(&digest)?.as_bytes().to_vec().into();
        let signed = IAVSDirectory::SignatureWithSaltAndExpiry { signature, salt, expiry };
        let call = IAVSDirectory::registerOperatorToAVSCall { operator, operatorSignature: signed };
        self.send(DIRECTORY, self.at.directory, &call)
    }

    fn mine(&mut self) -> Result<()> {
        self.client.call("anvil_mine", json!([format!("{PAST:#x}")])).map(drop)
    }

    fn send(&mut self, from: u32, to: Address, call: &impl SolCall) -> Result<()> {
        self.send_as(who(from)?, to, call)
    }

    fn send_as(&mut self, from: Address, to: Address, call: &impl SolCall) -> Result<()> {
        let data = Bytes::from(call.abi_encode());
        let transaction = json!([{ "from": from, "to": to, "data": data, "gas": "0x400000" }]);
        let hash = self.client.call("eth_sendTransaction", transaction)?;
        let mut receipt = Value::Null;
        let began = Instant::now();
        // Anvil answers before the transaction's block is there.
        while receipt.is_null() && began.elapsed() < PATIENCE {
            receipt = self.client.call("eth_getTransactionReceipt", json!([hash]))?;
        }
        ensure!(!receipt.is_null(), "a transaction to {to} is in no block");
        ensure!(quantity(&receipt["status"])? == 1, "a transaction to {to} failed: {receipt}");
        Ok(())
    }

    /// What the native node says of its own state: by its own methods, its prices, its lists.
    fn own_state(&mut self) -> Result<Figures> {
        let (avs, directory) = (who(SETS)?, who(DIRECTORY)?);
        let mut service = [0xff; 32];
        service.iter_mut().zip(directory.as_slice()).for_each(|(to, from)| *to = *from);
        self.client.call("dev_setPrice", json!([STRATEGY, ether(1)]))?;
        let counted = types::abi::IRiskOracle::setCountedCall { strategy: STRATEGY, counted: true };
        self.send(OWNER, types::addresses::RISK_ORACLE, &counted)?;
        for index in [1, 3] {
            let operator = who(index)?;
            let call =
                types::abi::IRiskOracle::trackCall { service: service.into(), operator, tracked: true };
            self.send(OWNER, types::addresses::RISK_ORACLE, &call)?;
        }
        let all = [json!(format!("{avs}:1")), json!(format!("{avs}:2")), json!(directory)];
        let mut figures = Figures::new();
        for mode in ["unique", "full"] {
            let told = self.client.call("restake_riskSlack", json!([{ "mode": mode, "services": all }]))?;
            figures.push(row(&told, mode, "gammaLower", "gammaUpper")?);
        }
        Ok(figures)
    }

    /// What `bulwark risk` reads, first into a snapshot and then from it.
    fn read(&self, bulwark: &Path, folder: &Path, named: bool) -> Result<Figures> {
        let addresses = folder.join("addresses.json");
        let at = self.at;
        let book = json!({
            "delegation_manager": at.delegation, "avs_directory": at.directory,
            "allocation_manager": at.allocation, "strategies": [STRATEGY],
        });
        std::fs::write(&addresses, book.to_string())?;
        let price = format!("{STRATEGY}=1");
        let snapshot: PathBuf = folder.join(format!("snapshot-{}.json", self.node.port));
        let mut words = vec!["risk", "snapshot", "--price", &price, "--out"];
        let (snapshot, addresses) = (snapshot.display().to_string(), addresses.display().to_string());
        let url = self.node.url();
        words.extend([snapshot.as_str(), "--rpc", &url]);
        if named {
            words.extend(["--addresses", &addresses]);
        }
        told(bulwark, &words)?;
        let direct = match named {
            true => told(bulwark, &["risk", "check", "--json", "--rpc", &url, "--addresses", &addresses])?,
            false => told(bulwark, &["risk", "check", "--json", "--rpc", &url, "--price", &price])?,
        };
        let kept = told(bulwark, &["risk", "check", "--json", &snapshot, "--price", &price])?;
        ensure!(
            direct["modes"] == kept["modes"],
            "read directly {}, kept {}",
            direct["modes"],
            kept["modes"]
        );
        let modes = kept["modes"].as_array().context("an answer of two modes")?;
        modes
            .iter()
            .map(|it| row(it, it["mode"].as_str().unwrap_or_default(), "gamma_lower", "gamma_upper"))
            .collect()
    }
}

fn row(it: &Value, mode: &str, lower: &str, upper: &str) -> Result<(String, u64, u64, f64, f64)> {
    let number = |key: &str| it[key].as_f64().with_context(|| format!("{it} has no {key}"));
    let count = |key: &str| it[key].as_u64().with_context(|| format!("{it} has no {key}"));
    Ok((mode.to_owned(), count("operators")?, count("services")?, number(lower)?, number(upper)?))
}

fn told(bulwark: &Path, words: &[&str]) -> Result<Value> {
    let output = Command::new(bulwark).args(words).output()?;
    // Insecure is an answer too.
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.stdout.is_empty() {
        anyhow::bail!("{words:?}: {said}");
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
}
