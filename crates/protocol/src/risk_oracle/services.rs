//! What is declared: prizes and thresholds by services, and which services, strategies and operators the network counts.
//! The owner lists services, because a prize is a claim: an unknown service that declares a huge one would make every
//! bound worthless, since attackers may corrupt it together with others.
//!
//! | tag | row | key | bits, from the lowest |
//! | --- | --- | --- | --- |
//! | 2 | [`Declaration`] | service | prize 128 · numerator 32 · denominator 32 |
//! | 3 to 5 | listed services | 0 | set of services |
//! | 6 to 8 | strategies that count in mode full | 0 | set of addresses |
//! | 9 to 11 | operators of an AVSDirectory service | service | set of addresses |

use super::{HOME, OWNER, PAUSED, PAUSED_DECLARING, records};
use crate::{
    allocation_manager::rows::SETS,
    avs_directory::REGISTERED,
    enumerable::EnumerableSets,
    host::{Host, Result, View, emit, require},
    ledger::{high, limb, low},
    operator_set,
    ownable::require_owner,
    pausable::require_running,
    permission_controller::sender_can_act_for,
    storage::{Map, Word},
};
use alloy_primitives::{Address, B256, FixedBytes, U256};
use types::{
    abi::IRiskOracle::{
        AlreadySo, InvalidPermissions, InvalidThreshold, OperatorNotRegistered, OperatorStillRegistered,
        OperatorTracked, PrizeCleared, PrizeSet, ServiceListed, StrategyCounted, TooLarge, UnknownService,
        clearPrizeCall, prizeOfReturn, setCountedCall, setListedCall, setPrizeCall, trackCall,
    },
    addresses::{BEACON_STRATEGY, TEST_TOKEN_STRATEGY},
};

/// Services that the network counts: a certificate's leaf has a price for each.
pub const MAX_SERVICES: u64 = 64;
/// Operators of one service that the network counts: what fits the gas of one transaction.
pub const MAX_MEMBERS: u64 = 512;
/// Strategies that count in mode full: each is read for each operator.
pub const MAX_STRATEGIES: u64 = 16;
/// The largest prize, in bits of wei: all ether there is has 87.
const PRIZE_BITS: usize = 96;
/// The id by which an AVS that only AVSDirectory knows is named (`decisions.md` 9): twelve bytes of ones.
const DIRECTORY_ID: [u8; 12] = [0xff; 12];

const DECLARATIONS: Map<B256, Declaration> = Map::on(HOME, 2);
pub(super) const LISTED: EnumerableSets<u64, B256> = EnumerableSets::on(HOME, [3, 4, 5]);
pub(super) const COUNTED: EnumerableSets<u64, Address> = EnumerableSets::on(HOME, [6, 7, 8]);
pub(super) const TRACKED: EnumerableSets<B256, Address> = EnumerableSets::on(HOME, [9, 10, 11]);

/// What a service said of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Declaration {
    /// In wei.
    pub prize: u128,
    /// Fraction of its slashable stake that corrupts it.
    pub numerator: u32,
    /// Zero if it said nothing.
    pub denominator: u32,
}

impl Word for Declaration {
    fn to_word(self) -> U256 {
        let [low, high, ..] = *U256::from(self.prize).as_limbs();
        U256::from_limbs([low, high, limb(self.denominator, self.numerator), 0])
    }

    fn from_word(word: U256) -> Self {
        let [first, second, threshold, _] = *word.as_limbs();
        let prize = u128::from(second) << 64 | u128::from(first);
        Self { prize, numerator: low(threshold), denominator: high(threshold) }
    }
}

/// A service as its key names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// An operator set.
    Set(B256),
    /// An AVS that operators registered with in AVSDirectory.
    Directory(Address),
}

impl Service {
    /// The service that a key names, whether it exists or not.
    pub(super) fn named(key: B256) -> Option<Self> {
        let (avs, id) = operator_set::parts(key);
        let [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, of_twelve @ ..] = key.0;
        if of_twelve == DIRECTORY_ID {
            return Some(Self::Directory(avs));
        }
        (operator_set::key(avs, id) == key).then_some(Self::Set(key))
    }
}

/// The key of an AVS that only AVSDirectory knows.
pub const fn directory_key(avs: Address) -> B256 {
    avs.0.concat_const(FixedBytes::new(DIRECTORY_ID))
}

/// The AVS that a key names as one of AVSDirectory; `None`: the key names something else.
pub fn directory_avs(key: B256) -> Option<Address> {
    match Service::named(key) {
        Some(Service::Directory(avs)) => Some(avs),
        _ => None,
    }
}

/// The storage of a contract that was told of exactly these operators of an AVSDirectory service: for views by somebody
/// who knows all registrations, which the contract itself does not.
pub fn told(avs: Address, operators: &[Address]) -> Vec<(U256, U256)> {
    TRACKED.genesis(directory_key(avs), operators)
}

/// The storage that a genesis state gives it.
pub fn genesis(owner: Address, dev: bool) -> Vec<(U256, U256)> {
    let strategies: Vec<Address> =
        [BEACON_STRATEGY].into_iter().chain(dev.then_some(TEST_TOKEN_STRATEGY)).collect();
    COUNTED.genesis(0, &strategies).into_iter().chain([OWNER.entry(owner)]).collect()
}

/// What a service declared.
pub(super) fn declared(view: &mut dyn View, service: B256) -> Result<Option<Declaration>> {
    let declaration = DECLARATIONS.get(view, service)?;
    Ok((declaration.denominator != 0).then_some(declaration))
}

pub(super) fn prize_of(view: &mut dyn View, service: B256) -> Result<prizeOfReturn> {
    let declaration = DECLARATIONS.get(view, service)?;
    let Declaration { prize, numerator, denominator } = declaration;
    Ok(prizeOfReturn { prize, numerator, denominator, declared: denominator != 0 })
}

/// Declares what corrupting the service is worth and what fraction of its slashable stake corrupts it.
///
/// # Errors
/// `CurrentlyPaused`, `UnknownService`, `InvalidPermissions`, `InvalidThreshold`, `TooLarge`.
pub(super) fn set_prize(host: &mut dyn Host, call: setPrizeCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_DECLARING)?;
    let setPrizeCall { service, prize, numerator, denominator } = call;
    require_speaker(host, service)?;
    require(numerator > 0 && numerator <= denominator, InvalidThreshold {})?;
    let bits = U256::from(prize).bit_len();
    require(bits <= PRIZE_BITS, TooLarge { size: U256::from(bits), limit: U256::from(PRIZE_BITS) })?;
    DECLARATIONS.set(host, service, Declaration { prize, numerator, denominator })?;
    emit(host, &PrizeSet { service, prize, numerator, denominator })
}

/// Takes the declaration back: the prize is assumed again.
///
/// # Errors
/// `CurrentlyPaused`, `UnknownService`, `InvalidPermissions`.
pub(super) fn clear_prize(host: &mut dyn Host, call: clearPrizeCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_DECLARING)?;
    require_speaker(host, call.service)?;
    DECLARATIONS.set(host, call.service, Declaration::default())?;
    emit(host, &PrizeCleared { service: call.service })
}

/// The AVS or whom it appointed.
fn require_speaker(host: &mut dyn Host, service: B256) -> Result<()> {
    require_known(host, service)?;
    let (avs, _) = operator_set::parts(service);
    let may = sender_can_act_for(host, avs)?;
    require(may, InvalidPermissions {})
}

fn require_known(view: &mut dyn View, service: B256) -> Result<()> {
    let known = match Service::named(service) {
        Some(Service::Set(set)) => SETS.get(view, set)?.exists,
        Some(Service::Directory(_)) => true,
        None => false,
    };
    require(known, UnknownService {})
}

/// Counts a service in the network, or no longer. What is proved of the network is forgotten: it was another one.
///
/// # Errors
/// `CurrentlyPaused`, Ownable's string, `UnknownService`, `AlreadySo`, `TooLarge`.
pub(super) fn set_listed(host: &mut dyn Host, call: setListedCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_DECLARING)?;
    require_owner(host, &OWNER)?;
    let setListedCall { service, listed } = call;
    require_known(host, service)?;
    let changed = if listed { LISTED.insert(host, 0, service)? } else { LISTED.remove(host, 0, service)? };
    require(changed, AlreadySo {})?;
    let count = LISTED.len(host, 0)?;
    require_within(count, MAX_SERVICES)?;
    records::forget_networks(host)?;
    emit(host, &ServiceListed { service, listed })
}

/// Counts a strategy in the stake of mode full, or no longer.
///
/// # Errors
/// `CurrentlyPaused`, Ownable's string, `AlreadySo`, `TooLarge`.
pub(super) fn set_counted(host: &mut dyn Host, call: setCountedCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_DECLARING)?;
    require_owner(host, &OWNER)?;
    let setCountedCall { strategy, counted } = call;
    let changed =
        if counted { COUNTED.insert(host, 0, strategy)? } else { COUNTED.remove(host, 0, strategy)? };
    require(changed, AlreadySo {})?;
    let count = COUNTED.len(host, 0)?;
    require_within(count, MAX_STRATEGIES)?;
    records::forget_networks(host)?;
    emit(host, &StrategyCounted { strategy, counted })
}

/// Notes that an operator is registered with a service in AVSDirectory, which keeps no lists, or that it no longer is.
/// Anyone may; what is noted is compared with AVSDirectory whenever the network is built.
///
/// # Errors
/// `CurrentlyPaused`, `UnknownService` for operator sets, whose members are known, `OperatorNotRegistered`,
/// `OperatorStillRegistered`, `AlreadySo`, `TooLarge`.
pub(super) fn track(host: &mut dyn Host, call: trackCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_DECLARING)?;
    let trackCall { service, operator, tracked } = call;
    let Some(Service::Directory(avs)) = Service::named(service) else {
        return require(false, UnknownService {});
    };
    let registered = REGISTERED.get(host, (avs, operator))?;
    require(registered || !tracked, OperatorNotRegistered {})?;
    require(tracked || !registered, OperatorStillRegistered {})?;
    let changed = if tracked {
        TRACKED.insert(host, service, operator)?
    } else {
        TRACKED.remove(host, service, operator)?
    };
    require(changed, AlreadySo {})?;
    let count = TRACKED.len(host, service)?;
    require_within(count, MAX_MEMBERS)?;
    emit(host, &OperatorTracked { service, operator, tracked })
}

/// Refuses a list that is too long.
///
/// # Errors
/// `TooLarge`.
pub(super) fn require_within(size: u64, limit: u64) -> Result<()> {
    require(size <= limit, TooLarge { size: U256::from(size), limit: U256::from(limit) })
}
