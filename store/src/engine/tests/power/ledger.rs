//! What was accepted, kept apart from the engine.

use std::collections::{BTreeMap, VecDeque};

use cairn_proto::content::body::Body;
use cairn_proto::content::message::Run;
use cairn_proto::ids::UserId;

pub(super) const USERS: usize = 3;
pub(super) const CONVERSATIONS: usize = 3;

/// Sends of a user in a conversation that may be repeated.
const REPEATABLE: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Text {
        by: usize,
        text: String,
    },
    Recalled,
    /// An entry that is no message.
    Other,
}

#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) seq: u64,
    pub(super) text: String,
    pub(super) msgid: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Accepted {
    /// From the first entry on, including expired ones.
    pub(super) entries: Vec<Content>,
    pub(super) floor: u64,
    pub(super) read: [u64; USERS],
    pub(super) delivered: [u64; USERS],
    pub(super) sent: [VecDeque<Sent>; USERS],
}

impl Accepted {
    pub(super) fn head(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Entries that the engine added beside the last one.
    pub(super) fn grow_to(&mut self, head: u64) {
        self.entries.resize(head as usize, Content::Other);
    }

    pub(super) fn send(&mut self, by: usize, sent: Sent) {
        let text = sent.text.clone();
        self.entries.push(Content::Text { by, text });
        self.read[by] = sent.msgid;
        self.sent[by].push_back(sent);
        if self.sent[by].len() > REPEATABLE {
            self.sent[by].pop_front();
        }
    }

    pub(super) fn next_seq(&self, by: usize) -> u64 {
        self.sent[by].back().map_or(1, |sent| sent.seq + 1)
    }

    /// The n-th text above the floor, around the end, and who sent it.
    pub(super) fn text(&self, nth: usize) -> Option<(u64, usize)> {
        let texts: Vec<_> = (self.floor..self.head())
            .filter_map(|at| match self.entries[at as usize] {
                Content::Text { by, .. } => Some((at + 1, by)),
                _ => None,
            })
            .collect();
        texts.get(nth.checked_rem(texts.len())?).copied()
    }

    pub(super) fn set(&mut self, msgid: u64, content: Content) {
        self.entries[msgid as usize - 1] = content;
    }

    /// Compares entries that were read with what belongs there.
    pub(super) fn check_run(&self, run: &Run, users: &BTreeMap<u32, usize>) -> Result<(), String> {
        for message in run.messages().map_err(|error| error.to_string())? {
            self.check(message.msgid.get(), message.sender, message.body, users)?;
        }
        Ok(())
    }

    pub(super) fn check(
        &self,
        msgid: u64,
        sender: UserId,
        body: Body,
        users: &BTreeMap<u32, usize>,
    ) -> Result<(), String> {
        let found = match body {
            Body::Text(text) => Content::Text {
                by: users[&sender.get()],
                text: text.to_string(),
            },
            Body::Recalled { .. } => Content::Recalled,
            _ => Content::Other,
        };
        match self.entries.get(msgid as usize - 1) {
            Some(expected) if *expected == found => Ok(()),
            expected => Err(format!("message {msgid} is {found:?}, not {expected:?}")),
        }
    }
}

pub(super) type Ledger = [Accepted; CONVERSATIONS];
