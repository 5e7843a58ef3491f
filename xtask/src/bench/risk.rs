//! The risk engine: slack of the published graph, certificates, elastic robustness, a synthetic network. Runs the example
//! of the `risk` crate, which measures inside the process, and takes over its table as it is.

use super::report::{Section, Table};
use crate::shell::{capture, cargo};
use anyhow::Result;

pub fn run() -> Result<Section> {
    let mut bench = cargo();
    bench.args(["run", "--quiet", "--release", "--package", "risk", "--example", "slack_bench"]);
    let output = capture(&mut bench)?;
    print!("{output}");
    Ok(Section {
        name: "risk",
        title: "Slack of restaking networks",
        method: format!(
            "`cargo run --release -p risk --example slack_bench`, median of five runs, one core; the large network once, \
             for at most 30 s.\n\n```text\n{}\n```",
            output.trim_end()
        ),
        tables: Vec::<Table>::new(),
    })
}
