//! From intended steps to sealed transactions: what they would do is shown first, asked about on a terminal, signed,
//! sent one after another, and waited for. Or shown only; or printed as calldata for a multisig.

use super::{
    args::SendArgs,
    client::{self, refused},
    session::Session,
    show,
    signer::{self, Signer},
    warnings,
};
use crate::{commands, failure::Failure, text};
use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_network::TxSignerSync;
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_sol_types::SolCall;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::{
    io::{IsTerminal, Write},
    thread,
    time::{Duration, Instant},
};

/// Time between two looks for a receipt.
const GLANCE: Duration = Duration::from_millis(100);

/// Gas is asked for with a fifth to spare: other transactions may come between.
const SPARE: u64 = 5;

/// A transaction that is intended.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it does, in words.
    pub title: String,
    /// Whom it calls; nobody if it makes a contract.
    pub to: Option<Address>,
    /// Wei that go with it.
    pub value: U256,
    /// Calldata.
    pub data: Bytes,
    /// What to know before it is signed, in words.
    pub warnings: Vec<String>,
}

impl Step {
    /// A call without ether.
    pub fn call(title: impl Into<String>, to: Address, call: &impl SolCall) -> Self {
        let data = call.abi_encode().into();
        Self { title: title.into(), to: Some(to), value: U256::ZERO, data, warnings: Vec::new() }
    }

    /// The same with more to know before it is signed.
    pub fn warned(mut self, warnings: impl IntoIterator<Item = String>) -> Self {
        self.warnings.extend(warnings);
        self
    }

    fn request(&self, from: Address) -> Value {
        let mut request = json!({ "from": from, "value": format!("{:#x}", self.value), "data": self.data });
        if let Some(to) = self.to {
            client::put(&mut request, "to", json!(to));
        }
        request
    }
}

/// Who sends, as far as it is known before anything is signed.
#[derive(Debug)]
pub struct Sender {
    /// The account.
    pub address: Address,
    /// What it was called.
    name: String,
}

impl Session {
    /// A session, who sends in it, and for whom: the one of that name, or the sender itself.
    ///
    /// # Errors
    /// Broken preferences, nobody is named who sends, or a name that nobody knows.
    pub fn acting(args: &SendArgs, principal: Option<&str>) -> Result<(Self, Sender, Address), Failure> {
        let session = Self::open(&args.read)?;
        let from = session.sender(args)?;
        let principal = principal.map_or(Ok(from.address), |name| session.address(name))?;
        Ok((session, from, principal))
    }

    /// Who sends: --from, the key's account, or the preferences'.
    ///
    /// # Errors
    /// Nobody is named, or a name that nobody knows.
    pub fn sender(&self, args: &SendArgs) -> Result<Sender, Failure> {
        if let Some(name) = &args.from {
            return Ok(Sender { address: self.address(name)?, name: name.clone() });
        }
        if let Some(key) = signer::key(&args.keys, &self.preferences)? {
            return Ok(Sender { address: key.address(), name: key.address().to_string() });
        }
        if let Some(name) = &self.preferences.from {
            return Ok(Sender { address: self.address(name)?, name: name.clone() });
        }
        Err(Failure::usage("nobody is named who sends")
            .help("name it with --from WHO (on a development node dev0 to dev9), or a key with --keystore"))
    }

    /// Carries steps out, or shows them only, as the flags say. The receipts, one a step, if they were sent.
    ///
    /// # Errors
    /// The first step that would fail, or did; or nobody is there to be asked.
    pub fn perform(
        &self,
        args: &SendArgs,
        from: &Sender,
        steps: &[Step],
    ) -> Result<Option<Vec<Value>>, Failure> {
        if args.calldata {
            return self.print_calldata(from, steps).map(|()| None);
        }
        let effect = self.effect(from, steps)?;
        if args.dry_run {
            let warnings = cautions(steps);
            let shown = json!({
                "sent": false, "steps": titles(steps), "effect": effect, "warnings": warnings,
            });
            self.answer(shown, |_| Ok(plan(steps, &effect)))?;
            return Ok(None);
        }
        let signer = self.signer(from.address, &from.name, &args.keys)?;
        if !self.json {
            commands::print(&format!("{}\n", plan(steps, &effect)))?;
        }
        if !args.yes {
            // Standard output is for the answer alone there, but nobody decides about what is not shown.
            confirm(self.json.then(|| plan(steps, &effect)))?;
        }
        let mut receipts = Vec::new();
        for step in steps {
            receipts.push(self.send(args, &signer, step)?);
        }
        self.report(steps, &receipts, &effect)?;
        Ok(Some(receipts))
    }

    fn print_calldata(&self, from: &Sender, steps: &[Step]) -> Result<(), Failure> {
        let rows: Vec<Value> = steps
            .iter()
            .map(|step| {
                json!({
                    "title": step.title, "from": from.address, "to": step.to,
                    "value": step.value.to_string(), "data": step.data, "warnings": step.warnings,
                })
            })
            .collect();
        self.answer(json!({ "items": rows, "next": null }), |_| {
            let told = |step: &Step| {
                let value = format!("{} wei", step.value);
                let rows = [
                    (
                        "to",
                        step.to.map_or_else(|| "nobody: it makes a contract".to_owned(), |to| to.to_string()),
                    ),
                    ("value", value),
                    ("data", step.data.to_string()),
                ];
                let mut lines = vec![show::heading(&step.title), show::fields(&rows)];
                lines.extend(warnings::lines(&step.warnings));
                lines.join("\n")
            };
            Ok(steps.iter().map(told).collect::<Vec<_>>().join("\n\n"))
        })
    }

    /// What the steps would do, in words: each is run on the newest state. Only the first can be told in full: later
    /// ones may need what earlier ones leave.
    fn effect(&self, from: &Sender, steps: &[Step]) -> Result<Vec<String>, Failure> {
        let mut said = Vec::new();
        let [first, later @ ..] = steps else { return Ok(said) };
        let told = &self.client.ask("restake_simulate", json!([first.request(from.address)]))?;
        if told["succeeds"] != json!(true) {
            return Err(refusal(first, told["error"].as_str().unwrap_or("the transaction would fail")));
        }
        let nothing = "the transaction would change nothing in restaking";
        let words = client::items(&told["words"]).iter().filter_map(Value::as_str);
        said.extend(words.filter(|words| *words != nothing).map(str::to_owned));
        if !later.is_empty() {
            self.check_together(from, steps)?;
        }
        Ok(said)
    }

    /// Runs all steps one after another on the newest state.
    fn check_together(&self, from: &Sender, steps: &[Step]) -> Result<(), Failure> {
        let calls: Vec<Value> = steps.iter().map(|step| step.request(from.address)).collect();
        let blocks = json!([{ "blockStateCalls": [{ "calls": calls }] }, "latest"]);
        let answer = self.client.ask("eth_simulateV1", blocks)?;
        let calls = answer.pointer("/0/calls").map_or(&[][..], client::items);
        for (step, call) in steps.iter().zip(calls) {
            if call["status"] != json!("0x1") {
                let why = call
                    .pointer("/error/message")
                    .and_then(Value::as_str)
                    .unwrap_or("it would fail")
                    .to_owned();
                return Err(refusal(step, &why));
            }
        }
        Ok(())
    }

    fn send(&self, args: &SendArgs, signer: &Signer, step: &Step) -> Result<Value, Failure> {
        let gas =
            client::number(&self.client.ask("eth_estimateGas", json!([step.request(signer.address())]))?)?;
        let gas = gas.saturating_add(gas.checked_div(SPARE).unwrap_or_default());
        let hash = match signer {
            Signer::Unlocked(from) => {
                let mut request = step.request(*from);
                client::put(&mut request, "gas", json!(format!("{gas:#x}")));
                self.client.ask("eth_sendTransaction", json!([request]))?
            }
            Signer::Local(key) => {
                let mut transaction = self.transaction(key.address(), step, gas)?;
                let signature = key.sign_transaction_sync(&mut transaction);
                let signature = signature.map_err(|error| Failure::new(format!("cannot sign: {error}")))?;
                let raw = Bytes::from(transaction.into_signed(signature).encoded_2718());
                self.client.ask("eth_sendRawTransaction", json!([raw]))?
            }
        };
        self.wait(args, &hash, step)
    }

    fn transaction(&self, from: Address, step: &Step, gas: u64) -> Result<TxEip1559, Failure> {
        let ask =
            |method: &str, params: Value| self.client.ask(method, params).and_then(|it| client::number(&it));
        let block = &self.client.ask("eth_getBlockByNumber", json!(["latest", false]))?;
        let base_fee = u128::from(client::number(&block["baseFeePerGas"])?);
        let tip = u128::from(ask("eth_maxPriorityFeePerGas", json!([]))?);
        Ok(TxEip1559 {
            chain_id: ask("eth_chainId", json!([]))?,
            nonce: ask("eth_getTransactionCount", json!([from, "pending"]))?,
            gas_limit: gas,
            // Twice the base fee holds for six full blocks.
            max_fee_per_gas: base_fee.saturating_mul(2).saturating_add(tip),
            max_priority_fee_per_gas: tip,
            to: step.to.map_or(TxKind::Create, TxKind::Call),
            value: step.value,
            input: step.data.clone(),
            ..TxEip1559::default()
        })
    }

    /// Waits until the transaction is in a block, and refuses it if it failed there.
    fn wait(&self, args: &SendArgs, hash: &Value, step: &Step) -> Result<Value, Failure> {
        let hash_text = hash.as_str().unwrap_or_default();
        let spinner = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            spinner.set_style(style);
        }
        spinner.set_message(format!("{}: waiting for a block", step.title));
        let (began, patience) = (Instant::now(), Duration::from_secs(args.timeout));
        let receipt = loop {
            let receipt = self.client.ask("eth_getTransactionReceipt", json!([hash]))?;
            if !receipt.is_null() {
                break receipt;
            }
            if began.elapsed() > patience {
                return Err(Failure::undecided(format!(
                    "{}: transaction {hash_text} is in no block after {} s",
                    step.title, args.timeout
                ))
                .help(format!("it may still come: bulwark chain tx {hash_text}")));
            }
            spinner.tick();
            thread::sleep(GLANCE);
        };
        spinner.finish_and_clear();
        let fields = &receipt;
        if fields["status"] == json!("0x1") {
            return Ok(receipt);
        }
        let block = client::number(&fields["blockNumber"])?;
        Err(Failure::new(format!("{}: transaction {hash_text} failed in block {block}", step.title))
            .help(format!("bulwark chain tx {hash_text} shows it")))
    }

    fn report(&self, steps: &[Step], receipts: &[Value], effect: &[String]) -> Result<(), Failure> {
        let rows: Vec<Value> = steps
            .iter()
            .zip(receipts)
            .map(|(step, receipt)| {
                json!({
                    "title": step.title,
                    "hash": receipt["transactionHash"],
                    "block": client::number(&receipt["blockNumber"]).ok(),
                    "gas_used": client::number(&receipt["gasUsed"]).ok(),
                    "contract": client::address(&receipt["contractAddress"]).ok().map(|at| at.to_checksum(None)),
                })
            })
            .collect();
        let told = |row: &Value| {
            let gas = client::number(&row["gas_used"]).unwrap_or_default();
            let title = row["title"].as_str().unwrap_or_default();
            let hash = row["hash"].as_str().unwrap_or_default();
            let made = row["contract"].as_str().map(|at| format!("\n  contract {at}")).unwrap_or_default();
            format!(
                "done: {title}\n  block {}, gas {}, transaction {hash}{made}",
                row["block"],
                text::grouped(gas)
            )
        };
        let lines = rows.iter().map(told).collect::<Vec<_>>().join("\n");
        self.answer(
            json!({
                "sent": true, "transactions": rows, "effect": effect, "warnings": cautions(steps),
            }),
            |_| Ok(lines),
        )
    }
}

/// Why a step would fail; an error without a name is told with the step.
fn refusal(step: &Step, why: &str) -> Failure {
    let failure = refused(why);
    match failure.message() == why {
        true => Failure::new(format!("{}: {why}", step.title))
            .help("a contract that takes part refuses, and gives no reason that has a name"),
        false => failure,
    }
}

fn titles(steps: &[Step]) -> Vec<&str> {
    steps.iter().map(|step| step.title.as_str()).collect()
}

/// The steps and what they would do, for people.
fn plan(steps: &[Step], effect: &[String]) -> String {
    let mut lines: Vec<String> = steps.iter().map(|step| show::heading(&step.title)).collect();
    lines.extend(effect.iter().map(|words| format!("  {words}")));
    lines.extend(warnings::lines(&cautions(steps)));
    lines.join("\n")
}

fn cautions(steps: &[Step]) -> Vec<String> {
    steps.iter().flat_map(|step| step.warnings.clone()).collect()
}

/// Asks on the terminal; `shown` first, if it has not been shown.
fn confirm(shown: Option<String>) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("nothing is sent unasked, and there is nobody to ask")
            .help("--yes sends without asking; --dry-run only shows what would happen"));
    }
    let mut out = anstream::stderr().lock();
    let shown = shown.map(|plan| format!("{plan}\n")).unwrap_or_default();
    // Without a question on the screen the answer is no.
    let _ = write!(out, "{shown}Send? [y/N] ").and_then(|()| out.flush());
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    match read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes") {
        true => Ok(()),
        false => Err(Failure::negative("nothing was sent")),
    }
}
