//! How figures, addresses and amounts look in a terminal: groups of three, amounts rounded down, hashes shortened in
//! the middle. Colours are the dashboard's: accent for what is yours, yellow for care, red for what failed or is gone.

use alloy_primitives::{Address, B256, U256};
use anstyle::{AnsiColor, Color, Style};
use std::time::Duration;

/// What is the reader's own, and headings.
pub const ACCENT: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Blue)));
/// What needs care.
pub const CARE: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
/// What failed, or is gone.
pub const GONE: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Red)));
/// What can be skipped when reading.
pub const DIM: Style = Style::new().dimmed();

/// Wei of one ether.
pub const ETHER: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

/// The mark: three courses of stone, the middle stone in the accent colour.
pub const MARK: [(&str, &str, &str); 3] = [("▀▀▀ ▀▀▀", "", ""), ("▀ ", "▀▀▀", " ▀"), ("▀▀▀ ▀▀▀", "", "")];

/// The mark with a line of text beside each course.
pub fn masthead(beside: [&str; 3]) -> String {
    let lines = MARK.iter().zip(beside).map(|((left, middle, right), text)| {
        let line = format!("{left}{}{middle}{}{right}  {text}", ACCENT.render(), ACCENT.render_reset());
        line.trim_end().to_string()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Digits in groups of three: `4089846` is `4,089,846`.
pub fn grouped(number: impl ToString) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digits.len().saturating_sub(at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Wei as ether with `decimals` digits (at most 18), rounded down: `1,234.56`.
pub fn ether(wei: U256, decimals: usize) -> String {
    let whole = wei.checked_div(ETHER).unwrap_or_default();
    if decimals == 0 {
        return grouped(whole);
    }
    let fraction = format!("{:0>18}", wei.checked_rem(ETHER).unwrap_or_default().to_string());
    format!("{}.{}", grouped(whole), fraction.get(..decimals).unwrap_or(&fraction))
}

/// Wei as ether without trailing zeros, exactly: `1.5`.
pub fn ether_exact(wei: U256) -> String {
    let text = ether(wei, 18);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// `part` of `whole` in percent with two digits, rounded down: `8.20 %`.
pub fn percent(part: U256, whole: U256) -> String {
    let basis_points = part.saturating_mul(U256::from(10_000)).checked_div(whole).unwrap_or_default();
    let (units, rest) = basis_points.div_rem(U256::from(100));
    format!("{units}.{:0>2} %", rest.to_string())
}

/// An address as `0xf39F…2266`.
pub fn short(address: Address) -> String {
    shortened(&address.to_checksum(None))
}

/// A hash as `0x8c1f…02ad`.
pub fn short_hash(hash: B256) -> String {
    shortened(&hash.to_string())
}

/// The first six and the last four characters of a name.
pub fn shortened(name: &str) -> String {
    let head: String = name.chars().take(6).collect();
    let tail: String = name.chars().skip(name.chars().count().saturating_sub(4)).collect();
    format!("{head}…{tail}")
}

/// Where the cells of a table stand; those of the first column always stand to the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// For names.
    Left,
    /// For figures.
    Right,
}

/// Rows as lines: each column as wide as its widest cell, two spaces between, `rest` for all but the first.
pub fn aligned(rows: &[Vec<String>], rest: Side) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match rest {
            Side::Right if column > 0 => format!("{cell:>width$}"),
            _ => format!("{cell:<width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// A table with a dimmed header, its columns as in [`aligned`].
pub fn table(header: &[&str], rows: &[Vec<String>], rest: Side) -> String {
    let head: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    let all: Vec<Vec<String>> = std::iter::once(head).chain(rows.iter().cloned()).collect();
    let mut lines = aligned(&all, rest);
    if let Some(first) = lines.first_mut() {
        *first = format!("{}{first}{}", DIM.render(), DIM.render_reset());
    }
    lines.join("\n")
}

/// A duration as people say it: `212 ms`, `3.4 s`.
pub fn duration(time: Duration) -> String {
    let millis = time.as_millis();
    if millis < 1_000 { format!("{millis} ms") } else { format!("{time:.1?}").replace('s', " s") }
}

/// The known name nearest to one that nobody knows, if any is near.
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Names less alike than this are no help.
    const ALIKE: f64 = 0.7;
    let scored = known.into_iter().map(|name| (strsim::jaro_winkler(unknown, name), name));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > ALIKE).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_rounded_down_and_grouped() {
        let wei = U256::from(1_234_567u64) * ETHER + U256::from(999_999_999_999_999_999u64);
        assert_eq!(ether(wei, 0), "1,234,567");
        assert_eq!(ether(wei, 4), "1,234,567.9999");
        assert_eq!(ether_exact(ETHER + ETHER / U256::from(2)), "1.5");
        assert_eq!(ether_exact(U256::from(10_000) * ETHER), "10,000");
        assert_eq!(ether(U256::from(1), 18), "0.000000000000000001");
    }

    #[test]
    fn digits_are_grouped_in_threes() {
        let cases =
            [(0, "0"), (999, "999"), (1_000, "1,000"), (100_800, "100,800"), (4_089_846, "4,089,846")];
        for (number, expected) in cases {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn percentages_keep_their_zeros() {
        assert_eq!(percent(U256::from(1), U256::from(3)), "33.33 %");
        assert_eq!(percent(U256::from(1), U256::from(2_000)), "0.05 %");
        assert_eq!(percent(U256::from(1), U256::ZERO), "0.00 %");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let cells = |row: &[&str]| row.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let rows = [cells(&["é", "1", "x"]), cells(&["abc", "20", ""])];
        assert_eq!(aligned(&rows, Side::Left), ["é    1   x", "abc  20"]);
        assert_eq!(aligned(&rows, Side::Right), ["é     1  x", "abc  20"]);
        let table = table(&["name", "n"], &[cells(&["a", "100"])], Side::Right);
        assert_eq!(anstream::adapter::strip_str(&table).to_string(), "name    n\na     100");
    }

    #[test]
    fn a_name_is_shortened_by_characters_whatever_they_are() {
        assert_eq!(shortened("0x1234567890"), "0x1234…7890");
        assert_eq!(shortened("größter Betreiber €€"), "größte…r €€");
    }

    #[test]
    fn a_slip_of_the_finger_finds_the_name_that_was_meant() {
        let known = ["data_dir", "genesis", "port"];
        assert_eq!(nearest("datadir", known), Some("data_dir"));
        assert_eq!(nearest("prot", known), Some("port"));
        assert_eq!(nearest("colour", known), None);
    }

    #[test]
    fn times_read_as_people_say_them() {
        assert_eq!(duration(Duration::from_millis(212)), "212 ms");
        assert_eq!(duration(Duration::from_millis(3_449)), "3.4 s");
    }
}
