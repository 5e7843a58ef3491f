//! `bulwark explain`: what an error of a contract or a word of restaking means, in a sentence or two, without a node.

mod errors;

use crate::{commands, failure::Failure, text};
use clap::Args;
use errors::ERRORS;
use rpc::terms::TERMS;
use serde_json::json;

/// `bulwark explain`.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// The name of an error, as NotMemberOfSet, or a word, as magnitude [default: lists all words]
    #[arg(value_name = "ERROR|TERM", num_args = 0..)]
    pub subject: Vec<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// What an error of a contract means, and what to do about it.
pub fn error(name: &str) -> Option<(&'static str, &'static str)> {
    let found = ERRORS.iter().find(|(known, ..)| *known == name);
    found.map(|(_, means, help)| (*means, *help))
}

/// Explains.
///
/// # Errors
/// Neither an error nor a word is called so.
pub fn run(args: &ExplainArgs) -> Result<(), Failure> {
    let subject = args.subject.join(" ");
    let subject = subject.trim().trim_end_matches("()");
    if subject.is_empty() {
        return list(args.json);
    }
    let same = |known: &str| known.eq_ignore_ascii_case(subject);
    if let Some((name, means, help)) = ERRORS.iter().find(|(name, ..)| same(name)) {
        let answer = json!({ "kind": "error", "name": name, "means": means, "help": help });
        return print(args.json, &answer, &format!("{name}: {means}.\nWhat to do: {help}."));
    }
    if let Some((term, means)) = TERMS.iter().find(|(term, _)| same(term)) {
        let answer = json!({ "kind": "term", "name": term, "means": means });
        return print(args.json, &answer, &format!("{term}: {means}"));
    }
    let known = ERRORS.iter().map(|(name, ..)| *name).chain(TERMS.iter().map(|(term, _)| *term));
    let known: Vec<String> = known.map(str::to_owned).collect();
    let lower: Vec<String> = known.iter().map(|name| name.to_lowercase()).collect();
    let asked = subject.to_lowercase();
    let near = text::nearest(&asked, lower.iter().map(String::as_str));
    let near = near.and_then(|near| known.iter().find(|name| name.eq_ignore_ascii_case(near)));
    let failure = Failure::usage(format!("nothing here is called {subject:?}"));
    Err(match near {
        Some(near) => failure.help(format!("did you mean {near}?")),
        None => failure.help("bulwark explain lists the words that are explained"),
    })
}

fn list(json: bool) -> Result<(), Failure> {
    let terms: Vec<&str> = TERMS.iter().map(|(term, _)| *term).collect();
    let errors: Vec<&str> = ERRORS.iter().map(|(name, ..)| *name).collect();
    let told = format!("Words: {}.\nAnd every error of the contracts by its name.", terms.join(", "));
    print(json, &json!({ "terms": terms, "errors": errors }), &told)
}

fn print(as_json: bool, answer: &serde_json::Value, told: &str) -> Result<(), Failure> {
    match as_json {
        true => commands::print(&format!("{answer:#}\n")),
        false => commands::print(&format!("{told}\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_error_that_a_contract_declares_is_explained() {
        let abis = types::abi::names().filter_map(types::abi::json);
        let declared: BTreeSet<String> = abis.flat_map(|abi| abi.errors.into_keys()).collect();
        let missing: Vec<&String> = declared.iter().filter(|name| error(name).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let unknown: Vec<&str> =
            ERRORS.iter().map(|(name, ..)| *name).filter(|name| !declared.contains(*name)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn names_are_unique_and_sentences_have_no_full_stop() {
        let names: BTreeSet<String> = ERRORS.iter().map(|(name, ..)| name.to_lowercase()).collect();
        assert_eq!(names.len(), ERRORS.len());
        for (name, means, help) in ERRORS {
            assert!(!means.ends_with('.') && !help.ends_with('.') && !help.is_empty(), "{name}");
        }
    }
}
