//! Entries, pages and overviews in any order, with repeats and gaps.

use std::collections::BTreeMap;

use cairn_client::Event;
use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp};
use cairn_client::proto::wire::event::Update;
use cairn_client::proto::wire::request::session::PullRange;
use cairn_session::{
    Command, Draft, Effect, Entry, Failure, Fetched, Input, Link, LinkFault, LocalId, Model,
    Options, Place, RequestId, Row, RowKey, What,
};
use proptest::prelude::*;

use crate::config;
use crate::server::{ME, Server, TEAM};
use crate::store::Store;
use crate::views::Views;

const OTHER: ConversationId = ConversationId::new(2);

/// A random step; the numbers choose among what is possible.
type Step = (u8, u16, u16);

/// A model with its store and its server, and requests on their way.
struct World {
    options: Options,
    model: Model,
    server: Server,
    store: Store,
    entries_max: usize,
    /// Requests, each with the head of the log when it was made if it is one to the server.
    requests: BTreeMap<RequestId, (Option<u64>, PullRange, u32)>,
    asked_overview: bool,
    now: u64,
    divider: Option<MsgId>,
    /// All entries up to this one were pushed to the model.
    pushed: u64,
}

impl World {
    fn new(entries_max: usize, has_store: bool) -> Self {
        let mut options = Options::new(ME);
        options.entries_max = entries_max;
        options.has_store = has_store;
        let mut world = Self {
            options,
            model: Model::new(options),
            server: Server::default(),
            store: Store::default(),
            entries_max,
            requests: BTreeMap::new(),
            asked_overview: false,
            now: 1_700_000_000_000,
            divider: None,
            pushed: 0,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        self.apply(Input::Clock(Timestamp::new(self.now)));
        self.apply(Input::Link(Link::Online));
        self.answer_overview();
        self.open();
    }

    /// Starts the program again with what the store holds.
    fn restart(&mut self) {
        self.model = Model::new(self.options);
        self.requests.clear();
        self.asked_overview = false;
        self.divider = None;
        self.pushed = 0;
        let restored = self.store.restored();
        self.apply(Input::Restored(Box::new(restored)));
        self.now += 1;
        self.begin();
    }

    fn apply(&mut self, input: Input) {
        let before = Views::of(&self.model);
        let effects = self.model.apply(input);
        let after = Views::of(&self.model);
        // A copy has no views yet, and builds them.
        assert_eq!(after, Views::of(&self.model.clone()));
        before.assert_reported(&after, &effects);
        for effect in effects {
            match effect {
                Effect::Store(op) => self.store.apply(op),
                Effect::Overview { .. } => self.asked_overview = true,
                Effect::Load {
                    id, range, limit, ..
                } => {
                    self.requests.insert(id, (None, range, limit));
                }
                Effect::Pull {
                    id, range, limit, ..
                } => {
                    let head = self.server.head();
                    self.requests.insert(id, (Some(head), range, limit));
                }
                // The server holds the cursor that this device sets.
                Effect::Read { msgid, .. } => self.server.read = msgid.get(),
                _ => {}
            }
        }
        self.check();
    }

    fn command(&mut self, command: Command) {
        self.apply(Input::Command(command));
    }

    fn open(&mut self) {
        self.divider = None;
        self.command(Command::Open {
            conversation: TEAM,
            at: Place::End,
        });
    }

    fn rows(&self) -> Vec<Row> {
        self.model
            .window(TEAM)
            .map_or(Vec::new(), |view| view.rows.to_vec())
    }

    /// What holds at all times.
    fn check(&mut self) {
        let rows = self.rows();
        let numbers = rows.iter().filter_map(|row| match row.key {
            RowKey::Entry(msgid) | RowKey::Gap(msgid) => Some(msgid),
            _ => None,
        });
        let numbers: Vec<MsgId> = numbers.collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        let mut keys: Vec<RowKey> = rows.iter().map(|row| row.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), rows.len(), "a key is used twice");
        assert!(numbers.len() <= 2 * self.entries_max + 2);
        let at = rows.iter().position(|row| row.key == RowKey::Unread);
        let after = at.and_then(|at| match rows[at + 1].key {
            RowKey::Entry(msgid) => Some(msgid),
            _ => None,
        });
        if let (Some(before), Some(after)) = (self.divider, after) {
            assert_eq!(before, after, "the divider moved");
        }
        self.divider = self.divider.or(after);
    }

    fn answer_overview(&mut self) {
        if std::mem::take(&mut self.asked_overview) {
            self.state();
            let overview = self.server.overview();
            self.apply(Input::Overview(Box::new(overview)));
        }
    }

    fn answer(&mut self, which: usize, is_late: bool) {
        let Some((&id, &(asked, range, limit))) =
            self.requests.iter().nth(which % self.requests.len().max(1))
        else {
            return;
        };
        self.requests.remove(&id);
        let page = match asked {
            None => self.store.load(range, limit),
            Some(asked) => {
                let head = if is_late { self.server.head() } else { asked };
                Fetched::Pulled(self.server.pull(range, limit, head))
            }
        };
        self.apply(Input::Page { id, page });
    }

    fn push(&mut self, first: u64, last: u64, as_of: u64) {
        if first <= self.pushed + 1 {
            self.pushed = self.pushed.max(last);
        }
        let entries = self.server.range(first, last, as_of);
        self.apply(Input::Entries(entries));
    }

    fn wait(&mut self, ms: u64) {
        self.now += ms;
        self.apply(Input::Clock(Timestamp::new(self.now)));
    }

    /// Delivers what the server stated.
    fn state(&mut self) {
        for summary in std::mem::take(&mut self.server.unstated) {
            self.apply(Input::Event(Box::new(Event::Update(Update::Conversation(
                summary,
            )))));
        }
    }

    fn event(&mut self, update: Update) {
        self.state();
        self.apply(Input::Event(Box::new(Event::Update(update))));
    }

    fn state_read(&mut self) {
        self.event(Update::Read {
            conversation: TEAM,
            read: MsgId::new(self.server.read),
            head: MsgId::new(self.server.head()),
        });
    }

    fn see(&mut self, first: usize, last: usize) {
        let rows = self.rows();
        if rows.is_empty() {
            return;
        }
        let (first, last) = (first % rows.len(), last % rows.len());
        let (first, last) = (first.min(last), first.max(last));
        self.command(Command::Seen {
            conversation: TEAM,
            first: rows[first].key,
            last: rows[last].key,
        });
    }

    fn step(&mut self, (kind, a, b): Step) {
        let head = self.server.head();
        let (number, other) = (u64::from(a), u64::from(b));
        match kind {
            0..=9 => {
                self.server.append(u8::try_from(a % 60).unwrap(), other);
                // Mostly, an entry is pushed at once.
                if kind < 7 {
                    self.push(head + 1, head + 1, head + 1);
                }
                if kind.is_multiple_of(3) {
                    self.state();
                }
            }
            10..=12 if head > 0 => {
                let first = number % head + 1;
                let last = (first + other % 9).min(head);
                self.push(first, last, last + (number % (head - last + 1)));
            }
            13..=17 => self.answer(usize::from(a), b % 2 == 0),
            18..=19 => self.answer_overview(),
            20..=22 => self.see(usize::from(a), usize::from(b)),
            23 => self.command(Command::Jump {
                conversation: TEAM,
                to: Place::At(MsgId::new(number % (head + 2))),
            }),
            24..=25 => self.wait(number % 3000),
            26 => self.apply(Input::Event(Box::new(Event::Lagged(1)))),
            27 => {
                self.command(Command::Open {
                    conversation: OTHER,
                    at: Place::End,
                });
                self.command(Command::Leave(TEAM));
                self.open();
            }
            32 => self.command(Command::Attention(number.is_multiple_of(2))),
            33 => self.write(number, b),
            34 => self.accept(number),
            35 => self.state(),
            31 if self.options.has_store => self.restart(),
            28 => {
                let why = LinkFault::Lost;
                self.apply(Input::Link(Link::Offline {
                    why,
                    again_at: None,
                }));
                self.requests.retain(|_, (asked, ..)| asked.is_none());
                self.asked_overview = false;
                self.apply(Input::Link(Link::Online));
            }
            29 if number.is_multiple_of(4) && head > 0 => {
                self.server.floor = self.server.floor.max(other % head.min(8));
                let floor = MsgId::new(self.server.floor);
                if number.is_multiple_of(8) {
                    self.event(Update::Floor {
                        conversation: TEAM,
                        floor,
                    });
                }
            }
            30 if head > 0 => {
                self.server.move_read(number % (head + 1));
                self.state_read();
            }
            _ => {}
        }
    }

    /// Writes a draft, or sends it.
    fn write(&mut self, number: u64, kind: u16) {
        let draft = Draft {
            words: if number.is_multiple_of(5) {
                String::new()
            } else {
                format!("draft {number}")
            },
            ..Draft::new(TEAM)
        };
        self.command(match kind % 3 {
            0 => Command::Send(draft),
            _ => Command::Draft(draft),
        });
    }

    /// Refuses an own message: the entries of this server are written elsewhere.
    fn accept(&mut self, number: u64) {
        let outbox = self.model.outbox();
        let Some(first) = outbox.first() else {
            return;
        };
        let id: LocalId = first.id;
        if number.is_multiple_of(2) {
            let result = Err(Failure::TooLong);
            self.apply(Input::Accepted { id, result });
        } else {
            self.command(Command::Withdraw(id));
        }
    }

    /// Answers everything, and shows what is missing or stale, until nothing is.
    fn settle(&mut self) {
        self.answer_overview();
        self.apply(Input::Event(Box::new(Event::Lagged(1))));
        let mut has_overview = false;
        for _ in 0..2000 {
            has_overview |= self.asked_overview;
            self.answer_overview();
            self.state_read();
            while !self.requests.is_empty() {
                self.answer(0, true);
            }
            let rows = self.rows();
            let open = rows.iter().find(|row| match &row.what {
                What::Gap { .. } => true,
                What::Message(message) => message.is_stale,
                _ => false,
            });
            match open.map(|row| row.key) {
                Some(key) => self.command(Command::Seen {
                    conversation: TEAM,
                    first: key,
                    last: key,
                }),
                None if has_overview && self.is_settled() => return,
                None => {}
            }
            self.wait(1000);
        }
        panic!("does not settle: {:?}", self.model.window(TEAM));
    }

    fn is_settled(&self) -> bool {
        let view = self.model.conversation(TEAM).unwrap();
        let is_current = self.segments_are_current() || !self.has_store();
        view.head.get() == self.server.head() && !view.unread.is_lower_bound && is_current
    }

    fn has_store(&self) -> bool {
        !self.store.segments.is_empty()
    }

    fn segments_are_current(&self) -> bool {
        let head = MsgId::new(self.server.head());
        self.store.segments.iter().all(|held| held.as_of == head)
    }

    fn shown(&self) -> Vec<(MsgId, Entry)> {
        let rows = self.rows().into_iter();
        rows.filter_map(|row| match row.what {
            What::Message(message) => Some((message.msgid, (*message.entry).clone())),
            _ => None,
        })
        .collect()
    }

    /// What a fresh model shows that reads the log in its order.
    fn in_order(&self) -> Self {
        let mut fresh = Self::new(2_000, false);
        fresh.server.floor = self.server.floor;
        fresh.server.read = self.server.read;
        let summary = self.server.summary();
        fresh.event(Update::Conversation(summary));
        let head = self.server.head();
        let log = self.server.range(1, head, head);
        fresh.apply(Input::Entries(log));
        fresh
    }

    /// With all entries and statements, counts are right if they are not lower bounds.
    fn assert_counts(&self) {
        let view = self.model.conversation(TEAM).unwrap();
        let is_current = self.pushed == self.server.head()
            && view.read.get() == self.server.read.max(self.server.floor)
            && self.server.unstated.is_empty();
        if is_current && !view.unread.is_lower_bound {
            let unread = (view.unread.messages, view.unread.mentions);
            assert_eq!(unread, self.server.unread());
        }
    }

    fn assert_is_current(&self) {
        let expected = self.in_order();
        assert_eq!(self.shown(), expected.shown());
        let view = self.model.conversation(TEAM).unwrap();
        let unread = (view.unread.messages, view.unread.mentions);
        assert_eq!(unread, self.server.unread());
        assert_eq!(view.read.get(), self.server.read.max(self.server.floor));
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0..35_u8, any::<u16>(), any::<u16>()), 1..120)
}

/// Steps in which every entry is pushed at once. Most entries are messages that name the user, and
/// their edits and recalls.
fn naming_steps() -> impl Strategy<Value = Vec<Step>> {
    let kind = prop::sample::select(vec![0, 1, 2, 3, 4, 5, 13, 18, 24, 30, 35]);
    let append = prop_oneof![0..6_u16, 54..60_u16];
    let about = (0..30_u16, prop::bool::weighted(0.8))
        .prop_map(|(about, names)| about * if names { 5 } else { 1 });
    prop::collection::vec((kind, append, about), 1..60)
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn mentions_count_as_on_the_server(steps in naming_steps(), has_store: bool) {
        let mut world = World::new(2_000, has_store);
        for step in steps {
            world.step(step);
            world.assert_counts();
        }
    }

    #[test]
    fn any_order_ends_in_the_state_of_the_server(steps in steps(), has_store: bool) {
        let mut world = World::new(2_000, has_store);
        for step in steps {
            world.step(step);
            world.assert_counts();
        }
        world.settle();
        world.assert_is_current();
        world.store.assert_is_current(&world.server);
    }

    #[test]
    fn few_entries_are_held(steps in steps()) {
        let mut world = World::new(10, true);
        for step in steps {
            world.step(step);
            let rows = world.rows().into_iter();
            let held = rows.filter(|row| matches!(row.key, RowKey::Entry(_)));
            prop_assert!(held.count() <= 10);
        }
    }
}
