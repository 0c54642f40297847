//! Stored queues, agents, inquiries and visitors.

use cairn_proto::ids::{ConversationId, Timestamp, UserId, VisitorId};
use cairn_proto::model::desk::{
    AgentConfig, Attr, Duty, InquiryState, QueueConfig, Rating, VisitorInfo,
};
use cairn_proto::secret::DeskSecret;
use cairn_proto::text::{AttrValue, DeskText, DisplayName, Language, PageUrl, Tag};
use serde::{Deserialize, Serialize};

use super::{SecretHash, UsedStream};

/// Whether a queue is within its hours, and when that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueHours {
    pub is_open: bool,
    /// The spans that are not over, ordered; at most [`crate::limits::HOURS_SPANS_MAX`]. Empty
    /// without hours.
    pub spans: Vec<(Timestamp, Timestamp)>,
}

impl QueueHours {
    /// Those of a queue without hours.
    pub(crate) const ALWAYS: Self = Self {
        is_open: true,
        spans: Vec::new(),
    };

    /// When the queue next opens or closes.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        let &(from, to) = self.spans.first()?;
        Some(if self.is_open { to } else { from })
    }

    /// The same hours at this time.
    pub(crate) fn at(&self, now: Timestamp) -> Self {
        let spans: Vec<_> = self
            .spans
            .iter()
            .copied()
            .filter(|&(_, to)| to > now)
            .collect();
        Self {
            is_open: spans.first().is_some_and(|&(from, _)| from <= now),
            spans,
        }
    }
}

/// A queue. Its log is the conversation with the same id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueRecord {
    pub config: QueueConfig,
}

/// An agent: what was set, and how they stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentRecord {
    pub config: AgentConfig,
    pub stand: AgentStand,
}

/// How an agent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentStand {
    pub duty: Duty,
    pub attendance: Attendance,
    /// Orders agents by when they were last given an inquiry; 0 for never.
    pub given: u64,
    pub given_at: Timestamp,
    /// Orders agents by when they last had nothing to do; 0 for always.
    pub idle: u64,
    /// Offers that they let pass since they last accepted one.
    pub missed: u32,
}

/// Whether an agent is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attendance {
    Present,
    Absent {
        /// By the desk's clock.
        since: Timestamp,
        /// For how long they keep what they have at least: after a start of the server, everybody
        /// has time to come back.
        grace_ms: u32,
    },
}

impl Default for AgentStand {
    fn default() -> Self {
        Self {
            duty: Duty::Off,
            attendance: Attendance::Absent {
                since: Timestamp::new(0),
                grace_ms: 0,
            },
            given: 0,
            given_at: Timestamp::new(0),
            idle: 0,
            missed: 0,
        }
    }
}

impl AgentStand {
    #[must_use]
    pub const fn is_present(&self) -> bool {
        matches!(self.attendance, Attendance::Present)
    }
}

/// An inquiry, without who asks. Its waits and deadlines are by the desk's clock, what happened by
/// the server's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InquiryRecord {
    pub queue: ConversationId,
    pub visitor: VisitorId,
    pub state: InquiryState,
    pub priority: u8,
    /// The routing rule that chose the queue.
    pub rule: Option<u32>,
    pub opened_at: Timestamp,
    /// Kept when an agent returns it, so that it is first again. By the desk's clock.
    pub waiting_since: Timestamp,
    /// Agents who refused it or did not answer. Forgotten once all who are ready have.
    pub refused: Vec<UserId>,
    /// When the refusals are forgotten, by the desk's clock.
    pub forget_at: Option<Timestamp>,
    /// To whom it was last offered.
    pub last_offered: Option<UserId>,
    /// Who held it last, also in an earlier inquiry of the visitor.
    pub last_agent: Option<UserId>,
    /// Until when it returns to them first.
    pub sticky_until: Timestamp,
    pub first_reply_at: Option<Timestamp>,
    /// The last message, and whether the visitor sent it.
    pub said: Option<(Timestamp, bool)>,
    pub tags: Vec<Tag>,
    pub rating: Option<Rating>,
    pub back: Option<ConversationId>,
    /// Supervisors who joined it.
    pub joined: Vec<UserId>,
    /// What its visitor uploaded, as it counts against quotas.
    pub file_bytes: u64,
    /// Whether it has been in an overflow queue.
    pub has_overflowed: bool,
    /// Whether it is to be erased.
    pub is_erased: bool,
}

/// Who asks, in one inquiry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskerRecord {
    pub name: Option<DisplayName>,
    pub sub: Option<AttrValue>,
    pub attrs: Vec<Attr>,
    pub language: Option<Language>,
    pub page: Option<PageUrl>,
    pub topic: Option<Tag>,
    /// The first line of the message that opened it, or opened it again.
    pub first: DeskText,
}

impl AskerRecord {
    pub(crate) fn info(&self, id: VisitorId) -> VisitorInfo {
        VisitorInfo {
            id,
            name: self.name.clone(),
            sub: self.sub.clone(),
            attrs: self.attrs.clone(),
            language: self.language.clone(),
            page: self.page.clone(),
            topic: self.topic.clone(),
        }
    }
}

/// A visitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorRecord {
    /// The hash of the token, or of who the shop says that they are. Its first bytes are the id.
    pub key: SecretHash,
    /// Ordered by id, so that the last one is the newest; at most
    /// [`crate::limits::INQUIRIES_PER_VISITOR_MAX`].
    pub inquiries: Vec<ConversationId>,
    /// Who held the last one.
    pub last_agent: Option<UserId>,
    pub last_held_at: Timestamp,
}

/// A visitor with their send streams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredVisitor {
    pub record: VisitorRecord,
    pub streams: Vec<UsedStream>,
}

/// A key with which visitors reach a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskKeyRecord {
    pub queue: ConversationId,
    pub secret: DeskSecret,
    pub requires_signature: bool,
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_follow_the_time_in_both_directions() {
        let time = Timestamp::new;
        let hours = QueueHours {
            is_open: false,
            spans: vec![(time(10), time(20)), (time(30), time(40))],
        };
        for (now, is_open, next) in [
            (9, false, Some(10)),
            (10, true, Some(20)),
            (19, true, Some(20)),
            (20, false, Some(30)),
            (40, false, None),
        ] {
            let at = hours.at(time(now));
            assert_eq!((at.is_open, at.next()), (is_open, next.map(time)), "{now}");
        }
        let later = hours.at(time(15));
        assert!(!later.at(time(9)).is_open, "the clock was set back");
    }
}
