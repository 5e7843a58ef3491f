//! Tables and lists of what a node answers.

use crate::text;

/// A table of names: all columns to the left.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    text::table(header, rows, text::Side::Left)
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
