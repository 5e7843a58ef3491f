//! Who secures whom: the same wall seen from afar. Many equal marks become one path a class, so that 1,558 cells are six
//! elements.

use super::{Size, Words, n1, rect, svg, text};
use maud::Markup;
use std::{collections::BTreeMap, fmt::Write as _};

/// A matrix.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matrix {
    /// Names and right-hand figures of rows.
    pub(crate) rows: Vec<(String, String)>,
    /// What each column holds, for the bars above.
    pub(crate) columns: Vec<f64>,
    /// What the bars are.
    pub(crate) columns_name: String,
    /// Row, column, class.
    pub(crate) cells: Vec<(usize, usize, &'static str)>,
}

#[expect(clippy::cast_precision_loss, reason = "a place on a screen")]
fn place(index: usize) -> f64 {
    index as f64
}

/// A number from nothing to one, short.
fn part(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.strip_prefix("0.").map_or_else(|| text.to_owned(), |rest| format!(".{rest}"))
}

/// Rows of members, columns of operators, a stone for each pledge.
pub(crate) fn matrix(it: &Matrix, (width, label_width): (f64, f64), words: &Words<'_>, size: Size) -> Markup {
    const ROW: f64 = 15.0;
    const TOP: f64 = 46.0;
    const RIGHT: f64 = 74.0;
    let area = (width - label_width - RIGHT).max(1.0);
    let cell = area / place(it.columns.len().max(1));
    let (gap_x, gap_y) = (if cell > 2.0 { 0.6 } else { 0.25 }, 1.5);
    let mut body = String::new();
    let most = it.columns.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let mut bars = String::new();
    for (column, value) in it.columns.iter().enumerate() {
        let (x, height) = (label_width + place(column) * cell, ((TOP - 8.0) * value / most).max(0.4));
        let _ = write!(
            bars,
            "M{} {}v-{}h{:.2}V{}z",
            n1(x),
            n1(TOP - 6.0),
            n1(height),
            cell - gap_x,
            n1(TOP - 6.0)
        );
    }
    let _ = write!(body, "<path class=\"f4\" d=\"{bars}\"/>");
    text(&mut body, (label_width - 8.0, TOP - 10.0), &it.columns_name, "s", "end");
    for (row, (name, figure)) in it.rows.iter().enumerate() {
        let y = TOP + place(row) * ROW;
        rect(&mut body, (label_width, y), (area, ROW - gap_y), "f0", None);
        text(&mut body, (label_width - 8.0, y + ROW - 4.2), name, "s i", "end");
        text(&mut body, (width, y + ROW - 4.2), figure, "s", "end");
    }
    let (wide, high) = (part((cell - gap_x) / cell), part((ROW - gap_y) / ROW));
    let mut by_class: BTreeMap<&str, String> = BTreeMap::new();
    for (row, column, class) in
        it.cells.iter().filter(|(row, column, _)| *row < it.rows.len() && *column < it.columns.len())
    {
        let path = by_class.entry(class).or_default();
        let _ = write!(path, "M{column} {row}h{wide}v{high}h-{wide}z");
    }
    // Whole numbers for places: thousands of stones are most of a page's weight.
    let _ = write!(body, "<g transform=\"translate({} {TOP}) scale({cell:.4} {ROW})\">", n1(label_width));
    for (class, path) in by_class {
        let _ = write!(body, "<path class=\"{class}\" d=\"{path}\"/>");
    }
    body.push_str("</g>");
    svg(width, TOP + place(it.rows.len()) * ROW, &body, words, size)
}

/// The class of a share, and the legend's words for each.
pub(crate) const CLASSES: [(&str, f64, &str); 6] = [
    ("f6", 0.10, "10 % or more of the set’s stake"),
    ("f5", 0.05, "5–10 %"),
    ("f4", 0.02, "2–5 %"),
    ("f3", 0.005, "0.5–2 %"),
    ("f2", 0.000_5, "0.05–0.5 %"),
    ("f1", 0.0, "under 0.05 %"),
];

/// The class of a share.
pub(crate) fn class_of(share: f64) -> &'static str {
    CLASSES.iter().find(|(_, from, _)| share >= *from).map_or("f1", |(class, ..)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_a_class_are_one_path() {
        let it = Matrix {
            rows: vec![("a".into(), "1".into()), ("b<".into(), "2".into())],
            columns: vec![3.0, 2.0, 1.0],
            columns_name: "stake".into(),
            cells: vec![(0, 0, "f6"), (1, 2, "f6"), (1, 0, "f1"), (9, 9, "f1")],
        };
        let words = Words { id: "m", title: "T", says: "S" };
        let drawn = matrix(&it, (1086.0, 200.0), &words, Size::Wide).into_string();
        assert_eq!(drawn.matches("<path").count(), 3, "bars and two classes");
        // The bars are those that the design's charts.py draws; stones stand in cells of one by one.
        for path in [
            "M200 40v-38h270.07V40zM470.7 40v-25.3h270.07V40zM741.3 40v-12.7h270.07V40z",
            "<g transform=\"translate(200 46) scale(270.6667 15)\">",
            "\"M0 1h1v.9h-1z\"",
            "\"M0 0h1v.9h-1zM2 1h1v.9h-1z\"",
        ] {
            assert!(drawn.contains(path), "{path} is not in {drawn}");
        }
        assert!(drawn.contains("viewBox=\"0 0 1086 76\"") && drawn.contains("b&lt;"), "{drawn}");
        let empty = matrix(&Matrix::default(), (312.0, 80.0), &words, Size::Narrow).into_string();
        assert!(empty.contains("<svg"));
    }

    #[test]
    fn classes_are_by_the_limits_in_the_legend() {
        for (share, class) in [(0.5, "f6"), (0.1, "f6"), (0.05, "f5"), (0.004, "f2"), (0.0, "f1")] {
            assert_eq!(class_of(share), class);
        }
    }
}
