//! What every way to store a group's messages can do, and which ways there are.

use std::any::Any;
use std::fs;
use std::path::{Path, PathBuf};

use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::text::Text;
use clap::ValueEnum;
use serde::Serialize;

use super::bodies::Bodies;
use super::copies::Copies;
use super::cursors::Cursors;
use super::engine::{self, CairnEngine};
use crate::error::BenchError;
use crate::storage::release::await_release;

/// One way to store the messages of a group, for one group.
pub(super) trait Scheme {
    /// Takes a message for every member.
    fn send(&mut self, text: &Text) -> Result<MsgId, BenchError>;

    /// Makes everything so far durable. What was sent is accepted then, and may be pushed.
    fn commit(&mut self) -> Result<(), BenchError>;

    /// A page of what is stored for a member, above `after` and not acked by him; empty when there is nothing more. Everything that was
    /// sent is committed.
    fn pull(&mut self, member: UserId, after: MsgId) -> Result<Vec<Pulled>, BenchError>;

    /// A member holds everything up to here. What no member needs any more goes.
    fn ack(&mut self, member: UserId, through: MsgId) -> Result<(), BenchError>;

    /// Makes everything durable, brings it to where it stays, and ends.
    fn close(self: Box<Self>) -> Result<Closed, BenchError>;
}

/// A message as a member gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pulled {
    pub(super) msgid: MsgId,
    pub(super) text: Text,
}

/// How many rows were put or deleted. An entry of cairn's commit log counts as a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Writes(pub(super) u64);

/// A scheme that was closed.
pub(super) struct Closed {
    /// What was written since it was opened.
    pub(super) writes: Writes,
    /// sled waits for its own flushing thread when it goes, up to a tenth of a second. That is no work, so it is kept out of what is timed.
    _sled: Box<dyn Any>,
}

impl Closed {
    /// `sled` holds it open.
    pub(super) fn new(writes: Writes, sled: impl Any) -> Self {
        Self {
            writes,
            _sled: Box::new(sled),
        }
    }
}

/// A group, and who of it is online: the first of its members. Its sender is none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    members: u32,
    online: u32,
}

/// The user who sends; members follow.
const SENDER: u32 = 1;

impl Group {
    /// So many members, and how many of a hundred are online.
    pub(super) fn new(members: u32, online_percent: u8) -> Self {
        let online = (u64::from(members) * u64::from(online_percent) + 50) / 100;
        Self {
            members,
            online: u32::try_from(online).unwrap_or(members).min(members),
        }
    }

    pub(super) const fn size(self) -> u32 {
        self.members
    }

    pub(super) fn members(self) -> impl Iterator<Item = UserId> + Clone {
        users(0..self.members)
    }

    pub(super) fn online(self) -> impl Iterator<Item = UserId> + Clone {
        users(0..self.online)
    }

    pub(super) fn offline(self) -> impl Iterator<Item = UserId> + Clone {
        users(self.online..self.members)
    }
}

fn users(members: std::ops::Range<u32>) -> impl Iterator<Item = UserId> + Clone {
    members.map(|member| UserId::new(SENDER + 1 + member))
}

/// The ways to store the messages of a group, in the order in which people come to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
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

    /// What people call it.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::OfflineCopies => "1 copies, if offline",
            Self::MemberCopies => "2 copies for all",
            Self::BodyAndIds => "3 one body, ids",
            Self::BodyAndCursors => "4 one body, cursors",
            Self::Cairn => "cairn",
        }
    }

    /// What programs call it.
    pub(super) fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Whether it trusts the push: what a member who is online was not pushed is lost to him.
    pub(super) const fn trusts_push(self) -> bool {
        matches!(self, Self::OfflineCopies)
    }
}

/// Where a group's messages are stored in one of the ways.
#[derive(Clone, Debug)]
pub(super) struct Store {
    pub(super) kind: Kind,
    pub(super) group: Group,
    dir: PathBuf,
}

impl Store {
    /// A store that is there already, or yet to be prepared.
    pub(super) fn at(dir: PathBuf, kind: Kind, group: Group) -> Self {
        Self { kind, group, dir }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes the store, with its members where it knows them.
    pub(super) fn prepare(&self) -> Result<(), BenchError> {
        fs::create_dir_all(&self.dir).map_err(|source| BenchError::Directory {
            dir: self.dir.clone(),
            source,
        })?;
        match self.kind {
            Kind::Cairn => engine::prepare(&self.dir, self.group),
            _ => self.open()?.close().map(drop),
        }
    }

    pub(super) fn open(&self) -> Result<Box<dyn Scheme>, BenchError> {
        let Self { kind, group, dir } = self;
        // The engine's driver waits by itself.
        await_release(dir)?;
        Ok(match kind {
            Kind::OfflineCopies => Box::new(Copies::open(dir, group.offline())?),
            Kind::MemberCopies => Box::new(Copies::open(dir, group.members())?),
            Kind::BodyAndIds => Box::new(Bodies::open(dir, *group)?),
            Kind::BodyAndCursors => Box::new(Cursors::open(dir, *group)?),
            Kind::Cairn => Box::new(CairnEngine::open(dir)?),
        })
    }

    /// The rows for messages that were written after the messages were accepted. Nobody may have the store open.
    pub(super) fn moved(&self) -> Result<Writes, BenchError> {
        match self.kind {
            Kind::Cairn => engine::blocks(&self.dir),
            _ => Ok(Writes::default()),
        }
    }
}
