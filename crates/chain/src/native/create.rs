//! Instances made by native code (`decisions.md` 30, 39): a CREATE without init code, whose deployed code is the
//! registration that nobody else can deploy.

use super::{
    drive::Drive,
    host::{JournalHost, fatal},
};
use alloy_primitives::{Address, Bytes, U256, keccak256};
use protocol::{
    host::{Fatal, View},
    registry,
};
use revm::{
    bytecode::Bytecode,
    context_interface::{
        CreateScheme, Host as EvmHost, JournalTr, journaled_state::account::JournaledAccountTr,
    },
    handler::FrameResult,
    interpreter::{CreateInputs, CreateOutcome, FrameInput, Gas, InstructionResult, InterpreterResult},
};

impl<D: Drive> JournalHost<'_, D> {
    /// Makes an instance at the CREATE address of the running contract's nonce.
    ///
    /// A collision ends the frame as it ends a CREATE: all its gas is gone.
    pub(super) fn create(&mut self, kind: u16) -> Result<Address, Fatal> {
        self.forbid_static()?;
        let code = registry::instance_code(kind);
        let prices = self.prices();
        let price = prices.create_cost().saturating_add(prices.code_deposit_cost(code.len()));
        self.charge_gas(price)?;

        let creator = self.msg.this;
        let gas_limit = self.gas.remaining();
        let inputs = CreateInputs::new(creator, CreateScheme::Create, U256::ZERO, Bytes::new(), gas_limit, 0);
        let mut input = FrameInput::Create(Box::new(inputs));
        self.driver.show_start(&mut input);
        let made = self.make(creator, &code);
        if D::WATCHED {
            let (result, address) = match made {
                Ok(address) => (InstructionResult::Return, Some(address)),
                Err(_) => (InstructionResult::CreateCollision, None),
            };
            let output = if address.is_some() { code } else { Bytes::new() };
            let result = InterpreterResult { result, output, gas: Gas::new(gas_limit) };
            let mut outcome = FrameResult::Create(CreateOutcome::new(result, address));
            self.driver.show_end(&input, &mut outcome);
        }
        made
    }

    fn make(&mut self, creator: Address, code: &Bytes) -> Result<Address, Fatal> {
        let nonce = self.bump_nonce(creator)?;
        let address = creator.create(nonce);
        let context = self.driver.context_mut();
        context.load_account_info_skip_cold_load(address, false, false).map_err(fatal)?;
        let spec = context.cfg.spec;
        let journal = &mut context.journaled_state;
        if journal.create_account_checkpoint(creator, address, U256::ZERO, spec).is_err() {
            self.halt = InstructionResult::CreateCollision;
            return Err(Fatal::OutOfGas);
        }
        journal.checkpoint_commit();
        journal.set_code_with_hash(address, Bytecode::new_legacy(code.clone()), keccak256(code));
        Ok(address)
    }

    /// Takes the next nonce of the running contract.
    fn bump_nonce(&mut self, creator: Address) -> Result<u64, Fatal> {
        let context = self.driver.context_mut();
        let taken = match context.journaled_state.load_account_mut(creator) {
            Ok(mut account) => {
                let nonce = account.data.nonce();
                account.data.bump_nonce().then_some(nonce)
            }
            Err(error) => {
                context.error = Err(error.into());
                return Err(Fatal::Node);
            }
        };
        taken.ok_or(Fatal::Broken("a contract makes fewer than 2^64 instances"))
    }
}
