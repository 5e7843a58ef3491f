//! A wrong command line, told in one line and at most one line of help, instead of clap's paragraphs.

use crate::{cli::Cli, failure::Failure, text};
use clap::{
    CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};

/// What a refusal by clap says, in our form.
pub fn failure(error: &clap::Error) -> Failure {
    let told = error.render().to_string();
    let usage = told.lines().find_map(|line| line.strip_prefix("Usage: ")).unwrap_or("bulwark");
    let asked = format!("{} --help lists what there is", command(usage));
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Failure::usage(format!("{} needs a command", command(usage))).help(asked);
    }
    let mut paragraphs = told.split("\n\n");
    let first = paragraphs.next().unwrap_or_default().trim_start_matches("error: ");
    let tip = paragraphs.find_map(|paragraph| paragraph.trim().strip_prefix("tip: "));
    let help = match (near(error), tip) {
        (Some(near), _) => format!("did you mean {near}? {asked}"),
        (None, Some(tip)) => format!("{tip}; {asked}"),
        (None, None) => asked,
    };
    Failure::usage(first).help(help)
}

/// The command nearest to one that does not exist.
fn near(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(asked)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let root = Cli::command();
    let mut all: Vec<&clap::Command> = root.get_subcommands().collect();
    all.extend(root.get_subcommands().flat_map(clap::Command::get_subcommands));
    text::nearest(asked, all.into_iter().map(clap::Command::get_name)).map(str::to_string)
}

/// The command's words in a line of usage: `bulwark config show [OPTIONS]` is `bulwark config show`.
fn command(usage: &str) -> String {
    let word = |word: &&str| !word.starts_with(['[', '<', '-']);
    usage.split_whitespace().take_while(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::Parser;

    #[test]
    fn a_wrong_command_line_is_told_in_one_line_with_the_value_in_it() {
        let cases = [
            (vec!["dev", "--prot", "1"], "unexpected argument '--prot' found"),
            (vec!["dev", "--port", "70000"], "invalid value '70000' for '--port <PORT>'"),
            (
                vec!["dev", "--preset", "slow"],
                "invalid value 'slow' for '--preset <PRESET>' [possible values: fast, mainnet]",
            ),
            (vec!["dve"], "unrecognized subcommand 'dve'"),
            (vec![], "bulwark needs a command"),
            (vec!["config"], "bulwark config needs a command"),
            (vec!["dev", "--no-mining", "--block-time", "2"], "cannot be used with"),
        ];
        for (words, expected) in cases {
            let error = Cli::try_parse_from([["bulwark"].as_slice(), &words].concat()).unwrap_err();
            let failure = failure(&error);
            assert!(
                failure.message().contains(expected),
                "{:?} should contain {expected:?}",
                failure.message()
            );
        }
    }
}
