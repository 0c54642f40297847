//! Generators of requests about the support desk, their answers, and what is pushed.

mod answers;

use cairn_proto::content::body::SystemEntry;
use cairn_proto::ids::VisitorId;
use cairn_proto::model::desk::{
    AgentConfig, AgentQueue, AnswerMode, AttrTest, DaySpan, DeskEntry, Duty, InquiryFilter,
    InquiryPlace, OfficeHours, Overflow, QueueConfig, RouteCondition, RouteEntry, RouteRule,
    RouteStep, Strategy as Order, WeekSpan,
};
use cairn_proto::secret::{DeskKey, VisitorToken};
use cairn_proto::text::{
    AttrName, AttrValue, DeskText, DisplayName, Language, PageUrl, SignedIdentity, Tag, ZoneName,
};
use cairn_proto::wire::hello::{Credentials, VisitorCredentials};
use cairn_proto::wire::request::Request;
use cairn_proto::wire::request::desk::{
    AcceptInquiry, AssignInquiry, CloseInquiry, CreateQueue, EraseVisitor, GetMyDesk, ListAgents,
    ListCanned, ListInquiries, ListQueues, MyInquiry, RateInquiry, SetAgent, SetAgentDuty,
    SetCanned, SetInquiryPriority, SetRouteRules, TagInquiry, TransferInquiry, TransferTarget,
};
use cairn_proto::wire::request::session::{NewDeskKey, OpenInquiry};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{conversation_id, group_name, seq, small, text, timestamp, user_id};

pub(super) use answers::{answer, update, welcome};

macro_rules! texts {
    ($($name:ident -> $type:ident: $pattern:literal;)*) => {$(
        fn $name() -> impl Strategy<Value = $type> {
            $pattern.prop_map(|raw: String| $type::new(raw).unwrap())
        }
    )*};
}

texts! {
    desk_text -> DeskText: "\\PC{0,40}";
    tag -> Tag: "[a-z明#]([a-z #]{0,10}[a-z])?";
    page_url -> PageUrl: "https://[a-z.]{1,9}/[a-z#?=]{0,20}";
    attr_name -> AttrName: "[a-z0-9_.-]{1,9}";
    attr_value -> AttrValue: "[a-z0-9 明]{0,9}";
    language -> Language: "[a-z]{2}(-[A-Z]{2})?";
    zone -> ZoneName: "[A-Z][a-z]{1,9}/[A-Z][a-z_]{1,9}";
    identity -> SignedIdentity: "[a-zA-Z0-9_-]{1,30}\\.[a-zA-Z0-9_-]{1,30}";
    display_name -> DisplayName: "[a-z明]([a-z ]{0,10}[a-z])?";
}

fn visitor_id() -> impl Strategy<Value = VisitorId> {
    any::<u64>().prop_map(VisitorId::new)
}

fn inquiry_place() -> impl Strategy<Value = InquiryPlace> {
    (timestamp(), conversation_id())
        .prop_map(|(at, conversation)| InquiryPlace { at, conversation })
}

fn duty() -> impl Strategy<Value = Duty> {
    prop_oneof![Just(Duty::Off), Just(Duty::Break), Just(Duty::On)]
}

fn hours() -> impl Strategy<Value = OfficeHours> {
    let weekly = (any::<u8>(), any::<u16>(), any::<u16>()).prop_map(|(day, from, to)| WeekSpan {
        day,
        from,
        to,
    });
    let date = (any::<u16>(), any::<u8>(), any::<u8>());
    let days =
        (date, any::<u16>(), any::<u16>()).prop_map(|((year, month, day), from, to)| DaySpan {
            year,
            month,
            day,
            from,
            to,
        });
    (zone(), vec(weekly, 0..4), vec(days, 0..4)).prop_map(|(zone, weekly, days)| OfficeHours {
        zone,
        weekly,
        days,
    })
}

fn queue_config() -> impl Strategy<Value = QueueConfig> {
    let order = prop_oneof![
        Just(Order::LeastBusy),
        Just(Order::RoundRobin),
        Just(Order::LongestIdle)
    ];
    let answer = prop_oneof![
        Just(AnswerMode::Assign),
        any::<u16>().prop_map(|seconds| AnswerMode::Offer { seconds }),
        Just(AnswerMode::Manual)
    ];
    let overflow = (small(), conversation_id()).prop_map(|(after_seconds, queue)| Overflow {
        after_seconds,
        queue,
    });
    let texts = (group_name(), desk_text(), desk_text(), vec(tag(), 0..3));
    let numbers = (small(), any::<u16>(), small(), any::<u16>(), small());
    let switches = (any::<bool>(), any::<bool>());
    let rules = (order, answer, option::of(hours()), option::of(overflow));
    (texts, numbers, switches, rules).prop_map(|(texts, numbers, switches, rules)| {
        let (name, greeting, offline, topics) = texts;
        let (waiting_max, sticky_days, idle_close_seconds, absence_seconds, retention_days) =
            numbers;
        let (strategy, answer, hours, overflow) = rules;
        QueueConfig {
            name,
            strategy,
            answer,
            hours,
            greeting,
            offline,
            takes_messages: switches.0,
            topics,
            waiting_max,
            overflow,
            sticky_days,
            idle_close_seconds,
            absence_seconds,
            may_take: switches.1,
            retention_days,
        }
    })
}

fn agent_config() -> impl Strategy<Value = AgentConfig> {
    let served =
        (conversation_id(), any::<u8>(), small()).prop_map(|(queue, level, delay_seconds)| {
            AgentQueue {
                queue,
                level,
                delay_seconds,
            }
        });
    let supervises = vec(conversation_id(), 0..3);
    let name = option::of(display_name());
    (name, any::<u16>(), vec(served, 0..3), supervises).prop_map(
        |(public_name, capacity, queues, supervises)| AgentConfig {
            public_name,
            capacity,
            queues,
            supervises,
        },
    )
}

fn rule() -> impl Strategy<Value = RouteRule> {
    let test = prop_oneof![
        Just(AttrTest::Exists),
        attr_value().prop_map(AttrTest::Equals),
        any::<i64>().prop_map(AttrTest::Above),
        any::<i64>().prop_map(AttrTest::Below)
    ];
    let condition = prop_oneof![
        tag().prop_map(RouteCondition::Topic),
        page_url().prop_map(RouteCondition::PagePrefix),
        (attr_name(), test).prop_map(|(name, test)| RouteCondition::Attr { name, test }),
        language().prop_map(RouteCondition::Language)
    ];
    (vec(condition, 0..4), conversation_id(), any::<u8>()).prop_map(|(when, queue, priority)| {
        RouteRule {
            when,
            queue,
            priority,
        }
    })
}

pub(super) fn credentials() -> impl Strategy<Value = Credentials> {
    let optional = (
        option::of(identity()),
        option::of(display_name()),
        option::of(language()),
    );
    (any::<[u8; 16]>(), any::<[u8; 32]>(), optional).prop_map(
        |(key, token, (identity, name, language))| {
            Credentials::Visitor(Box::new(VisitorCredentials {
                key: DeskKey::new(key),
                token: VisitorToken::new(token),
                identity,
                name,
                language,
            }))
        },
    )
}

pub(super) fn system_entry() -> impl Strategy<Value = SystemEntry> {
    let step = prop_oneof![
        Just(RouteStep::Reopened),
        (user_id(), timestamp()).prop_map(|(agent, until)| RouteStep::Offered { agent, until }),
        vec(tag(), 0..3).prop_map(|tags| RouteStep::Tagged { tags }),
        (any::<u8>(), option::of(small()))
            .prop_map(|(priority, rule)| RouteStep::Opened { priority, rule }),
    ];
    prop_oneof![
        group_name().prop_map(|queue| SystemEntry::Desk(DeskEntry::Opened { queue })),
        (user_id(), display_name())
            .prop_map(|(agent, name)| SystemEntry::Desk(DeskEntry::Joined { agent, name })),
        (conversation_id(), step)
            .prop_map(|(inquiry, step)| SystemEntry::Route(RouteEntry { inquiry, step })),
    ]
}

pub(super) fn request() -> impl Strategy<Value = Request> {
    prop_oneof![visitors().boxed(), agents().boxed(), admins().boxed()]
}

fn visitors() -> impl Strategy<Value = Request> {
    let optional = (option::of(tag()), option::of(page_url()));
    let attrs = vec((attr_name(), attr_value()), 0..3);
    prop_oneof![
        (optional, attrs, seq(), text()).prop_map(|((topic, page), attrs, seq, text)| {
            OpenInquiry {
                topic,
                page,
                attrs,
                seq,
                text,
            }
            .into()
        }),
        Just(MyInquiry.into()),
        (conversation_id(), any::<u8>(), desk_text()).prop_map(|(conversation, stars, text)| {
            RateInquiry {
                conversation,
                stars,
                text,
            }
            .into()
        }),
    ]
}

fn agents() -> impl Strategy<Value = Request> {
    let target = prop_oneof![
        user_id().prop_map(TransferTarget::Agent),
        conversation_id().prop_map(TransferTarget::Queue),
        group_name().prop_map(TransferTarget::QueueNamed)
    ];
    let tags = || vec(tag(), 0..3);
    prop_oneof![
        option::of(conversation_id()).prop_map(|after| GetMyDesk { after }.into()),
        conversation_id().prop_map(|conversation| AcceptInquiry { conversation }.into()),
        (conversation_id(), target, desk_text()).prop_map(|(conversation, to, note)| {
            TransferInquiry {
                conversation,
                to,
                note,
            }
            .into()
        }),
        (conversation_id(), tags()).prop_map(|(conversation, tags)| CloseInquiry {
            conversation,
            tags
        }
        .into()),
        (conversation_id(), tags(), tags()).prop_map(|(conversation, add, remove)| {
            TagInquiry {
                conversation,
                add,
                remove,
            }
            .into()
        }),
        (conversation_id(), any::<u8>()).prop_map(|(conversation, priority)| {
            SetInquiryPriority {
                conversation,
                priority,
            }
            .into()
        }),
        (option::of(tag()), option::of(tag())).prop_map(|(prefix, after)| ListCanned {
            prefix,
            after
        }
        .into()),
        (conversation_id(), user_id()).prop_map(|(conversation, agent)| AssignInquiry {
            conversation,
            agent
        }
        .into()),
        (user_id(), duty()).prop_map(|(user, duty)| SetAgentDuty { user, duty }.into()),
        (conversation_id(), option::of(inquiry_place()), small()).prop_map(
            |(queue, after, limit)| {
                ListInquiries {
                    queue,
                    filter: InquiryFilter::Held,
                    after,
                    limit,
                }
                .into()
            }
        ),
        option::of(conversation_id()).prop_map(|after| ListQueues { after }.into()),
        (option::of(conversation_id()), option::of(user_id()))
            .prop_map(|(queue, after)| ListAgents { queue, after }.into()),
    ]
}

fn admins() -> impl Strategy<Value = Request> {
    prop_oneof![
        queue_config().prop_map(|config| CreateQueue {
            config: config.into()
        }
        .into()),
        (user_id(), agent_config()).prop_map(|(user, config)| SetAgent { user, config }.into()),
        vec(rule(), 0..4).prop_map(|rules| SetRouteRules { rules }.into()),
        (tag(), option::of(desk_text())).prop_map(|(name, text)| SetCanned { name, text }.into()),
        visitor_id().prop_map(|visitor| EraseVisitor { visitor }.into()),
        (conversation_id(), any::<bool>()).prop_map(|(queue, requires_signature)| {
            NewDeskKey {
                queue,
                requires_signature,
            }
            .into()
        }),
    ]
}
