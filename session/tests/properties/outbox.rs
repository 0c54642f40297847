//! Sends, lost answers and crashes at any effect: every message is stored once.

use std::collections::BTreeMap;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ClientSeq, MsgId, Timestamp};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_session::{
    Aim, Command, Draft, Effect, Failure, Input, Link, LinkFault, LocalId, Model, Options,
    Outgoing, SendState,
};
use proptest::prelude::*;

use crate::config;
use crate::server::{ME, Server, TEAM};
use crate::store::Store;

/// A random step.
type Step = (u8, u8);

/// The send cursor of the server: what it stored under each number.
struct Sends {
    stored: BTreeMap<ClientSeq, (String, MsgId)>,
    last: ClientSeq,
}

struct World {
    model: Model,
    store: Store,
    sends: Sends,
    /// Handed over, and not answered.
    handed: Vec<(LocalId, ClientSeq, String)>,
    written: Vec<String>,
    /// Effects until the next crash.
    effects_left: Option<u8>,
    now: u64,
}

fn words(what: &Outgoing) -> String {
    match what {
        Outgoing::Message {
            body: Body::Text(text),
            ..
        } => text.as_str().to_owned(),
        other => panic!("not sent here: {other:?}"),
    }
}

impl Sends {
    fn send(&mut self, seq: ClientSeq, words: &str) -> Result<MsgId, Failure> {
        if let Some((stored, msgid)) = self.stored.get(&seq) {
            return match stored == words {
                true => Ok(*msgid),
                false => Err(Failure::Refused(ErrorCode::SeqConflict)),
            };
        }
        if seq <= self.last {
            return Err(Failure::Refused(ErrorCode::RetryTooOld));
        }
        self.last = seq;
        let msgid = MsgId::new(self.stored.len() as u64 + 1);
        self.stored.insert(seq, (words.to_owned(), msgid));
        Ok(msgid)
    }
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            model: Model::new(Options::new(ME)),
            store: Store::default(),
            sends: Sends {
                stored: BTreeMap::new(),
                last: ClientSeq::new(0),
            },
            handed: Vec::new(),
            written: Vec::new(),
            effects_left: None,
            now: 1_700_000_000_000,
        };
        world.start();
        world
    }

    /// Starts the program with what the store holds.
    fn start(&mut self) {
        self.effects_left = None;
        self.handed.clear();
        self.model = Model::new(Options::new(ME));
        let restored = self.store.restored();
        self.apply(Input::Restored(Box::new(restored)));
        self.now += 1000;
        self.apply(Input::Clock(Timestamp::new(self.now)));
        let overview = Server::default().overview();
        self.apply(Input::Link(Link::Online));
        self.apply(Input::Overview(Box::new(overview)));
    }

    /// Applies an input, and starts again if the program crashes while it performs the effects.
    fn apply(&mut self, input: Input) {
        if !self.perform(input) {
            self.start();
        }
    }

    /// Returns false if the program crashed.
    fn perform(&mut self, input: Input) -> bool {
        for effect in self.model.apply(input) {
            if let Some(left) = &mut self.effects_left {
                if *left == 0 {
                    return false;
                }
                *left -= 1;
            }
            match effect {
                Effect::Store(op) => self.store.apply(op),
                Effect::Send { id, seq, what, .. } => {
                    let stored = self.store.outbox.get(&id).and_then(|saved| saved.seq);
                    assert_eq!(stored, Some(seq), "sent before it was stored");
                    self.handed.push((id, seq, words(&what)));
                }
                _ => {}
            }
        }
        true
    }

    fn write(&mut self) {
        let words = format!("message {}", self.written.len());
        let draft = Draft {
            conversation: TEAM,
            words: words.clone(),
            aim: Aim::New,
            files: Vec::new(),
        };
        let is_alive = self.perform(Input::Command(Command::Send(draft)));
        // A crash before the message was stored: it was never shown.
        let mut stored = self.store.outbox.values();
        if is_alive || stored.any(|saved| self::words(&saved.what) == words) {
            self.written.push(words);
        }
        if !is_alive {
            self.start();
        }
    }

    fn answer(&mut self, is_lost: bool) {
        if self.handed.is_empty() {
            return;
        }
        // The client sends in its order; answers come in it too.
        let (id, seq, words) = self.handed.remove(0);
        let result = self.sends.send(seq, &words);
        if !is_lost {
            self.apply(Input::Accepted { id, result });
        }
    }

    fn step(&mut self, (kind, number): Step) {
        match kind {
            0..=4 => self.write(),
            5..=9 => self.answer(false),
            10 => {
                self.answer(true);
                self.start();
            }
            11 => self.effects_left = Some(number % 8),
            12 => {
                self.apply(Input::Link(Link::Offline {
                    why: LinkFault::Lost,
                    again_at: None,
                }));
                self.write();
                self.apply(Input::Link(Link::Online));
            }
            _ => {
                for (id, ..) in std::mem::take(&mut self.handed) {
                    let result = Err(Failure::Ended);
                    self.apply(Input::Accepted { id, result });
                }
                self.apply(Input::Link(Link::Ended(LinkFault::Other)));
                self.apply(Input::Link(Link::Online));
            }
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0..14_u8, any::<u8>()), 1..80)
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn every_message_is_stored_once(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.start();
        while !world.handed.is_empty() {
            world.answer(false);
        }
        let stored = world.sends.stored.into_values();
        let mut stored: Vec<String> = stored.map(|(words, _)| words).collect();
        stored.sort_unstable();
        world.written.sort_unstable();
        prop_assert_eq!(stored, world.written);
        prop_assert!(world.store.outbox.is_empty());
        let is_open = |state| !matches!(state, SendState::Stored(_));
        prop_assert!(!world.model.outbox().iter().any(|pending| is_open(pending.state)));
    }
}
