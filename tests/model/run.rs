//! Runs a script on the model, on a state that stays in memory, and on one that is saved, evicted
//! and loaded throughout.

use std::cmp::Ordering;

use bytes::Bytes;
use cairn_core::api::update::Update;
use cairn_core::limits::PREFETCH_ROUNDS_MAX;
use cairn_core::prefetch::Load;
use cairn_core::record::Row;
use cairn_core::{Batch, By, State, api::batch};
use cairn_proto::content::message::unpack_entry;
use cairn_proto::ids::{MsgId, Revision, Timestamp};
use cairn_proto::wire::request::session::ListConversations;
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};

use super::attachments::{DAY_MS, FileStep};
use super::commands::Command;
use super::expected::{check_hidden, check_state, check_trees, load_all};
use super::interpreter::Cast;
use super::ledger::Ledger;
use super::naive::Naive;
use super::steps::{Crash, Script, Step};
use super::trees::{Coin, Trees};

/// Bytes reserved before each batch for the header of the commit log.
const HEADER_BYTES: usize = 16;

/// A state, and the batch that it fills.
struct Machine {
    state: State,
    batch: Batch,
    updates: Vec<Update>,
}

impl Machine {
    fn new() -> Self {
        let mut state = State::default();
        state.begin_batch(Revision::new(1));
        Self {
            state,
            batch: Batch::new(HEADER_BYTES),
            updates: Vec::new(),
        }
    }

    fn execute(&mut self, command: &Command, now: Timestamp) -> Result<String, TestCaseError> {
        let before = self.batch.payload_bytes();
        let answer = command
            .clone()
            .execute(&mut self.state, now, &mut self.batch);
        self.state.evict_entries();
        // No session learns what the operator is notified of.
        let for_sessions = |update: &Update| !matches!(update, Update::Ahead { .. });
        self.updates
            .extend(self.batch.drain_updates().filter(for_sessions));
        prop_assert!(
            answer.is_ok() || self.batch.payload_bytes() == before,
            "{:?} is refused and changes something",
            command
        );
        Ok(command.show(&answer))
    }

    /// Provides the entries that a command needs, from the batch or the log.
    fn load_entries(&mut self, command: &Command, ledger: &Ledger) {
        for need in command.missing(&self.state) {
            let (id, wanted) = match need {
                Load::Entry(id, msgid) => (id, msgid.get()..=msgid.get()),
                Load::Entries(id, first, last) => (id, first.get()..=last.get()),
                _ => continue,
            };
            for msgid in wanted.map(MsgId::new) {
                let stored = || {
                    ledger
                        .entries(id)
                        .get((msgid.get() as usize).checked_sub(1)?)
                        .cloned()
                };
                let Some(entry) = self
                    .batch
                    .entry(id, msgid)
                    .map(|packed| unpack_entry(packed).unwrap())
                    .or_else(stored)
                else {
                    break;
                };
                self.state.install_entry(id, msgid, entry);
            }
        }
    }

    /// Returns the bytes of the batch, without the header, and starts another.
    fn cut(&mut self) -> Bytes {
        let (bytes, ..) = std::mem::replace(&mut self.batch, Batch::new(HEADER_BYTES)).into_parts();
        Bytes::from(bytes).slice(HEADER_BYTES..)
    }
}

/// The trees after this many batches.
struct Moment {
    batches: usize,
    trees: Trees,
}

struct Run {
    now_ms: u64,
    cast: Cast,
    naive: Naive,
    ledger: Ledger,
    /// Never saved or evicted, so never loaded.
    steady: Machine,
    /// Saved, evicted and loaded as the script says.
    worn: Machine,
    trees: Trees,
    /// Rows taken but not yet written, and the number of their batches.
    on_their_way: Option<(usize, Vec<Row>)>,
    log: Vec<Bytes>,
    moments: Vec<Moment>,
}

/// Runs a script and its crashes.
///
/// # Errors
/// The first violated expectation.
pub(super) fn play(script: &Script) -> Result<(), TestCaseError> {
    let mut run = Run {
        now_ms: 1_000_000,
        cast: Cast::default(),
        naive: Naive::default(),
        ledger: Ledger::default(),
        steady: Machine::new(),
        worn: Machine::new(),
        trees: Trees::default(),
        on_their_way: None,
        log: Vec::new(),
        moments: vec![Moment {
            batches: 0,
            trees: Trees::default(),
        }],
    };
    for step in &script.steps {
        run.step(step)?;
    }
    run.finish()?;
    run.recover(Crash {
        older: 0,
        newer: 0,
        tree: None,
        coin: 0,
    })?;
    script
        .crashes
        .iter()
        .try_for_each(|&crash| run.recover(crash))
}

impl Run {
    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match *step {
            Step::Clock(by) => self.now_ms = self.now_ms.saturating_add_signed(by.into()),
            Step::File(FileStep::Day) => self.now_ms += DAY_MS,
            Step::HalfHours(by) => {
                self.now_ms = self
                    .now_ms
                    .saturating_add_signed(i64::from(by) * 30 * 60 * 1000)
            }
            Step::Days(days) => self.now_ms += u64::from(days) * 24 * 60 * 60 * 1000,
            Step::Commit => self.commit()?,
            Step::Take => self.take()?,
            Step::Stored => self.stored(),
            Step::LetGo => self.evict(),
            Step::Focus => self.look()?,
            Step::CatchUp { by } => self.catch_up(by)?,
            _ => {
                let now = Timestamp::new(self.now_ms);
                for command in self.cast.commands(step, &self.naive, now) {
                    self.execute(&command, now)?;
                }
                check_state(&self.steady.state, &self.naive)?;
            }
        }
        Ok(())
    }

    fn execute(&mut self, command: &Command, now: Timestamp) -> Result<(), TestCaseError> {
        // A load may reveal the need for another.
        for _ in 0..PREFETCH_ROUNDS_MAX {
            for need in command.missing(&self.worn.state) {
                self.trees.load(&mut self.worn.state, need);
            }
        }
        for machine in [&mut self.steady, &mut self.worn] {
            machine.load_entries(command, &self.ledger);
        }
        let updates = self.steady.updates.len();
        let answer = self.naive.execute(command, now);
        let expected = command.show(&answer);
        prop_assert_eq!(
            self.steady.execute(command, now)?,
            &expected[..],
            "{:?}",
            command
        );
        prop_assert_eq!(
            self.worn.execute(command, now)?,
            &expected[..],
            "after saving and loading: {:?}",
            command
        );
        if answer.is_err() {
            self.naive.updates.clear();
        }
        prop_assert_eq!(
            &self.steady.updates[updates..],
            &self.naive.updates[..],
            "{:?}",
            command
        );
        answer.iter().for_each(|reply| self.cast.learn(reply));
        Ok(())
    }

    /// Fetches the changes for a device's stored overview.
    fn catch_up(&mut self, by: u8) -> Result<(), TestCaseError> {
        let Some(actor) = self
            .cast
            .session(by)
            .filter(|&actor| self.naive.check_actor(actor).is_ok())
        else {
            return Ok(());
        };
        let mut copy = self.cast.copies.remove(&actor.device).unwrap_or_default();
        let list = ListConversations {
            since: copy.as_of,
            after: None,
        };
        let command = By(actor, list).into();
        self.execute(&command, Timestamp::new(self.now_ms))?;
        copy.take(self.naive.overview(actor, copy.as_of, None));
        copy.check(actor, &self.naive)?;
        self.cast.copies.insert(actor.device, copy);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), TestCaseError> {
        prop_assert_eq!(&self.steady.updates, &self.worn.updates);
        self.steady.updates.clear();
        self.worn.updates.clear();
        prop_assert_eq!(self.steady.batch.appended(), self.worn.batch.appended());
        prop_assert_eq!(self.steady.batch.rewritten(), self.worn.batch.rewritten());
        let payload = self.steady.cut();
        prop_assert_eq!(
            &payload,
            &self.worn.cut(),
            "the same commands give other bytes"
        );
        if payload.is_empty() {
            return Ok(());
        }
        self.ledger.watch(&payload)?;
        for (&id, found) in &self.naive.conversations {
            let stored = self
                .ledger
                .entries(id)
                .iter()
                .map(|entry| (entry.sender, entry.sent_at, &entry.body, &entry.extras));
            let said = found
                .log
                .iter()
                .map(|entry| (entry.sender, entry.sent_at, &entry.body, &entry.extras));
            prop_assert!(stored.eq(said), "the log of {} differs", id);
        }
        self.log.push(payload);
        let open = self.log.len() as u64 + 1;
        self.naive.changes.open = open;
        self.steady.state.begin_batch(Revision::new(open));
        self.worn.state.begin_batch(Revision::new(open));
        Ok(())
    }

    fn take(&mut self) -> Result<(), TestCaseError> {
        self.commit()?;
        if self.on_their_way.is_none() {
            self.on_their_way = Some((self.log.len(), self.worn.state.take_dirty()));
        }
        Ok(())
    }

    fn stored(&mut self) {
        if let Some((batches, rows)) = self.on_their_way.take() {
            rows.into_iter().for_each(|row| self.trees.put(row));
            self.moments.push(Moment {
                batches,
                trees: self.trees.clone(),
            });
        }
    }

    fn evict(&mut self) {
        if self.on_their_way.is_none() {
            self.worn.state.evict(0);
        }
    }

    fn look(&mut self) -> Result<(), TestCaseError> {
        load_all(&mut self.worn.state, &self.trees, &self.naive);
        check_state(&self.worn.state, &self.naive)?;
        let now = Timestamp::new(self.now_ms);
        check_hidden(&mut self.worn.state, &self.trees, &self.naive, now)?;
        check_hidden(&mut self.steady.state, &Trees::default(), &self.naive, now)
    }

    /// Checks that the trees hold everything, and nothing else.
    fn finish(&mut self) -> Result<(), TestCaseError> {
        self.stored();
        self.take()?;
        self.stored();
        check_trees(&self.trees, &self.naive)?;
        self.evict();
        self.look()
    }

    /// Checks that the state after a crash and replay equals the state before.
    fn recover(&self, crash: Crash) -> Result<(), TestCaseError> {
        let at = [crash.older, crash.newer].map(|at| usize::from(at) % self.moments.len());
        let (older, newer) = (
            &self.moments[at[0].min(at[1])],
            &self.moments[at[0].max(at[1])],
        );
        let mut coin = Coin(crash.coin);
        let mut trees = Trees::mixed(&older.trees, &newer.trees, |tree| {
            match crash.tree.map(|written| tree.cmp(&written)) {
                Some(Ordering::Less) => false,
                Some(Ordering::Greater) => true,
                Some(Ordering::Equal) | None => coin.toss(),
            }
        });
        let mut state = trees.open();
        // The second replay starts from the result of the first.
        for _ in 0..2 {
            for (payload, batch) in self.log.iter().zip(1..).skip(older.batches) {
                state.begin_batch(Revision::new(batch));
                replay(&mut state, payload, &mut trees, &mut coin)?;
            }
            state.begin_batch(Revision::new(self.log.len() as u64 + 1));
            state
                .take_dirty()
                .into_iter()
                .for_each(|row| trees.put(row));
            if crash.tree.is_none() {
                trees.sweep();
            }
            load_all(&mut state, &trees, &self.naive);
            check_state(&state, &self.naive)?;
            check_trees(&trees, &self.naive)?;
            check_hidden(&mut state, &trees, &self.naive, Timestamp::new(self.now_ms))?;
        }
        Ok(())
    }
}

/// Replays a batch. At times, everything is evicted in between.
fn replay(
    state: &mut State,
    payload: &Bytes,
    trees: &mut Trees,
    coin: &mut Coin,
) -> Result<(), TestCaseError> {
    batch::replay::<TestCaseError>(payload.clone(), |change, _| {
        for need in state.loads_for(&change) {
            trees.load(state, need);
        }
        state.apply(&change);
        if coin.toss() && coin.toss() && coin.toss() && coin.toss() {
            state
                .take_dirty()
                .into_iter()
                .for_each(|row| trees.put(row));
            state.evict(0);
        }
        Ok(())
    })
}
