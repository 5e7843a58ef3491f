//! Verbs that the pinned release has and the slashing release has not: sets with slashers and recipients, clearing what
//! was slashed, keys, releases.

use super::{Draw, Drawn, Kind, call};
use crate::{differential::scene::NOBODY, originals::world::OWNER};
use alloy_primitives::{Address, B256, Bytes, U256};
use anyhow::Result;
use light::bn254;
use types::{
    abi::{
        IAllocationManager as Sets, IKeyRegistrar as Keys, IReleaseManager as Releases,
        IStrategyManager as Deposits,
    },
    addresses::{ALLOCATION_MANAGER, BURN, EIGEN_STRATEGY, KEY_REGISTRAR, RELEASE_MANAGER, STRATEGY_MANAGER},
};

/// The kinds with their weights.
pub const KINDS: &[Kind] = &[
    (3, create),
    (3, create_redistributing),
    (2, update_slasher),
    (1, migrate_slashers),
    (5, clear_slash),
    (4, clear_strategy),
    (2, configure_keys),
    (4, register_key),
    (2, deregister_key),
    (2, release),
    (1, share_hooks),
];

/// Keys that operators register, so few that they meet.
const SECRETS: u64 = 6;

fn create(draw: &mut Draw<'_>) -> Drawn {
    let avs = draw.service();
    let from = draw.acting_for(avs);
    let params = vec![draw.set_with_slasher()];
    call(from, ALLOCATION_MANAGER, Sets::createOperatorSets_1Call { avs, params })
}

fn create_redistributing(draw: &mut Draw<'_>) -> Drawn {
    let avs = draw.service();
    let from = draw.acting_for(avs);
    let count = 1 + u64::from(draw.chance.one_in(6));
    let params: Vec<Sets::CreateSetParamsV2> = (0..count).map(|_| draw.set_with_slasher()).collect();
    let mut redistributionRecipients: Vec<Address> = params.iter().map(|_| draw.recipient()).collect();
    if draw.chance.one_in(12) {
        redistributionRecipients.push(NOBODY);
    }
    if draw.chance.one_in(3) {
        let params = params
            .into_iter()
            .map(|it| Sets::CreateSetParams { operatorSetId: it.operatorSetId, strategies: it.strategies })
            .collect();
        let first = Sets::createRedistributingOperatorSets_0Call { avs, params, redistributionRecipients };
        return call(from, ALLOCATION_MANAGER, first);
    }
    let second = Sets::createRedistributingOperatorSets_1Call { avs, params, redistributionRecipients };
    call(from, ALLOCATION_MANAGER, second)
}

fn update_slasher(draw: &mut Draw<'_>) -> Drawn {
    let operatorSet = draw.named_set()?;
    let from = draw.acting_for(operatorSet.avs);
    let acting = draw.ask(ALLOCATION_MANAGER, Sets::getSlasherCall { operatorSet: operatorSet.clone() })?;
    let deputy = draw.scene.stakers[draw.chance.index(3)];
    let acting = acting.unwrap_or(deputy);
    let slasher = draw.chance.pick(&[deputy, deputy, acting, operatorSet.avs, Address::ZERO]);
    call(from, ALLOCATION_MANAGER, Sets::updateSlasherCall { operatorSet, slasher })
}

fn migrate_slashers(draw: &mut Draw<'_>) -> Drawn {
    let from = draw.anyone();
    let operatorSets = vec![draw.named_set()?, draw.named_set()?];
    call(from, ALLOCATION_MANAGER, Sets::migrateSlashersCall { operatorSets })
}

/// A slash of a set, mostly one that is not cleared.
fn slash_to_clear(draw: &mut Draw<'_>) -> Result<(Deposits::OperatorSet, U256)> {
    let pending = draw.ask(STRATEGY_MANAGER, Deposits::getPendingOperatorSetsCall {})?.unwrap_or_default();
    if pending.is_empty() || draw.chance.one_in(8) {
        let Sets::OperatorSet { avs, id } = draw.named_set()?;
        return Ok((Deposits::OperatorSet { avs, id }, U256::from(draw.chance.below(4))));
    }
    let operatorSet = pending[draw.chance.index(pending.len())].clone();
    let ids = Deposits::getPendingSlashIdsCall { operatorSet: operatorSet.clone() };
    let ids = draw.ask(STRATEGY_MANAGER, ids)?.unwrap_or_default();
    let slash = ids.get(draw.chance.index(ids.len())).copied().unwrap_or(U256::MAX);
    Ok((operatorSet, slash))
}

fn clear_slash(draw: &mut Draw<'_>) -> Drawn {
    let (from, (operatorSet, slashId)) = (draw.anyone(), slash_to_clear(draw)?);
    let clear = Deposits::clearBurnOrRedistributableSharesCall { operatorSet, slashId };
    call(from, STRATEGY_MANAGER, clear)
}

fn clear_strategy(draw: &mut Draw<'_>) -> Drawn {
    let (from, (operatorSet, slashId)) = (draw.anyone(), slash_to_clear(draw)?);
    let strategy = draw.strategy();
    let clear = Deposits::clearBurnOrRedistributableSharesByStrategyCall { operatorSet, slashId, strategy };
    call(from, STRATEGY_MANAGER, clear)
}

fn configure_keys(draw: &mut Draw<'_>) -> Drawn {
    let operatorSet = draw.key_set()?;
    let from = draw.acting_for(operatorSet.avs);
    let curveType = draw.chance.pick(&[0, 1, 1, 1, 2, 2, 2, 3]);
    call(from, KEY_REGISTRAR, Keys::configureOperatorSetCall { operatorSet, curveType })
}

fn register_key(draw: &mut Draw<'_>) -> Drawn {
    let (operator, operatorSet) = (draw.operator(), draw.key_set()?);
    let from = draw.acting_for(operator);
    let curve = Keys::getOperatorSetCurveTypeCall { operatorSet: operatorSet.clone() };
    let curve = draw.ask(KEY_REGISTRAR, curve)?.unwrap_or_default();
    let is_pairing = (curve == 2) != draw.chance.one_in(12);
    let (keyData, signature) = if is_pairing {
        draw.pairing_key(operator, &operatorSet)?
    } else {
        draw.plain_key(operator, &operatorSet)?
    };
    let register = Keys::registerKeyCall { operator, operatorSet, keyData, signature };
    call(from, KEY_REGISTRAR, register)
}

fn deregister_key(draw: &mut Draw<'_>) -> Drawn {
    let (operator, operatorSet) = draw.until(
        |draw| (draw.operator(), draw.key_set().unwrap_or_else(|_| Keys::OperatorSet::default_of(NOBODY))),
        |draw, (operator, set)| {
            let has = Keys::isRegisteredCall { operatorSet: set.clone(), operator: *operator };
            Ok(draw.ask(KEY_REGISTRAR, has)?.unwrap_or_default())
        },
    )?;
    let from = draw.acting_for(operator);
    call(from, KEY_REGISTRAR, Keys::deregisterKeyCall { operator, operatorSet })
}

fn release(draw: &mut Draw<'_>) -> Drawn {
    let Sets::OperatorSet { avs, id } = draw.named_set()?;
    let (from, operatorSet) = (draw.acting_for(avs), Releases::OperatorSet { avs, id });
    if draw.chance.one_in(2) {
        let metadataURI = draw.chance.pick(&["", "ipfs://software", "ipfs://software"]).to_owned();
        return call(from, RELEASE_MANAGER, Releases::publishMetadataURICall { operatorSet, metadataURI });
    }
    let now = u32::try_from(draw.world.timestamp())?;
    let artifact = Releases::Artifact { digest: B256::repeat_byte(7), registry: "registry".to_owned() };
    let artifacts = if draw.chance.one_in(4) { Vec::new() } else { vec![artifact] };
    let upgradeByTime = draw.chance.pick(&[0, now - 1, now, u32::MAX]);
    let release = Releases::Release { artifacts, upgradeByTime };
    call(from, RELEASE_MANAGER, Releases::publishReleaseCall { operatorSet, release })
}

/// What only the StrategyManager may tell a strategy.
fn share_hooks(draw: &mut Draw<'_>) -> Drawn {
    use types::abi::IStrategy as Strategy;
    let (strategy, staker, shares) = (draw.strategy(), draw.staker(), draw.amount());
    let from = draw.chance.pick(&[STRATEGY_MANAGER, OWNER]);
    if draw.chance.one_in(2) {
        return call(from, strategy, Strategy::beforeAddSharesCall { staker, shares });
    }
    call(from, strategy, Strategy::beforeRemoveSharesCall { staker, shares })
}

trait OfService {
    /// Set 0 of a service.
    fn default_of(avs: Address) -> Self;
}

impl OfService for Keys::OperatorSet {
    fn default_of(avs: Address) -> Self {
        Self { avs, id: 0 }
    }
}

impl Draw<'_> {
    /// Who slashes for a set: the slasher mostly.
    pub fn slasher_of(&mut self, avs: Address, id: u32) -> Result<Address> {
        if self.chance.one_in(10) {
            return Ok(self.acting_for(avs));
        }
        let call = Sets::getSlasherCall { operatorSet: Sets::OperatorSet { avs, id } };
        Ok(self.ask(ALLOCATION_MANAGER, call)?.unwrap_or(avs))
    }

    fn named_set(&mut self) -> Result<Sets::OperatorSet> {
        let set = self.set()?;
        Ok(Sets::OperatorSet { avs: set.avs, id: set.id })
    }

    fn key_set(&mut self) -> Result<Keys::OperatorSet> {
        let set = self.set()?;
        Ok(Keys::OperatorSet { avs: set.avs, id: set.id })
    }

    fn set_with_slasher(&mut self) -> Sets::CreateSetParamsV2 {
        let mut strategies =
            if self.chance.one_in(3) { self.strategies(3) } else { self.scene.strategies.clone() };
        match self.chance.below(16) {
            0 => strategies.push(EIGEN_STRATEGY),
            1 => strategies.extend(strategies.first().copied()),
            _ => {}
        }
        let deputy = self.scene.stakers[self.chance.index(3)];
        let slasher = if self.chance.one_in(12) { Address::ZERO } else { deputy };
        Sets::CreateSetParamsV2 { operatorSetId: self.set_id(), strategies, slasher }
    }

    fn recipient(&mut self) -> Address {
        let staker = self.staker();
        self.chance.pick(&[staker, staker, staker, staker, NOBODY, NOBODY, Address::ZERO, BURN])
    }

    fn plain_key(&mut self, operator: Address, set: &Keys::OperatorSet) -> Result<(Bytes, Bytes)> {
        let key = self.chance.pick(&self.scene.stakers);
        let keyAddress = if self.chance.one_in(20) { Address::ZERO } else { key };
        let digest =
            Keys::getECDSAKeyRegistrationMessageHashCall { operator, operatorSet: set.clone(), keyAddress };
        let digest = self.ask(KEY_REGISTRAR, digest)?.unwrap_or_default();
        let signature = self.signature(key, digest)?;
        let mut data = keyAddress.to_vec();
        if self.chance.one_in(20) {
            data.push(0);
        }
        Ok((data.into(), signature))
    }

    fn pairing_key(&mut self, operator: Address, set: &Keys::OperatorSet) -> Result<(Bytes, Bytes)> {
        let secret = bn254::SecretKey::new(U256::from(1 + self.chance.below(SECRETS)));
        let (g1, g2) = (secret.key_g1(), secret.key_g2());
        let mut words = vec![g1.x, g1.y, g2.x[0], g2.x[1], g2.y[0], g2.y[1]];
        match self.chance.below(24) {
            0 => drop(words.pop()),
            1 => (words[0], words[1]) = (U256::ZERO, U256::ZERO),
            2 => words[0] += U256::ONE,
            3 => words[3] += U256::ONE,
            _ => {}
        }
        let bytes = |words: &[U256]| -> Bytes {
            words.iter().flat_map(U256::to_be_bytes::<32>).collect::<Vec<u8>>().into()
        };
        let keyData = bytes(&words);
        let digest = Keys::getBN254KeyRegistrationMessageHashCall {
            operator,
            operatorSet: set.clone(),
            keyData: keyData.clone(),
        };
        let digest = self.ask(KEY_REGISTRAR, digest)?.unwrap_or_default();
        let signer = if self.chance.one_in(16) { bn254::SecretKey::new(U256::from(99)) } else { secret };
        let point = signer.sign(digest);
        let mut signature = vec![point.x, point.y];
        match self.chance.below(24) {
            0 => drop(signature.pop()),
            1 => signature = vec![U256::ZERO, U256::ZERO],
            2 => signature[1] += U256::ONE,
            _ => {}
        }
        Ok((keyData, bytes(&signature)))
    }
}
