//! Stores that are older states of themselves, as after a restored backup: nothing is sent twice
//! without the user's decision.

use std::collections::BTreeMap;

use cairn_client::proto::content::attachment::{Attachment, AttachmentHash};
use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ClientSeq, ConversationId, MsgId, Timestamp};
use cairn_client::proto::text::Caption;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_session::{
    Command, Draft, DraftFile, Effect, Failure, Input, Link, LinkFault, LocalId, Model, Options,
    Outgoing, SendState,
};
use proptest::prelude::*;

use crate::config;
use crate::server::{ME, Server, TEAM};
use crate::store::Store;

const CHAT: ConversationId = ConversationId::new(2);

/// A random step.
type Step = (u8, u8);

/// What the server knows of one send stream: the last number of each conversation, and what came
/// under each.
#[derive(Clone, Debug, Default)]
struct Stream {
    last: BTreeMap<ConversationId, ClientSeq>,
    stored: BTreeMap<(ConversationId, ClientSeq), (String, MsgId)>,
}

/// What is on the disk.
#[derive(Clone, Debug, Default)]
struct Disk {
    store: Store,
    stream: usize,
}

struct World {
    model: Model,
    disk: Disk,
    /// An older state of the disk, and what was written then.
    backup: (Disk, Vec<String>),
    streams: Vec<Stream>,
    /// Everything that the server stored, in its order.
    log: Vec<String>,
    /// Handed over in this order; `None` for a probe.
    handed: Vec<(LocalId, ConversationId, ClientSeq, Option<String>)>,
    /// The last number that was handed over to this client.
    last_handed: BTreeMap<ConversationId, ClientSeq>,
    uploads: Vec<(LocalId, String)>,
    /// What was written and is neither withdrawn nor lost with a later state of the disk.
    written: Vec<String>,
    count: usize,
    now: u64,
}

fn name(what: &Outgoing) -> String {
    match what {
        Outgoing::Message {
            body: Body::Text(text),
            ..
        } => text.as_str().to_owned(),
        Outgoing::Message {
            body: Body::File(file),
            ..
        } => file.name.as_str().to_owned(),
        Outgoing::File { file, .. } => file.name.clone(),
        other => panic!("not sent here: {other:?}"),
    }
}

fn uploaded(name: &str) -> Body {
    Body::from(Attachment {
        hash: AttachmentHash::new([1; 32]),
        name: name.parse().unwrap(),
        media_type: "text/plain".parse().unwrap(),
        size_bytes: 1,
        caption: Caption::new("").unwrap(),
    })
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            model: Model::new(Options::new(ME)),
            disk: Disk::default(),
            backup: (Disk::default(), Vec::new()),
            streams: vec![Stream::default()],
            log: Vec::new(),
            handed: Vec::new(),
            last_handed: BTreeMap::new(),
            uploads: Vec::new(),
            written: Vec::new(),
            count: 0,
            now: 1_700_000_000_000,
        };
        world.start();
        world
    }

    /// Starts the program with what the disk holds.
    fn start(&mut self) {
        self.forget_client();
        self.model = Model::new(Options::new(ME));
        self.now += 1000;
        let mut restored = self.disk.store.restored();
        // As a store continues numbers: from its clock.
        let first = ClientSeq::new(self.now);
        restored.first_seq = Some(first);
        for (_, next) in &mut restored.next_seqs {
            *next = first.max(*next);
        }
        self.apply(Input::Restored(Box::new(restored)));
        self.apply(Input::Clock(Timestamp::new(self.now)));
        self.connect();
    }

    fn connect(&mut self) {
        self.apply(Input::Link(Link::Online));
        let mut overview = Server::default().overview();
        let mut chat = overview.conversations[0].clone();
        chat.id = CHAT;
        overview.conversations.push(chat);
        self.apply(Input::Overview(Box::new(overview)));
    }

    fn apply(&mut self, input: Input) {
        let mut is_ended = false;
        for effect in self.model.apply(input) {
            match effect {
                Effect::Store(op) => self.disk.store.apply(op),
                Effect::Send {
                    id,
                    conversation,
                    seq,
                    what,
                } => self.hand(id, conversation, seq, Some(name(&what))),
                Effect::Probe {
                    id,
                    conversation,
                    seq,
                } => self.hand(id, conversation, seq, None),
                Effect::Upload { id, file } => self.uploads.push((id, file.name)),
                Effect::CancelUpload(id) => self.uploads.retain(|(upload, _)| *upload != id),
                Effect::NewStream => is_ended = true,
                _ => {}
            }
        }
        if is_ended {
            self.new_stream();
        }
    }

    fn forget_client(&mut self) {
        self.handed.clear();
        self.last_handed.clear();
        self.uploads.clear();
    }

    fn hand(&mut self, id: LocalId, of: ConversationId, seq: ClientSeq, name: Option<String>) {
        let stored = &self.disk.store.outbox[&id];
        assert_eq!(stored.seq, Some(seq), "sent before it was stored");
        let last = self.last_handed.insert(of, seq);
        assert!(last.is_none_or(|last| last < seq), "not in ascending order");
        self.handed.push((id, of, seq, name));
    }

    /// Continues with another client, which answers nothing of what the one before was handed.
    fn new_stream(&mut self) {
        self.forget_client();
        self.streams.push(Stream::default());
        self.disk.stream = self.streams.len() - 1;
        let why = LinkFault::Lost;
        self.apply(Input::Link(Link::Offline {
            why,
            again_at: None,
        }));
        self.apply(Input::NewStream);
        self.connect();
    }

    fn write(&mut self, conversation: ConversationId, is_file: bool) {
        self.count += 1;
        let name = format!("message {}", self.count);
        let mut draft = Draft::new(conversation);
        if is_file {
            draft.files.push(DraftFile {
                path: name.clone(),
                name: name.clone(),
                size_bytes: 1,
                as_file: false,
            });
        } else {
            draft.words.clone_from(&name);
        }
        self.written.push(name);
        self.apply(Input::Command(Command::Send(draft)));
    }

    fn store(
        &mut self,
        conversation: ConversationId,
        seq: ClientSeq,
        name: &str,
    ) -> Result<MsgId, Failure> {
        let stream = &mut self.streams[self.disk.stream];
        if let Some((stored, msgid)) = stream.stored.get(&(conversation, seq)) {
            return match stored == name {
                true => Ok(*msgid),
                false => Err(Failure::Refused(ErrorCode::SeqConflict)),
            };
        }
        let last = stream.last.entry(conversation).or_insert(ClientSeq::new(0));
        if seq <= *last {
            return Err(Failure::Refused(ErrorCode::RetryTooOld));
        }
        *last = seq;
        self.log.push(name.to_owned());
        let msgid = MsgId::new(self.log.len() as u64);
        let stored = (name.to_owned(), msgid);
        stream.stored.insert((conversation, seq), stored);
        Ok(msgid)
    }

    fn answer(&mut self, is_lost: bool) {
        if self.handed.is_empty() {
            return;
        }
        let (id, conversation, seq, name) = self.handed.remove(0);
        let Some(name) = name else {
            let last = self.streams[self.disk.stream].last.get(&conversation);
            let is_used = last.is_some_and(|last| seq <= *last);
            if !is_lost {
                self.apply(Input::Probed { id, is_used });
            }
            return;
        };
        let result = self.store(conversation, seq, &name);
        if !is_lost {
            self.apply(Input::Accepted { id, result });
        }
    }

    fn upload(&mut self, which: u8) {
        if self.uploads.is_empty() {
            return;
        }
        let (id, name) = self.uploads.remove(usize::from(which) % self.uploads.len());
        let result = Ok(uploaded(&name));
        self.apply(Input::Uploaded { id, result });
    }

    fn step(&mut self, (kind, number): Step) {
        let conversation = if number.is_multiple_of(3) { CHAT } else { TEAM };
        match kind {
            0..=3 => self.write(conversation, false),
            4..=5 => self.write(conversation, true),
            6..=9 => self.answer(false),
            10..=11 => self.upload(number),
            12 => {
                self.answer(true);
                self.start();
            }
            13 => self.backup = (self.disk.clone(), self.written.clone()),
            14 => {
                (self.disk, self.written) = self.backup.clone();
                self.start();
            }
            15 => {
                self.apply(Input::Link(Link::Offline {
                    why: LinkFault::Lost,
                    again_at: None,
                }));
                self.write(conversation, number.is_multiple_of(2));
                self.connect();
            }
            _ => self.start(),
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0..17_u8, any::<u8>()), 1..100)
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn older_states_of_the_store_send_nothing_twice(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        while !world.handed.is_empty() || !world.uploads.is_empty() {
            world.answer(false);
            world.upload(0);
        }
        let mut log = world.log.clone();
        log.sort_unstable();
        let count = log.len();
        log.dedup();
        prop_assert_eq!(log.len(), count, "{:?}", world.log);
        // Nothing is lost, and nothing waits for ever: what is not sent needs a decision.
        let open = world.model.outbox().into_iter();
        let open = open.filter(|item| !matches!(item.state, SendState::Stored(_)));
        let open: Vec<_> = open.collect();
        for item in &open {
            prop_assert!(matches!(item.state, SendState::Unknown(_)), "{:?}", item);
        }
        for name in &world.written {
            let is_open = open.iter().any(|item| self::name(&item.what) == *name);
            prop_assert!(is_open || world.log.contains(name), "{} is lost", name);
        }
    }

    /// Without older states, nothing is in doubt.
    #[test]
    fn restarts_leave_nothing_in_doubt(steps in steps()) {
        let mut world = World::new();
        for (kind, number) in steps {
            if !matches!(kind, 13 | 14) {
                world.step((kind, number));
            }
        }
        while !world.handed.is_empty() || !world.uploads.is_empty() {
            world.answer(false);
            world.upload(0);
        }
        prop_assert_eq!(world.log.len(), world.written.len());
    }
}
