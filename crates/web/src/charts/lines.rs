//! Lines over one axis each way: cumulative curves, steps, areas. No smoothing: what changes at a block changes there.

use super::{Size, Words, line, n1, svg, text};
use maud::Markup;
use std::fmt::Write as _;

/// A line of points, x ascending.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) class: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Names of the axes and how their figures are written.
pub(crate) struct Axes<'a> {
    pub(crate) x: &'a str,
    pub(crate) y: &'a str,
    pub(crate) x_figure: fn(f64) -> String,
    pub(crate) y_figure: fn(f64) -> String,
}

/// At most some round figures between two.
pub(super) fn ticks(low: f64, high: f64, count: f64) -> Vec<f64> {
    let raw = (high - low) / count;
    if !raw.is_finite() || raw <= 0.0 {
        return vec![low];
    }
    let size = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].iter().map(|it| it * size).find(|step| *step >= raw).unwrap_or(raw);
    let first = (low / step).floor() * step;
    let all = (0..32).map(|index| first + step * f64::from(index));
    all.skip_while(|at| *at < low - 1e-9).take_while(|at| *at <= high + step * 1e-6).collect()
}

/// Lines, with dots where a reference is met: (x, y, tip).
pub(crate) fn lines(
    all: &[Line],
    dots: &[(f64, f64, String)],
    (width, height): (f64, f64),
    axes: &Axes<'_>,
    words: &Words<'_>,
    size: Size,
) -> Markup {
    const LEFT: f64 = 48.0;
    const RIGHT: f64 = 16.0;
    const TOP: f64 = 26.0;
    const BOTTOM: f64 = 40.0;
    let points = || all.iter().flat_map(|line| &line.points);
    let span = |of: fn(&(f64, f64)) -> f64| {
        let (low, high) =
            points().map(of).fold((f64::MAX, f64::MIN), |(low, high), it| (low.min(it), high.max(it)));
        if low < high { (low, high) } else { (0.0, 1.0) }
    };
    let ((x0, x1), (_, y1)) = (span(|point| point.0), span(|point| point.1));
    let y0 = 0.0;
    let x = |value: f64| LEFT + (width - LEFT - RIGHT) * (value - x0) / (x1 - x0);
    let y = |value: f64| TOP + (height - TOP - BOTTOM) * (1.0 - (value - y0) / (y1 - y0));
    let mut body = String::new();
    for tick in ticks(y0, y1, 4.0) {
        line(&mut body, (LEFT, y(tick)), (width - RIGHT, y(tick)), "gridl");
        text(&mut body, (LEFT - 6.0, y(tick) + 4.0), &(axes.y_figure)(tick), "s", "end");
    }
    for tick in ticks(x0, x1, 5.0) {
        text(&mut body, (x(tick), height - BOTTOM + 17.0), &(axes.x_figure)(tick), "s", "middle");
    }
    line(&mut body, (LEFT, height - BOTTOM), (width - RIGHT, height - BOTTOM), "axis");
    text(&mut body, (width - RIGHT, height - 4.0), axes.x, "s", "end");
    text(&mut body, (0.0, 11.0), axes.y, "s", "");
    for it in all {
        let mut path = String::new();
        for (index, point) in it.points.iter().enumerate() {
            let _ =
                write!(path, "{}{} {}", if index == 0 { "M" } else { "L" }, n1(x(point.0)), n1(y(point.1)));
        }
        let _ = write!(body, "<path class=\"{}\" d=\"{path}\"/>", it.class);
    }
    for (at, value, tip) in dots {
        let (x, y) = (n1(x(*at)), n1(y(*value)));
        let tip = super::escaped(tip);
        let _ = write!(
            body,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"4.5\" class=\"dotk\"><title>{tip}</title></circle>"
        );
    }
    svg(width, height, &body, words, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(ticks(0.0, 1.0, 4.0), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(ticks(0.0, 349.0, 5.0), [0.0, 100.0, 200.0, 300.0]);
        assert_eq!(ticks(1.0, 1.0, 5.0), [1.0]);
    }

    #[test]
    fn a_curve_keeps_its_points() {
        let curve = Line { class: "ln", points: vec![(0.0, 0.0), (1.0, 0.5), (2.0, 1.0)] };
        let axes = Axes { x: "x", y: "y", x_figure: |it| format!("{it}"), y_figure: |it| format!("{it}") };
        let words = Words { id: "l", title: "T", says: "S" };
        let drawn =
            lines(&[curve], &[(1.0, 0.5, "<half>".into())], (312.0, 200.0), &axes, &words, Size::Narrow);
        let drawn = drawn.into_string();
        assert!(drawn.contains("M48 160L172 93L296 26"), "{drawn}");
        assert!(drawn.contains("&lt;half&gt;"));
    }
}
