//! Operators: who holds how much, and one operator's book: stake, allocations and what changes them, terms in sentences,
//! slashes, delegators.

use super::{
    Drawn, Paused, address, chain, history,
    staker::{set_link, set_name},
    wallet,
};
use crate::{
    act,
    charts::{self, Part, Size, Words, ratio},
    format::{self, Round},
    frame, parts,
    told::Told,
    viewer::Viewer,
    warnings::{self, NEARLY_ALL_WAD},
};
use alloy_primitives::U256;
use axum::{Extension, body::Body, http::Response};
use maud::{Markup, html};
use rpc::{Reads, Refused};
use types::{abi::ILens, addresses::LENS};

const WAD: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

/// Operators of a page: more would make it heavy on a phone.
const ROWS: usize = 50;

/// All operators, by stake.
pub(super) async fn list(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    let query = viewer.here.split_once('?').map_or("", |(_, query)| query);
    let mut asked = if query.contains("sort=") { query.to_owned() } else { format!("sort=stake&{query}") };
    if !asked.contains("limit=") {
        asked = format!("limit={ROWS}&{asked}");
    }
    match reads.get(&format!("/api/v1/operators?{}", asked.trim_end_matches('&'))).await {
        Ok(answer) => {
            let drawn = ranking(Told::new(&answer));
            frame::page(
                &reads,
                &viewer,
                &frame::Page { title: &drawn.title, section: drawn.section, body: drawn.body },
            )
        }
        Err(refused) => frame::refused(&reads, &viewer, &refused),
    }
}

fn ranking(told: Told<'_>) -> Drawn {
    let (symbol, decimals) =
        (format::foreign(told.at("unit.symbol").text()), told.at("unit.decimals").decimals());
    let (total, count) = (told.at("staked").amount(), told.at("count").number());
    let most = told.at("items.0.stake").amount();
    Drawn {
        title: "Operators".into(),
        section: "/operators",
        body: html! {
            div class="head" { div {
                h1 { (format::count(count, "operator")) }
                p class="lede" {
                    "They run software for services with " (format::headline(total, decimals)) " " (symbol) " of other people’s stake. \
                     Each line links to what it has promised to whom."
                }
            } }
            section class="card" {
                @if count == 0 {
                    (parts::empty("No operator is registered.", &html! { a href="/act/register" { "Become one" } ", or " code { "bulwark operator register" } "." }))
                } @else {
                    (parts::scroll("Operators by stake", &html! {
                        table class="dense" {
                            thead { tr {
                                th scope="col" class="n" { "Rank" } th scope="col" { "Operator" }
                                th scope="col" class="n" aria-sort="descending" { "Stake, " (symbol) }
                                th scope="col" class="n" { "Of all" } th scope="col" class="p3" { span class="vh" { "drawn" } }
                                th scope="col" class="n p3" { "Since block" }
                            } }
                            tbody { @for it in told.at("items").items() {
                                @let stake = it.at("stake").amount();
                                tr {
                                    td class="n" { (it.at("rank").number()) }
                                    th scope="row" { (parts::account("operators", it.at("operator").text())) }
                                    td class="n" { (format::tokens(stake, decimals)) }
                                    td class="n" { (format::share(stake, total)) }
                                    td class="p3" { (charts::tiny_bar(ratio(stake, most), "f4")) }
                                    td class="n p3" { (parts::block(it.at("registered_block").number())) }
                                }
                            } }
                        }
                    }))
                    (chain::next(told.at("next"), "/operators?skip="))
                }
            }
        },
    }
}

/// One operator.
pub(super) async fn show(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    let seconds = (!reads.is_dev()).then_some(reads.seconds_per_block());
    let strategies = super::strategies(&reads).await;
    let tokens = Tokens(Told::new(&strategies));
    let careful = warnings(&reads, viewer.path.rsplit('/').next().unwrap_or_default(), &tokens).await;
    let paused = Paused::read(&reads).await;
    super::draw(&reads, &viewer, |told| {
        let account = told.at("operator").text();
        Drawn {
            title: format!("Operator {}", parts::short(account)),
            section: "/operators",
            body: html! {
                (address::head(account, "Operator", &html! { a href="/" { "Overview" } " / " a href="/operators" { "Operators" } }))
                (address::metadata(told.at("metadata_uri")))
                @if !told.at("is_operator").is_true() {
                    p class="banner" role="status" { b { "This account is no operator." } " It can become one below, or with " code { "bulwark operator register" } "." }
                    details { summary { "This is my account" } (wallet::operate(account, false)) }
                }
                (careful)
                (paused.banners(&["delegate", "allocate"]))
                (tiles(told, &tokens))
                (budgets(told, &tokens))
                (allocations(told, &tokens, seconds, &paused))
                div class="sec grid2" { (terms(told, seconds, &paused)) (delegators(told)) }
                (record(told, seconds))
                (history::over_time(told.at("history"), "delegated to it", &tokens))
                (slashes(told.at("slashes"), told, &tokens))
                (queue(told, &tokens, seconds))
            },
        }
    })
    .await
}

/// Symbols and decimals of strategies.
pub(super) struct Tokens<'a>(pub(super) Told<'a>);

impl Tokens<'_> {
    pub(super) fn of(&self, strategy: &str) -> (String, u8) {
        let found =
            self.0.at("items").items().find(|it| it.at("strategy").text().eq_ignore_ascii_case(strategy));
        found.map_or(("shares".into(), 18), |it| {
            (format::foreign(it.at("symbol").text()), it.at("decimals").decimals())
        })
    }

    pub(super) fn symbol(&self, strategy: &str) -> String {
        self.of(strategy).0
    }

    /// Shares as an amount: of strategies whose rate is one, shares are tokens.
    pub(super) fn says(&self, strategy: &str, shares: U256, round: Round) -> String {
        let (symbol, decimals) = self.of(strategy);
        format!("{} {symbol}", format::position(shares, decimals, round))
    }
}

/// What a delegator should know before anything else, in the words that forms and the command line use.
async fn warnings(reads: &Reads, operator: &str, tokens: &Tokens<'_>) -> Markup {
    match warned(reads, operator, tokens).await {
        Ok(said) if said.is_empty() => html! {},
        Ok(said) => html! {
            section class="banner pending" aria-labelledby="careful" {
                h2 id="careful" { "Before you delegate" }
                ul class="plain careful" { @for it in &said { li { (it) } } }
            }
        },
        Err(refused) => html! {
            p class="banner pending" role="alert" {
                b { "What to be careful of could not be read." } " " (format::foreign(&refused.why))
            }
        },
    }
}

async fn warned(reads: &Reads, operator: &str, tokens: &Tokens<'_>) -> Result<Vec<String>, Refused> {
    let Ok(operator) = operator.parse() else { return Ok(Vec::new()) };
    let strategies = tokens.0.at("items").items().filter_map(|it| it.at("strategy").text().parse().ok());
    let call = ILens::bookCall { operator, strategies: strategies.collect() };
    let book = act::view(reads, LENS, &call).await?;
    if !book.isOperator {
        return Ok(Vec::new());
    }
    let mut said = Vec::new();
    for it in
        book.exposures.iter().filter(|it| it.committedWad >= NEARLY_ALL_WAD && !it.operatorShares.is_zero())
    {
        let (strategy, wad) = (it.strategy.to_string(), U256::from(it.committedWad));
        let lost = it.operatorShares.saturating_mul(wad).div_ceil(WAD);
        said.push(warnings::of_commitment(
            &tokens.says(&strategy, lost, Round::Up),
            &tokens.says(&strategy, it.operatorShares, Round::Down),
            &format::wad(wad, Round::Up),
            it.committedWad,
        ));
    }
    let leaving = act::leaving(reads).await?;
    said.extend(act::of_terms(reads, &book, leaving).await?);
    Ok(said)
}

fn tiles(told: Told<'_>, tokens: &Tokens<'_>) -> Markup {
    let exposures = told.at("exposures");
    let main = exposures.items().max_by_key(|it| it.at("operator_shares").amount());
    let strategy = main.map_or("", |it| it.at("strategy").text());
    let (symbol, decimals) = tokens.of(strategy);
    let stake = main.map(|it| it.at("operator_shares").amount()).unwrap_or_default();
    let slashable = main.map(|it| it.at("slashable_wad").amount()).unwrap_or_default();
    let others = exposures.items().len().saturating_sub(1);
    let delay = told.at("allocation_delay.delay_blocks").number();
    let slashed = told.at("slashes.items").items().len();
    parts::tiles(&[
        parts::tile("Stake", format::tile(stake, decimals), symbol).below(html! {
            @if others > 0 { "and " (others) " more assets" } @else { "delegated to it, its own included" }
        }),
        parts::tile("Operator sets", format::grouped(told.at("registered_sets").items().len()), "")
            .below(html! { "that it serves now" }),
        parts::tile("Services can take", format::wad(slashable, Round::Up), "")
            .class(if slashable.is_zero() { "" } else { "risk" })
            .below(html! { "of that stake, all together" }),
        parts::tile("Allocation delay", format::count(delay, "block"), "").below(html! {
            @if told.at("allocation_delay.is_set").is_true() { "before a new promise counts" } @else { "not set: it cannot allocate yet" }
        }),
        parts::tile("Slashed", format::grouped(slashed), if slashed == 1 { "time" } else { "times" })
            .class(if slashed == 0 { "" } else { "lost" })
            .below(html! { @if slashed == 0 { "never on this chain" } @else { "told below" } }),
    ])
}

/// One bar a strategy: promised, free, and lost for ever.
fn budgets(told: Told<'_>, tokens: &Tokens<'_>) -> Markup {
    html! {
        @if told.at("exposures").items().len() > 0 {
            div class="sec" { section class="card" {
                h2 { "What is promised, of 100 %" }
                p { "Hatched is promised to operator sets, which may take it. Solid is free. Dashed red was slashed: it can never be promised again." }
                @for (index, it) in told.at("exposures").items().enumerate() { (budget(index, it, tokens)) }
            } }
        }
    }
}

fn budget(index: usize, it: Told<'_>, tokens: &Tokens<'_>) -> Markup {
    let symbol = tokens.symbol(it.at("strategy").text());
    let most = it.at("max_magnitude").amount();
    let lost = WAD.saturating_sub(most);
    let free = most.saturating_sub(it.at("encumbered_magnitude").amount());
    let mut all: Vec<Part> = it
        .at("allocations")
        .items()
        .map(|set| {
            let magnitude = set.at("current_magnitude").amount();
            let label = format!("{} {}", set_name(set.at("operator_set")), format::wad(magnitude, Round::Up));
            Part { label, share: ratio(magnitude, WAD), class: "atrisk" }
        })
        .collect();
    all.push(Part {
        label: format!("free {}", format::wad(free, Round::Down)),
        share: ratio(free, WAD),
        class: "own",
    });
    all.push(Part {
        label: format!("lost {}", format::wad(lost, Round::Up)),
        share: ratio(lost, WAD),
        class: "hole",
    });
    let says = format!(
        "Of the stake in {symbol}: {}.",
        all.iter()
            .filter(|part| part.share > 0.0)
            .map(|part| part.label.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    );
    let title = format!("Promises of stake in {symbol}");
    let id = format!("budget-{index}");
    let words = Words { id: &id, title: &title, says: &says };
    let drawings = [(1038.0, Size::Wide), (312.0, Size::Narrow)]
        .map(|(width, size)| charts::budget(&all, width, &words, size));
    charts::figure(&html! { (symbol) }, &says, &html! {}, drawings, None)
}

fn allocations(told: Told<'_>, tokens: &Tokens<'_>, seconds: Option<u64>, paused: &Paused) -> Markup {
    let now = told.at("block.number").number();
    let rows: Vec<(Told<'_>, &str)> = told
        .at("exposures")
        .items()
        .flat_map(|it| it.at("allocations").items().map(move |set| (set, it.at("strategy").text())))
        .collect();
    html! {
        div class="sec" { section class="card" {
            h2 { "Allocations" }
            @if rows.is_empty() { p class="muted" { "None: no service can take any of this stake." } } @else {
                (parts::scroll("Allocations", &html! {
                    table class="cards" {
                        (parts::head(&[("Operator set", false), ("Asset", false), ("Of the stake", true), ("Can take", true), ("Change under way", false)]))
                        tbody { @for (it, strategy) in &rows {
                            tr {
                                th scope="row" {
                                    (set_link(it.at("operator_set")))
                                    @if it.at("redistributes").is_true() { " " span class="tag risk" { "pays out slashes" } }
                                    @if !it.at("is_member").is_true() { " " span class="tag" { "left" } }
                                }
                                td data-l="Asset" { (tokens.symbol(strategy)) }
                                (parts::figure_cell("Of the stake", &format::wad(it.at("current_magnitude").amount(), Round::Up)))
                                td class="n" data-l="Can take" {
                                    span class="risk" { (tokens.says(strategy, it.at("allocated_stake").amount(), Round::Up)) }
                                }
                                td data-l="Change under way" { (change(*it, now, seconds)) }
                            }
                        } }
                    }
                }))
            }
            @if told.at("is_operator").is_true() {
                details {
                    summary { "This is my account" }
                    @if let Some(strategy) = told.at("exposures.0.strategy").value().as_str() {
                        (wallet::allocate(told.at("operator").text(), strategy, &tokens.symbol(strategy), paused))
                    }
                    (wallet::operate(told.at("operator").text(), true))
                }
            }
        } }
    }
}

/// A pending change in words.
fn change(it: Told<'_>, now: u64, seconds: Option<u64>) -> Markup {
    let at = it.at("effect_block").number();
    let until = it.at("slashable_until_block").number();
    let diff = it.at("pending_diff").text();
    let size = diff.trim_start_matches('-').parse::<U256>().unwrap_or_default();
    html! {
        span {
            @if at > now && !size.is_zero() {
                @if diff.starts_with('-') { "−" } @else { "+" }
                (format::wad(size, Round::Up)) " at " (format::countdown(now, at, seconds))
            } @else if !it.at("is_member").is_true() && until >= now {
                "slashable until " (format::countdown(now, until, seconds))
            } @else { "none" }
        }
    }
}

/// What it has promised about itself, in sentences.
fn terms(told: Told<'_>, seconds: Option<u64>, paused: &Paused) -> Markup {
    let covenant = told.at("covenant");
    let now = told.at("block.number").number();
    let at = covenant.at("effect_block").number();
    html! {
        section class="card" {
            h2 { "Terms" }
            @if covenant.at("exists").is_true() {
                (sentences(covenant.at("in_force")))
                @if at > now {
                    p { b { "It changes at " (format::countdown(now, at, seconds)) ":" } }
                    (sentences(covenant.at("next")))
                }
            } @else { p class="muted" { "No covenant: it promises no limit to what services can take." } }
            @let approver = told.at("delegation_approver").text();
            p {
                @if super::staker::is_zero(approver) { "Anyone may delegate to it." }
                @else { "Delegating needs the consent of " (parts::account("address", approver)) "." }
            }
            @if told.at("is_operator").is_true() && super::staker::is_zero(approver) {
                form method="get" action="/act/delegate" class="filters" {
                    input type="hidden" name="operator" value=(parts::checksummed(told.at("operator").text()));
                    label { "Your account" input name="from" placeholder="0x…" required size="24"; }
                    (wallet::button("Delegate to it", "delegate", paused))
                }
            }
            p class="small muted" {
                "If it promised more now, that would count from block " (format::grouped(told.at("effect_blocks.allocation").number()))
                "; who queues a withdrawal now is free at block " (format::grouped(told.at("effect_blocks.withdrawal").number())) "."
            }
        }
    }
}

fn sentences(terms: Told<'_>) -> Markup {
    let services = terms.at("max_services").number();
    html! {
        ul class="plain" {
            li { "Services can take at most " b { (format::wad(terms.at("max_slashable_wad").amount(), Round::Up)) } " of the stake." }
            @if services < 65_535 { li { "At most " (format::count(services, "service")) "." } }
            li { "New allocations wait at least " (format::count(terms.at("min_allocation_delay_blocks").number(), "block")) "." }
            li { @if terms.at("allow_redistribution").is_true() { "Sets that pay out slashes are allowed." } @else { "No set that pays out slashes." } }
            @if terms.at("services").items().len() > 0 {
                li { "Only these services: " @for it in terms.at("services").items() { (parts::account("services", it.text())) " " } }
            }
        }
    }
}

fn delegators(told: Told<'_>) -> Markup {
    let items = told.at("delegators.items");
    html! {
        section class="card" {
            h2 { "Delegators" }
            @if items.items().len() == 0 { p class="muted" { "Nobody delegates to it." } } @else {
                ul class="feed" { @for it in items.items() { li { span class="when" { "staker" } (parts::account("stakers", it.text())) } } }
                @if told.at("delegators.more").is_true() { p class="small muted" { "These are the first by address; " code { "restake_delegators" } " has all." } }
            }
        }
    }
}

/// How it has done, as far as the chain tells.
fn record(told: Told<'_>, seconds: Option<u64>) -> Markup {
    let (now, since) = (told.at("block.number").number(), told.at("registered_block").number());
    let age = now.saturating_sub(since);
    let slashes = told.at("slashes.items").items().len() as u64;
    let least = told.at("exposures").items().map(|it| it.at("max_magnitude").amount()).min().unwrap_or(WAD);
    html! {
        @if told.at("is_operator").is_true() {
            div class="sec" { section class="card" {
                h2 { "Record" }
                dl class="kv" {
                    dt { "Operator for" } dd {
                        (format::count(age, "block"))
                        @if let Some(seconds) = seconds { ", " (format::duration(age.saturating_mul(seconds))) }
                        ", since block " (parts::block(since))
                    }
                    dt { "Slashed" } dd {
                        @if slashes == 0 { "never" } @else { span class="lost" { (format::count(slashes, "time")) } }
                    }
                    dt { "Kept" } dd {
                        "Of what was delegated to it from the start, " b { (format::wad(least, Round::Down)) } " is left after slashes"
                        @if told.at("exposures").items().len() > 1 { ", in the asset that lost most" } "."
                    }
                    dt { "Work" } dd class="unknown" { "How well it does its services’ work, they know: no contract here records it." }
                }
            } }
        }
    }
}

/// Slashes in a table: when, why, how much.
pub(super) fn slashes(list: Told<'_>, _: Told<'_>, tokens: &Tokens<'_>) -> Markup {
    html! {
        div class="sec" { section class="card" {
            h2 { "Slashes" }
            @if list.at("items").items().len() == 0 { p class="muted" { "None on this chain." } } @else { (slash_table(list.at("items"), tokens)) }
        } }
    }
}

/// The rows of slashes.
pub(super) fn slash_table(items: Told<'_>, tokens: &Tokens<'_>) -> Markup {
    parts::scroll(
        "Slashes",
        &html! {
            table class="cards" {
                (parts::head(&[("What for", false), ("Block", true), ("Operator", false), ("Set", false), ("Taken", true)]))
                tbody { @for it in items.items() {
                    tr {
                        th scope="row" {
                            @if it.at("slash_id").is_none() { (super::overview::reason(it)) }
                            @else { a href=(super::overview::slash_path(it)) { (super::overview::reason(it)) } }
                        }
                        td class="n" data-l="Block" { (parts::block(it.at("block_number").number())) }
                        td data-l="Operator" { (parts::account("operators", it.at("operator").text())) }
                        td data-l="Set" { (set_link(it.at("operator_set"))) }
                        td class="n" data-l="Taken" {
                            span { @for cut in it.at("strategies").items() {
                                span class="lost nowrap" { "−" (tokens.says(cut.at("strategy").text(), cut.at("shares_slashed").amount(), Round::Up)) }
                                " "
                            } }
                        }
                    }
                } }
            }
        },
    )
}

fn queue(told: Told<'_>, tokens: &Tokens<'_>, seconds: Option<u64>) -> Markup {
    let now = told.at("block.number").number();
    let waiting: Vec<Told<'_>> =
        told.at("withdrawals").items().filter(|it| it.at("status").text() != "completed").collect();
    html! {
        @if !waiting.is_empty() {
            div class="sec" { section class="card" {
                h2 { "Leaving" }
                p { "Stake that has left its delegation and can still be slashed until its window ends." }
                (parts::scroll("Withdrawals", &html! {
                    table class="cards" {
                        (parts::head(&[("Staker", false), ("Queued", true), ("Free", false)]))
                        tbody { @for it in &waiting {
                            tr {
                                th scope="row" { (parts::account("stakers", it.at("staker").text())) }
                                td class="n" data-l="Queued" {
                                    span { @for (strategy, shares) in it.at("strategies").items().zip(it.at("queued_shares").items()) {
                                        (tokens.says(strategy.text(), shares.amount(), Round::Down)) " "
                                    } }
                                }
                                td data-l="Free" { a href=(format!("/withdrawals/{}", it.at("root").text())) { (format::countdown(now, it.at("completable_block").number(), seconds)) } }
                            }
                        } }
                    }
                }))
            } }
        }
    }
}
