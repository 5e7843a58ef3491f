//! Charts as SVG files, in the dashboard's look: the title is the finding, the line under it says how to read it. Blue is
//! what is there, ochre a bound or what can be lost, red what is lost. Colours are classes; both themes in one file.

use std::fmt::Write;

/// Width of every chart, in CSS pixels.
const WIDTH: f64 = 720.0;
/// Room on the left of plotted lines.
const LEFT: f64 = 64.0;
/// Room on the right.
const RIGHT: f64 = 24.0;
/// Height of a line of the title, and of the subtitle.
const LINES: (f64, f64) = (22.0, 16.0);
/// Height of a bar's row.
const ROW: f64 = 26.0;
/// Mean width of a small letter.
const LETTER: f64 = 7.1;
/// Characters of a line of the title, and of the subtitle.
const MEASURE: (usize, usize) = (66, 100);

const STYLE: &str = "\
:root{color-scheme:light dark;--bg:light-dark(#faf9f6,#141412);--sunk:light-dark(#f2f0eb,#232220);\
--ink:light-dark(#1d1b17,#ece9e3);--ink2:light-dark(#57534a,#a9a499);--edge:light-dark(#8c867b,#7d786e);\
--line:light-dark(#e3dfd7,#35332f);--own:light-dark(#0f5e7d,#4793b3);--q2:light-dark(#aecddb,#264d5f);\
--q3:light-dark(#76abc2,#2f6b86);--risk:light-dark(#8a5300,#e3b257);--fill:light-dark(#d89a2b,#b98a2e);\
--loss:light-dark(#b0211a,#ff8f84)}\
svg{background:var(--bg);font:400 13px system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Liberation Sans',sans-serif;\
font-variant-numeric:tabular-nums}\
text{fill:var(--ink)}.h{font-size:17px;font-weight:620}.s{font-size:12px;fill:var(--ink2)}.e{text-anchor:end}\
.m{text-anchor:middle}.axis{stroke:var(--edge);fill:none}.grid{stroke:var(--line);fill:none}.bar{fill:var(--q3)}\
.own{fill:var(--own)}.loss{fill:var(--loss)}.risk{fill:var(--fill)}.sunk{fill:var(--sunk)}.l1{stroke:var(--own)}\
.l2{stroke:var(--risk);stroke-dasharray:6 4}.l3{stroke:var(--loss)}.l4{stroke:var(--edge);stroke-dasharray:2 4}\
.l1,.l2,.l3,.l4{fill:none;stroke-width:2;stroke-linejoin:round}";

/// How a line or bar is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// What is there.
    Own,
    /// A bound, or what can be taken.
    Bound,
    /// What is lost.
    Loss,
    /// Something to compare with.
    Plain,
}

impl Look {
    const fn line(self) -> &'static str {
        match self {
            Self::Own => "l1",
            Self::Bound => "l2",
            Self::Loss => "l3",
            Self::Plain => "l4",
        }
    }

    const fn fill(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Bound => "risk",
            Self::Loss => "loss",
            Self::Plain => "bar",
        }
    }
}

/// Words of a chart.
#[derive(Clone, Debug)]
pub struct Words {
    /// The finding.
    pub title: String,
    /// How to read it, units, assumptions.
    pub subtitle: String,
}

/// A bar with its words.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What it stands for.
    pub label: String,
    /// Its length, not negative.
    pub value: f64,
    /// The figure beside it.
    pub text: String,
    /// Its colour.
    pub look: Look,
}

/// A named line of points (x, y).
#[derive(Clone, Debug)]
pub struct Line {
    /// Name in the legend.
    pub name: String,
    /// Its colour.
    pub look: Look,
    /// Its points, x ascending.
    pub points: Vec<(f64, f64)>,
}

/// Lines over one axis.
#[derive(Clone, Debug)]
pub struct Panel {
    /// What y is, with its unit.
    pub label: String,
    /// Lines.
    pub lines: Vec<Line>,
    /// Whether the axis begins at zero: for figures that are never negative.
    pub from_zero: bool,
}

/// A vertical mark with its words.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Where.
    pub at: f64,
    /// Words.
    pub text: String,
    /// Colour.
    pub look: Look,
}

/// Horizontal bars, with a line of reference if one is given.
pub fn bars(words: &Words, bars: &[Bar], reference: Option<&Mark>) -> String {
    let top = heading(words) + if reference.is_some() { 22.0 } else { 4.0 };
    let longest = bars.iter().map(|bar| bar.label.chars().count()).max().unwrap_or(0) as f64;
    let left = (longest * LETTER + 24.0).clamp(LEFT, 280.0);
    let widest = bars.iter().map(|bar| bar.text.chars().count()).max().unwrap_or(0) as f64 * LETTER + 16.0;
    let most = bars.iter().map(|bar| bar.value).chain(reference.map(|mark| mark.at)).fold(0.0, f64::max);
    let scale = (WIDTH - left - RIGHT - widest) / if most > 0.0 { most } else { 1.0 };
    let mut body = String::new();
    for (row, bar) in bars.iter().enumerate() {
        let y = top + row as f64 * ROW;
        text(&mut body, left - 8.0, y + 16.0, "s e", &cut(&bar.label, ((left - 20.0) / LETTER) as usize));
        let length = (bar.value * scale).max(1.0);
        rect(&mut body, left, y + 4.0, length, ROW - 9.0, bar.look.fill());
        text(&mut body, left + length + 6.0, y + 16.0, "s", &bar.text);
    }
    let bottom = top + bars.len() as f64 * ROW;
    if let Some(mark) = reference {
        let x = left + mark.at * scale;
        path(&mut body, &[(x, top - 4.0), (x, bottom)], mark.look.line());
        let half = mark.text.chars().count() as f64 * LETTER / 2.0;
        let middle = x.clamp(half + 4.0, WIDTH - half - 4.0);
        text(&mut body, middle, top - 10.0, "s m", &mark.text);
    }
    document(words, bottom + 16.0, &body)
}

/// A histogram: share of paths on a logarithmic axis, with marks.
pub fn histogram(words: &Words, bins: &[crate::statistics::Bin], x_label: &str, marks: &[Mark]) -> String {
    let total = bins.iter().map(|bin| bin.count).sum::<u64>().max(1) as f64;
    let most = bins.last().map_or(1.0, |bin| bin.to);
    let top = heading(words) + 22.0 + 16.0 * marks.len() as f64;
    let (height, lowest) = (230.0, (1.0 / total).log10().floor().min(-1.0));
    let x = |value: f64| LEFT + (WIDTH - LEFT - RIGHT) * value / most;
    let y = |share: f64| top + height * (share.log10() / lowest);
    let mut body = String::new();
    text(&mut body, 8.0, top - 8.0, "s", "share of years, log scale");
    let mut power = 0.0;
    while power >= lowest {
        let share = 10f64.powf(power);
        path(&mut body, &[(LEFT, y(share)), (WIDTH - RIGHT, y(share))], "grid");
        text(&mut body, LEFT - 6.0, y(share) + 4.0, "s e", &format!("{} %", trimmed(share * 100.0)));
        power -= 1.0;
    }
    for bin in bins.iter().filter(|bin| bin.count > 0) {
        let at = y(bin.count as f64 / total);
        rect(&mut body, x(bin.from) + 0.5, at, x(bin.to) - x(bin.from) - 1.0, top + height - at, "bar");
    }
    path(&mut body, &[(LEFT, top + height), (WIDTH - RIGHT, top + height)], "axis");
    for tick in ticks(0.0, most, 5) {
        text(&mut body, x(tick), top + height + 17.0, "s m", &short(tick));
    }
    text(&mut body, WIDTH - RIGHT, top + height + 34.0, "s e", x_label);
    for (row, mark) in marks.iter().enumerate() {
        let at = heading(words) + 14.0 + 16.0 * row as f64;
        path(&mut body, &[(x(mark.at), at - 9.0), (x(mark.at), top + height)], mark.look.line());
        let wide = mark.text.chars().count() as f64 * LETTER;
        if x(mark.at) + 6.0 + wide > WIDTH - 4.0 {
            text(&mut body, x(mark.at) - 6.0, at, "s e", &mark.text);
        } else {
            text(&mut body, x(mark.at) + 6.0, at, "s", &mark.text);
        }
    }
    document(words, top + height + 44.0, &body)
}

/// Lines in panels under one another, over one x axis.
pub fn lines(words: &Words, panels: &[Panel], x_label: &str) -> String {
    let height = if panels.len() > 1 { 120.0 } else { 240.0 };
    let (mut body, mut top) = (String::new(), heading(words) + 6.0);
    let all = || panels.iter().flat_map(|panel| &panel.lines).flat_map(|line| &line.points);
    let (low, high) = range(all().map(|point| point.0));
    // Time begins at zero, also where the first point lies a step after it.
    let low = if low > 0.0 && low < high / 20.0 { 0.0 } else { low };
    let x = |value: f64| LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low);
    for panel in panels {
        top = legend(&mut body, top, panel);
        let (mut least, most) = range(panel.lines.iter().flat_map(|line| &line.points).map(|point| point.1));
        if panel.from_zero {
            least = 0.0;
        }
        let y = |value: f64| top + height * (1.0 - (value - least) / (most - least));
        for tick in ticks(least, most, 4) {
            path(&mut body, &[(LEFT, y(tick)), (WIDTH - RIGHT, y(tick))], "grid");
            text(&mut body, LEFT - 6.0, y(tick) + 4.0, "s e", &short(tick));
        }
        for line in &panel.lines {
            let points: Vec<(f64, f64)> = thinned(&line.points).map(|(a, b)| (x(a), y(b))).collect();
            path(&mut body, &points, line.look.line());
        }
        path(&mut body, &[(LEFT, top + height), (WIDTH - RIGHT, top + height)], "axis");
        top += height + 14.0;
    }
    for tick in ticks(low, high, 6) {
        text(&mut body, x(tick), top + 2.0, "s m", &short(tick));
    }
    text(&mut body, WIDTH - RIGHT, top + 19.0, "s e", x_label);
    document(words, top + 30.0, &body)
}

/// Writes the panel's label and the names of its lines; returns where the panel begins.
fn legend(body: &mut String, top: f64, panel: &Panel) -> f64 {
    text(body, 8.0, top + 12.0, "s", &panel.label);
    let mut x = 8.0 + panel.label.chars().count() as f64 * LETTER + 18.0;
    for line in panel.lines.iter().filter(|line| !line.name.is_empty()) {
        path(body, &[(x, top + 8.0), (x + 22.0, top + 8.0)], line.look.line());
        text(body, x + 28.0, top + 12.0, "s", &line.name);
        x += line.name.chars().count() as f64 * LETTER + 48.0;
    }
    top + 24.0
}

/// At most some hundred points, the lowest and highest of each stretch among them.
fn thinned(points: &[(f64, f64)]) -> impl Iterator<Item = (f64, f64)> + '_ {
    const STRETCHES: usize = 300;
    let size = points.len().div_ceil(STRETCHES).max(1);
    points.chunks(size).flat_map(move |chunk| {
        let least = chunk.iter().copied().reduce(|a, b| if b.1 < a.1 { b } else { a });
        let most = chunk.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a });
        let mut kept: Vec<(f64, f64)> =
            [chunk.first().copied(), least, most, chunk.last().copied()].into_iter().flatten().collect();
        kept.sort_by(|a, b| a.0.total_cmp(&b.0));
        kept.dedup();
        kept
    })
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| (low.min(it), high.max(it)));
    match (low.is_finite(), high > low) {
        (false, _) => (0.0, 1.0),
        (true, true) => (low, high),
        (true, false) => (low - 0.5, low + 0.5),
    }
}

/// Round numbers between two values, about `count` of them.
fn ticks(low: f64, high: f64, count: u32) -> Vec<f64> {
    let raw = (high - low) / f64::from(count.max(1));
    let power = 10f64.powf(raw.log10().floor());
    let step =
        [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|it| it * power).find(|it| *it >= raw).unwrap_or(raw);
    let first = (low / step - 1e-9).ceil();
    let steps = ((high / step + 1e-9).floor() - first).max(0.0) as u32;
    (0..=steps.min(20)).map(|index| (first + f64::from(index)) * step).collect()
}

/// `1,234,567` as `1.23 M`, small numbers with the digits they need.
fn short(value: f64) -> String {
    let size = value.abs();
    let sign = if value < 0.0 { "−" } else { "" };
    match size {
        _ if size >= 1e9 => format!("{sign}{} bn", trimmed(size / 1e9)),
        _ if size >= 1e6 => format!("{sign}{} M", trimmed(size / 1e6)),
        _ if size >= 1e4 => format!("{sign}{} k", trimmed(size / 1e3)),
        _ => format!("{sign}{}", trimmed(size)),
    }
}

fn trimmed(value: f64) -> String {
    let text = if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.6}") };
    let short: String = match text.split_once('.') {
        Some((whole, rest)) => format!("{whole}.{}", rest.trim_end_matches('0')),
        None => text,
    };
    short.trim_end_matches('.').to_owned()
}

/// Words in lines of at most `measure` characters.
fn wrapped(text: &str, measure: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let full = lines
            .last()
            .is_some_and(|line| !line.is_empty() && line.chars().count() + word.chars().count() >= measure);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// Where the drawing begins.
fn heading(words: &Words) -> f64 {
    let titles = wrapped(&words.title, MEASURE.0).len() as f64;
    let subtitles = wrapped(&words.subtitle, MEASURE.1).len() as f64;
    18.0 + LINES.0 * titles + LINES.1 * subtitles
}

fn document(words: &Words, height: f64, body: &str) -> String {
    let (mut head, mut y) = (String::new(), 4.0);
    for line in wrapped(&words.title, MEASURE.0) {
        y += LINES.0;
        text(&mut head, 8.0, y, "h", &line);
    }
    y += 4.0;
    for line in wrapped(&words.subtitle, MEASURE.1) {
        y += LINES.1;
        text(&mut head, 8.0, y, "s", &line);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" role=\"img\" \
         aria-labelledby=\"t d\"><title id=\"t\">{}</title><desc id=\"d\">{}</desc><style>{STYLE}</style>{head}{body}</svg>\n",
        coordinate(WIDTH),
        coordinate(height),
        coordinate(WIDTH),
        coordinate(height),
        escaped(&words.title),
        escaped(&words.subtitle)
    )
}

fn text(body: &mut String, x: f64, y: f64, class: &str, words: &str) {
    // Writing to a string does not fail.
    let _ = write!(
        body,
        "<text x=\"{}\" y=\"{}\" class=\"{class}\">{}</text>",
        coordinate(x),
        coordinate(y),
        escaped(words)
    );
}

fn rect(body: &mut String, x: f64, y: f64, width: f64, height: f64, class: &str) {
    let (x, y, width, height) =
        (coordinate(x), coordinate(y), coordinate(width.max(0.5)), coordinate(height.max(0.5)));
    let _ = write!(
        body,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"1\" class=\"{class}\"/>"
    );
}

fn path(body: &mut String, points: &[(f64, f64)], class: &str) {
    let points: Vec<String> =
        points.iter().map(|(x, y)| format!("{} {}", coordinate(*x), coordinate(*y))).collect();
    let _ = write!(body, "<path d=\"M{}\" class=\"{class}\"/>", points.join("L"));
}

/// One decimal, none if it is zero.
fn coordinate(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn cut(words: &str, most: usize) -> String {
    if words.chars().count() <= most {
        return words.to_owned();
    }
    words.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        Words { title: "A <finding> & more".into(), subtitle: "how to read it".into() }
    }

    #[test]
    fn words_are_escaped_and_every_chart_says_what_it_is() {
        let bar = Bar { label: "a\"b".into(), value: 1.0, text: "1".into(), look: Look::Own };
        let svg = bars(&words(), &[bar], None);
        assert!(svg.contains("A &lt;finding&gt; &amp; more") && svg.contains("a&quot;b"));
        assert!(svg.contains("role=\"img\"") && svg.contains("<desc id=\"d\">how to read it</desc>"));
    }

    #[test]
    fn empty_and_flat_data_still_draw() {
        let flat = Line { name: "x".into(), look: Look::Loss, points: vec![(0.0, 1.0), (1.0, 1.0)] };
        let panel = Panel { label: "y".into(), lines: vec![flat], from_zero: false };
        for svg in [
            bars(&words(), &[], None),
            histogram(&words(), &[], "ETH", &[]),
            lines(&words(), &[panel], "hours"),
            lines(&words(), &[], "hours"),
        ] {
            assert!(svg.starts_with("<svg") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn thinning_keeps_the_lowest_point() {
        let mut points: Vec<(f64, f64)> = (0..10_000).map(|it| (f64::from(it), 1.0)).collect();
        points[5_003].1 = 0.2;
        let kept: Vec<(f64, f64)> = thinned(&points).collect();
        assert!(kept.len() < 1_300 && kept.contains(&(5_003.0, 0.2)));
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(0.0, 100.0, 5), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(short(1_230_000.0), "1.23 M");
        assert_eq!(short(-20_000.0), "−20 k");
    }
}
