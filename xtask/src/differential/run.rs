//! One run: the steps of a seed told to both worlds, until an answer, a log or a view differs. A step is only a number:
//! what it does is drawn from (seed, number) and from what the native world holds at that moment, so steps can be left
//! out and the rest still makes sense.

use super::{
    props::{RELAY, relayCall},
    scene::{NOBODY, Side, Stage},
    verbs::{self, Action, Call},
    views::{self, Look, Looks},
};
use crate::originals::{
    release::IAllocations,
    world::{Frame, Outcome},
};
use alloy_primitives::{Address, Bytes, Log};
use alloy_sol_types::{SolCall, SolEvent, SolValue};
use anyhow::{Result, ensure};
use protocol::audit::{self, Actors, OperatorSetName, UsedKey};
use std::collections::{BTreeMap, BTreeSet};
use types::{
    abi::{IAllocationManager, IDelegationManager::SlashingWithdrawalQueued, IKeyRegistrar},
    addresses::{
        ALLOCATION_MANAGER, BEACON_STRATEGY, DELEGATION_MANAGER, EIGEN_POD_MANAGER, STRATEGY_MANAGER,
    },
};

/// Withdrawals and slashes of a run whose views are asked to its end.
const MAX_FOLLOWED: usize = 24;

/// The contracts that the worlds are made to act as.
const MANAGERS: [Address; 4] = [DELEGATION_MANAGER, STRATEGY_MANAGER, ALLOCATION_MANAGER, EIGEN_POD_MANAGER];

/// How often a verb was told, and how often it did what it was asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    /// Calls.
    pub told: u64,
    /// Calls that did not revert.
    pub succeeded: u64,
}

/// What runs have covered.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// By signature.
    pub verbs: BTreeMap<&'static str, Count>,
    /// Different first words of revert data, by verb.
    pub refusals: BTreeMap<(&'static str, Vec<u8>), u64>,
    /// Logs compared.
    pub logs: u64,
    /// Answers of views compared.
    pub views: u64,
    /// Calls with spoiled calldata that we refuse without data where the original says more, or goes on.
    pub stricter: u64,
    /// Blocks passed.
    pub blocks: u64,
    /// Audits of the native world.
    pub audits: u64,
    /// Calls tried in a static frame, or with value.
    pub framed: u64,
}

impl Tally {
    /// Adds another.
    pub fn add(&mut self, other: Self) {
        for (verb, count) in other.verbs {
            let sum = self.verbs.entry(verb).or_default();
            sum.told += count.told;
            sum.succeeded += count.succeeded;
        }
        for (refusal, count) in other.refusals {
            *self.refusals.entry(refusal).or_default() += count;
        }
        self.logs += other.logs;
        self.views += other.views;
        self.stricter += other.stricter;
        self.blocks += other.blocks;
        self.audits += other.audits;
        self.framed += other.framed;
    }
}

/// What was told and what the native world answered, for people.
#[derive(Clone, Debug)]
pub struct Line {
    /// The step.
    pub step: u32,
    /// In which block.
    pub block: u64,
    /// The call or the passing of blocks.
    pub text: String,
    /// Both answers; none for time.
    pub answers: Option<(Outcome, Outcome)>,
}

/// Where the worlds part.
#[derive(Clone, Debug)]
pub enum Difference {
    /// The last call's answers, as its line shows.
    Answer,
    /// The answers of the last call, of this verb, tried in another frame.
    Frame(&'static str),
    /// A view after the last step.
    View {
        /// The question.
        text: String,
        /// Success and data of ours.
        native: (bool, Vec<u8>),
        /// Of theirs.
        original: (bool, Vec<u8>),
    },
    /// Invariants that the native world breaks after the last step.
    Broken(Vec<String>),
}

impl Difference {
    /// What makes two differences the same for shrinking: where they show.
    pub fn kind(&self) -> &str {
        match self {
            Self::Answer => "answer",
            Self::Frame(verb) => verb,
            Self::View { text, .. } => text.split(' ').nth(1).unwrap_or_default(),
            Self::Broken(_) => "audit",
        }
    }
}

/// The end of a run.
#[derive(Debug, Default)]
pub struct Story {
    /// What was covered.
    pub tally: Tally,
    /// What happened; empty unless asked for.
    pub lines: Vec<Line>,
    /// The first difference, with the step that showed it.
    pub difference: Option<(u32, Difference)>,
}

/// Runs `steps` of `seed`.
///
/// # Errors
/// A world cannot run a call at all.
pub fn tell(stage: &Stage, seed: u64, steps: &[u32], with_lines: bool) -> Result<Story> {
    let (native, original) = stage.begin();
    let looks = stage.looks.clone();
    let story = Story::default();
    let (sets, keys) = (BTreeSet::new(), BTreeSet::new());
    let mut run =
        Run { stage, native, original, looks, is_forced: false, sets, keys, followed: 0, with_lines, story };
    for &step in steps {
        run.step(seed, step)?;
        if run.story.difference.is_some() {
            return Ok(run.story);
        }
    }
    run.confirm()?;
    Ok(run.story)
}

struct Run<'a> {
    stage: &'a Stage,
    native: Side,
    original: Side,
    /// With the views of withdrawals and slashes of this run.
    looks: Looks,
    /// Whether a contract was made to say what it never would by itself: invariants need not hold any more.
    is_forced: bool,
    /// Every operator set there is.
    sets: BTreeSet<OperatorSetName>,
    /// Every signing key that was registered.
    keys: BTreeSet<UsedKey>,
    followed: usize,
    with_lines: bool,
    story: Story,
}

impl Run<'_> {
    fn step(&mut self, seed: u64, step: u32) -> Result<()> {
        match verbs::draw(seed, step, &self.stage.scene, &mut self.native.world)? {
            Action::Mine(blocks) => self.mine(step, blocks),
            Action::Call(call) => self.call(step, &call)?,
        }
        if self.story.difference.is_none() {
            self.look(step)?;
        }
        if self.story.difference.is_none() && !self.is_forced {
            self.audit(step)?;
        }
        Ok(())
    }

    /// All invariants of the restaking core, on the native world.
    fn audit(&mut self, step: u32) -> Result<()> {
        let scene = &self.stage.scene;
        let actors = Actors {
            stakers: scene.holders(),
            operators: scene.operators.clone(),
            strategies: scene.strategies.iter().copied().chain([BEACON_STRATEGY]).collect(),
            sets: self.sets.iter().cloned().collect(),
            keys: self.keys.iter().cloned().collect(),
            isPart: false,
        };
        let (outcome, _) = self.native.world.run(NOBODY, audit::ADDRESS, actors.abi_encode())?;
        ensure!(outcome.success, "the audit did not run: {}", String::from_utf8_lossy(&outcome.output));
        let broken = Vec::<String>::abi_decode(&outcome.output)?;
        self.story.tally.audits += 1;
        if !broken.is_empty() {
            let broken = broken.iter().map(|it| scene.named(it)).collect();
            self.story.difference = Some((step, Difference::Broken(broken)));
        }
        Ok(())
    }

    fn mine(&mut self, step: u32, blocks: u64) {
        if self.with_lines {
            let text = format!("{blocks} blocks pass");
            let block = self.native.world.block();
            self.story.lines.push(Line { step, block, text, answers: None });
        }
        self.story.tally.blocks += blocks;
        for side in [&mut self.native, &mut self.original] {
            side.world.mine(blocks);
            if blocks > 0 {
                side.watch.moved(&self.looks);
            }
        }
    }

    /// The call as its caller would make it in a static frame, and with a wei, before it is made in earnest.
    fn try_frames(&mut self, step: u32, call: &Call) -> Result<()> {
        // Code in the place of these would change what they are for everybody.
        if !self.stage.tries_frames || MANAGERS.contains(&call.from) {
            return Ok(());
        }
        for frame in [Frame::Static, Frame::Paying] {
            let ours = self.native.world.inside(frame, call.from, call.to, &call.data)?;
            let theirs = self.original.world.inside(frame, call.from, call.to, &call.data)?;
            self.story.tally.framed += 1;
            if ours == theirs {
                continue;
            }
            let refused_early = ours.output.get(31).is_none_or(|flag| *flag != 1) && ours.output.len() == 64;
            if call.is_spoiled && refused_early {
                self.story.tally.stricter += 1;
                continue;
            }
            if self.with_lines {
                let block = self.native.world.block();
                let text = format!("tried in a {frame:?} frame: {}", self.stage.scene.named(&call.text()));
                self.story.lines.push(Line { step, block, text, answers: Some((ours, theirs)) });
            }
            self.story.difference = Some((step, Difference::Frame(call.signature)));
            return Ok(());
        }
        Ok(())
    }

    fn call(&mut self, step: u32, call: &Call) -> Result<()> {
        self.try_frames(step, call)?;
        if self.story.difference.is_some() {
            return Ok(());
        }
        let block = self.native.world.block();
        let (ours, our_state) = self.native.world.run(call.from, call.to, call.data.clone())?;
        let (theirs, their_state) = self.original.world.run(call.from, call.to, call.data.clone())?;
        let count = self.story.tally.verbs.entry(call.signature).or_default();
        count.told += 1;
        count.succeeded += u64::from(theirs.success);
        self.story.tally.logs += theirs.logs.len() as u64;
        if !theirs.success {
            let first = theirs.output.iter().take(4).copied().collect();
            *self.story.tally.refusals.entry((call.signature, first)).or_default() += 1;
        }
        if self.with_lines {
            let from = self.stage.scene.named(&call.from.to_string());
            let to = self.stage.scene.named(&call.to.to_string());
            let text = format!("{from} → {to}: {}", self.stage.scene.named(&call.text()));
            let answers = Some((ours.clone(), theirs.clone()));
            self.story.lines.push(Line { step, block, text, answers });
        }
        self.is_forced |= ours.success && MANAGERS.contains(&call.from);
        if ours == theirs {
            self.native.watch.changed(&our_state);
            self.original.watch.changed(&their_state);
            self.native.world.keep(our_state);
            self.original.world.keep(their_state);
            self.follow(&ours.logs);
        } else if call.is_spoiled && refused_silently(call, &ours) {
            // We decode all calldata before a verb begins, Solidity as it goes: refusing earlier is safe.
            self.story.tally.stricter += 1;
        } else {
            self.story.difference = Some((step, Difference::Answer));
        }
        Ok(())
    }

    /// Adds views of what has just come into being.
    fn follow(&mut self, logs: &[Log]) {
        for log in logs {
            if let Ok(created) = IAllocationManager::OperatorSetCreated::decode_log(log) {
                let IAllocationManager::OperatorSet { avs, id } = created.data.operatorSet;
                self.sets.insert(OperatorSetName { avs, id });
            }
            if let Ok(registered) = IKeyRegistrar::KeyRegistered::decode_log(log) {
                let IKeyRegistrar::KeyRegistered { operatorSet: set, operator, pubkey, .. } = registered.data;
                self.keys.insert(UsedKey { operator, avs: set.avs, id: set.id, key: pubkey });
            }
            if self.followed == MAX_FOLLOWED {
                continue;
            }
            if log.address == DELEGATION_MANAGER
                && let Ok(queued) = SlashingWithdrawalQueued::decode_log(log)
            {
                self.add(views::of_withdrawal(queued.withdrawalRoot));
            } else if let Ok(slashed) = IAllocations::MaxMagnitudeUpdated::decode_log(log) {
                let block = self.native.world.block();
                self.add(views::of_slash(&self.stage.scene, slashed.operator, block));
            }
        }
    }

    fn add(&mut self, looks: Vec<Look>) {
        self.followed += 1;
        self.looks.extend(looks);
        self.native.watch.grow(self.looks.len());
        self.original.watch.grow(self.looks.len());
    }

    fn look(&mut self, step: u32) -> Result<()> {
        let looks = &self.looks;
        let mut asked = self.native.watch.refresh(&mut self.native.world, looks)?;
        asked.extend(self.original.watch.refresh(&mut self.original.world, looks)?);
        self.story.tally.views += looks.len() as u64;
        for look in asked {
            let (native, original) = (self.native.watch.answer(look), self.original.watch.answer(look));
            if native != original {
                let plain = |answer: &(bool, Bytes)| (answer.0, answer.1.to_vec());
                let text = self.stage.scene.named(&looks.get(look).text);
                let difference = Difference::View { text, native: plain(native), original: plain(original) };
                self.story.difference = Some((step, difference));
                return Ok(());
            }
        }
        Ok(())
    }

    fn confirm(&mut self) -> Result<()> {
        self.native.watch.confirm(&mut self.native.world, &self.looks)?;
        self.original.watch.confirm(&mut self.original.world, &self.looks)
    }
}

/// Whether a call was refused without a reason, be it by the relay's callee.
fn refused_silently(call: &Call, answer: &Outcome) -> bool {
    if !answer.success {
        return answer.output.is_empty();
    }
    call.to == RELAY
        && relayCall::abi_decode_returns(&answer.output).is_ok_and(|it| !it._0 && it._1.is_empty())
}
