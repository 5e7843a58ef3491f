//! Where a conserved quantity flows: what leaves the left arrives at the right. Never for stake that is counted more than
//! once.

use super::{Size, Words, escaped, n1, rect, svg};
use maud::Markup;
use std::fmt::Write as _;

/// Between two nodes of a side.
const PAD: f64 = 5.0;
/// Width of a node.
const BAR: f64 = 9.0;
/// Between two labels, and from the last one to the lower edge.
const LINE: f64 = 13.0;
const FOOT: f64 = 3.0;

/// One who gives or gets.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) label: String,
    /// The figure beside it; none where there is no room.
    pub(crate) figure: String,
    pub(crate) value: f64,
    pub(crate) class: &'static str,
}

/// What goes from one at the left to one at the right, by place.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) value: f64,
    pub(crate) figure: String,
}

/// Upper edges of nodes that stand in the middle of a height.
fn edges(nodes: &[Node], scale: f64, height: f64) -> Vec<f64> {
    let gaps: f64 = nodes.iter().skip(1).map(|_| PAD).sum();
    let whole = nodes.iter().map(|node| node.value * scale).sum::<f64>() + gaps;
    let mut y = (height - whole) / 2.0;
    let next = |node: &Node| {
        let at = y;
        y += node.value * scale + PAD;
        at
    };
    nodes.iter().map(next).collect()
}

/// Pixels of a unit of value, so that a side with its gaps fits.
fn scale_of(nodes: &[Node], height: f64) -> f64 {
    let (whole, gaps) =
        (nodes.iter().map(|node| node.value).sum::<f64>(), nodes.iter().skip(1).map(|_| PAD).sum::<f64>());
    if whole > 0.0 { (height - gaps).max(0.0) / whole } else { 0.0 }
}

/// Where labels stand: beside their nodes, moved down where they would touch, and up again where the last would leave.
fn places(nodes: &[Node], tops: &[f64], scale: f64, height: f64) -> Vec<f64> {
    let mut last = -99.0_f64;
    let mut all: Vec<f64> = nodes
        .iter()
        .zip(tops)
        .map(|(node, top)| {
            last = (top + node.value * scale / 2.0 + 4.0).max(last + LINE);
            last
        })
        .collect();
    let mut below = height - FOOT + LINE;
    for at in all.iter_mut().rev() {
        *at = at.min(below - LINE);
        below = *at;
    }
    all
}

/// Bars and names of one side.
fn side(
    body: &mut String,
    nodes: &[Node],
    tops: &[f64],
    (scale, height): (f64, f64),
    (bar, words, anchor): (f64, f64, &str),
) {
    for ((node, top), y) in nodes.iter().zip(tops).zip(places(nodes, tops, scale, height)) {
        rect(body, (bar, *top), (BAR, (node.value * scale).max(1.0)), node.class, None);
        let (x, y, label) = (n1(words), n1(y), escaped(&node.label));
        let figure =
            if node.figure.is_empty() { String::new() } else { format!(" {}", escaped(&node.figure)) };
        let _ = write!(
            body,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" class=\"s\"><tspan class=\"i\">{label}</tspan>{figure}</text>"
        );
    }
}

/// From the left to the right; a flow has the colour of where it comes from. `rooms`: for the names of both sides.
pub(crate) fn sankey(
    (left, right, flows): (&[Node], &[Node], &[Flow]),
    (width, height): (f64, f64),
    rooms: (f64, f64),
    words: &Words<'_>,
    size: Size,
) -> Markup {
    let scale = scale_of(left, height).min(scale_of(right, height));
    let (from, to) = (edges(left, scale, height), edges(right, scale, height));
    let (mut out, mut into) = (from.clone(), to.clone());
    let (start, end) = (rooms.0 + BAR, width - rooms.1);
    let middle = n1(f64::midpoint(start, end));
    let (x0, x1) = (n1(start), n1(end));
    let mut body = String::new();
    for flow in flows {
        let ends = left.get(flow.from).zip(right.get(flow.to));
        let Some((((giver, getter), a), b)) = ends.zip(out.get_mut(flow.from)).zip(into.get_mut(flow.to))
        else {
            continue;
        };
        let thick = flow.value * scale;
        let [upper_a, upper_b, lower_a, lower_b] = [*a, *b, *a + thick, *b + thick].map(n1);
        *a += thick;
        *b += thick;
        let tip = escaped(&format!("{} → {}: {}", giver.label, getter.label, flow.figure));
        let _ = write!(
            body,
            "<path class=\"flow {}\" d=\"M{x0} {upper_a}C{middle} {upper_a} {middle} {upper_b} {x1} {upper_b}V{lower_b}\
             C{middle} {lower_b} {middle} {lower_a} {x0} {lower_a}Z\"><title>{tip}</title></path>",
            giver.class
        );
    }
    side(&mut body, left, &from, (scale, height), (rooms.0, rooms.0 - 7.0, "end"));
    side(&mut body, right, &to, (scale, height), (end, end + BAR + 7.0, "start"));
    svg(width, height, &body, words, size)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "test code: a panic is how a test fails")]

    use super::*;

    const WORDS: Words<'static> = Words { id: "s", title: "T", says: "S" };

    fn node(label: &str, value: f64, class: &'static str) -> Node {
        Node { label: label.into(), figure: value.to_string(), value, class }
    }

    fn flow(from: usize, to: usize, value: f64) -> Flow {
        Flow { from, to, value, figure: value.to_string() }
    }

    #[test]
    fn what_leaves_the_left_arrives_at_the_right() {
        let left = [node("a", 3.0, "f5"), node("b", 1.0, "f2")];
        let right = [node("x", 2.0, "f5"), node("y<", 2.0, "f4")];
        let flows = [flow(0, 0, 2.0), flow(0, 1, 1.0), flow(1, 1, 1.0), flow(9, 0, 1.0)];
        let drawn = sankey((&left, &right, &flows), (500.0, 200.0), (100.0, 120.0), &WORDS, Size::Wide);
        let drawn = drawn.into_string();
        // What the design's charts.py draws of the same flows.
        for piece in [
            "d=\"M109 0C244.5 0 244.5 0 380 0V97.5C244.5 97.5 244.5 97.5 109 97.5Z\"><title>a → x: 2</title>",
            "d=\"M109 97.5C244.5 97.5 244.5 102.5 380 102.5V151.2C244.5 151.2 244.5 146.2 109 146.2Z\"",
            "<text x=\"93\" y=\"77.1\" text-anchor=\"end\" class=\"s\"><tspan class=\"i\">a</tspan> 3</text>",
            "<text x=\"396\" y=\"155.2\" text-anchor=\"start\" class=\"s\"><tspan class=\"i\">y&lt;</tspan> 2</text>",
        ] {
            assert!(drawn.contains(piece), "{piece} is not in {drawn}");
        }
        assert_eq!(drawn.matches("class=\"flow").count(), 3, "a flow from nowhere is not drawn");
    }

    #[test]
    fn labels_never_touch_and_never_leave() {
        let mut nodes = vec![node("large", 1_000.0, "f5")];
        nodes.extend((0..9).map(|_| node("small", 0.1, "f2")));
        let scale = scale_of(&nodes, 240.0);
        let tops = edges(&nodes, scale, 240.0);
        let places = places(&nodes, &tops, scale, 240.0);
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] > LINE - 1e-9), "{places:?}");
        assert!(places[0] > 8.0 && places[9] <= 240.0 - FOOT, "{places:?}");
    }

    #[test]
    fn nothing_that_flows_draws_nothing() {
        let drawn = sankey((&[], &[], &[]), (312.0, 200.0), (80.0, 80.0), &WORDS, Size::Narrow);
        assert!(!drawn.into_string().contains("<rect"));
    }
}
