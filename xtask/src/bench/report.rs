//! Tables of figures: printed, and written into `docs/benchmarks.md`, a section at a time, between marks that name the
//! section. What was measured and how is said by the section itself.

use crate::shell::{capture, root};
use anyhow::{Context, Result};
use std::{fmt::Write, fs, process::Command};

/// A part of the report.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its name on the command line and in the marks.
    pub name: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// How it was measured: a paragraph.
    pub method: String,
    /// The figures.
    pub tables: Vec<Table>,
}

/// A table; all rows as long as the header.
#[derive(Clone, Debug, Default)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|&name| name.to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: &[String]) {
        self.rows.push(cells.to_vec());
    }

    /// Markdown that is also readable as it is: columns padded, figures to the right.
    fn markdown(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().chain([&self.header]).map(|row| row[column].chars().count());
            cells.max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        let line = |row: &[String]| {
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let rule = widths.iter().enumerate().map(|(column, width)| match column {
            0 => "-".repeat(*width),
            _ => format!("{}:", "-".repeat(width.saturating_sub(1))),
        });
        let rule = format!("| {} |\n", rule.collect::<Vec<_>>().join(" | "));
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        format!("{}{rule}{rows}", line(&self.header))
    }
}

impl Section {
    fn markdown(&self) -> String {
        let tables: Vec<_> = self.tables.iter().map(Table::markdown).collect();
        format!("## {}\n\n{}\n\n{}", self.title, self.method, tables.join("\n"))
    }

    /// Prints the section and puts it in its place in the document.
    ///
    /// # Errors
    /// The document cannot be read or written.
    pub fn publish(&self) -> Result<()> {
        let text = self.markdown();
        println!("{text}");
        let path = root().join("docs/benchmarks.md");
        let document = fs::read_to_string(&path).unwrap_or_default();
        fs::write(&path, place(&document, self.name, &format!("{text}\n{}\n", machine()?)))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// The document with a section replaced, or added at the end.
fn place(document: &str, name: &str, text: &str) -> String {
    let (open, close) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->\n"));
    let block = format!("{open}{text}{close}");
    match (document.split_once(&open), document.split_once(&close)) {
        (Some((before, _)), Some((_, after))) => format!("{before}{block}{after}"),
        _ => format!("{document}\n{block}"),
    }
}

/// Where and when it was measured, without naming anybody's machine.
fn machine() -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next());
    let gib = kib.and_then(|kib| kib.parse::<f64>().ok()).map_or(0.0, |kib| kib / 1024.0 / 1024.0);
    let rustc = capture(Command::new("rustc").arg("--version"))?;
    let commit = capture(Command::new("git").current_dir(root()).args(["rev-parse", "--short", "HEAD"]))?;
    let mut line = format!("*Measured at commit {} on a virtual machine with ", commit.trim());
    write!(line, "{cores} shared cores and {gib:.0} GiB, Linux, {}, release profile.*", rustc.trim())?;
    Ok(line)
}

/// Least and median of measurements, which must not be empty.
pub fn least_and_median(mut samples: Vec<f64>) -> (f64, f64) {
    samples.sort_by(f64::total_cmp);
    (samples[0], samples[samples.len() / 2])
}
