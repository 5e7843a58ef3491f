//! What the pauser has stopped, said on the pages that lead to it: what is stopped, and what still runs.

use crate::act::view;
use alloy_primitives::{Address, U256};
use maud::{Markup, html};
use rpc::Reads;
use types::{
    abi::IPausable,
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, STRATEGY_MANAGER},
};

/// What can be stopped: the verb of the pages, the contract with its bit, and words.
pub(crate) struct Stop {
    pub(crate) verb: &'static str,
    contract: Address,
    bit: usize,
    pub(crate) says: &'static str,
    pub(crate) still: &'static str,
}

const fn stop(
    (verb, contract, bit): (&'static str, Address, usize),
    says: &'static str,
    still: &'static str,
) -> Stop {
    Stop { verb, contract, bit, says, still }
}

/// All that the pages know of.
pub(crate) const STOPS: [Stop; 7] = [
    stop(("deposit", STRATEGY_MANAGER, 0), "New deposits are paused", "What is staked stays staked."),
    stop(("delegate", DELEGATION_MANAGER, 0), "New delegations are paused", "Those that exist go on."),
    stop(
        ("withdraw", DELEGATION_MANAGER, 1),
        "New withdrawals are paused",
        "Leaving an operator queues one, and is paused with them. What is queued keeps counting down.",
    ),
    stop(
        ("complete", DELEGATION_MANAGER, 2),
        "Completing withdrawals is paused",
        "What is ready stays ready, and can be taken when the pause ends.",
    ),
    stop(
        ("allocate", ALLOCATION_MANAGER, 0),
        "Changes of allocations are paused",
        "What is promised stays promised.",
    ),
    stop(
        ("slash", ALLOCATION_MANAGER, 1),
        "Slashing is paused",
        "No service can take stake while it lasts; what was taken stays taken.",
    ),
    stop(
        ("join", ALLOCATION_MANAGER, 2),
        "Joining and leaving operator sets is paused",
        "Members stay members.",
    ),
];

/// What is stopped now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paused(Vec<&'static str>);

impl Paused {
    /// As the contracts tell. Where one does not answer nothing is said of it.
    pub(crate) async fn read(reads: &Reads) -> Self {
        let mut stopped = Vec::new();
        for contract in [STRATEGY_MANAGER, DELEGATION_MANAGER, ALLOCATION_MANAGER] {
            let bits = view(reads, contract, &IPausable::paused_0Call {}).await.unwrap_or_default();
            stopped.extend(of(contract, bits));
        }
        Self(stopped)
    }

    /// What is stopped of one strategy alone, by its own bits.
    pub(crate) async fn of_strategy(reads: &Reads, strategy: &str) -> Markup {
        let bits = match strategy.parse::<Address>() {
            Ok(strategy) => view(reads, strategy, &IPausable::paused_0Call {}).await.unwrap_or_default(),
            Err(_) => U256::ZERO,
        };
        let what = match (bits.bit(0), bits.bit(1)) {
            (true, true) => "Deposits into this strategy and withdrawals from it are paused",
            (true, false) => "Deposits into this strategy are paused",
            (false, true) => "Withdrawals from this strategy are paused",
            (false, false) => return html! {},
        };
        html! { p class="banner paused" role="status" { b { (what) } " by the pauser. Other strategies go on." } }
    }

    /// Whether a verb is stopped.
    pub(crate) fn stops(&self, verb: &str) -> bool {
        self.0.contains(&verb)
    }

    /// The reason for a button that is stopped, by its id.
    pub(crate) fn reason(&self, verb: &str) -> Option<String> {
        self.stops(verb).then(|| format!("paused-{verb}"))
    }

    /// Banners for those of some verbs that are stopped; nothing where all run.
    pub(crate) fn banners(&self, verbs: &[&str]) -> Markup {
        html! {
            @for it in STOPS.iter().filter(|it| verbs.contains(&it.verb) && self.stops(it.verb)) {
                p class="banner paused" role="status" id=(format!("paused-{}", it.verb)) {
                    b { (it.says) } " by the pauser. " (it.still)
                }
            }
        }
    }
}

fn of(contract: Address, bits: U256) -> impl Iterator<Item = &'static str> {
    STOPS.iter().filter(move |it| it.contract == contract && bits.bit(it.bit)).map(|it| it.verb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_verbs_and_verbs_are_said_where_they_are_led_to() {
        let bits = |bits: u64| of(DELEGATION_MANAGER, U256::from(bits)).collect::<Vec<_>>();
        assert_eq!((bits(0), bits(2), bits(5)), (vec![], vec!["withdraw"], vec!["delegate", "complete"]));
        let paused = Paused(bits(2));
        let said = paused.banners(&["deposit", "withdraw"]).into_string();
        assert!(
            said.contains("New withdrawals are paused") && said.contains("id=\"paused-withdraw\""),
            "{said}"
        );
        assert!(!said.contains("deposits") && paused.banners(&["delegate"]).into_string().is_empty());
        assert_eq!(
            (paused.reason("withdraw"), paused.reason("deposit")),
            (Some("paused-withdraw".into()), None)
        );
    }
}
