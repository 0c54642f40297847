//! The ways to store a group's messages, and their common interface.

use std::any::Any;
use std::fs;
use std::path::PathBuf;

use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::text::Text;
use clap::ValueEnum;
use serde::Serialize;

use super::cairn::{self, Cairn};
use super::plain::Plain;
use crate::error::BenchError;

/// One way to store the messages of one group.
pub(super) trait Scheme {
    /// Takes a message for every member.
    fn send(&mut self, text: &Text) -> Result<MsgId, BenchError>;

    /// Makes everything so far durable. Messages count as accepted after that, and may be pushed.
    fn commit(&mut self) -> Result<(), BenchError>;

    /// A page of the messages above `after` that `member` has not acked; empty at the end.
    /// Everything that was sent must be committed.
    fn pull(&mut self, member: UserId, after: MsgId) -> Result<Vec<Pulled>, BenchError>;

    /// Acks everything up to `through`, and deletes what no member needs.
    fn ack(&mut self, member: UserId, through: MsgId) -> Result<(), BenchError>;

    /// Makes everything durable and brings it to its final place.
    fn close(self: Box<Self>) -> Result<Closed, BenchError>;
}

/// A message as a member receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pulled {
    pub(super) msgid: MsgId,
    pub(super) text: Text,
}

pub(super) struct Closed {
    /// Rows put and deleted since it was opened. An entry of cairn's commit log counts as a row.
    pub(super) writes: u64,
    /// Dropping sled waits for its flushing thread, up to a tenth of a second. That is no work, so
    /// it is kept out of what is timed.
    pub(super) _sled: Box<dyn Any>,
}

/// A group whose first members are online. Its sender is not one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) size: u32,
    online: u32,
}

/// The first member; the sender comes before.
const FIRST_MEMBER: u32 = 2;

impl Group {
    pub(super) fn new(size: u32, online_percent: u8) -> Self {
        let online = (u64::from(size) * u64::from(online_percent) + 50) / 100;
        Self {
            size,
            online: u32::try_from(online).unwrap_or(size).min(size),
        }
    }

    pub(super) fn members(self) -> impl Iterator<Item = UserId> + Clone {
        (0..self.size).map(|member| UserId::new(FIRST_MEMBER + member))
    }

    pub(super) fn online(self) -> impl Iterator<Item = UserId> + Clone {
        self.members().take(self.online as usize)
    }

    pub(super) fn offline(self) -> impl Iterator<Item = UserId> + Clone {
        self.members().skip(self.online as usize)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub(super) enum Kind {
    /// Pushed to the members who are online, a copy stored for each who is not.
    OfflineCopies,
    /// A copy stored for each member.
    MemberCopies,
    /// The body stored once, its id for each member.
    BodyAndIds,
    /// The body stored once, a cursor for each member.
    BodyAndCursors,
    /// The same in cairn's engine.
    #[default]
    Cairn,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [
        Self::OfflineCopies,
        Self::MemberCopies,
        Self::BodyAndIds,
        Self::BodyAndCursors,
        Self::Cairn,
    ];

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::OfflineCopies => "1 copies, if offline",
            Self::MemberCopies => "2 copies for all",
            Self::BodyAndIds => "3 one body, ids",
            Self::BodyAndCursors => "4 one body, cursors",
            Self::Cairn => "cairn",
        }
    }

    /// The value of the option and the JSON field.
    pub(super) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Whether an online member loses what was not pushed.
    pub(super) const fn trusts_push(self) -> bool {
        matches!(self, Self::OfflineCopies)
    }
}

/// A folder with one group's messages in one of the ways.
#[derive(Clone, Debug)]
pub(super) struct Store {
    pub(super) kind: Kind,
    pub(super) group: Group,
    pub(super) dir: PathBuf,
}

impl Store {
    /// Creates the store, with its members where the scheme knows them.
    pub(super) fn create(&self) -> Result<(), BenchError> {
        let dir = self.dir.clone();
        fs::create_dir_all(&dir).map_err(|source| BenchError::Directory { dir, source })?;
        match self.kind {
            Kind::Cairn => cairn::create(&self.dir, self.group),
            _ => self.open()?.close().map(drop),
        }
    }

    pub(super) fn open(&self) -> Result<Box<dyn Scheme>, BenchError> {
        Ok(match self.kind {
            Kind::Cairn => Box::new(Cairn::open(&self.dir)?),
            kind => Box::new(Plain::open(&self.dir, kind, self.group)?),
        })
    }

    /// Rows for messages that were written after the messages were accepted. The store must be
    /// closed.
    pub(super) fn moved(&self) -> Result<u64, BenchError> {
        match self.kind {
            Kind::Cairn => cairn::blocks(&self.dir),
            _ => Ok(0),
        }
    }
}

/// The range of messages that were sent to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) first: MsgId,
    pub(super) last: MsgId,
}

impl Sent {
    pub(super) const fn count(self) -> u64 {
        self.last.above(self.first) + 1
    }

    /// With the messages directly after them.
    pub(super) fn join(earlier: Option<Self>, later: Self) -> Self {
        let first = earlier.map_or(later.first, |earlier| earlier.first);
        Self { first, ..later }
    }
}

/// Pulls page after page.
pub(super) fn pull_all(
    scheme: &mut dyn Scheme,
    member: UserId,
    mut after: MsgId,
) -> Result<Vec<Pulled>, BenchError> {
    let mut pulled = Vec::new();
    loop {
        let page = scheme.pull(member, after)?;
        let Some(last) = page.last() else {
            return Ok(pulled);
        };
        after = last.msgid;
        pulled.extend(page);
    }
}
