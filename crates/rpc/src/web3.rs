//! `web3_`: who answers, and Keccak-256.
//! Nothing of the chain is read for either.

use crate::{
    context::Context,
    json::{Reply, json},
    method::Method,
    params::Params,
};
use alloy_primitives::{Bytes, keccak256};

pub(crate) const METHODS: &[Method] =
    &[Method::now("web3_clientVersion", client_version), Method::now("web3_sha3", sha3)];

fn client_version(cx: &Context, _: Params<'_>) -> Reply {
    json(&cx.client_version)
}

fn sha3(_: &Context, params: Params<'_>) -> Reply {
    json(&keccak256(params.one::<Bytes>("data")?))
}
