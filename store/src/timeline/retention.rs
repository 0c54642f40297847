//! Finding entries that are old enough to expire. It reads and decides nothing.

use cairn_proto::content::message::Message;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp};
use cairn_proto::wire::codec::DecodeError;
use cairn_proto::wire::request::session::PullRange;

use crate::blocks::run::RunLimits;
use crate::limits::STAMP_AHEAD_MS_MAX;
use crate::timeline::Timeline;
use crate::timeline::history::{History, HistoryError};
use crate::trees::db::{Trees, TreesError};
use crate::trees::{RowKey, RowPrefix, Tree, parse};

/// Lists conversations that may have entries to expire.
#[derive(Clone, Debug)]
pub struct Retentions {
    trees: Trees,
}

/// Which conversations to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    /// Those whose members set a policy.
    WithPolicy,
}

/// By what entries are old enough.
#[derive(Clone, Copy, Debug)]
pub struct Ages {
    /// The server's clock.
    pub clock: Timestamp,
    /// Entries sent before are old.
    pub cutoff: Timestamp,
}

/// How far the entries of a conversation are old enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aged {
    /// The last old entry; all below it are old as well.
    pub through: MsgId,
    /// Whether the search reached its limit, so that there may be more.
    pub has_more: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum AgedError {
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error("an entry does not decode: {0}")]
    Entry(#[from] DecodeError),
}

impl Retentions {
    #[must_use]
    pub const fn new(trees: Trees) -> Self {
        Self { trees }
    }

    /// Lists conversations after `after` in the order of their ids, at most `limit` of them. Those
    /// created since the last checkpoint are missing.
    pub fn page(
        &self,
        scope: Scope,
        after: Option<ConversationId>,
        limit: usize,
    ) -> Result<Vec<ConversationId>, TreesError> {
        let (tree, key): (_, fn(ConversationId) -> RowKey) = match scope {
            Scope::All => (Tree::Conversations, RowKey::conversation),
            Scope::WithPolicy => (Tree::Retention, RowKey::retention),
        };
        let keys = self
            .trees
            .keys(&RowPrefix::all(tree), after.map(key).as_ref(), limit)?;
        Ok(keys
            .iter()
            .filter_map(|key| parse::conversation(key.bytes()))
            .collect())
    }
}

/// Returns how far all messages above `from` are old. No message expires early: an imported one
/// that is older than those below it stays until they expire. System entries hold nothing back,
/// and neither does a message that was stamped far ahead of the clock: it goes with the messages
/// that were sent after it. Reads `entries_max` entries or a few more.
pub fn aged(
    history: &History,
    timeline: &Timeline,
    from: MsgId,
    ages: Ages,
    entries_max: u64,
) -> Result<Aged, AgedError> {
    let first = from.max(timeline.floor());
    let mut seen = first;
    let mut through = Through {
        msgid: first,
        has_wrong_stamp: false,
    };
    while seen.above(first) < entries_max {
        let run = history.read(timeline, PullRange::From(seen.next()), RunLimits::MAX)?;
        let messages = run.messages()?;
        if run.count == 0 || !messages.iter().all(|message| through.pass(message, ages)) {
            return Ok(Aged {
                through: through.msgid,
                has_more: false,
            });
        }
        seen = run.last();
    }
    Ok(Aged {
        through: through.msgid,
        has_more: through.msgid > first,
    })
}

/// The last old entry so far.
struct Through {
    msgid: MsgId,
    /// Whether a message after it was stamped far ahead of the clock. What was sent after that
    /// message tells its age; what was imported does not.
    has_wrong_stamp: bool,
}

impl Through {
    /// Looks at the next entry. Returns false if it and all later ones stay.
    fn pass(&mut self, message: &Message, ages: Ages) -> bool {
        let ahead_ms = message.sent_at.get().saturating_sub(ages.clock.get());
        if message.sent_at < ages.cutoff {
            if self.has_wrong_stamp && message.extras.imported_by().is_some() {
                return false;
            }
            self.msgid = message.msgid;
            self.has_wrong_stamp = false;
        } else if message.body.is_message() {
            self.has_wrong_stamp = true;
            return ahead_ms > STAMP_AHEAD_MS_MAX;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use cairn_proto::content::body::{Body, SystemEntry};
    use cairn_proto::content::extras::Extras;
    use cairn_proto::content::message::pack_entry;
    use cairn_proto::ids::UserId;
    use cairn_proto::text::Text;

    use super::*;
    use crate::files::poison::Poison;
    use crate::testing::{CONVERSATION, id, open};
    use crate::trees::rows::RowChange;
    use cairn_core::limits::RETENTION_STEP_ENTRIES;

    const CUTOFF: u64 = 1_000;
    const OLD: u64 = CUTOFF - 1;
    const NOW: u64 = CUTOFF + 100;
    const AHEAD: u64 = NOW + STAMP_AHEAD_MS_MAX + 1;
    const ALL: u64 = u64::MAX;

    fn said(sent_at: u64) -> Bytes {
        packed(sent_at, &Body::Text(Text::new("words").unwrap()))
    }

    fn happened(sent_at: u64) -> Bytes {
        packed(
            sent_at,
            &Body::System(SystemEntry::Added {
                users: vec![UserId::new(7)],
            }),
        )
    }

    fn packed(sent_at: u64, body: &Body) -> Bytes {
        packed_with(sent_at, body, &Extras::NONE)
    }

    fn packed_with(sent_at: u64, body: &Body, extras: &Extras) -> Bytes {
        let mut packed = Vec::new();
        pack_entry(
            UserId::new(3),
            Timestamp::new(sent_at),
            body,
            extras,
            &mut packed,
        );
        packed.into()
    }

    /// A conversation with these entries above a floor, all in memory.
    fn timeline(floor: u64, entries: impl IntoIterator<Item = Bytes>) -> Arc<Timeline> {
        let timeline = Arc::new(Timeline::new(CONVERSATION, id(floor), id(floor)));
        timeline.publish(id(floor + 1), entries).unwrap();
        timeline
    }

    fn found(timeline: &Timeline, from: u64, entries_max: u64) -> (u64, bool) {
        let dir = tempfile::tempdir().unwrap();
        let history = History::new(open(dir.path(), &Poison::new()));
        let Aged { through, has_more } = aged(
            &history,
            timeline,
            id(from),
            Ages {
                clock: Timestamp::new(NOW),
                cutoff: Timestamp::new(CUTOFF),
            },
            entries_max,
        )
        .unwrap();
        (through.get(), has_more)
    }

    #[test]
    fn aging_stops_at_first_young_message() {
        let old = || said(OLD);
        let through = |entries: Vec<Bytes>| found(&timeline(0, entries), 0, ALL);
        assert_eq!(through(vec![]), (0, false));
        assert_eq!(through(vec![old(), old(), old()]), (3, false));
        assert_eq!(
            through(vec![old(), said(CUTOFF), old()]),
            (1, false),
            "later imports stay with it"
        );
        assert_eq!(through(vec![said(CUTOFF), old()]), (0, false));
        assert_eq!(
            through(vec![
                happened(CUTOFF),
                old(),
                happened(CUTOFF),
                old(),
                said(CUTOFF)
            ]),
            (4, false),
            "system entries hold nothing back"
        );
        assert_eq!(
            through(vec![old(), happened(CUTOFF), happened(CUTOFF)]),
            (1, false),
            "and go at their own time"
        );
        assert_eq!(through(vec![happened(OLD), happened(OLD)]), (2, false));
    }

    #[test]
    fn message_stamped_ahead_goes_with_later_ones() {
        let by = Extras::import_by(UserId::new(1));
        let imported = || packed_with(OLD, &Body::Text(Text::new("words").unwrap()), &by);
        let through = |entries: Vec<Bytes>| found(&timeline(0, entries), 0, ALL);
        assert_eq!(through(vec![said(OLD), said(AHEAD), said(OLD)]), (3, false));
        assert_eq!(
            through(vec![said(AHEAD), said(AHEAD), said(OLD)]),
            (3, false)
        );
        assert_eq!(
            through(vec![said(OLD), said(AHEAD)]),
            (1, false),
            "may be new"
        );
        assert_eq!(
            through(vec![said(OLD), said(AHEAD), said(CUTOFF), said(OLD)]),
            (1, false)
        );
        assert_eq!(
            through(vec![said(OLD), said(AHEAD), imported()]),
            (1, false),
            "an old import tells nothing"
        );
        assert_eq!(
            through(vec![said(AHEAD), said(OLD), imported()]),
            (3, false)
        );
        assert_eq!(through(vec![said(NOW), said(OLD)]), (0, false));
    }

    #[test]
    fn search_starts_after_floor_or_position() {
        let timeline = timeline(10, [OLD, OLD, OLD, CUTOFF].map(said));
        assert_eq!(found(&timeline, 0, ALL), (13, false));
        assert_eq!(found(&timeline, 12, ALL), (13, false));
        assert_eq!(found(&timeline, 13, ALL), (13, false));
        assert_eq!(
            found(&timeline, 14, ALL),
            (14, false),
            "there is nothing after it"
        );
    }

    #[test]
    fn long_search_resumes() {
        let entries = RETENTION_STEP_ENTRIES * 2 + 1_000;
        let timeline = timeline(0, (0..entries).map(|_| said(OLD)).chain([said(CUTOFF)]));
        let (mut from, mut steps) = (0, 0);
        loop {
            let (through, has_more) = found(&timeline, from, RETENTION_STEP_ENTRIES);
            steps += 1;
            if !has_more {
                assert_eq!((through, steps), (entries, 3));
                return;
            }
            let scanned = through - from;
            assert!(
                (RETENTION_STEP_ENTRIES..RETENTION_STEP_ENTRIES + 2_000).contains(&scanned),
                "{scanned}"
            );
            from = through;
        }
    }

    #[test]
    fn search_without_result_stops() {
        let timeline = timeline(0, (0..5_000).map(|_| happened(CUTOFF)).chain([said(OLD)]));
        assert_eq!(
            found(&timeline, 0, 1),
            (0, false),
            "or it would read the same entries forever"
        );
        assert_eq!(found(&timeline, 0, ALL), (5_001, false));
    }

    #[test]
    fn conversations_are_listed_in_pages() {
        let dir = tempfile::tempdir().unwrap();
        let trees = open(dir.path(), &Poison::new());
        let retentions = Retentions::new(trees.clone());
        let ids = [1, 2, 255, 256, 1 << 32, (3 << 32) | 7].map(ConversationId::new);
        assert_eq!(retentions.page(Scope::All, None, 9).unwrap(), []);
        trees
            .write(
                Tree::Conversations,
                ids.map(|id| RowChange::put(RowKey::conversation(id), &0_u8)),
            )
            .unwrap();
        trees
            .write(
                Tree::Retention,
                [ids[1], ids[4]].map(|id| RowChange::put(RowKey::retention(id), &0_u8)),
            )
            .unwrap();
        let page = |scope, after, limit| retentions.page(scope, after, limit).unwrap();
        assert_eq!(page(Scope::All, None, 9), ids);
        assert_eq!(page(Scope::All, None, 4), ids[..4]);
        assert_eq!(page(Scope::All, Some(ids[3]), 4), ids[4..]);
        assert_eq!(
            page(Scope::All, Some(ConversationId::new(3)), 1),
            [ids[2]],
            "after a removed one"
        );
        assert_eq!(page(Scope::All, Some(ids[5]), 9), []);
        assert_eq!(page(Scope::WithPolicy, None, 9), [ids[1], ids[4]]);
        assert_eq!(page(Scope::WithPolicy, Some(ids[1]), 9), [ids[4]]);
    }
}
