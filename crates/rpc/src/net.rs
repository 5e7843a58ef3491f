//! `net_`: one node, which is its own network.
//! Peers come with the cluster, and then this tells of them.

use crate::{
    context::Context,
    json::{Reply, json, quantity},
    method::Method,
    params::Params,
};

pub(crate) const METHODS: &[Method] = &[
    Method::now("net_version", version),
    Method::now("eth_networkId", version),
    Method::now("net_listening", listening),
    Method::now("net_peerCount", peer_count),
];

/// The chain id, in decimal.
fn version(cx: &Context, _: Params<'_>) -> Reply {
    json(&cx.chain.chain_id().to_string())
}

fn listening(_: &Context, _: Params<'_>) -> Reply {
    json(&true)
}

fn peer_count(_: &Context, _: Params<'_>) -> Reply {
    quantity(0)
}
