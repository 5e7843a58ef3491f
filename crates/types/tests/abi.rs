//! The declared ABIs against a table of the pinned release (EigenLayer's contracts, v1.12.0): selectors, topics,
//! return types, mutability and indexed fields. The table was read off the published ABI files.

#![allow(clippy::expect_used, reason = "a broken table fails the test")]

use alloy_json_abi::{Event, EventParam, Function, JsonAbi, Param, StateMutability};
use std::collections::{BTreeMap, BTreeSet};

type Table = BTreeMap<String, Contract>;

#[derive(serde::Deserialize)]
struct Contract {
    /// Selector, signature, return types, mutability.
    functions: Vec<(String, String, String, String)>,
    /// First topic, signature with `indexed`.
    events: Vec<(String, String)>,
    /// Selector, signature.
    errors: Vec<(String, String)>,
}

impl Contract {
    /// A line for each member.
    fn lines(&self) -> BTreeSet<String> {
        let functions =
            self.functions.iter().map(|(s, name, returns, m)| format!("{s} {name} ({returns}) {m}"));
        let events = self.events.iter().map(|(topic, name)| format!("{topic} {name}"));
        let errors = self.errors.iter().map(|(selector, name)| format!("{selector} {name}"));
        functions.chain(events).chain(errors).collect()
    }
}

fn table() -> Table {
    serde_json::from_str(include_str!("data/pinned-abi.json")).expect("the table parses")
}

fn declared(name: &str) -> JsonAbi {
    types::abi::json(name).unwrap_or_else(|| panic!("no ABI for {name}"))
}

fn lines(abi: &JsonAbi) -> BTreeSet<String> {
    let functions = abi.functions().map(function_line);
    let events = abi.events().map(event_line);
    let errors = abi.errors().map(|error| format!("{} {}", error.selector(), error.signature()));
    functions.chain(events).chain(errors).collect()
}

fn function_line(function: &Function) -> String {
    let returns: Vec<_> = function.outputs.iter().map(Param::selector_type).collect();
    let mutability = match function.state_mutability {
        StateMutability::Pure => "pure",
        StateMutability::View => "view",
        StateMutability::NonPayable => "nonpayable",
        StateMutability::Payable => "payable",
    };
    let (selector, signature) = (function.selector(), function.signature());
    format!("{selector} {signature} ({}) {mutability}", returns.join(","))
}

fn event_line(event: &Event) -> String {
    let field = |input: &EventParam| {
        let indexed = if input.indexed { " indexed" } else { "" };
        format!("{}{indexed}", input.selector_type())
    };
    let fields: Vec<_> = event.inputs.iter().map(field).collect();
    format!("{} {}({})", event.selector(), event.name, fields.join(","))
}

/// Names of the members in `lines`.
fn names(lines: &BTreeSet<String>) -> Vec<&str> {
    lines.iter().filter_map(|line| line.split([' ', '(']).nth(1)).collect()
}

#[test]
fn complete_contracts_have_every_member_of_the_pinned_release() {
    let table = table();
    let complete = [
        "AVSDirectory",
        "AllocationManager",
        "DelegationManager",
        "DurationVaultStrategy",
        "EigenPodManager",
        "EigenStrategy",
        "KeyRegistrar",
        "PauserRegistry",
        "PermissionController",
        "ProtocolRegistry",
        "ReleaseManager",
        "StrategyBase",
        "StrategyBaseTVLLimits",
    ];
    for name in complete {
        let (pinned, ours) = (table[name].lines(), lines(&declared(name)));
        let missing: BTreeSet<_> = pinned.difference(&ours).cloned().collect();
        let more: BTreeSet<_> = ours.difference(&pinned).cloned().collect();
        assert!(names(&missing).iter().all(|member| *member == "Initialized"), "{name} lacks {missing:?}");
        assert!(more.is_empty(), "{name} has {more:?}");
    }
}

#[test]
fn the_strategy_manager_has_the_members_of_elip_016_too() {
    let (pinned, ours) = (table()["StrategyManager"].lines(), lines(&declared("StrategyManager")));
    let missing: BTreeSet<_> = pinned.difference(&ours).cloned().collect();
    assert_eq!(names(&missing), ["Initialized"]);
    let added: BTreeSet<_> = ours.difference(&pinned).cloned().collect();
    assert!(added.contains("0x06f6f070 SlashResolutionDelayNotElapsed()"));
    assert!(added.contains("0x4b3262f7 getSlashResolutionBlock((address,uint32),uint256) (uint32) view"));
    let expected = [
        "SLASH_RESOLUTION_DELAY_BLOCKS",
        "SlashResolutionBlockSet",
        "SlashResolutionDelayNotElapsed",
        "getSlashResolutionBlock",
    ];
    assert_eq!(names(&added).into_iter().collect::<BTreeSet<_>>(), expected.into());
}

#[test]
fn the_strategy_factory_has_the_error_of_elip_017_too() {
    let (pinned, ours) = (table()["StrategyFactory"].lines(), lines(&declared("StrategyFactory")));
    let missing: BTreeSet<_> = pinned.difference(&ours).cloned().collect();
    assert_eq!(names(&missing), ["Initialized"]);
    let added: BTreeSet<_> = ours.difference(&pinned).cloned().collect();
    assert_eq!(names(&added), ["ProhibitedDurationVaultToken"]);
}

#[test]
fn shared_interfaces_are_parts_of_those_that_share_them() {
    use types::abi::{IOwnable, IPausable};
    let pausable = lines(&IPausable::abi::contract());
    let ownable = lines(&IOwnable::abi::contract());
    for name in ["StrategyManager", "StrategyFactory"] {
        let ours = lines(&declared(name));
        assert!(ownable.is_subset(&ours), "{name}");
        assert!(pausable.is_subset(&ours), "{name}");
    }
    for name in ["AllocationManager", "DelegationManager", "StrategyBase", "StrategyBaseTVLLimits"] {
        assert!(pausable.is_subset(&lines(&declared(name))), "{name}");
    }
}

#[test]
fn names_are_sorted_and_each_has_an_abi() {
    let all: Vec<_> = types::abi::names().collect();
    assert!(all.is_sorted());
    for name in &all {
        let array = serde_json::to_value(declared(name)).expect("an ABI serialises");
        assert!(array.as_array().is_some_and(|items| !items.is_empty()), "{name}");
    }
    for (name, _) in types::addresses::NAMED.iter().chain(types::addresses::NAMED_IN_DEV) {
        assert!(all.contains(name), "{name} has an address and no ABI");
    }
    assert!(types::abi::json("Nothing").is_none());
}
