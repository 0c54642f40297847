//! A random life of a desk.

use std::collections::BTreeMap;

use cairn_core::api::desk::{DeskDue, SetQueueHours};
use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::model::desk::{
    AgentConfig, AgentQueue, AnswerMode, DaySpan, Duty, InquiryState, OfficeHours, Overflow,
    Strategy,
};
use cairn_proto::text::DeskText;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::desk::{
    AcceptInquiry, AssignInquiry, CloseInquiry, EndInquiry, RefuseInquiry, RemoveAgent,
    ReopenInquiry, SetAgent, SetDuty, SetInquiryPriority, TakeInquiry, TransferInquiry,
    TransferTarget,
};

use super::naive::Seen;
use super::world::{DAY, OWNER, World, config};

const AGENTS: u32 = 5;
const VISITORS: u64 = 8;

/// How long agents who are gone keep what they hold.
const ABSENCE_MS: u64 = 10_000;

/// The act that is a crash.
const CRASH: usize = 23;

pub(crate) struct Life {
    seed: u64,
    dice: u64,
    world: World,
    queues: Vec<ConversationId>,
    given: u64,
    /// Agents who are not there: since when, and how long they keep what they have.
    gone: BTreeMap<UserId, (u64, u64)>,
}

impl Life {
    pub(crate) fn new(seed: u64) -> Self {
        let mut life = Self {
            seed,
            dice: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            world: World::new(AGENTS),
            queues: Vec::new(),
            given: 0,
            gone: BTreeMap::new(),
        };
        for name in ["sales", "service"] {
            let mut queue = config(name);
            queue.strategy = [
                Strategy::LeastBusy,
                Strategy::RoundRobin,
                Strategy::LongestIdle,
            ][life.roll(3)];
            queue.answer = [
                AnswerMode::Offer { seconds: 30 },
                AnswerMode::Offer { seconds: 10 },
                AnswerMode::Assign,
                AnswerMode::Manual,
            ][life.roll(4)];
            queue.sticky_days = life.roll(2) as u16;
            queue.idle_close_seconds = [0, 120][life.roll(2)];
            queue.waiting_max = [3, 100][life.roll(2)];
            queue.may_take = life.roll(2) == 0;
            if life.roll(4) == 0 {
                queue.hours = Some(OfficeHours {
                    zone: "Asia/Shanghai".parse().unwrap(),
                    weekly: Vec::new(),
                    days: vec![DaySpan {
                        year: 2026,
                        month: 1,
                        day: 1,
                        from: 0,
                        to: 1440,
                    }],
                });
            }
            if let Some(&other) = life.queues.first().filter(|_| life.dice.is_multiple_of(2)) {
                queue.overflow = Some(Overflow {
                    after_seconds: 40,
                    queue: other,
                });
            }
            let id = life.world.queue(queue);
            life.queues.push(id);
        }
        life.world.key(life.queues[1]);
        for user in 2..2 + AGENTS {
            life.set_agent(UserId::new(user));
            life.world.present(UserId::new(user), true);
            let duty = Duty::On;
            life.world.ask(UserId::new(user), SetDuty { duty }).unwrap();
        }
        life
    }

    pub(crate) const fn given(&self) -> u64 {
        self.given
    }

    pub(crate) fn run(&mut self, steps: usize) {
        let mut before = self.seen();
        for step in 0..steps {
            let act = self.roll(32);
            let by_hand = self.act(act);
            let context = format!("life {}, step {step}, act {act}", self.seed);
            before = self.check(&before, by_hand, &context);
            self.note_gone(&before, act == CRASH, by_hand);
            for _ in 0..1_000 {
                if !self.world.is_due() {
                    break;
                }
                self.world.run(DeskDue).unwrap();
                before = self.check(&before, None, &context);
            }
            assert!(!self.world.is_due(), "{context}: it is due for ever");
            self.check_gone(&before, &context);
        }
    }

    /// Notes who went and who came back. Agents who were there before a crash have a minute.
    fn note_gone(&mut self, seen: &Seen, is_crash: bool, by_hand: Option<ConversationId>) {
        let now = self.world.passed;
        let grace = if is_crash { 60_000 } else { ABSENCE_MS };
        let is_gone = |user| seen.agent(user).is_some_and(|agent| !agent.present);
        self.gone.retain(|&user, _| is_gone(user));
        for agent in seen.agents.iter().filter(|agent| !agent.present) {
            self.gone.entry(agent.user.id).or_insert((now, grace));
        }
        // Who does something by hand begins again.
        let mut inquiries = seen.inquiries.iter();
        let given = inquiries.find(|inquiry| Some(inquiry.conversation) == by_hand);
        let user = given.and_then(|inquiry| inquiry.state.agent());
        if let Some((since, grace)) = user.and_then(|user| self.gone.get_mut(&user)) {
            *grace = grace
                .saturating_sub(now.saturating_sub(*since))
                .max(ABSENCE_MS);
            *since = now;
        }
    }

    /// No agent has anything after the grace, whatever happened to the clocks and the server.
    fn check_gone(&self, seen: &Seen, context: &str) {
        for (&user, &(since, grace)) in &self.gone {
            let has_gone = self.world.passed.saturating_sub(since) >= grace;
            let load = seen.agent(user).map_or(0, |agent| agent.load);
            assert!(
                !has_gone || load == 0,
                "{context}: {user} has {load}, and is gone since {since}, at {}",
                self.world.passed
            );
        }
    }

    /// Checks what a command did.
    fn check(&mut self, before: &Seen, by_hand: Option<ConversationId>, context: &str) -> Seen {
        let after = self.seen();
        let is_due = self.world.is_due();
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            after.check(!is_due);
            after.check_since(before, by_hand)
        }));
        match checked {
            Ok(given) => self.given += given,
            Err(_) => panic!("{context}"),
        }
        after
    }

    fn seen(&mut self) -> Seen {
        Seen {
            now: Timestamp::new(self.world.now),
            inquiries: self.world.infos(),
            agents: self.world.agents(),
            queues: self.world.queues(),
        }
    }

    fn roll(&mut self, sides: u64) -> usize {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        ((self.dice >> 11) % sides) as usize
    }

    fn user(&mut self) -> UserId {
        UserId::new(2 + self.roll(u64::from(AGENTS)) as u32)
    }

    fn set_agent(&mut self, user: UserId) {
        let mut queues = Vec::new();
        for queue in self.queues.clone() {
            if self.roll(4) > 0 {
                queues.push(AgentQueue {
                    queue,
                    level: self.roll(2) as u8,
                    delay_seconds: [0, 0, 15][self.roll(3)],
                });
            }
        }
        let config = AgentConfig {
            public_name: None,
            capacity: 1 + self.roll(3) as u16,
            queues,
            supervises: Vec::new(),
        };
        self.world.ask(OWNER, SetAgent { user, config }).unwrap();
    }

    /// An agent with an inquiry in such a state, if there is one.
    fn with(&mut self, is_held: bool) -> Option<(UserId, ConversationId)> {
        let all = self.world.infos();
        let fitting: Vec<_> = all
            .into_iter()
            .filter_map(|info| match info.state {
                InquiryState::Held { agent, .. } if is_held => Some((agent, info.conversation)),
                InquiryState::Offered { agent, .. } if !is_held => Some((agent, info.conversation)),
                _ => None,
            })
            .collect();
        let at = self.roll(fitting.len().max(1) as u64);
        fitting.get(at).copied()
    }

    fn any(&mut self) -> Option<ConversationId> {
        let at = self.roll(self.world.inquiries.len().max(1) as u64);
        self.world.inquiries.get(at).copied()
    }

    /// Does something. Returns the inquiry that was given by hand.
    #[expect(clippy::too_many_lines, reason = "one arm for each act")]
    fn act(&mut self, act: usize) -> Option<ConversationId> {
        match act {
            0..=5 => {
                let number = 1 + self.roll(VISITORS) as u8;
                match self.world.open(number) {
                    Ok(_) | Err(ErrorCode::QueueClosed | ErrorCode::QueueFull) => {}
                    Err(code) => panic!("{code:?}"),
                }
            }
            6 | 7 => {
                let (user, conversation) = self.with(false)?;
                self.world
                    .ask(user, AcceptInquiry { conversation })
                    .unwrap();
            }
            8 => {
                let (user, conversation) = self.with(false)?;
                self.world
                    .ask(user, RefuseInquiry { conversation })
                    .unwrap();
            }
            9 | 10 => {
                let (user, conversation) = self.with(true)?;
                let tags = Vec::new();
                let close = CloseInquiry { conversation, tags };
                self.world.ask(user, close).unwrap();
            }
            11 => {
                let (user, conversation) = (self.user(), self.any()?);
                return self.by_hand(user, conversation, TakeInquiry { conversation });
            }
            12 => {
                let (user, conversation) = self.with(true)?;
                let to = TransferTarget::Agent(self.user());
                let note = DeskText::none();
                let call = TransferInquiry {
                    conversation,
                    to,
                    note,
                };
                return self.by_hand(user, conversation, call);
            }
            13 => {
                let (user, conversation) = self.with(true)?;
                let to = TransferTarget::Queue(self.queues[self.dice as usize % 2]);
                let note = DeskText::new("look at this").unwrap();
                let call = TransferInquiry {
                    conversation,
                    to,
                    note,
                };
                self.world.ask(user, call).unwrap();
            }
            14 => {
                let conversation = self.any()?;
                let agent = self.user();
                let call = AssignInquiry {
                    conversation,
                    agent,
                };
                return self.by_hand(OWNER, conversation, call);
            }
            15 => {
                let (user, conversation) = (self.user(), self.any()?);
                return self.by_hand(user, conversation, ReopenInquiry { conversation });
            }
            16 => {
                let conversation = self.any()?;
                let priority = self.roll(10) as u8;
                let call = SetInquiryPriority {
                    conversation,
                    priority,
                };
                self.world.ask(OWNER, call).unwrap();
            }
            17 => {
                let conversation = self.any()?;
                let number = self.world.info(conversation).visitor.id.get() as u8;
                self.world
                    .visit(number, EndInquiry { conversation })
                    .unwrap();
            }
            18 | 19 => {
                let user = self.user();
                let present = self.roll(3) > 0;
                if self.world.state.is_agent(user) {
                    self.world.present(user, present);
                }
            }
            20 => {
                let user = self.user();
                let duty = [Duty::On, Duty::On, Duty::Break, Duty::Off][self.roll(4)];
                if self.world.state.is_agent(user) {
                    self.world.ask(user, SetDuty { duty }).unwrap();
                }
            }
            21 => {
                let ms = [500, 9_000, 11_000, 31_000, 70_000][self.roll(5)];
                self.world.tick(ms);
            }
            22 => {
                let days = [-100, -1, 1, 300].map(|days| days * DAY.cast_signed());
                let by_ms = [&[-3_000, 40_000], &days[..]].concat()[self.roll(6)];
                self.world.jump(by_ms);
            }
            CRASH => {
                self.world.crash();
            }
            24 => {
                let user = self.user();
                if self.roll(3) == 0 && self.world.state.is_agent(user) {
                    self.world.ask(OWNER, RemoveAgent { user }).unwrap();
                } else {
                    self.set_agent(user);
                }
            }
            26..=28 => {
                let user = self.user();
                if self.world.state.is_agent(user) {
                    self.world.present(user, true);
                }
            }
            29..=31 => {
                let (user, duty) = (self.user(), Duty::On);
                if self.world.state.is_agent(user) {
                    self.world.ask(user, SetDuty { duty }).unwrap();
                }
            }
            _ => {
                let at = self.roll(2);
                let queue = self.queues[at];
                let from = self.world.now + self.roll(20_000) as u64;
                let spans = vec![(Timestamp::new(from), Timestamp::new(from + 60_000))];
                self.world.run(SetQueueHours { queue, spans }).unwrap();
            }
        }
        None
    }

    fn by_hand<C: cairn_core::command::Handle>(
        &mut self,
        user: UserId,
        conversation: ConversationId,
        call: C,
    ) -> Option<ConversationId> {
        self.world.ask(user, call).ok().map(|_| conversation)
    }
}
