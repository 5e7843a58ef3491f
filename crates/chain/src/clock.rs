//! Chain time (`decisions.md` 18, 19): slots of whole seconds, at most one block a slot, and travel in time. The wall
//! clock comes in as a number, so that nothing here reads it.

/// A timestamp that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Time does not run backwards.
    #[error("timestamp {asked} is not after that of the last block, {head}; choose a later one")]
    NotAfterHead {
        /// The timestamp asked for.
        asked: u64,
        /// The last block's.
        head: u64,
    },
    /// Timestamps are 64-bit seconds; a margin keeps slot arithmetic away from the end.
    #[error("timestamp {asked} is beyond {LATEST}, the last that a chain may reach")]
    TooFar {
        /// The timestamp asked for.
        asked: u64,
    },
}

/// The last second that a chain may reach: contracts keep times in 40 bits and more.
pub const LATEST: u64 = 1 << 40;

/// When the next block is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    genesis_time: u64,
    slot_secs: u64,
    /// Seconds that travel has put chain time ahead of the wall clock.
    ahead_secs: u64,
    /// Seconds by which chain time was set behind the wall clock.
    behind_secs: u64,
    next: Option<u64>,
    /// Seconds between a block and the next, whatever the wall clock says.
    step_secs: Option<u64>,
}

impl Clock {
    /// A clock without travel.
    pub const fn new(genesis_time: u64, slot_secs: u64) -> Self {
        Self { genesis_time, slot_secs, ahead_secs: 0, behind_secs: 0, next: None, step_secs: None }
    }

    /// Seconds that travel has moved chain time against the wall clock.
    pub fn offset_secs(&self) -> i64 {
        let signed = |secs: u64| i64::try_from(secs).unwrap_or(i64::MAX);
        signed(self.ahead_secs).saturating_sub(signed(self.behind_secs))
    }

    fn now(&self, wall: u64) -> u64 {
        wall.saturating_add(self.ahead_secs).saturating_sub(self.behind_secs)
    }

    /// The first slot at or after `time`.
    fn slot_from(&self, time: u64) -> u64 {
        let since = time.saturating_sub(self.genesis_time);
        let slots = since.div_ceil(self.slot_secs.max(1));
        self.genesis_time.saturating_add(slots.saturating_mul(self.slot_secs))
    }

    /// The timestamp of the block after one of `parent`: the next free slot or the clock's, whichever is later.
    pub fn peek(&self, parent: u64, wall: u64) -> u64 {
        let free = parent.saturating_add(self.slot_secs);
        match (self.next, self.step_secs) {
            (Some(next), _) => next.max(free),
            (None, Some(step)) => parent.saturating_add(step).max(free).min(LATEST),
            // The slot that the clock is in, not the one after it.
            (None, None) => {
                self.slot_from(self.now(wall).saturating_sub(self.slot_secs.saturating_sub(1))).max(free)
            }
        }
    }

    /// As [`Clock::peek`], and uses up a timestamp set by [`Clock::set_next`]: time goes on from there.
    pub fn take(&mut self, parent: u64, wall: u64) -> u64 {
        let timestamp = self.peek(parent, wall);
        if self.next.take().is_some() {
            self.set_now(timestamp, wall);
        }
        timestamp
    }

    fn set_now(&mut self, time: u64, wall: u64) {
        self.ahead_secs = time.saturating_sub(wall);
        self.behind_secs = wall.saturating_sub(time);
    }

    /// Moves chain time forward, from the clock's or the last block's time, whichever is later. Returns the offset.
    ///
    /// # Errors
    /// A time beyond [`LATEST`].
    pub fn increase(&mut self, secs: u64, head: u64, wall: u64) -> Result<i64, TimeError> {
        let target = self.now(wall).max(head).saturating_add(secs);
        if target > LATEST {
            return Err(TimeError::TooFar { asked: target });
        }
        self.set_now(target, wall);
        Ok(self.offset_secs())
    }

    /// Sets the next block's timestamp, rounded up to a slot. Returns the value that will be used.
    ///
    /// # Errors
    /// A time not after the last block's, or beyond [`LATEST`].
    pub fn set_next(&mut self, asked: u64, head: u64) -> Result<u64, TimeError> {
        if asked <= head {
            return Err(TimeError::NotAfterHead { asked, head });
        }
        if asked > LATEST {
            return Err(TimeError::TooFar { asked });
        }
        let next = self.slot_from(asked).max(head.saturating_add(self.slot_secs));
        self.next = Some(next);
        Ok(next)
    }

    /// Sets chain time without a block. Blocks still rise, so a time before the last block's has no effect on them.
    ///
    /// # Errors
    /// A time beyond [`LATEST`].
    pub fn set(&mut self, time: u64, wall: u64) -> Result<i64, TimeError> {
        if time > LATEST {
            return Err(TimeError::TooFar { asked: time });
        }
        self.set_now(time, wall);
        Ok(self.offset_secs())
    }

    /// Fixes the seconds between a block and the next, in whole slots, or lets the wall clock decide again. Returns
    /// whether they were fixed.
    pub fn set_step(&mut self, secs: Option<u64>) -> bool {
        let step = secs.map(|secs| self.interval(secs));
        std::mem::replace(&mut self.step_secs, step).is_some()
    }

    /// Seconds between a block and the next, if they are fixed.
    pub const fn step_secs(&self) -> Option<u64> {
        self.step_secs
    }

    /// Takes over an offset against the wall clock, as another run told it.
    pub fn set_offset(&mut self, offset_secs: i64) {
        let secs = offset_secs.unsigned_abs().min(LATEST);
        (self.ahead_secs, self.behind_secs) = if offset_secs >= 0 { (secs, 0) } else { (0, secs) };
    }

    /// The distance of blocks that are `asked` seconds apart, in whole slots.
    pub fn interval(&self, asked: u64) -> u64 {
        let slots = asked.div_ceil(self.slot_secs.max(1)).max(1);
        slots.saturating_mul(self.slot_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_never_share_a_slot_and_may_run_ahead_of_the_clock() {
        let mut clock = Clock::new(100, 12);
        assert_eq!(clock.take(100, 100), 112);
        assert_eq!(clock.take(112, 101), 124);
        assert_eq!(clock.take(124, 1_000), 1_000);
        assert_eq!(clock.take(1_000, 1_011), 1_012);
    }

    #[test]
    fn the_clock_names_the_slot_it_is_in() {
        assert_eq!(Clock::new(0, 12).peek(0, 35), 24);
        assert_eq!(Clock::new(0, 12).peek(0, 36), 36);
    }

    #[test]
    fn travel_counts_from_the_later_of_clock_and_head() {
        let mut clock = Clock::new(0, 1);
        assert_eq!(clock.increase(50, 200, 100), Ok(150));
        assert_eq!(clock.take(200, 100), 250);
        assert_eq!(clock.increase(10, 250, 1_000), Ok(160));
        assert_eq!(clock.take(250, 1_000), 1_160);
    }

    #[test]
    fn a_fixed_step_counts_from_block_to_block_until_it_is_lifted() {
        let mut clock = Clock::new(0, 12);
        assert!(!clock.set_step(Some(20)));
        assert_eq!(clock.take(24, 1_000), 48);
        assert_eq!(clock.take(48, 1_001), 72);
        assert!(clock.set_step(None));
        assert_eq!(clock.take(72, 1_000), 996);
    }

    #[test]
    fn a_set_timestamp_is_rounded_up_to_a_slot_and_time_goes_on_from_it() {
        let mut clock = Clock::new(0, 12);
        assert_eq!(clock.set_next(1_001, 24), Ok(1_008));
        assert_eq!(clock.take(24, 30), 1_008);
        assert_eq!(clock.take(1_008, 54), 1_032);
        assert_eq!(clock.set_next(1_032, 1_032), Err(TimeError::NotAfterHead { asked: 1_032, head: 1_032 }));
        assert_eq!(clock.set_next(u64::MAX, 1_032), Err(TimeError::TooFar { asked: u64::MAX }));
    }
}
