//! Random calls to native contracts.

use std::process::ExitCode;

fn main() -> ExitCode {
    fuzz::runner::main(fuzz::dispatch::TARGET)
}
