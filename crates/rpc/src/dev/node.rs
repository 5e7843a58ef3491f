//! What the node tells of itself, in anvil's shapes.

use crate::{
    context::Context,
    json::{Reply, json},
    method::Method,
    params::Params,
};
use alloy_primitives::B256;
use chain::View;
use serde::Serialize;
use std::collections::BTreeMap;

pub(crate) const METHODS: &[Method] = &[
    Method::now("anvil_nodeInfo", node_info).control(),
    Method::now("anvil_metadata", metadata).control(),
    Method::now("hardhat_metadata", metadata).control(),
];

/// The answer of `anvil_nodeInfo`, in anvil's shape.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeInfo {
    current_block_number: String,
    current_block_timestamp: u64,
    current_block_hash: B256,
    hard_fork: &'static str,
    transaction_order: &'static str,
    environment: NodeEnvironment,
    fork_config: NoFork,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeEnvironment {
    base_fee: String,
    chain_id: u64,
    gas_limit: String,
    gas_price: String,
}

/// There is no upstream chain to fork from; anvil's three fields stay null.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct NoFork {
    fork_url: Option<String>,
    fork_block_number: Option<u64>,
    fork_retry_backoff: Option<u64>,
}

fn node_info(cx: &Context, _: Params<'_>) -> Reply {
    let view: View = cx.chain.view();
    let header = view.head_header()?;
    let base_fee = u128::from(crate::eth::fees::next_base_fee(cx, &view)?);
    json(&NodeInfo {
        current_block_number: format!("{:#x}", header.number),
        current_block_timestamp: header.timestamp,
        current_block_hash: header.hash_slow(),
        hard_fork: "osaka",
        transaction_order: "fees",
        environment: NodeEnvironment {
            base_fee: format!("{base_fee:#x}"),
            chain_id: cx.chain.chain_id(),
            gas_limit: format!("{:#x}", header.gas_limit),
            gas_price: format!("{:#x}", base_fee.saturating_add(crate::eth::fees::SUGGESTED_TIP)),
        },
        fork_config: NoFork::default(),
    })
}

/// The answer of `anvil_metadata`, in anvil's shape.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    client_version: String,
    client_semver: String,
    client_commit_sha: Option<String>,
    chain_id: u64,
    instance_id: B256,
    latest_block_number: u64,
    latest_block_hash: B256,
    /// There is none: it stays null.
    forked_network: Option<()>,
    /// Number and hash of the block of each snapshot, by id.
    snapshots: BTreeMap<String, (u64, B256)>,
}

/// `bulwark/v0.1.0-a1b2c3/x86_64-linux` has version and commit in its middle.
fn metadata(cx: &Context, _: Params<'_>) -> Reply {
    let view = cx.chain.view();
    let middle = cx.client_version.split('/').nth(1).unwrap_or(&cx.client_version);
    let (version, commit) = match middle.split_once('-') {
        Some((version, commit)) => (version, Some(commit.to_owned())),
        None => (middle, None),
    };
    let mut snapshots = BTreeMap::new();
    for (id, number) in cx.chain.snapshots() {
        snapshots.insert(format!("{id:#x}"), (number, view.hash_of(number)?.unwrap_or_default()));
    }
    json(&Metadata {
        client_version: cx.client_version.clone(),
        client_semver: version.trim_start_matches('v').to_owned(),
        client_commit_sha: commit,
        chain_id: cx.chain.chain_id(),
        instance_id: cx.instance(),
        latest_block_number: view.head(),
        latest_block_hash: view.hash_of(view.head())?.unwrap_or_default(),
        forked_network: None,
        snapshots,
    })
}
