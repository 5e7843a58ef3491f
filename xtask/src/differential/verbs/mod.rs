//! What a step does: a verb drawn by weight, its arguments from what the native world holds, mostly sensible; about one
//! call in five is spoiled afterwards. The files beside this one hold the verbs by contract.

mod allocations;
mod delegation;
mod deposits;
mod odd;
mod opening;
mod pinned;
mod pods;
mod powers;
mod spoil;

use super::{
    scene::{NOBODY, Scene, ask},
    views::SET_IDS,
};
use crate::{
    e2e::chance::Chance,
    originals::{
        release::IAllocations::{self as Sets, OperatorSet},
        world::World,
    },
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use anyhow::Result;
use std::fmt::Debug;
use types::addresses::{ALLOCATION_MANAGER, BEACON_STRATEGY};

/// One, as a wad.
pub const WAD: u64 = 1_000_000_000_000_000_000;
/// Draws of a verb that suits the moment before blocks pass instead.
const DRAWS: usize = 6;

/// What a step does.
pub enum Action {
    /// So many blocks pass.
    Mine(u64),
    /// Somebody calls.
    Call(Call),
}

/// A transaction.
pub struct Call {
    /// Who.
    pub from: Address,
    /// Whom.
    pub to: Address,
    /// Calldata.
    pub data: Bytes,
    /// The verb.
    pub signature: &'static str,
    /// Whether the calldata is no longer what the ABI says.
    pub is_spoiled: bool,
    about: Box<dyn Debug>,
    note: &'static str,
}

impl Call {
    /// The call for people.
    pub fn text(&self) -> String {
        let raw = if self.is_spoiled { format!(" {}", self.data) } else { String::new() };
        format!("{:?}{}{raw}", self.about, self.note)
    }
}

/// A call, if the moment has one of this kind.
type Drawn = Result<Option<Call>>;
/// A kind of call: its weight, how it is drawn.
type Kind = (u64, fn(&mut Draw<'_>) -> Drawn);

/// Draws a step.
///
/// # Errors
/// The world cannot answer a view.
pub fn draw(seed: u64, step: u32, scene: &Scene, world: &mut World) -> Result<Action> {
    let mut chance = Chance::new(seed.wrapping_mul(1_000_003).wrapping_add(u64::from(step)));
    // Numbers that follow each other give streams that begin alike.
    chance.word();
    let mut draw = Draw { chance, scene, world };
    if let Some(action) = opening::step(&mut draw, seed, step)? {
        return Ok(action);
    }
    if draw.chance.below(100) < 13 {
        return Ok(Action::Mine(draw.blocks()));
    }
    for _ in 0..DRAWS {
        let kind = draw.kind();
        if let Some(mut call) = kind(&mut draw)? {
            spoil::maybe(&mut draw, &mut call);
            return Ok(Action::Call(call));
        }
    }
    Ok(Action::Mine(1))
}

/// Draws arguments.
pub struct Draw<'a> {
    /// Choices.
    pub chance: Chance,
    /// Who there is.
    pub scene: &'a Scene,
    /// The native world, to look at.
    pub world: &'a mut World,
}

impl Draw<'_> {
    fn kind(&mut self) -> fn(&mut Draw<'_>) -> Drawn {
        let pinned: &[Kind] = if self.scene.is_pinned { pinned::KINDS } else { &[] };
        let all = [
            deposits::KINDS,
            delegation::KINDS,
            allocations::KINDS,
            pods::KINDS,
            powers::KINDS,
            odd::KINDS,
            pinned,
        ];
        let kinds = || all.iter().flat_map(|kinds| kinds.iter());
        let mut rest = self.chance.below(kinds().map(|(weight, _)| weight).sum());
        for (weight, kind) in kinds() {
            match rest.checked_sub(*weight) {
                Some(less) => rest = less,
                None => return *kind,
            }
        }
        deposits::deposit
    }

    /// Blocks around the moments at which something happens.
    fn blocks(&mut self) -> u64 {
        let params = World::params();
        let delay = u64::from(params.withdrawal_delay_blocks);
        let configuration = u64::from(params.configuration_delay_blocks);
        self.chance.pick(&[
            0,
            1,
            1,
            1,
            2,
            3,
            delay - 1,
            delay,
            delay,
            delay + 1,
            delay + 1,
            configuration,
            configuration + 1,
            2 * delay + 1,
        ])
    }

    /// Asks the native world.
    fn ask<C: SolCall>(&mut self, to: Address, call: C) -> Result<Option<C::Return>> {
        ask(self.world, to, call)
    }

    /// Draws until the draw is `good`, or a few times; one time in ten the first draw must do.
    fn until<T>(
        &mut self,
        draw: impl Fn(&mut Self) -> T,
        good: impl Fn(&mut Self, &T) -> Result<bool>,
    ) -> Result<T> {
        let mut drawn = draw(self);
        if self.chance.one_in(10) {
            return Ok(drawn);
        }
        for _ in 0..8 {
            if good(self, &drawn)? {
                break;
            }
            drawn = draw(self);
        }
        Ok(drawn)
    }

    fn staker(&mut self) -> Address {
        if self.chance.one_in(8) { self.operator() } else { self.chance.pick(&self.scene.stakers) }
    }

    fn operator(&mut self) -> Address {
        if self.chance.one_in(25) { NOBODY } else { self.chance.pick(&self.scene.operators) }
    }

    fn service(&mut self) -> Address {
        if self.chance.one_in(25) { NOBODY } else { self.chance.pick(&self.scene.services) }
    }

    fn anyone(&mut self) -> Address {
        self.chance.pick(&self.scene.everyone())
    }

    fn set_id(&mut self) -> u32 {
        if self.chance.one_in(25) { 9 } else { self.chance.pick(&SET_IDS) }
    }

    fn strategy(&mut self) -> Address {
        match self.chance.below(40) {
            0 => BEACON_STRATEGY,
            1 => NOBODY,
            _ => self.chance.pick(&self.scene.strategies),
        }
    }

    /// Mostly different strategies, mostly in ascending order.
    fn strategies(&mut self, most: u64) -> Vec<Address> {
        let count = if self.chance.one_in(15) { 0 } else { 1 + self.chance.below(most) };
        let mut list: Vec<Address> = (0..count).map(|_| self.strategy()).collect();
        if !self.chance.one_in(12) {
            list.sort_unstable();
            list.dedup();
        }
        list
    }

    /// The token of a strategy, mostly.
    fn token_of(&mut self, strategy: Address) -> Address {
        let at = self.scene.strategies.iter().position(|it| *it == strategy);
        match at {
            Some(at) if !self.chance.one_in(20) => self.scene.tokens[at],
            _ => self.chance.pick(&self.scene.tokens),
        }
    }

    /// An amount, from nothing to the limits.
    fn amount(&mut self) -> U256 {
        let ten = U256::from(10);
        match self.chance.below(24) {
            0 => U256::ZERO,
            1 | 2 => U256::ONE,
            3 => U256::from(2),
            4 => U256::from(3),
            5..9 => U256::from(1_000),
            9..16 => ten.pow(U256::from(18)),
            16..20 => ten.pow(U256::from(27)),
            20 => ten.pow(U256::from(38)) - U256::ONE,
            21 => ten.pow(U256::from(38)),
            22 => U256::from(self.chance.below(u64::MAX)),
            _ => U256::MAX,
        }
    }

    /// A part of what is held, or any amount.
    fn part_of(&mut self, held: U256) -> U256 {
        match self.chance.below(10) {
            0..4 => held,
            4 => held / U256::from(2),
            5 => held / U256::from(3),
            6 => held.saturating_sub(U256::ONE),
            7 => held.saturating_add(U256::ONE),
            8 => U256::ONE.min(held),
            _ => self.amount(),
        }
    }

    /// A wad from {0, 1, W/3, W/2, W, W+1}, small ones more often: what is slashed never comes back.
    fn wad(&mut self) -> u64 {
        match self.chance.below(20) {
            0 => 0,
            1..5 => 1,
            5..11 => WAD / 3,
            11..16 => WAD / 2,
            16 => WAD,
            17 => WAD + 1,
            _ => self.chance.below(WAD),
        }
    }

    /// One of a few salts, so that they are used twice.
    fn salt(&mut self) -> B256 {
        B256::from(U256::from(self.chance.below(4)))
    }

    /// Mostly far off, else around now.
    fn expiry(&mut self) -> U256 {
        let now = U256::from(self.world.timestamp());
        match self.chance.below(24) {
            0 => now - U256::ONE,
            1 => now,
            2 => U256::ZERO,
            _ => U256::MAX,
        }
    }

    /// A signature of `signer` over `digest`, mostly good.
    fn signature(&mut self, signer: Address, digest: B256) -> Result<Bytes> {
        let mut bytes = self.scene.sign(signer, digest)?.to_vec();
        match self.chance.below(36) {
            0 => bytes.clear(),
            1 => bytes.truncate(64),
            2 => {
                let at = self.chance.index(bytes.len());
                bytes[at] ^= 1 << self.chance.below(8);
            }
            3 => {
                let other = self.chance.pick(&self.scene.stakers);
                bytes = self.scene.sign(other, digest)?.to_vec();
            }
            4 => bytes.push(0),
            5 if bytes.len() == 65 => mirror(&mut bytes),
            _ => {}
        }
        Ok(bytes.into())
    }

    /// A set of a service, mostly one that exists.
    fn set(&mut self) -> Result<OperatorSet> {
        self.until(
            |draw| OperatorSet { avs: draw.service(), id: draw.set_id() },
            |draw, set| {
                let exists = Sets::isOperatorSetCall { set: set.clone() };
                Ok(draw.ask(ALLOCATION_MANAGER, exists)?.unwrap_or_default())
            },
        )
    }
}

/// The other signature by the same key: s above half the order, which must not be taken.
fn mirror(signature: &mut [u8]) {
    let order =
        alloy_primitives::uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);
    let s = U256::from_be_slice(&signature[32..64]);
    signature[32..64].copy_from_slice(&order.saturating_sub(s).to_be_bytes::<32>());
    signature[64] ^= 27 ^ 28;
}

/// A call from `from` to `to`.
fn call<C: SolCall + Debug + 'static>(from: Address, to: Address, call: C) -> Drawn {
    let data = call.abi_encode().into();
    let (signature, about) = (C::SIGNATURE, Box::new(call));
    Ok(Some(Call { from, to, data, signature, is_spoiled: false, about, note: "" }))
}
