//! `docs/parameters.md` says what the presets are: it is written from them, and compared here.
//! `UPDATE_PARAMETERS=1 cargo test -p types --test parameters` writes it anew.

#![allow(clippy::unwrap_used, reason = "a test: it may fail by panicking")]

use std::fmt::Write as _;
use types::{Params, Preset};

const HEAD: &str = "# Parameters

Every number that a chain is started with. A *preset* is a set of numbers, a *rules* profile is a behaviour of the
restaking core; any profile runs with any preset. A chain's own are shown by `restake_parameters`, `/api/v1/parameters`
and `bulwark config genesis`. This table is compared with the presets by `cargo test -p types --test parameters`, which
writes it with `UPDATE_PARAMETERS=1`.

| parameter | `mainnet` | `fast` | unit | where it comes from |
| --- | ---: | ---: | --- | --- |
";

const TAIL: &str = "
`dev` starts from `fast` and lifts the gas cap of a transaction; `--preset mainnet` and `--rules` change that. `node`
takes preset, rules and every number from its genesis file:

```json
{ \"config\": { \"chainId\": 4242, \"bulwark\": {
    \"preset\": \"fast\", \"rules\": \"pinned\",
    \"params\": { \"withdrawal_delay_blocks\": 20, \"configuration_delay_blocks\": 30 },
    \"roles\": { \"owner\": \"0x…\", \"unpauser\": \"0x…\", \"pausers\": [\"0x…\"] } } } }
```

A set that breaks the model is refused at the start, with the values: the configuration delay must exceed the withdrawal
delay, so that delegators can leave before a change of risk takes effect, and the covenant notice the configuration delay, of
which it is one more unless a file says otherwise. The delay of a deallocation equals that of a
withdrawal by construction.

## Rules

| profile | release | what differs |
| --- | --- | --- |
| `mainnet` | v1.13.1 | a slash can be cleared only after `slash_resolution_delay_blocks` (ELIP-016); the default |
| `pinned` | v1.12.0 | the release of the published ABI table and of the replayed cases |
| `slashing-2025` | v1.3.0 | before redistribution and slashers: one burn counter a strategy, `v1` as EIP-712 version, `owner()` on the core contracts; the release whose bytecode the differential test runs |
";

#[test]
fn the_document_shows_both_presets() {
    let (mainnet, fast) = (Params::preset(Preset::Mainnet).table(), Params::preset(Preset::Fast).table());
    let mut document = HEAD.to_owned();
    for (mainnet, fast) in mainnet.iter().zip(&fast) {
        let (name, unit, source) = (mainnet.name, mainnet.unit, mainnet.source);
        writeln!(document, "| `{name}` | {} | {} | {unit} | {source} |", mainnet.value, fast.value).unwrap();
    }
    document.push_str(TAIL);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/parameters.md");
    if std::env::var_os("UPDATE_PARAMETERS").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), document, "see the head of this file");
}
