//! Bars: members compared, promises of one operator from 0 to 100 %, and what could be lost step by step.

use super::{Size, Words, line, rect, svg, text};
use maud::Markup;

/// Mean width of a letter of small text.
const LETTER: f64 = 6.2;

/// A bar of [`hbars`].
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) value: f64,
    /// The figure beside it.
    pub(crate) figure: String,
    pub(crate) class: &'static str,
}

/// Members compared by length; `mark`: one line of reference with its words.
pub(crate) fn hbars(
    bars: &[Bar],
    (width, label_width): (f64, f64),
    mark: Option<(f64, &str)>,
    words: &Words<'_>,
    size: Size,
) -> Markup {
    const ROW: f64 = 22.0;
    let most = bars.iter().map(|bar| bar.value).chain(mark.map(|(at, _)| at)).fold(0.0, f64::max);
    let most = if most > 0.0 { most } else { 1.0 };
    let area = width - label_width - if mark.is_some() { 56.0 } else { 92.0 };
    let top = if mark.is_some() { 18.0 } else { 0.0 };
    let mut body = String::new();
    let mut y = top;
    for bar in bars {
        let length = area * bar.value / most;
        text(&mut body, (label_width - 8.0, y + 14.0), &bar.label, "s i", "end");
        rect(&mut body, (label_width, y + 4.0), (length.max(1.2), ROW - 8.0), bar.class, None);
        if mark.is_some() {
            // A line of reference runs here: figures go to the right edge.
            text(&mut body, (width, y + 14.0), &bar.figure, "s", "end");
        } else {
            text(&mut body, (label_width + length + 6.0, y + 14.0), &bar.figure, "s", "");
        }
        y += ROW;
    }
    if let Some((at, said)) = mark {
        let x = label_width + area * at / most;
        line(&mut body, (x, top - 2.0), (x, y), "lnk");
        text(&mut body, (x.min(width - 60.0), 11.0), said, "s k", "middle");
    }
    svg(width, y, &body, words, size)
}

/// Part of a budget: what it is, its share of the whole, its class.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) label: String,
    pub(crate) share: f64,
    pub(crate) class: &'static str,
}

/// The magnitude of one operator in one strategy, from 0 to 100 %; labels stand under the stones.
pub(crate) fn budget(parts: &[Part], width: f64, words: &Words<'_>, size: Size) -> Markup {
    const HEIGHT: f64 = 22.0;
    let mut body = String::new();
    let (mut x, mut last_end, mut row) = (0.0_f64, -99.0_f64, 0.0_f64);
    let mut rows = 0.0_f64;
    for part in parts.iter().filter(|part| part.share > 0.0) {
        let length = width * part.share;
        rect(&mut body, (x + 0.5, 0.5), ((length - 2.0).max(1.0), HEIGHT), part.class, Some(&part.label));
        let wide = LETTER * letters(&part.label);
        row = if x < last_end + 6.0 { if row < 2.0 { row + 1.0 } else { 0.0 } } else { 0.0 };
        rows = rows.max(row);
        let at = x.min(width - wide).max(0.0);
        text(&mut body, (at, HEIGHT + 15.0 + 14.0 * row), &part.label, "s i", "");
        last_end = at + wide;
        x += length;
    }
    svg(width, HEIGHT + 20.0 + 14.0 * rows, &body, words, size)
}

#[expect(clippy::cast_precision_loss, reason = "a length on a screen")]
fn letters(label: &str) -> f64 {
    label.chars().count() as f64
}

/// A step of [`ladder`]: what would have to go wrong, what is kept, what could be lost, and the words at the right.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) label: String,
    pub(crate) kept: f64,
    pub(crate) lost: f64,
    pub(crate) figure: String,
}

/// What can be lost, step by step; the first step is what is there now.
pub(crate) fn ladder(steps: &[Step], width: f64, words: &Words<'_>, size: Size) -> Markup {
    const ROW: f64 = 46.0;
    let full = steps.first().map_or(1.0, |step| step.kept + step.lost).max(f64::MIN_POSITIVE);
    let mut body = String::new();
    let mut y = 0.0;
    for step in steps {
        let risks = step.lost > 0.0;
        text(&mut body, (0.0, y + 12.0), &step.label, "i", "");
        text(&mut body, (width, y + 12.0), &step.figure, if risks { "k" } else { "b" }, "end");
        let kept = (width * step.kept / full).clamp(0.0, width);
        rect(&mut body, (0.0, y + 18.0), (kept - if risks { 1.0 } else { 0.0 }, 16.0), "own", None);
        if risks {
            rect(&mut body, (kept + 1.0, y + 18.5), (width - kept - 1.5, 15.0), "atrisk", None);
        }
        y += ROW;
    }
    svg(width, y, &body, words, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Words<'static> = Words { id: "x", title: "T", says: "S" };

    #[test]
    fn the_reference_line_stands_where_its_value_is() {
        let bar = |value| Bar { label: "a<b".into(), value, figure: "1".into(), class: "f4" };
        let drawn =
            hbars(&[bar(1.0), bar(0.5)], (488.0, 100.0), Some((0.5, "⅓")), &WORDS, Size::Wide).into_string();
        // The figures of the design's charts.py for the same bars.
        assert!(drawn.contains("M266 16L266 62"), "{drawn}");
        assert!(drawn.contains("a&lt;b") && drawn.contains("viewBox=\"0 0 488 62\""), "{drawn}");
        assert!(drawn.contains("width=\"332\"") && drawn.contains("width=\"166\""), "{drawn}");
    }

    #[test]
    fn a_ladder_hatches_what_could_be_lost() {
        let step = |kept, lost| Step { label: "s".into(), kept, lost, figure: "f".into() };
        let drawn = ladder(&[step(86.0, 0.0), step(48.0, 38.0)], 312.0, &WORDS, Size::Narrow).into_string();
        assert_eq!(drawn.matches("url(#hatch)").count(), 1);
        assert!(drawn.contains("width=\"312\"") && drawn.contains("width=\"173.1\""), "{drawn}");
        assert!(drawn.contains("x=\"175.1\" y=\"64.5\" width=\"136.4\""), "as charts.py draws it: {drawn}");
    }

    #[test]
    fn a_budget_draws_each_part_and_no_empty_one() {
        let part = |share, class| Part { label: "p".into(), share, class };
        let parts = [part(0.4, "atrisk"), part(0.0, "own"), part(0.54, "atrisk"), part(0.06, "hole")];
        let drawn = budget(&parts, 664.0, &WORDS, Size::Wide).into_string();
        assert_eq!(drawn.matches("<rect").count(), 3);
        assert!(drawn.contains("class=\"hole\""));
    }

    #[test]
    fn nothing_to_draw_draws_nothing_and_does_not_fail() {
        assert!(
            hbars(&[], (312.0, 90.0), None, &WORDS, Size::Narrow)
                .into_string()
                .contains("viewBox=\"0 0 312 0\"")
        );
        assert!(!ladder(&[], 312.0, &WORDS, Size::Narrow).into_string().contains("<rect"));
        assert!(!budget(&[], 312.0, &WORDS, Size::Narrow).into_string().contains("<rect"));
    }
}
