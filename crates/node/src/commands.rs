//! What each command does, one file a command. Here are the small ones, and how an answer reaches standard output;
//! the demo is a folder of its own.

pub mod account;
pub mod alert;
pub mod chain;
mod chain_call;
pub mod config;
pub mod dev;
pub mod doctor;
pub mod explain;
pub mod key;
pub mod node;
pub mod operator;
pub mod permission;
pub mod service;
pub mod slash;
pub mod staker;
pub mod strategy;
mod terms;
pub mod withdrawal;

use crate::{cli::Cli, failure::Failure};
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::Write;

/// Prints a shell's completion script.
///
/// # Errors
/// Standard output is closed.
pub fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "bulwark", &mut script);
    print_bytes(&script)
}

/// Prints text on standard output.
///
/// # Errors
/// Standard output is closed.
pub fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        // Whoever reads may have read enough: `bulwark … | head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Failure::new(format!("cannot write to standard output: {error}"))),
    }
}
