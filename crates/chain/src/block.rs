//! A sealed block as the chain keeps and publishes it, and the form of its durable body and receipts.

use crate::transaction::Recovered;
use alloy_consensus::{
    Eip658Value, Header, Receipt, ReceiptEnvelope, ReceiptWithBloom, TxType, Typed2718, proofs,
};
use alloy_primitives::{Address, B256, Bloom, Bytes, Log};
use alloy_rlp::{Decodable, Encodable, RlpDecodable, RlpEncodable};
use std::sync::Arc;

/// A block that is durable, or about to be.
#[derive(Clone, Debug)]
pub struct SealedBlock {
    /// Its header.
    pub header: Header,
    /// The header's hash.
    pub hash: B256,
    /// Its transactions, in order.
    pub transactions: Vec<Arc<Recovered>>,
    /// Their receipts, in the same order.
    pub receipts: Vec<ReceiptEnvelope>,
}

/// A stored row of a block that this build cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored {what} of block {number} cannot be read; run `bulwark doctor` on the data directory")]
pub struct Unreadable {
    /// `header`, `body` or `receipts`.
    pub what: &'static str,
    /// Whose.
    pub number: u64,
}

#[derive(RlpEncodable, RlpDecodable)]
struct StoredTransaction {
    sender: Address,
    impersonated: bool,
    raw: Bytes,
}

#[derive(RlpEncodable, RlpDecodable)]
struct StoredReceipt {
    kind: u8,
    success: bool,
    cumulative_gas: u64,
    logs: Vec<Log>,
}

impl SealedBlock {
    /// Bytes of the block as Ethereum's peers would send it.
    pub fn size(&self) -> u64 {
        let transactions: usize = self.transactions.iter().map(|tx| tx.raw.length()).sum();
        let body = transactions.saturating_add(8);
        u64::try_from(self.header.length().saturating_add(body)).unwrap_or(u64::MAX)
    }

    /// The position of a transaction in the block.
    pub fn index_of(&self, transaction: B256) -> Option<usize> {
        self.transactions.iter().position(|tx| tx.hash == transaction)
    }

    /// Gas that the transaction at `index` used.
    pub fn gas_used(&self, index: usize) -> u64 {
        let total = |at: usize| self.receipts.get(at).map_or(0, ReceiptEnvelope::cumulative_gas_used);
        total(index).saturating_sub(index.checked_sub(1).map_or(0, total))
    }

    /// Logs of all transactions before `index`: the block-wide index of that transaction's first log.
    pub fn logs_before(&self, index: usize) -> u64 {
        let logs: usize = self.receipts.iter().take(index).map(|receipt| receipt.logs().len()).sum();
        u64::try_from(logs).unwrap_or(u64::MAX)
    }

    /// The durable form of the transactions.
    pub fn encode_body(&self) -> Vec<u8> {
        let stored: Vec<StoredTransaction> = self
            .transactions
            .iter()
            .map(|tx| StoredTransaction {
                sender: tx.sender,
                impersonated: tx.impersonated,
                raw: tx.raw.clone(),
            })
            .collect();
        let mut out = Vec::new();
        stored.encode(&mut out);
        out
    }

    /// The durable form of the receipts.
    pub fn encode_receipts(&self) -> Vec<u8> {
        let stored: Vec<StoredReceipt> = self
            .receipts
            .iter()
            .map(|receipt| StoredReceipt {
                kind: receipt.tx_type().ty(),
                success: receipt.is_success(),
                cumulative_gas: receipt.cumulative_gas_used(),
                logs: receipt.logs().to_vec(),
            })
            .collect();
        let mut out = Vec::new();
        stored.encode(&mut out);
        out
    }

    /// The inverse of the encodings.
    ///
    /// # Errors
    /// A row that this build cannot read.
    pub fn decode(header: Header, hash: B256, body: &[u8], receipts: &[u8]) -> Result<Self, Unreadable> {
        let number = header.number;
        let bad = |what| Unreadable { what, number };
        let stored = decode_all::<StoredTransaction>(body).ok_or(bad("body"))?;
        let transactions = stored
            .into_iter()
            .map(|tx| Recovered::stored(tx.raw, tx.sender, tx.impersonated).map(Arc::new).ok())
            .collect::<Option<Vec<_>>>()
            .ok_or(bad("body"))?;
        let receipts = decode_all::<StoredReceipt>(receipts)
            .and_then(|stored| stored.into_iter().map(StoredReceipt::envelope).collect::<Option<Vec<_>>>())
            .ok_or(bad("receipts"))?;
        Ok(Self { header, hash, transactions, receipts })
    }
}

/// The logs of stored receipts, by transaction.
pub(crate) fn stored_logs(receipts: &[u8]) -> Option<Vec<Vec<Log>>> {
    let stored = decode_all::<StoredReceipt>(receipts)?;
    Some(stored.into_iter().map(|receipt| receipt.logs).collect())
}

/// Rows of empty blocks are empty.
fn decode_all<T: Decodable>(mut raw: &[u8]) -> Option<Vec<T>> {
    if raw.is_empty() {
        return Some(Vec::new());
    }
    let all = Vec::<T>::decode(&mut raw).ok()?;
    raw.is_empty().then_some(all)
}

impl StoredReceipt {
    fn envelope(self) -> Option<ReceiptEnvelope> {
        let kind = TxType::try_from(self.kind).ok()?;
        Some(receipt(kind, self.success, self.cumulative_gas, self.logs))
    }
}

/// A receipt with its bloom.
pub fn receipt(kind: TxType, success: bool, cumulative_gas_used: u64, logs: Vec<Log>) -> ReceiptEnvelope {
    let logs_bloom: Bloom = logs.iter().collect();
    let receipt = Receipt { status: Eip658Value::Eip658(success), cumulative_gas_used, logs };
    let receipt = ReceiptWithBloom { receipt, logs_bloom };
    match kind {
        TxType::Legacy => ReceiptEnvelope::Legacy(receipt),
        TxType::Eip2930 => ReceiptEnvelope::Eip2930(receipt),
        TxType::Eip1559 => ReceiptEnvelope::Eip1559(receipt),
        TxType::Eip4844 => ReceiptEnvelope::Eip4844(receipt),
        TxType::Eip7702 => ReceiptEnvelope::Eip7702(receipt),
    }
}

/// The root of a block's receipts.
pub fn receipts_root(receipts: &[ReceiptEnvelope]) -> B256 {
    proofs::calculate_receipt_root(receipts)
}
