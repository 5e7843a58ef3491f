//! How the verbs that simulate, stress and price answer: words, JSON or a chart; the figures and progress bars that they
//! share; and the slack that they build upon.

use super::source::text_of;
pub use super::{
    print::{cut, ether, number, operator as name, percent, wei},
    source::{GraphArgs, Source as Network},
};
use crate::{commands, failure::Failure, text};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use risk::{Graph, Level, Limits, solve::DEFAULT_GAP};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Time for the bound of slack that the other figures build upon.
const SLACK_TIME: Duration = Duration::from_secs(10);

/// How to answer.
#[derive(Debug, Args)]
#[command(next_help_heading = "Answer")]
pub struct AnswerArgs {
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// As CSV: a row for each figure, its name in the JSON and its value
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Write a chart (SVG)
    #[arg(long, value_name = "FILE")]
    pub chart: Option<PathBuf>,
}

impl Network {
    /// What was assumed, in lines of a terminal.
    pub fn assumptions(&self) -> String {
        let caveat = self.caveat.map_or(String::new(), |it| format!("; {it}"));
        wrapped(&format!("{}{caveat}", self.heading()))
    }

    /// The same for programs.
    pub fn described(&self) -> Value {
        json!({
            "name": self.name,
            "operators": self.graph.operators().len(),
            "services": self.graph.services().len(),
            "mode": self.graph.mode().name(),
            "prize_rule": self.rule.map(|rule| rule.to_string()),
            "block": self.block,
            "services_unique": self.counts.map(|counts| counts.unique),
            "services_full": self.counts.map(|counts| counts.full),
            "stakes_reconstructed": self.caveat.is_some(),
        })
    }

    /// The same assumptions with another graph.
    pub fn with_graph(&self, graph: Graph) -> Self {
        Self { graph, name: self.name.clone(), ..*self }
    }

    /// Index of the operator with this name.
    ///
    /// # Errors
    /// There is none.
    pub fn operator(&self, id: &str) -> Result<usize, Failure> {
        let found = self.graph.operators().iter().position(|it| it.id.eq_ignore_ascii_case(id));
        found.ok_or_else(|| Failure::usage(format!("{} has no operator {id}", self.name)))
    }

    /// Certified bounds of the slack γ, (lower, upper), by level C2.
    ///
    /// # Errors
    /// The solver's own certificate was refused.
    pub fn certified_slack(&self) -> Result<(f64, f64), Failure> {
        let started = Instant::now();
        let mut stop = |_| started.elapsed() >= SLACK_TIME;
        let mut limits = Limits { gap: DEFAULT_GAP, cases: u64::MAX, stop: &mut stop };
        let slack = risk::slack(&self.graph, Level::C2, &mut limits).map_err(Failure::new)?;
        Ok((slack.lower, slack.upper))
    }
}

/// An error with the file that it is in.
pub fn in_file(path: &Path, error: &risk::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}

/// Text of a file of bounded size.
///
/// # Errors
/// It cannot be read, is too long, or is no text.
pub fn read(path: &Path) -> Result<String, Failure> {
    text_of(&path.to_string_lossy())
}

impl AnswerArgs {
    /// Prints an answer, and writes its chart if one was asked for.
    ///
    /// # Errors
    /// Standard output is closed, or the chart cannot be written.
    pub fn give(&self, json: &Value, told: &str, chart: impl FnOnce() -> String) -> Result<(), Failure> {
        if let Some(path) = &self.chart {
            std::fs::write(path, chart())
                .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
        }
        commands::print(&match (self.json, self.csv) {
            (true, _) => format!("{json:#}\n"),
            (_, true) => rows(json),
            _ => told.to_owned(),
        })
    }
}

/// An answer as CSV: `name,value`, the name as the path into the JSON.
pub fn rows(answer: &Value) -> String {
    let mut text = "name,value\n".to_owned();
    add_rows(&mut text, String::new(), answer);
    text
}

fn add_rows(text: &mut String, name: String, value: &Value) {
    let under = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| add_rows(text, under(key), value)),
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| add_rows(text, under(&index.to_string()), item));
        }
        Value::String(words) => text.push_str(&format!("{},{}\n", cell(&name), cell(words))),
        Value::Null => text.push_str(&format!("{},\n", cell(&name))),
        other => text.push_str(&format!("{},{other}\n", cell(&name))),
    }
}

/// A field in quotes where it needs them (RFC 4180).
fn cell(words: &str) -> String {
    match words.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", words.replace('"', "\"\"")),
        false => words.to_owned(),
    }
}

/// A bar on standard error for `total` of something.
pub fn progress(total: u64, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("{bar:40.blue} {human_pos} of {human_len} {msg}") {
        bar.set_style(style.progress_chars("■■·"));
    }
    bar.set_message(what);
    bar
}

/// Rows of figures without a header, indented.
pub fn table(rows: &[Vec<String>]) -> String {
    text::aligned(rows, text::Side::Right).iter().map(|line| format!("  {line}\n")).collect()
}

/// Words in lines of a terminal.
pub fn wrapped(words: &str) -> String {
    /// Columns of a terminal.
    const COLUMNS: usize = 80;
    let mut text = String::new();
    let mut column = 0usize;
    for word in words.split_whitespace() {
        let length = word.chars().count();
        let joined = column.saturating_add(length).saturating_add(1);
        if column > 0 && joined <= COLUMNS {
            text.push(' ');
            column = joined;
        } else {
            if column > 0 {
                text.push('\n');
            }
            column = length;
        }
        text.push_str(word);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_as_csv_have_their_path_for_a_name() {
        let answer = json!({ "a": { "b": [1.5, null] }, "c": "x, \"y\"" });
        assert_eq!(rows(&answer), "name,value\na.b.0,1.5\na.b.1,\nc,\"x, \"\"y\"\"\"\n");
    }
}
