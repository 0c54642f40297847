//! The messages that every engine stores, and an engine that is ready to take them.

use std::path::Path;

use cairn::core::command::{Actor, NewDevice};
use cairn::core::record::SecretHash;
use cairn::core::{Command, Reply};
use cairn::store::engine::Engine;
use cairn_proto::body::Body;
use cairn_proto::ids::{ClientSeq, ConversationId, DeviceId, SendStreamId, Timestamp};
use cairn_proto::message::Draft;
use cairn_proto::request::Request;
use cairn_proto::response::Response;
use cairn_proto::text::{DeviceName, GroupName, Text, UserName};

pub const CONVERSATIONS: usize = 1000;
pub const TEXT_BYTES: usize = 200;
pub const NOW: Timestamp = Timestamp::new(1_700_000_000_000);

/// xorshift64*: the same messages in every run.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// Picks conversations, the n-th with a share of 1/n.
pub struct Zipf(Vec<f64>);

impl Zipf {
    pub fn new() -> Self {
        let mut sum = 0.0;
        let sums = (1..=CONVERSATIONS).map(|n| {
            sum += 1.0 / n as f64;
            sum
        });
        Self(sums.collect())
    }

    pub fn pick(&self, random: &mut Random) -> usize {
        let at = random.next() as f64 / u64::MAX as f64 * self.0[CONVERSATIONS - 1];
        self.0.partition_point(|&sum| sum < at).min(CONVERSATIONS - 1)
    }
}

const WORDS: &[&str] = &[
    "the",
    "server",
    "is",
    "down",
    "again",
    "please",
    "look",
    "at",
    "it",
    "when",
    "you",
    "have",
    "time",
    "thanks",
    "build",
    "failed",
    "on",
    "main",
    "because",
    "of",
    "a",
    "missing",
    "file",
    "I",
    "will",
    "fix",
    "that",
    "tomorrow",
    "morning",
    "unless",
    "someone",
    "else",
    "wants",
    "to",
    "do",
    "this",
    "now",
    "meeting",
    "moved",
    "from",
    "nine",
    "ten",
    "o'clock",
    "in",
    "big",
    "room",
    "coffee",
    "anyone",
    "sure",
    "no",
    "problem",
    "deploy",
    "done",
    "all",
    "green",
    "nice",
    "work",
    "everybody",
    "see",
    "notes",
    "here",
    "and",
    "there",
    "ok",
];

/// A text of words, of exactly [`TEXT_BYTES`] bytes.
pub fn text(random: &mut Random) -> Text {
    let mut text = String::with_capacity(TEXT_BYTES + 16);
    while text.len() < TEXT_BYTES {
        text.push_str(WORDS[random.next() as usize % WORDS.len()]);
        text.push(' ');
    }
    text.truncate(TEXT_BYTES);
    Text::new(text).unwrap()
}

/// cairn's engine with one sender and conversations to send to.
pub struct Cairn {
    pub engine: Engine,
    pub actor: Actor,
    pub groups: Vec<ConversationId>,
    seqs: Vec<u64>,
}

impl Cairn {
    pub fn open(dir: &Path, groups: usize) -> Self {
        let mut engine = Engine::open(dir).unwrap();
        let actor = join(&mut engine, "sender", 1);
        let name = |n| GroupName::new(format!("group-{n}")).unwrap();
        let groups: Vec<_> = (0..groups)
            .map(|n| match ask(&mut engine, actor, Request::CreateGroup { name: name(n), members: Vec::new() }) {
                Response::Created { conversation } => conversation,
                other => panic!("{other:?}"),
            })
            .collect();
        engine.commit().unwrap();
        let seqs = vec![0; groups.len()];
        Self { engine, actor, groups, seqs }
    }

    pub fn resumed(engine: Engine, actor: Actor, groups: Vec<ConversationId>) -> Self {
        let seqs = vec![0; groups.len()];
        Self { engine, actor, groups, seqs }
    }

    pub fn send(&mut self, group: usize, text: Text) {
        self.seqs[group] += 1;
        let draft = Draft { conversation: self.groups[group], seq: ClientSeq::new(self.seqs[group]), body: Body::Text(text) };
        ask(&mut self.engine, self.actor, Request::Send(draft));
    }

    pub fn commit(&mut self) {
        self.engine.commit().unwrap();
        self.engine.tend().unwrap();
    }
}

pub fn ask(engine: &mut Engine, actor: Actor, request: Request) -> Response {
    match engine.execute(Command::Ask(actor, request), NOW) {
        Ok(Reply::Response(response)) => response,
        other => panic!("{other:?}"),
    }
}

pub fn join(engine: &mut Engine, name: &str, id: u64) -> Actor {
    let mut token = [0; 32];
    token[..8].copy_from_slice(&id.to_le_bytes());
    let invite = SecretHash([9; 32]);
    let far = Timestamp::new(u64::MAX);
    if id == 1 {
        engine.execute(Command::OwnerInvite { token: invite, expires_at: far }, NOW).unwrap();
    }
    let stream = SendStreamId::new(1);
    let device =
        NewDevice { id: DeviceId::new(id), name: DeviceName::new("bench").unwrap(), token: SecretHash(token), stream, push: false };
    match engine.execute(Command::Join { invite, name: UserName::new(name).unwrap(), password: None, device }, NOW) {
        Ok(Reply::LoggedIn(logged_in)) => logged_in.actor,
        other => panic!("{other:?}"),
    }
}
