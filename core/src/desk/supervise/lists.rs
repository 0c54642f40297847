//! Lists of inquiries, agents, queues and canned replies, in pages that fit into a frame.

use std::ops::Bound;

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::limits::{CANNED_FOUND_MAX, DESK_PAGE_BYTES_MAX, INQUIRIES_PER_PAGE_MAX};
use cairn_proto::model::desk::{
    AgentInfo, Canned, InquiryFilter, InquiryPage, InquiryPlace, InquiryState, MyDesk, QueueInfo,
};
use cairn_proto::wire::codec;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::Page;
use cairn_proto::wire::request::desk::{
    GetMyDesk, ListAgents, ListCanned, ListInquiries, ListQueues,
};
use serde::Serialize;

use crate::api::actor::Actor;
use crate::command::{Context, Handle};
use crate::prefetch::{ClosedPage, Load};
use crate::record::InquiryRecord;
use crate::state::State;

impl Handle for ListInquiries {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        let Self { queue, filter, .. } = *self;
        if filter == InquiryFilter::Closed && state.supervises(actor.user, queue) {
            let page = closed_page(*self);
            if !state.desk.knows_closed(page) {
                loads.push(Load::ClosedInquiries(page));
            }
        }
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<InquiryPage, ErrorCode> {
        let user = context.actor.user;
        let queue = self.queue;
        let sees_all = state.supervises(user, queue);
        if state.desk.queue(queue).is_none() || !(sees_all || state.serves(user, queue)) {
            return Err(ErrorCode::NoSuchQueue);
        }
        let places = match self.filter {
            InquiryFilter::Closed if !sees_all => return Err(ErrorCode::Forbidden),
            InquiryFilter::Closed => state.desk.closed_after(closed_page(self)),
            _ => open_places(self, user, sees_all, state),
        };
        Ok(page_of(state, places, limit(self)))
    }
}

fn limit(list: ListInquiries) -> usize {
    (list.limit as usize).clamp(1, INQUIRIES_PER_PAGE_MAX)
}

fn closed_page(list: ListInquiries) -> ClosedPage {
    ClosedPage {
        queue: list.queue,
        after: list.after,
        limit: limit(list),
    }
}

/// The open inquiries that the user may see, in order.
fn open_places(
    list: ListInquiries,
    user: UserId,
    sees_all: bool,
    state: &State,
) -> Vec<InquiryPlace> {
    let is_meant = |record: &InquiryRecord| match (list.filter, record.state) {
        (InquiryFilter::Open, state) => state.is_open(),
        (InquiryFilter::Waiting, state) => {
            matches!(state, InquiryState::Waiting | InquiryState::Offered { .. })
        }
        (InquiryFilter::Held, state) => matches!(state, InquiryState::Held { .. }),
        (InquiryFilter::Left, state) => state == InquiryState::Left,
        (InquiryFilter::Closed, _) => false,
    };
    let is_seen = |record: &InquiryRecord| match record.state {
        InquiryState::Held { agent, .. } => sees_all || agent == user,
        _ => true,
    };
    let inquiries = state.desk.inquiries.iter();
    let meant = inquiries.filter(|(_, inquiry)| {
        let record = &inquiry.record;
        record.queue == list.queue && !record.is_erased && is_meant(record) && is_seen(record)
    });
    let places = meant.map(|(&conversation, inquiry)| InquiryPlace {
        at: inquiry.record.opened_at,
        conversation,
    });
    let mut places: Vec<InquiryPlace> = places
        .filter(|place| list.after.is_none_or(|after| *place > after))
        .collect();
    places.sort_unstable();
    places
}

/// The page that begins a list.
fn page_of(state: &State, places: Vec<InquiryPlace>, limit: usize) -> InquiryPage {
    let mut bytes = Bytes::default();
    let mut page = InquiryPage {
        items: Vec::new(),
        next_after: None,
    };
    let mut last = None;
    for place in places {
        if page.items.len() == limit || bytes.is_full() {
            page.next_after = last;
            return page;
        }
        if let Some(info) = state.inquiry_info(place.conversation) {
            bytes.add(&info);
            page.items.push(info);
        }
        last = Some(place);
    }
    page
}

impl Handle for GetMyDesk {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<MyDesk, ErrorCode> {
        let user = context.actor.user;
        let agent = state.agent_info(user).ok_or(ErrorCode::NotAgent)?;
        let mut desk = MyDesk {
            agent,
            offers: Vec::new(),
            held: Vec::new(),
            next_after: None,
            queues: Vec::new(),
        };
        let mut bytes = Bytes::default();
        let inquiries = state.desk.agent(user).map(|agent| &agent.inquiries);
        let mut last = None;
        for &id in inquiries
            .into_iter()
            .flat_map(|ids| ids.range(after(self.after)))
        {
            if bytes.is_full() {
                desk.next_after = last;
                break;
            }
            match state.desk.inquiry(id).map(|record| record.state) {
                Some(InquiryState::Offered { .. }) => desk
                    .offers
                    .extend(state.offer_of(id).inspect(|offer| bytes.add(offer))),
                _ => desk
                    .held
                    .extend(state.inquiry_info(id).inspect(|info| bytes.add(info))),
            }
            last = Some(id);
        }
        if self.after.is_none() {
            let queues = state.agent_queues(user).into_iter();
            let infos = queues.filter_map(|id| state.queue_info(id));
            desk.queues = bytes.page(infos).items;
        }
        Ok(desk)
    }
}

impl Handle for ListAgents {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        state: &mut State,
        context: Context<'_>,
    ) -> Result<Page<AgentInfo>, ErrorCode> {
        let user = context.actor.user;
        match self.queue {
            None if !state.is_server_admin(user) => return Err(ErrorCode::Forbidden),
            Some(id) if !(state.supervises(user, id) || state.serves(user, id)) => {
                return Err(ErrorCode::NoSuchQueue);
            }
            Some(id) if state.desk.queue(id).is_none() => return Err(ErrorCode::NoSuchQueue),
            _ => {}
        }
        let agents = state.desk.agents.range(after(self.after));
        let agents = agents.filter(|(_, agent)| self.queue.is_none_or(|id| agent.serves(id)));
        let agents = agents.filter_map(|(&user, _)| state.agent_info(user));
        Ok(Bytes::default().page(agents))
    }
}

impl Handle for ListQueues {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        state: &mut State,
        context: Context<'_>,
    ) -> Result<Page<QueueInfo>, ErrorCode> {
        let user = context.actor.user;
        let is_admin = state.is_server_admin(user);
        if !is_admin && !state.is_agent(user) {
            return Err(ErrorCode::NotAgent);
        }
        let own = state.agent_queues(user);
        let queues = state
            .desk
            .queues
            .range(after(self.after))
            .map(|(&id, _)| id);
        let queues = queues.filter(|id| is_admin || own.contains(id));
        let infos = queues.filter_map(|id: ConversationId| state.queue_info(id));
        Ok(Bytes::default().page(infos))
    }
}

impl Handle for ListCanned {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<Page<Canned>, ErrorCode> {
        let user = context.actor.user;
        if state.desk.agent(user).is_none() && !state.is_server_admin(user) {
            return Err(ErrorCode::NotAgent);
        }
        let prefix = self.prefix.as_ref().map_or("", |prefix| prefix.as_str());
        let found = state.desk.canned.range(after(self.after));
        let found = found.filter(|(name, _)| name.as_str().starts_with(prefix));
        let mut found = found.map(|(name, text)| Canned {
            name: name.clone(),
            text: text.clone(),
        });
        let items = found.by_ref().take(CANNED_FOUND_MAX).collect();
        let more = found.next().is_some();
        Ok(Page { items, more })
    }
}

/// What comes after a key.
fn after<K>(key: Option<K>) -> (Bound<K>, Bound<K>) {
    (
        key.map_or(Bound::Unbounded, Bound::Excluded),
        Bound::Unbounded,
    )
}

/// How much of a page is used.
#[derive(Default)]
struct Bytes(usize);

impl Bytes {
    const fn is_full(&self) -> bool {
        self.0 >= DESK_PAGE_BYTES_MAX
    }

    fn add(&mut self, item: &impl Serialize) {
        self.0 = self.0.saturating_add(codec::encode(item).len());
    }

    /// As many items as fit.
    fn page<T: Serialize>(&mut self, mut items: impl Iterator<Item = T>) -> Page<T> {
        let mut page = Page {
            items: Vec::new(),
            more: false,
        };
        while !self.is_full() {
            let Some(item) = items.next() else {
                return page;
            };
            self.add(&item);
            page.items.push(item);
        }
        page.more = items.next().is_some();
        page
    }
}
