//! Requests of admins, who set up the desk.

use std::collections::BTreeSet;

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::limits::{CANNED_MAX, QUEUES_MAX, ROUTE_RULES_MAX};
use cairn_proto::model::audit::AuditAct;
use cairn_proto::model::desk::{
    AgentConfig, DeskAct, DeskKeyInfo, DeskUpdate, InquiryState, QueueConfig, ReturnCause,
    RouteRule,
};
use cairn_proto::wire::codec;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::List;
use cairn_proto::wire::request::desk::{
    CreateQueue, GetRouteRules, ListDeskKeys, RemoveAgent, RemoveQueue, RevokeDeskKey, SetAgent,
    SetCanned, SetQueue, SetRouteRules,
};

use super::turn::Turn;
use crate::api::actor::Actor;
use crate::api::change::Change;
use crate::api::update::Update;
use crate::command::{Context, Handle};
use crate::limits::ROUTE_RULES_BYTES_MAX;
use crate::permission::Action;
use crate::prefetch::Load;
use crate::record::{ConversationRecord, KindRecord, QueueHours, QueueRecord};
use crate::state::State;

/// The largest settings of a queue, so that a page of them fits into a frame.
const QUEUE_BYTES_MAX: usize = 12 * 1024;

macro_rules! set_up {
    ($(
        $call:ty => $answer:ty,
        |$this:ident, $state:ident, $actor:ident, $turn:ident| $do:expr;
    )*) => {$(
        impl Handle for $call {
            type Found = ();

            fn prefetch(&self, _: Actor, state: &State, loads: &mut Vec<Load>) {
                state.users_of_desk(loads);
            }

            fn execute(
                self,
                $state: &mut State,
                context: Context<'_>,
            ) -> Result<$answer, ErrorCode> {
                let ($this, $actor) = (self, context.actor);
                $state.check_on_server($actor.user, Action::SetUpDesk)?;
                let mut turn = Turn::new(context.now, context.batch);
                let $turn = &mut turn;
                let answer: $answer = $do?;
                $state.route(&mut turn);
                Ok(answer)
            }
        }
    )*};
}

set_up! {
    CreateQueue => ConversationId, |call, state, actor, turn|
        state.create_queue(actor, *call.config, turn);
    SetQueue => (), |call, state, actor, turn|
        state.change_queue(actor, call.queue, *call.config, turn);
    RemoveQueue => (), |call, state, actor, turn| state.remove_queue(actor, call.queue, turn);
    SetAgent => (), |call, state, actor, turn|
        state.change_agent(actor, call.user, call.config, turn);
    RemoveAgent => (), |call, state, actor, turn| {
        let user = call.user;
        state.desk.agent(user).map(drop).ok_or(ErrorCode::NotAgent)
            .and_then(|()| state.note_act(actor, DeskAct::AgentRemoved { user }, turn))
            .map(|()| state.remove_agent(user, ReturnCause::Removed, turn))
    };
    GetRouteRules => List<RouteRule>, |_call, state, _actor, _turn|
        Ok::<_, ErrorCode>(List(state.desk.rules.clone()));
    SetRouteRules => (), |call, state, actor, turn| state.change_rules(actor, call.rules, turn);
    SetCanned => (), |call, state, actor, turn| state.change_canned(actor, call, turn);
    ListDeskKeys => List<DeskKeyInfo>, |_call, state, _actor, _turn| {
        let keys = state.desk.keys.iter().map(|(key, record)| DeskKeyInfo {
            id: key.link_id(),
            queue: record.queue,
            requires_signature: record.requires_signature,
            created_at: record.created_at,
        });
        Ok::<_, ErrorCode>(List(keys.collect()))
    };
    RevokeDeskKey => (), |call, state, actor, turn| {
        let id = call.id;
        let mut keys = state.desk.keys.iter();
        let found = keys.find(|(key, _)| key.link_id() == id);
        let found = found.map(|(&key, record)| (key, record.queue));
        found.ok_or(ErrorCode::NoSuchQueue).and_then(|(key, queue)| {
            state.note_act(actor, DeskAct::LinkRevoked { id, queue }, turn)?;
            state.make(&Change::DeskKey(key, None), turn.batch);
            Ok(())
        })
    };
}

impl State {
    /// Records what an admin does, before it is done.
    pub(super) fn note_act(
        &mut self,
        actor: Actor,
        act: DeskAct,
        turn: &mut Turn<'_>,
    ) -> Result<(), ErrorCode> {
        self.audit(actor, AuditAct::Desk(act), turn.now, turn.batch)
    }

    /// Nothing of the desk that admins change is stored alone.
    const fn users_of_desk(&self, _: &mut Vec<Load>) {}

    fn check_queue(
        &self,
        id: Option<ConversationId>,
        config: &QueueConfig,
    ) -> Result<(), ErrorCode> {
        let overflow = config.overflow.map(|overflow| overflow.queue);
        if !config.is_valid() || codec::encode(config).len() > QUEUE_BYTES_MAX {
            return Err(ErrorCode::BadRequest);
        }
        if overflow.is_some_and(|to| Some(to) == id || self.desk.queue(to).is_none()) {
            return Err(ErrorCode::NoSuchQueue);
        }
        let folded = config.name.folded();
        let mut others = self
            .desk
            .queues
            .iter()
            .filter(|&(&other, _)| Some(other) != id);
        match others.any(|(_, queue)| queue.record.config.name.folded() == folded) {
            true => Err(ErrorCode::NameTaken),
            false => Ok(()),
        }
    }

    fn create_queue(
        &mut self,
        actor: Actor,
        config: QueueConfig,
        turn: &mut Turn<'_>,
    ) -> Result<ConversationId, ErrorCode> {
        self.check_queue(None, &config)?;
        let id = self.next_numbered();
        if self.desk.queues.len() >= QUEUES_MAX || !id.is_numbered() {
            return Err(ErrorCode::LimitReached);
        }
        let name = config.name.clone();
        self.note_act(actor, DeskAct::QueueCreated { queue: id, name }, turn)?;
        let log = ConversationRecord::new(KindRecord::Queue, turn.now);
        self.make(&Change::Conversation(id, log), turn.batch);
        let record = Box::new(QueueRecord { config });
        self.make(&Change::Queue(id, Some(record)), turn.batch);
        turn.batch.publish(Update::QueueChanged { queue: id });
        Ok(id)
    }

    fn change_queue(
        &mut self,
        actor: Actor,
        id: ConversationId,
        config: QueueConfig,
        turn: &mut Turn<'_>,
    ) -> Result<(), ErrorCode> {
        let found = self.desk.queue(id).ok_or(ErrorCode::NoSuchQueue)?;
        let had = found.record.config.hours.clone();
        let is_open = found.hours.is_open;
        let before = found.record.config.name.clone();
        let is_same = found.record.config == config;
        self.check_queue(Some(id), &config)?;
        if is_same {
            return Ok(());
        }
        let act = DeskAct::QueueChanged {
            queue: id,
            before,
            after: config.name.clone(),
        };
        self.note_act(actor, act, turn)?;
        let hours = match (&had, &config.hours) {
            (before, after) if before == after => None,
            (_, None) => Some(QueueHours::ALWAYS),
            // As it is until the server hands in the new spans.
            (_, Some(_)) => Some(QueueHours {
                is_open,
                spans: Vec::new(),
            }),
        };
        let record = Box::new(QueueRecord { config });
        self.make(&Change::Queue(id, Some(record)), turn.batch);
        if let Some(hours) = hours {
            self.make(&Change::QueueHours(id, hours), turn.batch);
        }
        turn.touched.insert(id);
        turn.batch.publish(Update::QueueChanged { queue: id });
        Ok(())
    }

    fn remove_queue(
        &mut self,
        actor: Actor,
        id: ConversationId,
        turn: &mut Turn<'_>,
    ) -> Result<(), ErrorCode> {
        let queue = self.desk.queue(id).ok_or(ErrorCode::NoSuchQueue)?;
        let is_empty = queue.waiting.is_empty()
            && queue.left.is_empty()
            && queue.offered.is_empty()
            && queue.held.is_empty();
        if !is_empty {
            return Err(ErrorCode::InquiryOpen);
        }
        let name = queue.record.config.name.clone();
        self.note_act(actor, DeskAct::QueueRemoved { queue: id, name }, turn)?;
        let users: Vec<UserId> = self.desk.agents.keys().copied().collect();
        for user in users {
            let Some(agent) = self.desk.agent(user) else {
                continue;
            };
            let mut config = agent.record.config.clone();
            config.queues.retain(|served| served.queue != id);
            config.supervises.retain(|&queue| queue != id);
            if config != agent.record.config {
                self.make(&Change::Agent(user, Some(Box::new(config))), turn.batch);
                self.sync_queue_log(id, user, turn);
            }
        }
        let rules: Vec<RouteRule> = self
            .desk
            .rules
            .iter()
            .filter(|rule| rule.queue != id)
            .cloned()
            .collect();
        if rules.len() != self.desk.rules.len() {
            self.make(&Change::RouteRules(rules), turn.batch);
        }
        let keys = self.desk.keys.iter().filter(|(_, key)| key.queue == id);
        let keys: Vec<_> = keys.map(|(&key, _)| key).collect();
        for key in keys {
            self.make(&Change::DeskKey(key, None), turn.batch);
        }
        self.make(&Change::Queue(id, None), turn.batch);
        turn.batch.publish(Update::QueueChanged { queue: id });
        Ok(())
    }

    fn change_agent(
        &mut self,
        actor: Actor,
        user: UserId,
        config: AgentConfig,
        turn: &mut Turn<'_>,
    ) -> Result<(), ErrorCode> {
        if self.user(user).is_none() {
            return Err(ErrorCode::NoSuchUser);
        }
        if !self.is_active(user) {
            return Err(ErrorCode::Deactivated);
        }
        let mut named = config.queues.iter().map(|served| served.queue);
        let is_known = named.all(|id| self.desk.queue(id).is_some())
            && config
                .supervises
                .iter()
                .all(|&id| self.desk.queue(id).is_some());
        if !is_known {
            return Err(ErrorCode::NoSuchQueue);
        }
        if !config.is_valid() {
            return Err(ErrorCode::BadRequest);
        }
        let known = self.desk.agent(user).map(|agent| &agent.record.config);
        if known == Some(&config) {
            return Ok(());
        }
        self.note_act(actor, DeskAct::AgentSet { user }, turn)?;
        let before = self.agent_queues(user);
        self.make(&Change::Agent(user, Some(Box::new(config))), turn.batch);
        let inquiries = self.desk.agent(user).map(|agent| agent.inquiries.clone());
        for id in inquiries.into_iter().flatten() {
            let queue = self.desk.inquiry(id).map(|record| record.queue);
            let keeps =
                queue.is_some_and(|queue| self.serves(user, queue) || self.supervises(user, queue));
            if !keeps {
                self.withdraw(id, ReturnCause::Removed, turn);
                self.give_back(id, ReturnCause::Removed, turn);
            }
        }
        let queues: BTreeSet<ConversationId> =
            before.into_iter().chain(self.agent_queues(user)).collect();
        for queue in queues {
            self.sync_queue_log(queue, user, turn);
            turn.touched.insert(queue);
        }
        self.publish_agent(user, turn);
        Ok(())
    }

    /// Makes a user no longer an agent. All they have waits again.
    pub(crate) fn remove_agent(&mut self, user: UserId, why: ReturnCause, turn: &mut Turn<'_>) {
        let Some(agent) = self.desk.agent(user) else {
            return;
        };
        let mut stand = agent.record.stand;
        let queues = self.agent_queues(user);
        // Nothing is given to them while the rest is given back.
        stand.duty = cairn_proto::model::desk::Duty::Off;
        let inquiries = agent.inquiries.clone();
        self.put_stand(user, stand, turn);
        for id in inquiries {
            self.withdraw(id, why, turn);
            self.give_back(id, why, turn);
        }
        self.leave_joined(user, turn);
        self.make(&Change::Agent(user, None), turn.batch);
        for queue in queues {
            self.sync_queue_log(queue, user, turn);
            turn.touched.insert(queue);
        }
        self.publish_agent(user, turn);
    }

    /// Ends the memberships of a supervisor in inquiries that they joined.
    fn leave_joined(&mut self, user: UserId, turn: &mut Turn<'_>) {
        let inquiries = self.desk.inquiries.iter();
        let joined = inquiries.filter(|(_, inquiry)| inquiry.record.joined.contains(&user));
        let mut joined: Vec<ConversationId> = joined.map(|(&id, _)| id).collect();
        joined.sort_unstable();
        for id in joined {
            let Some(record) = self.desk.inquiry(id) else {
                continue;
            };
            let mut record = record.clone();
            record.joined.retain(|&other| other != user);
            let is_holder =
                matches!(record.state, InquiryState::Held { agent, .. } if agent == user);
            let back = record.back;
            self.put_inquiry(id, record, turn);
            if !is_holder {
                let head = self.conversations.get(&id).map(|found| found.record.head);
                self.remove_from_desk(id, user, head.unwrap_or_default(), turn);
                if let Some(back) = back {
                    self.remove_from_back(back, user, turn);
                }
            }
        }
    }

    /// Makes a user a member of the log of a queue if they oversee it.
    fn sync_queue_log(&mut self, queue: ConversationId, user: UserId, turn: &mut Turn<'_>) {
        let agent = self.desk.agent(user);
        let oversees = agent.is_some_and(|agent| agent.record.config.supervises.contains(&queue));
        let is_member = self.is_member(user, queue);
        if oversees && !is_member {
            self.add_to_desk(queue, user, turn);
            self.publish_joined(queue, user, turn.batch);
        } else if is_member && !oversees {
            let head = self
                .conversations
                .get(&queue)
                .map(|found| found.record.head);
            self.remove_from_desk(queue, user, head.unwrap_or_default(), turn);
        }
    }

    fn publish_agent(&self, user: UserId, turn: &mut Turn<'_>) {
        let info = self.agent_info(user).map(Box::new);
        self.tell_agent(user, DeskUpdate::Agent(info), turn);
        turn.batch.publish(Update::AgentChanged { user });
    }

    fn change_rules(
        &mut self,
        actor: Actor,
        rules: Vec<RouteRule>,
        turn: &mut Turn<'_>,
    ) -> Result<(), ErrorCode> {
        if rules.len() > ROUTE_RULES_MAX || !rules.iter().all(RouteRule::is_valid) {
            return Err(ErrorCode::BadRequest);
        }
        if codec::encode(&rules).len() > ROUTE_RULES_BYTES_MAX {
            return Err(ErrorCode::LimitReached);
        }
        if rules
            .iter()
            .any(|rule| self.desk.queue(rule.queue).is_none())
        {
            return Err(ErrorCode::NoSuchQueue);
        }
        if rules == self.desk.rules {
            return Ok(());
        }
        let act = DeskAct::RulesSet {
            before: self.desk.rules.len() as u32,
            after: rules.len() as u32,
        };
        self.note_act(actor, act, turn)?;
        self.make(&Change::RouteRules(rules), turn.batch);
        Ok(())
    }

    fn change_canned(
        &mut self,
        actor: Actor,
        call: SetCanned,
        turn: &mut Turn<'_>,
    ) -> Result<(), ErrorCode> {
        let SetCanned { name, text } = call;
        let known = self.desk.canned.get(&name);
        if known == text.as_ref() {
            return Ok(());
        }
        let is_new = known.is_none();
        if is_new && text.is_some() && self.desk.canned.len() >= CANNED_MAX {
            return Err(ErrorCode::LimitReached);
        }
        let act = match text.is_some() {
            true => DeskAct::CannedSet { name: name.clone() },
            false => DeskAct::CannedRemoved { name: name.clone() },
        };
        self.note_act(actor, act, turn)?;
        self.make(&Change::Canned(name, text), turn.batch);
        Ok(())
    }
}
