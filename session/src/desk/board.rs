//! What the server reported of the desk.
//!
//! Replies and events travel on different streams, and their order is unknown. Events are absolute,
//! and the last one for each thing is its state: those that come while a reply is on its way are
//! applied to it as well, so that the board ends up as the server has it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cairn_client::proto::ids::{ConversationId, Timestamp, UserId};
use cairn_client::proto::model::desk::{
    AgentInfo, DeskUpdate, InquiryInfo, InquiryState, MyDesk, Offer, OfferEnd, QueueCounts,
    QueueInfo,
};

use super::{DeskNotice, DeskView};
use crate::limits;

/// The desk of one agent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Board {
    pub(super) is_agent: bool,
    /// A reply with everything is needed.
    pub(super) is_behind: bool,
    /// Such a reply is on its way; events since it was requested.
    pub(super) asked: Option<Vec<DeskUpdate>>,
    pub(super) is_shown: bool,
    known: Option<Known>,
    /// What waits, for each queue.
    waiting: BTreeMap<ConversationId, Vec<InquiryInfo>>,
    /// Queues to list, and those whose list is on its way.
    pub(super) unlisted: BTreeSet<ConversationId>,
    pub(super) listing: BTreeSet<ConversationId>,
    /// No queue is listed before this time; `None` for at once.
    pub(super) list_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Known {
    agent: AgentInfo,
    offers: BTreeMap<ConversationId, Arc<Offer>>,
    held: BTreeMap<ConversationId, InquiryInfo>,
    queues: BTreeMap<ConversationId, QueueInfo>,
}

impl Board {
    /// The connection is lost: what was requested is not answered.
    pub(crate) fn disconnect(&mut self) {
        self.asked = None;
        self.unlisted.append(&mut self.listing);
    }

    /// Events may be missing.
    pub(crate) const fn fall_behind(&mut self) {
        self.is_behind = true;
    }

    /// The user is, or is not, an agent. Returns whether that changes what is shown.
    pub(super) fn set_agent(&mut self, is_agent: bool) -> bool {
        if is_agent {
            // What changed during an absence is requested anyway.
            self.is_behind |= !self.is_agent;
            self.is_agent = true;
            return false;
        }
        let was_known = self.known.is_some();
        let is_shown = self.is_shown;
        *self = Self {
            is_shown,
            ..Self::default()
        };
        was_known
    }

    /// Takes the reply with everything, and returns what is new in it for the agent.
    pub(super) fn set(&mut self, desk: MyDesk) -> Vec<DeskNotice> {
        let later = self.asked.take().unwrap_or_default();
        let before = self.known.take();
        let by_id = |info: &InquiryInfo| info.conversation;
        let offers = desk.offers.into_iter().map(Arc::new);
        self.known = Some(Known {
            agent: desk.agent,
            offers: offers.map(|offer| (by_id(&offer.info), offer)).collect(),
            held: desk
                .held
                .into_iter()
                .map(|info| (by_id(&info), info))
                .collect(),
            queues: desk
                .queues
                .into_iter()
                .map(|queue| (queue.counts.queue, queue))
                .collect(),
        });
        for update in later {
            self.apply(&update);
        }
        let is_known = |queue: &ConversationId| {
            let known = self.known.as_ref();
            known.is_some_and(|known| known.queues.contains_key(queue))
        };
        self.waiting.retain(|queue, _| is_known(queue));
        let queues = self.known.iter().flat_map(|known| known.queues.keys());
        self.unlisted = queues.copied().collect();
        let is_known = |offer: &Arc<Offer>| {
            let known = before.as_ref().map(|before| &before.offers);
            known.and_then(|known| known.get(&offer.info.conversation)) == Some(offer)
        };
        let offers = self.known.iter().flat_map(|known| known.offers.values());
        let new = offers.filter(|offer| !is_known(offer)).map(Arc::clone);
        new.map(DeskNotice::Offer).collect()
    }

    /// Applies an event. Returns what is to notify the agent.
    pub(super) fn update(&mut self, update: &DeskUpdate) -> Option<DeskNotice> {
        match update {
            DeskUpdate::Agent(Some(_)) => (self.is_agent, self.is_behind) = (true, true),
            DeskUpdate::Agent(None) => {
                self.set_agent(false);
                return None;
            }
            _ => {}
        }
        if let Some(later) = &mut self.asked {
            later.push(update.clone());
            if later.len() > limits::DESK_EVENTS_MAX {
                later.remove(0);
                self.is_behind = true;
            }
        }
        let notice = self.notice(update);
        self.apply(update);
        notice
    }

    fn notice(&self, update: &DeskUpdate) -> Option<DeskNotice> {
        let known = self.known.as_ref()?;
        match update {
            DeskUpdate::Offer(offer) => {
                let before = known.offers.get(&offer.info.conversation);
                let is_known = before.is_some_and(|before| **before == **offer);
                (!is_known).then(|| DeskNotice::Offer(Arc::new((**offer).clone())))
            }
            DeskUpdate::OfferGone {
                conversation,
                why: OfferEnd::Expired,
            } => {
                let offer = known.offers.get(conversation)?;
                Some(DeskNotice::Missed(Arc::clone(offer)))
            }
            DeskUpdate::Duty {
                duty,
                is_forced: true,
            } => Some(DeskNotice::Duty(*duty)),
            _ => None,
        }
    }

    fn apply(&mut self, update: &DeskUpdate) {
        let Some(known) = &mut self.known else {
            return;
        };
        match update {
            DeskUpdate::Offer(offer) => {
                let id = offer.info.conversation;
                known.held.remove(&id);
                if known.offers.len() < limits::DESK_INQUIRIES_MAX {
                    known.offers.insert(id, Arc::new((**offer).clone()));
                }
            }
            DeskUpdate::OfferGone { conversation, .. } => {
                known.offers.remove(conversation);
                self.unlisted.extend(known.queues.keys());
            }
            DeskUpdate::Duty { duty, .. } => known.agent.duty = *duty,
            DeskUpdate::Inquiry(info) => {
                known.put(info);
                let is_other = |other: &InquiryInfo| other.conversation != info.conversation;
                self.waiting
                    .values_mut()
                    .for_each(|waiting| waiting.retain(is_other));
            }
            DeskUpdate::Counts(all) => {
                for counts in all {
                    match known.queues.get_mut(&counts.queue) {
                        Some(queue) if queue.counts != *counts => {
                            queue.counts = *counts;
                            self.unlisted.insert(counts.queue);
                        }
                        Some(_) => {}
                        None => self.is_behind = true,
                    }
                }
            }
            DeskUpdate::Agent(Some(agent)) => known.agent = (**agent).clone(),
            DeskUpdate::Agent(None) => {}
        }
    }

    /// Takes what waits in a queue; `None` if the request failed.
    pub(super) fn set_waiting(&mut self, queue: ConversationId, found: Option<Vec<InquiryInfo>>) {
        self.listing.remove(&queue);
        if let Some(mut found) = found {
            found.truncate(limits::WAITING_SHOWN_MAX);
            self.waiting.insert(queue, found);
        }
    }

    /// Returns the queues to list now. Where nothing waits, there is nothing to request.
    pub(super) fn take_unlisted(&mut self) -> Vec<ConversationId> {
        let Some(known) = &self.known else {
            return Vec::new();
        };
        let unlisted = std::mem::take(&mut self.unlisted);
        let mut wanted = Vec::new();
        for queue in unlisted {
            let counts = known.queues.get(&queue).map(|queue| queue.counts);
            match counts {
                Some(counts) if has_waiting(&counts) && self.listing.contains(&queue) => {
                    self.unlisted.insert(queue);
                }
                Some(counts) if has_waiting(&counts) => wanted.push(queue),
                _ => {
                    self.waiting.remove(&queue);
                }
            }
        }
        self.listing.extend(&wanted);
        wanted
    }

    /// Whether a queue is to be listed, and its list is not on its way.
    pub(super) fn has_unlisted(&self) -> bool {
        let mut unlisted = self.unlisted.iter();
        unlisted.any(|queue| !self.listing.contains(queue))
    }

    /// Returns the users whose names are shown.
    pub(super) fn users(&self) -> impl Iterator<Item = UserId> + '_ {
        let known = self.known.iter().flat_map(|known| known.held.values());
        let all = known.chain(self.waiting.values().flatten());
        all.flat_map(|info| info.state.agent().into_iter().chain(info.last_agent))
    }

    pub(crate) fn view(&self) -> Option<DeskView> {
        let known = self.known.as_ref()?;
        let mut agent = known.agent.clone();
        let load = known.offers.len() + known.held.len();
        agent.load = u32::try_from(load).unwrap_or(u32::MAX);
        let mut offers: Vec<Arc<Offer>> = known.offers.values().map(Arc::clone).collect();
        offers.sort_by_key(|offer| (end(&offer.info), offer.info.conversation));
        let mut held: Vec<InquiryInfo> = known.held.values().cloned().collect();
        held.sort_by_key(|info| (began(info), info.conversation));
        let is_own = |info: &&InquiryInfo| {
            let id = info.conversation;
            known.offers.contains_key(&id) || known.held.contains_key(&id)
        };
        let waiting = self.waiting.values().flatten();
        let mut waiting: Vec<InquiryInfo> = waiting.filter(|info| !is_own(info)).cloned().collect();
        waiting.sort_by_key(|info| {
            let is_left = info.state == InquiryState::Left;
            let first = std::cmp::Reverse(info.priority);
            (is_left, first, info.waiting_since, info.conversation)
        });
        let mut queues: Vec<QueueInfo> = known.queues.values().cloned().collect();
        queues.sort_by_cached_key(|queue| {
            let name = queue.config.name.as_str().to_lowercase();
            (name, queue.counts.queue)
        });
        Some(DeskView {
            agent,
            offers,
            held,
            waiting,
            queues,
        })
    }
}

impl Known {
    /// Puts an inquiry where its state belongs.
    fn put(&mut self, info: &InquiryInfo) {
        let (id, me) = (info.conversation, self.agent.user.id);
        self.held.remove(&id);
        match info.state {
            InquiryState::Held { agent, .. } if agent == me => {
                self.offers.remove(&id);
                if self.held.len() < limits::DESK_INQUIRIES_MAX {
                    self.held.insert(id, info.clone());
                }
            }
            InquiryState::Offered { agent, .. } if agent == me => {
                if let Some(offer) = self.offers.get_mut(&id) {
                    Arc::make_mut(offer).info = info.clone();
                }
            }
            _ => {
                self.offers.remove(&id);
            }
        }
    }
}

const fn has_waiting(counts: &QueueCounts) -> bool {
    counts.waiting > 0 || counts.offered > 0 || counts.left > 0
}

/// When the offer of an inquiry ends.
const fn end(info: &InquiryInfo) -> Timestamp {
    match info.state {
        InquiryState::Offered { until, .. } => until,
        _ => info.waiting_since,
    }
}

/// Since when its agent has an inquiry.
const fn began(info: &InquiryInfo) -> Timestamp {
    match info.state {
        InquiryState::Held { since, .. } => since,
        _ => info.waiting_since,
    }
}
