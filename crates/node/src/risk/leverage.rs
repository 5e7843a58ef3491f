//! `bulwark risk leverage`: a scenario of a liquid token, its loops and its lenders, step by step; or the arithmetic of
//! one loop.

use super::answer::{AnswerArgs, ether, in_file, number, percent, read, table, wrapped};
use crate::{commands, failure::Failure, text};
use clap::Args;
use risk::{
    chart::{Line, Look, Panel, Words, lines},
    leverage::{
        Oracle, Run, Scenario, by_name, liquidation_price, return_on_equity, run as simulate, scenario::NAMES,
    },
};
use serde_json::json;
use std::path::PathBuf;

/// `bulwark risk leverage`.
#[derive(Debug, Args)]
pub struct LeverageArgs {
    /// ezeth-2024-04, steth-2022-06, slash-2pct or queue-run
    #[arg(long, default_value = "ezeth-2024-04", value_name = "NAME")]
    pub scenario: String,
    /// A scenario of your own (JSON); --write shows the form
    #[arg(long, value_name = "FILE", conflicts_with = "scenario")]
    pub file: Option<PathBuf>,
    /// What lenders believe: market, nav, or average:MINUTES [default: the scenario's]
    #[arg(long, value_name = "KIND")]
    pub oracle: Option<String>,
    /// Print the scenario as JSON, to change it
    #[arg(long)]
    pub write: bool,
    /// Instead of a scenario: a loop of this leverage, above 1
    #[arg(long = "loop", value_name = "TIMES")]
    pub leverage: Option<f64>,
    /// Of that loop: the lender's liquidation threshold
    #[arg(long, default_value_t = 0.945, requires = "leverage")]
    pub threshold: f64,
    /// Of that loop: yield of the token a year
    #[arg(long, default_value_t = 0.03, requires = "leverage")]
    pub yield_rate: f64,
    /// Of that loop: interest on the loan a year
    #[arg(long, default_value_t = 0.025, requires = "leverage")]
    pub borrow_rate: f64,
    /// How to answer.
    #[command(flatten)]
    pub answer: AnswerArgs,
}

/// Runs.
///
/// # Errors
/// An unknown scenario or oracle; a bad file.
pub fn run(args: &LeverageArgs) -> Result<(), Failure> {
    if let Some(leverage) = args.leverage {
        return one_loop(args, leverage);
    }
    let mut scenario = scenario(args)?;
    if let Some(kind) = &args.oracle {
        scenario.market.oracle = Oracle::of(kind).ok_or_else(|| {
            Failure::usage(format!("no oracle {kind:?}")).help("market, nav, or average:MINUTES")
        })?;
    }
    if args.write {
        let text = serde_json::to_string_pretty(&scenario).map_err(Failure::new)?;
        return commands::print(&format!("{text}\n"));
    }
    let answer = simulate(&scenario).map_err(|error| match &args.file {
        Some(path) => in_file(path, &error),
        None => Failure::new(error),
    })?;
    args.answer.give(&json!(answer), &told(&answer), || chart(&answer))
}

fn scenario(args: &LeverageArgs) -> Result<Scenario, Failure> {
    let Some(path) = &args.file else {
        return by_name(&args.scenario).ok_or_else(|| {
            Failure::usage(format!("no scenario {:?}", args.scenario))
                .help(format!("one of {}", NAMES.join(", ")))
        });
    };
    let text = read(path)?;
    serde_json::from_str(&text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

fn one_loop(args: &LeverageArgs, leverage: f64) -> Result<(), Failure> {
    let within = |name: &str, value: f64, least: f64, most: f64| {
        if value >= least && value <= most {
            Ok(())
        } else {
            Err(Failure::usage(format!("{name} {value} is outside [{least}, {most}]")))
        }
    };
    within("--loop", leverage, 1.0, 1_000.0)?;
    within("--threshold", args.threshold, 0.01, 1.0)?;
    within("--yield-rate", args.yield_rate, -1.0, 10.0)?;
    within("--borrow-rate", args.borrow_rate, -1.0, 10.0)?;
    let (price, equity) = (
        liquidation_price(leverage, args.threshold),
        return_on_equity(leverage, args.yield_rate, args.borrow_rate),
    );
    let json = json!({ "leverage": leverage, "threshold": args.threshold, "liquidation_price": price, "return_on_equity": equity });
    let title = if price >= 1.0 {
        format!("A loop of {leverage}× is past its lender's threshold at the redemption rate already.")
    } else {
        format!("A loop of {leverage}× is sold when the token falls {} below its rate.", percent(1.0 - price))
    };
    let told = format!(
        "{title}\n\n  sold below         {}\n  return on equity   {} a year\n",
        number(price, 4),
        percent(equity)
    );
    let chart = || {
        let points: Vec<f64> =
            (0..60).map(|step| 1.0 + f64::from(step) * (leverage.max(2.0) - 1.0) / 59.0).collect();
        let panel = |label: &str, look: Look, of: &dyn Fn(f64) -> f64| Panel {
            label: label.into(),
            lines: vec![Line {
                name: String::new(),
                look,
                points: points.iter().map(|it| (*it, of(*it))).collect(),
            }],
            from_zero: false,
        };
        let panels = [
            panel("price over rate at which the lender sells", Look::Bound, &|it| {
                liquidation_price(it, args.threshold)
            }),
            panel("return on equity a year, %", Look::Own, &|it| {
                100.0 * return_on_equity(it, args.yield_rate, args.borrow_rate)
            }),
        ];
        let subtitle = format!(
            "Threshold {}, yield {}, interest {}",
            args.threshold,
            percent(args.yield_rate),
            percent(args.borrow_rate)
        );
        lines(&Words { title: title.trim_end_matches('.').into(), subtitle }, &panels, "leverage")
    };
    args.answer.give(&json, &told, chart)
}

fn title(run: &Run) -> String {
    format!(
        "The token falls to {} of its rate; lenders sell {} tokens and lose {} ETH",
        number(1.0 - run.largest_discount, 3),
        ether(run.liquidated),
        ether(run.bad_debt)
    )
}

fn told(run: &Run) -> String {
    let mut rows = vec![
        vec![
            "lowest price".into(),
            number(run.lowest_price, 4),
            format!("  hour {}", number(run.lowest_hour, 1)),
        ],
        vec!["largest discount".into(), percent(run.largest_discount)],
        vec!["price at the end".into(), number(run.last_price, 4)],
    ];
    if let Some(low) = run.thin_venue_low {
        rows.push(vec!["a thin venue's low".into(), number(low, 4), "  one sale, few tokens".into()]);
    }
    for (mark, days) in &run.days_below {
        rows.push(vec![format!("days below {mark}"), number(*days, 1)]);
    }
    rows.push(vec!["longest queue".into(), ether(run.longest_queue)]);
    let clear = match run.days_to_clear {
        _ if run.longest_queue <= 0.0 => "no queue".into(),
        Some(days) => number(days, 1),
        None => "not by the end".into(),
    };
    rows.push(vec!["days until it is empty".into(), clear]);
    let mut venues =
        vec![["lender", "sold", "groups", "own ETH gone", "bad debt"].map(String::from).to_vec()];
    venues.extend(run.venues.iter().map(|it| {
        vec![
            it.venue.clone(),
            ether(it.sold),
            text::grouped(it.liquidations),
            ether(it.equity_lost),
            ether(it.bad_debt),
        ]
    }));
    let lenders = if run.venues.is_empty() { "  no lender sold anything\n".into() } else { table(&venues) };
    let holders = [
        vec!["loss of who".into(), "of value".to_owned()],
        vec!["sold with the others".into(), percent(run.holders.sold)],
        vec!["sold at the low".into(), percent(run.holders.sold_at_the_low)],
        vec!["stayed".into(), percent(run.holders.stayed)],
        vec!["looped, of equity".into(), percent(run.holders.looped)],
    ];
    format!(
        "{}.\n\n{}\n{lenders}\n{}\n{}\n",
        title(run),
        table(&rows),
        table(&holders),
        wrapped(&format!("{} (oracle: {}): {}", run.scenario, run.oracle, run.about))
    )
}

fn chart(run: &Run) -> String {
    let line = |name: &str, look: Look, of: &dyn Fn(&risk::leverage::Point) -> f64| Line {
        name: name.into(),
        look,
        points: run.path.iter().map(|point| (point.hour, of(point))).collect(),
    };
    let panel =
        |label: &str, lines: Vec<Line>, from_zero: bool| Panel { label: label.into(), lines, from_zero };
    let mut panels = vec![panel(
        "ETH for a token",
        vec![line("market", Look::Own, &|it| it.price), line("redemption rate", Look::Plain, &|it| it.rate)],
        false,
    )];
    if run.longest_queue > 0.0 {
        panels.push(panel("tokens waiting", vec![line("", Look::Bound, &|it| it.queue)], true));
    }
    if run.liquidated > 0.0 {
        panels.push(panel("tokens sold by lenders", vec![line("", Look::Loss, &|it| it.liquidated)], true));
    }
    let subtitle = format!("Scenario {}, oracle {}. {}", run.scenario, run.oracle, run.about);
    lines(&Words { title: title(run), subtitle }, &panels, "hours")
}
