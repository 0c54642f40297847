//! Loading the support desk: queues, agents and open inquiries at the start, closed inquiries and
//! their visitors when a command needs them.

use cairn_core::State;
use cairn_core::prefetch::ClosedPage;
use cairn_core::record::{
    AgentRecord, AskerRecord, DeskKeyRecord, InquiryRecord, QueueHours, QueueRecord, StoredVisitor,
};
use cairn_proto::ids::{ConversationId, VisitorId};
use cairn_proto::model::desk::{Canned, RouteRule};

use super::{Loader, malformed};
use crate::trees::db::TreesError;
use crate::trees::{MetaKey, RowKey, RowPrefix, Tree, parse};

impl Loader {
    /// Loads an inquiry, and who asks.
    pub(super) fn inquiry(&self, state: &mut State, id: ConversationId) -> Result<(), TreesError> {
        if let Some(record) = self.trees.read::<InquiryRecord>(&RowKey::inquiry(id))? {
            state.install_inquiry(id, record);
        }
        if let Some(record) = self.trees.read::<AskerRecord>(&RowKey::asker(id))? {
            state.install_asker(id, record);
        }
        Ok(())
    }

    /// Loads closed inquiries until there are more than a page has. Those that were opened again
    /// since the last checkpoint do not count.
    pub(super) fn closed_inquiries(
        &self,
        state: &mut State,
        page: ClosedPage,
    ) -> Result<(), TreesError> {
        let ClosedPage {
            queue,
            after,
            limit,
        } = page;
        let prefix = RowPrefix::closed_inquiries_of(queue);
        let mut after = after.map(|place| RowKey::closed_inquiry(queue, place));
        let mut found = 0;
        loop {
            let keys = self.trees.keys(&prefix, after.as_ref(), limit + 1)?;
            let is_last = keys.len() <= limit;
            for key in keys {
                after = Some(key);
                let (_, place) =
                    parse::closed_inquiry(key.bytes()).ok_or_else(|| malformed(key))?;
                self.inquiry(state, place.conversation)?;
                if !state.is_closed_at(queue, place) {
                    continue;
                }
                self.conversation(state, place.conversation)?;
                found += 1;
                if found > limit {
                    state.install_closed_page(page, Some(place));
                    return Ok(());
                }
            }
            if is_last {
                state.install_closed_page(page, None);
                return Ok(());
            }
        }
    }

    pub(super) fn visitor(&self, state: &mut State, id: VisitorId) -> Result<(), TreesError> {
        if let Some(stored) = self.trees.read::<StoredVisitor>(&RowKey::visitor(id))? {
            state.install_visitor(id, stored);
        }
        Ok(())
    }

    /// Loads what is always in memory.
    pub(super) fn desk(&self, state: &mut State) -> Result<(), TreesError> {
        self.each(&RowPrefix::all(Tree::Queues), |key, record: QueueRecord| {
            if let Some(id) = parse::conversation(key.bytes()) {
                state.install_queue(id, record);
            }
        })?;
        self.each(
            &RowPrefix::all(Tree::QueueHours),
            |key, hours: QueueHours| {
                if let Some(id) = parse::conversation(key.bytes()) {
                    state.install_queue_hours(id, hours);
                }
            },
        )?;
        self.each(&RowPrefix::all(Tree::Agents), |key, record: AgentRecord| {
            if let Some(user) = parse::user(key.bytes()) {
                state.install_agent(user, record);
            }
        })?;
        self.each(
            &RowPrefix::all(Tree::DeskKeys),
            |key, record: DeskKeyRecord| {
                if let Some(key) = parse::link(key.bytes()) {
                    state.install_desk_key(key, record);
                }
            },
        )?;
        self.each(&RowPrefix::all(Tree::Canned), |_, canned: Canned| {
            state.install_canned(canned);
        })?;
        let rules = self.trees.read(&RowKey::meta(MetaKey::RouteRules))?;
        state.install_route_rules(rules.unwrap_or_else(Vec::<RouteRule>::new));
        let mut open = Vec::new();
        self.each(&RowPrefix::all(Tree::OpenInquiries), |key, (): ()| {
            open.extend(parse::conversation(key.bytes()));
        })?;
        for id in open {
            self.inquiry(state, id)?;
        }
        for id in state.desk_conversations() {
            self.members(state, id)?;
        }
        for id in state.desk_visitors() {
            self.visitor(state, id)?;
        }
        Ok(())
    }
}
