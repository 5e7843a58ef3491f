//! How acting looks: the list of verbs, a verb's form with what is wrong at its field, the four lines before one signs, and
//! what one has now. The wallet's script finds its places by id and fills in text only.

use super::{
    Field, Kind, MOST_CHARACTERS, MOST_OF_BYTES, Role, Verb,
    approval::Approval,
    asked::{Asked, Trouble},
    facts,
    plan::Plan,
    price::Price,
};
use crate::{
    assets::ACT,
    format::{self, Ether, Round},
    pages::Paused,
    parts,
    told::Told,
};
use alloy_primitives::{Address, U256};
use maud::{Markup, html};
use rpc::Reads;

/// The list of verbs.
pub(super) fn index(reads: &Reads, accounts: &[String], paused: &Paused) -> Markup {
    let verbs: Vec<&str> = Verb::offered(reads).map(Verb::paused_as).collect();
    html! {
        div class="head" { div {
            h1 { "Act" }
            p class="lede" {
                "Each page says what you get at worst, when you are out again and what it costs, before your wallet signs."
            }
        } }
        (paused.banners(&verbs))
        (wallet(reads, accounts))
        @for (title, role) in [("As a staker", Role::Staker), ("As an operator", Role::Operator)] {
            div class="sec" {
                h2 { (title) }
                div class="grid3 verbs" {
                    @for verb in Verb::offered(reads).filter(|verb| verb.role() == role) {
                        section class="card" {
                            h3 {
                                a href=(format!("/act/{}", verb.path())) { (verb.title()) }
                                @if paused.stops(verb.paused_as()) { " " span class="tag" { "paused" } }
                            }
                            p class="small" { (verb.says()) }
                        }
                    }
                }
            }
        }
    }
}

/// The wallet's own place: what it is, what is wrong with it, and its buttons, which the script makes.
fn wallet(reads: &Reads, accounts: &[String]) -> Markup {
    let name = format!("Bulwark {}", reads.chain_id());
    html! {
        section class="card" id="wallet" data-chain=(format!("{:#x}", reads.chain_id())) data-name=(name)
            data-accounts=(accounts.join(",")) aria-labelledby="wallet-head" {
            h2 id="wallet-head" { "Wallet" }
            p id="wallet-says" role="status" {
                "Wallets need this page's script. Without it, every page here still shows what to sign."
            }
            div id="wallet-wrong" class="banner pending" role="alert" hidden {}
            div id="wallet-ways" class="row" {}
        }
        script src=(ACT.address()) defer {}
    }
}

fn head(verb: Verb) -> Markup {
    html! {
        div class="head" { div {
            p class="crumb" { a href="/act" { "Act" } " / " (verb.title()) }
            h1 { (verb.title()) }
            p class="lede" { (verb.says()) }
        } }
    }
}

/// A verb's form, with what is wrong.
pub(super) async fn form(
    reads: &Reads,
    verb: Verb,
    asked: &Asked,
    trouble: Option<&Trouble>,
    accounts: &[String],
) -> Markup {
    let strategies = facts::strategies(reads).await.unwrap_or_default();
    let wrong = |field: &Field| match trouble {
        Some(Trouble::Field(name, why)) if *name == field.name => Some(why.as_str()),
        _ => None,
    };
    html! {
        (head(verb))
        @if let Some(Trouble::Node(refused)) = trouble {
            p class="banner pending" role="alert" { b { "Nothing to sign." } " " (format::foreign(&refused.why)) }
        }
        div class="grid21" {
            section class="card" {
                form class="fields" action=(format!("/act/{}", verb.path())) {
                    @for it in verb.fields().iter().filter(|it| it.kind != Kind::Hidden || asked.has(it.name)) { (field(it, asked.text(it.name), wrong(it), &strategies)) }
                    p class="row" { button class="btn go" { "See what it means" } a class="btn" href="/act" { "Not now" } }
                }
            }
            div class="stackv" {
                (wallet(reads, accounts))
                (position_box(reads, asked.text("from")).await)
            }
        }
    }
}

fn field(it: &Field, value: &str, wrong: Option<&str>, strategies: &[facts::Strategy]) -> Markup {
    let id = format!("f-{}", it.name);
    let (hint, error) = (format!("{id}-hint"), format!("{id}-wrong"));
    let described = if wrong.is_some() { format!("{error} {hint}") } else { hint.clone() };
    let invalid = wrong.map(|_| "true");
    html! {
        div class="field" {
            label for=(id) { (it.label) @if it.is_optional { span class="muted" { " (if needed)" } } }
            @match it.kind {
                Kind::Strategy => select id=(id) name=(it.name) aria-describedby=(described) aria-invalid=[invalid] {
                    @for strategy in strategies {
                        @let address = strategy.address.to_checksum(None);
                        option value=(address) selected[address.eq_ignore_ascii_case(value)] {
                            (strategy.symbol) " · " (parts::short(&address))
                            @if !strategy.is_open { " · closed" }
                        }
                    }
                },
                Kind::Choice(all) => select id=(id) name=(it.name) aria-describedby=(described) aria-invalid=[invalid] {
                    @for (choice, name) in all { option value=(choice) selected[*choice == value] { (name) } }
                },
                Kind::From | Kind::Text | Kind::Bytes | Kind::Hidden => input id=(id) name=(it.name) value=(value)
                    maxlength=(if it.kind == Kind::Bytes { MOST_OF_BYTES } else { MOST_CHARACTERS }) autocomplete="off"
                    spellcheck="false" aria-describedby=(described) aria-invalid=[invalid]
                    data-wallet=[(it.kind == Kind::From).then_some("from")];
            }
            @if let Some(why) = wrong { p class="wrong" id=(error) role="alert" { (why) } }
            p class="small muted" id=(hint) { (it.hint) }
        }
    }
}

/// What would be signed: four lines, what to be careful of, and the calls themselves.
pub(super) async fn before(
    reads: &Reads,
    verb: Verb,
    asked: &Asked,
    (plan, price): (&Plan, &Price),
    ether: Ether,
    accounts: &[String],
) -> Markup {
    let from = plan.from.to_checksum(None);
    let transactions = serde_json::to_string(&price.transactions).unwrap_or_default();
    html! {
        (head(verb))
        div class="grid21" {
            section class="card" id="sign" data-from=(from) data-transactions=(transactions) aria-labelledby="before" {
                h2 id="before" tabindex="-1" { "Before you sign" }
                dl class="kv" {
                    dt { "You" }
                    dd { (list(plan.steps.iter().map(|step| step.says.clone()))) }
                    dt { "You get" } dd { (plan.get) }
                    dt { "Earliest" } dd { (plan.earliest) }
                    dt { "Fee" } dd { "at most " (ether.fee(price.fee_at_most)) " " (ether.symbol()) }
                    dt { "Account" } dd { code class="full" { (from) } }
                }
                (careful(plan, price))
                p id="sign-wrong" class="banner pending" role="alert" hidden {}
                ol id="sign-steps" class="plain" aria-live="polite" {}
                p class="row" id="sign-buttons" {
                    button type="button" class="btn go" id="sign-go" hidden { "Ask my wallet" }
                    a class="btn" href=(back(verb, asked)) { "Change" }
                    a class="btn" href="/act" { "Not now" }
                }
                (calls(plan, price))
            }
            div class="stackv" {
                (wallet(reads, accounts))
                (position_box(reads, &from).await)
            }
        }
    }
}

/// What an approver is asked to sign, and where the signature goes.
pub(super) fn approval(reads: &Reads, asked: &Asked, approval: &Approval, accounts: &[String]) -> Markup {
    let from = approval.from.to_checksum(None);
    html! {
        (head(Verb::Approve))
        div class="grid21" {
            section class="card" id="sign" data-from=(from) data-typed=(approval.typed.to_string())
                data-path=(approval.path) aria-labelledby="before" {
                h2 id="before" tabindex="-1" { "Before you sign" }
                dl class="kv" {
                    dt { "You" } dd { "let " code class="full" { (approval.staker.to_checksum(None)) } " delegate" }
                    dt { "To" } dd { code class="full" { (approval.operator.to_checksum(None)) } }
                    dt { "Ends" } dd { "in a day, or once it is used" }
                    dt { "Fee" } dd { "none: nothing is sent" }
                    dt { "Account" } dd { code class="full" { (from) } }
                }
                p id="sign-wrong" class="banner pending" role="alert" hidden {}
                ol id="sign-steps" class="plain" aria-live="polite" {}
                p class="row" id="sign-buttons" {
                    button type="button" class="btn go" id="sign-go" hidden { "Ask my wallet" }
                    a class="btn" href=(back(Verb::Approve, asked)) { "Change" }
                    a class="btn" href="/act" { "Not now" }
                }
                details {
                    summary { "What exactly is signed" }
                    p { code class="full" { (approval.typed.to_string()) } }
                }
            }
            (wallet(reads, accounts))
        }
    }
}

fn list(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", then ")
}

fn careful(plan: &Plan, price: &Price) -> Markup {
    html! {
        @if !plan.warnings.is_empty() || price.is_short {
            h3 { "Careful" }
            ul class="plain careful" {
                @if price.is_short { li { "this account has too little ETH for the fee" } }
                @for words in &plan.warnings { li { (words) } }
            }
        }
        @if !price.effects.is_empty() {
            h3 { "What the chain says it would do" }
            ul class="plain" { @for words in &price.effects { li { (words) } } }
        }
    }
}

fn calls(plan: &Plan, price: &Price) -> Markup {
    html! {
        details {
            summary { "What exactly is signed" }
            p class="small muted" { "The same can be sent with any other tool." }
            @for (step, transaction) in plan.steps.iter().zip(&price.transactions) {
                @let told = Told::new(transaction);
                h3 { (step.says) }
                dl class="kv" {
                    dt { "To" } dd { code class="full" { (step.to.to_checksum(None)) } }
                    dt { "Data" } dd { code class="full" { (told.at("data").text()) } }
                    dt { "Gas" } dd { (format::grouped(told.at("gas").amount())) " at most" }
                }
            }
        }
    }
}

/// The form with the same fields.
fn back(verb: Verb, asked: &Asked) -> String {
    let mut path = format!("/act/{}?edit=1", verb.path());
    for field in verb.fields().iter().filter(|field| asked.has(field.name)) {
        path.push_str(&format!("&{}={}", field.name, encoded(asked.text(field.name))));
    }
    path
}

/// Text as a value of a query: everything but letters and digits by its bytes.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

/// What an account has now, refreshed with each block; nothing if the text is no address.
async fn position_box(reads: &Reads, account: &str) -> Markup {
    let Ok(staker) = account.parse::<Address>() else { return html! {} };
    html! {
        section class="card" aria-labelledby="has" {
            h2 id="has" { "Now" }
            div id="position" hx-get=(format!("/parts/position/{staker}")) hx-trigger="block from:body delay:200ms"
                hx-swap="innerHTML" {
                (position(reads, staker).await)
            }
        }
    }
}

/// What a staker has now.
pub(super) async fn position(reads: &Reads, staker: Address) -> Markup {
    let answer = match reads.get(&format!("/api/v1/stakers/{staker}")).await {
        Ok(answer) => answer,
        Err(refused) => {
            return html! { p class="banner pending" role="alert" { (format::foreign(&refused.why)) } };
        }
    };
    let told = Told::new(&answer);
    let operator = told.at("operator").text();
    let delegated = operator.parse::<Address>().is_ok_and(|operator| !operator.is_zero());
    html! {
        dl class="kv" {
            dt { "Account" } dd { (parts::account("stakers", &staker.to_string())) }
            dt { "Operator" }
            dd { @if delegated { (parts::account("operators", operator)) } @else { "none" } }
            @for holding in told.at("holdings").items() {
                @let tokens = holding.at("withdrawable_tokens").amount();
                dt { (format::foreign(holding.at("symbol").text())) " at stake" }
                dd { (format::position(tokens, holding.at("decimals").decimals(), Round::Down)) }
            }
            @if told.at("holdings").items().len() == 0 { dt { "At stake" } dd { "nothing" } }
            @for queued in told.at("queued").items() { (waiting(reads, queued)) }
        }
    }
}

fn waiting(reads: &Reads, queued: Told<'_>) -> Markup {
    let at = queued.at("completable_block").number();
    let shares: U256 =
        queued.at("withdrawable_shares").items().fold(U256::ZERO, |sum, it| sum.saturating_add(it.amount()));
    html! {
        dt { "Waits" }
        dd {
            (format::position(shares, 18, Round::Down)) " shares · "
            @if reads.head().saturating_add(1) >= at { "ready" } @else { (facts::countdown(reads, at)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_survives_the_way_back() {
        assert_eq!(encoded("1.5 & <b>%"), "1%2E5%20%26%20%3Cb%3E%25");
        let asked = Asked([("amount".to_owned(), "25%".to_owned())].into());
        assert_eq!(back(Verb::Mint, &asked), "/act/mint?edit=1&amount=25%25");
    }
}
