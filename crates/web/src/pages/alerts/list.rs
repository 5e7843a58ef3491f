//! The rules with how they stand and what can be done with each, what they told last, and what trying one brought.

use super::form;
use crate::{format, names::Names, parts, told::Told};
use maud::{Markup, html};

/// What narrows a rule, in words.
const SCOPES: [(&str, &str, &str); 4] = [
    ("staker", "staker", "stakers"),
    ("operator", "operator", "operators"),
    ("avs", "service", "services"),
    ("strategy", "strategy", "strategies"),
];

/// The rules.
pub(super) fn rules(items: Told<'_>, names: &Names) -> Markup {
    html! {
        @if items.items().len() == 0 {
            (parts::empty("No rule is set.", &html! { "Add one below, or with " code { "bulwark alert add slashes slash" } ", which tells of every slash." }))
        } @else {
            (parts::scroll("Rules", &html! {
                table class="cards" {
                    thead { tr {
                        th scope="col" { "Rule" }
                        th scope="col" { "Tells of" }
                        th scope="col" { "To" }
                        th scope="col" class="n" { "Evaluated to" }
                        th scope="col" class="n" { "To deliver" }
                        th scope="col" { "State" }
                        th scope="col" { span class="vh" { "What to do with it" } }
                    } }
                    tbody { @for it in items.items() { (rule(it, names)) } }
                }
            }))
        }
    }
}

fn rule(it: Told<'_>, names: &Names) -> Markup {
    let name = format::foreign(it.at("name").text());
    let is_configured = it.at("is_configured").is_true();
    html! {
        tr {
            th scope="row" {
                (name)
                @if is_configured { " " span class="tag" { "from the file" } }
            }
            td data-l="Tells of" { span { (form::words(it.at("kind").text())) (narrowed(it, names)) } }
            td data-l="To" { (to(it.at("webhook").text())) }
            td class="n" data-l="Evaluated to" { (parts::block(it.at("evaluated_block").number())) }
            td class="n" data-l="To deliver" { (format::grouped(it.at("waiting").number())) }
            td data-l="State" { span { (state(it)) } }
            td {
                form class="row" method="post" action="/alerts" {
                    input type="hidden" name="name" value=(name);
                    button name="do" value="test" { "Test" span class="vh" { " the rule " (name) } }
                }
                @if !is_configured {
                    details class="confirm" {
                        summary { "Remove…" span class="vh" { " the rule " (name) } }
                        form method="post" action="/alerts" {
                            input type="hidden" name="name" value=(name);
                            p class="small" { "It is watched no longer, and what waits for its webhook is dropped." }
                            button name="do" value="remove" { "Remove " (name) }
                        }
                    }
                }
            }
        }
    }
}

/// What narrows a rule, and its bound.
fn narrowed(it: Told<'_>, names: &Names) -> Markup {
    let set = it.at("operator_set").text().rsplit_once(':');
    html! {
        @for (field, word, kind) in SCOPES {
            @let account = it.at(field).text();
            @if !account.is_empty() {
                span class="why" { "only " (word) " " (parts::named(kind, account, names.of(account))) }
            }
        }
        @if let Some((avs, id)) = set {
            span class="why" {
                "only set "
                @if let Some(name) = names.of(avs) { b { (format::foreign(name)) } " " }
                a class="addr" href=(format!("/services/{}/sets/{id}", parts::checksummed(avs))) { (parts::short(avs)) ":" (id) }
            }
        }
        @if let Some(under) = it.at("under").float() { span class="why" { "under " (under) } }
        @if let Some(over) = it.at("over").float() { span class="why" { "over " (percent(over)) } }
    }
}

/// A share as per cent, without digits that only the way of writing brings.
fn percent(share: f64) -> String {
    let said = format!("{:.4}", share * 100.0);
    format!("{} %", said.trim_end_matches('0').trim_end_matches('.'))
}

/// Where alerts of a rule go. Of a webhook the machine is told: what follows may be a password of sorts.
fn to(webhook: &str) -> Markup {
    let rest = webhook.split_once("://").map(|(_, rest)| rest);
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    html! {
        @match host {
            None => "log and events",
            Some(host) => span class="full" { (format::foreign(host)) },
        }
    }
}

fn state(it: Told<'_>) -> Markup {
    let failures = it.at("failures").number();
    html! {
        @if !it.at("last_error").is_none() {
            span class="risk" { (format::foreign(it.at("last_error").text())) }
            span class="why" { (format::count(failures, "try")) " failed, and it goes on" }
        } @else if it.at("is_beyond").is_true() {
            span class="risk" { "beyond its bound" }
        } @else { "works" }
    }
}

/// What rules told last.
pub(super) fn recent(items: Told<'_>) -> Markup {
    html! {
        @if items.items().len() == 0 { p class="muted" { "Nothing yet." } } @else {
            ul class="feed" { @for it in items.items() {
                li {
                    a class="when" href=(format!("/blocks/{}", it.at("block_number").number())) {
                        "block " (format::grouped(it.at("block_number").number()))
                    }
                    span { b { (format::foreign(it.at("rule").text())) } " " (format::foreign(it.at("words").text())) }
                }
            } }
        }
    }
}

/// What trying a rule brought.
pub(super) fn tried(name: &str, told: Told<'_>) -> Markup {
    let status = told.at("status").number();
    html! {
        @if !told.at("delivered").is_true() {
            p class="banner pending" role="alert" {
                b { "The test of " (name) " was not delivered." } " The webhook " (format::foreign(told.at("error").text())) "."
            }
        } @else {
            p class="banner info" role="status" {
                b { "The test of " (name) " was delivered." } " "
                @if status > 0 { "The webhook answered " (status) "." }
                @else { "It is in the log and in the streams of events; the rule has no webhook." }
            }
        }
    }
}

/// The secret of a new rule, this once.
pub(super) fn secret(name: &str, secret: &str) -> Markup {
    html! {
        section class="banner info" id="secret" aria-labelledby="secret-head" {
            h2 id="secret-head" { (name) " is watched from the next block on" }
            p role="status" { "What is posted to its webhook is signed with this secret. It is shown only now: keep it." }
            code class="full" { (secret) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_told_by_its_machine_alone() {
        let said = |url| to(url).into_string();
        assert!(said("https://hooks.test/services/T0/SECRET").contains(">hooks.test<"));
        assert!(said("https://hooks.test?token=SECRET").contains(">hooks.test<"));
        assert_eq!(said(""), "log and events");
        for url in ["https://hooks.test/SECRET", "https://h.test#SECRET"] {
            assert!(!said(url).contains("SECRET"), "{url}");
        }
    }

    #[test]
    fn shares_have_the_digits_that_were_written() {
        for (share, said) in [(0.3, "30 %"), (0.07, "7 %"), (0.333, "33.3 %"), (1.0, "100 %"), (0.0, "0 %")] {
            assert_eq!(percent(share), said);
        }
    }
}
