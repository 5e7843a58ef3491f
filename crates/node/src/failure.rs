//! How a command ends badly: one line that says what was wrong, with which value, and what to do; an exit code that
//! scripts can tell apart (`decisions.md` 68).

use crate::text;
use std::{fmt::Display, io::Write, process::ExitCode};

/// A negative answer that was asked for.
const NEGATIVE: u8 = 2;
/// Neither yes nor no within the effort allowed.
const UNDECIDED: u8 = 3;
/// A broken command line or configuration.
const USAGE: u8 = 64;
/// Anything else that went wrong.
const ERROR: u8 = 1;
/// Ended by Ctrl-C before the work was done.
const INTERRUPTED: u8 = 130;

/// Why a command could not do its work.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
    help: Option<String>,
}

impl Failure {
    /// An error (exit code 1).
    pub fn new(message: impl Display) -> Self {
        Self { code: ERROR, message: one_line(&message.to_string()), help: None }
    }

    /// A wrong command line or configuration (exit code 64).
    pub fn usage(message: impl Display) -> Self {
        Self { code: USAGE, ..Self::new(message) }
    }

    /// A negative answer that was asked for (exit code 2).
    pub fn negative(message: impl Display) -> Self {
        Self { code: NEGATIVE, ..Self::new(message) }
    }

    /// Neither yes nor no within the effort allowed (exit code 3).
    pub fn undecided(message: impl Display) -> Self {
        Self { code: UNDECIDED, ..Self::new(message) }
    }

    /// Ctrl-C before the work was done (exit code 130).
    pub fn interrupted() -> Self {
        Self { code: INTERRUPTED, ..Self::new("interrupted before the work was done") }
    }

    /// Adds what would help.
    pub fn help(self, help: impl Display) -> Self {
        Self { help: Some(one_line(&help.to_string())), ..self }
    }

    /// Tells the user, on standard error.
    pub fn report(&self) -> ExitCode {
        let mut out = anstream::stderr().lock();
        // Nobody is left to tell if standard error is gone; the exit code still speaks.
        let _ = writeln!(out, "{}error:{} {}", text::GONE.render(), text::GONE.render_reset(), self.message);
        if let Some(help) = &self.help {
            let _ = writeln!(out, "  {}help:{} {help}", text::DIM.render(), text::DIM.render_reset());
        }
        ExitCode::from(self.code)
    }

    /// What went wrong, without what would help.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Joins the lines of a message.
fn one_line(message: &str) -> String {
    let parts: Vec<&str> = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_several_lines_becomes_one() {
        let failure = Failure::new("first\n  second\n\nthird");
        assert_eq!(failure.message(), "first second third");
    }
}
