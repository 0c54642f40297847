//! The support desk of a world: queues, agents and visitors.

mod agents;
mod last;
#[path = "../../../../core/tests/desk/naive.rs"]
#[allow(dead_code, reason = "what needs to know the command of each change")]
mod naive;
mod setup;
mod visitors;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use cairn_client::proto::ids::{DeviceId, Revision, SendStreamId, VisitorId};
use cairn_client::proto::model::desk::{InquiryFilter, InquiryInfo};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::desk::{ListAgents, ListInquiries, ListQueues};
use cairn_client::{Account, ConversationId, DeskLink, Timestamp};
use cairn_core::{Actor, By};
use cairn_store::engine::Engine;
use parking_lot::Mutex;

use self::naive::Seen;
use super::World;
use super::leaks::Canary;

pub(crate) const QUEUES: usize = 2;

#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// `None` in a world without a desk, and until there is one.
    pub(crate) made: OnceLock<Made>,
    known: Mutex<Known>,
}

#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) queues: Vec<ConversationId>,
    pub(crate) link: DeskLink,
    /// Sees everything.
    admin: Actor,
}

/// Who asks where.
#[derive(Debug, Default)]
struct Known {
    visitors: BTreeMap<VisitorId, usize>,
    inquiries: BTreeMap<ConversationId, usize>,
    /// Logs of notes.
    backs: BTreeMap<ConversationId, ConversationId>,
}

impl Desk {
    pub(super) fn note_visitor(&self, id: VisitorId, visitor: usize) {
        self.known.lock().visitors.insert(id, visitor);
    }

    pub(super) fn note_inquiry(&self, inquiry: ConversationId, visitor: usize) {
        self.known.lock().inquiries.insert(inquiry, visitor);
    }

    pub(super) fn note_info(&self, info: &InquiryInfo) {
        let known = &mut *self.known.lock();
        if let Some(&visitor) = known.visitors.get(&info.visitor.id) {
            known.inquiries.insert(info.conversation, visitor);
        }
        let back = info.back.map(|back| (back, info.conversation));
        known.backs.extend(back);
    }

    pub(super) fn note_back(&self, back: ConversationId, inquiry: ConversationId) {
        self.known.lock().backs.insert(back, inquiry);
    }

    /// Returns the number of the visitor with this id.
    pub(crate) fn visitor(&self, id: VisitorId) -> Option<usize> {
        self.known.lock().visitors.get(&id).copied()
    }

    /// Returns the canary of what is said in an inquiry, or noted about it.
    pub(super) fn canary(&self, place: ConversationId) -> Canary {
        let known = self.known.lock();
        match known.inquiries.get(&place) {
            Some(&visitor) => Canary::of_visitor(visitor),
            None => Canary::NOTE,
        }
    }
}

impl Made {
    fn new(queues: Vec<ConversationId>, link: DeskLink, owner: &Account) -> Self {
        let admin = Actor {
            user: owner.user,
            device: DeviceId::new(owner.device.get()),
            stream: SendStreamId::new(0),
            stream_began: Revision::MAX,
        };
        Self {
            queues,
            link,
            admin,
        }
    }

    /// Returns the desk as an admin sees it between two batches.
    fn seen(&self, engine: &mut Engine, now: Timestamp) -> Result<Seen, ErrorCode> {
        let admin = self.admin;
        let mut inquiries = Vec::new();
        for &queue in &self.queues {
            let filter = InquiryFilter::Open;
            let mut after = None;
            loop {
                let list = ListInquiries {
                    queue,
                    filter,
                    after,
                    limit: u32::MAX,
                };
                let page = engine.execute(By(admin, list), now)?;
                inquiries.extend(page.items);
                after = page.next_after;
                if after.is_none() {
                    break;
                }
            }
        }
        // The desks of a simulation fit into one page.
        let list = ListAgents {
            queue: None,
            after: None,
        };
        let agents = engine.execute(By(admin, list), now)?;
        let queues = engine.execute(By(admin, ListQueues::default()), now)?;
        Ok(Seen {
            now,
            inquiries,
            agents: agents.items,
            queues: queues.items,
        })
    }
}

impl World {
    /// Compares the desk with a naive one, between two batches: each inquiry has one state, no
    /// visitor has two, and none waits beside an agent who could have it.
    pub(super) fn look_at_desk(&self, engine: &mut Engine) {
        let Some(made) = self.desk.made.get() else {
            return;
        };
        // An error is one of the disk.
        if let Ok(seen) = made.seen(engine, self.wall_clock()) {
            // No agent of these desks waits before they get an inquiry, so routing depends on time
            // only while it has more to do.
            let is_routed = engine.state().desk_due() != Some(Timestamp::new(0));
            seen.check(is_routed);
        }
    }
}
