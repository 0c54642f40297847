//! A follower that keeps a copy of all entries, and stores its position with them.

use std::collections::BTreeMap;

use bytes::Bytes;
use cairn_core::api::command::GetRetained;
use cairn_proto::content::message::split_entry;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::session::PullRange;

use crate::blocks::run::RunLimits;
use crate::engine::Engine;
use crate::followers::{Follow, Followed, Follower, Kinds, Position};

#[derive(Debug)]
pub(super) struct Mirror {
    position: Position,
    pub(super) copies: BTreeMap<ConversationId, Copy>,
    /// Gone with the engine.
    follower: Option<Follower>,
}

/// The entries of a conversation above its floor.
#[derive(Debug, Default)]
pub(super) struct Copy {
    floor: MsgId,
    pub(super) entries: BTreeMap<MsgId, Bytes>,
}

impl Copy {
    fn put(&mut self, msgid: MsgId, entry: Bytes) {
        if msgid > self.floor {
            self.entries.insert(msgid, entry);
        }
    }

    fn raise_floor(&mut self, floor: MsgId) {
        self.floor = self.floor.max(floor);
        self.entries = self.entries.split_off(&self.floor.next());
    }
}

impl Mirror {
    pub(super) fn new() -> Self {
        Self {
            position: Position::START,
            copies: BTreeMap::new(),
            follower: None,
        }
    }

    /// Forgets the engine, which ended.
    pub(super) fn stop(&mut self) {
        self.follower = None;
    }

    /// Reads at most this many batches.
    pub(super) fn follow(
        &mut self,
        engine: &mut Engine,
        conversations: &[ConversationId],
        batches: usize,
    ) -> Result<(), String> {
        let kinds = Kinds::APPENDED
            .with(Kinds::REWRITTEN)
            .with(Kinds::FLOOR_RAISED);
        let position = self.position;
        let follower = self
            .follower
            .get_or_insert_with(|| engine.followers().follow(position, kinds));
        for _ in 0..batches {
            let next = follower.read().map_err(|error| error.to_string())?;
            match next {
                Follow::Changes(changes) => changes
                    .into_iter()
                    .for_each(|change| apply(&mut self.copies, change)),
                Follow::CaughtUp => break,
                Follow::Rebuild => self.copies = rebuilt(engine, conversations)?,
            }
        }
        self.position = follower.position();
        Ok(())
    }
}

fn apply(copies: &mut BTreeMap<ConversationId, Copy>, change: Followed) {
    match change {
        Followed::Appended {
            conversation,
            msgid,
            entry,
        }
        | Followed::Rewritten {
            conversation,
            msgid,
            entry,
        } => copies.entry(conversation).or_default().put(msgid, entry),
        Followed::FloorRaised {
            conversation,
            floor,
        } => copies.entry(conversation).or_default().raise_floor(floor),
        Followed::MemberRemoved { .. } | Followed::Retention { .. } => {}
    }
}

/// Reads everything that is stored.
fn rebuilt(
    engine: &mut Engine,
    conversations: &[ConversationId],
) -> Result<BTreeMap<ConversationId, Copy>, String> {
    let mut copies = BTreeMap::new();
    for &conversation in conversations {
        // Loads it.
        match engine.execute(GetRetained(conversation), Timestamp::new(0)) {
            Ok(_) => {}
            Err(ErrorCode::NotFound) => continue,
            Err(code) => return Err(format!("{conversation} is not loaded: {code:?}")),
        }
        // It has none before its first commit.
        let Some(timeline) = engine.timelines().get(conversation) else {
            continue;
        };
        let mut copy = Copy {
            floor: timeline.floor(),
            ..Copy::default()
        };
        let mut next = copy.floor.next();
        while next <= timeline.head() {
            let from = PullRange::From(next);
            let run = engine.history().read(&timeline, from, RunLimits::MAX);
            let run = run.map_err(|error| error.to_string())?;
            let mut entries = run.entries;
            while let Some(entry) = split_entry(&mut entries).map_err(|error| error.to_string())? {
                copy.put(next, entry);
                next = next.next();
            }
        }
        copies.insert(conversation, copy);
    }
    Ok(copies)
}
