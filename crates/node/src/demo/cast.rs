//! Who plays in the demo: an account for each real operator, stakers behind each, and what each will do. All of it is a
//! function of the seed, so that two runs with one seed tell the same story.

use super::table::{Graph, Operator};
use crate::failure::Failure;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_signer_local::PrivateKeySigner;
use rayon::prelude::*;

/// Stakers behind an operator, by the least stake in ETH from which there are so many.
const STAKERS_FROM_ETHER: [(u64, usize); 4] = [(100_000, 5), (10_000, 3), (1_000, 2), (0, 1)];

/// Each how-manieth staker leaves, wholly or in part.
const LEAVES_EVERY: usize = 9;

/// An account with its key.
#[derive(Clone, Debug)]
pub struct Player {
    /// Signs its transactions.
    pub signer: PrivateKeySigner,
    /// Its address.
    pub address: Address,
}

/// A staker and what it will do.
#[derive(Clone, Debug)]
pub struct Staker {
    /// Its account.
    pub player: Player,
    /// Index of the operator it delegates to.
    pub operator: usize,
    /// What it deposits, in wei.
    pub deposit: U256,
    /// What it takes out again, if it does.
    pub exit: Option<Exit>,
}

/// A withdrawal of the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// How much, in wei.
    pub amount: U256,
    /// As tokens, for good; else as shares, back to the operator.
    pub as_tokens: bool,
}

/// Everybody.
#[derive(Clone, Debug)]
pub struct Cast {
    /// Plays the operator of the same index in the table.
    pub operators: Vec<Player>,
    /// Those of the first operator first.
    pub stakers: Vec<Staker>,
}

impl Cast {
    /// Draws everybody from a seed.
    ///
    /// # Errors
    /// None in practice: a draw that is no key has a chance of 2^-128.
    pub fn draw(graph: &Graph, seed: u64) -> Result<Self, Failure> {
        let operators = players(seed, "operator", graph.operators.len())?;
        let parts: Vec<(usize, U256)> = graph
            .operators
            .iter()
            .enumerate()
            .flat_map(|(index, operator)| split(seed, index, operator))
            .collect();
        let players = players(seed, "staker", parts.len())?;
        let staker = |(index, (player, (operator, deposit)))| {
            let player: Player = player;
            Staker { player, operator, deposit, exit: exit(index, deposit) }
        };
        let stakers = players.into_iter().zip(parts).enumerate().map(staker).collect();
        Ok(Self { operators, stakers })
    }

    /// What the stakers of an operator take out for good, in wei.
    pub fn left(&self, operator: usize) -> U256 {
        let of = |staker: &&Staker| staker.operator == operator;
        let tokens = |staker: &Staker| staker.exit.filter(|exit| exit.as_tokens).map(|exit| exit.amount);
        self.stakers.iter().filter(of).filter_map(tokens).fold(U256::ZERO, U256::saturating_add)
    }
}

/// Accounts of a role, drawn from the seed.
///
/// # Errors
/// As [`Cast::draw`].
pub fn players(seed: u64, role: &str, count: usize) -> Result<Vec<Player>, Failure> {
    let player = |index| {
        let key = draw(seed, role, index);
        let signer = PrivateKeySigner::from_bytes(&key)
            .map_err(|error| Failure::new(format!("seed {seed} gives {role} {index} no key: {error}")))?;
        Ok(Player { address: signer.address(), signer })
    };
    (0..count).into_par_iter().map(player).collect()
}

fn draw(seed: u64, what: &str, index: usize) -> B256 {
    keccak256(format!("bulwark demo, seed {seed}: {what} {index}"))
}

/// Splits an operator's stake over its stakers, to the wei.
fn split(seed: u64, index: usize, operator: &Operator) -> Vec<(usize, U256)> {
    let ether = operator.stake.checked_div(crate::text::ETHER).unwrap_or_default();
    let reached = |(from, _): &&(u64, usize)| ether >= U256::from(*from);
    let count = STAKERS_FROM_ETHER.iter().find(reached).map_or(1, |(_, count)| *count);
    let mut rest = operator.stake;
    let mut parts = Vec::new();
    for left in (1..=count).rev() {
        let part = if left == 1 {
            rest
        } else {
            uneven(rest, left, draw(seed, "part", index.wrapping_mul(8).wrapping_add(left)))
        };
        rest = rest.saturating_sub(part);
        parts.push((index, part));
    }
    parts
}

/// A share of `rest` among `left` parts: between a half and three halves of the even one, as `draw` has it.
fn uneven(rest: U256, left: usize, draw: B256) -> U256 {
    let per_mille = U256::from_be_bytes(draw.0).checked_rem(U256::from(1_001)).unwrap_or_default();
    let even = rest.checked_div(U256::from(left)).unwrap_or_default();
    let part = even.saturating_mul(per_mille.saturating_add(U256::from(500))).checked_div(U256::from(1_000));
    part.unwrap_or_default()
}

/// Which stakers leave: every ninth, of these every third takes all, and every other one changes its mind.
fn exit(index: usize, deposit: U256) -> Option<Exit> {
    let turn = index.checked_div(LEAVES_EVERY)?;
    if !index.is_multiple_of(LEAVES_EVERY) {
        return None;
    }
    let half = deposit.checked_div(U256::from(2)).unwrap_or_default();
    let amount = if turn.is_multiple_of(3) { deposit } else { half };
    Some(Exit { amount, as_tokens: turn.is_multiple_of(2) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_stakers_deposits_add_up_to_each_operators_stake() {
        let graph = Graph::read().unwrap();
        let cast = Cast::draw(&graph, 7).unwrap();
        for (index, operator) in graph.operators.iter().enumerate() {
            let deposits =
                cast.stakers.iter().filter(|staker| staker.operator == index).map(|staker| staker.deposit);
            assert_eq!(
                deposits.fold(U256::ZERO, |sum, deposit| sum + deposit),
                operator.stake,
                "operator {index}"
            );
        }
        assert!(cast.stakers.iter().all(|staker| !staker.deposit.is_zero()));
    }

    #[test]
    fn a_seed_draws_the_same_cast_again_and_another_seed_another() {
        let graph = Graph::read().unwrap();
        let addresses = |seed| {
            let cast = Cast::draw(&graph, seed).unwrap();
            let stakers = cast.stakers.iter().map(|staker| &staker.player);
            cast.operators.iter().chain(stakers).map(|player| player.address).collect::<BTreeSet<_>>()
        };
        let first = addresses(1);
        assert_eq!(first.len(), 349 + Cast::draw(&graph, 1).unwrap().stakers.len());
        assert_eq!(first, addresses(1));
        assert!(first.is_disjoint(&addresses(2)));
    }

    #[test]
    fn some_leave_for_good_and_some_come_back() {
        let graph = Graph::read().unwrap();
        let cast = Cast::draw(&graph, 1).unwrap();
        let exits: Vec<Exit> = cast.stakers.iter().filter_map(|staker| staker.exit).collect();
        assert!(exits.iter().any(|exit| exit.as_tokens) && exits.iter().any(|exit| !exit.as_tokens));
        assert!(
            cast.stakers.iter().all(|staker| staker.exit.is_none_or(|exit| exit.amount <= staker.deposit))
        );
    }
}
