//! The expected state: users, groups, and what the server accepted.

use std::collections::{BTreeMap, BTreeSet};

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::proto::text::{EmojiName, Text};
use parking_lot::Mutex;

use super::script::{Chat, LABELS, Recent, Seat};
use super::toggles::Toggles;

/// The label of expiry, in addition to those of the acts.
pub const EXPIRE: &str = "expire";

/// An accepted message.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Ascending in the order in which a device enqueues.
    pub seq: u64,
    pub by: Seat,
    pub conversation: ConversationId,
    pub msgid: MsgId,
    pub content: Content,
    /// Round and text of each edit.
    pub edits: Vec<(usize, String)>,
    pub recall: Recall,
}

/// Whether a message was recalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recall {
    No,
    /// The answer was lost with a killed server, and the repetition was refused.
    Perhaps,
    Yes,
}

#[derive(Clone, Debug)]
pub enum Content {
    /// A body whose text is unique.
    New(Body),
    /// The content that another message had in this round.
    Forwarded {
        origin: (ConversationId, MsgId),
        round: usize,
    },
}

impl Sent {
    pub const fn new(
        seq: u64,
        by: Seat,
        conversation: ConversationId,
        msgid: MsgId,
        content: Content,
    ) -> Self {
        Self {
            seq,
            by,
            conversation,
            msgid,
            content,
            edits: Vec::new(),
            recall: Recall::No,
        }
    }

    /// The unique text of a new message.
    fn token(&self) -> &str {
        match &self.content {
            Content::New(Body::Text(text) | Body::Emote(text)) => text.as_str(),
            Content::New(Body::Emoji(name)) => name.as_str(),
            Content::New(body) => body.attachment().map_or("", |file| file.name.as_str()),
            Content::Forwarded { .. } => "",
        }
    }
}

/// How often an act succeeded and was refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub done: u64,
    pub refused: u64,
}

/// Conversation, message, emoji, and the user who reacted.
type Reaction = (ConversationId, MsgId, EmojiName, UserId);

#[derive(Debug)]
pub struct World {
    pub users: Vec<UserId>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    groups: Vec<Option<ConversationId>>,
    sent: Vec<Sent>,
    imported: BTreeMap<ConversationId, BTreeSet<String>>,
    reactions: Toggles<Reaction>,
    pins: Toggles<(ConversationId, MsgId)>,
    /// By conversation, the last entry whose acks the server may have lost.
    acks_forgotten: BTreeMap<ConversationId, MsgId>,
    last_seq: u64,
    round: usize,
    /// Set if the server is killed in this round: a request without a reply may have been executed.
    is_crash: bool,
    tallies: BTreeMap<&'static str, Tally>,
}

impl World {
    pub fn new(users: Vec<UserId>) -> Self {
        let labels = LABELS.iter().chain([&EXPIRE]);
        let tallies = labels.map(|&label| (label, Tally::default())).collect();
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

    pub fn round(&self) -> usize {
        self.state.lock().round
    }

    pub fn group_created(&self, group: Option<ConversationId>) {
        self.state.lock().groups.push(group);
    }

    pub fn groups(&self) -> Vec<ConversationId> {
        self.state.lock().groups.iter().copied().flatten().collect()
    }

    /// Resolves a chat for a user.
    pub fn conversation(&self, user: usize, chat: Chat) -> Option<ConversationId> {
        match chat {
            Chat::Group(group) => self.state.lock().groups.get(group).copied().flatten(),
            Chat::Direct(other) => ConversationId::direct(self.users[user], self.users[other]),
        }
    }

    pub fn token(&self, by: Seat) -> (u64, String) {
        let mut state = self.state.lock();
        state.last_seq += 1;
        let seq = state.last_seq;
        (seq, format!("u{}d{}n{seq}.", by.user, by.device))
    }

    pub fn accepted(&self, sent: Sent) {
        self.state.lock().sent.push(sent);
    }

    /// A recent message of one user or of any, and its token.
    pub fn message(
        &self,
        conversation: ConversationId,
        of: Option<usize>,
        recent: Recent,
    ) -> Option<(MsgId, String)> {
        let state = self.state.lock();
        let is_of = |sent: &&Sent| of.is_none_or(|user| sent.by.user == user);
        let mut sent: Vec<&Sent> = state.sent_in(conversation).filter(is_of).collect();
        // Msgids within a round depend on timing; sequence numbers depend on the seed alone.
        sent.sort_unstable_by_key(|sent| sent.seq);
        let count = sent.len();
        let found = sent.get(count.checked_sub(1 + recent % count.max(1))?)?;
        Some((found.msgid, found.token().to_owned()))
    }

    /// A message with an attachment.
    pub fn file(&self, conversation: ConversationId, recent: Recent) -> Option<MsgId> {
        let has_file = |sent: &&Sent| match &sent.content {
            Content::New(body) => body.attachment().is_some(),
            Content::Forwarded { .. } => false,
        };
        let state = self.state.lock();
        let files: Vec<&Sent> = state.sent_in(conversation).filter(has_file).collect();
        files
            .get(recent % files.len().max(1))
            .map(|sent| sent.msgid)
    }

    pub fn imported(&self, conversation: ConversationId, texts: Vec<String>) {
        let mut state = self.state.lock();
        state
            .imported
            .entry(conversation)
            .or_default()
            .extend(texts);
    }

    pub fn imported_in(&self, conversation: ConversationId) -> BTreeSet<String> {
        let state = self.state.lock();
        state
            .imported
            .get(&conversation)
            .cloned()
            .unwrap_or_default()
    }

    pub fn edited(&self, conversation: ConversationId, msgid: MsgId, text: String) {
        self.change(conversation, msgid, |sent, round| {
            sent.edits.push((round, text));
        });
    }

    pub fn recalled(&self, conversation: ConversationId, msgid: MsgId, recall: Recall) {
        self.change(conversation, msgid, |sent, _| {
            if sent.recall != Recall::Yes {
                sent.recall = recall;
            }
        });
    }

    fn change(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
        change: impl FnOnce(&mut Sent, usize),
    ) {
        let State { sent, round, .. } = &mut *self.state.lock();
        let found = sent
            .iter_mut()
            .find(|sent| sent.conversation == conversation && sent.msgid == msgid);
        if let Some(sent) = found {
            change(sent, *round);
        }
    }

    /// Records the reply to a request to add or remove a reaction.
    pub fn reacted(&self, reaction: Reaction, is_on: bool, is_refused: bool) {
        let state = &mut *self.state.lock();
        let (round, is_crash) = (state.round, state.is_crash);
        match is_refused {
            false => state.reactions.set(reaction, is_on, round),
            true if is_crash => state.reactions.doubt(reaction, round),
            true => {}
        }
    }

    /// Records the reply to a request to pin or unpin a message.
    pub fn pinned(&self, pin: (ConversationId, MsgId), is_on: bool, is_refused: bool) {
        let state = &mut *self.state.lock();
        let (round, is_crash) = (state.round, state.is_crash);
        match is_refused {
            false => state.pins.set(pin, is_on, round),
            true if is_crash => state.pins.doubt(pin, round),
            true => {}
        }
    }

    pub fn may_have_reaction(&self, reaction: &Reaction) -> bool {
        self.state.lock().reactions.expected(reaction).1
    }

    /// The reactions that a message must have.
    pub fn reactions_to(&self, conversation: ConversationId, msgid: MsgId) -> Vec<Reaction> {
        let state = self.state.lock();
        let certain = state.reactions.certain();
        certain
            .filter(|reaction| (reaction.0, reaction.1) == (conversation, msgid))
            .cloned()
            .collect()
    }

    pub fn may_be_pinned(&self, pin: (ConversationId, MsgId)) -> bool {
        self.state.lock().pins.expected(&pin).1
    }

    /// The messages that must be pinned, unless they expired or were recalled.
    pub fn pins_in(&self, conversation: ConversationId) -> Vec<MsgId> {
        let state = self.state.lock();
        let certain = state.pins.certain();
        certain
            .filter(|(id, _)| *id == conversation)
            .map(|&(_, msgid)| msgid)
            .collect()
    }

    pub fn acks_forgotten(&self, conversation: ConversationId, last: MsgId) {
        let mut state = self.state.lock();
        let forgotten = state.acks_forgotten.entry(conversation).or_insert(last);
        *forgotten = last.max(*forgotten);
    }

    /// Whether the server may have lost acks of everything up to `head`.
    pub fn may_have_forgotten(&self, conversation: ConversationId, head: MsgId) -> bool {
        let state = self.state.lock();
        let forgotten = state.acks_forgotten.get(&conversation);
        forgotten.is_some_and(|&forgotten| forgotten >= head)
    }

    /// The messages accepted in a conversation.
    pub fn sent_in(&self, conversation: ConversationId) -> BTreeMap<MsgId, Sent> {
        let state = self.state.lock();
        state
            .sent_in(conversation)
            .map(|sent| (sent.msgid, sent.clone()))
            .collect()
    }

    /// The bodies that a message may have now, unless it was recalled: edits of one round happen in
    /// any order.
    pub fn bodies(&self, sent: &Sent) -> Vec<Body> {
        self.state.lock().bodies(sent, usize::MAX)
    }

    /// The author of the original message, across forwards.
    pub fn author(&self, sent: &Sent) -> UserId {
        self.users[self.state.lock().author(sent).user]
    }

    pub fn message_count(&self) -> usize {
        self.state.lock().sent.len()
    }

    pub fn tally(&self, label: &'static str, is_done: bool) {
        let mut state = self.state.lock();
        let tally = state.tallies.entry(label).or_default();
        if is_done {
            tally.done += 1;
        } else {
            tally.refused += 1;
        }
    }

    pub fn tallies(&self) -> BTreeMap<&'static str, Tally> {
        self.state.lock().tallies.clone()
    }

    pub fn never_done(&self) -> Vec<&'static str> {
        let tallies = self.tallies().into_iter();
        tallies
            .filter(|(_, tally)| tally.done == 0)
            .map(|(label, _)| label)
            .collect()
    }
}

impl State {
    fn sent_in(&self, conversation: ConversationId) -> impl Iterator<Item = &Sent> {
        self.sent
            .iter()
            .filter(move |sent| sent.conversation == conversation)
    }

    fn origin(&self, (conversation, msgid): (ConversationId, MsgId)) -> &Sent {
        self.sent_in(conversation)
            .find(|sent| sent.msgid == msgid)
            .unwrap()
    }

    fn author(&self, sent: &Sent) -> Seat {
        match sent.content {
            Content::New(_) => sent.by,
            Content::Forwarded { origin, .. } => self.author(self.origin(origin)),
        }
    }

    /// The bodies that a message may have had during a round.
    fn bodies(&self, sent: &Sent, round: usize) -> Vec<Body> {
        let body = match &sent.content {
            Content::New(body) => body.clone(),
            &Content::Forwarded { origin, round } => {
                return self.bodies(self.origin(origin), round);
            }
        };
        let edited = |text: &String| {
            let words = Text::new(&**text).unwrap();
            body.with_words(&words).unwrap().unwrap()
        };
        let rounds = sent.edits.iter().map(|&(at, _)| at);
        let last = rounds.filter(|&at| at < round).max();
        let edits = sent
            .edits
            .iter()
            .filter(|&&(at, _)| Some(at) == last || at == round)
            .map(|(_, text)| edited(text));
        let original = last.is_none().then(|| body.clone());
        original.into_iter().chain(edits).collect()
    }
}
