//! Many inquiries that wait, and all agents at once: on the state machine alone, without a server,
//! which would first have to admit as many visitors.

use std::time::{Duration, Instant};

use cairn_core::api::actor::Actor;
use cairn_core::api::command::{Invite, Join, NewDevice, OwnerInvite, StreamPast};
use cairn_core::api::desk::{
    AgentPresence, DeskDue, MakeDeskKey, OpenVisit, SetQueueHours, VisitorLogin,
};
use cairn_core::command::Handle;
use cairn_core::record::SecretHash;
use cairn_core::{Batch, By, Command, State};
use cairn_proto::ids::{
    ClientSeq, ConversationId, DeviceId, Revision, SendStreamId, Timestamp, UserId, VisitorId,
};
use cairn_proto::limits::{INVITE_USES_MAX, WAITING_MAX};
use cairn_proto::model::desk::{AgentConfig, AgentQueue, Duty, OfficeHours, QueueConfig, WeekSpan};
use cairn_proto::secret::DeskSecret;
use cairn_proto::text::{DeviceName, GroupName, Text, UserName};
use cairn_proto::wire::request::desk::{CreateQueue, SetAgent, SetDuty};
use cairn_proto::wire::request::session::OpenInquiry;
use serde::Serialize;

use crate::error::{BenchError, Result};
use crate::latency::Latencies;
use crate::watcher::Watcher;

/// Inquiries for each agent.
const INQUIRIES_PER_AGENT: u32 = 100;

/// Inquiries at once that an agent may have.
const CAPACITY: u16 = 5;

const OWNER: UserId = UserId::new(1);
const KEY: SecretHash = SecretHash([1; 32]);

/// What the commands of one kind did.
#[derive(Debug, Serialize)]
pub(super) struct Stage {
    stage: &'static str,
    commands: u64,
    /// Inquiries that were offered to agents.
    given: u64,
    /// Of one command, at most.
    given_max: u64,
    visited_max: u64,
    command_ms: Latencies,
}

/// A desk in memory.
struct Desk {
    state: State,
    now: u64,
    revision: u64,
    queue: ConversationId,
}

impl Stage {
    fn new(stage: &'static str) -> Self {
        Self {
            stage,
            commands: 0,
            given: 0,
            given_max: 0,
            visited_max: 0,
            command_ms: Latencies::default(),
        }
    }

    fn run<C: Command>(&mut self, desk: &mut Desk, command: C) -> Result<C::Answer> {
        let before = desk.state.desk_metrics();
        let began = Instant::now();
        let answer = desk.run(command)?;
        self.command_ms.record(began.elapsed());
        let after = desk.state.desk_metrics();
        let given = after.steps - before.steps;
        self.commands += 1;
        self.given += given;
        self.given_max = self.given_max.max(given);
        self.visited_max = self.visited_max.max(after.visited - before.visited);
        Ok(answer)
    }
}

/// Lets inquiries wait. Then all agents come on duty one after the other; and, on another desk,
/// the queue opens for agents who are all on duty.
pub(super) fn run(waiting: u32, watcher: &Watcher) -> Result<Vec<Stage>> {
    let agents = (waiting / INQUIRIES_PER_AGENT).max(1);
    let users = || (2..2 + agents).map(UserId::new);
    let stages = [
        "inquiry that comes",
        "agent who comes on duty",
        "what was left to do",
    ];
    let [mut opened, mut duties, mut left] = stages.map(Stage::new);
    let mut desk = Desk::new(agents, None)?;
    desk.fill(waiting, &mut opened, watcher)?;
    for user in users() {
        duties.run(&mut desk, By(actor(user), SetDuty { duty: Duty::On }))?;
    }
    desk.settle(&mut left)?;

    let stages = ["queue that opens", "what was left to do after it"];
    let [mut opening, mut after] = stages.map(Stage::new);
    let hours = OfficeHours {
        zone: "UTC".parse()?,
        weekly: vec![WeekSpan {
            day: 0,
            from: 0,
            to: 1,
        }],
        days: Vec::new(),
    };
    let mut desk = Desk::new(agents, Some(hours))?;
    desk.fill(waiting, &mut Stage::new(""), watcher)?;
    for user in users() {
        desk.run(By(actor(user), SetDuty { duty: Duty::On }))?;
    }
    let spans = vec![(Timestamp::new(desk.now), Timestamp::new(u64::MAX))];
    let queue = desk.queue;
    opening.run(&mut desk, SetQueueHours { queue, spans })?;
    desk.settle(&mut after)?;
    Ok(vec![opened, duties, left, opening, after])
}

impl Desk {
    /// A queue, and agents who are connected and off duty.
    fn new(agents: u32, hours: Option<OfficeHours>) -> Result<Self> {
        let mut desk = Self {
            state: State::default(),
            now: 1_800_000_000_000,
            revision: 0,
            queue: ConversationId::new(0),
        };
        let (token, expires_at) = (SecretHash([2; 32]), Timestamp::new(u64::MAX));
        desk.run(OwnerInvite { token, expires_at })?;
        desk.join(token, OWNER)?;
        let config = QueueConfig {
            waiting_max: WAITING_MAX,
            hours,
            ..QueueConfig::new(GroupName::new("queue")?)
        };
        let create = CreateQueue {
            config: config.into(),
        };
        let queue = desk.ask(create)?;
        desk.queue = queue;
        desk.run(MakeDeskKey {
            actor: actor(OWNER),
            key: KEY,
            secret: DeskSecret::new([3; 32]),
            queue,
            requires_signature: false,
        })?;
        let invite = Invite {
            actor: actor(OWNER),
            token: SecretHash([4; 32]),
            uses: INVITE_USES_MAX,
            life_seconds: 60 * 60,
        };
        let token = invite.token;
        desk.run(invite)?;
        for user in (2..2 + agents).map(UserId::new) {
            desk.join(token, user)?;
            let config = AgentConfig {
                public_name: None,
                capacity: CAPACITY,
                queues: vec![AgentQueue {
                    queue,
                    level: 0,
                    delay_seconds: 0,
                }],
                supervises: Vec::new(),
            };
            desk.ask(SetAgent { user, config })?;
            let present = true;
            desk.run(AgentPresence { user, present })?;
        }
        Ok(desk)
    }

    fn join(&mut self, invite: SecretHash, user: UserId) -> Result<()> {
        let device = NewDevice {
            id: DeviceId::new(u64::from(user.get())),
            name: DeviceName::new("bench")?,
            token: hash_of(u64::from(user.get())),
            stream: SendStreamId::new(1),
            push: false,
        };
        self.run(Join {
            invite,
            name: UserName::new(format!("agent-{user}"))?,
            password: None,
            device,
        })?;
        Ok(())
    }

    /// Lets visitors ask.
    fn fill(&mut self, waiting: u32, opened: &mut Stage, watcher: &Watcher) -> Result<()> {
        let text = Text::new("where is it?")?;
        for number in 0..u64::from(waiting) {
            if number % 1_000 == 0 {
                watcher.tell(|| format!("{number} of {waiting} inquiries wait"));
            }
            let key = hash_of(number);
            let login = self.run(VisitorLogin {
                visitor: VisitorId::new(number),
                key,
                desk: KEY,
                stream: SendStreamId::new(1),
                stream_past: StreamPast::New,
                push: false,
            })?;
            let open = OpenVisit {
                actor: login.actor,
                key,
                desk: KEY,
                claims: None,
                name: None,
                language: None,
                request: OpenInquiry {
                    topic: None,
                    page: None,
                    attrs: Vec::new(),
                    seq: ClientSeq::new(1),
                    text: text.clone(),
                },
            };
            opened.run(self, open)?;
        }
        Ok(())
    }

    /// Does what routing left to do.
    fn settle(&mut self, stage: &mut Stage) -> Result<()> {
        while self.state.is_desk_due(Timestamp::new(self.now)) {
            stage.run(self, DeskDue)?;
        }
        Ok(())
    }

    fn ask<C: Handle>(&mut self, call: C) -> Result<C::Answer> {
        self.run(By(actor(OWNER), call))
    }

    /// Executes a command in a batch of its own.
    fn run<C: Command>(&mut self, command: C) -> Result<C::Answer> {
        self.revision += 1;
        self.now += 1;
        self.state.begin_batch(Revision::new(self.revision));
        let mut batch = Batch::new(0);
        let elapsed = Duration::from_millis(1);
        let now = self.state.advance_clock(elapsed, Timestamp::new(self.now));
        let answer = command.run(&mut self.state, now, &mut batch);
        answer.map_err(BenchError::Refused)
    }
}

/// A hash whose first eight bytes are a number.
fn hash_of(number: u64) -> SecretHash {
    let mut hash = [9; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    SecretHash(hash)
}

fn actor(user: UserId) -> Actor {
    Actor {
        user,
        device: DeviceId::new(u64::from(user.get())),
        stream: SendStreamId::new(1),
        stream_began: Revision::MAX,
    }
}
