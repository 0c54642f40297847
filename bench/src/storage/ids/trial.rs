//! What a scheme does when the clock steps back or the process crashes: not told, but tried.
//!
//! A trial is a server in small. Messages come to conversations at fixed times, get an id, wait for the next commit, and are stored. A
//! crash loses what waits and what the generators know; they start again from what is stored.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::generator::{Generator, Refusal};
use super::scheme::{Durable, Id, Scheme};
use super::tally::Tally;
use crate::limits::{
    IDS_CLOCK_STEP, IDS_GENERATORS, IDS_RESTART_TIME, IDS_TRIAL_BATCH, IDS_TRIAL_CONVERSATIONS,
};
use crate::storage::load::SKEW;
use crate::zipf::Picker;

/// What happens half-way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trial {
    /// Nothing.
    Calm,
    /// Nothing, but several generators make the ids, as threads or servers do.
    Threads,
    /// The clock steps back.
    ClockBack,
    /// The process crashes and starts again.
    Crash,
    /// The clock steps back while the process is down.
    CrashAndClockBack,
}

/// From one message to the next.
const INTERVAL: Duration = Duration::from_micros(10);

/// When a trial begins, since 1970.
const BEGIN: Duration = Duration::from_secs(1_700_000_000);

impl Trial {
    /// Runs it with so many messages.
    pub(super) fn run(self, scheme: Scheme, messages: usize, seed: u64) -> Tally {
        let generators = if self == Self::Threads {
            IDS_GENERATORS
        } else {
            1
        };
        let mut world = World::new(scheme, generators, seed);
        let mut picker = Picker::new(IDS_TRIAL_CONVERSATIONS, SKEW, seed);
        // In the middle of a batch, so that a crash has something to lose.
        let half = messages / 2 / IDS_TRIAL_BATCH * IDS_TRIAL_BATCH + IDS_TRIAL_BATCH / 2;
        for message in 0..messages {
            if message == half {
                self.strike(&mut world);
            }
            world.send(picker.pick() as u64);
            world.now += INTERVAL;
            if world.waiting.len() >= IDS_TRIAL_BATCH {
                world.commit();
            }
        }
        world.commit();
        Tally::of(&world)
    }

    fn strike(self, world: &mut World) {
        if matches!(self, Self::Crash | Self::CrashAndClockBack) {
            world.crash();
            world.now += IDS_RESTART_TIME;
        }
        if matches!(self, Self::ClockBack | Self::CrashAndClockBack) {
            world.now -= IDS_CLOCK_STEP;
        }
    }
}

/// A message of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Sent {
    pub(super) conversation: u64,
    pub(super) id: Id,
}

/// A server in small.
#[derive(Debug)]
pub(super) struct World {
    pub(super) scheme: Scheme,
    generators: Vec<Generator>,
    durable: Durable,
    pub(super) now: Duration,
    random: StdRng,
    /// Sent, with an id, but not durable.
    waiting: Vec<Sent>,
    /// In the order in which they were sent.
    pub(super) stored: Vec<Sent>,
    /// Went with a crash.
    pub(super) lost: Vec<Sent>,
    /// Sends that got no id.
    pub(super) refused: u64,
}

impl World {
    pub(super) fn new(scheme: Scheme, generators: u16, seed: u64) -> Self {
        let mut world = Self {
            scheme,
            generators: Vec::new(),
            durable: Durable::default(),
            now: BEGIN,
            random: StdRng::seed_from_u64(seed),
            waiting: Vec::new(),
            stored: Vec::new(),
            lost: Vec::new(),
            refused: 0,
        };
        world.start(generators);
        world
    }

    fn start(&mut self, generators: u16) {
        self.generators = (0..generators)
            .map(|node| Generator::start(self.scheme, node, &self.durable))
            .collect();
    }

    /// A message comes. What makes its id is any of the generators, except that a conversation has one counter only: in cairn, one
    /// thread decides what is the next message.
    pub(super) fn send(&mut self, conversation: u64) {
        let count = self.generators.len();
        let at = if self.scheme.is_per_conversation() {
            conversation as usize % count
        } else {
            self.random.random_range(0..count)
        };
        let generator = &mut self.generators[at];
        let id = generator.next(conversation, self.now).or_else(|refusal| {
            if refusal == Refusal::OutOfNumbers {
                generator.refill(self.durable.take());
            }
            generator.next(conversation, self.now)
        });
        match id {
            Ok(id) => self.waiting.push(Sent { conversation, id }),
            Err(_) => self.refused += 1,
        }
    }

    /// What waits is stored.
    pub(super) fn commit(&mut self) {
        for sent in &self.waiting {
            self.durable.heads.insert(sent.conversation, sent.id.low());
        }
        self.stored.append(&mut self.waiting);
    }

    /// What waits is lost, and the generators start again.
    pub(super) fn crash(&mut self) {
        self.lost.append(&mut self.waiting);
        let generators = self.generators.len() as u16;
        self.start(generators);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Send(u64),
        Commit,
        Crash,
        Wait(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            8 => (0_u64..4).prop_map(Step::Send),
            2 => Just(Step::Commit),
            1 => Just(Step::Crash),
            1 => (0_u64..5).prop_map(Step::Wait),
        ];
        prop::collection::vec(step, 1..400)
    }

    fn world(scheme: Scheme, steps: &[Step]) -> World {
        let mut world = World::new(scheme, 1, 1);
        for &step in steps {
            match step {
                Step::Send(conversation) => world.send(conversation),
                Step::Commit => world.commit(),
                Step::Crash => {
                    world.crash();
                    world.now += IDS_RESTART_TIME;
                }
                Step::Wait(millis) => world.now += Duration::from_millis(millis),
            }
        }
        world.commit();
        world
    }

    proptest! {
        #[test]
        fn crashes_alone_make_no_scheme_repeat_a_stored_id(steps in steps()) {
            for scheme in Scheme::ALL {
                let tally = Tally::of(&world(scheme, &steps));
                prop_assert_eq!((tally.repeated, tally.refused), (0, 0), "{}", scheme);
                prop_assert!(!scheme.sorts_by_time() || tally.late == 0, "{scheme}");
            }
        }

        #[test]
        fn a_counter_leaves_no_gap_whatever_crashes(steps in steps()) {
            let tally = Tally::of(&world(Scheme::Counter, &steps));
            prop_assert_eq!((tally.gaps, tally.skipped), (0, Some(0)));
        }
    }

    fn tally(trial: Trial, scheme: Scheme) -> Tally {
        trial.run(scheme, 20_000, 1)
    }

    #[test]
    fn only_a_counter_shows_a_client_what_it_misses() {
        for scheme in Scheme::ALL {
            let found = tally(Trial::Calm, scheme);
            let told = found.losses_told.unwrap();
            assert_eq!(
                (found.stored, found.repeated, found.refused),
                (20_000, 0, 0),
                "{scheme}"
            );
            assert_eq!(
                told,
                if scheme == Scheme::Counter { 1.0 } else { 0.0 },
                "{scheme}"
            );
            assert_eq!(found.gaps == 0, scheme == Scheme::Counter, "{scheme}");
            assert_eq!(found.late == 0, scheme.sorts_by_time(), "{scheme}");
        }
    }

    #[test]
    fn several_generators_keep_the_order_only_when_each_conversation_has_one() {
        let late = |scheme| tally(Trial::Threads, scheme).late;
        assert_eq!(late(Scheme::Counter), 0);
        let others = [
            Scheme::UuidV4,
            Scheme::UuidV7,
            Scheme::Snowflake,
            Scheme::Segment,
        ]
        .map(late);
        assert!(others.iter().all(|&late| late > 0), "{others:?}");
    }

    #[test]
    fn a_clock_that_steps_back_stops_snowflakes_and_nothing_else() {
        for scheme in Scheme::ALL {
            let found = tally(Trial::ClockBack, scheme);
            let refused = if scheme == Scheme::Snowflake {
                (IDS_CLOCK_STEP.as_micros() / INTERVAL.as_micros()) as i64
            } else {
                0
            };
            // The millisecond of the last id may be gone on with: a hundred messages.
            assert!(
                (found.refused as i64 - refused).abs() <= 100,
                "{scheme}: {}",
                found.refused
            );
            assert_eq!(found.repeated, 0, "{scheme}");
            assert_eq!(found.late == 0, scheme.sorts_by_time(), "{scheme}");
        }
    }

    #[test]
    fn a_crash_costs_a_segment_its_numbers_and_a_counter_none() {
        let segment = tally(Trial::Crash, Scheme::Segment);
        assert!(
            segment.skipped.unwrap() > 0 && segment.reissued == 0,
            "{segment:?}"
        );
        let counter = tally(Trial::Crash, Scheme::Counter);
        // What was lost was told to nobody, and its numbers are given again.
        assert_eq!(
            (counter.skipped, counter.reissued),
            (Some(0), IDS_TRIAL_BATCH as u64 / 2),
            "{counter:?}"
        );
    }

    #[test]
    fn a_clock_that_is_behind_after_a_crash_makes_snowflakes_repeat_and_time_ordered_uuids_come_late()
     {
        let found = Scheme::ALL.map(|scheme| (scheme, tally(Trial::CrashAndClockBack, scheme)));
        for (scheme, tally) in found {
            assert_eq!(
                tally.repeated > 0,
                scheme == Scheme::Snowflake,
                "{scheme}: {tally:?}"
            );
            let is_late = matches!(scheme, Scheme::UuidV4 | Scheme::UuidV7 | Scheme::Snowflake);
            assert_eq!(tally.late > 0, is_late, "{scheme}: {tally:?}");
        }
    }
}
