//! A wrong command line, told in one line and at most one line of help, instead of clap's paragraphs. What is right is
//! in `cli`.

use crate::{cli::Cli, failure::Failure, text};
use clap::{
    CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};

/// What a refusal by clap says, in our form. `words` are those of the command line, without the binary's name.
pub fn failure(error: &clap::Error, words: &[String]) -> Failure {
    let command = command(words);
    let asked = format!("{command} --help lists what there is");
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Failure::usage(format!("{command} needs a command")).help(asked);
    }
    let told = error.render().to_string();
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

/// The command that the words name, as far as they do: of `config show --prot 1`, `bulwark config show`.
fn command(words: &[String]) -> String {
    let root = Cli::command();
    let (mut named, mut at) = ("bulwark".to_string(), &root);
    for word in words {
        let Some(next) = at.find_subcommand(word) else { break };
        named = format!("{named} {word}");
        at = next;
    }
    named
}

/// The command nearest to one that does not exist.
fn near(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(asked)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let root = Cli::command();
    let mut all: Vec<&clap::Command> = root.get_subcommands().collect();
    all.extend(root.get_subcommands().flat_map(clap::Command::get_subcommands));
    text::nearest(asked, all.into_iter().map(clap::Command::get_name)).map(str::to_string)
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
            let words: Vec<String> = words.into_iter().map(str::to_string).collect();
            let failure = failure(&error, &words);
            assert!(
                failure.message().contains(expected),
                "{:?} should contain {expected:?}",
                failure.message()
            );
        }
    }
}
