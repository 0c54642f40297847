//! The support desk.

mod requests;

use cairn_proto::ids::{ConversationId, LinkId, MsgId, Timestamp, VisitorId};
use cairn_proto::model::desk::{
    AgentConfig, AgentInfo, AgentQueue, AnswerMode, Attr, AttrTest, Candidate, CandidateReason,
    Canned, ClosedBy, DaySpan, DeskEntry, DeskInfo, DeskKeyInfo, DeskUpdate, Duty,
    ExplainedInquiry, InquiryFilter, InquiryInfo, InquiryPage, InquiryPlace, InquiryState, MyDesk,
    Offer, OfferEnd, OfficeHours, Overflow, QueueConfig, QueueCounts, QueueInfo, Rating,
    ReturnCause, RouteCondition, RouteEntry, RouteRule, RouteStep, Strategy, Verdict, VisitorInfo,
    VisitorInquiry, VisitorState, WeekSpan,
};
use cairn_proto::secret::{DeskKey, VisitorToken};
use cairn_proto::text::DeskText;
use cairn_proto::wire::event::Update;
use cairn_proto::wire::hello::{Capabilities, Credentials, VisitorCredentials, VisitorWelcome};
use cairn_proto::wire::response::ServerFrame;

use super::Samples;
use super::overview::moment;
use super::values::{ALICE, BOB, CAROL, DIRECT, GROUP, MESSAGE, NOON, group_name, user};

pub(super) const QUEUE: ConversationId = ConversationId::new(76);
pub(super) const INQUIRY: ConversationId = ConversationId::new(70_000);
pub(super) const VISITOR: VisitorId = VisitorId::new(0x0123_4567_89ab_cdef);

pub(super) fn add_all(samples: &mut Samples) {
    add_queues(samples);
    add_agents(samples);
    add_inquiries(samples);
    add_visitors(samples);
    add_rules(samples);
    add_log(samples);
    add_explained(samples);
    requests::add_all(samples);
}

fn desk_text(raw: &str) -> DeskText {
    raw.parse().unwrap()
}

pub(super) fn config() -> QueueConfig {
    QueueConfig {
        strategy: Strategy::LongestIdle,
        answer: AnswerMode::Offer { seconds: 300 },
        hours: Some(OfficeHours {
            zone: "Asia/Shanghai".parse().unwrap(),
            weekly: vec![WeekSpan {
                day: 6,
                from: 540,
                to: 1440,
            }],
            days: vec![DaySpan {
                year: 2026,
                month: 12,
                day: 25,
                from: 0,
                to: 0,
            }],
        }),
        greeting: desk_text("你好"),
        offline: desk_text("back at nine"),
        takes_messages: false,
        topics: vec!["after sale".parse().unwrap()],
        waiting_max: 70_000,
        overflow: Some(Overflow {
            after_seconds: 300,
            queue: GROUP,
        }),
        sticky_days: 251,
        idle_close_seconds: 86_400,
        absence_seconds: 600,
        may_take: true,
        retention_days: 365,
        ..QueueConfig::new(group_name())
    }
}

fn counts() -> QueueCounts {
    QueueCounts {
        queue: QUEUE,
        waiting: 251,
        offered: 3,
        held: 70_000,
        left: 4,
        on_duty: 300,
        ready: 6,
        oldest_waiting_since: Some(NOON),
        is_open: true,
    }
}

pub(super) fn queue_info() -> QueueInfo {
    QueueInfo {
        config: config(),
        counts: counts(),
    }
}

pub(super) fn desk_key() -> DeskKeyInfo {
    DeskKeyInfo {
        id: LinkId::new(0x9f86_d081),
        queue: QUEUE,
        requires_signature: true,
        created_at: NOON,
    }
}

fn add_queues(samples: &mut Samples) {
    samples.add(vec![
        Strategy::LeastBusy,
        Strategy::RoundRobin,
        Strategy::LongestIdle,
    ]);
    samples.add(vec![
        AnswerMode::Assign,
        AnswerMode::Offer { seconds: 30 },
        AnswerMode::Manual,
    ]);
    let hours = config().hours.unwrap();
    samples.add(hours.weekly.clone());
    samples.add(hours.days.clone());
    samples.add(vec![hours]);
    samples.add(vec![config().overflow.unwrap()]);
    samples.add(vec![config(), QueueConfig::new(group_name())]);
    samples.add(vec![counts()]);
    samples.add(vec![queue_info()]);
    samples.add(vec![desk_key()]);
}

pub(super) fn agent_config() -> AgentConfig {
    AgentConfig {
        public_name: Some("Li from the shop".parse().unwrap()),
        capacity: 5,
        queues: vec![AgentQueue {
            queue: QUEUE,
            level: 1,
            delay_seconds: 300,
        }],
        supervises: vec![GROUP],
    }
}

pub(super) fn agent() -> AgentInfo {
    AgentInfo {
        user: user(),
        config: agent_config(),
        duty: Duty::Break,
        present: true,
        load: 3,
        missed: 2,
        given_at: NOON,
    }
}

pub(super) fn my_desk() -> MyDesk {
    MyDesk {
        agent: agent(),
        offers: vec![offer()],
        held: vec![info()],
        next_after: Some(INQUIRY),
        queues: vec![queue_info()],
    }
}

fn offer() -> Offer {
    Offer {
        info: info(),
        first: desk_text("where is my order?"),
    }
}

fn add_agents(samples: &mut Samples) {
    samples.add(vec![Duty::Off, Duty::Break, Duty::On]);
    samples.add(agent_config().queues);
    samples.add(vec![agent_config()]);
    samples.add(vec![agent()]);
    samples.add(vec![offer()]);
    let ends = [
        OfferEnd::Accepted,
        OfferEnd::Refused,
        OfferEnd::Expired,
        OfferEnd::Withdrawn,
    ];
    samples.add(ends.to_vec());
    samples.add(vec![my_desk()]);
    let updates = vec![
        DeskUpdate::Offer(Box::new(offer())),
        DeskUpdate::OfferGone {
            conversation: INQUIRY,
            why: OfferEnd::Expired,
        },
        DeskUpdate::Duty {
            duty: Duty::Break,
            is_forced: true,
        },
        DeskUpdate::Inquiry(Box::new(info())),
        DeskUpdate::Counts(vec![counts()]),
        DeskUpdate::Agent(Some(Box::new(agent()))),
        DeskUpdate::Agent(None),
    ];
    samples.add(vec![Update::Desk(updates[1].clone())]);
    samples.add(updates);
}

fn states() -> Vec<InquiryState> {
    vec![
        InquiryState::Waiting,
        InquiryState::Offered {
            agent: BOB,
            until: NOON,
        },
        InquiryState::Held {
            agent: CAROL,
            since: NOON,
        },
        InquiryState::Left,
        InquiryState::Closed {
            at: NOON,
            by: ClosedBy::Agent(ALICE),
        },
    ]
}

pub(super) fn info() -> InquiryInfo {
    InquiryInfo {
        conversation: INQUIRY,
        queue: QUEUE,
        state: states()[1],
        priority: 9,
        visitor: visitor(),
        opened_at: NOON,
        waiting_since: Timestamp::new(NOON.get() + 1),
        first_reply_at: Some(NOON),
        tags: vec!["refund".parse().unwrap()],
        rating: Some(rating()),
        refused: vec![ALICE],
        last_agent: Some(CAROL),
        back: Some(DIRECT),
        head: MESSAGE,
    }
}

fn rating() -> Rating {
    Rating {
        stars: 5,
        text: desk_text("quick"),
        at: NOON,
    }
}

pub(super) fn page() -> InquiryPage {
    InquiryPage {
        items: vec![info()],
        next_after: Some(InquiryPlace {
            at: NOON,
            conversation: INQUIRY,
        }),
    }
}

fn add_inquiries(samples: &mut Samples) {
    samples.add(states());
    samples.add(vec![
        ClosedBy::Visitor,
        ClosedBy::Agent(BOB),
        ClosedBy::Idle,
    ]);
    samples.add(page().next_after.into_iter().collect());
    samples.add(vec![rating()]);
    samples.add(vec![info()]);
    samples.add(vec![
        InquiryFilter::Open,
        InquiryFilter::Waiting,
        InquiryFilter::Held,
        InquiryFilter::Left,
        InquiryFilter::Closed,
    ]);
    samples.add(vec![page()]);
}

fn visitor() -> VisitorInfo {
    VisitorInfo {
        id: VISITOR,
        name: Some("Ming".parse().unwrap()),
        sub: Some("customer 42".parse().unwrap()),
        attrs: vec![Attr {
            name: "orders".parse().unwrap(),
            value: "7".parse().unwrap(),
            is_signed: true,
        }],
        language: Some("zh-TW".parse().unwrap()),
        page: Some("https://shop.example/cart#pay".parse().unwrap()),
        topic: Some("after sale".parse().unwrap()),
    }
}

fn desk() -> DeskInfo {
    DeskInfo {
        queue: QUEUE,
        name: group_name(),
        is_open: true,
        greeting: desk_text("你好"),
        offline: DeskText::none(),
        takes_messages: true,
        topics: vec!["after sale".parse().unwrap()],
    }
}

pub(super) fn own() -> VisitorInquiry {
    VisitorInquiry {
        conversation: INQUIRY,
        queue: group_name(),
        state: VisitorState::Waiting {
            place: 251,
            about_seconds: Some(300),
        },
        head: MESSAGE,
        floor: MsgId::ZERO,
        read: MsgId::new(3),
        delivered: MsgId::new(4),
    }
}

fn add_visitors(samples: &mut Samples) {
    samples.add(visitor().attrs);
    samples.add(vec![visitor()]);
    samples.add(vec![desk()]);
    samples.add(vec![
        own().state,
        VisitorState::Answered {
            agent: BOB,
            name: "Li from the shop".parse().unwrap(),
        },
        VisitorState::Left,
        VisitorState::Closed { may_rate: true },
    ]);
    samples.add(vec![own()]);
    let credentials = VisitorCredentials {
        key: DeskKey::new([0xa5; 16]),
        token: VisitorToken::new(std::array::from_fn(|i| 0x40 + i as u8)),
        identity: Some("eyJzdWIiOiI0MiJ9.bWFj".parse().unwrap()),
        name: Some("Ming".parse().unwrap()),
        language: Some("zh-TW".parse().unwrap()),
    };
    samples.add(vec![credentials.clone()]);
    samples.add(vec![Credentials::Visitor(Box::new(credentials))]);
    let welcome = VisitorWelcome {
        capabilities: Capabilities::new(0x81),
        visitor: VISITOR,
        now: NOON,
        as_of: moment(),
        desk: desk(),
        inquiry: Some(own()),
    };
    samples.add(vec![welcome.clone()]);
    samples.add(vec![ServerFrame::Visiting(Box::new(welcome))]);
    samples.add(vec![
        Update::Inquiry(own()),
        Update::Waiting {
            place: 300,
            about_seconds: None,
        },
    ]);
}

fn conditions() -> Vec<RouteCondition> {
    let name = || "orders".parse().unwrap();
    vec![
        RouteCondition::Topic("after sale".parse().unwrap()),
        RouteCondition::PagePrefix("https://shop.example/".parse().unwrap()),
        RouteCondition::Attr {
            name: name(),
            test: AttrTest::Above(0),
        },
        RouteCondition::Language("zh".parse().unwrap()),
    ]
}

pub(super) fn rule() -> RouteRule {
    RouteRule {
        when: conditions(),
        queue: QUEUE,
        priority: 7,
    }
}

pub(super) fn canned() -> Canned {
    Canned {
        name: "hello".parse().unwrap(),
        text: desk_text("您好,有什么可以帮您?"),
    }
}

fn add_rules(samples: &mut Samples) {
    samples.add(vec![
        AttrTest::Exists,
        AttrTest::Equals("gold".parse().unwrap()),
        AttrTest::Above(-1),
        AttrTest::Below(i64::MAX),
    ]);
    samples.add(conditions());
    samples.add(vec![rule()]);
    samples.add(vec![canned()]);
}

fn steps() -> Vec<RouteStep> {
    let (agent, waited_ms, why) = (BOB, 70_000, ReturnCause::Absent);
    vec![
        RouteStep::Opened {
            priority: 4,
            rule: Some(251),
        },
        RouteStep::Left,
        RouteStep::Offered { agent, until: NOON },
        RouteStep::Accepted { agent, waited_ms },
        RouteStep::Assigned {
            agent,
            waited_ms,
            by: Some(ALICE),
        },
        RouteStep::Taken { agent, waited_ms },
        RouteStep::Refused { agent },
        RouteStep::Missed { agent },
        RouteStep::Withdrawn { agent, why },
        RouteStep::Returned { agent, why },
        RouteStep::TransferredToAgent {
            from: Some(agent),
            to: CAROL,
        },
        RouteStep::TransferredToQueue {
            from: None,
            to: GROUP,
        },
        RouteStep::Entered { from: GROUP },
        RouteStep::Overflowed { to: GROUP },
        RouteStep::FirstReply {
            agent,
            after_ms: 300,
        },
        RouteStep::Closed {
            by: ClosedBy::Agent(agent),
            agent: Some(agent),
            tags: info().tags,
            open_ms: 1 << 33,
        },
        RouteStep::Reopened,
        RouteStep::Rated {
            stars: 5,
            agent: Some(agent),
        },
        RouteStep::Tagged { tags: info().tags },
        RouteStep::Prioritized { priority: 0 },
        RouteStep::Joined { user: ALICE },
        RouteStep::Erased,
        RouteStep::Duty {
            agent,
            duty: Duty::On,
            is_own: true,
        },
    ]
}

fn add_log(samples: &mut Samples) {
    samples.add(vec![
        DeskEntry::Opened {
            queue: group_name(),
        },
        DeskEntry::Joined {
            agent: BOB,
            name: "Li from the shop".parse().unwrap(),
        },
        DeskEntry::Transferred {
            queue: Some(group_name()),
        },
        DeskEntry::Closed { by_visitor: true },
        DeskEntry::Reopened,
        DeskEntry::Rated { stars: 1 },
    ]);
    samples.add(vec![
        ReturnCause::Absent,
        ReturnCause::NotOnDuty,
        ReturnCause::Removed,
        ReturnCause::Deactivated,
        ReturnCause::QueueClosed,
        ReturnCause::Taken,
        ReturnCause::Closed,
    ]);
    let entry = |step| RouteEntry {
        inquiry: INQUIRY,
        step,
    };
    samples.add(vec![entry(steps()[2].clone())]);
    samples.add(steps());
    samples.add(vec![
        cairn_proto::content::body::SystemEntry::Desk(DeskEntry::Reopened),
        cairn_proto::content::body::SystemEntry::Route(entry(steps()[6].clone())),
    ]);
}

pub(super) fn explained() -> ExplainedInquiry {
    let candidate = Candidate {
        agent: BOB,
        level: 1,
        load: 300,
        capacity: 5,
        reason: CandidateReason::Delayed { until: NOON },
    };
    ExplainedInquiry {
        info: info(),
        rule: Some(0),
        verdict: Verdict::RefusedByAll { until: NOON },
        candidates: vec![candidate],
    }
}

fn add_explained(samples: &mut Samples) {
    samples.add(vec![
        Verdict::Held,
        Verdict::Offered,
        Verdict::NoAgents,
        Verdict::NobodyReady,
        Verdict::RefusedByAll { until: NOON },
        Verdict::Manual,
        Verdict::QueueClosed,
        Verdict::Next,
        Verdict::Left,
        Verdict::Closed,
    ]);
    samples.add(vec![
        CandidateReason::Chosen,
        CandidateReason::First,
        CandidateReason::Sticky,
        CandidateReason::BehindOthers,
        CandidateReason::HigherLevel,
        CandidateReason::OffDuty,
        CandidateReason::OnBreak,
        CandidateReason::Away,
        CandidateReason::Full,
        CandidateReason::Refused,
        CandidateReason::Delayed { until: NOON },
    ]);
    samples.add(explained().candidates);
    samples.add(vec![explained()]);
}
