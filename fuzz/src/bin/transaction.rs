//! Random bytes as transactions.

use std::process::ExitCode;

fn main() -> ExitCode {
    fuzz::runner::main(fuzz::transaction::TARGET)
}
