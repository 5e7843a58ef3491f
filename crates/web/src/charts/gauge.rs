//! A certified value: the interval, never its middle, on an axis with its break-even.

use super::{Size, Words, line, lines::ticks, n1, rect, svg, text};
use maud::Markup;

/// Left and right of the axis.
const SIDE: f64 = 14.0;
/// Upper edge and height of the axis.
const TOP: f64 = 34.0;
const HEIGHT: f64 = 10.0;
/// Least width of the interval.
const LEAST: f64 = 5.0;
/// Half the width that the words above need.
const WORDS_HALF: f64 = 62.0;

/// An axis from `low` to `high` with 0 as its break-even, and the interval on it: an end that is beyond the axis stands at
/// its edge. `figure`: the interval in words.
pub(crate) fn gauge(
    (from, to): (f64, f64),
    (low, high): (f64, f64),
    figure: &str,
    width: f64,
    words: &Words<'_>,
    size: Size,
) -> Markup {
    let x = |value: f64| SIDE + (width - 2.0 * SIDE) * (value.clamp(low, high) - low) / (high - low);
    let mut body = String::new();
    rect(&mut body, (x(low), TOP), (x(0.0) - x(low), HEIGHT), "atrisk", None);
    rect(&mut body, (x(0.0), TOP), (x(high) - x(0.0), HEIGHT), "f1", None);
    rect(&mut body, (x(from) - 2.0, TOP - 4.0), ((x(to) - x(from)).max(LEAST), HEIGHT + 8.0), "own", None);
    line(&mut body, (x(0.0), TOP - 10.0), (x(0.0), TOP + 16.0), "axis");
    for tick in ticks(low, high, 5.0) {
        let sign = if tick > 0.0 {
            "+"
        } else if tick < 0.0 {
            "−"
        } else {
            ""
        };
        let said = format!("{sign}{}", n1(tick.abs()));
        text(&mut body, (x(tick), TOP + 27.0), &said, "s", "middle");
    }
    let at = x(to).clamp(WORDS_HALF, width - WORDS_HALF);
    // One over the other where both would stand in the same place.
    let near = (at - x(0.0)).abs() < WORDS_HALF + 34.0;
    if !near {
        text(&mut body, (x(0.0).max(30.0), 14.0), "break-even", "s", "middle");
    }
    text(&mut body, (at, 14.0), figure, "s a", "middle");
    if near {
        text(&mut body, (x(0.0).max(30.0), TOP + 42.0), "break-even", "s", "middle");
    }
    svg(width, TOP + 48.0, &body, words, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Words<'static> = Words { id: "g", title: "T", says: "S" };

    #[test]
    fn the_interval_stands_where_its_ends_are() {
        let drawn = gauge((1.9, 1.9), (-1.0, 3.0), "γ = 1.9", 312.0, &WORDS, Size::Narrow).into_string();
        // The places of the design's charts.py for the same figures.
        for piece in [
            "x=\"14\" y=\"34\" width=\"71\" height=\"10\" class=\"atrisk\"",
            "x=\"217.9\" y=\"30\" width=\"5\"",
            "M85 24L85 50",
        ] {
            assert!(drawn.contains(piece), "{piece} is not in {drawn}");
        }
        assert!(drawn.contains("+3") && drawn.contains("−1"), "{drawn}");
    }

    #[test]
    fn an_end_beyond_the_axis_stands_at_its_edge() {
        let drawn =
            gauge((2.0, f64::INFINITY), (-1.0, 3.0), "γ ≥ 2", 312.0, &WORDS, Size::Narrow).into_string();
        assert!(drawn.contains("x=\"225\" y=\"30\" width=\"71\""), "{drawn}");
    }
}
