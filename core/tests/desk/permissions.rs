//! Who may do what at the support desk: a row per request, a column per kind of user who asks. The
//! table documents it, so change it first; on a mismatch the test prints the actual one.

use std::fmt::Write as _;

use cairn_core::Command;
use cairn_core::api::actor::Actor;
use cairn_core::api::command::{GrantFocus, GrantRead};
use cairn_core::command::Handle;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::Draft;
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{
    ClientSeq, ConversationId, LinkId, MsgId, Revision, SendStreamId, UserId, VisitorId,
};
use cairn_proto::model::desk::{AgentConfig, AnswerMode, Duty, InquiryFilter};
use cairn_proto::text::{DeskText, Text};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::desk::{
    AcceptInquiry, AssignInquiry, CloseInquiry, CreateQueue, EndInquiry, EraseVisitor,
    ExplainInquiry, GetInquiry, GetMyDesk, GetRouteRules, JoinInquiry, ListAgents, ListCanned,
    ListDeskKeys, ListInquiries, ListQueues, MyInquiry, OpenBack, RateInquiry, RefuseInquiry,
    RemoveAgent, RemoveQueue, ReopenInquiry, RevokeDeskKey, SetAgent, SetAgentDuty, SetCanned,
    SetDuty, SetInquiryPriority, SetQueue, SetRouteRules, TagInquiry, TakeInquiry, TransferInquiry,
    TransferTarget,
};
use cairn_proto::wire::request::message::{Pin, React};
use cairn_proto::wire::request::people::FindUsers;
use cairn_proto::wire::request::reading::{Ack, MarkRead};

use super::world::{OWNER, World, actor, config, served, visitor};

const TABLE: &str = include_str!("permissions.txt");

const FORMER: UserId = UserId::new(2);
const HOLDER: UserId = UserId::new(3);
const OTHER: UserId = UserId::new(4);
const ELSEWHERE: UserId = UserId::new(5);
const SUPERVISOR: UserId = UserId::new(6);
const USER: UserId = UserId::new(7);

const COLUMNS: [(&str, Asker); 9] = [
    ("own visitor", Asker::Visitor(1)),
    ("other visitor", Asker::Visitor(2)),
    ("holder", Asker::User(HOLDER)),
    ("former holder", Asker::User(FORMER)),
    ("other agent", Asker::User(OTHER)),
    ("elsewhere", Asker::User(ELSEWHERE)),
    ("supervisor", Asker::User(SUPERVISOR)),
    ("admin", Asker::User(OWNER)),
    ("user", Asker::User(USER)),
];

#[derive(Clone, Copy)]
enum Asker {
    Visitor(u8),
    User(UserId),
}

impl Asker {
    fn actor(self) -> Actor {
        match self {
            Self::User(user) => actor(user),
            Self::Visitor(number) => Actor {
                user: UserId::VISITOR,
                device: visitor(number).0.device(),
                stream: SendStreamId::new(0),
                stream_began: Revision::MAX,
            },
        }
    }
}

/// An inquiry that was passed on from one agent to another, and an agent in each relation to it.
struct Scene {
    world: World,
    queue: ConversationId,
    inquiry: ConversationId,
    asker: Asker,
}

impl Scene {
    fn new(asker: Asker) -> Self {
        let mut world = World::new(6);
        let mut sales = config("sales");
        sales.answer = AnswerMode::Assign;
        let queue = world.queue(sales);
        let other = world.queue(config("service"));
        world.key(queue);
        world.agent(FORMER, 5, &[served(queue)]);
        let inquiry = world.open(1).unwrap().conversation;
        for user in [HOLDER, OTHER] {
            world.agent(user, 5, &[served(queue)]);
        }
        world.agent(ELSEWHERE, 5, &[served(other)]);
        let overseer = AgentConfig {
            public_name: None,
            capacity: 5,
            queues: Vec::new(),
            supervises: vec![queue],
        };
        let (user, config) = (SUPERVISOR, overseer);
        world.ask(OWNER, SetAgent { user, config }).unwrap();
        world.present(SUPERVISOR, true);
        world.ask(SUPERVISOR, SetDuty { duty: Duty::On }).unwrap();
        let pass_on = TransferInquiry {
            conversation: inquiry,
            to: TransferTarget::Agent(HOLDER),
            note: DeskText::none(),
        };
        world.ask(FORMER, pass_on).unwrap();
        world.open(2).unwrap();
        Self {
            world,
            queue,
            inquiry,
            asker,
        }
    }

    fn ask<C: Handle>(mut self, call: C) -> Result<(), ErrorCode> {
        let actor = self.asker.actor();
        self.world.run(cairn_core::By(actor, call)).map(drop)
    }

    fn run<C: Command>(mut self, command: impl FnOnce(Actor) -> C) -> Result<(), ErrorCode> {
        let actor = self.asker.actor();
        self.world.run(command(actor)).map(drop)
    }
}

type Row = (&'static str, fn(Scene) -> Result<(), ErrorCode>);

macro_rules! rows {
    ($($name:literal: |$id:ident, $queue:ident| $call:expr;)*) => {
        &[$(($name, |scene| {
            let ($id, $queue) = (scene.inquiry, scene.queue);
            let _ = ($id, $queue);
            scene.ask($call)
        })),*]
    };
}

const ROWS: &[Row] = rows! {
    "MyInquiry": |id, queue| MyInquiry;
    "EndInquiry": |conversation, queue| EndInquiry { conversation };
    "RateInquiry, open": |conversation, queue| RateInquiry {
        conversation, stars: 5, text: DeskText::none() };
    "Send": |conversation, queue| Draft { conversation, seq: ClientSeq::new(70),
        content: Content::new(Body::Text(Text::new("x").unwrap()), Extras::NONE) };
    "Ack": |conversation, queue| Ack { conversation, msgid: MsgId::new(1) };
    "MarkRead": |conversation, queue| MarkRead { conversation, msgid: MsgId::new(1) };
    "Pin": |conversation, queue| Pin { conversation, msgid: MsgId::new(2) };
    "React": |conversation, queue| React {
        conversation, msgid: MsgId::new(2), emoji: "heart".parse().unwrap() };
    "FindUsers": |id, queue| FindUsers { names: Vec::new() };
    "GetInquiry": |conversation, queue| GetInquiry { conversation };
    "ExplainInquiry": |conversation, queue| ExplainInquiry { conversation };
    "AcceptInquiry": |conversation, queue| AcceptInquiry { conversation };
    "RefuseInquiry": |conversation, queue| RefuseInquiry { conversation };
    "TakeInquiry": |conversation, queue| TakeInquiry { conversation };
    "TransferInquiry": |conversation, queue| TransferInquiry { conversation,
        to: TransferTarget::Agent(OTHER), note: DeskText::none() };
    "CloseInquiry": |conversation, queue| CloseInquiry { conversation, tags: Vec::new() };
    "ReopenInquiry, open": |conversation, queue| ReopenInquiry { conversation };
    "TagInquiry": |conversation, queue| TagInquiry {
        conversation, add: Vec::new(), remove: Vec::new() };
    "SetInquiryPriority": |conversation, queue| SetInquiryPriority { conversation, priority: 9 };
    "OpenBack": |conversation, queue| OpenBack { conversation };
    "JoinInquiry": |conversation, queue| JoinInquiry { conversation };
    "AssignInquiry": |conversation, queue| AssignInquiry { conversation, agent: OTHER };
    "GetMyDesk": |id, queue| GetMyDesk { after: None };
    "SetDuty": |id, queue| SetDuty { duty: Duty::Break };
    "ListCanned": |id, queue| ListCanned { prefix: None, after: None };
    "ListInquiries": |id, queue| ListInquiries {
        queue, filter: InquiryFilter::Open, after: None, limit: 50 };
    "ListInquiries, closed": |id, queue| ListInquiries {
        queue, filter: InquiryFilter::Closed, after: None, limit: 50 };
    "SetAgentDuty": |id, queue| SetAgentDuty { user: OTHER, duty: Duty::Off };
    "ListAgents of a queue": |id, queue| ListAgents { queue: Some(queue), after: None };
    "ListAgents": |id, queue| ListAgents { queue: None, after: None };
    "ListQueues": |id, queue| ListQueues { after: None };
    "CreateQueue": |id, queue| CreateQueue { config: config("third").into() };
    "SetQueue": |id, queue| SetQueue { queue, config: config("sales").into() };
    "RemoveQueue, in use": |id, queue| RemoveQueue { queue };
    "SetAgent": |id, queue| SetAgent { user: USER, config: AgentConfig { public_name: None,
        capacity: 1, queues: vec![served(queue)], supervises: Vec::new() } };
    "RemoveAgent": |id, queue| RemoveAgent { user: OTHER };
    "GetRouteRules": |id, queue| GetRouteRules;
    "SetRouteRules": |id, queue| SetRouteRules { rules: Vec::new() };
    "SetCanned": |id, queue| SetCanned {
        name: "hello".parse().unwrap(), text: Some(DeskText::none()) };
    "ListDeskKeys": |id, queue| ListDeskKeys;
    "RevokeDeskKey": |id, queue| RevokeDeskKey { id: LinkId::new(0x0505_0505) };
    "EraseVisitor": |id, queue| EraseVisitor {
        visitor: VisitorId::new(u64::from_be_bytes([1; 8])) };
};

const COMMANDS: &[Row] = &[
    ("Pull", |scene| {
        let conversation = scene.inquiry;
        scene.run(|actor| GrantRead {
            actor,
            conversation,
        })
    }),
    ("Pull the log of the queue", |scene| {
        let conversation = scene.queue;
        scene.run(|actor| GrantRead {
            actor,
            conversation,
        })
    }),
    ("Focus", |scene| {
        let conversation = Some(scene.inquiry);
        scene.run(|actor| GrantFocus {
            actor,
            conversation,
        })
    }),
];

fn table() -> String {
    let cell = |answer: Result<(), ErrorCode>| match answer {
        Ok(()) => "yes".to_owned(),
        Err(code) => format!("{code:?}"),
    };
    let mut table = format!("{:26}", "");
    for (name, _) in COLUMNS {
        write!(table, "{name:15}").unwrap();
    }
    for (name, ask) in ROWS.iter().chain(COMMANDS) {
        table.truncate(table.trim_end().len());
        write!(table, "\n{name:26}").unwrap();
        for (_, asker) in COLUMNS {
            write!(table, "{:15}", cell(ask(Scene::new(asker)))).unwrap();
        }
    }
    table.truncate(table.trim_end().len());
    table.push('\n');
    table
}

#[test]
fn permissions_match_the_table() {
    let found = table();
    assert!(found == TABLE, "the desk has\n{found}");
}
