//! A staker's page: deposited, worth now, ready, what services can take, lost; what could be lost step by step; what
//! waits. The five never mix. Sums are by asset: each is in its own token.

use super::{Drawn, Paused, address, draw, wallet};
use crate::{
    charts::{self, Segment, Size, Step, Words, ratio},
    format::{self, Round},
    parts,
    told::Told,
    viewer::Viewer,
};
use alloy_primitives::U256;
use axum::{Extension, body::Body, http::Response};
use maud::{Markup, html};
use rpc::Reads;
use std::collections::BTreeMap;

/// The test token's strategy of development chains.
const TEST_STRATEGY: &str = "0x1b4029dD81999F1baEAdb1A0d4D2f660363Fa95A";
/// Stones of a wall, at least.
const STONES: u64 = 60;

/// What a staker has of one asset, in the token's smallest units.
#[derive(Clone, Debug, Default)]
struct Asset {
    symbol: String,
    token: String,
    decimals: u8,
    deposited: U256,
    withdrawable: U256,
    queued: U256,
    ready: U256,
    /// What sets can take now, of stake and of the queue.
    at_risk: U256,
    /// By set: what it can take.
    by_set: Vec<(String, U256)>,
    lost: U256,
}

impl Asset {
    fn worth(&self) -> U256 {
        self.withdrawable.saturating_add(self.queued)
    }

    fn says(&self, amount: U256, round: Round) -> String {
        format!("{} {}", format::position(amount, self.decimals, round), self.symbol)
    }
}

/// Shares in tokens, at the rate that a holding implies.
fn at_rate(shares: U256, holding: Told<'_>) -> U256 {
    let (all, tokens) =
        (holding.at("withdrawable_shares").amount(), holding.at("withdrawable_tokens").amount());
    shares.checked_mul(tokens).and_then(|it| it.checked_div(all)).unwrap_or(shares)
}

/// The assets of a position, by strategy.
fn assets(told: Told<'_>) -> BTreeMap<String, Asset> {
    let now = told.at("block.number").number();
    let mut all: BTreeMap<String, Asset> = BTreeMap::new();
    for it in told.at("holdings").items() {
        let asset = all.entry(it.at("strategy").text().to_lowercase()).or_default();
        let deposited = at_rate(it.at("deposit_shares").amount(), it);
        asset.symbol = format::foreign(it.at("symbol").text());
        asset.token = it.at("token").text().to_owned();
        asset.decimals = it.at("decimals").decimals();
        asset.deposited = deposited;
        asset.withdrawable = it.at("withdrawable_tokens").amount();
        asset.lost = deposited.saturating_sub(asset.withdrawable);
    }
    for it in told.at("queued").items() {
        let ready = it.at("completable_block").number() <= now;
        let shares = it.at("withdrawable_shares");
        for (strategy, shares) in it.at("strategies").items().zip(shares.items()) {
            let asset = all.entry(strategy.text().to_lowercase()).or_insert_with(unnamed);
            asset.queued = asset.queued.saturating_add(shares.amount());
            if ready {
                asset.ready = asset.ready.saturating_add(shares.amount());
            }
        }
    }
    for it in told.at("risks").items() {
        let asset = all.entry(it.at("strategy").text().to_lowercase()).or_insert_with(unnamed);
        let takes = it.at("at_risk_shares").amount().saturating_add(it.at("at_risk_queued_shares").amount());
        asset.at_risk = asset.at_risk.saturating_add(takes);
        asset.by_set.push((set_name(it.at("operator_set")), takes));
    }
    all
}

/// An asset of which only shares are known.
fn unnamed() -> Asset {
    Asset { symbol: "shares".into(), decimals: 18, ..Asset::default() }
}

/// `0xe2A7…38Cf:2`; without a number, a service that AVSDirectory alone knows.
pub(super) fn set_name(set: Told<'_>) -> String {
    if set.at("id").is_none() {
        return parts::short(set.at("avs").text());
    }
    format!("{}:{}", parts::short(set.at("avs").text()), set.at("id").number())
}

/// A set, linked.
pub(super) fn set_link(set: Told<'_>) -> Markup {
    let avs = parts::checksummed(set.at("avs").text());
    let at = match set.at("id").is_none() {
        true => format!("/services/{avs}"),
        false => format!("/services/{avs}/sets/{}", set.at("id").number()),
    };
    html! { a class="addr" href=(at) { (set_name(set)) } }
}

pub(super) async fn show(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    let (seconds, is_dev) = (reads.seconds_per_block(), reads.is_dev());
    let paused = Paused::read(&reads).await;
    draw(&reads, &viewer, |told| {
        let account = told.at("staker").text();
        let assets = assets(told);
        let main = assets.values().max_by_key(|asset| asset.worth()).cloned();
        let seconds = (!is_dev).then_some(seconds);
        Drawn {
            title: format!("Staker {}", parts::short(account)),
            section: "/stakers",
            body: html! {
                (address::head(account, "A staker’s position", &html! { a href="/stakers" { "Stake" } }))
                (delegation(told))
                (paused.banners(&["deposit", "delegate", "withdraw", "complete"]))
                div id="position" hx-get=(viewer.here) hx-select="#position" hx-swap="outerHTML"
                    hx-trigger="block from:body delay:200ms" {
                    @match &main {
                        None => (empty(account)),
                        Some(main) => {
                            (tiles(main, told, seconds))
                            @if assets.len() > 1 {
                                p class="note" { "Figures above and the drawings are of " (main.symbol) "; every asset is in the table below." }
                            }
                            (wall(main))
                            div class="sec grid21" {
                                section class="card" { (losses(main)) }
                                section class="card" { (waiting(told, seconds, &paused)) }
                            }
                            (by_service(told, &assets, seconds))
                            (by_asset(&assets))
                        },
                    }
                }
                (actions(told, &assets, &paused))
                (exact(told))
            },
        }
    })
    .await
}

fn delegation(told: Told<'_>) -> Markup {
    let operator = told.at("operator").text();
    html! {
        p {
            @if is_zero(operator) { "Not delegated: no service can take anything of it, and it earns nothing." }
            @else if operator.eq_ignore_ascii_case(told.at("staker").text()) { "An operator, which holds its own stake. " a href=(format!("/operators/{}", parts::checksummed(operator))) { "Its book" } }
            @else { "Delegated to " (parts::account("operators", operator)) "." }
        }
    }
}

/// Whether an address names nobody.
pub(super) fn is_zero(address: &str) -> bool {
    address.trim_start_matches("0x").chars().all(|it| it == '0')
}

fn empty(account: &str) -> Markup {
    html! {
        section class="card" {
            (parts::empty("Nothing is staked by this account.", &html! {
                "Two ways in: deposit a token into a " a href="/strategies" { "strategy" } ", then delegate to an "
                a href="/operators" { "operator" } ". Or " code { "bulwark staker deposit --from " (parts::short(account)) } "."
            }))
        }
    }
}

fn tiles(main: &Asset, told: Told<'_>, seconds: Option<u64>) -> Markup {
    let position = |amount, round| format::position(amount, main.decimals, round);
    let symbol = main.symbol.as_str();
    let now = told.at("block.number").number();
    let next =
        told.at("queued").items().map(|it| it.at("completable_block").number()).filter(|at| *at > now).min();
    parts::tiles(&[
        parts::tile("Deposited", position(main.deposited, Round::Down), symbol)
            .below(html! { "what was put in and not taken out, at today’s rate" }),
        parts::tile("Worth now", position(main.worth(), Round::Down), symbol).class("yours").below(html! {
            "withdrawable " (position(main.withdrawable, Round::Down)) ", in queue " (position(main.queued, Round::Down))
        }),
        parts::tile("Ready to claim", position(main.ready, Round::Down), symbol).below(html! {
            @match next { Some(at) => { "next: " (format::countdown(now, at, seconds)) }, None => "nothing else is in the queue" }
        }),
        parts::tile("Services can take", position(main.at_risk, Round::Up), symbol).class("risk")
            .below(html! { (format::share(main.at_risk, main.worth())) " of what you have" }),
        parts::tile("Lost", position(main.lost, Round::Up), symbol)
            .class(if main.lost.is_zero() { "" } else { "lost" })
            .below(html! { @if main.lost.is_zero() { "nothing was taken of what is staked" } @else { "taken by slashes of what is staked" } }),
    ])
}

/// One stone of 1, 2 or 5 times a power of ten of whole tokens, so that there are some sixty to a hundred and fifty.
fn stone(total: U256, decimals: u8) -> U256 {
    super::overview::stone_of(total, STONES).max(U256::from(u8::from(decimals == 0)))
}

fn wall(main: &Asset) -> Markup {
    let stone = stone(main.worth().saturating_add(main.lost), main.decimals);
    let safe = main.worth().saturating_sub(main.at_risk);
    let queued_free = main.queued.min(safe);
    let staked_free = safe.saturating_sub(queued_free);
    let segment = |amount: U256, class, label: &str| Segment {
        stones: ratio(amount, stone),
        class,
        label: label.into(),
    };
    let segments: Vec<Segment<'_>> = [
        segment(staked_free, "own", "staked, not allocated"),
        segment(main.at_risk.min(main.worth()), "atrisk", "can be taken"),
        segment(queued_free, "queue", "in the queue"),
        segment(main.lost, "hole", "lost"),
    ]
    .into_iter()
    .filter(|segment| segment.stones > 0.0)
    .collect();
    let says = format!(
        "{} nobody can take, {} services can take, {} in the queue, {} lost.",
        main.says(staked_free, Round::Down),
        main.says(main.at_risk, Round::Up),
        main.says(main.queued, Round::Down),
        main.says(main.lost, Round::Up),
    );
    let words = Words { id: "position-wall", title: "The position as a wall", says: &says };
    let figure = |amount, round| format::position(amount, main.decimals, round);
    html! {
        div class="sec" { section class="card" {
            (charts::figure(
                &html! { "One stone is " (main.says(stone, Round::Down)) },
                "Solid stones nobody can take. Hatched stones are promised to services. Outlined stones are on their way out. \
                 Dashed red stones are gone.",
                &charts::key(&[
                    ("own", html! { b { (figure(staked_free, Round::Down)) } " not allocated" }),
                    ("atrisk", html! { b { (figure(main.at_risk, Round::Up)) } " can be taken" }),
                    ("queue", html! { b { (figure(queued_free, Round::Down)) } " in the queue" }),
                    ("hole", html! { b { (figure(main.lost, Round::Up)) } " lost" }),
                ]),
                [
                    charts::wall(&segments, 3, (1038.0, 24.0), &words, Size::Wide),
                    charts::wall(&segments, 7, (312.0, 18.0), &words, Size::Narrow),
                ],
                None,
            ))
        } }
    }
}

/// What could go, from one set to all.
fn losses(main: &Asset) -> Markup {
    let worth = main.worth();
    let of = |lost: U256| (ratio(worth.saturating_sub(lost), worth), ratio(lost.min(worth), worth));
    let step = |label: String, lost: U256| {
        let (kept, share) = of(lost);
        let figure = if lost.is_zero() {
            main.says(worth, Round::Down)
        } else {
            format!("could lose {}", format::position(lost, main.decimals, Round::Up))
        };
        Step { label, kept, lost: share, figure }
    };
    let worst = main.by_set.iter().max_by_key(|(_, takes)| *takes);
    let mut steps = vec![step("Worth now".into(), U256::ZERO)];
    if let Some((set, takes)) = worst.filter(|(_, takes)| !takes.is_zero()) {
        steps.push(step(format!("The worst set, {set}, takes all it may"), *takes));
        if main.by_set.len() > 1 {
            steps.push(step("Every set takes all it may".into(), main.at_risk));
        }
    }
    let free = worth.saturating_sub(main.at_risk);
    let says = format!(
        "Of {} services could take {} at most.",
        main.says(worth, Round::Down),
        main.says(main.at_risk, Round::Up)
    );
    let words = Words { id: "ladder", title: "What could be lost", says: &says };
    let drawings = [(664.0, Size::Wide), (312.0, Size::Narrow)]
        .map(|(width, size)| charts::ladder(&steps, width, &words, size));
    html! {
        (charts::figure(
            &html! { "What could I lose?" },
            "From today’s value, by what would have to go wrong. Hatched is what could go; it has not gone.",
            &html! {}, drawings, None,
        ))
        p class="note" {
            b { (main.says(free, Round::Down)) } " is allocated to nobody: no service can take it. What the stake earns is not recorded."
        }
    }
}

/// Everything with a block number, the nearest first.
fn waiting(told: Told<'_>, seconds: Option<u64>, paused: &Paused) -> Markup {
    let now = told.at("block.number").number();
    let mut queued: Vec<Told<'_>> = told.at("queued").items().collect();
    queued.sort_by_key(|it| it.at("completable_block").number());
    let pending = || told.at("risks").items().filter(|it| it.at("effect_block").number() > now);
    html! {
        h2 { "Waiting" }
        @if queued.is_empty() && pending().next().is_none() {
            p class="muted" { "Nothing. Withdrawals and changes of allocations are listed here with their block." }
        } @else {
            ol class="steps" {
                @for it in &queued {
                    @let at = it.at("completable_block").number();
                    @let until = it.at("slashable_until_block").number();
                    li class="wait" {
                        h3 { "A withdrawal " @if at <= now { "is ready" } @else { "leaves the queue" } }
                        p { (format::countdown(now, at, seconds)) "." }
                        p {
                            @if until >= now { "Until block " (format::grouped(until)) " it can shrink, never grow." }
                            @else { "It can no longer be slashed." }
                        }
                        p class="when" { a href=(format!("/withdrawals/{}", it.at("root").text())) { "root " code { (parts::short_hash(it.at("root").text())) } } }
                        @if at <= now { (wallet::complete(told.at("staker").text(), it.at("root").text(), paused)) }
                    }
                }
                @for it in pending() {
                    li class="wait" {
                        h3 { "What " (set_link(it.at("operator_set"))) " can take " (direction(it)) }
                        p { (format::countdown(now, it.at("effect_block").number(), seconds)) "." }
                    }
                }
            }
        }
    }
}

fn direction(it: Told<'_>) -> &'static str {
    if it.at("pending_diff").text().starts_with('-') { "falls" } else { "grows" }
}

fn by_service(told: Told<'_>, assets: &BTreeMap<String, Asset>, seconds: Option<u64>) -> Markup {
    let now = told.at("block.number").number();
    let risks = told.at("risks");
    html! {
        div class="sec" { section class="card" {
            h2 { "What each operator set can take" }
            @if risks.items().len() == 0 {
                p class="muted" { "Nothing: no set has an allocation of this stake." }
            } @else {
                p { "Each set can take from its own part only." }
                (parts::scroll("Operator sets", &html! {
                    table class="cards" {
                        (parts::head(&[
                            ("Operator set", false), ("Staked", true), ("Queued", true), ("Can take", true), ("Share allocated", true),
                            ("Change under way", false),
                        ]))
                        tbody { @for it in risks.items() {
                            @let asset = assets.get(&it.at("strategy").text().to_lowercase()).cloned().unwrap_or_else(unnamed);
                            @let staked = it.at("at_risk_shares").amount();
                            @let queued = it.at("at_risk_queued_shares").amount();
                            tr {
                                th scope="row" {
                                    (set_link(it.at("operator_set")))
                                    @if it.at("redistributes").is_true() { " " span class="tag risk" { "pays out slashes" } }
                                }
                                (parts::figure_cell("Staked", &asset.says(staked, Round::Up)))
                                (parts::figure_cell("Queued", &asset.says(queued, Round::Up)))
                                td class="n" data-l="Can take" { span class="risk" { (asset.says(staked.saturating_add(queued), Round::Up)) } }
                                (parts::figure_cell("Share allocated", &format::wad(it.at("current_magnitude").amount(), Round::Up)))
                                td data-l="Change under way" {
                                    @if it.at("effect_block").number() > now {
                                        span { (direction(it)) " at " (format::countdown(now, it.at("effect_block").number(), seconds)) }
                                    } @else if !it.at("is_slashable").is_true() { "the operator has left; not slashable" }
                                    @else { "none" }
                                }
                            }
                        } }
                    }
                }))
            }
        } }
    }
}

fn by_asset(assets: &BTreeMap<String, Asset>) -> Markup {
    html! {
        div class="sec" { section class="card" {
            h2 { "By asset" }
            (parts::scroll("Assets", &html! {
                table class="cards" {
                    (parts::head(&[
                        ("Asset", false), ("Deposited", true), ("Withdrawable", true), ("In queue", true), ("Can be taken", true), ("Lost", true),
                    ]))
                    tbody { @for (strategy, it) in assets {
                        tr {
                            th scope="row" { (parts::named("strategies", strategy, Some(&it.symbol))) }
                            @for (label, amount, round) in [
                                ("Deposited", it.deposited, Round::Down), ("Withdrawable", it.withdrawable, Round::Down),
                                ("In queue", it.queued, Round::Down), ("Can be taken", it.at_risk, Round::Up), ("Lost", it.lost, Round::Up),
                            ] {
                                (parts::figure_cell(label, &format::position(amount, it.decimals, round)))
                            }
                        }
                    } }
                }
            }))
        } }
    }
}

/// What the account can do, with the asset that it has most of, or the test token's strategy.
fn actions(told: Told<'_>, assets: &BTreeMap<String, Asset>, paused: &Paused) -> Markup {
    let account = told.at("staker").text();
    let main = assets.iter().max_by_key(|(_, asset)| asset.worth());
    let (strategy, symbol) =
        main.map_or((TEST_STRATEGY, "TEST"), |(strategy, asset)| (strategy.as_str(), asset.symbol.as_str()));
    wallet::panel(account, (strategy, symbol), !is_zero(told.at("operator").text()), paused)
}

/// The integers as the chain has them.
fn exact(told: Told<'_>) -> Markup {
    html! {
        details class="sec" {
            summary { "Exact integers" }
            dl class="kv" {
                @for it in told.at("holdings").items() {
                    dt { (parts::account("strategies", it.at("strategy").text())) }
                    dd {
                        "deposit shares " code { (it.at("deposit_shares").text()) } ", scaling factor " code { (it.at("scaling_factor").text()) }
                        ", withdrawable shares " code { (it.at("withdrawable_shares").text()) }
                    }
                }
            }
        }
    }
}
