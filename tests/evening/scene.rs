//! What everybody knows of the evening from outside: who is who, which groups there are, and what was accepted.

use std::collections::{BTreeMap, BTreeSet};

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::proto::text::{EmojiName, Text};
use parking_lot::Mutex;

use super::marks::Marks;
use super::steps::{Back, Place, Seat, WORDS};

/// The word for messages that go by themselves, beside those for what people do.
pub const EXPIRE: &str = "expire";

/// A message that was accepted.
#[derive(Clone, Debug)]
pub struct Said {
    /// Its sender's own number for it: what he enqueued later has a higher one.
    pub n: u64,
    pub by: Seat,
    pub conversation: ConversationId,
    pub msgid: MsgId,
    pub what: What,
    /// Edits, and the round of each.
    pub edits: Vec<(usize, String)>,
    pub is_recalled: bool,
}

/// What a message says.
#[derive(Clone, Debug)]
pub enum What {
    /// Nothing else that is said holds this text.
    New(Body),
    /// What another one said in that round.
    Forwarded {
        origin: (ConversationId, MsgId),
        round: usize,
    },
}

impl Said {
    pub const fn new(
        n: u64,
        by: Seat,
        conversation: ConversationId,
        msgid: MsgId,
        what: What,
    ) -> Self {
        Self {
            n,
            by,
            conversation,
            msgid,
            what,
            edits: Vec::new(),
            is_recalled: false,
        }
    }

    /// Its words, when it has any of its own.
    fn token(&self) -> &str {
        match &self.what {
            What::New(Body::Text(text) | Body::Emote(text)) => text.as_str(),
            What::New(Body::Emoji(name)) => name.as_str(),
            What::New(body) => body.attachment().map_or("", |file| file.name.as_str()),
            What::Forwarded { .. } => "",
        }
    }
}

/// How often something was done, and refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub done: u64,
    pub refused: u64,
}

/// A reaction: of whom, to what.
type Reaction = (ConversationId, MsgId, EmojiName, UserId);

/// The evening from outside.
#[derive(Debug)]
pub struct Scene {
    pub users: Vec<UserId>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    groups: Vec<Option<ConversationId>>,
    said: Vec<Said>,
    /// What was taken over from elsewhere.
    imported: BTreeMap<ConversationId, BTreeSet<String>>,
    reactions: Marks<Reaction>,
    pins: Marks<(ConversationId, MsgId)>,
    /// Up to which entry the server may have forgotten that devices have it.
    acks_forgotten: BTreeMap<ConversationId, MsgId>,
    next: u64,
    round: usize,
    /// Whether the server is killed in this round: what is refused then may have been done before.
    is_crash: bool,
    tallies: BTreeMap<&'static str, Tally>,
}

impl Scene {
    pub fn new(users: Vec<UserId>) -> Self {
        let words = WORDS.iter().chain([&EXPIRE]);
        let tallies = words.map(|&word| (word, Tally::default())).collect();
        Self {
            users,
            state: Mutex::new(State {
                tallies,
                ..State::default()
            }),
        }
    }

    pub fn next_round(&self, is_crash: bool) {
        let mut state = self.state.lock();
        state.round += 1;
        state.is_crash = is_crash;
    }

    /// The round that is played.
    pub fn round(&self) -> usize {
        self.state.lock().round
    }

    pub fn group_made(&self, group: Option<ConversationId>) {
        self.state.lock().groups.push(group);
    }

    pub fn groups(&self) -> Vec<ConversationId> {
        self.state.lock().groups.iter().copied().flatten().collect()
    }

    /// The conversation that somebody means.
    pub fn conversation(&self, user: usize, place: Place) -> Option<ConversationId> {
        match place {
            Place::Group(group) => self.state.lock().groups.get(group).copied().flatten(),
            Place::With(other) => ConversationId::direct(self.users[user], self.users[other]),
        }
    }

    /// A text that nobody has said before, and its number.
    pub fn token(&self, by: Seat) -> (u64, String) {
        let mut state = self.state.lock();
        state.next += 1;
        (
            state.next,
            format!("u{}d{}n{}.", by.user, by.device, state.next),
        )
    }

    pub fn accepted(&self, said: Said) {
        self.state.lock().said.push(said);
    }

    /// The message that somebody means, of his own or of anybody, and its words.
    pub fn message(
        &self,
        conversation: ConversationId,
        of: Option<usize>,
        back: Back,
    ) -> Option<(MsgId, String)> {
        let state = self.state.lock();
        let meant = state.said.iter().filter(|said| {
            said.conversation == conversation && of.is_none_or(|user| said.by.user == user)
        });
        let mut meant: Vec<&Said> = meant.collect();
        // Not by msgid: those of one round are in any order, and the same seed shall mean the same.
        meant.sort_unstable_by_key(|said| said.n);
        let count = meant.len();
        let said = meant.get(count.checked_sub(1 + back % count.max(1))?)?;
        Some((said.msgid, said.token().to_owned()))
    }

    /// One of the messages that named files.
    pub fn file(&self, conversation: ConversationId, back: Back) -> Option<MsgId> {
        let names_file =
            |said: &&Said| matches!(&said.what, What::New(body) if body.attachment().is_some());
        let state = self.state.lock();
        let files: Vec<&Said> = state
            .said
            .iter()
            .filter(|said| said.conversation == conversation)
            .filter(names_file)
            .collect();
        files.get(back % files.len().max(1)).map(|said| said.msgid)
    }

    pub fn imported(&self, conversation: ConversationId, texts: Vec<String>) {
        self.state
            .lock()
            .imported
            .entry(conversation)
            .or_default()
            .extend(texts);
    }

    pub fn imported_in(&self, conversation: ConversationId) -> BTreeSet<String> {
        self.state
            .lock()
            .imported
            .get(&conversation)
            .cloned()
            .unwrap_or_default()
    }

    pub fn edited(&self, conversation: ConversationId, msgid: MsgId, text: String) {
        self.change(conversation, msgid, |said, round| {
            said.edits.push((round, text))
        });
    }

    pub fn recalled(&self, conversation: ConversationId, msgid: MsgId) {
        self.change(conversation, msgid, |said, _| said.is_recalled = true);
    }

    fn change(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
        change: impl FnOnce(&mut Said, usize),
    ) {
        let State { said, round, .. } = &mut *self.state.lock();
        if let Some(said) = said
            .iter_mut()
            .find(|said| said.conversation == conversation && said.msgid == msgid)
        {
            change(said, *round);
        }
    }

    /// Somebody reacted, or took it back, unless that was refused.
    pub fn reacted(&self, reaction: Reaction, is_there: bool, is_refused: bool) {
        let State {
            reactions,
            round,
            is_crash,
            ..
        } = &mut *self.state.lock();
        mark(reactions, reaction, is_there, is_refused, *round, *is_crash);
    }

    /// As [`Scene::reacted`], for a pin.
    pub fn pinned(&self, pin: (ConversationId, MsgId), is_there: bool, is_refused: bool) {
        let State {
            pins,
            round,
            is_crash,
            ..
        } = &mut *self.state.lock();
        mark(pins, pin, is_there, is_refused, *round, *is_crash);
    }

    /// Whether a reaction must be there, and whether it may be.
    pub fn reaction(&self, reaction: &Reaction) -> (bool, bool) {
        self.state.lock().reactions.expected(reaction)
    }

    /// Reactions to a message that must be there.
    pub fn reactions_to(&self, conversation: ConversationId, msgid: MsgId) -> Vec<Reaction> {
        let state = self.state.lock();
        state
            .reactions
            .sure()
            .filter(|reaction| (reaction.0, reaction.1) == (conversation, msgid))
            .cloned()
            .collect()
    }

    /// Whether a pin may be there.
    pub fn may_be_pinned(&self, pin: (ConversationId, MsgId)) -> bool {
        self.state.lock().pins.expected(&pin).1
    }

    /// Pins in a conversation that must be there, unless the message is gone.
    pub fn pins_in(&self, conversation: ConversationId) -> Vec<MsgId> {
        self.state
            .lock()
            .pins
            .sure()
            .filter(|(id, _)| *id == conversation)
            .map(|&(_, msgid)| msgid)
            .collect()
    }

    pub fn ack_forgotten(&self, conversation: ConversationId, last: MsgId) {
        let mut state = self.state.lock();
        let forgotten = state.acks_forgotten.entry(conversation).or_insert(last);
        *forgotten = last.max(*forgotten);
    }

    /// Whether the server may not know any more that devices have everything up to `head`.
    pub fn may_have_forgotten(&self, conversation: ConversationId, head: MsgId) -> bool {
        self.state
            .lock()
            .acks_forgotten
            .get(&conversation)
            .is_some_and(|&forgotten| forgotten >= head)
    }

    /// Everything that was accepted in a conversation, by its number there.
    pub fn said_in(&self, conversation: ConversationId) -> BTreeMap<MsgId, Said> {
        let state = self.state.lock();
        let said = state
            .said
            .iter()
            .filter(|said| said.conversation == conversation);
        said.map(|said| (said.msgid, said.clone())).collect()
    }

    /// What a message may say by now, unless it was taken back. When several edited it at once, nobody knows who was the last.
    pub fn bodies(&self, said: &Said) -> Vec<Body> {
        self.state.lock().bodies(said, usize::MAX)
    }

    /// Who said first what a message says.
    pub fn author(&self, said: &Said) -> UserId {
        self.users[self.state.lock().author(said).user]
    }

    pub fn said_count(&self) -> usize {
        self.state.lock().said.len()
    }

    pub fn tally(&self, word: &'static str, is_done: bool) {
        let mut state = self.state.lock();
        let tally = state.tallies.entry(word).or_default();
        if is_done {
            tally.done += 1;
        } else {
            tally.refused += 1;
        }
    }

    /// How often everything was done that can be.
    pub fn tallies(&self) -> BTreeMap<&'static str, Tally> {
        self.state.lock().tallies.clone()
    }

    /// What was never done.
    pub fn never_done(&self) -> Vec<&'static str> {
        self.tallies()
            .into_iter()
            .filter(|(_, tally)| tally.done == 0)
            .map(|(word, _)| word)
            .collect()
    }
}

impl State {
    fn origin(&self, (conversation, msgid): (ConversationId, MsgId)) -> &Said {
        self.said
            .iter()
            .find(|said| said.conversation == conversation && said.msgid == msgid)
            .unwrap()
    }

    fn author(&self, said: &Said) -> Seat {
        match said.what {
            What::New(_) => said.by,
            What::Forwarded { origin, .. } => self.author(self.origin(origin)),
        }
    }

    /// What a message may have said at some time of a round.
    fn bodies(&self, said: &Said, round: usize) -> Vec<Body> {
        let body = match &said.what {
            What::New(body) => body.clone(),
            &What::Forwarded { origin, round } => return self.bodies(self.origin(origin), round),
        };
        let edited = |text: &String| {
            body.with_words(&Text::new(&**text).unwrap())
                .unwrap()
                .unwrap()
        };
        let last = said
            .edits
            .iter()
            .map(|&(at, _)| at)
            .filter(|&at| at < round)
            .max();
        let edits = said
            .edits
            .iter()
            .filter(|&&(at, _)| Some(at) == last || at == round)
            .map(|(_, text)| edited(text));
        let as_said = last.is_none().then(|| body.clone());
        as_said.into_iter().chain(edits).collect()
    }
}

fn mark<K: Ord + Clone>(
    marks: &mut Marks<K>,
    key: K,
    is_there: bool,
    is_refused: bool,
    round: usize,
    is_crash: bool,
) {
    match is_refused {
        false => marks.note(key, is_there, round),
        true if is_crash => marks.doubt(key, round),
        true => {}
    }
}
