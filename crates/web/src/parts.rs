//! What pages are made of: addresses with their wall, tiles, tables of figures, banners, empty states. Everything from
//! the chain goes through the escaping of the templates; nothing here takes markup as text.

use crate::{format, told::Told};
use alloy_primitives::{Address, U256};
use maud::{Markup, PreEscaped, html};

/// The stones of an account's wall: x, y, width.
const STONES: [(&str, &str, &str); 7] = [
    ("0", "0", "5.7"),
    ("6.3", "0", "5.7"),
    ("0", "4.2", "2.6"),
    ("3.2", "4.2", "5.6"),
    ("9.4", "4.2", "2.6"),
    ("0", "8.4", "5.7"),
    ("6.3", "8.4", "5.7"),
];
const SHADES: [&str; 4] = [".22", ".45", ".72", "1"];

/// The mark: three courses in the shape of a shield; the stone in the middle is yours.
pub(crate) const MARK: PreEscaped<&str> = PreEscaped(
    "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\" fill=\"currentColor\"><rect x=\"2\" y=\"2.5\" width=\"9.2\" \
     height=\"5.4\" rx=\"1\"/><rect x=\"12.8\" y=\"2.5\" width=\"9.2\" height=\"5.4\" rx=\"1\"/><rect x=\"2\" y=\"9.4\" \
     width=\"4.1\" height=\"5.4\" rx=\"1\"/><rect x=\"7.7\" y=\"9.4\" width=\"8.6\" height=\"5.4\" rx=\"1\" class=\"stone\"/>\
     <rect x=\"17.9\" y=\"9.4\" width=\"4.1\" height=\"5.4\" rx=\"1\"/><path d=\"M3 16.3h8.2v5.2H8.6C5 21.5 2 19.6 2 17.3a1 1 0 0 1 \
     1-1zM21 16.3h-8.2v5.2h2.6c3.6 0 6.6-1.9 6.6-4.2a1 1 0 0 0-1-1z\"/></svg>",
);

/// An account's own wall: seven stones, four shades, one of eight hues (none red), from 17 bits of its address. It helps
/// the eye and proves nothing: the address stays beside it.
pub(crate) fn identicon(address: Address) -> Markup {
    let word = |bytes: &[u8]| bytes.iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
    let bytes = address.as_slice();
    let bits = word(bytes.get(..4).unwrap_or_default()) ^ word(bytes.get(16..).unwrap_or_default());
    let shade = |stone: usize| {
        let shift = u32::try_from(stone.saturating_mul(2)).unwrap_or_default().saturating_add(3);
        SHADES.get((bits.checked_shr(shift).unwrap_or_default() & 3) as usize).copied().unwrap_or("1")
    };
    html! {
        svg class=(format!("id h{}", bits & 7)) viewBox="0 0 12 12" fill="currentColor" aria-hidden="true" {
            @for (index, (x, y, width)) in STONES.iter().enumerate() {
                rect x=(x) y=(y) width=(width) height="3.6" fill-opacity=(shade(index)) {}
            }
        }
    }
}

/// An address in checksummed form; as it came if it is none.
pub(crate) fn checksummed(text: &str) -> String {
    text.parse::<Address>().map_or_else(|_| format::foreign(text), |address| address.to_checksum(None))
}

/// `0x5ac1…1d38`.
pub(crate) fn short(text: &str) -> String {
    let full = checksummed(text);
    match (full.get(..6), full.get(38..)) {
        (Some(head), Some(tail)) if full.len() == 42 => format!("{head}…{tail}"),
        _ => full,
    }
}

/// A hash: `0x5ac1d2…1d38aa`.
pub(crate) fn short_hash(text: &str) -> String {
    match (text.get(..10), text.get(60..)) {
        (Some(head), Some(tail)) if text.len() == 66 => format!("{head}…{tail}"),
        _ => format::foreign(text),
    }
}

/// An account, linked to its page of a kind: `stakers`, `operators`, `services`, `address`…
pub(crate) fn account(kind: &str, text: &str) -> Markup {
    let full = checksummed(text);
    html! {
        a class="addr" href=(format!("/{kind}/{full}")) title=(full) {
            @if let Ok(address) = text.parse() { (identicon(address)) " " }
            (short(text))
        }
    }
}

/// The same with a name before the digits; a name never hides them.
pub(crate) fn named(kind: &str, text: &str, name: Option<&str>) -> Markup {
    html! {
        @if let Some(name) = name { b { (format::foreign(name)) } " " }
        (account(kind, text))
    }
}

/// A transaction, linked.
pub(crate) fn transaction(hash: &str) -> Markup {
    html! { a class="addr" href=(format!("/tx/{hash}")) title=(hash) { (short_hash(hash)) } }
}

/// A block, linked.
pub(crate) fn block(number: u64) -> Markup {
    html! { a href=(format!("/blocks/{number}")) { (format::grouped(number)) } }
}

/// A moment.
pub(crate) fn time(timestamp: u64) -> Markup {
    html! { time datetime=(format::iso(timestamp)) title="UTC" { (format::clock(timestamp)) } }
}

/// One figure of a row of tiles.
pub(crate) struct Tile {
    label: &'static str,
    class: &'static str,
    figure: String,
    unit: String,
    below: Markup,
}

/// A tile: what it is, the figure, its unit.
pub(crate) fn tile(label: &'static str, figure: impl Into<String>, unit: impl Into<String>) -> Tile {
    Tile { label, class: "", figure: figure.into(), unit: unit.into(), below: html! {} }
}

impl Tile {
    /// What stands under the figure.
    pub(crate) fn below(self, below: Markup) -> Self {
        Self { below, ..self }
    }

    /// `yours`, `risk`, `lost` or `unknown`.
    pub(crate) fn class(self, class: &'static str) -> Self {
        Self { class, ..self }
    }
}

/// At most five figures in a row.
pub(crate) fn tiles(tiles: &[Tile]) -> Markup {
    html! {
        dl class="tiles" {
            @for tile in tiles {
                div class="tile" {
                    dt { (tile.label) }
                    dd class=(tile.class) {
                        (tile.figure)
                        @if !tile.unit.is_empty() { " " span class="u" { (tile.unit) } }
                    }
                    dd class="sub" { (tile.below) }
                }
            }
        }
    }
}

/// A table in a box that scrolls by itself, named for screen readers.
pub(crate) fn scroll(name: &str, table: &Markup) -> Markup {
    html! { div class="scroll" tabindex="0" role="region" aria-label=(name) { (table) } }
}

/// A head cell of figures, or of words.
pub(crate) fn head(names: &[(&str, bool)]) -> Markup {
    html! {
        thead { tr {
            @for (name, figures) in names {
                @if name.is_empty() { th scope="col" { span class="vh" { "drawn" } } }
                @else { th scope="col" class=[figures.then_some("n")] { (name) } }
            }
        } }
    }
}

/// A cell with a figure; the label is shown on a phone.
pub(crate) fn figure_cell(label: &str, figure: &str) -> Markup {
    html! { td class="n" data-l=(label) { (figure) } }
}

/// The broken wall of what is empty, and one way on.
pub(crate) fn empty(words: &str, way: &Markup) -> Markup {
    html! {
        div class="empty" {
            svg viewBox="0 0 48 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-dasharray="3 2" {
                rect x="1" y="1" width="20" height="6" rx="1.5" {}
                rect x="25" y="1" width="20" height="6" rx="1.5" {}
                rect x="1" y="9.5" width="9" height="6" rx="1.5" {}
                rect x="14" y="9.5" width="20" height="6" rx="1.5" {}
                rect x="1" y="18" width="20" height="5" rx="1.5" {}
            }
            p { (words) }
            p { (way) }
        }
    }
}

/// An amount of a token from its smallest units, with its symbol.
pub(crate) fn amount(told: Told<'_>, amount: &str, round: format::Round) -> String {
    let figure = format::position(told.at(amount).amount(), told.at("decimals").decimals(), round);
    format!("{figure} {}", format::foreign(told.at("symbol").text()))
}

/// A sum as a figure alone.
pub(crate) fn sum(value: U256, decimals: u8) -> String {
    format::tokens(value, decimals)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "test code: a panic is how a test fails")]

    use super::*;
    use alloy_primitives::address;

    #[test]
    fn the_wall_of_an_account_is_that_of_the_design() {
        // As charts.py draws 0xe2a75459…38cf: hue and shades from the xor of its first and last four bytes.
        let drawn = identicon(address!("0xe2a75459a9f00232f553bed84be4e374f52938cf")).into_string();
        let bits = 0xe2a7_5459_u32 ^ 0xf529_38cf;
        assert!(drawn.contains(&format!("id h{}", bits & 7)), "{drawn}");
        let shades: Vec<&str> =
            (0..7).map(|stone| SHADES[((bits >> 3) >> (2 * stone) & 3) as usize]).collect();
        let found: Vec<&str> =
            drawn.split("fill-opacity=\"").skip(1).map(|it| it.split('"').next().unwrap()).collect();
        assert_eq!(found, shades);
    }

    #[test]
    fn addresses_are_checksummed_and_shortened_and_nonsense_is_escaped() {
        let text = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed";
        assert_eq!(checksummed(text), "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed");
        assert_eq!(short(text), "0x5aAe…eAed");
        let drawn = account("operators", "<script>alert(1)</script>").into_string();
        assert!(!drawn.contains("<script>"), "{drawn}");
        assert_eq!(short_hash(&format!("0x{}", "ab".repeat(32))), "0xabababab…ababab");
    }
}
