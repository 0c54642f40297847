//! A desk in memory, with a log from which it is replayed.

use std::time::Duration;

use cairn_core::api::actor::Actor;
use cairn_core::api::batch;
use cairn_core::api::command::{BeginEpoch, Join, NewDevice, OwnerInvite, StreamPast};
use cairn_core::api::desk::{AgentPresence, DeskDue, MakeDeskKey, OpenVisit, VisitorLogin};
use cairn_core::api::update::Update;
use cairn_core::command::Handle;
use cairn_core::record::SecretHash;
use cairn_core::{Batch, By, Command, State};
use cairn_proto::ids::{
    ClientSeq, ConversationId, DeviceId, EpochId, Revision, SendStreamId, Timestamp, UserId,
    VisitorId,
};
use cairn_proto::limits::{ATTR_VALUE_BYTES_MAX, ATTRS_MAX, TAG_BYTES_MAX};
use cairn_proto::model::desk::{
    AgentConfig, AgentInfo, AgentQueue, Duty, InquiryInfo, QueueConfig, QueueInfo, VisitorInquiry,
};
use cairn_proto::secret::DeskSecret;
use cairn_proto::text::{DeviceName, GroupName, Text, UserName};
use cairn_proto::wire::codec::DecodeError;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::desk::{
    CreateQueue, GetInquiry, ListAgents, ListQueues, SetAgent, SetDuty,
};
use cairn_proto::wire::request::session::OpenInquiry;

pub(crate) const OWNER: UserId = UserId::new(1);
pub(crate) const DAY: u64 = 24 * 60 * 60 * 1000;
pub(crate) const KEY: SecretHash = SecretHash([5; 32]);

/// A visitor with the hash of a token.
pub(crate) fn visitor(number: u8) -> (VisitorId, SecretHash) {
    let key = [number; 32];
    let id = u64::from_be_bytes([number; 8]);
    (VisitorId::new(id), SecretHash(key))
}

pub(crate) struct World {
    pub(crate) state: State,
    /// The server's clock.
    pub(crate) now: u64,
    system: u64,
    /// The time that passed by the desk's clock.
    pub(crate) passed: u64,
    log: Vec<Vec<u8>>,
    pub(crate) updates: Vec<Update>,
    pub(crate) inquiries: Vec<ConversationId>,
    seq: u64,
}

impl World {
    /// A server with its owner and this many further users.
    pub(crate) fn new(users: u32) -> Self {
        let mut world = Self {
            state: State::default(),
            now: 0,
            system: 1_000 * DAY,
            passed: 0,
            log: Vec::new(),
            updates: Vec::new(),
            inquiries: Vec::new(),
            seq: 0,
        };
        world.read_clock(0);
        let token = SecretHash([1; 32]);
        let expires_at = Timestamp::new(u64::MAX);
        world.run(OwnerInvite { token, expires_at }).unwrap();
        world.join(token, 1);
        for user in 2..2 + users {
            let invite = SecretHash([2; 32]);
            let life_seconds = 60;
            world
                .run(cairn_core::api::command::Invite {
                    actor: actor(OWNER),
                    token: invite,
                    uses: 1,
                    life_seconds,
                })
                .unwrap();
            world.join(invite, user);
        }
        world.run(BeginEpoch(EpochId::new(1))).unwrap();
        world
    }

    fn join(&mut self, invite: SecretHash, user: u32) {
        self.run(Join {
            invite,
            name: UserName::new(format!("user{user}")).unwrap(),
            password: None,
            device: NewDevice {
                id: DeviceId::new(u64::from(user)),
                name: DeviceName::new("x").unwrap(),
                token: device_token(user),
                stream: SendStreamId::new(9_999),
                push: false,
            },
        })
        .unwrap();
    }

    /// Executes a command in a batch of its own.
    pub(crate) fn run<C: Command>(&mut self, command: C) -> Result<C::Answer, ErrorCode> {
        self.state
            .begin_batch(Revision::new(self.log.len() as u64 + 1));
        let mut batch = Batch::new(0);
        let answer = command.run(&mut self.state, Timestamp::new(self.now), &mut batch);
        self.updates.clear();
        self.updates.extend(batch.drain_updates());
        if answer.is_err() {
            assert!(batch.is_empty(), "a refused command changed something");
        } else {
            self.log.push(batch.into_parts().0);
        }
        answer
    }

    pub(crate) fn set_disk_low(&mut self, is_low: bool) {
        self.state.set_disk_low(is_low);
    }

    pub(crate) fn ask<C: Handle>(&mut self, user: UserId, call: C) -> Result<C::Answer, ErrorCode> {
        self.run(By(actor(user), call))
    }

    pub(crate) fn queue(&mut self, config: QueueConfig) -> ConversationId {
        self.ask(
            OWNER,
            CreateQueue {
                config: config.into(),
            },
        )
        .unwrap()
    }

    pub(crate) fn key(&mut self, queue: ConversationId) {
        self.run(MakeDeskKey {
            actor: actor(OWNER),
            key: KEY,
            secret: DeskSecret::new([6; 32]),
            queue,
            requires_signature: false,
        })
        .unwrap();
    }

    /// Makes a user an agent on duty, who is connected.
    pub(crate) fn agent(&mut self, user: UserId, capacity: u16, queues: &[AgentQueue]) {
        let config = AgentConfig {
            public_name: None,
            capacity,
            queues: queues.to_vec(),
            supervises: Vec::new(),
        };
        self.ask(OWNER, SetAgent { user, config }).unwrap();
        self.present(user, true);
        self.ask(user, SetDuty { duty: Duty::On }).unwrap();
    }

    pub(crate) fn present(&mut self, user: UserId, present: bool) {
        self.run(AgentPresence { user, present }).unwrap();
    }

    /// A visitor says something new.
    pub(crate) fn open(&mut self, number: u8) -> Result<VisitorInquiry, ErrorCode> {
        self.seq += 1;
        self.open_as(number, self.seq)
    }

    /// A visitor says something under a number of a message.
    pub(crate) fn open_as(&mut self, number: u8, seq: u64) -> Result<VisitorInquiry, ErrorCode> {
        self.open_on(0, number, seq)
    }

    /// A process of a visitor, with this send stream, says something.
    pub(crate) fn open_on(
        &mut self,
        stream: u64,
        number: u8,
        seq: u64,
    ) -> Result<VisitorInquiry, ErrorCode> {
        let request = OpenInquiry {
            topic: None,
            page: None,
            attrs: Vec::new(),
            seq: ClientSeq::new(seq),
            text: Text::new("where is it?").unwrap(),
        };
        self.log_in_and_open(SendStreamId::new(stream), visitor(number), request)
    }

    fn log_in_and_open(
        &mut self,
        stream: SendStreamId,
        (visitor, key): (VisitorId, SecretHash),
        request: OpenInquiry,
    ) -> Result<VisitorInquiry, ErrorCode> {
        let login = self.run(VisitorLogin {
            visitor,
            key,
            desk: KEY,
            stream,
            stream_past: StreamPast::New,
            push: true,
        })?;
        let opened = self.run(OpenVisit {
            actor: login.actor,
            key,
            desk: KEY,
            claims: None,
            name: None,
            language: None,
            request,
        })?;
        if !self.inquiries.contains(&opened.conversation) {
            self.inquiries.push(opened.conversation);
        }
        Ok(opened)
    }

    /// A visitor of their own, who says as much about themselves as they may.
    pub(crate) fn open_at_length(&mut self, number: u64) -> VisitorInquiry {
        let mut key = [9; 32];
        key[..8].copy_from_slice(&number.to_be_bytes());
        let page = format!("https://shop.example/{}", "x".repeat(1_000));
        let value = "y".repeat(ATTR_VALUE_BYTES_MAX);
        let attr = |n| {
            let name = format!("attr-{n}");
            (name.parse().unwrap(), value.parse().unwrap())
        };
        let request = OpenInquiry {
            topic: Some("t".repeat(TAG_BYTES_MAX).parse().unwrap()),
            page: Some(page.parse().unwrap()),
            attrs: (0..ATTRS_MAX).map(attr).collect(),
            seq: ClientSeq::new(1),
            text: Text::new("where is it?").unwrap(),
        };
        let who = (VisitorId::new(number), SecretHash(key));
        let stream = SendStreamId::new(0);
        self.log_in_and_open(stream, who, request).unwrap()
    }

    /// A request of a visitor.
    pub(crate) fn visit<C: Handle>(&mut self, number: u8, call: C) -> Result<C::Answer, ErrorCode> {
        let (visitor, _) = visitor(number);
        let actor = Actor {
            user: UserId::VISITOR,
            device: visitor.device(),
            stream: SendStreamId::new(0),
            stream_began: Revision::MAX,
        };
        self.run(By(actor, call))
    }

    /// Moves the time, and does what is due.
    pub(crate) fn pass(&mut self, ms: u64) {
        self.tick(ms);
        self.due();
    }

    /// Moves the time.
    pub(crate) fn tick(&mut self, ms: u64) {
        self.system += ms;
        self.passed += ms;
        self.read_clock(ms);
    }

    /// Sets the system's clock to another time.
    pub(crate) fn jump(&mut self, by_ms: i64) {
        self.system = self.system.saturating_add_signed(by_ms);
        self.read_clock(0);
    }

    fn read_clock(&mut self, elapsed_ms: u64) {
        let elapsed = Duration::from_millis(elapsed_ms);
        let now = self
            .state
            .advance_clock(elapsed, Timestamp::new(self.system));
        self.now = now.get();
    }

    pub(crate) fn is_due(&self) -> bool {
        self.state.is_desk_due(Timestamp::new(self.now))
    }

    pub(crate) fn due(&mut self) {
        for _ in 0..1_000 {
            if !self.is_due() {
                return;
            }
            self.run(DeskDue).unwrap();
        }
        panic!("something is due for ever");
    }

    /// Forgets the state in memory but for the desk's clock, and replays the log.
    pub(crate) fn replay(&mut self) {
        let before = (self.snapshot(), self.state.desk_time());
        self.system = self.now;
        self.state = self.replayed();
        let lost_ms = before.1.get() - self.state.desk_time().get();
        self.read_clock(lost_ms);
        let after = (self.snapshot(), self.state.desk_time());
        assert_eq!(after, before, "the replayed desk is another one");
    }

    fn replayed(&self) -> State {
        let mut state = State::default();
        for (at, payload) in self.log.iter().enumerate() {
            state.begin_batch(Revision::new(at as u64 + 1));
            let applied = batch::replay::<DecodeError>(payload.clone().into(), |change, _| {
                state.apply(&change);
                Ok(())
            });
            applied.unwrap();
        }
        state
    }

    /// A start of the server after a crash.
    pub(crate) fn restart(&mut self) {
        self.crash();
        self.due();
    }

    pub(crate) fn crash(&mut self) {
        let before = self.state.desk_time().get();
        let system = self.system;
        self.replay();
        self.state = self.replayed();
        self.system = system;
        self.read_clock(0);
        self.run(BeginEpoch(EpochId::new(self.log.len() as u64 + 2)))
            .unwrap();
        // Time is lost if the machine's clock was set back.
        let after = self.state.desk_time().get();
        self.passed = (self.passed + after).saturating_sub(before);
    }

    pub(crate) fn info(&mut self, conversation: ConversationId) -> InquiryInfo {
        self.ask(OWNER, GetInquiry { conversation }).unwrap()
    }

    pub(crate) fn infos(&mut self) -> Vec<InquiryInfo> {
        let ids = self.inquiries.clone();
        ids.into_iter().map(|id| self.info(id)).collect()
    }

    pub(crate) fn agents(&mut self) -> Vec<AgentInfo> {
        let (queue, after) = (None, None);
        self.ask(OWNER, ListAgents { queue, after }).unwrap().items
    }

    pub(crate) fn queues(&mut self) -> Vec<QueueInfo> {
        self.ask(OWNER, ListQueues { after: None }).unwrap().items
    }

    fn snapshot(&mut self) -> String {
        format!(
            "{:#?}\n{:#?}\n{:#?}",
            self.infos(),
            self.agents(),
            self.queues()
        )
    }
}

fn device_token(user: u32) -> SecretHash {
    let mut token = [100; 32];
    token[..4].copy_from_slice(&user.to_be_bytes());
    SecretHash(token)
}

pub(crate) fn actor(user: UserId) -> Actor {
    Actor {
        user,
        device: DeviceId::new(u64::from(user.get())),
        stream: SendStreamId::new(0),
        stream_began: Revision::MAX,
    }
}

pub(crate) fn served(queue: ConversationId) -> AgentQueue {
    AgentQueue {
        queue,
        level: 0,
        delay_seconds: 0,
    }
}

pub(crate) fn config(name: &str) -> QueueConfig {
    QueueConfig::new(GroupName::new(name).unwrap())
}
