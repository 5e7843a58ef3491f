//! Simulated years a second of the risk engine, against a batch of numpy that follows a cruder rule. Runs the example of
//! the `risk` crate, which measures inside the process; numpy is installed into an environment of its own.

use super::{
    python,
    report::{Section, Table},
};
use crate::shell::{capture, cargo, root};
use anyhow::{Context, Result};
use std::process::Command;

/// The version that the figures were compared with.
const NUMPY: &str = "numpy==2.4.*";

pub fn run() -> Result<Section> {
    let (baseline, missing) = match numpy() {
        Ok(output) => (output, String::new()),
        Err(error) => {
            println!("no baseline: {error:#}");
            (String::new(), format!(" **numpy was not available ({error}), so there is no baseline.**"))
        }
    };
    let mut bench = cargo();
    bench.args(["run", "--quiet", "--release", "--package", "risk", "--example", "paths"]);
    let ours = capture(&mut bench)?;
    let base = if baseline.is_empty() { None } else { Some(rate(baseline.trim())?) };
    let mut table = Table::new(&["simulation", "threads", "years/s", "mean loss, ETH", "against numpy"]);
    for line in baseline.lines().chain(ours.lines()) {
        let cells: Vec<&str> = line.split_whitespace().collect();
        if let [name, threads, rate_text, mean] = cells[..] {
            let own = rate(line)?;
            let times = base.map_or_else(String::new, |base| format!("{:.1}x", own / base));
            table.row(&[name.into(), threads.into(), rate_text.into(), mean.into(), times]);
        }
    }
    Ok(Section {
        name: "risk-losses",
        title: "Simulated losses",
        method: format!(
            "The published registration graph (349 operators, 25 services), each operator failing with 1 % a year and \
             losing all; 1,000,000 years, median of five runs. Ours follows attacks of any set of services, keeps all \
             samples and computes quantiles and contributions; the numpy batch, on one core, lets services fall alone, \
             twice, and keeps a mean. Aim: 1,000,000 years a second on two cores.{missing}"
        ),
        tables: vec![table],
    })
}

/// Years a second of a line of output.
fn rate(line: &str) -> Result<f64> {
    let text = line.split_whitespace().nth(2).with_context(|| format!("no rate in {line:?}"))?;
    Ok(text.parse()?)
}

/// What the numpy batch prints.
fn numpy() -> Result<String> {
    let data = root().join("crates/node/data/registration-graph");
    let mut numpy = Command::new(python::with(&[NUMPY])?);
    // One core, as the figure says: the matrix products would take all.
    numpy.env("OPENBLAS_NUM_THREADS", "1").arg(root().join("tools/numpy/paths.py"));
    numpy.arg(data.join("operators.csv")).arg(data.join("services.csv"));
    capture(&mut numpy).context("the batch failed")
}
