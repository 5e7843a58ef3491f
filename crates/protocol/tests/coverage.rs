//! Every custom error and event of the declared ABIs is met by a test: executed here for what all pausable and owned
//! contracts share, told by an executed case of the pinned release, or claimed by name in the tests of the contract's
//! folder. What no call can reach is listed with the reason; the list may not grow stale either.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test: it may fail by panicking"
)]

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use protocol::{
    duration_vault,
    genesis::Setup,
    host::{BlockInfo, Error},
    mem::{Account, MemHost},
    registry,
    strategy_base::limits,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use types::{
    Params, Preset,
    abi::{self, IOwnable, IPausable},
    addresses,
    params::Roles,
};

/// A contract's name and a member's.
type Member = (String, String);

/// Where the tests of a contract are: its folder in `src`.
const FOLDERS: &[(&str, &str)] = &[
    ("AVSDirectory", "avs_directory"),
    ("AllocationManager", "allocation_manager"),
    ("BackingEigen", "backing_eigen"),
    ("DelegationManager", "delegation_manager"),
    ("DurationVaultStrategy", "duration_vault"),
    ("EIGEN", "eigen"),
    ("EigenPodManager", "eigen_pod_manager"),
    ("EigenStrategy", "eigen_strategy"),
    ("KeyRegistrar", "key_registrar"),
    ("PauserRegistry", "pauser_registry"),
    ("PermissionController", "permission_controller"),
    ("ProtocolRegistry", "protocol_registry"),
    ("ReleaseManager", "release_manager"),
    ("StrategyBase", "strategy_base"),
    ("StrategyBaseTVLLimits", "strategy_base"),
    ("StrategyFactory", "strategy_factory"),
    ("StrategyManager", "strategy_manager"),
    // What others make or tell is met where they do.
    ("EIGEN", "backing_eigen"),
    ("StrategyBase", "strategy_factory"),
    ("StrategyFactory", "duration_vault"),
];

/// What a contract tells only when another acts, with the folder whose tests claim it.
const ELSEWHERE: &[(&str, &str, &str)] =
    &[("StrategyManager", "SlashResolutionBlockSet", "delegation_manager")];

/// Names of contracts in the executed cases.
const IN_CASES: &[(&str, &str)] = &[
    ("AD", "AVSDirectory"),
    ("AM", "AllocationManager"),
    ("DM", "DelegationManager"),
    ("EPM", "EigenPodManager"),
    ("KR", "KeyRegistrar"),
    ("PC", "PermissionController"),
    ("PR", "PauserRegistry"),
    ("RM", "ReleaseManager"),
    ("SF", "StrategyFactory"),
    ("SM", "StrategyManager"),
    ("s1", "StrategyBase"),
    ("s2", "StrategyBase"),
    ("s3", "StrategyBase"),
    ("scap", "StrategyBaseTVLLimits"),
];

const IN_CONSTRUCTOR: &str = "of a constructor or initializer; genesis makes our contracts";
const NEVER_THROWN: &str = "declared by an interface or library, thrown by no verb of the release";
const NEVER_EMITTED: &str = "declared by an interface, emitted by no verb of the release";
const OF_PODS: &str = "of pods with a beacon chain, which this build does not have";
const SAME_CODE: &str = "StrategyBase's, in the very same functions";

/// What no call reaches, and why; `*` is every contract that declares it.
const UNREACHABLE: &[(&str, &str, &str)] = &[
    ("*", "InvalidShortString", IN_CONSTRUCTOR),
    ("*", "StringTooLong", IN_CONSTRUCTOR),
    ("*", "EIP712DomainChanged", NEVER_EMITTED),
    ("AVSDirectory", "InputAddressZero", IN_CONSTRUCTOR),
    ("StrategyManager", "InputAddressZero", IN_CONSTRUCTOR),
    ("StrategyFactory", "InputAddressZero", IN_CONSTRUCTOR),
    ("StrategyBase", "InputAddressZero", IN_CONSTRUCTOR),
    ("StrategyBaseTVLLimits", "InputAddressZero", IN_CONSTRUCTOR),
    ("EigenStrategy", "InputAddressZero", IN_CONSTRUCTOR),
    ("DurationVaultStrategy", "InputAddressZero", IN_CONSTRUCTOR),
    ("AllocationManager", "Empty", "the queue is asked for its front only where it has one"),
    ("AllocationManager", "InvalidSnapshotOrdering", "block numbers never fall"),
    ("AllocationManager", "OperatorSetAlreadyMigrated", NEVER_THROWN),
    ("AllocationManager", "SlasherMigrated", "every set has a slasher from its creation on (I25)"),
    ("BackingEigen", "Backed", IN_CONSTRUCTOR),
    ("DelegationManager", "InvalidSnapshotOrdering", "block numbers never fall"),
    ("StrategyManager", "StrategyNotFound", "a staker's list holds every strategy with shares (I8)"),
    ("EigenPodManager", "EigenPodAlreadyExists", OF_PODS),
    ("EigenPodManager", "LegacyWithdrawalsNotCompleted", "shares below zero came from a release before (D6)"),
    ("EigenPodManager", "PodDeployed", OF_PODS),
    ("EigenPodManager", "BeaconChainETHDeposited", NEVER_EMITTED),
    ("EigenPodManager", "BeaconChainETHWithdrawalCompleted", NEVER_EMITTED),
    ("KeyRegistrar", "ECAddFailed", "the precompile's failure takes all gas first"),
    ("KeyRegistrar", "ECMulFailed", "the precompile's failure takes all gas first"),
    ("KeyRegistrar", "ECPairingFailed", "the precompile's failure takes all gas first"),
    ("KeyRegistrar", "ExpModFailed", "the precompile never fails for these lengths"),
    ("KeyRegistrar", "InvalidKeypair", NEVER_THROWN),
    ("KeyRegistrar", "SignatureExpired", "keys' signatures have no expiry"),
    ("KeyRegistrar", "ZeroAddress", NEVER_THROWN),
    ("KeyRegistrar", "AggregateBN254KeyUpdated", NEVER_EMITTED),
    ("EigenStrategy", "BalanceExceedsMaxTotalDeposits", NEVER_THROWN),
    ("EigenStrategy", "MaxPerDepositExceedsMax", NEVER_THROWN),
    ("EigenStrategy", "NewSharesZero", SAME_CODE),
    ("EigenStrategy", "TotalSharesExceedsMax", SAME_CODE),
    ("EigenStrategy", "WithdrawalAmountExceedsTotalDeposits", SAME_CODE),
    ("EigenStrategy", "ExchangeRateEmitted", SAME_CODE),
    ("EigenStrategy", "StrategyTokenSet", IN_CONSTRUCTOR),
    ("DurationVaultStrategy", "PendingAllocation", "a vault allocates in `lock` alone, which works once"),
    ("DurationVaultStrategy", "OnlyUnderlyingToken", SAME_CODE),
    ("DurationVaultStrategy", "NewSharesZero", SAME_CODE),
    ("DurationVaultStrategy", "TotalSharesExceedsMax", SAME_CODE),
    ("DurationVaultStrategy", "WithdrawalAmountExceedsTotalDeposits", SAME_CODE),
    ("DurationVaultStrategy", "ExchangeRateEmitted", SAME_CODE),
    ("ProtocolRegistry", "RoleAdminChanged", NEVER_EMITTED),
];

#[test]
fn every_custom_error_and_event_is_met_by_a_test() {
    let declared = declared();
    let mut met = by_cases();
    met.extend(by_folders(&declared));
    met.extend(by_calls());
    let excused: BTreeSet<Member> = declared
        .iter()
        .filter(|(contract, member)| {
            UNREACHABLE.iter().any(|(of, name, _)| (of == contract || *of == "*") && name == member)
        })
        .cloned()
        .collect();
    let unmet: Vec<&Member> =
        declared.iter().filter(|it| !met.contains(it) && !excused.contains(it)).collect();
    assert!(unmet.is_empty(), "no test meets {unmet:#?}");
    let is_listed = |(contract, member): &&Member| {
        UNREACHABLE.iter().any(|(of, name, _)| of == contract && name == member)
    };
    let stale: Vec<&Member> = met.iter().filter(is_listed).collect();
    assert!(stale.is_empty(), "met, and yet listed as unreachable: {stale:#?}");
    for (of, name, _) in UNREACHABLE {
        assert!(
            excused.iter().any(|(contract, it)| it == name && (of == contract || *of == "*")),
            "{of} {name}"
        );
    }
}

/// Errors and events of the restaking core's contracts.
fn declared() -> BTreeSet<Member> {
    let mut all = BTreeSet::new();
    for (contract, _) in FOLDERS {
        let abi = abi::json(contract).expect("an ABI");
        let errors = abi.errors().map(|error| error.name.clone());
        let events = abi.events().map(|event| event.name.clone());
        all.extend(errors.chain(events).map(|name| ((*contract).to_owned(), name)));
    }
    all
}

/// What the executed cases tell; their own test proves that they come out so.
fn by_cases() -> BTreeSet<Member> {
    let cases: Vec<Value> = serde_json::from_str(include_str!("data/core_cases.json")).expect("a list");
    let names: BTreeMap<&str, &str> = IN_CASES.iter().copied().collect();
    let mut met = BTreeSet::new();
    let mut meet = |at: &Value, name: &Value| {
        if let (Some(at), Some(name)) = (at.as_str().and_then(|at| names.get(at)), name.as_str()) {
            met.insert(((*at).to_owned(), name.to_owned()));
        }
    };
    for case in &cases {
        let (action, expect) = (&case["action"], &case["expect"]);
        let last = action["sameBlock"].as_array().and_then(|steps| steps.last()).unwrap_or(action);
        meet(&last["to"], &expect["error"]["name"]);
        for log in expect["logs"].as_array().into_iter().flatten() {
            meet(&log["at"], &log["event"]);
        }
        for value in expect["values"].as_array().into_iter().flatten() {
            meet(&value["to"], &value["error"]["name"]);
        }
    }
    met
}

/// What the tests of a contract's folder construct or look for by its topic.
fn by_folders(declared: &BTreeSet<Member>) -> BTreeSet<Member> {
    let mut met = BTreeSet::new();
    for (contract, folder) in FOLDERS {
        let text = text_of_tests(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder));
        for (of, name) in declared.iter().filter(|(of, _)| of == contract) {
            if mentions(&text, name) {
                met.insert((of.clone(), name.clone()));
            }
        }
    }
    for (contract, member, folder) in ELSEWHERE {
        let text = text_of_tests(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder));
        assert!(mentions(&text, member), "{folder} claims nothing of {contract}.{member}");
        met.insert(((*contract).to_owned(), (*member).to_owned()));
    }
    met
}

/// Whether a text constructs an error or event, or looks for its topic.
fn mentions(text: &str, name: &str) -> bool {
    let forms = [format!("{name} {{"), format!("{name}::SIGNATURE_HASH")];
    let before = |at: usize| text[..at].chars().next_back().is_some_and(|it| it.is_alphanumeric());
    forms.iter().any(|form| text.match_indices(form.as_str()).any(|(at, _)| !before(at)))
}

fn text_of_tests(folder: &Path) -> String {
    let mut files = vec![folder.join("tests.rs")];
    if let Ok(entries) = fs::read_dir(folder.join("tests")) {
        files.extend(entries.map(|entry| entry.expect("an entry").path()));
    }
    files.into_iter().filter_map(|file| fs::read_to_string(file).ok()).collect()
}

const OWNER: Address = Address::repeat_byte(0x0a);
const STRANGER: Address = Address::repeat_byte(0xbb);

/// Instances that no genesis has, placed without storage.
const PLACED: &[(&str, Address, u16)] = &[
    ("DurationVaultStrategy", Address::repeat_byte(0xd1), duration_vault::KIND),
    ("StrategyBaseTVLLimits", Address::repeat_byte(0xd2), limits::KIND),
];

/// Contracts that stand alone and can be paused.
const PAUSABLE: &[(&str, Address)] = &[
    ("AVSDirectory", addresses::AVS_DIRECTORY),
    ("AllocationManager", addresses::ALLOCATION_MANAGER),
    ("DelegationManager", addresses::DELEGATION_MANAGER),
    ("EigenPodManager", addresses::EIGEN_POD_MANAGER),
    ("EigenStrategy", addresses::EIGEN_STRATEGY),
    ("StrategyBase", addresses::TEST_TOKEN_STRATEGY),
    ("StrategyFactory", addresses::STRATEGY_FACTORY),
    ("StrategyManager", addresses::STRATEGY_MANAGER),
];

/// Contracts that are owned and cannot be paused.
const OWNED: &[(&str, Address)] = &[("BackingEigen", addresses::BACKING_EIGEN), ("EIGEN", addresses::EIGEN)];

fn chain() -> MemHost {
    let (params, roles) = (Params::preset(Preset::Fast), Roles::all_held_by(OWNER));
    let block = BlockInfo { number: 1000, timestamp: 1_700_000_000, chain_id: 31337, ..BlockInfo::default() };
    let mut chain = MemHost::new(&Setup { params: &params, roles: &roles, dev: true }, block);
    for (_, at, kind) in PLACED {
        let code = registry::instance_code(*kind);
        chain.accounts.insert(*at, Account { nonce: 1, code, ..Account::default() });
    }
    chain
}

fn refused<C: SolCall>(chain: &mut MemHost, from: Address, to: Address, call: &C, error: &impl SolError) {
    let expected = Some(Error::Revert(error.abi_encode().into()));
    assert_eq!(chain.tell(from, to, call).err(), expected, "{to} {}", C::SIGNATURE);
}

fn told<C: SolCall>(chain: &mut MemHost, to: Address, call: &C, event: &impl SolEvent) {
    chain.tell(OWNER, to, call).unwrap_or_else(|error| panic!("{to} {}: {error:?}", C::SIGNATURE));
    let logs: Vec<_> = chain.logs().iter().map(|log| (log.address, log.data.clone())).collect();
    assert_eq!(logs, [(to, event.encode_log_data())]);
}

/// Calls of what contracts share, each with its exact error or event.
fn by_calls() -> BTreeSet<Member> {
    let mut met = BTreeSet::new();
    let placed = PLACED.iter().map(|(contract, at, _)| (contract, at));
    for (contract, at) in PAUSABLE.iter().map(|(contract, at)| (contract, at)).chain(placed) {
        pausing(*at);
        let names = ["OnlyPauser", "OnlyUnpauser", "InvalidNewPausedStatus", "Paused", "Unpaused"];
        met.extend(names.map(|name| ((*contract).to_owned(), name.to_owned())));
        if abi::json(contract).expect("an ABI").events().any(|it| it.name == "OwnershipTransferred") {
            passing_on(*at);
            met.insert(((*contract).to_owned(), "OwnershipTransferred".to_owned()));
        }
    }
    for (contract, at) in OWNED {
        passing_on(*at);
        met.insert(((*contract).to_owned(), "OwnershipTransferred".to_owned()));
    }
    met
}

fn pausing(at: Address) {
    let mut chain = chain();
    let status = |value: u64| U256::from(value);
    let before = chain.ask(at, &IPausable::paused_0Call {}).expect("a status");
    if !before.is_zero() {
        chain.tell(OWNER, at, &IPausable::unpauseCall { newPausedStatus: U256::ZERO }).expect("unpaused");
    }
    let pause = |value| IPausable::pauseCall { newPausedStatus: status(value) };
    let unpause = |value| IPausable::unpauseCall { newPausedStatus: status(value) };
    refused(&mut chain, STRANGER, at, &pause(1), &IPausable::OnlyPauser {});
    refused(&mut chain, STRANGER, at, &IPausable::pauseAllCall {}, &IPausable::OnlyPauser {});
    refused(&mut chain, STRANGER, at, &unpause(0), &IPausable::OnlyUnpauser {});
    let paused = |value| IPausable::Paused { account: OWNER, newPausedStatus: value };
    told(&mut chain, at, &pause(3), &paused(status(3)));
    refused(&mut chain, OWNER, at, &pause(1), &IPausable::InvalidNewPausedStatus {});
    refused(&mut chain, OWNER, at, &unpause(7), &IPausable::InvalidNewPausedStatus {});
    let event = IPausable::Unpaused { account: OWNER, newPausedStatus: status(1) };
    told(&mut chain, at, &unpause(1), &event);
    told(&mut chain, at, &IPausable::pauseAllCall {}, &paused(U256::MAX));
}

fn passing_on(at: Address) {
    let mut chain = chain();
    let event = IOwnable::OwnershipTransferred { previousOwner: OWNER, newOwner: STRANGER };
    told(&mut chain, at, &IOwnable::transferOwnershipCall { newOwner: STRANGER }, &event);
    assert_eq!(chain.ask(at, &IOwnable::ownerCall {}), Ok(STRANGER));
}
