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
        _ if anvils(error).is_some() => anvils(error).unwrap_or_default().to_string(),
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

/// Anvil's flags that cannot hold here: why, and what to do instead.
const ANVILS: &[(&[&str], &str)] = &[
    (
        &[
            "--fork-url",
            "--rpc-url",
            "-f",
            "--fork-block-number",
            "--fork-chain-id",
            "--fork-transaction-hash",
        ],
        "this chain forks no other: its contracts are native; bring accounts over with --load-state",
    ),
    (&["--init"], "`bulwark node --genesis FILE` runs a genesis file; `bulwark dev` has one of its own"),
    (
        &["--prune-history", "--max-persisted-states", "--transaction-block-keeper", "--cache-path"],
        "history lies in the data directory or in memory; --prune BLOCKS bounds it",
    ),
    (
        &["--preserve-historical-states"],
        "a state file holds the last state; --data-dir DIR keeps all of history",
    ),
    (&["--gas-price"], "fees follow EIP-1559; --base-fee WEI sets the first block's"),
    (&["--disable-min-priority-fee", "--no-priority-fee"], "any priority fee is taken, also none"),
    (
        &["--disable-block-gas-limit", "--disable-code-size-limit", "--code-size-limit", "--memory-limit"],
        "limits of the EVM are rules of the chain; --gas-limit GAS sets a block's",
    ),
    (&["--mixed-mining"], "blocks come at once, at intervals (--block-time) or on command (--no-mining)"),
    (&["--ipc"], "the chain answers over HTTP and WebSocket, both on --port"),
    (&["--optimism", "--odyssey", "--celo"], "the chain has Ethereum's rules (Osaka)"),
];

/// What to say of a flag that anvil has and this binary has not.
fn anvils(error: &clap::Error) -> Option<&'static str> {
    let Some(ContextValue::String(asked)) = error.get(ContextKind::InvalidArg) else { return None };
    let is_unknown = error.kind() == ErrorKind::UnknownArgument;
    let known = ANVILS.iter().find(|(flags, _)| flags.contains(&asked.as_str()));
    known.filter(|_| is_unknown).map(|(_, why)| *why)
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
            (vec!["dev", "--fork-url", "http://localhost:1"], "unexpected argument '--fork-url' found"),
            (
                vec!["dev", "--order", "fifo"],
                "invalid value 'fifo' for '--order <ORDER>' [possible values: fees]",
            ),
            (vec!["dev", "--hardfork", "london"], "invalid value 'london'"),
            (vec!["dev", "--state", "a", "--load-state", "b"], "cannot be used with"),
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
