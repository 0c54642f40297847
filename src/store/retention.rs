//! Finding what is old enough to go, for the task that lets it go. It reads, and decides nothing.

use cairn_proto::codec::DecodeError;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp};
use cairn_proto::request::PullRange;

use super::db::{Trees, TreesError};
use super::history::{History, HistoryError};
use super::run::RunLimits;
use super::timeline::Timeline;
use super::trees::{RowKey, RowPrefix, Tree, parse};

/// Finds conversations that may have something to let go of.
#[derive(Clone, Debug)]
pub struct Retentions {
    trees: Trees,
}

/// Which conversations are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// Those whose members agreed on a policy.
    Agreed,
}

/// How far the entries of a conversation are old enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aged {
    /// The last entry that is, as are all below it.
    pub through: MsgId,
    /// Whether there may be more: the search came to its bound.
    pub is_cut: bool,
}

/// Why that cannot be found out.
#[derive(Debug, thiserror::Error)]
pub enum AgedError {
    /// The entries cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// An entry is not what was written.
    #[error("an entry does not decode: {0}")]
    Entry(#[from] DecodeError),
}

impl Retentions {
    /// The conversations in these trees.
    #[must_use]
    pub const fn new(trees: Trees) -> Self {
        Self { trees }
    }

    /// The conversations behind `after`, in the order of their ids; at most `limit` of them. What is new since the last checkpoint is not
    /// among them yet.
    ///
    /// # Errors
    /// When the trees cannot be read.
    pub fn page(&self, scope: Scope, after: Option<ConversationId>, limit: usize) -> Result<Vec<ConversationId>, TreesError> {
        let (tree, key): (_, fn(ConversationId) -> RowKey) = match scope {
            Scope::All => (Tree::Conversations, RowKey::conversation),
            Scope::Agreed => (Tree::Retention, RowKey::retention),
        };
        let keys = self.trees.keys(&RowPrefix::all(tree), after.map(key).as_ref(), limit)?;
        Ok(keys.iter().filter_map(|key| parse::conversation(key.bytes())).collect())
    }
}

/// How far the messages above `from` were said before `cutoff`, each of them. So no message goes before its time: one that was imported
/// and is older than what lies below it stays until that goes. Entries that are no messages, such as one that tells of a new member, hold
/// nothing back. Looks at `entries_max` entries or a few more.
///
/// # Errors
/// When they cannot be read.
pub fn aged(history: &History, timeline: &Timeline, from: MsgId, cutoff: Timestamp, entries_max: u64) -> Result<Aged, AgedError> {
    let first = from.max(timeline.floor());
    let (mut through, mut seen) = (first, first);
    while seen.above(first) < entries_max {
        let run = history.read(timeline, PullRange::From(seen.next()), RunLimits::MAX)?;
        if run.count == 0 {
            return Ok(Aged { through, is_cut: false });
        }
        seen = run.last();
        for message in run.messages()? {
            if message.sent_at < cutoff {
                through = message.msgid;
            } else if message.body.is_message() {
                return Ok(Aged { through, is_cut: false });
            }
        }
    }
    Ok(Aged { through, is_cut: through > first })
}
