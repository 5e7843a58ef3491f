//! How long a development chain takes until it answers, and the memory it holds then: ours and anvil, taking turns.
//! The clock starts before the process is made and stops at the first answer to a request.

use super::{
    Subjects,
    report::{Section, Table, least_and_median},
};
use crate::process::Running;
use anyhow::Result;

/// Starts of each.
const RUNS: usize = 15;

pub fn run(subjects: &Subjects) -> Result<Section> {
    let folder = tempfile::tempdir()?;
    let data = |run: usize| folder.path().join(format!("data-{run}")).display().to_string();
    let mut figures = [const { (Vec::new(), Vec::new()) }; 3];
    for run in 0..RUNS {
        let data = data(run);
        let starts: [(_, &[&str]); 3] = [
            (&subjects.bulwark, &["dev", "--silent"]),
            (&subjects.bulwark, &["dev", "--silent", "--data-dir", &data]),
            (&subjects.anvil, &["--silent"]),
        ];
        for ((program, arguments), (ready, memory)) in starts.into_iter().zip(&mut figures) {
            let node = Running::start(program, arguments, &folder.path().join("log"))?;
            ready.push(node.ready.as_secs_f64() * 1e3);
            memory.push(node.memory_mib()?.0);
        }
    }
    let names = ["bulwark dev", "bulwark dev --data-dir", "anvil"];
    let mut table = Table::new(&["", "ready, ms (least)", "(median)", "memory, MiB (least)", "(median)"]);
    let mut medians = Vec::new();
    for (name, (ready, memory)) in names.into_iter().zip(figures) {
        let (ready, memory) = (least_and_median(ready), least_and_median(memory));
        let cells = [ready.0, ready.1, memory.0, memory.1].map(|figure| format!("{figure:.1}"));
        table.row(&[&[name.to_owned()], cells.as_slice()].concat());
        medians.push((ready.1, memory.1));
    }
    let ratio = |of: (f64, f64)| [format!("{:.2}", of.0), format!("{:.2}", of.1)];
    let [ready, memory] = ratio((medians[2].0 / medians[0].0, medians[2].1 / medians[0].1));
    table.row(&["anvil / bulwark dev".into(), String::new(), ready, String::new(), memory]);
    Ok(Section {
        name: "startup",
        title: "Start",
        method: format!(
            "{RUNS} starts of each, in turns. From before the process is made to its first answer over HTTP; resident \
             memory right then. Ten funded accounts, default settings, no output. Aims: under 300 ms, under 100 MiB."
        ),
        tables: vec![table],
    })
}
