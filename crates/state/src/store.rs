//! What the writer, its readers and the fold thread share: the layers of recent blocks, the latest view, the tries, and the
//! first error, after which nothing more is written.

use crate::durable::{Base, Db, Plan, Sealed};
use crate::layer::{self, Layer};
use crate::model::{Head, History, Limits};
use crate::view::View;
use crate::world::World;
use crate::{Error, Result};
use parking_lot::{Condvar, Mutex, MutexGuard, RwLock};
use std::sync::Arc;

/// What changes with every block. Behind a lock that is held for moments only.
pub(crate) struct State {
    /// Oldest first; in a durable chain those that are not folded.
    pub(crate) layers: Vec<Arc<Layer>>,
    /// The first so many layers are being folded: they stay as they are.
    frozen: usize,
    pub(crate) sealed: Option<Sealed>,
    pub(crate) folded: u64,
    /// The oldest block whose state and logs are still there.
    pub(crate) pruned: u64,
    /// The block of the checkpoint on disk.
    checkpoint: Option<u64>,
    /// A checkpoint to write.
    plan: Option<Plan>,
    /// The tables are in someone's hands: the fold thread's, or the writer's during a rewind.
    busy: bool,
    /// The first failed write.
    fault: Option<Error>,
    closing: bool,
    /// Rows added since the layers of a chain in memory last forgot.
    since_forgetting: usize,
    /// Up to this block tables may hold what a fold left that was killed half way, until they are folded again.
    unsure_to: u64,
}

/// Shared by the writer, its readers and the fold thread.
pub(crate) struct Shared {
    pub(crate) db: Option<Arc<Db>>,
    history: History,
    limits: Limits,
    pub(crate) world: RwLock<World>,
    state: Mutex<State>,
    /// Signalled when there is work for the fold thread.
    work: Condvar,
    /// Signalled when the fold thread finished something.
    finished: Condvar,
    latest: RwLock<Arc<View>>,
}

impl State {
    fn pending_rows(&self) -> usize {
        self.layers.iter().map(|layer| layer.rows()).fold(0, usize::saturating_add)
    }

    fn fold_is_due(&self, limits: &Limits) -> bool {
        let blocks = self.layers.first().zip(self.layers.last());
        let blocks =
            blocks.map_or(0, |(first, last)| last.last.saturating_sub(first.first).saturating_add(1));
        blocks >= limits.fold_blocks || self.pending_rows() >= limits.fold_rows
    }

    /// Whether the tables hold anything of blocks after `to`.
    pub(crate) const fn tables_reach_beyond(&self, to: u64) -> bool {
        self.folded > to || self.folded < self.unsure_to
    }
}

impl Shared {
    pub(crate) fn new(
        db: Option<Arc<Db>>,
        (history, limits): (History, Limits),
        world: World,
        layers: Vec<Arc<Layer>>,
        sealed: Option<Sealed>,
        (folded, pruned, checkpoint): (u64, u64, Option<u64>),
    ) -> Self {
        let layers_end = layers.last().map_or(0, |layer| layer.last);
        let state = State {
            layers,
            frozen: 0,
            sealed,
            folded,
            pruned,
            checkpoint,
            plan: None,
            busy: false,
            fault: None,
            closing: false,
            since_forgetting: 0,
            unsure_to: layers_end,
        };
        let empty = View { head: None, oldest: 0, layers: Vec::new(), base: None };
        let shared = Self {
            db,
            history,
            limits,
            world: RwLock::new(world),
            state: Mutex::new(state),
            work: Condvar::new(),
            finished: Condvar::new(),
            latest: RwLock::new(Arc::new(empty)),
        };
        shared.publish(&shared.state.lock());
        shared
    }

    /// The view of the last sealed block.
    pub(crate) fn latest(&self) -> Arc<View> {
        Arc::clone(&self.latest.read())
    }

    /// The oldest block whose state is to be readable while `head` is the last.
    fn oldest_wanted(&self, state: &State) -> u64 {
        let head = state.sealed.map_or(0, |sealed| sealed.head.number);
        match self.history {
            History::All => state.pruned,
            History::Last(blocks) => head.saturating_sub(blocks).max(state.pruned),
        }
    }

    /// Shows the state to readers. Layers and snapshot are taken together, under the lock, so that no fold comes between.
    fn publish(&self, state: &State) {
        let base = self
            .db
            .as_ref()
            .map(|db| Base::new(db, state.folded, state.sealed.map_or(0, |sealed| sealed.first)));
        let view = View {
            head: state.sealed.map(|sealed| sealed.head),
            oldest: self.oldest_wanted(state),
            layers: state.layers.clone(),
            base,
        };
        *self.latest.write() = Arc::new(view);
    }

    /// Adds sealed blocks, shows them to readers, and wakes the fold thread if it is time.
    pub(crate) fn append(&self, layer: Layer, sealed: Sealed) {
        let mut state = self.state.lock();
        let state = &mut *state;
        if state.sealed.is_none() {
            state.pruned = sealed.first;
        }
        state.since_forgetting = state.since_forgetting.saturating_add(layer.rows());
        layer::push(&mut state.layers, layer, state.frozen);
        state.sealed = Some(sealed);
        if self.db.is_none() {
            self.forget(state);
        } else if state.fold_is_due(&self.limits) {
            self.work.notify_one();
        }
        self.publish(state);
    }

    /// In memory: lets go of old state when enough was added that copying what stays is cheap in comparison.
    fn forget(&self, state: &mut State) {
        let oldest = self.oldest_wanted(state);
        let largest = state.layers.first().map_or(0, |layer| layer.rows());
        if oldest > state.pruned && state.since_forgetting >= largest / 2 {
            layer::forget(&mut state.layers, oldest);
            state.pruned = oldest;
            state.since_forgetting = 0;
        }
    }

    /// Fails if a write failed before.
    pub(crate) fn check(&self) -> Result<()> {
        stopped(&self.state.lock())
    }

    /// Records the first failed write; nothing is written after it.
    pub(crate) fn stop(&self, error: &Error) {
        self.state.lock().fault.get_or_insert_with(|| error.clone());
    }

    /// Waits until the fold thread has caught up enough.
    pub(crate) fn wait_for_room(&self) -> Result<()> {
        let mut state = self.state.lock();
        while self.db.is_some() && state.pending_rows() > self.limits.pending_rows {
            stopped(&state)?;
            self.work.notify_one();
            self.finished.wait(&mut state);
        }
        stopped(&state)
    }

    /// Waits until nobody works on the tables, and keeps them for `work`, which returns the new head record. Blocks
    /// after it are then gone from layers and views.
    pub(crate) fn rewind(&self, work: impl FnOnce(&State) -> Result<Sealed>) -> Result<Head> {
        let mut state = self.state.lock();
        while state.busy {
            self.finished.wait(&mut state);
        }
        stopped(&state)?;
        let sealed = work(&state)?;
        let to = sealed.head.number;
        layer::truncate(&mut state.layers, to);
        state.sealed = Some(sealed);
        state.folded = state.folded.min(to);
        state.checkpoint = state.checkpoint.filter(|number| *number <= to);
        state.unsure_to = state.unsure_to.min(to);
        state.plan = None;
        self.publish(&state);
        Ok(sealed.head)
    }

    /// Waits until nobody works on the tables, and keeps them for `work`, which amends the last block: it returns the new
    /// head record, what to add to the layers, and whether the tables lack it.
    pub(crate) fn amend(&self, work: impl FnOnce(&State) -> Result<(Sealed, Layer, bool)>) -> Result<()> {
        let mut state = self.state.lock();
        while state.busy {
            self.finished.wait(&mut state);
        }
        stopped(&state)?;
        let (sealed, layer, was_folded) = work(&state)?;
        let (state, number) = (&mut *state, sealed.head.number);
        if was_folded {
            state.folded = state.folded.min(number.saturating_sub(1));
            state.unsure_to = state.unsure_to.max(number);
        }
        state.checkpoint = state.checkpoint.filter(|block| *block < number);
        state.plan = None;
        state.since_forgetting = state.since_forgetting.saturating_add(layer.rows());
        layer::push(&mut state.layers, layer, state.frozen);
        state.sealed = Some(sealed);
        if self.db.is_none() {
            self.forget(state);
        }
        self.publish(state);
        Ok(())
    }

    /// Waits until nobody works on the tables, and keeps them for `work`, which is told the first block of the chain and the
    /// last folded one, and leaves what readers see as it was.
    pub(crate) fn with_tables(&self, work: impl FnOnce(u64, u64) -> Result<()>) -> Result<()> {
        let mut state = self.state.lock();
        while state.busy {
            self.finished.wait(&mut state);
        }
        stopped(&state)?;
        let Some(sealed) = state.sealed else { return Ok(()) };
        // Nothing folded yet and block 0 folded look the same: deriving a pending block's rows too is harmless.
        work(sealed.first, state.folded)?;
        self.publish(&state);
        Ok(())
    }

    /// Hands a checkpoint to the fold thread. Refused while another one waits.
    pub(crate) fn wants_checkpoint(&self) -> bool {
        let state = self.state.lock();
        state.plan.is_none() && state.fault.is_none()
    }

    pub(crate) fn order_checkpoint(&self, plan: Plan) {
        self.state.lock().plan = Some(plan);
        self.work.notify_one();
    }

    /// Tells the fold thread to end.
    pub(crate) fn close(&self) {
        self.state.lock().closing = true;
        self.work.notify_all();
    }

    /// The fold thread.
    pub(crate) fn fold_until_closed(&self, db: &Arc<Db>) {
        let mut state = self.state.lock();
        loop {
            while !state.closing && (state.busy || !(state.fold_is_due(&self.limits) || state.plan.is_some()))
            {
                self.work.wait(&mut state);
            }
            // A checkpoint is written even when closing: that is what it was ordered for.
            let plan = state.plan.take();
            if plan.is_none() && state.closing {
                return;
            }
            state.busy = true;
            let done = match plan {
                Some(plan) => MutexGuard::unlocked(&mut state, || db.checkpoint(&plan)).map(|()| {
                    state.checkpoint = Some(plan.number);
                }),
                None => self.fold(db, &mut state),
            };
            state.busy = false;
            if let Err(error) = done {
                tracing::error!(%error, "folding stopped");
                state.fault.get_or_insert(error);
                self.finished.notify_all();
                return;
            }
            self.finished.notify_all();
        }
    }

    fn fold(&self, db: &Arc<Db>, state: &mut MutexGuard<'_, State>) -> Result<()> {
        let layers = state.layers.clone();
        state.frozen = layers.len();
        let folded = MutexGuard::unlocked(state, || {
            let together = layers.iter().rev().fold(None, |newer: Option<Arc<Layer>>, older| match newer {
                None => Some(Arc::clone(older)),
                Some(newer) => Some(Arc::new(older.merged(&newer))),
            });
            let Some(layer) = together else { return Ok(None) };
            db.fold(&layer).map(|()| Some(layer.last))
        });
        state.frozen = 0;
        let Some(folded) = folded? else { return Ok(()) };
        state.layers.drain(..layers.len());
        state.folded = folded;
        self.publish(state);
        let (pruned, first) = (state.pruned, state.sealed.map_or(0, |sealed| sealed.first));
        let oldest = self.oldest_wanted(state).min(folded).min(state.checkpoint.unwrap_or(u64::MAX));
        if oldest > pruned {
            state.pruned = MutexGuard::unlocked(state, || db.prune(pruned, oldest, first))?;
            self.publish(state);
        }
        Ok(())
    }

    /// The oldest block whose state is readable.
    pub(crate) fn oldest(&self) -> u64 {
        self.oldest_wanted(&self.state.lock())
    }

    /// The head record.
    pub(crate) fn sealed(&self) -> Option<Sealed> {
        self.state.lock().sealed
    }
}

fn stopped(state: &State) -> Result<()> {
    match &state.fault {
        None => Ok(()),
        Some(error) => Err(Error::Stopped { why: error.to_string() }),
    }
}
