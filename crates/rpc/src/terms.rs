//! The words of restaking, each in a sentence or two that need none of the others.

/// Word, and what it means.
pub const TERMS: &[(&str, &str)] = &[
    ("staker", "who puts tokens at stake. A staker chooses one operator, and shares what happens to it."),
    ("operator", "who runs software for services, with the stake of those that delegate to it."),
    (
        "service",
        "who needs work done that stake stands for: a bridge, an oracle, a network. Also called AVS.",
    ),
    ("AVS", "an actively validated service; here simply a service."),
    ("strategy", "a box for one token. Deposits become shares of it."),
    ("shares", "what a deposit is counted in. Shares of a strategy are worth tokens at its rate."),
    ("deposit", "tokens handed to a strategy. They stay the staker's, minus slashes."),
    ("delegate", "to lend one's stake to an operator. All of it, to one operator; tokens never move to it."),
    (
        "undelegate",
        "to leave an operator. All stake is queued for withdrawal, and can be slashed until its window ends.",
    ),
    (
        "redelegate",
        "to leave one operator for another. The stake is queued as in leaving; the new operator counts it when it is completed as shares.",
    ),
    (
        "withdrawal",
        "stake on its way out. It waits for the withdrawal delay, can be slashed while it waits, and is then completed as tokens or as shares.",
    ),
    (
        "withdrawal delay",
        "how many blocks a withdrawal waits. So long a service has to find and punish a fault.",
    ),
    (
        "operator set",
        "a group of operators in a service, with the strategies that count and the slasher that may punish.",
    ),
    (
        "allocation",
        "how much of an operator's stake in a strategy one operator set may slash. Unique: what one set has, no other can take.",
    ),
    (
        "magnitude",
        "an operator's stake in a strategy as parts of 10^18. Slashes shrink it, allocations share it out.",
    ),
    (
        "max magnitude",
        "what slashes have left of an operator's magnitude in a strategy: 10^18 at first, never growing again.",
    ),
    (
        "allocation delay",
        "how many blocks an operator's new allocations wait, so that stakers can leave before they count.",
    ),
    ("deallocation delay", "how many blocks a reduced allocation stays slashable."),
    (
        "slash",
        "the loss of stake as punishment. It takes the same part of everyone who delegates to the operator, and of queued withdrawals in their window.",
    ),
    ("slasher", "the account that may slash for an operator set. A change of it waits for a delay."),
    (
        "redistribution",
        "slashed stake paid to a recipient of the service instead of being burnt. It makes slashing pay for someone: mind who.",
    ),
    (
        "covenant",
        "what an operator promises: how many services, how much slashable, how long a notice. The chain refuses what breaks it.",
    ),
    (
        "policy",
        "what a staker demands of any operator: the terms of a covenant. Without one that implies it, delegation is refused.",
    ),
    ("registrar", "a contract of a service that is asked when operators join or leave."),
    (
        "safe exit",
        "a way out of an operator set that its registrar cannot bar: request, wait for the grace, force.",
    ),
    ("loss notice", "a log, for anyone to cause, that says what a slash took of one staker."),
    ("admin", "an account that may appoint others to act for an account."),
    ("appointee", "an account that may make one named call for another."),
    (
        "deposit scaling factor",
        "how a staker's shares are corrected for slashes that came before the deposit. Figures in tokens have it in.",
    ),
    ("withdrawable", "what a staker could take out if the delay were over: deposits minus slashes."),
    (
        "slashable until",
        "the last block in which a queued withdrawal, or an operator that left, can be slashed.",
    ),
    ("burn", "to send slashed tokens where nobody can use them."),
    (
        "gamma",
        "the risk figure of a network: by what part every attack costs more than it brings. Negative is insecure. See `bulwark risk check`.",
    ),
    ("rewards", "what services pay to operators and stakers."),
    ("preset", "the chain's numbers: mainnet has long delays, fast has short ones for trying things out."),
];
