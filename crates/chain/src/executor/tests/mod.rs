//! Blocks, calls and estimates over states in maps, against revm's own way to run the same.

mod blocks;
mod differential;
mod estimates;
mod history;
mod refusals;
mod simulations;
mod testkit;
