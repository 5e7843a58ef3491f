//! Developer commands: `cargo xtask --help`. Each stands on its own, installs what it needs, and ends with an error that
//! names what failed. Nothing here ships.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a developer's tool: it prints, measures, and a panic only ends the command"
)]

mod bench;
mod client;
mod differential;
mod e2e;
mod fuzz;
mod originals;
mod process;
mod shell;
mod tools;

use anyhow::Result;
use clap::Parser;

/// Developer commands of Bulwark
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
enum Command {
    /// The house rules alone: arrows, headers, limits, determinism, documents
    Tidy,
    /// Writes docs/gas.md anew: what each verb costs now
    Gas,
    /// Each fuzz target for a bounded time
    Fuzz(fuzz::Options),
    /// All figures of docs/benchmarks.md, or some sections
    Bench(bench::Options),
    /// Random sequences of verbs, native against the original contracts' bytecode
    Differential(differential::Options),
    /// Checks against programs that are not ours: an independent EVM, the original contracts
    E2e(e2e::Options),
}

fn main() -> Result<()> {
    match Command::parse() {
        Command::Tidy => shell::run(shell::cargo().args(["test", "--package", "tests", "--test", "tidy"])),
        Command::Gas => {
            let mut update = shell::cargo();
            shell::run(update.env("UPDATE_GAS", "1").args(["test", "--package", "chain", "--test", "gas"]))
        }
        Command::Fuzz(options) => fuzz::run_all(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Differential(options) => differential::run(&options),
        Command::E2e(options) => e2e::run(&options),
    }
}
