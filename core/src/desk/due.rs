//! Time and presence, which are commands too.

use cairn_proto::ids::{ConversationId, LinkId, Timestamp, UserId};
use cairn_proto::model::audit::AuditAct;
use cairn_proto::model::desk::{
    AnswerMode, ClosedBy, DeskAct, Duty, InquiryState, OfferEnd, OfficeHours, ReturnCause,
    RouteStep,
};
use cairn_proto::wire::error::ErrorCode;

use super::turn::Turn;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::desk::{
    AgentPresence, CountDesk, DeskCounted, DeskDue, MakeDeskKey, QueuePlace, SetQueueHours,
};
use crate::api::update::Update;
use crate::command::Command;
use crate::limits::{
    HOURS_AHEAD_MS, HOURS_SPANS_MAX, MISSED_MAX, REFUSALS_FORGOTTEN_MS, RESTART_GRACE_MS,
    ROUTE_STEPS_MAX,
};
use crate::permission::Action;
use crate::prefetch::Load;
use crate::record::{Attendance, DeskKeyRecord, InquiryRecord, QueueHours};
use crate::state::State;
use crate::state::desk::Due;

impl Command for AgentPresence {
    type Answer = ();
    type Found = ();

    fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), ErrorCode> {
        let Self { user, present } = self;
        let agent = state.desk.agent(user).ok_or(ErrorCode::NotAgent)?;
        let mut stand = agent.record.stand;
        if stand.is_present() == present {
            return Ok(());
        }
        stand.attendance = match present {
            true => Attendance::Present,
            false => Attendance::Absent {
                since: state.desk.clock.time(),
                grace_ms: 0,
            },
        };
        let mut turn = Turn::new(now, batch);
        state.put_stand(user, stand, &mut turn);
        state.touch_agent(user, &mut turn);
        state.do_due(&mut turn);
        for queue in state.agent_queues(user) {
            turn.batch.publish(Update::DeskChanged { queue });
        }
        state.route(&mut turn);
        Ok(())
    }
}

impl Command for DeskDue {
    type Answer = ();
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        state.erasing_next(loads);
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), ErrorCode> {
        let mut turn = Turn::new(now, batch);
        state.erase_next(&mut turn);
        state.do_due(&mut turn);
        turn.touched.extend(state.desk.backlog.iter().copied());
        state.route(&mut turn);
        Ok(())
    }
}

impl Command for SetQueueHours {
    type Answer = ();
    type Found = ();

    fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), ErrorCode> {
        let Self { queue, mut spans } = self;
        let found = state.desk.queue(queue).ok_or(ErrorCode::NoSuchQueue)?;
        if found.record.config.hours.is_none() {
            return Ok(());
        }
        let is_ordered = spans.is_sorted_by(|(_, end), (start, _)| end <= start);
        if !is_ordered || spans.iter().any(|(from, to)| from >= to) {
            return Err(ErrorCode::BadRequest);
        }
        spans.truncate(HOURS_SPANS_MAX);
        let is_open = false;
        let hours = QueueHours { is_open, spans }.at(now);
        let mut turn = Turn::new(now, batch);
        state.set_open(queue, hours, &mut turn);
        state.route(&mut turn);
        Ok(())
    }
}

impl Command for CountDesk {
    type Answer = DeskCounted;
    type Found = ();

    fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        (): (),
        state: &mut State,
        _: Timestamp,
        _: &mut Batch,
    ) -> Result<DeskCounted, ErrorCode> {
        let queues = state.desk.queues.keys();
        let queues = queues.filter_map(|&id| state.queue_counts(id)).collect();
        let place = |visitor| {
            let id = state.last_inquiry(visitor)?;
            let (place, about_seconds) = state.place_of(id)?;
            Some(QueuePlace {
                visitor,
                place,
                about_seconds,
            })
        };
        let places = self.places_of.into_iter().filter_map(place).collect();
        Ok(DeskCounted { queues, places })
    }
}

impl Command for MakeDeskKey {
    type Answer = LinkId;
    type Found = ();

    fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<LinkId, ErrorCode> {
        let Self {
            actor,
            key,
            secret,
            queue,
            requires_signature,
        } = self;
        state.check_actor(actor)?;
        state.check_on_server(actor.user, Action::SetUpDesk)?;
        if state.desk.queue(queue).is_none() {
            return Err(ErrorCode::NoSuchQueue);
        }
        if state.desk.keys.len() >= cairn_proto::limits::DESK_KEYS_MAX {
            return Err(ErrorCode::LimitReached);
        }
        let record = DeskKeyRecord {
            queue,
            secret,
            requires_signature,
            created_at: now,
        };
        let id = key.link_id();
        let act = AuditAct::Desk(DeskAct::LinkCreated { id, queue });
        state.audit(actor, act, now, batch)?;
        state.make(&Change::DeskKey(key, Some(Box::new(record))), batch);
        Ok(id)
    }
}

impl State {
    /// When [`DeskDue`] is to be executed next, by the desk's clock; 0 for at once.
    #[must_use]
    pub fn desk_due(&self) -> Option<Timestamp> {
        self.desk.next_due()
    }

    /// Returns whether [`DeskDue`] has something to do. `now` is that of commands.
    #[must_use]
    pub fn is_desk_due(&self, now: Timestamp) -> bool {
        self.desk.is_due(now)
    }

    /// The desk's clock, by which waits, offers and absences are measured.
    #[must_use]
    pub const fn desk_time(&self) -> Timestamp {
        self.desk.clock.time()
    }

    /// Returns whether the user is an agent.
    #[must_use]
    pub fn is_agent(&self, user: UserId) -> bool {
        self.desk.agent(user).is_some()
    }

    /// The agents, ordered by id.
    pub fn agents(&self) -> impl Iterator<Item = UserId> {
        self.desk.agents.keys().copied()
    }

    /// The queues that a user serves or supervises.
    #[must_use]
    pub fn agent_queues(&self, user: UserId) -> Vec<ConversationId> {
        let Some(agent) = self.desk.agent(user) else {
            return Vec::new();
        };
        let supervised = agent.record.config.supervises.iter().copied();
        let mut queues: Vec<ConversationId> = agent.queues().chain(supervised).collect();
        queues.sort_unstable();
        queues.dedup();
        queues
    }

    /// The queues whose hours are not known for long enough.
    #[must_use]
    pub fn queues_wanting_hours(&self, now: Timestamp) -> Vec<(ConversationId, OfficeHours)> {
        let until = Timestamp::new(now.get().saturating_add(HOURS_AHEAD_MS));
        let wants = |hours: &QueueHours| hours.spans.last().is_none_or(|&(_, to)| to < until);
        let queues = self.desk.queues.iter();
        queues
            .filter(|(_, queue)| wants(&queue.hours))
            .filter_map(|(&id, queue)| Some((id, queue.record.config.hours.clone()?)))
            .collect()
    }

    /// How much the desk has to do, for the metrics.
    #[must_use]
    pub fn desk_metrics(&self) -> cairn_proto::wire::metrics::DeskMetrics {
        let mut metrics = cairn_proto::wire::metrics::DeskMetrics {
            queues: self.desk.queues.len() as u64,
            steps: self.desk.meter.steps,
            steps_max: self.desk.meter.steps_max,
            visited: self.desk.meter.visited,
            visited_max: self.desk.meter.visited_max,
            ..Default::default()
        };
        for queue in self.desk.queues.values() {
            metrics.waiting += queue.waiting.len() as u64;
            metrics.offered += queue.offered.len() as u64;
            metrics.held += queue.held.len() as u64;
            metrics.left += queue.left.len() as u64;
        }
        for agent in self.desk.agents.values() {
            metrics.on_duty += u64::from(agent.record.stand.duty == Duty::On);
            metrics.ready += u64::from(agent.is_ready());
        }
        metrics
    }

    /// Agents whose sessions ended with the last run of the server have time to come back. Those
    /// who had gone before have no more of it, or a server that restarts again and again would
    /// reclaim nothing. Routing goes over all queues.
    pub(crate) fn begin_desk(&mut self, now: Timestamp, batch: &mut Batch) {
        self.desk.begin(now);
        if !self.desk.is_used() {
            return;
        }
        let mut turn = Turn::new(now, batch);
        self.shorten(&mut turn);
        let all: Vec<UserId> = self.desk.agents.keys().copied().collect();
        for user in all {
            let Some(agent) = self.desk.agent(user) else {
                continue;
            };
            let mut stand = agent.record.stand;
            if stand.is_present() {
                stand.attendance = Attendance::Absent {
                    since: self.desk.clock.time(),
                    grace_ms: RESTART_GRACE_MS,
                };
                self.put_stand(user, stand, &mut turn);
            }
        }
        self.desk.backlog = self.desk.queues.keys().copied().collect();
    }

    /// Ends offers and refusals no later than those that begin now. The desk's clock may have lost
    /// time with the last run, if the server's was set back in it.
    fn shorten(&mut self, turn: &mut Turn<'_>) {
        let forgotten = self.desk.clock.after_ms(REFUSALS_FORGOTTEN_MS);
        let mut late = Vec::new();
        for (&id, inquiry) in &self.desk.inquiries {
            let is_offered = matches!(inquiry.record.state, InquiryState::Offered { .. });
            if !is_offered && inquiry.record.forget_at.is_none() {
                continue;
            }
            let mut record = inquiry.record.clone();
            if let InquiryState::Offered { until, .. } = &mut record.state {
                let queue = self.desk.queue(record.queue);
                let answer = queue.map(|queue| queue.record.config.answer);
                if let Some(AnswerMode::Offer { seconds }) = answer {
                    *until = (*until).min(self.desk.clock.after_ms(u64::from(seconds) * 1000));
                }
            }
            record.forget_at = record.forget_at.map(|at| at.min(forgotten));
            if record != inquiry.record {
                late.push((id, record));
            }
        }
        // The order of the log does not follow that of a hash map.
        late.sort_unstable_by_key(|&(id, _)| id);
        for (id, record) in late {
            self.put_inquiry(id, record, turn);
        }
    }

    /// Does what is due, up to a number of steps.
    fn do_due(&mut self, turn: &mut Turn<'_>) {
        for _ in 0..ROUTE_STEPS_MAX {
            let Some(due) = self.desk.due_by(turn.now) else {
                return;
            };
            self.do_one(due, turn);
        }
    }

    fn do_one(&mut self, due: Due, turn: &mut Turn<'_>) {
        match due {
            Due::Offer(id) => self.offer_is_over(id, turn),
            Due::Absent(id) => self.give_back(id, ReturnCause::Absent, turn),
            Due::Overflow(id) => self.overflow(id, turn),
            Due::Idle(id) => self.close(id, ClosedBy::Idle, Vec::new(), turn),
            Due::Refusals(id) => {
                if let Some(record) = self.desk.inquiry(id) {
                    let record = InquiryRecord {
                        refused: Vec::new(),
                        forget_at: None,
                        ..record.clone()
                    };
                    turn.touched.insert(record.queue);
                    self.put_inquiry(id, record, turn);
                }
            }
            Due::Hours(id) => {
                let hours = self.desk.queue(id).map(|queue| queue.hours.at(turn.now));
                if let Some(hours) = hours {
                    self.set_open(id, hours, turn);
                }
            }
            Due::Delay(id) => {
                turn.touched.insert(id);
                self.desk.note_routed(id);
            }
        }
    }

    fn offer_is_over(&mut self, id: ConversationId, turn: &mut Turn<'_>) {
        let Some(record) = self.desk.inquiry(id) else {
            return;
        };
        let InquiryState::Offered { agent, until } = record.state else {
            return;
        };
        let found = self.desk.agent(agent).map(|agent| agent.record.stand);
        // An agent who was not there, or while the server was not, missed nothing.
        if until > self.desk.clock.time() || found.is_some_and(|stand| !stand.is_present()) {
            return self.withdraw(id, ReturnCause::Absent, turn);
        }
        let queue = record.queue;
        self.note_step(queue, UserId::SERVER, id, RouteStep::Missed { agent }, turn);
        self.end_offer(id, OfferEnd::Expired, turn);
        let Some(mut stand) = self.desk.agent(agent).map(|agent| agent.record.stand) else {
            return;
        };
        stand.missed = stand.missed.saturating_add(1);
        let is_away = stand.missed >= MISSED_MAX && stand.duty == Duty::On;
        self.put_stand(agent, stand, turn);
        if is_away {
            self.set_duty(agent, Duty::Break, UserId::SERVER, turn);
        }
    }

    fn overflow(&mut self, id: ConversationId, turn: &mut Turn<'_>) {
        let Some(record) = self.desk.inquiry(id) else {
            return;
        };
        let queue = record.queue;
        let config = self.desk.queue(queue).map(|queue| &queue.record.config);
        let to = config.and_then(|config| config.overflow).map(|to| to.queue);
        let to = to.filter(|&to| {
            to != queue
                && self.desk.queue(to).is_some_and(|found| {
                    found.hours.is_open
                        && found.waiting.len() < found.record.config.waiting_max as usize
                })
        });
        let record = InquiryRecord {
            has_overflowed: true,
            ..record.clone()
        };
        self.put_inquiry(id, record, turn);
        if let Some(to) = to {
            self.note_step(
                queue,
                UserId::SERVER,
                id,
                RouteStep::Overflowed { to },
                turn,
            );
            self.move_to(id, to, turn);
            self.tell_visitor(id, turn);
        }
    }

    /// Opens or closes a queue. Offers end when it closes.
    fn set_open(&mut self, queue: ConversationId, hours: QueueHours, turn: &mut Turn<'_>) {
        let is_open = hours.is_open;
        self.make(&Change::QueueHours(queue, hours), turn.batch);
        if !is_open {
            let offered = self.desk.queue(queue).map(|queue| queue.offered.clone());
            for id in offered.into_iter().flatten() {
                self.withdraw(id, ReturnCause::QueueClosed, turn);
            }
        }
        turn.touched.insert(queue);
        turn.batch.publish(Update::DeskChanged { queue });
    }
}
