//! How the story looks: a masthead, chapters with a number and a title, paragraphs within 80 columns, bars of stones
//! while transactions are sent. It goes to standard output, or with `--json` to standard error.

use super::{chapters::CHAPTERS, summary::Report};
use crate::{running, text};
use alloy_primitives::B256;
use anstyle::Style;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{io::Write, ops::RangeInclusive, time::Duration};
use types::Params;

/// Columns of a line.
const WIDTH: usize = 80;

/// Columns before a paragraph, under the chapter's number.
const INDENT: usize = 5;

/// Stones in a full bar.
const STONES: usize = 40;

/// Writes the story.
pub struct Story {
    out: Box<dyn Write + Send>,
}

impl Story {
    /// A story on standard output, or on standard error.
    pub fn new(on_stderr: bool) -> Self {
        let out: Box<dyn Write + Send> =
            if on_stderr { Box::new(anstream::stderr()) } else { Box::new(anstream::stdout()) };
        Self { out }
    }

    /// Writes a line. If nobody reads any more, the story goes on untold: the checks still count.
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
    }

    /// The masthead.
    pub fn opening(&mut self, url: &str, params: &Params, ready: Duration) {
        let serves = format!(
            "{url} · ready in {} · delays of {} blocks",
            text::duration(ready),
            params.withdrawal_delay_blocks
        );
        let head = text::masthead([&running::named(), "real stake, on a chain of its own", &serves]);
        self.line(&format!("\n{head}"));
    }

    /// A chapter's heading.
    pub fn chapter(&mut self, number: usize, title: &str) {
        let (accent, off) = (text::ACCENT.render(), text::ACCENT.render_reset());
        self.line(&format!("\n{accent}{number}/{CHAPTERS}{off}  {title}"));
    }

    /// A paragraph.
    pub fn say(&mut self, words: &str) {
        self.paragraph(words, Style::new());
    }

    /// A paragraph that must not be overlooked.
    pub fn care(&mut self, words: &str) {
        self.paragraph(words, text::CARE);
    }

    fn paragraph(&mut self, words: &str, style: Style) {
        for line in wrapped(words, WIDTH.saturating_sub(INDENT)) {
            self.line(&format!("{:INDENT$}{}{line}{}", "", style.render(), style.render_reset()));
        }
    }

    /// A finding.
    pub fn fact(&mut self, words: &str) {
        self.line(&format!(
            "{:INDENT$}{}✓{} {words}",
            "",
            text::ACCENT.render(),
            text::ACCENT.render_reset()
        ));
    }

    /// A transaction worth looking at.
    pub fn transaction(&mut self, what: &str, hash: B256) {
        self.line(&format!(
            "{:INDENT$}{}{what:<9} {hash}{}",
            "",
            text::DIM.render(),
            text::DIM.render_reset()
        ));
    }

    /// A bar that grows while transactions are sent; shown on terminals only.
    pub fn progress(&mut self, steps: usize) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(u64::try_from(steps).ok(), ProgressDrawTarget::stderr());
        let template = format!("{:INDENT$}{{bar:{STONES}.blue}} {{pos}} of {{len}}", "");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.progress_chars("■■·"));
        }
        bar
    }

    /// What a scene sent.
    pub fn sent(&mut self, transactions: usize, took: Duration, blocks: Option<RangeInclusive<u64>>) {
        let stones =
            format!("{}{}{}", text::ACCENT.render(), "■".repeat(STONES), text::ACCENT.render_reset());
        let place = match blocks {
            None => String::new(),
            Some(range) if range.start() == range.end() => format!(", block {}", range.start()),
            Some(range) => format!(", blocks {}–{}", range.start(), range.end()),
        };
        let (count, time) = (text::grouped(transactions), text::duration(took));
        self.line(&format!("{:INDENT$}{stones} {count} in {time}{place}", ""));
    }

    /// The table and what follows from it.
    pub fn closing(&mut self, report: &Report<'_>, ends: bool) {
        for row in report.table() {
            self.line(&row);
        }
        self.line("");
        self.care(
            "● an outside figure about this operator fed the reconstruction. All stakes are reconstructed.",
        );
        self.say(&report.concentration().sentence());
        self.fact(&format!(
            "{} figures read back by eth_call: all as in the input, to the wei",
            text::grouped(report.record.checked.figures),
        ));
        let more = if ends { "" } else { " · the chain goes on until Ctrl-C" };
        self.line(&format!(
            "\n{} signed transactions in {} blocks, told in {}{more}",
            text::grouped(report.record.transactions),
            text::grouped(report.record.head),
            text::duration(report.took)
        ));
    }

    /// What can be done with the chain now.
    pub fn goes_on(&mut self, url: &str) {
        let (dim, off) = (text::DIM.render(), text::DIM.render_reset());
        self.line(&format!("see it: open {url} in a browser"));
        self.line(&format!("{dim}ask it something: cast block-number --rpc-url {url}{off}\n"));
    }

    /// A line of traffic.
    pub fn traffic(&mut self, line: &str) {
        self.line(line);
    }
}

/// Words in lines of at most `width` columns.
fn wrapped(words: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if line.chars().count().saturating_add(length).saturating_add(1) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_keep_within_their_width() {
        let lines = wrapped("one two three four", 9);
        assert_eq!(lines, ["one two", "three", "four"]);
        assert_eq!(wrapped("unbreakable-word x", 5), ["unbreakable-word", "x"]);
    }
}
