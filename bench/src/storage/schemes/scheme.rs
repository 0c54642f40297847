//! The interface of the schemes, and the folder of a store.

use std::any::Any;
use std::fs;
use std::path::PathBuf;

use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::text::Text;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::cairn::{self, Cairn};
use super::plain::Plain;
use crate::error::{BenchError, Result};
pub(super) use crate::storage::driver::Pulled;

pub(super) trait Scheme {
    fn send(&mut self, text: &Text) -> Result<MsgId>;

    /// Makes everything so far durable. Messages are accepted from then on, and may be pushed.
    fn commit(&mut self) -> Result<()>;

    /// A page of the messages above `after` that `member` has not acked; empty at the end.
    /// Everything must be committed.
    fn pull(&mut self, member: UserId, after: MsgId) -> Result<Vec<Pulled>>;

    /// Acks everything up to `through`, and deletes what no member needs any more.
    fn ack(&mut self, member: UserId, through: MsgId) -> Result<()>;

    /// Makes everything durable, and moves it to its final place.
    fn close(self: Box<Self>) -> Result<Closed>;

    fn pull_all(&mut self, member: UserId, mut after: MsgId) -> Result<Vec<Pulled>> {
        let mut pulled = Vec::new();
        loop {
            let page = self.pull(member, after)?;
            let Some(&(last, _)) = page.last() else {
                return Ok(pulled);
            };
            after = last;
            pulled.extend(page);
        }
    }
}

pub(super) struct Closed {
    /// Rows put and deleted since the start. An entry of cairn's commit log counts as a row.
    pub(super) writes: u64,
    /// Dropping sled waits for its flush thread, up to a tenth of a second, so it must not be
    /// timed.
    pub(super) _sled: Box<dyn Any>,
}

/// A group whose first members are online. The sender is not among them.
#[derive(Clone, Copy, Debug, Default, Args, Serialize)]
pub(super) struct Group {
    /// Members of the group
    #[arg(long = "members", value_name = "N")]
    #[serde(rename = "members")]
    pub(super) size: u32,

    /// How many of a hundred are online
    #[arg(long = "online", value_name = "PERCENT")]
    pub(super) online_percent: u8,
}

/// The sender has the number before it.
const FIRST_MEMBER: u32 = 2;

impl Group {
    pub(super) fn members(self) -> impl Iterator<Item = UserId> + Clone {
        (0..self.size).map(|member| UserId::new(FIRST_MEMBER + member))
    }

    pub(super) fn online(self) -> impl Iterator<Item = UserId> + Clone {
        self.members().take(self.online_count())
    }

    pub(super) fn offline(self) -> impl Iterator<Item = UserId> + Clone {
        self.members().skip(self.online_count())
    }

    pub(super) fn online_count(self) -> usize {
        (self.size as usize * usize::from(self.online_percent) + 50) / 100
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub(super) enum Kind {
    /// Messages are pushed to online members; a copy is stored per offline member.
    OfflineCopies,
    /// A copy is stored per member.
    MemberCopies,
    /// The body is stored once, and its id per member.
    BodyAndIds,
    /// The body is stored once, and a cursor per member.
    BodyAndCursors,
    /// The same, with cairn's engine.
    #[default]
    Cairn,
}

impl Kind {
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

    /// Returns whether an online member loses a message that was not pushed.
    pub(super) fn trusts_push(self) -> bool {
        self == Self::OfflineCopies
    }
}

#[derive(Clone, Debug, Default, Args)]
pub(super) struct Store {
    /// How it stores messages
    #[arg(long = "scheme", value_name = "SCHEME")]
    pub(super) kind: Kind,

    /// Where it stores them
    #[arg(long, value_name = "DIR")]
    pub(super) dir: PathBuf,

    #[command(flatten)]
    pub(super) group: Group,
}

impl Store {
    /// Creates the store, and the members if the scheme records them.
    pub(super) fn create(&self) -> Result<()> {
        fs::create_dir_all(&self.dir).map_err(BenchError::io("cannot create a folder"))?;
        match self.kind {
            Kind::Cairn => cairn::create(&self.dir, self.group),
            _ => self.open()?.close().map(drop),
        }
    }

    pub(super) fn open(&self) -> Result<Box<dyn Scheme>> {
        Ok(match self.kind {
            Kind::Cairn => Box::new(Cairn::open(&self.dir)?),
            kind => Box::new(Plain::open(&self.dir, kind, self.group)?),
        })
    }

    /// Rows of messages that were written after the acceptance. The store must be closed.
    pub(super) fn moved(&self) -> Result<u64> {
        match self.kind {
            Kind::Cairn => cairn::blocks(&self.dir),
            _ => Ok(0),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Sent {
    pub(super) after: MsgId,
    pub(super) last: MsgId,
}

impl Sent {
    pub(super) const fn count(self) -> u64 {
        self.last.above(self.after)
    }

    /// Sends a durable batch, which ends early if `is_over` after a message.
    pub(super) fn send_batch<'a>(
        &mut self,
        scheme: &mut dyn Scheme,
        texts: impl IntoIterator<Item = &'a Text>,
        is_over: impl Fn() -> bool,
    ) -> Result<()> {
        for text in texts {
            let msgid = scheme.send(text)?;
            if self.count() == 0 {
                self.after = msgid.prev();
            }
            self.last = msgid;
            if is_over() {
                break;
            }
        }
        scheme.commit()
    }
}
