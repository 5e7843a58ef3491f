//! From the chain's types to those that go over the wire, as alloy, ethers and viem read them.
//! Copies and fills in places; it looks nothing up and decides nothing.

use alloy_consensus::{
    BlockHeader, Receipt, ReceiptEnvelope, ReceiptWithBloom, Transaction as _, TxEnvelope, TxReceipt as _,
};
use alloy_eips::eip4895::Withdrawals;
use alloy_primitives::{TxKind, U256};
use alloy_rpc_types_eth::{
    Block, BlockTransactions, Header, Log, Transaction, TransactionReceipt as RpcReceipt,
};
use chain::{LocatedLog, Recovered, SealedBlock};

/// A header with its hash and the size of its block.
pub(crate) fn header(block: &SealedBlock) -> Header {
    Header {
        hash: block.hash,
        inner: block.header.clone(),
        // Since the merge nothing adds to it, but old libraries ask for it.
        total_difficulty: Some(U256::ZERO),
        size: Some(U256::from(block.size())),
    }
}

/// A block, with whole transactions or their hashes.
pub(crate) fn block(block: &SealedBlock, full: bool) -> Block {
    let transactions = if full {
        let all = 0..block.transactions.len();
        BlockTransactions::Full(all.filter_map(|index| transaction(block, index)).collect())
    } else {
        BlockTransactions::Hashes(block.transactions.iter().map(|transaction| transaction.hash).collect())
    };
    let withdrawals = block.header.withdrawals_root.map(|_| Withdrawals::default());
    Block { header: header(block), uncles: Vec::new(), transactions, withdrawals }
}

/// The sealed transaction at a position.
pub(crate) fn transaction(block: &SealedBlock, index: usize) -> Option<Transaction> {
    let recovered = block.transactions.get(index)?;
    let price = recovered.tx.effective_gas_price(block.header.base_fee_per_gas());
    Some(Transaction {
        inner: envelope(recovered),
        block_hash: Some(block.hash),
        block_number: Some(block.header.number),
        transaction_index: u64::try_from(index).ok(),
        effective_gas_price: Some(price),
        block_timestamp: Some(block.header.timestamp),
    })
}

/// A transaction that waits in the pool.
pub(crate) fn pending(recovered: &Recovered) -> Transaction {
    Transaction {
        inner: envelope(recovered),
        block_hash: None,
        block_number: None,
        transaction_index: None,
        // Nobody knows the block's base fee yet: `gasPrice` is what the sender would pay at most, as geth has it.
        effective_gas_price: Some(recovered.tx.effective_gas_price(None)),
        block_timestamp: None,
    }
}

fn envelope(recovered: &Recovered) -> alloy_consensus::transaction::Recovered<TxEnvelope> {
    alloy_consensus::transaction::Recovered::new_unchecked(recovered.tx.clone(), recovered.sender)
}

/// The receipt at a position.
pub(crate) fn receipt(block: &SealedBlock, index: usize) -> Option<RpcReceipt> {
    let recovered = block.transactions.get(index)?;
    let envelope = block.receipts.get(index)?;
    let creates = recovered.tx.kind() == TxKind::Create;
    Some(RpcReceipt {
        inner: with_places(block, index, envelope),
        transaction_hash: recovered.hash,
        transaction_index: u64::try_from(index).ok(),
        block_hash: Some(block.hash),
        block_number: Some(block.header.number),
        gas_used: block.gas_used(index),
        effective_gas_price: recovered.tx.effective_gas_price(block.header.base_fee_per_gas()),
        blob_gas_used: None,
        blob_gas_price: None,
        from: recovered.sender,
        to: recovered.tx.to(),
        contract_address: creates.then(|| recovered.sender.create(recovered.tx.nonce())),
    })
}

/// The receipt with logs that know where they stand.
fn with_places(block: &SealedBlock, index: usize, envelope: &ReceiptEnvelope) -> ReceiptEnvelope<Log> {
    let transaction_hash = block.transactions.get(index).map(|transaction| transaction.hash);
    let logs = (block.logs_before(index)..).zip(envelope.logs()).map(|(log_index, log)| Log {
        inner: log.clone(),
        block_hash: Some(block.hash),
        block_number: Some(block.header.number),
        block_timestamp: Some(block.header.timestamp),
        transaction_hash,
        transaction_index: u64::try_from(index).ok(),
        log_index: Some(log_index),
        removed: false,
    });
    let receipt = Receipt {
        status: envelope.status_or_post_state(),
        cumulative_gas_used: envelope.cumulative_gas_used(),
        logs: logs.collect(),
    };
    let receipt = ReceiptWithBloom { receipt, logs_bloom: *envelope.logs_bloom() };
    match envelope {
        ReceiptEnvelope::Legacy(_) => ReceiptEnvelope::Legacy(receipt),
        ReceiptEnvelope::Eip2930(_) => ReceiptEnvelope::Eip2930(receipt),
        ReceiptEnvelope::Eip1559(_) => ReceiptEnvelope::Eip1559(receipt),
        ReceiptEnvelope::Eip4844(_) => ReceiptEnvelope::Eip4844(receipt),
        ReceiptEnvelope::Eip7702(_) => ReceiptEnvelope::Eip7702(receipt),
    }
}

/// A log that a query or a subscription found.
pub(crate) fn log(found: LocatedLog) -> Log {
    Log {
        inner: found.log,
        block_hash: Some(found.block_hash),
        block_number: Some(found.block),
        block_timestamp: Some(found.timestamp),
        transaction_hash: Some(found.transaction),
        transaction_index: Some(found.transaction_index),
        log_index: Some(found.log_index),
        removed: false,
    }
}
