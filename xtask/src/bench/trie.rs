//! The incremental state trie against accounts in their number: microseconds a dirty slot. Runs the example of the `state`
//! crate, which measures inside the process, and takes over its table as it is.

use super::report::{Section, Table};
use crate::shell::{capture, cargo};
use anyhow::Result;

pub fn run() -> Result<Section> {
    let mut bench = cargo();
    bench.args(["run", "--quiet", "--release", "--package", "state", "--example", "trie_bench"]);
    let output = capture(&mut bench)?;
    print!("{output}");
    Ok(Section {
        name: "trie",
        title: "State root",
        method: format!(
            "`cargo run --release -p state --example trie_bench`: random slots of many accounts are dirtied and the root \
             computed anew.\n\n```text\n{}\n```",
            output.trim_end()
        ),
        tables: Vec::<Table>::new(),
    })
}
