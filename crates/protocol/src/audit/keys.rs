//! Signing keys: I24, a key that was registered once stays its operator's, and one that is registered now is spent.

use super::{Audit, UsedKey};
use crate::{
    dispatch::static_call,
    host::{Result, View},
};
use types::{
    abi::IKeyRegistrar::{
        OperatorSet, getKeyHashCall, getOperatorFromSigningKeyCall, isKeyGloballyRegisteredCall,
    },
    addresses::KEY_REGISTRAR,
};

impl Audit {
    /// I24 of a key that was registered at some time.
    pub(super) fn key(&mut self, view: &mut dyn View, used: &UsedKey) -> Result<()> {
        let UsedKey { operator, avs, id, key } = used;
        let set = || OperatorSet { avs: *avs, id: *id };
        let owner = getOperatorFromSigningKeyCall { operatorSet: set(), keyData: key.clone() };
        let owner = static_call(view, KEY_REGISTRAR, &owner)?._0;
        self.demand(owner == *operator, || {
            format!("I24: key {key} was registered by {operator}, its record says {owner}")
        });
        let held = getKeyHashCall { operatorSet: set(), operator: *operator };
        let held = static_call(view, KEY_REGISTRAR, &held)?;
        if !held.is_zero() {
            let spent = isKeyGloballyRegisteredCall { keyHash: held };
            let spent = static_call(view, KEY_REGISTRAR, &spent)?;
            self.demand(spent, || {
                format!("I24: {operator} holds key {held} in set {id} of {avs}, which is not spent")
            });
        }
        Ok(())
    }
}
