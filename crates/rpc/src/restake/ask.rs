//! One snapshot for a whole answer: its block, the index at that block, and calls of native views on the state after it.
//! What a view returns becomes JSON by the ABI's own names, so that the structs on chain and off chain are the same.

use crate::{
    context::Context,
    error::RpcError,
    eth::execute::refused,
    json::{Reply, json},
};
use alloy_dyn_abi::{DynSolType, DynSolValue, Specifier};
use alloy_json_abi::{Function, Param};
use alloy_primitives::{Address, B256, Bytes, I256, Log, U256, hex};
use alloy_sol_types::SolCall;
use chain::{
    CallRequest, Outcome, Overrides, View,
    executor::{AccountOverride, At, BlockContext, Simulator},
    index::Index,
};
use serde_json::{Map, Value, json as value};
use std::{collections::HashMap, sync::LazyLock};
use types::{
    abi::{IERC20, IStrategy},
    addresses,
};

/// Gas of one view: bounds its time. Views of operators with thousands of allocations fit.
pub(super) const VIEW_GAS: u64 = 1_000_000_000;

/// Fields of the ABIs that are counts or heights, whatever their width (`decisions.md` 7).
const COUNTS: [&str; 2] = ["blockNumber", "slashCount"];

/// Widest integers that every reader of JSON takes as they are.
const SAFE_BITS: usize = 53;

/// Views whose structs are told as they are, by selector.
static VIEWS: LazyLock<HashMap<[u8; 4], Function>> = LazyLock::new(|| {
    let abis = ["Lens", "Covenants"].into_iter().filter_map(types::abi::json);
    let functions = abis.flat_map(|abi| abi.functions.into_values().flatten());
    functions.map(|function| (function.selector().0, function)).collect()
});

/// A token behind a strategy.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// Its address; none for the beacon strategy.
    pub(crate) address: Option<Address>,
    pub(crate) symbol: String,
    pub(crate) decimals: u8,
}

/// A consistent snapshot.
pub(crate) struct Snapshot<'c> {
    pub(super) cx: &'c Context,
    pub(crate) view: View,
    source: At,
    context: BlockContext,
}

/// Calls on a snapshot. What they read stays in memory from one to the next; what they write is forgotten.
pub(crate) struct Asker<'s> {
    simulator: Simulator<'s>,
    tokens: HashMap<Address, Token>,
}

impl<'c> Snapshot<'c> {
    /// The newest block.
    ///
    /// # Errors
    /// The database's, or a node that keeps no index.
    pub(crate) fn take(cx: &'c Context) -> Result<Self, RpcError> {
        let view = cx.chain.view();
        if !view.has_index() {
            return Err(RpcError::server("this node keeps no restaking index"));
        }
        let (source, context) = cx.chain.place(&view, view.head(), false)?;
        Ok(Self { cx, view, source, context })
    }

    /// The same at an earlier block: for views alone, since the index is of the newest.
    ///
    /// # Errors
    /// The database's, or a block whose state is no longer kept.
    pub(crate) fn past(self, block: u64) -> Result<Self, RpcError> {
        let (source, context) = self.cx.chain.place(&self.view, block, false)?;
        Ok(Self { source, context, ..self })
    }

    pub(crate) fn index(&self) -> Index<'_> {
        Index::new(self.view.reader())
    }

    pub(crate) fn head(&self) -> u64 {
        self.view.head()
    }

    /// The hash of the block that the answer is of.
    ///
    /// # Errors
    /// The database's.
    pub(super) fn hash(&self) -> Result<B256, RpcError> {
        Ok(self.view.hash_of(self.head())?.unwrap_or_default())
    }

    pub(crate) fn asker(&self) -> Asker<'_> {
        let simulator = Simulator::new(&self.source, self.cx.chain.environment(), self.context);
        Asker { simulator, tokens: HashMap::new() }
    }

    /// Calls that see the next block.
    ///
    /// # Errors
    /// The database's.
    pub(super) fn next_block(&self) -> Result<Asker<'_>, RpcError> {
        let context = self.cx.chain.next_context(&self.view)?;
        let simulator = Simulator::new(&self.source, self.cx.chain.environment(), context);
        Ok(Asker { simulator, tokens: HashMap::new() })
    }

    /// The answer `body`, with the block that it is of.
    ///
    /// # Errors
    /// The database's.
    pub(crate) fn answer(&self, body: Value) -> Result<Value, RpcError> {
        let mut all = Map::new();
        let hash = self.view.hash_of(self.head())?;
        all.insert(
            "block".into(),
            value!({ "number": self.head(), "hash": hash, "timestamp": self.context.timestamp }),
        );
        match body {
            Value::Object(body) => all.extend(body),
            other => _ = all.insert("value".into(), other),
        }
        Ok(Value::Object(all))
    }
}

impl Asker<'_> {
    /// From here on, as if slots of an account held other words.
    ///
    /// # Errors
    /// The state cannot be read.
    pub(super) fn pretend(&mut self, account: Address, slots: Vec<(U256, U256)>) -> Result<(), RpcError> {
        let pretended = AccountOverride { slots, ..AccountOverride::default() };
        let overrides = Overrides { accounts: [(account, pretended)].into(), ..Overrides::default() };
        self.simulator.pretend(&overrides).map_err(|error| refused(&error.into()))
    }

    /// Runs a call.
    ///
    /// # Errors
    /// It cannot run, or the state cannot be read.
    pub(super) fn run(&mut self, request: &CallRequest) -> Result<Outcome, RpcError> {
        let simulated = self.simulator.call(request).map_err(|error| refused(&error))?;
        Ok(simulated.into_outcome())
    }

    /// The data that a view returns; `None`: it failed.
    fn raw(&mut self, to: Address, input: Bytes) -> Result<Option<Bytes>, RpcError> {
        let request = CallRequest { to: Some(to), gas: Some(VIEW_GAS), input, ..CallRequest::default() };
        let outcome = self.run(&request)?;
        Ok(outcome.is_success().then(|| outcome.output()))
    }

    /// What a view answers; `None`: it failed, or answered something else. For contracts that are not ours.
    ///
    /// # Errors
    /// The state cannot be read.
    pub(crate) fn try_ask<C: SolCall>(
        &mut self,
        to: Address,
        call: &C,
    ) -> Result<Option<C::Return>, RpcError> {
        let output = self.raw(to, call.abi_encode().into())?;
        Ok(output.and_then(|output| C::abi_decode_returns(&output).ok()))
    }

    /// What a view of ours answers.
    ///
    /// # Errors
    /// It failed (a development method changed the contract), or the state cannot be read.
    pub(crate) fn ask<C: SolCall>(&mut self, to: Address, call: &C) -> Result<C::Return, RpcError> {
        self.try_ask(to, call)?.ok_or_else(|| changed(to, C::SIGNATURE))
    }

    /// A view of Lens or Covenants, as JSON.
    ///
    /// # Errors
    /// The view's own, or the state cannot be read.
    pub(super) fn tell<C: SolCall>(&mut self, of: Address, call: &C) -> Result<Value, RpcError> {
        let name = C::SIGNATURE;
        let function = VIEWS.get(&C::SELECTOR);
        let function = function.ok_or_else(|| RpcError::internal(format!("there is no view {name}")))?;
        let request = CallRequest {
            to: Some(of),
            gas: Some(VIEW_GAS),
            input: call.abi_encode().into(),
            ..CallRequest::default()
        };
        let outcome = self.run(&request)?;
        let output = outcome.output();
        if !outcome.is_success() {
            return Err(crate::revert::reverted(output));
        }
        returned(function, &output).ok_or_else(|| changed(of, name))
    }

    /// The token behind a strategy. A foreign one may say nothing of itself.
    ///
    /// # Errors
    /// The state cannot be read.
    pub(crate) fn token(&mut self, strategy: Address) -> Result<Token, RpcError> {
        if let Some(token) = self.tokens.get(&strategy) {
            return Ok(token.clone());
        }
        let token = self.read_token(strategy)?;
        self.tokens.insert(strategy, token.clone());
        Ok(token)
    }

    fn read_token(&mut self, strategy: Address) -> Result<Token, RpcError> {
        if strategy == addresses::BEACON_STRATEGY {
            return Ok(Token { address: None, symbol: "ETH".into(), decimals: 18 });
        }
        let address = self.try_ask(strategy, &IStrategy::underlyingTokenCall {})?;
        let Some(token) = address else {
            return Ok(Token { address: None, symbol: "shares".into(), decimals: 18 });
        };
        self.token_at(token)
    }

    /// A token by its own address.
    ///
    /// # Errors
    /// The state cannot be read.
    pub(crate) fn token_at(&mut self, token: Address) -> Result<Token, RpcError> {
        let symbol = self.try_ask(token, &IERC20::symbolCall {})?.filter(|symbol| is_plain(symbol));
        let decimals = self.try_ask(token, &IERC20::decimalsCall {})?;
        Ok(Token {
            address: Some(token),
            symbol: symbol.unwrap_or_else(|| "tokens".into()),
            decimals: decimals.unwrap_or(18),
        })
    }

    /// What shares of a strategy are worth in its token; the shares themselves where the strategy does not say.
    ///
    /// # Errors
    /// The state cannot be read.
    pub(crate) fn underlying(&mut self, strategy: Address, shares: U256) -> Result<U256, RpcError> {
        if strategy == addresses::BEACON_STRATEGY || shares.is_zero() {
            return Ok(shares);
        }
        let call = IStrategy::sharesToUnderlyingViewCall { amountShares: shares };
        Ok(self.try_ask(strategy, &call)?.unwrap_or(shares))
    }
}

/// A native contract does not answer its view. Only development methods can bring that about: they replace code and
/// storage, as tests with a double in a contract's place do.
pub(super) fn changed(contract: Address, view: &str) -> RpcError {
    let name =
        addresses::NAMED.iter().find(|(_, address)| *address == contract).map_or("a contract", |it| it.0);
    RpcError::server(format!(
        "{name} at {contract} does not answer {view} as the node's own does: its code or storage was changed \
         (anvil_setCode, anvil_setStorageAt, a state override); restore it, or start afresh"
    ))
}

/// Whether a token's own words can be shown.
fn is_plain(symbol: &str) -> bool {
    !symbol.is_empty() && symbol.len() <= 16 && symbol.chars().all(|it| it.is_ascii_graphic())
}

/// Logs of an outcome, as the index reads them: of one transaction.
pub(super) fn numbered(logs: &[Log]) -> impl Iterator<Item = (u32, &Log)> {
    logs.iter().map(|log| (0, log))
}

/// A function's return data as JSON: a single struct as its object, else an object of all.
fn returned(function: &Function, data: &[u8]) -> Option<Value> {
    let kinds: Vec<DynSolType> =
        function.outputs.iter().map(|it| it.resolve().ok()).collect::<Option<_>>()?;
    let decoded = DynSolType::Tuple(kinds).abi_decode_params(data).ok()?;
    let DynSolValue::Tuple(values) = decoded else { return None };
    match (function.outputs.as_slice(), values.as_slice()) {
        ([param], [only]) => told(param, only),
        (params, values) => object(params, values),
    }
}

fn object(params: &[Param], values: &[DynSolValue]) -> Option<Value> {
    let fields = params.iter().zip(values).map(|(param, it)| Some((param.name.clone(), told(param, it)?)));
    Some(Value::Object(fields.collect::<Option<_>>()?))
}

/// A value of the ABI as JSON (`decisions.md` 7).
pub(crate) fn told(param: &Param, it: &DynSolValue) -> Option<Value> {
    Some(match it {
        DynSolValue::Bool(yes) => value!(yes),
        DynSolValue::Address(address) => value!(address),
        DynSolValue::String(text) => value!(text),
        DynSolValue::Bytes(bytes) => value!(hex::encode_prefixed(bytes)),
        DynSolValue::FixedBytes(word, size) => value!(hex::encode_prefixed(word.get(..*size)?)),
        DynSolValue::Uint(number, bits) => match u64::try_from(*number) {
            Ok(small) if *bits <= SAFE_BITS || COUNTS.contains(&param.name.as_str()) => value!(small),
            _ => value!(number.to_string()),
        },
        DynSolValue::Int(number, _) => value!(I256::to_string(number)),
        DynSolValue::Array(items) | DynSolValue::FixedArray(items) => {
            Value::Array(items.iter().map(|it| told(param, it)).collect::<Option<_>>()?)
        }
        DynSolValue::Tuple(values) => object(&param.components, values)?,
        _ => return None,
    })
}

/// An answer over JSON-RPC.
pub(super) fn reply(answer: Result<Value, RpcError>) -> Reply {
    json(&answer?)
}

/// The same answer with keys in snake case, for REST (`decisions.md` 7).
pub(crate) fn snake_case(it: Value) -> Value {
    match it {
        Value::Object(fields) => {
            let snake = |(key, it): (String, Value)| (snake_key(&key), snake_case(it));
            Value::Object(fields.into_iter().map(snake).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(snake_case).collect()),
        other => other,
    }
}

fn snake_key(key: &str) -> String {
    let mut out = String::with_capacity(key.len().saturating_add(4));
    let mut after_lower = false;
    for letter in key.chars() {
        if letter.is_ascii_uppercase() && after_lower {
            out.push('_');
        }
        after_lower = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_snake_case_and_values_stay() {
        let camel =
            value!({ "blockNumber": 1, "operatorSet": { "avs": "Ab", "id": 2 }, "items": [{ "isA": true }] });
        let snake = value!({ "block_number": 1, "operator_set": { "avs": "Ab", "id": 2 }, "items": [{ "is_a": true }] });
        assert_eq!(snake_case(camel), snake);
        assert_eq!(snake_key("metadataURI"), "metadata_uri");
    }
}
