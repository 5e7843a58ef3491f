//! The `bulwark` binary: reads the command line, runs one command, and ends with an exit code that scripts can use.
//! The rules of the chain are in other crates; here are flags, settings, terminal output, telemetry and the demo.

mod accounts;
mod alerts;
mod banner;
mod blocks;
mod cli;
mod commands;
mod demo;
mod descriptors;
mod failure;
mod remote;
mod risk;
mod running;
mod settings;
mod state_file;
mod telemetry;
mod text;
mod usage;

use clap::{Parser, error::ErrorKind};
use cli::{Cli, Command};
use failure::Failure;
use std::{process::ExitCode, time::Instant};

fn main() -> ExitCode {
    let started = Instant::now();
    let done = match Cli::try_parse() {
        Ok(cli) => run(&cli.command, started),
        Err(error) => not_a_command(&error),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: &Command, started: Instant) -> Result<(), Failure> {
    match command {
        Command::Dev(args) => commands::dev::run(args, started),
        Command::Node(args) => commands::node::run(args, started),
        Command::Demo(args) => demo::run(args, started),
        Command::Config(command) => commands::config::run(command),
        Command::Risk(command) => risk::run(command),
        Command::Alert(command) => commands::alert::run(command),
        Command::Account(command) => commands::account::run(command),
        Command::Chain(command) => commands::chain::run(command),
        Command::Strategy(command) => commands::strategy::run(command),
        Command::Staker(command) => commands::staker::run(command),
        Command::Withdrawal(command) => commands::withdrawal::run(command),
        Command::Operator(command) => commands::operator::run(command),
        Command::Service(command) => commands::service::run(command),
        Command::Slash(command) => commands::slash::run(command),
        Command::Permission(command) => commands::permission::run(command),
        Command::Key(command) => commands::key::run(command),
        Command::Explain(args) => commands::explain::run(args),
        Command::Doctor(args) => commands::doctor::run(args),
        Command::Completions { shell } => commands::completions(*shell),
    }
}

/// Help and version are answers; all else that clap returns is a refusal.
fn not_a_command(error: &clap::Error) -> Result<(), Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            commands::print(&error.render().ansi().to_string())
        }
        _ => {
            let words: Vec<String> =
                std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
            Err(usage::failure(error, &words))
        }
    }
}
