//! What the pauser has stopped, said on the pages that lead to it: what is stopped, and what still runs.

use crate::{act::view, told::Told};
use alloy_primitives::{Address, U256};
use maud::{Markup, html};
use rpc::Reads;
use types::abi::IPausable;

/// What can be stopped: the verb, as the node names it, and words.
pub(crate) struct Stop {
    pub(crate) verb: &'static str,
    pub(crate) says: &'static str,
    pub(crate) still: &'static str,
}

const fn stop(verb: &'static str, says: &'static str, still: &'static str) -> Stop {
    Stop { verb, says, still }
}

/// All that the pages know of.
pub(crate) const STOPS: [Stop; 7] = [
    stop("deposit", "New deposits are paused", "What is staked stays staked."),
    stop("delegate", "New delegations are paused", "Those that exist go on."),
    stop(
        "withdraw",
        "New withdrawals are paused",
        "Leaving an operator queues one, and is paused with them. What is queued keeps counting down.",
    ),
    stop(
        "complete",
        "Completing withdrawals is paused",
        "What is ready stays ready, and can be taken when the pause ends.",
    ),
    stop("allocate", "Changes of allocations are paused", "What is promised stays promised."),
    stop(
        "slash",
        "Slashing is paused",
        "No service can take stake while it lasts; what was taken stays taken.",
    ),
    stop("join", "Joining and leaving operator sets is paused", "Members stay members."),
];

/// What is stopped now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paused(Vec<&'static str>);

impl Paused {
    /// As `/api/v1/parameters` tells. Where nothing answers, nothing is said to be stopped.
    pub(crate) async fn read(reads: &Reads) -> Self {
        let told = reads.get("/api/v1/parameters").await.unwrap_or_default();
        Self::of(Told::new(&told).at("paused"))
    }

    /// Of an answer that is there.
    pub(crate) fn of(paused: Told<'_>) -> Self {
        let is_stopped = |verb: &str| {
            paused.items().any(|it| it.at("verb").text() == verb && it.at("is_paused").is_true())
        };
        Self(STOPS.iter().map(|it| it.verb).filter(|verb| is_stopped(verb)).collect())
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_stopped_is_said_where_it_is_led_to() {
        let told = json!([
            { "verb": "withdraw", "is_paused": true },
            { "verb": "deposit", "is_paused": false },
            { "verb": "complete", "is_paused": null },
            { "verb": "unknown", "is_paused": true },
        ]);
        let paused = Paused::of(Told::new(&told));
        assert_eq!(paused, Paused(vec!["withdraw"]));
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
