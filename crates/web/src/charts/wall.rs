//! The wall: a position, or all stake, as stones of one unit. The chart that the mark comes from.

use super::{Size, Words, rect, svg};
use maud::Markup;

/// Part of a wall: how many units, the class of its stones, and what they are.
#[derive(Clone, Debug)]
pub(crate) struct Segment<'a> {
    /// In stones, fractions allowed.
    pub(crate) stones: f64,
    pub(crate) class: &'a str,
    pub(crate) label: String,
}

/// Height of a stone and the gap around it.
const GAP: f64 = 2.0;

/// Stones laid left to right, course by course. A course is a whole number of stones and a half long, so that each is
/// shifted against the one below.
pub(crate) fn wall(
    segments: &[Segment<'_>],
    courses: u32,
    (width, height): (f64, f64),
    words: &Words<'_>,
    size: Size,
) -> Markup {
    let total: f64 = segments.iter().map(|segment| segment.stones).sum();
    let courses = f64::from(courses.max(1));
    let mut per = (total / courses).floor() + 0.5;
    while per * courses < total {
        per += 1.0;
    }
    let stone_width = (width + GAP) / per;
    let mut body = String::new();
    let mut at = 0.0_f64;
    for segment in segments {
        // `cut`: what of the current stone lies in the course above.
        let (mut left, mut cut) = (segment.stones, 0.0_f64);
        while left > 1e-9 {
            let course = ((at + 1e-9) / per).floor();
            let stone = (1.0 - cut).min(left).min(per * (course + 1.0) - at);
            cut = if cut + stone < 1.0 - 1e-9 { cut + stone } else { 0.0 };
            let x = (at - course * per) * stone_width;
            let drawn = stone * stone_width;
            // A thinner sliver would be noise; the table has the exact sum.
            if drawn > GAP + 3.0 {
                let place = (x + 0.5, course * (height + GAP) + 0.5);
                rect(
                    &mut body,
                    place,
                    (drawn - GAP - 1.0, height - 1.0),
                    segment.class,
                    Some(&segment.label),
                );
            }
            at += stone;
            left -= stone;
        }
    }
    let rows = ((total - 1e-9).max(0.0) / per).floor() + 1.0;
    svg(width, rows * (height + GAP), &body, words, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stones_lie_where_the_design_lays_them() {
        let part = |stones, class| Segment { stones, class, label: class.into() };
        let parts = [part(43.2, "own"), part(32.0, "atrisk"), part(10.8, "queue"), part(6.0, "hole")];
        let words = Words { id: "w", title: "T", says: "S" };
        let drawn = wall(&parts, 3, (664.0, 24.0), &words, Size::Wide).into_string();
        // Counts and places that charts.py gives for the same position.
        assert!(drawn.contains("viewBox=\"0 0 664 78\""), "{drawn}");
        for (class, count) in [("own", 44), ("atrisk", 32), ("queue", 11), ("hole", 6)] {
            assert_eq!(drawn.matches(&format!("class=\"{class}\"")).count(), count, "{class}");
        }
        for place in [
            "<rect x=\"655.9\" y=\"0.5\" width=\"7.6\" height=\"23\" class=\"own\"",
            "<rect x=\"0.5\" y=\"26.5\" width=\"7.6\" height=\"23\" class=\"own\"",
            "<rect x=\"592.5\" y=\"52.5\" width=\"18.1\" height=\"23\" class=\"hole\"",
        ] {
            assert!(drawn.contains(place), "{place} is not in {drawn}");
        }
        assert_eq!(drawn.matches("url(#hatch)").count(), 32);
    }

    #[test]
    fn a_wall_of_nothing_is_empty() {
        let words = Words { id: "w", title: "T", says: "S" };
        assert!(!wall(&[], 3, (312.0, 18.0), &words, Size::Narrow).into_string().contains("<rect"));
    }
}
