//! The support desk in memory: all queues and agents, open inquiries, and of visitors and closed
//! inquiries those in use. What follows from the rows is in indexes, which are never stored.

mod apply;
mod clock;
mod closed;
mod dirty;
mod index;
mod queue;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{ConversationId, DeviceId, Timestamp, UserId, VisitorId};
use cairn_proto::limits::PRIORITY_MAX;
use cairn_proto::model::desk::{Duty, RouteRule};
use cairn_proto::text::{DeskText, Tag};
use hashbrown::{HashMap, HashSet};

use crate::record::{
    AgentRecord, AskerRecord, DeskKeyRecord, InquiryRecord, QueueHours, QueueRecord, SecretHash,
    StoredVisitor, UsedStream,
};

pub(crate) use index::Rank;

#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) clock: clock::DeskClock,
    pub(crate) queues: BTreeMap<ConversationId, Queue>,
    pub(crate) agents: BTreeMap<UserId, Agent>,
    pub(crate) inquiries: HashMap<ConversationId, Inquiry>,
    pub(crate) askers: HashMap<ConversationId, AskerRecord>,
    pub(crate) visitors: HashMap<VisitorId, StoredVisitor>,
    pub(crate) rules: Vec<RouteRule>,
    pub(crate) canned: BTreeMap<Tag, DeskText>,
    pub(crate) keys: BTreeMap<SecretHash, DeskKeyRecord>,
    /// What happens at a time of the desk's clock, of all inquiries and queues.
    due: BTreeSet<(Timestamp, Due)>,
    /// When queues open or close, by the server's clock.
    hours_due: BTreeSet<(Timestamp, ConversationId)>,
    /// Queues in which routing has more to do. Not stored: all queues at a start.
    pub(crate) backlog: BTreeSet<ConversationId>,
    /// Inquiries that are being erased.
    pub(crate) erasing: BTreeSet<ConversationId>,
    pub(crate) meter: Meter,
    dirty: dirty::Dirty,
    /// The greatest ordinal of the agents.
    ordinal: u64,
    /// Erased ones, which the trees may still hold.
    gone: HashSet<ConversationId>,
    gone_visitors: HashSet<VisitorId>,
    /// The files that visitors uploaded since the start.
    uploads: HashSet<(DeviceId, AttachmentHash)>,
    known_closed: Option<closed::KnownPage>,
}

/// Something that happens at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// An offer is over, or its agent is gone.
    Offer(ConversationId),
    /// Who holds it is gone for too long.
    Absent(ConversationId),
    /// It has waited for too long.
    Overflow(ConversationId),
    /// Its visitor said nothing more.
    Idle(ConversationId),
    /// Its refusals are forgotten.
    Refusals(ConversationId),
    /// A queue opens or closes.
    Hours(ConversationId),
    /// An inquiry of the queue has waited for as long as some agents want.
    Delay(ConversationId),
}

/// What routing did since the start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Meter {
    pub(crate) steps: u64,
    pub(crate) steps_max: u64,
    pub(crate) visited: u64,
    pub(crate) visited_max: u64,
}

#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) record: QueueRecord,
    pub(crate) hours: QueueHours,
    /// Who serves it.
    pub(crate) agents: BTreeSet<UserId>,
    /// Those of them who could get an inquiry, the best first.
    free: BTreeSet<index::FreeKey>,
    pub(crate) waiting: BTreeSet<Rank>,
    pub(crate) left: BTreeSet<Rank>,
    pub(crate) offered: BTreeSet<ConversationId>,
    pub(crate) held: BTreeSet<ConversationId>,
    by_time: BTreeSet<(Timestamp, ConversationId)>,
    /// The delays of its agents, in milliseconds.
    delays: BTreeSet<u64>,
    /// When routing last went over the queue.
    routed_at: Timestamp,
    delay_due: Option<Timestamp>,
    /// The last waits in milliseconds. Not stored.
    waits: VecDeque<u64>,
}

#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) record: AgentRecord,
    /// What they hold or are offered.
    pub(crate) inquiries: BTreeSet<ConversationId>,
    /// Their places in the `free` of queues.
    places: Vec<(ConversationId, index::FreeKey)>,
}

impl Agent {
    pub(crate) fn load(&self) -> u32 {
        self.inquiries.len() as u32
    }

    /// Returns whether they could get an inquiry.
    pub(crate) fn is_ready(&self) -> bool {
        let stand = &self.record.stand;
        stand.duty == Duty::On
            && stand.is_present()
            && self.load() < u32::from(self.record.config.capacity)
    }

    /// Returns whether an inquiry may be given to them by hand: up to twice their capacity.
    pub(crate) fn has_spare_capacity(&self) -> bool {
        self.load() < 2 * u32::from(self.record.config.capacity)
    }

    pub(crate) fn serves(&self, queue: ConversationId) -> bool {
        let mut served = self.record.config.queues.iter();
        served.any(|served| served.queue == queue)
    }

    pub(crate) fn queues(&self) -> impl Iterator<Item = ConversationId> {
        self.record.config.queues.iter().map(|served| served.queue)
    }
}

#[derive(Debug)]
pub(crate) struct Inquiry {
    pub(crate) record: InquiryRecord,
    /// The time of its last message by the desk's clock. Not stored.
    said_at: Option<Timestamp>,
    /// Its places in `due`.
    due: Vec<(Timestamp, Due)>,
}

impl Desk {
    pub(crate) fn queue(&self, id: ConversationId) -> Option<&Queue> {
        self.queues.get(&id)
    }

    pub(crate) fn agent(&self, user: UserId) -> Option<&Agent> {
        self.agents.get(&user)
    }

    /// Returns whether a row of the trees is that of an erased inquiry.
    pub(crate) fn is_gone(&self, id: ConversationId) -> bool {
        self.gone.contains(&id)
    }

    pub(crate) fn is_visitor_gone(&self, id: VisitorId) -> bool {
        self.gone_visitors.contains(&id)
    }

    pub(crate) fn inquiry(&self, id: ConversationId) -> Option<&InquiryRecord> {
        self.inquiries.get(&id).map(|inquiry| &inquiry.record)
    }

    pub(crate) fn streams_of(&self, visitor: VisitorId) -> &[UsedStream] {
        self.visitors
            .get(&visitor)
            .map_or(&[], |visitor| &visitor.streams)
    }

    /// The ordinal of what an agent gets next.
    pub(crate) const fn next_ordinal(&self) -> u64 {
        self.ordinal.saturating_add(1)
    }

    /// The first time at which something happens, by the desk's clock; 0 for at once.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        if self.has_more() {
            return Some(Timestamp::new(0));
        }
        let first = self.due.first().map(|&(at, _)| at);
        let hours = self.hours_due.first();
        let hours = hours.map(|&(at, _)| self.clock.of_server(at));
        first.into_iter().chain(hours).min()
    }

    /// Returns whether something happens by now.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.has_more() || self.due_by(now).is_some()
    }

    fn has_more(&self) -> bool {
        !self.backlog.is_empty() || !self.erasing.is_empty()
    }

    /// What happens by now, in order. `now` is by the server's clock.
    pub(crate) fn due_by(&self, now: Timestamp) -> Option<Due> {
        let time = self.clock.time();
        let first = self.due.first().filter(|&&(at, _)| at <= time);
        let hours = || self.hours_due.first().filter(|&&(at, _)| at <= now);
        match first {
            Some(&(_, due)) => Some(due),
            None => hours().map(|&(_, id)| Due::Hours(id)),
        }
    }

    /// The conversations that stay in memory while an inquiry is open.
    pub(crate) fn pinned(&self) -> impl Iterator<Item = ConversationId> {
        let open = self
            .inquiries
            .iter()
            .filter(|(_, inquiry)| inquiry.record.state.is_open());
        let of_inquiries = open.flat_map(|(&id, inquiry)| [Some(id), inquiry.record.back]);
        self.queues.keys().copied().chain(of_inquiries.flatten())
    }

    /// Notes that a visitor had all bytes of a file. It need not outlive a start of the server: the
    /// visitor uploads it again.
    pub(crate) fn note_upload(&mut self, visitor: DeviceId, hash: AttachmentHash) {
        if self.uploads.len() >= crate::limits::VISITOR_UPLOADS_MAX {
            self.uploads.clear();
        }
        self.uploads.insert((visitor, hash));
    }

    pub(crate) fn has_uploaded(&self, visitor: DeviceId, hash: AttachmentHash) -> bool {
        self.uploads.contains(&(visitor, hash))
    }

    /// Returns whether there is anything of a desk.
    pub(crate) fn is_used(&self) -> bool {
        !self.queues.is_empty()
    }
}

impl Queue {
    /// The agents who could get an inquiry, the best first, with their level and delay.
    pub(crate) fn free(&self) -> impl Iterator<Item = index::Free> {
        self.free.iter().map(index::FreeKey::free)
    }

    /// Since when the first one waits.
    pub(crate) fn oldest(&self) -> Option<Timestamp> {
        let first = |class| {
            let rank = self.waiting.range(Rank::first(class)..).next()?;
            (rank.class == class).then_some(rank.since)
        };
        (0..=PRIORITY_MAX).filter_map(first).min()
    }

    pub(crate) fn ready(&self) -> usize {
        self.free.len()
    }

    /// The median of the last waits, in seconds.
    pub(crate) fn median_wait(&self) -> Option<u32> {
        let mut waits: Vec<u64> = self.waits.iter().copied().collect();
        waits.sort_unstable();
        let median = waits.get(waits.len() / 2)?;
        Some(u32::try_from(median.div_ceil(1000)).unwrap_or(u32::MAX))
    }

    pub(crate) fn note_wait(&mut self, waited_ms: u64) {
        if self.waits.len() == crate::limits::WAITS_KEPT {
            self.waits.pop_front();
        }
        self.waits.push_back(waited_ms);
    }
}
