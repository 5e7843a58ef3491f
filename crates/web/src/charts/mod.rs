//! Charts as SVG: data in, markup out. Colour is a class, so one drawing serves both themes, print and forced colours
//! under a strict policy; coordinates carry one decimal; equal marks become one path a class. A chart reaches a page only
//! through [`figure`], which gives it a finding, a way to read it, and the same figures as a table.

mod bars;
mod gauge;
mod histogram;
mod lines;
mod matrix;
mod sankey;
mod wall;

pub(crate) use bars::{Bar, Part, Step, budget, hbars, ladder};
pub(crate) use gauge::gauge;
pub(crate) use histogram::{Bin, Mark, histogram};
pub(crate) use lines::{Axes, Line, lines};
pub(crate) use matrix::{CLASSES, Matrix, class_of, matrix};
pub(crate) use sankey::{Flow, Node, sankey};
pub(crate) use wall::{Segment, wall};

use maud::{Markup, PreEscaped, html};
use std::fmt::Write as _;

/// The hatch of what can be taken, once a page.
pub(crate) const DEFS: PreEscaped<&str> = PreEscaped(
    "<svg class=\"defs\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" width=\"6\" height=\"6\" \
     patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" class=\"hb\"/>\
     <path d=\"M1 0V6\" class=\"hl\"/></pattern></defs></svg>",
);

/// Which of the two drawings: one for wide screens, one for phones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    Wide,
    Narrow,
}

impl Size {
    const fn class(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Narrow => "narrow",
        }
    }
}

/// Words of a chart: what it is, and what it says, for those who do not see it.
#[derive(Clone, Debug)]
pub(crate) struct Words<'a> {
    /// Unique on its page.
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    pub(crate) says: &'a str,
}

/// A coordinate with one decimal at most.
fn n1(value: f64) -> String {
    let text = format!("{value:.1}");
    let cut = text.strip_suffix(".0").unwrap_or(&text);
    if cut == "-0" { "0".into() } else { cut.into() }
}

/// Text in a drawing, escaped.
fn escaped(text: &str) -> String {
    html! { (text) }.into_string()
}

/// A whole drawing.
fn svg(width: f64, height: f64, body: &str, words: &Words<'_>, size: Size) -> Markup {
    let (class, view) = (format!("chart {}", size.class()), format!("0 0 {} {}", n1(width), n1(height)));
    let (title, desc) =
        (format!("{}-{}-t", words.id, size.class()), format!("{}-{}-d", words.id, size.class()));
    html! {
        svg class=(class) viewBox=(view) role="img" aria-labelledby=(format!("{title} {desc}")) {
            title id=(title) { (words.title) }
            desc id=(desc) { (words.says) }
            (PreEscaped(body))
        }
    }
}

/// A stone or bar. What can be taken is hatched by an attribute: a fragment in a style sheet may resolve against it.
fn rect(body: &mut String, (x, y): (f64, f64), (width, height): (f64, f64), class: &str, tip: Option<&str>) {
    let hatch = if class == "atrisk" { " fill=\"url(#hatch)\"" } else { "" };
    let (x, y, width, height) = (n1(x), n1(y), n1(width.max(0.0)), n1(height));
    let _ = write!(
        body,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" class=\"{class}\" rx=\"2\"{hatch}"
    );
    let _ = match tip {
        Some(tip) => write!(body, "><title>{}</title></rect>", escaped(tip)),
        None => write!(body, "/>"),
    };
}

/// Words in a drawing.
fn text(body: &mut String, (x, y): (f64, f64), words: &str, class: &str, anchor: &str) {
    let anchor = if anchor.is_empty() { String::new() } else { format!(" text-anchor=\"{anchor}\"") };
    let _ = write!(
        body,
        "<text x=\"{}\" y=\"{}\" class=\"{class}\"{anchor}>{}</text>",
        n1(x),
        n1(y),
        escaped(words)
    );
}

/// A straight line.
fn line(body: &mut String, from: (f64, f64), to: (f64, f64), class: &str) {
    let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(n1);
    let _ = write!(body, "<path d=\"M{x1} {y1}L{x2} {y2}\" class=\"{class}\"/>");
}

/// A finding, how to read it, a legend, both drawings, and the same figures as a table.
pub(crate) fn figure(
    finding: &Markup,
    how: &str,
    keys: &Markup,
    drawings: [Markup; 2],
    table: Option<(&str, Markup)>,
) -> Markup {
    let [wide, narrow] = drawings;
    html! {
        figure {
            figcaption { (finding) small { (how) } }
            (keys) (wide) (narrow)
            @if let Some((name, table)) = table {
                details { summary { (name) } (table) }
            }
        }
    }
}

/// A legend: class and words. A swatch is a stone, as everywhere.
pub(crate) fn key(items: &[(&str, Markup)]) -> Markup {
    html! {
        ul class="legend" {
            @for (class, words) in items {
                li {
                    svg viewBox="0 0 18 12" aria-hidden="true" {
                        @if *class == "atrisk" {
                            rect x="1" y="1" width="16" height="10" rx="2" class=(class) fill="url(#hatch)" {}
                        } @else {
                            rect x="1" y="1" width="16" height="10" rx="2" class=(class) {}
                        }
                    }
                    (words)
                }
            }
        }
    }
}

/// A share of a whole in a cell.
pub(crate) fn tiny_bar(share: f64, class: &str) -> Markup {
    let width = n1((96.0 * share).clamp(1.0, 96.0));
    html! {
        svg class="bar" viewBox="0 0 96 8" aria-hidden="true" {
            rect width="96" height="8" class="f0" rx="1" {}
            rect width=(width) height="8" class=(class) rx="1" {}
        }
    }
}

/// An amount as a share of another, for lengths only.
#[expect(clippy::cast_precision_loss, reason = "a length on a screen")]
pub(crate) fn ratio(part: alloy_primitives::U256, whole: alloy_primitives::U256) -> f64 {
    let parts = alloy_primitives::U256::from(1_000_000_u64);
    let share = part.checked_mul(parts).and_then(|it| it.checked_div(whole)).unwrap_or_default();
    u64::try_from(share).unwrap_or_default() as f64 / 1e6
}
