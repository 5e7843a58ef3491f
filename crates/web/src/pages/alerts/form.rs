//! The form that adds a rule: its fields, what they mean, and what is wrong with each. What was typed stays.

use crate::{format, names::Names, parts, told::Told};
use alloy_primitives::Address;
use maud::{Markup, html};
use rpc::{AlertKind, AlertRule};
use std::collections::BTreeMap;

/// Characters of a field.
const MOST_CHARACTERS: usize = 2_048;

/// Kinds in words.
const KINDS: [(AlertKind, &str); 7] = [
    (AlertKind::Slash, "slashes"),
    (AlertKind::PendingSlash, "slashes that wait"),
    (AlertKind::Allocation, "changes of allocations"),
    (AlertKind::Operator, "changes of operators"),
    (AlertKind::WithdrawalReady, "withdrawals that are ready"),
    (AlertKind::Gamma, "the slack γ under a bound"),
    (AlertKind::Concentration, "concentration over a bound"),
];

/// A field of text.
struct Field {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    /// Whether names of people are offered.
    is_person: bool,
}

const fn field(name: &'static str, label: &'static str, hint: &'static str) -> Field {
    Field { name, label, hint, is_person: false }
}

const fn person(name: &'static str, label: &'static str, hint: &'static str) -> Field {
    Field { name, label, hint, is_person: true }
}

const NAME: Field = field("name", "Name", "Letters, digits, - and _.");
const PEOPLE: [Field; 4] = [
    person("staker", "Staker", "A name or an address."),
    person("operator", "Operator", "A name or an address."),
    person("avs", "Service", "A name or an address."),
    field("operator_set", "Operator set", "The service, a colon, the set's number: 0x…:0."),
];
const BOUNDS: [Field; 2] = [
    field("under", "Tell when γ is under", "A number: 0.05."),
    field("over", "Tell when one holds more than", "A share of the stake: 30% or 0.3."),
];
const WEBHOOK: Field =
    field("webhook", "Webhook (if wanted)", "Where it is posted. Without one: the log, events and figures.");

/// A kind in words.
pub(super) fn words(kind: &str) -> &'static str {
    KINDS.iter().find(|(known, _)| known.name() == kind).map_or("something else", |(_, words)| words)
}

/// What the form sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent(pub(super) BTreeMap<String, String>);

/// What is wrong, by field.
pub(super) type Wrongs = BTreeMap<&'static str, String>;

impl Sent {
    /// A field's text; empty if it was not sent.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).map(|text| text.trim()).unwrap_or_default()
    }

    fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// The rule that is meant.
    ///
    /// # Errors
    /// What is wrong, at each field that is.
    pub(super) fn rule(&self, names: &Names, taken: &[&str]) -> Result<AlertRule, Wrongs> {
        let mut wrongs = Wrongs::new();
        let kind = KINDS.iter().find(|(kind, _)| kind.name() == self.text("kind"));
        let kind =
            kept(&mut wrongs, "kind", kind.map(|(kind, _)| *kind).ok_or("Choose one of these.".into()));
        let mut find = |name: &'static str, read: &dyn Fn(&str) -> Result<Address, String>| {
            self.given(name).and_then(|text| kept(&mut wrongs, name, read(text)))
        };
        let by_name = |text: &str| names.find(text);
        let [staker, operator, avs] = ["staker", "operator", "avs"].map(|name| find(name, &by_name));
        let strategy = find("strategy", &crate::names::in_hex);
        let mut read = |name: &'static str, read: &dyn Fn(&str) -> Result<f64, String>| {
            self.given(name).and_then(|text| kept(&mut wrongs, name, read(text)))
        };
        let (under, over) = (read("under", &number), read("over", &share));
        let set = self.given("operator_set").map(|text| set(names, text));
        let set = set.and_then(|set| kept(&mut wrongs, "operator_set", set));
        let rule = AlertRule {
            name: self.text("name").to_owned(),
            kind: kind.unwrap_or(AlertKind::Slash),
            staker,
            operator,
            avs,
            operator_set: set,
            strategy,
            under,
            over,
            webhook: self.given("webhook").map(str::to_owned),
            secret: None,
        };
        let rule = rule.with_secret();
        if taken.contains(&rule.name.as_str()) {
            wrongs.insert("name", "There is a rule of this name already.".into());
        }
        if let Some((name, _)) = self.0.iter().find(|(_, text)| text.chars().count() > MOST_CHARACTERS) {
            let field = all().find(|field| field.name == name).map_or("name", |field| field.name);
            wrongs.insert(field, format!("A field has at most {MOST_CHARACTERS} characters."));
        }
        // What fits a rule depends on its kind: without one there is no more to say.
        for bad in rule.wrongs().filter(|bad| kind.is_some() || bad.field == "name") {
            wrongs.entry(bad.field).or_insert_with(|| sentence(&bad.why));
        }
        if wrongs.is_empty() { Ok(rule) } else { Err(wrongs) }
    }
}

/// What was read, or a note of why it was not.
fn kept<T>(wrongs: &mut Wrongs, name: &'static str, read: Result<T, String>) -> Option<T> {
    read.map_err(|why| wrongs.insert(name, why)).ok()
}

fn number(text: &str) -> Result<f64, String> {
    let read = text.replace('−', "-").parse().ok().filter(|it: &f64| it.is_finite());
    read.ok_or_else(|| "Write a number with a point: 0.05.".into())
}

fn share(text: &str) -> Result<f64, String> {
    let (digits, whole) = text.strip_suffix('%').map_or((text, 1.0), |digits| (digits.trim_end(), 100.0));
    let read = number(digits).ok().map(|it| it / whole).filter(|it| (0.0..=1.0).contains(it));
    read.ok_or_else(|| "Write a share between nothing and all: 30% or 0.3.".into())
}

fn set(names: &Names, text: &str) -> Result<String, String> {
    let parts =
        text.rsplit_once(':').and_then(|(avs, id)| Some((avs.trim(), id.trim().parse::<u32>().ok()?)));
    let why = "Write the service, a colon and the set's number: 0x…:0.";
    let (avs, id) = parts.ok_or_else(|| why.to_owned())?;
    Ok(format!("{}:{id}", names.find(avs)?))
}

/// One line of a program as a sentence.
pub(super) fn sentence(why: &str) -> String {
    let mut letters = why.chars();
    let first = letters.next().map(|it| it.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", format::foreign(letters.as_str()).trim_end_matches('.'))
}

/// All fields of text.
fn all() -> impl Iterator<Item = &'static Field> {
    [&NAME, &WEBHOOK].into_iter().chain(&PEOPLE).chain(&BOUNDS)
}

/// For which kinds a field is, as the style sheet finds it; none: for all.
fn kinds_of(name: &str) -> Option<String> {
    let is_for = |kind: &AlertKind| {
        kind.narrowed_by().contains(&name) || kind.bounded_by().is_some_and(|it| it == name)
    };
    let kinds: Vec<&str> =
        AlertKind::ALL.iter().filter(|kind| is_for(kind)).map(|kind| kind.name()).collect();
    (!kinds.is_empty()).then(|| kinds.join(" "))
}

/// The form, with what was sent and what is wrong with it.
pub(super) fn draw(sent: &Sent, wrongs: &Wrongs, names: &Names, strategies: Told<'_>) -> Markup {
    let in_order = [&NAME].into_iter().chain(&PEOPLE).chain(&BOUNDS).chain([&WEBHOOK]);
    let first = in_order.map(|field| field.name).find(|name| wrongs.contains_key(name));
    let input = |it: &Field| input(it, sent.text(it.name), wrongs.get(it.name), first == Some(it.name));
    html! {
        form class="fields rule" method="post" action="/alerts" {
            input type="hidden" name="do" value="add";
            (input(&NAME))
            (choice("kind", "Tell me of", sent, wrongs, &html! {
                @for (kind, words) in KINDS {
                    option value=(kind.name()) selected[kind.name() == sent.text("kind")] { (words) }
                }
            }))
            fieldset {
                legend { "Only of " span class="muted" { "(empty: of everybody)" } }
                @for it in &PEOPLE { (input(it)) }
                (choice("strategy", "Strategy", sent, wrongs, &html! {
                    option value="" { "any" }
                    @for it in strategies.items() {
                        @let address = it.at("strategy").text();
                        option value=(address) selected[address.eq_ignore_ascii_case(sent.text("strategy"))] {
                            (format::foreign(it.at("symbol").text())) " · " (parts::short(address))
                        }
                    }
                }))
            }
            @for it in &BOUNDS { (input(it)) }
            (input(&WEBHOOK))
            datalist id="people" { @for (name, address) in names.people() { option value=(name) { (parts::short(address)) } } }
            p class="row" { button class="btn go" { "Watch from the next block on" } }
        }
    }
}

/// What stands at a field besides it: what is wrong, and the hint.
fn below(id: &str, hint: &str, wrong: Option<&String>) -> Markup {
    html! {
        @if let Some(why) = wrong { p class="wrong" id=(format!("{id}-wrong")) role="alert" { (why) } }
        @if !hint.is_empty() { p class="small muted" id=(format!("{id}-hint")) { (hint) } }
    }
}

fn input(it: &Field, value: &str, wrong: Option<&String>, is_first: bool) -> Markup {
    let id = format!("rule-{}", it.name);
    let described = if wrong.is_some() { format!("{id}-wrong {id}-hint") } else { format!("{id}-hint") };
    html! {
        div class="field" data-for=[kinds_of(it.name)] {
            label for=(id) { (it.label) }
            input id=(id) name=(it.name) value=(value) maxlength=(MOST_CHARACTERS) autocomplete="off" spellcheck="false"
                list=[it.is_person.then_some("people")] aria-describedby=(described)
                aria-invalid=[wrong.map(|_| "true")] autofocus[is_first];
            (below(&id, it.hint, wrong))
        }
    }
}

fn choice(name: &'static str, label: &str, sent: &Sent, wrongs: &Wrongs, options: &Markup) -> Markup {
    let (id, wrong) = (format!("rule-{name}"), wrongs.get(name));
    let is_known = sent.text(name).is_empty() || wrong.is_none();
    html! {
        div class="field" data-for=[kinds_of(name)] {
            label for=(id) { (label) }
            select id=(id) name=(name) aria-invalid=[wrong.map(|_| "true")]
                aria-describedby=[wrong.map(|_| format!("{id}-wrong"))] {
                @if !is_known { option value=(sent.text(name)) selected { "(unknown)" } }
                (options)
            }
            (below(&id, "", wrong))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_read_as_people_write_them() {
        for (text, is) in [("30%", 0.3), ("30 %", 0.3), ("0.3", 0.3), ("0", 0.0), ("100%", 1.0)] {
            assert_eq!(share(text), Ok(is), "{text}");
        }
        for text in ["", "%", "30", "-1%", "101%", "NaN", "inf", "1e999", "a"] {
            assert!(share(text).unwrap_err().contains("30% or 0.3"), "{text}");
        }
        assert_eq!((number("0.05"), number("−0.1")), (Ok(0.05), Ok(-0.1)));
        for text in ["", "NaN", "inf", "1e999", "0,05", "x"] {
            assert!(number(text).is_err(), "{text}");
        }
    }

    #[test]
    fn each_field_of_a_rule_is_for_some_kind_and_kinds_are_all_told() {
        for field in PEOPLE.iter().chain(&BOUNDS) {
            assert!(kinds_of(field.name).is_some(), "{}", field.name);
        }
        assert_eq!((kinds_of("name"), kinds_of("webhook")), (None, None));
        assert_eq!(kinds_of("under").as_deref(), Some("gamma"));
        assert_eq!(KINDS.map(|(kind, _)| kind), AlertKind::ALL);
    }

    #[test]
    fn a_line_becomes_a_sentence() {
        assert_eq!(sentence("a webhook begins so"), "A webhook begins so.");
        assert_eq!(sentence(""), ".");
    }
}
