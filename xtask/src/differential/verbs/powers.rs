//! Who may act for whom (PermissionController), who may stop what (pausing), and the legacy AVSDirectory.

use super::{Draw, Drawn, Kind, call};
use crate::{
    differential::{scene::WHITELISTER, views::appointed},
    originals::{release::IDirectory as Directory, world::OWNER},
};
use alloy_primitives::{Address, FixedBytes, U256};
use anyhow::Result;
use types::{
    abi::{IOwnable as Owned, IPausable as Pausable, IPermissionController as Permissions},
    addresses::{AVS_DIRECTORY, PERMISSION_CONTROLLER},
};

/// The kinds with their weights.
pub const KINDS: &[Kind] = &[
    (3, pause),
    (6, unpause),
    (4, propose_admin),
    (5, accept_admin),
    (1, withdraw_proposal),
    (2, remove_admin),
    (4, appoint),
    (2, dismiss),
    (3, directory_register),
    (2, directory_deregister),
    (1, directory_other),
];

fn pause(draw: &mut Draw<'_>) -> Drawn {
    let contract = draw.chance.pick(&draw.scene.pausable);
    let now = draw.ask(contract, Pausable::paused_0Call {})?.unwrap_or_default();
    let bit = U256::ONE << draw.chance.pick(&[0usize, 0, 1, 1, 2, 2, 3, 64, 255]);
    match draw.chance.below(12) {
        0 => call(OWNER, contract, Pausable::pauseAllCall {}),
        // Clears what is set, which pausing may not.
        1 => call(OWNER, contract, Pausable::pauseCall { newPausedStatus: bit }),
        _ => call(OWNER, contract, Pausable::pauseCall { newPausedStatus: now | bit }),
    }
}

fn unpause(draw: &mut Draw<'_>) -> Drawn {
    for contract in draw.scene.pausable.clone() {
        let now = draw.ask(contract, Pausable::paused_0Call {})?.unwrap_or_default();
        if !now.is_zero() {
            let newPausedStatus = match draw.chance.below(8) {
                0 => now & (now - U256::ONE),
                1 => !U256::ZERO,
                _ => U256::ZERO,
            };
            return call(OWNER, contract, Pausable::unpauseCall { newPausedStatus });
        }
    }
    if draw.chance.one_in(10) {
        let contract = draw.chance.pick(&draw.scene.pausable);
        return call(OWNER, contract, Pausable::unpauseCall { newPausedStatus: U256::ONE });
    }
    Ok(None)
}

/// Accounts that others act for: operators, services.
fn principal(draw: &mut Draw<'_>) -> Address {
    if draw.chance.one_in(2) { draw.operator() } else { draw.service() }
}

/// The few who act for others.
fn deputy(draw: &mut Draw<'_>) -> Address {
    if draw.chance.one_in(10) { principal(draw) } else { draw.scene.stakers[draw.chance.index(3)] }
}

fn propose_admin(draw: &mut Draw<'_>) -> Drawn {
    let (account, admin) = (principal(draw), deputy(draw));
    let from = draw.acting_for(account);
    call(from, PERMISSION_CONTROLLER, Permissions::addPendingAdminCall { account, admin })
}

fn accept_admin(draw: &mut Draw<'_>) -> Drawn {
    let account = draw.until(principal, |draw, account| Ok(!draw.pending(*account)?.is_empty()))?;
    let from = draw.pending(account)?.first().copied().unwrap_or_else(|| deputy(draw));
    call(from, PERMISSION_CONTROLLER, Permissions::acceptAdminCall { account })
}

fn withdraw_proposal(draw: &mut Draw<'_>) -> Drawn {
    let account = draw.until(principal, |draw, account| Ok(!draw.pending(*account)?.is_empty()))?;
    let admin = draw.pending(account)?.first().copied().unwrap_or_else(|| deputy(draw));
    let from = draw.acting_for(account);
    call(from, PERMISSION_CONTROLLER, Permissions::removePendingAdminCall { account, admin })
}

fn remove_admin(draw: &mut Draw<'_>) -> Drawn {
    let account = draw.until(principal, |draw, account| Ok(draw.admins(*account)?.len() > 1))?;
    let admins = draw.admins(account)?;
    let admin = if draw.chance.one_in(4) { deputy(draw) } else { draw.chance.pick(&admins) };
    let from = draw.acting_for(account);
    call(from, PERMISSION_CONTROLLER, Permissions::removeAdminCall { account, admin })
}

fn appoint(draw: &mut Draw<'_>) -> Drawn {
    let (account, appointee) = (principal(draw), deputy(draw));
    let (target, selector) = draw.chance.pick(&appointed());
    let from = draw.acting_for(account);
    let set = Permissions::setAppointeeCall { account, appointee, target, selector };
    call(from, PERMISSION_CONTROLLER, set)
}

fn dismiss(draw: &mut Draw<'_>) -> Drawn {
    let (account, appointee) = draw.until(
        |draw| (principal(draw), deputy(draw)),
        |draw, (account, appointee)| Ok(!draw.appointed(*account, *appointee)?.is_empty()),
    )?;
    let held = draw.appointed(account, appointee)?;
    let (target, selector) =
        if held.is_empty() { draw.chance.pick(&appointed()) } else { draw.chance.pick(&held) };
    let from = draw.acting_for(account);
    let remove = Permissions::removeAppointeeCall { account, appointee, target, selector };
    call(from, PERMISSION_CONTROLLER, remove)
}

fn directory_register(draw: &mut Draw<'_>) -> Drawn {
    if !draw.scene.has_directory {
        return Ok(None);
    }
    let (operator, avs, salt, expiry) = (draw.operator(), draw.service(), draw.salt(), draw.expiry());
    let digest = Directory::calculateOperatorAVSRegistrationDigestHashCall { operator, avs, salt, expiry };
    let digest = draw.ask(AVS_DIRECTORY, digest)?.unwrap_or_default();
    let signature = draw.signature(operator, digest)?;
    let signature = Directory::SignatureWithSaltAndExpiry { signature, salt, expiry };
    call(avs, AVS_DIRECTORY, Directory::registerOperatorToAVSCall { operator, signature })
}

fn directory_deregister(draw: &mut Draw<'_>) -> Drawn {
    if !draw.scene.has_directory {
        return Ok(None);
    }
    let (operator, avs) = (draw.operator(), draw.service());
    call(avs, AVS_DIRECTORY, Directory::deregisterOperatorFromAVSCall { operator })
}

fn directory_other(draw: &mut Draw<'_>) -> Drawn {
    if !draw.scene.has_directory {
        return Ok(None);
    }
    match draw.chance.below(3) {
        0 => {
            let (from, salt) = (draw.operator(), draw.salt());
            call(from, AVS_DIRECTORY, Directory::cancelSaltCall { salt })
        }
        1 => {
            let (from, metadataURI) = (draw.anyone(), "ipfs://service".to_owned());
            call(from, AVS_DIRECTORY, Directory::updateAVSMetadataURICall { metadataURI })
        }
        _ => {
            let from = draw.ask(AVS_DIRECTORY, Owned::ownerCall {})?.unwrap_or(OWNER);
            let newOwner = draw.chance.pick(&[OWNER, WHITELISTER, Address::ZERO]);
            call(from, AVS_DIRECTORY, Owned::transferOwnershipCall { newOwner })
        }
    }
}

impl Draw<'_> {
    fn pending(&mut self, account: Address) -> Result<Vec<Address>> {
        let pending = Permissions::getPendingAdminsCall { account };
        Ok(self.ask(PERMISSION_CONTROLLER, pending)?.unwrap_or_default())
    }

    fn admins(&mut self, account: Address) -> Result<Vec<Address>> {
        let admins = self.ask(PERMISSION_CONTROLLER, Permissions::getAdminsCall { account })?;
        Ok(admins.unwrap_or_else(|| vec![account]))
    }

    /// What `appointee` may do for `account`.
    fn appointed(&mut self, account: Address, appointee: Address) -> Result<Vec<(Address, FixedBytes<4>)>> {
        let held = Permissions::getAppointeePermissionsCall { account, appointee };
        let held = self.ask(PERMISSION_CONTROLLER, held)?;
        Ok(held.map_or_else(Vec::new, |it| it._0.into_iter().zip(it._1).collect()))
    }

    /// Who acts for `account`: mostly one of its admins, at times a deputy who may be appointed for the verb or not.
    pub fn acting_for(&mut self, account: Address) -> Address {
        if self.chance.one_in(10) {
            return deputy(self);
        }
        self.admins(account).ok().and_then(|admins| admins.first().copied()).unwrap_or(account)
    }
}
