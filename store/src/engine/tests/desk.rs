//! The support desk over checkpoints, evictions, closed and killed engines: an engine that goes
//! through all of them answers as one that holds everything in memory.

use std::path::Path;
use std::time::Duration;

use cairn_proto::ids::{
    ClientSeq, ConversationId, DeviceId, EpochId, Revision, SendStreamId, Timestamp, UserId,
    VisitorId,
};
use cairn_proto::model::desk::{
    AgentConfig, AgentInfo, AgentQueue, AnswerMode, Duty, InquiryFilter, InquiryInfo, QueueConfig,
    QueueInfo,
};
use cairn_proto::secret::DeskSecret;
use cairn_proto::text::DeskText;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::desk::{
    CloseInquiry, CreateQueue, EraseVisitor, GetInquiry, ListAgents, ListInquiries, ListQueues,
    OpenBack, RateInquiry, ReopenInquiry, SetAgent, SetDuty, TakeInquiry, TransferInquiry,
    TransferTarget,
};
use cairn_proto::wire::request::session::OpenInquiry;

use super::super::Engine;
use crate::check::doctor::{self, Depth};
use crate::env::{BackgroundWork, Env};
use crate::testing::SimDisk;
use cairn_core::Command;
use cairn_core::api::actor::Actor;
use cairn_core::api::command::{BeginEpoch, Invite, Join, NewDevice, OwnerInvite, StreamPast};
use cairn_core::api::desk::{AgentPresence, DeskDue, MakeDeskKey, OpenVisit, VisitorLogin};
use cairn_core::command::{By, Handle};
use cairn_core::record::SecretHash;

const DIR: &str = "/data";
const KEY: SecretHash = SecretHash([5; 32]);
const OWNER: UserId = UserId::new(1);
const AGENTS: [UserId; 3] = [UserId::new(2), UserId::new(3), UserId::new(4)];
const VISITORS: u64 = 6;
const SEEDS: u64 = 12;
const STEPS: usize = 150;

/// A machine with an engine, and what may happen to it.
struct Machine {
    disk: SimDisk,
    env: Env,
    engine: Option<Engine>,
}

impl Machine {
    fn new(seed: u64) -> Self {
        let disk = SimDisk::new(seed);
        let env = Env::simulated(&disk, seed);
        let engine = Some(Engine::open_in(&env, Path::new(DIR)).unwrap());
        Self { disk, env, engine }
    }

    fn execute<C: Command>(&mut self, command: C, now: u64) -> Result<C::Answer, ErrorCode> {
        let engine = self.engine.as_mut().unwrap();
        let time = engine.state().desk_time().get();
        let elapsed = Duration::from_millis(now - time);
        let now = engine.advance_clock(elapsed, Timestamp::new(now));
        let answer = engine.execute(command, now);
        engine.commit().unwrap();
        answer
    }

    fn join(&mut self, invite: SecretHash, user: UserId, now: u64) {
        let id = u64::from(user.get());
        let device = NewDevice {
            id: DeviceId::new(id),
            name: "desk".parse().unwrap(),
            token: SecretHash([100 + id as u8; 32]),
            stream: SendStreamId::new(9_999),
            push: false,
        };
        let join = Join {
            invite,
            name: format!("user{user}").parse().unwrap(),
            password: None,
            device,
        };
        self.execute(join, now).unwrap();
    }

    /// A checkpoint, of which `steps` parts are done.
    fn checkpoint(&mut self, steps: usize) {
        let engine = self.engine.as_mut().unwrap();
        self.env.clock().advance(crate::limits::CHECKPOINT_AGE_MAX);
        engine.maintain().unwrap();
        for _ in 0..steps {
            if !engine.step(BackgroundWork::Checkpoint) {
                break;
            }
        }
        engine.maintain().unwrap();
    }

    fn close(&mut self) {
        self.engine.take().unwrap().close().unwrap();
        self.open();
    }

    fn cut_power(&mut self) {
        self.engine = None;
        self.disk.crash();
        self.open();
    }

    fn open(&mut self) {
        self.engine = Some(Engine::open_in(&self.env, Path::new(DIR)).unwrap());
    }
}

/// Two machines that get the same commands.
struct Pair {
    steady: Machine,
    restless: Machine,
    dice: u64,
    now: u64,
    seq: u64,
    queues: Vec<ConversationId>,
    inquiries: Vec<ConversationId>,
}

fn actor(user: UserId) -> Actor {
    Actor {
        user,
        device: DeviceId::new(u64::from(user.get())),
        stream: SendStreamId::new(0),
        stream_began: Revision::MAX,
    }
}

/// The key of a visitor, and their id.
fn visitor(number: u64) -> (SecretHash, VisitorId) {
    let mut key = [7; 32];
    key[..8].copy_from_slice(&number.to_be_bytes());
    (SecretHash(key), VisitorId::new(number))
}

/// Everything that an admin can see.
#[derive(Debug, PartialEq)]
struct Seen {
    inquiries: Vec<Result<InquiryInfo, ErrorCode>>,
    closed: Vec<InquiryInfo>,
    open: Vec<InquiryInfo>,
    agents: Vec<AgentInfo>,
    queues: Vec<QueueInfo>,
}

impl Pair {
    fn new(seed: u64) -> Self {
        let mut pair = Self {
            steady: Machine::new(seed),
            restless: Machine::new(seed + 1_000),
            dice: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            now: 1_000_000,
            seq: 0,
            queues: Vec::new(),
            inquiries: Vec::new(),
        };
        pair.set_up();
        pair
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % sides
    }

    fn run<C: Command + Clone>(&mut self, command: C) -> Result<C::Answer, ErrorCode>
    where
        C::Answer: std::fmt::Debug + PartialEq,
    {
        let steady = self.steady.execute(command.clone(), self.now);
        let restless = self.restless.execute(command, self.now);
        assert_eq!(steady, restless);
        steady
    }

    fn ask<C: Handle + Clone>(&mut self, user: UserId, call: C) -> Result<C::Answer, ErrorCode>
    where
        C::Answer: std::fmt::Debug + PartialEq,
    {
        let steady = self.steady.execute(By(actor(user), call.clone()), self.now);
        let restless = self.restless.execute(By(actor(user), call), self.now);
        assert_eq!(steady, restless);
        steady
    }

    /// A request of a visitor. Its answer may say how long others waited, which is not stored.
    fn visit<C: Command + Clone>(&mut self, command: C) -> Result<C::Answer, ErrorCode> {
        let restless = self.restless.execute(command.clone(), self.now);
        let steady = self.steady.execute(command, self.now);
        assert_eq!(steady.as_ref().err(), restless.as_ref().err());
        steady
    }

    fn set_up(&mut self) {
        for machine in [&mut self.steady, &mut self.restless] {
            let now = self.now;
            machine.execute(BeginEpoch(EpochId::new(1)), now).unwrap();
            let token = SecretHash([1; 32]);
            let expires_at = Timestamp::new(u64::MAX);
            machine
                .execute(OwnerInvite { token, expires_at }, now)
                .unwrap();
            machine.join(token, OWNER, now);
            let token = SecretHash([2; 32]);
            let invite = Invite {
                actor: actor(OWNER),
                token,
                uses: 9,
                life_seconds: 60,
            };
            machine.execute(invite, now).unwrap();
            for user in AGENTS {
                machine.join(token, user, now);
            }
        }
        for name in ["sales", "service"] {
            let mut config = QueueConfig::new(name.parse().unwrap());
            config.answer = [AnswerMode::Assign, AnswerMode::Manual][self.roll(2) as usize];
            config.may_take = true;
            let config = config.into();
            let queue = self.ask(OWNER, CreateQueue { config }).unwrap();
            self.queues.push(queue);
        }
        let key = MakeDeskKey {
            actor: actor(OWNER),
            key: KEY,
            secret: DeskSecret::new([6; 32]),
            queue: self.queues[0],
            requires_signature: false,
        };
        self.run(key).unwrap();
        for user in AGENTS {
            let served = |queue| AgentQueue {
                queue,
                level: 0,
                delay_seconds: 0,
            };
            let config = AgentConfig {
                public_name: None,
                capacity: 2,
                queues: self.queues.iter().copied().map(served).collect(),
                supervises: Vec::new(),
            };
            self.ask(OWNER, SetAgent { user, config }).unwrap();
            let present = true;
            self.run(AgentPresence { user, present }).unwrap();
            self.ask(user, SetDuty { duty: Duty::On }).unwrap();
        }
    }

    fn opens(&mut self) {
        let (key, visitor) = visitor(1 + self.roll(VISITORS));
        self.seq += 1;
        let (stream, stream_past) = (SendStreamId::new(0), StreamPast::New);
        let (desk, push) = (KEY, true);
        let login = VisitorLogin {
            visitor,
            key,
            desk,
            stream,
            stream_past,
            push,
        };
        self.visit(login).unwrap();
        let request = OpenInquiry {
            topic: None,
            page: None,
            attrs: Vec::new(),
            seq: ClientSeq::new(self.seq),
            text: format!("question {}", self.seq).parse().unwrap(),
        };
        let open = OpenVisit {
            actor: visitor_actor(visitor),
            key,
            desk: KEY,
            claims: None,
            name: Some(format!("visitor {visitor}").parse().unwrap()),
            language: None,
            request,
        };
        let opened = self.visit(open).unwrap();
        if !self.inquiries.contains(&opened.conversation) {
            self.inquiries.push(opened.conversation);
        }
    }

    fn any(&mut self) -> Option<ConversationId> {
        let count = self.inquiries.len() as u64;
        let at = self.roll(count.max(1)) as usize;
        self.inquiries.get(at).copied()
    }

    /// One thing that visitors or agents do, or that is due.
    fn step(&mut self) {
        self.now += self.roll(2_000);
        let user = AGENTS[self.roll(3) as usize];
        let Some(conversation) = self.any() else {
            return self.opens();
        };
        match self.roll(12) {
            0..=2 => self.opens(),
            3 => {
                let _ = self.ask(user, TakeInquiry { conversation });
            }
            4..=6 => {
                let tags = vec!["done".parse().unwrap()];
                let _ = self.ask(OWNER, CloseInquiry { conversation, tags });
            }
            7 => {
                let _ = self.ask(user, ReopenInquiry { conversation });
            }
            8 => {
                let at = self.roll(2) as usize;
                let to = TransferTarget::Queue(self.queues[at]);
                let note = DeskText::new("a note").unwrap();
                let call = TransferInquiry {
                    conversation,
                    to,
                    note,
                };
                let _ = self.ask(OWNER, call);
            }
            9 => {
                let info = self.ask(OWNER, GetInquiry { conversation });
                let Ok(info) = info else { return };
                let (stars, text) = (5, DeskText::new("fine").unwrap());
                let rate = RateInquiry {
                    conversation,
                    stars,
                    text,
                };
                let _ = self.visit(By(visitor_actor(info.visitor.id), rate));
            }
            10 if self.roll(3) == 0 => {
                let (_, visitor) = visitor(1 + self.roll(VISITORS));
                let _ = self.ask(OWNER, EraseVisitor { visitor });
            }
            10 => {
                let _ = self.ask(user, OpenBack { conversation });
            }
            _ => {
                let present = self.roll(3) > 0;
                self.run(AgentPresence { user, present }).unwrap();
            }
        }
        self.due();
    }

    /// Does what is due, on both.
    fn due(&mut self) {
        for _ in 0..100 {
            let now = Timestamp::new(self.now);
            let is_due = |machine: &Machine| {
                let engine = machine.engine.as_ref().unwrap();
                engine.state().is_desk_due(now)
            };
            let steady = is_due(&self.steady);
            assert_eq!(steady, is_due(&self.restless));
            if !steady {
                return;
            }
            self.run(DeskDue).unwrap();
        }
        panic!("something is due for ever");
    }

    fn seen(
        machine: &mut Machine,
        inquiries: &[ConversationId],
        queues: &[ConversationId],
        now: u64,
    ) -> Seen {
        let inquiry = |machine: &mut Machine, conversation| {
            machine.execute(By(actor(OWNER), GetInquiry { conversation }), now)
        };
        let list = |machine: &mut Machine, filter| {
            let mut all = Vec::new();
            for &queue in queues {
                let (mut after, limit) = (None, 4);
                loop {
                    let list = ListInquiries {
                        queue,
                        filter,
                        after,
                        limit,
                    };
                    let page = machine.execute(By(actor(OWNER), list), now).unwrap();
                    all.extend(page.items);
                    after = page.next_after;
                    if after.is_none() {
                        break;
                    }
                }
            }
            all
        };
        let (queue, after) = (None, None);
        let agents = By(actor(OWNER), ListAgents { queue, after });
        let queues = By(actor(OWNER), ListQueues { after: None });
        Seen {
            closed: list(machine, InquiryFilter::Closed),
            open: list(machine, InquiryFilter::Open),
            inquiries: inquiries.iter().map(|&id| inquiry(machine, id)).collect(),
            agents: machine.execute(agents, now).unwrap().items,
            queues: machine.execute(queues, now).unwrap().items,
        }
    }

    fn compare(&mut self) -> usize {
        let Self {
            steady,
            restless,
            inquiries,
            queues,
            now,
            ..
        } = self;
        // The restless one first: nothing of the list is in its memory.
        let restless = Self::seen(restless, inquiries, queues, *now);
        let steady = Self::seen(steady, inquiries, queues, *now);
        assert_eq!(restless, steady);
        assert!(steady.closed.iter().all(|info| info.head.get() > 0));
        steady.closed.len()
    }
}

fn visitor_actor(visitor: VisitorId) -> Actor {
    Actor {
        user: UserId::VISITOR,
        device: visitor.device(),
        stream: SendStreamId::new(0),
        stream_began: Revision::MAX,
    }
}

#[test]
fn desk_is_the_same_whatever_is_in_memory() {
    let mut most_closed = 0;
    for seed in 0..SEEDS {
        println!("seed {seed}");
        let mut pair = Pair::new(seed);
        for _ in 0..STEPS {
            pair.step();
            match pair.roll(12) {
                0 | 1 => pair.restless.checkpoint(usize::MAX),
                2 => {
                    let steps = pair.roll(4) as usize;
                    pair.restless.checkpoint(steps);
                }
                3 => pair.restless.close(),
                4 => pair.restless.cut_power(),
                _ => {}
            }
            most_closed = pair.compare().max(most_closed);
        }
        pair.restless.close();
        pair.restless.engine = None;
        let env = &pair.restless.env;
        doctor::check_in(env, Path::new(DIR), Depth::Hashes, &mut |_| ()).unwrap();
    }
    assert!(most_closed > 8, "only {most_closed} were closed at once");
}
