//! Queues: what agents serve.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, LinkId, Timestamp};
use crate::limits;
use crate::text::{DeskText, GroupName, Tag, ZoneName};
use crate::wire::codec;

/// Which of several agents who could answer gets an inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// The one with the least load for their capacity.
    LeastBusy,
    /// The one who was given an inquiry the longest ago.
    RoundRobin,
    /// The one who has had nothing to do for the longest time.
    LongestIdle,
}

/// How an agent gets an inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerMode {
    /// At once, without being asked.
    Assign,
    /// It is offered to one agent at a time, who accepts it.
    Offer {
        /// For how long; within [`limits::OFFER_SECONDS`].
        seconds: u16,
    },
    /// Agents take what waits.
    Manual,
}

/// When a queue is served. Outside of it nothing is given to agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeHours {
    /// The time zone of all times.
    pub zone: ZoneName,
    /// At most [`limits::WEEK_SPANS_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub weekly: Vec<WeekSpan>,
    /// Days with other hours, such as holidays; at most [`limits::DAY_SPANS_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub days: Vec<DaySpan>,
}

/// A span of time on one day of each week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WeekSpan {
    /// 0 is Monday.
    pub day: u8,
    /// In minutes since midnight.
    pub from: u16,
    /// In minutes since midnight, after `from`; at most 1440.
    pub to: u16,
}

/// A span of time on one date. All spans of a date replace the weekly ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DaySpan {
    /// Of the Gregorian calendar.
    pub year: u16,
    /// From 1.
    pub month: u8,
    /// From 1.
    pub day: u8,
    /// In minutes since midnight.
    pub from: u16,
    /// In minutes since midnight; equal to `from` if the queue is closed on that day.
    pub to: u16,
}

/// Where inquiries go that have waited for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Overflow {
    /// How long they wait; at most [`limits::DESK_SECONDS_MAX`].
    pub after_seconds: u32,
    /// The other queue.
    pub queue: ConversationId,
}

/// What an admin sets for a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueConfig {
    /// Shown to visitors.
    pub name: GroupName,
    /// Who gets an inquiry.
    pub strategy: Strategy,
    /// How they get it.
    pub answer: AnswerMode,
    /// `None` for always.
    pub hours: Option<OfficeHours>,
    /// Shown to visitors before they ask; may be empty.
    pub greeting: DeskText,
    /// Shown to visitors instead while the queue is closed; may be empty.
    pub offline: DeskText,
    /// Whether visitors may leave a message while the queue is closed or full.
    pub takes_messages: bool,
    /// Topics for visitors to choose from; at most [`limits::TAGS_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub topics: Vec<Tag>,
    /// Inquiries that may wait at once; from 1 to [`limits::WAITING_MAX`].
    pub waiting_max: u32,
    /// Where inquiries go that no agent answered.
    pub overflow: Option<Overflow>,
    /// For how many days a visitor gets their last agent again; 0 for never, at most
    /// [`limits::STICKY_DAYS_MAX`].
    pub sticky_days: u16,
    /// After how many seconds without a message of the visitor an answered inquiry is closed; 0 for
    /// never, at most [`limits::DESK_SECONDS_MAX`].
    pub idle_close_seconds: u32,
    /// For how many seconds an agent who is gone keeps what they hold; at most
    /// [`limits::ABSENCE_SECONDS_MAX`].
    pub absence_seconds: u16,
    /// Whether agents may take what waits, also if inquiries are assigned or offered.
    pub may_take: bool,
    /// For how many days inquiries are kept after they were closed; 0 for the server's default, at
    /// most [`limits::RETENTION_DAYS_MAX`].
    pub retention_days: u32,
}

impl QueueConfig {
    /// Returns a queue that is always open and offers inquiries for 30 seconds to the least busy
    /// agent.
    #[must_use]
    pub fn new(name: GroupName) -> Self {
        Self {
            name,
            strategy: Strategy::LeastBusy,
            answer: AnswerMode::Offer { seconds: 30 },
            hours: None,
            greeting: DeskText::none(),
            offline: DeskText::none(),
            takes_messages: true,
            topics: Vec::new(),
            waiting_max: 10_000,
            overflow: None,
            sticky_days: 0,
            idle_close_seconds: 0,
            absence_seconds: 10,
            may_take: false,
            retention_days: 0,
        }
    }

    /// Returns whether all numbers and lists are within their limits. The names of time zones are
    /// not looked up.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let answers = match self.answer {
            AnswerMode::Offer { seconds } => limits::OFFER_SECONDS.contains(&seconds),
            AnswerMode::Assign | AnswerMode::Manual => true,
        };
        answers
            && self.hours.as_ref().is_none_or(OfficeHours::is_valid)
            && self.topics.len() <= limits::TAGS_MAX
            && (1..=limits::WAITING_MAX).contains(&self.waiting_max)
            && self
                .overflow
                .is_none_or(|overflow| overflow.after_seconds <= limits::DESK_SECONDS_MAX)
            && self.sticky_days <= limits::STICKY_DAYS_MAX
            && self.idle_close_seconds <= limits::DESK_SECONDS_MAX
            && self.absence_seconds <= limits::ABSENCE_SECONDS_MAX
            && self.retention_days <= limits::RETENTION_DAYS_MAX
    }
}

impl OfficeHours {
    fn is_valid(&self) -> bool {
        let is_week_span = |span: &WeekSpan| span.day < 7 && span.from < span.to && span.to <= 1440;
        let is_day_span = |span: &DaySpan| {
            (1..=12).contains(&span.month)
                && (1..=31).contains(&span.day)
                && span.from <= span.to
                && span.to <= 1440
        };
        self.weekly.len() <= limits::WEEK_SPANS_MAX
            && self.days.len() <= limits::DAY_SPANS_MAX
            && self.weekly.iter().all(is_week_span)
            && self.days.iter().all(is_day_span)
    }
}

/// How much a queue has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueCounts {
    /// The queue.
    pub queue: ConversationId,
    /// Inquiries that wait.
    pub waiting: u32,
    /// Inquiries that are offered to an agent.
    pub offered: u32,
    /// Inquiries that an agent holds.
    pub held: u32,
    /// Messages left outside the hours that no agent has taken.
    pub left: u32,
    /// Agents on duty.
    pub on_duty: u32,
    /// Agents who could get an inquiry.
    pub ready: u32,
    /// Since when the first one waits.
    pub oldest_waiting_since: Option<Timestamp>,
    /// Whether it is within its hours.
    pub is_open: bool,
}

/// A queue with what it has to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueInfo {
    /// What was set.
    pub config: QueueConfig,
    /// At present.
    pub counts: QueueCounts,
}

/// A key with which visitors reach a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskKeyInfo {
    /// Names the key in lists, and to revoke it.
    pub id: LinkId,
    /// The queue of visitors for whom no routing rule holds.
    pub queue: ConversationId,
    /// Whether only visitors with a signed identity may ask.
    pub requires_signature: bool,
    /// When it was made.
    pub created_at: Timestamp,
}
