//! Tables and lists of what a node answers.

use crate::text;

/// A table: all columns to the left; no wider than its cells.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        let head = header.get(column).map_or(0, |name| name.chars().count());
        cells.max().unwrap_or(0).max(head)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let head: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    let (dim, off) = (text::DIM.render(), text::DIM.render_reset());
    let mut lines = vec![format!("{dim}{}{off}", line(&head))];
    lines.extend(rows.iter().map(|row| line(row)));
    lines.join("\n")
}

/// A table, or a sentence where there is nothing to show.
pub fn table_or(header: &[&str], rows: &[Vec<String>], nothing: &str) -> String {
    if rows.is_empty() { nothing.to_owned() } else { table(header, rows) }
}

/// Fields below one another, their names in one width.
pub fn fields(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let (dim, off) = (text::DIM.render(), text::DIM.render_reset());
    let line = |(name, value): &(&str, String)| format!("{dim}{name:<width$}{off}  {value}");
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A heading.
pub fn heading(text: &str) -> String {
    format!("{}{text}{}", text::ACCENT.render(), text::ACCENT.render_reset())
}

/// Yes or no.
pub fn yes(value: &serde_json::Value) -> String {
    if value.as_bool() == Some(true) { "yes".into() } else { "no".into() }
}
