//! What everybody knows of the evening from outside: who is who, which groups there are, and what was accepted.

use std::collections::{BTreeMap, BTreeSet};

use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use parking_lot::Mutex;

use super::steps::{Back, Place, Seat};

/// A message that was accepted.
#[derive(Clone, Debug)]
pub struct Said {
    /// Its sender's own number for it: what he enqueued later has a higher one.
    pub n: u64,
    pub by: Seat,
    /// Which nothing else that is said contains.
    pub token: String,
    pub conversation: ConversationId,
    pub msgid: MsgId,
    /// Whether it names a file.
    pub is_file: bool,
    pub became: Became,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    AsSaid,
    /// In that round, one of these was the last.
    Edited {
        round: usize,
        texts: Vec<String>,
    },
    Recalled,
    /// It was said elsewhere before.
    Forwarded,
}

/// How often something was done, and refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub done: u64,
    pub refused: u64,
}

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
    next: u64,
    round: usize,
    tallies: BTreeMap<&'static str, Tally>,
}

impl Scene {
    pub fn new(users: Vec<UserId>) -> Self {
        Self { users, state: Mutex::default() }
    }

    pub fn next_round(&self) {
        self.state.lock().round += 1;
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
        (state.next, format!("u{}d{}n{}.", by.user, by.device, state.next))
    }

    pub fn accepted(&self, said: Said) {
        self.state.lock().said.push(said);
    }

    /// The message that somebody means: of his own, or of anybody.
    pub fn message(&self, conversation: ConversationId, of: Option<usize>, back: Back) -> Option<(MsgId, String)> {
        let state = self.state.lock();
        let meant = state.said.iter().filter(|said| said.conversation == conversation && of.is_none_or(|user| said.by.user == user));
        let mut meant: Vec<&Said> = meant.collect();
        // Not by msgid: those of one round are in any order, and the same seed shall mean the same.
        meant.sort_unstable_by_key(|said| said.n);
        let count = meant.len();
        let said = meant.get(count.checked_sub(1 + back % count.max(1))?)?;
        Some((said.msgid, said.token.clone()))
    }

    /// One of the messages that named files.
    pub fn file(&self, conversation: ConversationId, back: Back) -> Option<MsgId> {
        let state = self.state.lock();
        let files: Vec<&Said> = state.said.iter().filter(|said| said.conversation == conversation && said.is_file).collect();
        files.get(back % files.len().max(1)).map(|said| said.msgid)
    }

    pub fn imported(&self, conversation: ConversationId, texts: Vec<String>) {
        self.state.lock().imported.entry(conversation).or_default().extend(texts);
    }

    pub fn imported_in(&self, conversation: ConversationId) -> BTreeSet<String> {
        self.state.lock().imported.get(&conversation).cloned().unwrap_or_default()
    }

    pub fn edited(&self, conversation: ConversationId, msgid: MsgId, text: String) {
        self.change(conversation, msgid, |became, round| match became {
            Became::Edited { round: last, texts } if *last == round => texts.push(text),
            Became::AsSaid | Became::Edited { .. } => *became = Became::Edited { round, texts: vec![text] },
            Became::Recalled | Became::Forwarded => {}
        });
    }

    pub fn recalled(&self, conversation: ConversationId, msgid: MsgId) {
        self.change(conversation, msgid, |became, _| *became = Became::Recalled);
    }

    fn change(&self, conversation: ConversationId, msgid: MsgId, change: impl FnOnce(&mut Became, usize)) {
        let State { said, round, .. } = &mut *self.state.lock();
        if let Some(said) = said.iter_mut().find(|said| said.conversation == conversation && said.msgid == msgid) {
            change(&mut said.became, *round);
        }
    }

    /// Everything that was accepted in a conversation, by its number there.
    pub fn said_in(&self, conversation: ConversationId) -> BTreeMap<MsgId, Said> {
        let state = self.state.lock();
        let said = state.said.iter().filter(|said| said.conversation == conversation);
        said.map(|said| (said.msgid, said.clone())).collect()
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

    pub fn tallies(&self) -> BTreeMap<&'static str, Tally> {
        self.state.lock().tallies.clone()
    }
}
