//! Blocks, calls and estimates over states in maps, against revm's own way to run the same.

#![allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]

mod blocks;
mod differential;
mod estimates;
mod history;
mod refusals;
mod replays;
mod simulations;
mod testkit;
