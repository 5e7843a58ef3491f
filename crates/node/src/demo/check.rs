//! Reads every figure back from the chain by `eth_call` and compares it with the input, to the wei. What the demo sent
//! does not count here, only what the chain says.

use super::{cast::Cast, client::Client, slash::Aside, table::Graph};
use crate::{failure::Failure, text};
use alloy_primitives::{Address, U256};
use types::{
    abi::{IDelegationManager, IStrategyManager, ITestToken},
    addresses::{DELEGATION_MANAGER, STRATEGY_MANAGER, TEST_TOKEN, TEST_TOKEN_STRATEGY},
};

/// What was read back and agreed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Figures compared.
    pub figures: usize,
    /// Stake of each operator on chain, in wei, at the last check.
    pub operators: Vec<U256>,
}

impl Checked {
    /// Counts a later check, whose figures replace the earlier ones.
    pub fn add(&mut self, later: &Self) {
        self.figures = self.figures.saturating_add(later.figures);
        self.operators.clone_from(&later.operators);
    }
}

/// Compares what the chain says with what it should, in order, and returns how many figures it were.
///
/// # Errors
/// The first figure that differs.
pub fn compare<T: PartialEq>(
    what: impl Fn(usize) -> String,
    expected: &[T],
    found: &[T],
    shown: impl Fn(&T) -> String,
) -> Result<usize, Failure> {
    let differs = |(_, (expected, found)): &(usize, (&T, &T))| expected != found;
    let mut differences = expected.iter().zip(found).enumerate().filter(differs);
    let Some((index, (want, have))) = differences.next() else { return Ok(expected.len()) };
    let others = match differences.count() {
        0 => String::new(),
        more => format!("; {more} more differ"),
    };
    let (want, have) = (shown(want), shown(have));
    Err(Failure::new(format!("{}: the chain says {have}, the input {want}{others}", what(index))))
}

/// An amount for people.
pub fn wei(amount: &U256) -> String {
    format!("{amount} wei")
}

/// Checks that each operator is registered and holds its stake less what has left.
///
/// # Errors
/// The first figure that differs.
pub async fn operators(
    client: &Client,
    graph: &Graph,
    cast: &Cast,
    at: u64,
    left: impl Fn(usize) -> U256,
) -> Result<Checked, Failure> {
    let named = |index: usize| {
        let real = graph.operators.get(index).map_or(Address::ZERO, |operator| operator.address);
        format!("operator {real}")
    };
    let ask = |operator: Address| IDelegationManager::isOperatorCall { operator };
    let players = cast.operators.iter().map(|player| player.address);
    let registered =
        client.view(DELEGATION_MANAGER, &players.clone().map(ask).collect::<Vec<_>>(), at).await?;
    let all = vec![true; registered.len()];
    let mut figures =
        compare(|index| format!("{}, registered", named(index)), &all, &registered, bool::to_string)?;
    let ask = |operator: Address| IDelegationManager::operatorSharesCall {
        operator,
        strategy: TEST_TOKEN_STRATEGY,
    };
    let found = client.view(DELEGATION_MANAGER, &players.map(ask).collect::<Vec<_>>(), at).await?;
    let stakes = graph.operators.iter().enumerate();
    let expected: Vec<U256> =
        stakes.map(|(index, operator)| operator.stake.saturating_sub(left(index))).collect();
    figures =
        figures.saturating_add(compare(|index| format!("{}, stake", named(index)), &expected, &found, wei)?);
    Ok(Checked { figures, operators: found })
}

/// Checks operators, stakers and tokens.
///
/// # Errors
/// The first figure that differs.
pub async fn everything(
    client: &Client,
    graph: &Graph,
    cast: &Cast,
    aside: Aside,
    at: u64,
) -> Result<Checked, Failure> {
    let mut checked = operators(client, graph, cast, at, |operator| cast.left(operator)).await?;
    let stakers = stakers(client, cast, at).await?;
    let tokens = tokens(client, graph, cast, aside, at).await?;
    checked.figures = checked.figures.saturating_add(stakers).saturating_add(tokens);
    Ok(checked)
}

async fn stakers(client: &Client, cast: &Cast, at: u64) -> Result<usize, Failure> {
    let named = |what: &'static str| {
        move |index: usize| {
            let address = cast.stakers.get(index).map_or(Address::ZERO, |staker| staker.player.address);
            format!("staker {address}, {what}")
        }
    };
    let addresses = || cast.stakers.iter().map(|staker| staker.player.address);
    let ask = |staker: Address| IDelegationManager::delegatedToCall { staker };
    let found = client.view(DELEGATION_MANAGER, &addresses().map(ask).collect::<Vec<_>>(), at).await?;
    let operator = |index: usize| cast.operators.get(index).map_or(Address::ZERO, |player| player.address);
    let expected: Vec<Address> = cast.stakers.iter().map(|staker| operator(staker.operator)).collect();
    let delegated = compare(named("operator"), &expected, &found, Address::to_string)?;

    let ask =
        |staker: Address| IStrategyManager::stakerDepositSharesCall { staker, strategy: TEST_TOKEN_STRATEGY };
    let found = client.view(STRATEGY_MANAGER, &addresses().map(ask).collect::<Vec<_>>(), at).await?;
    let taken = |staker: &super::cast::Staker| {
        staker.exit.filter(|exit| exit.as_tokens).map_or(U256::ZERO, |exit| exit.amount)
    };
    let expected: Vec<U256> =
        cast.stakers.iter().map(|staker| staker.deposit.saturating_sub(taken(staker))).collect();
    let shares = compare(named("shares"), &expected, &found, wei)?;

    let ask = |account: Address| ITestToken::balanceOfCall { account };
    let found = client.view(TEST_TOKEN, &addresses().map(ask).collect::<Vec<_>>(), at).await?;
    let expected: Vec<U256> = cast.stakers.iter().map(taken).collect();
    let balances = compare(named("tokens"), &expected, &found, wei)?;
    Ok(delegated.saturating_add(shares).saturating_add(balances))
}

async fn tokens(
    client: &Client,
    graph: &Graph,
    cast: &Cast,
    aside: Aside,
    at: u64,
) -> Result<usize, Failure> {
    let supply = client.view(TEST_TOKEN, &[ITestToken::totalSupplyCall {}], at).await?;
    let minted = compare(
        |_| "supply of the test token".into(),
        &[graph.stake().saturating_add(aside.minted)],
        &supply,
        wei,
    )?;
    let ask = ITestToken::balanceOfCall { account: TEST_TOKEN_STRATEGY };
    let held = client.view(TEST_TOKEN, &[ask], at).await?;
    let left =
        (0..graph.operators.len()).map(|operator| cast.left(operator)).fold(U256::ZERO, U256::saturating_add);
    let expected = graph.stake().saturating_sub(left).saturating_add(aside.held);
    Ok(minted.saturating_add(compare(|_| "tokens in the strategy".into(), &[expected], &held, wei)?))
}

/// How concentrated a distribution of stake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concentration {
    /// Fewest operators that together hold more than a third.
    pub hold_a_third: usize,
    /// Fewest operators that together hold more than a half.
    pub hold_a_half: usize,
    /// Herfindahl index times 10,000, rounded down: 10,000 if one operator holds all.
    pub herfindahl: U256,
}

impl Concentration {
    /// Of stakes in any order.
    pub fn of(stakes: &[U256]) -> Self {
        let mut sorted = stakes.to_vec();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        let total = sorted.iter().fold(U256::ZERO, |sum, stake| sum.saturating_add(*stake));
        let holding = |part: u64| {
            let mut sum = U256::ZERO;
            let within = |stake: &&U256| {
                sum = sum.saturating_add(**stake);
                sum.saturating_mul(U256::from(part)) <= total
            };
            sorted.iter().take_while(within).count().saturating_add(1).min(sorted.len())
        };
        // Per million of the whole, so that squares and their sum stay far from 2^256.
        let millionths = |stake: &U256| {
            let part = stake.saturating_mul(U256::from(1_000_000)).checked_div(total).unwrap_or_default();
            part.saturating_mul(part)
        };
        let squares = sorted.iter().map(millionths).fold(U256::ZERO, U256::saturating_add);
        let herfindahl = squares.checked_div(U256::from(100_000_000)).unwrap_or_default();
        Self { hold_a_third: holding(3), hold_a_half: holding(2), herfindahl }
    }

    /// In one sentence.
    pub fn sentence(&self) -> String {
        format!(
            "{} operators hold more than a third, {} more than a half; Herfindahl index {} of 10,000.",
            self.hold_a_third,
            self.hold_a_half,
            text::grouped(self.herfindahl)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(of: &[u64]) -> Vec<U256> {
        of.iter().map(|amount| U256::from(*amount)).collect()
    }

    #[test]
    fn concentration_of_worked_examples() {
        let one = Concentration::of(&amounts(&[7]));
        assert_eq!((one.hold_a_third, one.hold_a_half, one.herfindahl), (1, 1, U256::from(10_000)));
        let four = Concentration::of(&amounts(&[1, 1, 1, 1]));
        assert_eq!((four.hold_a_third, four.hold_a_half, four.herfindahl), (2, 3, U256::from(2_500)));
        let uneven = Concentration::of(&amounts(&[10, 60, 30]));
        assert_eq!((uneven.hold_a_third, uneven.hold_a_half, uneven.herfindahl), (1, 1, U256::from(4_600)));
    }

    #[test]
    fn the_first_difference_is_named_and_the_others_counted() {
        let named = |index| format!("operator {index}");
        assert_eq!(compare(named, &amounts(&[1, 2]), &amounts(&[1, 2]), wei).unwrap(), 2);
        let failure = compare(named, &amounts(&[1, 2, 3]), &amounts(&[1, 5, 6]), wei).unwrap_err();
        assert_eq!(failure.message(), "operator 1: the chain says 5 wei, the input 2 wei; 1 more differ");
    }
}
