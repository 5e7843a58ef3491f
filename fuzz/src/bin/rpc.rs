//! Random bodies of `POST /`.

use std::process::ExitCode;

fn main() -> ExitCode {
    fuzz::runner::main(fuzz::rpc::TARGET)
}
