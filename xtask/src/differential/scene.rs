//! Who and what takes part in a comparison: actors with keys, tokens, strategies, services; and both worlds set up with
//! them, from which each run forks.

use super::{
    props::{
        APPROVER, EASY_WALLET, EASY_WALLET_CODE, LIMITED, MOODY, PODS, REBASING, REGISTRAR, RELAY, SERVICE,
        WALLET, contract, wallet_signature,
    },
    views::{self, Looks},
    watch::Watch,
};
use crate::originals::{
    Originals,
    pinned::Strategy,
    world::{Furniture, OWNER, World},
};
use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use anyhow::{Context, Result, bail, ensure};
use chain::native::Contracts;
use protocol::{
    audit,
    genesis::Account,
    registry::{STUB_CODE, instance_code},
    strategy_base,
};
use std::collections::HashMap;
use types::{
    Params, Rules,
    abi::{IEigenPodManager as Pods, IPausable, IStrategyManager as Deposits, ITestToken as Token},
    addresses::{
        ALLOCATION_MANAGER, AVS_DIRECTORY, BEACON_STRATEGY, BURN, DELEGATION_MANAGER, EIGEN_POD_MANAGER,
        PAUSER_REGISTRY, PERMISSION_CONTROLLER, STRATEGY_FACTORY, STRATEGY_MANAGER, TEST_TOKEN,
        TEST_TOKEN_STRATEGY,
    },
};

/// Stakers with a key, besides [`WALLET`].
const STAKERS: usize = 8;
/// Operators.
const OPERATORS: usize = 4;
/// Who may list strategies.
pub const WHITELISTER: Address = address!("0x00000000000000000000000000000000000000a1");
/// Somebody without any part.
pub const NOBODY: Address = address!("0x00000000000000000000000000000000000000a2");
const REBASING_STRATEGY: Address = address!("0x00000000000000000000000000000000007000a1");
const LIMITED_STRATEGY: Address = address!("0x00000000000000000000000000000000007000a2");
const MOODY_STRATEGY: Address = address!("0x00000000000000000000000000000000007000a3");
/// How the code of an account begins that has another's (EIP-7702).
const DESIGNATION: [u8; 3] = [0xef, 0x01, 0x00];
/// Caps of the strategy with limits at first, in token units.
const LIMITS: (u128, u128) = (10u128.pow(27), 3 * 10u128.pow(27));

/// Everyone and everything, by role.
pub struct Scene {
    /// Stakers, operators excepted.
    pub stakers: Vec<Address>,
    /// Operators, sooner or later.
    pub operators: Vec<Address>,
    /// Services.
    pub services: Vec<Address>,
    /// Who approves delegations.
    pub approvers: Vec<Address>,
    /// Tokens, each at the place of its strategy.
    pub tokens: Vec<Address>,
    /// Strategies that hold tokens.
    pub strategies: Vec<Address>,
    /// Those who have a pod, with it.
    pub pods: Vec<(Address, Address)>,
    /// The contracts whose verbs are compared, as they can be paused.
    pub pausable: Vec<Address>,
    /// Whether our build has the AVSDirectory.
    pub has_directory: bool,
    /// Whether the originals are those of the pinned release.
    pub is_pinned: bool,
    keys: HashMap<Address, PrivateKeySigner>,
    names: Vec<(Address, String)>,
}

/// Both worlds at the start, and what every view answers there.
pub struct Stage {
    /// The actors.
    pub scene: Scene,
    /// The views.
    pub looks: Looks,
    /// Native contracts, watched.
    pub native: Side,
    /// The originals, watched.
    pub original: Side,
    /// Whether each call is tried in other frames first.
    pub tries_frames: bool,
}

/// A world with the answers of its views.
pub struct Side {
    /// The chain.
    pub world: World,
    /// What its views answered last.
    pub watch: Watch,
}

impl Side {
    fn new(mut world: World, looks: &Looks) -> Result<Self> {
        let mut watch = Watch::default();
        watch.grow(looks.len());
        watch.refresh(&mut world, looks)?;
        Ok(Self { world, watch })
    }

    fn fork(&self) -> Self {
        Self { world: self.world.fork(), watch: self.watch.clone() }
    }
}

impl Stage {
    /// Sets both worlds up; `params` are those of the native one, which differ only where the comparison itself is
    /// tested.
    ///
    /// # Errors
    /// Either world refuses.
    pub fn set(originals: &Originals, params: Params) -> Result<Self> {
        let furniture = Furniture {
            params: World::params_under(originals.rules()),
            accounts: accounts(),
            contracts: Contracts { singleton: contract, ..Contracts::PROTOCOL },
        };
        let mut native = World::native_among(&Furniture { params, ..furniture.clone() });
        let mut original = World::originals_among(originals, &furniture, &placed())?;
        let scene = Scene::new(&mut native, originals.rules() == Rules::Pinned)?;
        for world in [&mut native, &mut original] {
            scene.furnish(world)?;
        }
        for (owner, pod) in &scene.pods {
            let (slot, value) = protocol::eigen_pod_manager::pod_entry(*owner, *pod);
            native.store(EIGEN_POD_MANAGER, slot, value);
            give_pod(&mut original, *owner, *pod)?;
        }
        let looks = Looks::new(views::all(&scene));
        let (native, original) = (Side::new(native, &looks)?, Side::new(original, &looks)?);
        Ok(Self { scene, looks, native, original, tries_frames: false })
    }

    /// Compares all views before anything has happened.
    ///
    /// # Errors
    /// Those that differ.
    pub fn agrees(&self) -> Result<()> {
        let differing: Vec<String> = (0..self.looks.len())
            .filter(|look| self.native.watch.answer(*look) != self.original.watch.answer(*look))
            .map(|look| {
                let (ours, theirs) = (self.native.watch.answer(look), self.original.watch.answer(look));
                format!("{}\n    native: {ours:?}\n    original: {theirs:?}", self.looks.get(look).text)
            })
            .collect();
        ensure!(differing.is_empty(), "the worlds differ from the start:\n{}", differing.join("\n"));
        Ok(())
    }

    /// Both worlds anew.
    pub fn begin(&self) -> (Side, Side) {
        (self.native.fork(), self.original.fork())
    }
}

impl Scene {
    fn new(native: &mut World, is_pinned: bool) -> Result<Self> {
        let mut keys = HashMap::new();
        let mut names = Vec::new();
        let mut people = |kind: &str, count: usize| -> Result<Vec<Address>> {
            (1..=count)
                .map(|number| {
                    let name = format!("{kind}{number}");
                    let key = PrivateKeySigner::from_bytes(&keccak256(&name))?;
                    let at = key.address();
                    keys.insert(at, key);
                    names.push((at, name));
                    Ok(at)
                })
                .collect()
        };
        let mut stakers = people("staker", STAKERS)?;
        stakers.push(WALLET);
        stakers.push(RELAY);
        // An account with a key whose code is the easy wallet's (EIP-7702).
        let delegated = people("delegated", 1)?;
        stakers.extend(&delegated);
        let operators = people("operator", OPERATORS)?;
        let mut services = people("service", 2)?;
        services.insert(0, SERVICE);
        let mut approvers = people("approver", 1)?;
        approvers.push(APPROVER);
        names.extend(fixed_names());
        let version = crate::originals::release::IDirectory::versionCall {};
        let (directory, _) = native.run(NOBODY, AVS_DIRECTORY, version.abi_encode())?;
        let mut pausable = vec![DELEGATION_MANAGER, STRATEGY_MANAGER, ALLOCATION_MANAGER, EIGEN_POD_MANAGER];
        let strategies = vec![TEST_TOKEN_STRATEGY, REBASING_STRATEGY, LIMITED_STRATEGY, MOODY_STRATEGY];
        pausable.extend(&strategies);
        let owners = [stakers[0], stakers[1], operators[0], WALLET];
        let pods: Vec<(Address, Address)> = owners.into_iter().zip(PODS).collect();
        names.extend(pods.iter().enumerate().map(|(at, (_, pod))| (*pod, format!("pod{at}"))));
        let has_directory = directory.success && !directory.output.is_empty();
        if has_directory {
            pausable.push(AVS_DIRECTORY);
        }
        Ok(Self {
            stakers,
            operators,
            services,
            approvers,
            tokens: vec![TEST_TOKEN, REBASING, LIMITED, MOODY],
            strategies,
            pods,
            pausable,
            has_directory,
            is_pinned,
            keys,
            names,
        })
    }

    /// Lists the strategies, gives everyone tokens and lets the StrategyManager take them.
    fn furnish(&self, world: &mut World) -> Result<()> {
        let whitelister = Deposits::setStrategyWhitelisterCall { newStrategyWhitelister: WHITELISTER };
        must(world, OWNER, STRATEGY_MANAGER, whitelister)?;
        let listed =
            Deposits::addStrategiesToDepositWhitelistCall { strategiesToWhitelist: self.strategies.clone() };
        must(world, WHITELISTER, STRATEGY_MANAGER, listed)?;
        // Ours begins with new pods stopped.
        let running = IPausable::unpauseCall { newPausedStatus: U256::ZERO };
        must(world, OWNER, EIGEN_POD_MANAGER, running)?;
        let plenty = U256::from(10).pow(U256::from(40));
        for token in &self.tokens {
            for account in self.holders() {
                must(world, account, *token, Token::mintCall { to: account, value: plenty })?;
                let approve = Token::approveCall { spender: STRATEGY_MANAGER, value: U256::MAX };
                must(world, account, *token, approve)?;
            }
        }
        Ok(())
    }

    /// Those who hold tokens: stakers and operators.
    pub fn holders(&self) -> Vec<Address> {
        self.stakers.iter().chain(&self.operators).copied().collect()
    }

    /// Everyone who may call.
    pub fn everyone(&self) -> Vec<Address> {
        let others = [OWNER, WHITELISTER, NOBODY, REGISTRAR];
        let people = self.holders().into_iter();
        let more = self.services.iter().chain(&self.approvers).copied();
        people.chain(more).chain(others).chain(PODS).collect()
    }

    /// A good signature of `signer` over `digest`.
    ///
    /// # Errors
    /// Signing fails.
    pub fn sign(&self, signer: Address, digest: B256) -> Result<Bytes> {
        match self.keys.get(&signer) {
            Some(key) => Ok(key.sign_hash_sync(&digest)?.as_bytes().to_vec().into()),
            None => Ok(wallet_signature(digest)),
        }
    }

    /// `text` with names in place of addresses.
    pub fn named(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (address, name) in &self.names {
            for form in [address.to_string(), format!("{address:#x}")] {
                text = text.replace(&form, name);
            }
        }
        text
    }
}

fn fixed_names() -> Vec<(Address, String)> {
    let names = [
        (SERVICE, "service0"),
        (WALLET, "wallet"),
        (RELAY, "relay"),
        (APPROVER, "approver0"),
        (REGISTRAR, "registrar"),
        (OWNER, "owner"),
        (WHITELISTER, "whitelister"),
        (NOBODY, "nobody"),
        (TEST_TOKEN, "token"),
        (REBASING, "rebasing token"),
        (LIMITED, "limited token"),
        (MOODY, "moody token"),
        (TEST_TOKEN_STRATEGY, "strategy"),
        (REBASING_STRATEGY, "rebasing strategy"),
        (LIMITED_STRATEGY, "limited strategy"),
        (MOODY_STRATEGY, "moody strategy"),
        (BEACON_STRATEGY, "beacon strategy"),
        (BURN, "burn address"),
        (STRATEGY_MANAGER, "StrategyManager"),
        (DELEGATION_MANAGER, "DelegationManager"),
        (ALLOCATION_MANAGER, "AllocationManager"),
        (PERMISSION_CONTROLLER, "PermissionController"),
        (AVS_DIRECTORY, "AVSDirectory"),
        (EIGEN_POD_MANAGER, "EigenPodManager"),
        (PAUSER_REGISTRY, "PauserRegistry"),
        (STRATEGY_FACTORY, "StrategyFactory"),
        (Address::ZERO, "zero address"),
    ];
    names.map(|(address, name)| (address, name.to_owned())).to_vec()
}

/// The strategies as the pinned release makes them.
fn placed() -> [Strategy; 4] {
    let plain = |at, token| Strategy { at, token, limits: None };
    let limits = Some((U256::from(LIMITS.0), U256::from(LIMITS.1)));
    [
        plain(TEST_TOKEN_STRATEGY, TEST_TOKEN),
        plain(REBASING_STRATEGY, REBASING),
        Strategy { at: LIMITED_STRATEGY, token: LIMITED, limits },
        plain(MOODY_STRATEGY, MOODY),
    ]
}

fn accounts() -> Vec<Account> {
    let stub =
        |address| Account { address, nonce: 1, code: Bytes::from_static(&STUB_CODE), storage: Vec::new() };
    let plain = |address, token| Account {
        address,
        nonce: 1,
        code: instance_code(strategy_base::KIND),
        storage: strategy_base::genesis(token),
    };
    let limited = Account {
        address: LIMITED_STRATEGY,
        nonce: 1,
        code: instance_code(strategy_base::limits::KIND),
        storage: strategy_base::limits::genesis(LIMITED, U256::from(LIMITS.0), U256::from(LIMITS.1)),
    };
    let coded = [audit::ADDRESS, REBASING, LIMITED, MOODY, SERVICE, REGISTRAR, WALLET, APPROVER, RELAY]
        .into_iter()
        .chain(PODS);
    let strategies = [plain(REBASING_STRATEGY, REBASING), limited, plain(MOODY_STRATEGY, MOODY)];
    let with_code =
        |address, code: Vec<u8>| Account { address, nonce: 1, code: code.into(), storage: Vec::new() };
    let delegated = PrivateKeySigner::from_bytes(&keccak256("delegated1")).map(|key| key.address());
    let designation = [&DESIGNATION[..], EASY_WALLET.as_slice()].concat();
    let bytecode = [
        with_code(EASY_WALLET, EASY_WALLET_CODE.to_vec()),
        with_code(delegated.unwrap_or_default(), designation),
    ];
    coded.map(stub).chain(strategies).chain(bytecode).collect()
}

/// Gives an owner a pod in the originals' world: in the one slot that the view of it reads.
fn give_pod(original: &mut World, owner: Address, pod: Address) -> Result<()> {
    let view = Pods::ownerToPodCall { podOwner: owner };
    let (_, state) = original.run(NOBODY, EIGEN_POD_MANAGER, view.abi_encode())?;
    let manager = state.get(&EIGEN_POD_MANAGER).context("the view reached no manager")?;
    let mut slots = manager.storage.keys();
    let (slot, None) = (slots.next().context("the view reads no slot")?, slots.next()) else {
        bail!("the view reads several slots");
    };
    original.store(EIGEN_POD_MANAGER, *slot, U256::from_be_slice(pod.as_slice()));
    Ok(())
}

fn must<C: SolCall>(world: &mut World, from: Address, to: Address, call: C) -> Result<()> {
    let outcome = world.send(from, to, call.abi_encode())?;
    ensure!(outcome.success, "{} refused: {}", C::SIGNATURE, outcome.output);
    Ok(())
}

/// What a view of a world answers, if it answers.
///
/// # Errors
/// The answer is not what the ABI says.
pub fn ask<C: SolCall>(world: &mut World, to: Address, call: C) -> Result<Option<C::Return>> {
    let (outcome, _) = world.run(NOBODY, to, call.abi_encode())?;
    if !outcome.success {
        return Ok(None);
    }
    C::abi_decode_returns(&outcome.output).map(Some).with_context(|| C::SIGNATURE)
}
