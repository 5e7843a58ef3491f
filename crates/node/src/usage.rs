//! A wrong command line, told in one line and at most one line of help, instead of clap's paragraphs.

use crate::failure::Failure;

/// What a refusal by clap says, in our form.
pub fn failure(error: &clap::Error) -> Failure {
    let told = error.render().to_string();
    let mut paragraphs = told.split("\n\n");
    let first = paragraphs.next().unwrap_or_default().trim_start_matches("error: ");
    let mut tip = None;
    let mut usage = None;
    for paragraph in paragraphs {
        let paragraph = paragraph.trim();
        if let Some(text) = paragraph.strip_prefix("tip: ") {
            tip = tip.or_else(|| text.lines().next());
        }
        usage = usage.or_else(|| paragraph.strip_prefix("Usage: "));
    }
    let asked = format!("{} --help lists what there is", command(usage.unwrap_or("bulwark")));
    let help = tip.map_or_else(|| asked.clone(), |tip| format!("{tip}; {asked}"));
    Failure::usage(first).help(help)
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
