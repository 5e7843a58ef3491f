//! Losses by chance: how many of the years lost how much, on a logarithmic axis, with marks for the mean and the tails.

use super::{Size, Words, line, lines::ticks, n1, rect, svg, text};
use maud::Markup;

const LEFT: f64 = 48.0;
const RIGHT: f64 = 12.0;
const BOTTOM: f64 = 38.0;
/// Height of a mark's words, and the mean width of a letter of them.
const LINE: f64 = 15.0;
const LETTER: f64 = 6.3;

/// Years that lost between two amounts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bin {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) count: u64,
}

/// A line at an amount, with its words.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) at: f64,
    pub(crate) words: String,
    pub(crate) class: &'static str,
}

#[expect(clippy::cast_precision_loss, reason = "a length on a screen")]
fn share(count: u64, total: u64) -> f64 {
    count as f64 / (total.max(1)) as f64
}

/// The bins with their share of `total`, and the marks one below the other so that none collide.
pub(crate) fn histogram(
    bins: &[Bin],
    total: u64,
    marks: &[Mark],
    (width, height): (f64, f64),
    (axis, figure): (&str, fn(f64) -> String),
    words: &Words<'_>,
    size: Size,
) -> Markup {
    let top = 24.0 + marks.iter().map(|_| LINE).sum::<f64>();
    let most = bins.iter().map(|bin| bin.to).fold(0.0, f64::max);
    let most = if most > 0.0 { most } else { 1.0 };
    // One year is the least that can be seen, and ten of them the least for an axis.
    let least = share(1, total.max(10)).log10();
    let x = |value: f64| LEFT + (width - LEFT - RIGHT) * (value / most).clamp(0.0, 1.0);
    let y = |share: f64| {
        let log = share.max(f64::MIN_POSITIVE).log10().clamp(least, 0.0);
        top + (height - top - BOTTOM) * log / least
    };
    let floor = height - BOTTOM;
    let mut body = String::new();
    text(&mut body, (0.0, 11.0), "share of years, log scale", "s", "");
    let mut tick = 1.0_f64;
    while tick.log10() > least + 1e-9 {
        line(&mut body, (LEFT, y(tick)), (width - RIGHT, y(tick)), "gridl");
        text(&mut body, (LEFT - 6.0, y(tick) + 4.0), &percent(tick), "s", "end");
        tick /= 10.0;
    }
    for bin in bins.iter().filter(|bin| bin.count > 0) {
        let top = y(share(bin.count, total));
        let wide = (x(bin.to) - x(bin.from) - 1.0).max(1.0);
        rect(&mut body, (x(bin.from) + 0.5, top), (wide, (floor - top).max(1.0)), "f3", None);
    }
    line(&mut body, (LEFT, floor), (width - RIGHT, floor), "axis");
    for tick in ticks(0.0, most, 4.0).into_iter().filter(|tick| *tick <= most) {
        text(&mut body, (x(tick), floor + 15.0), &figure(tick), "s", "middle");
    }
    text(&mut body, (width - RIGHT, height - 5.0), axis, "s", "end");
    let mut row = 30.0;
    for mark in marks {
        let at = x(mark.at);
        let wide = mark.words.chars().map(|_| LETTER).sum::<f64>();
        line(&mut body, (at, row - 9.0), (at, floor), mark.class);
        if at + 6.0 + wide > width {
            text(&mut body, ((at - 5.0).max(wide), row), &mark.words, "s i", "end");
        } else {
            text(&mut body, (at + 5.0, row), &mark.words, "s i", "");
        }
        row += LINE;
    }
    svg(width, height, &body, words, size)
}

/// A power of ten as per cent: `100 %`, `0.01 %`.
fn percent(share: f64) -> String {
    let said = share * 100.0;
    if said >= 0.95 {
        return format!("{} %", n1(said));
    }
    let digits = [1_usize, 2, 3, 4, 5, 6];
    let fits = digits.into_iter().find(|digits| format!("{said:.digits$}").trim_matches(['0', '.']) == "1");
    format!("{said:.digits$} %", digits = fits.unwrap_or(6))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Words<'static> = Words { id: "h", title: "T", says: "S" };

    fn drawn(bins: &[Bin], total: u64, marks: &[Mark]) -> String {
        let figure = |it: f64| format!("{it}");
        histogram(bins, total, marks, (488.0, 300.0), ("loss", figure), &WORDS, Size::Wide).into_string()
    }

    #[test]
    fn bars_and_marks_stand_where_the_design_has_them() {
        let bins: Vec<Bin> = [(0.0, 900), (10.0, 90), (20.0, 0), (30.0, 10)]
            .map(|(from, count)| Bin { from, to: from + 10.0, count })
            .to_vec();
        let marks = [
            Mark { at: 5.0, words: "expected".into(), class: "axis" },
            Mark { at: 38.0, words: "worst 1 %".into(), class: "lnx" },
        ];
        let drawn = drawn(&bins, 1_000, &marks);
        // What charts.py draws of the same figures.
        for piece in [
            "x=\"48.5\" y=\"57.2\" width=\"106\" height=\"204.8\"",
            "x=\"369.5\" y=\"192.7\" width=\"106\" height=\"69.3\"",
            "M101.5 21L101.5 262",
            "<text x=\"449.6\" y=\"45\" class=\"s i\" text-anchor=\"end\">worst 1 %</text>",
            "M48 192.7L476 192.7",
        ] {
            assert!(drawn.contains(piece), "{piece} is not in {drawn}");
        }
        assert_eq!(drawn.matches("<rect").count(), 3, "an empty bin is not drawn");
    }

    #[test]
    fn no_years_and_no_losses_do_not_fail() {
        assert!(!drawn(&[], 0, &[]).contains("NaN"));
        let none = [Bin { from: 0.0, to: 0.0, count: 7 }];
        assert!(!drawn(&none, 7, &[Mark { at: 0.0, words: "x".into(), class: "axis" }]).contains("NaN"));
    }

    #[test]
    fn shares_are_said_with_the_digits_they_need() {
        for (share, said) in [(1.0, "100 %"), (0.01, "1 %"), (0.001, "0.1 %"), (0.000_01, "0.001 %")] {
            assert_eq!(percent(share), said);
        }
    }
}
