//! The ledger after a past block, read slot by slot from a snapshot. A [`protocol::host::View`] that knows storage and
//! nothing else: what it is used for reads rows, and calls nobody.

use alloy_primitives::{Address, B256, Bytes, U256};
use protocol::host::{BlockInfo, Error, Fatal, Msg, Reply, Result, View};
use state::Reader;
use types::Params;

/// The storage of native contracts after a block.
pub(super) struct PastState<'a> {
    reader: &'a Reader,
    block: u64,
    params: &'a Params,
    failure: Option<state::Error>,
}

impl<'a> PastState<'a> {
    pub(super) const fn new(reader: &'a Reader, block: u64, params: &'a Params) -> Self {
        Self { reader, block, params, failure: None }
    }

    /// Reads rows; an error is the database's.
    pub(super) fn read<T>(
        &mut self,
        rows: impl FnOnce(&mut Self) -> Result<T>,
    ) -> core::result::Result<T, state::Error> {
        let unreadable = |block| state::Error::Rewound { asked: block };
        rows(self).map_err(|_| self.failure.take().unwrap_or_else(|| unreadable(self.block)))
    }
}

impl View for PastState<'_> {
    fn msg(&self) -> Msg {
        Msg::default()
    }

    fn block(&self) -> BlockInfo {
        BlockInfo { number: self.block, ..BlockInfo::default() }
    }

    fn params(&self) -> &Params {
        self.params
    }

    fn charge_gas(&mut self, _: u64) -> Result<(), Fatal> {
        Ok(())
    }

    fn sload(&mut self, account: Address, slot: U256) -> Result<U256, Fatal> {
        self.reader.slot(account, slot, self.block).map_err(|error| {
            self.failure = Some(error);
            Fatal::Node
        })
    }

    fn tload(&mut self, _: U256) -> Result<U256, Fatal> {
        Ok(U256::ZERO)
    }

    fn balance(&mut self, _: Address) -> Result<U256, Fatal> {
        Err(Fatal::Node)
    }

    fn code_size(&mut self, _: Address) -> Result<usize, Fatal> {
        Err(Fatal::Node)
    }

    fn block_hash(&mut self, _: u64) -> Result<B256, Fatal> {
        Err(Fatal::Node)
    }

    fn instance_kind(&mut self, _: Address) -> Result<Option<u16>, Fatal> {
        Err(Fatal::Node)
    }

    fn static_call(&mut self, _: Address, _: Bytes) -> Result<Reply, Fatal> {
        Err(Fatal::Node)
    }

    fn static_call_with_gas(&mut self, _: Address, _: Bytes, _: u64) -> Result<Reply, Fatal> {
        Err(Fatal::Node)
    }

    fn enter(&mut self, _: Address, _: [u8; 4], _: Option<Bytes>) -> Result<Msg, Fatal> {
        Ok(Msg::default())
    }

    fn leave(&mut self, _: Msg, _: Result<Option<Bytes>, &Error>) {}

    fn is_traced(&self) -> bool {
        false
    }
}
