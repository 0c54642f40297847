//! Generators of answers about the support desk, and of what is pushed.

use cairn_proto::ids::LinkId;
use cairn_proto::model::desk::{
    AgentInfo, Attr, Candidate, CandidateReason, Canned, ClosedBy, DeskInfo, DeskKeyInfo,
    DeskUpdate, ExplainedInquiry, InquiryInfo, InquiryPage, InquiryState, MyDesk, Offer, OfferEnd,
    QueueCounts, QueueInfo, Rating, Verdict, VisitorInfo, VisitorInquiry, VisitorState,
};
use cairn_proto::secret::{DeskKey, DeskSecret};
use cairn_proto::wire::event::Update;
use cairn_proto::wire::hello::{Capabilities, VisitorWelcome};
use cairn_proto::wire::request::desk::{
    EraseVisitor, ExplainInquiry, GetMyDesk, GetRouteRules, ListAgents, ListCanned, ListDeskKeys,
    ListInquiries, ListQueues, MyInquiry,
};
use cairn_proto::wire::request::session::{DeskKeyMade, NewDeskKey, OpenInquiry};
use cairn_proto::wire::request::{Answer, List, Page};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{
    agent_config, attr_name, attr_value, desk_text, display_name, duty, inquiry_place, language,
    page_url, queue_config, rule, tag, visitor_id,
};
use crate::strategies::overview::moment;
use crate::strategies::{
    conversation_id, encoded, group_name, msgid, number, server_addr, small, timestamp, user_id,
    user_info,
};

fn counts() -> impl Strategy<Value = QueueCounts> {
    let oldest = option::of(timestamp());
    let numbers = prop::array::uniform6(0..100_000_u32);
    (conversation_id(), numbers, oldest, any::<bool>()).prop_map(
        |(queue, numbers, oldest_waiting_since, is_open)| {
            let [waiting, offered, held, left, on_duty, ready] = numbers;
            QueueCounts {
                queue,
                waiting,
                offered,
                held,
                left,
                on_duty,
                ready,
                oldest_waiting_since,
                is_open,
            }
        },
    )
}

fn queue_info() -> impl Strategy<Value = QueueInfo> {
    (queue_config(), counts()).prop_map(|(config, counts)| QueueInfo { config, counts })
}

fn agent() -> impl Strategy<Value = AgentInfo> {
    let numbers = (small(), small(), timestamp());
    (user_info(), agent_config(), duty(), any::<bool>(), numbers).prop_map(
        |(user, config, duty, present, (load, missed, given_at))| AgentInfo {
            user,
            config,
            duty,
            present,
            load,
            missed,
            given_at,
        },
    )
}

fn state() -> impl Strategy<Value = InquiryState> {
    let by = prop_oneof![
        Just(ClosedBy::Visitor),
        user_id().prop_map(ClosedBy::Agent),
        Just(ClosedBy::Idle)
    ];
    prop_oneof![
        Just(InquiryState::Waiting),
        (user_id(), timestamp()).prop_map(|(agent, until)| InquiryState::Offered { agent, until }),
        (user_id(), timestamp()).prop_map(|(agent, since)| InquiryState::Held { agent, since }),
        Just(InquiryState::Left),
        (timestamp(), by).prop_map(|(at, by)| InquiryState::Closed { at, by }),
    ]
}

fn visitor() -> impl Strategy<Value = VisitorInfo> {
    let attr =
        (attr_name(), attr_value(), any::<bool>()).prop_map(|(name, value, is_signed)| Attr {
            name,
            value,
            is_signed,
        });
    let client = (
        option::of(language()),
        option::of(page_url()),
        option::of(tag()),
    );
    let who = (
        visitor_id(),
        option::of(display_name()),
        option::of(attr_value()),
    );
    (who, vec(attr, 0..3), client).prop_map(|((id, name, sub), attrs, (language, page, topic))| {
        VisitorInfo {
            id,
            name,
            sub,
            attrs,
            language,
            page,
            topic,
        }
    })
}

fn info() -> impl Strategy<Value = InquiryInfo> {
    let rating = (any::<u8>(), desk_text(), timestamp()).prop_map(|(stars, text, at)| Rating {
        stars,
        text,
        at,
    });
    let place = (conversation_id(), conversation_id(), state(), any::<u8>());
    let times = (timestamp(), timestamp(), option::of(timestamp()));
    let agents = (
        vec(user_id(), 0..3),
        option::of(user_id()),
        option::of(conversation_id()),
    );
    let said = (vec(tag(), 0..3), option::of(rating), msgid());
    (place, visitor(), times, agents, said).prop_map(|(place, visitor, times, agents, said)| {
        InquiryInfo {
            conversation: place.0,
            queue: place.1,
            state: place.2,
            priority: place.3,
            visitor,
            opened_at: times.0,
            waiting_since: times.1,
            first_reply_at: times.2,
            tags: said.0,
            rating: said.1,
            refused: agents.0,
            last_agent: agents.1,
            back: agents.2,
            head: said.2,
        }
    })
}

fn offer() -> impl Strategy<Value = Offer> {
    (info(), desk_text()).prop_map(|(info, first)| Offer { info, first })
}

fn own() -> impl Strategy<Value = VisitorInquiry> {
    let state = prop_oneof![
        (small(), option::of(small())).prop_map(|(place, about_seconds)| VisitorState::Waiting {
            place,
            about_seconds
        }),
        (user_id(), display_name())
            .prop_map(|(agent, name)| VisitorState::Answered { agent, name }),
        Just(VisitorState::Left),
        any::<bool>().prop_map(|may_rate| VisitorState::Closed { may_rate }),
    ];
    let cursors = (msgid(), msgid(), msgid(), msgid());
    (conversation_id(), group_name(), state, cursors).prop_map(
        |(conversation, queue, state, (head, floor, read, delivered))| VisitorInquiry {
            conversation,
            queue,
            state,
            head,
            floor,
            read,
            delivered,
        },
    )
}

pub(in crate::strategies) fn welcome() -> impl Strategy<Value = VisitorWelcome> {
    let switches = (any::<bool>(), any::<bool>());
    let desk = (
        (conversation_id(), group_name()),
        switches,
        (desk_text(), desk_text(), vec(tag(), 0..3)),
    )
        .prop_map(
            |((queue, name), (is_open, takes_messages), (greeting, offline, topics))| DeskInfo {
                queue,
                name,
                is_open,
                greeting,
                offline,
                takes_messages,
                topics,
            },
        );
    let times = (timestamp(), moment());
    (number(), visitor_id(), times, desk, option::of(own())).prop_map(
        |(bits, visitor, (now, as_of), desk, inquiry)| VisitorWelcome {
            capabilities: Capabilities::new(bits),
            visitor,
            now,
            as_of,
            desk,
            inquiry,
        },
    )
}

pub(in crate::strategies) fn update() -> impl Strategy<Value = Update> {
    let desk = prop_oneof![
        offer().prop_map(|offer| DeskUpdate::Offer(Box::new(offer))),
        conversation_id().prop_map(|conversation| DeskUpdate::OfferGone {
            conversation,
            why: OfferEnd::Withdrawn
        }),
        (duty(), any::<bool>()).prop_map(|(duty, is_forced)| DeskUpdate::Duty { duty, is_forced }),
        info().prop_map(|info| DeskUpdate::Inquiry(Box::new(info))),
        vec(counts(), 0..4).prop_map(DeskUpdate::Counts),
        option::of(agent()).prop_map(|agent| DeskUpdate::Agent(agent.map(Box::new))),
    ];
    prop_oneof![
        desk.prop_map(Update::Desk).boxed(),
        own().prop_map(Update::Inquiry).boxed(),
        (small(), option::of(small()))
            .prop_map(|(place, about_seconds)| Update::Waiting {
                place,
                about_seconds
            })
            .boxed(),
    ]
}

fn pages<T: std::fmt::Debug>(item: impl Strategy<Value = T>) -> impl Strategy<Value = Page<T>> {
    (vec(item, 0..4), any::<bool>()).prop_map(|(items, more)| Page { items, more })
}

pub(in crate::strategies) fn answer() -> impl Strategy<Value = Answer> {
    let desk = (
        agent(),
        vec(offer(), 0..3),
        vec(info(), 0..3),
        option::of(conversation_id()),
        vec(queue_info(), 0..3),
    )
        .prop_map(|(agent, offers, held, next_after, queues)| MyDesk {
            agent,
            offers,
            held,
            next_after,
            queues,
        });
    let page = (vec(info(), 0..3), option::of(inquiry_place()))
        .prop_map(|(items, next_after)| InquiryPage { items, next_after });
    let candidate = (user_id(), any::<u8>(), small(), any::<u16>(), timestamp()).prop_map(
        |(agent, level, load, capacity, until)| Candidate {
            agent,
            level,
            load,
            capacity,
            reason: CandidateReason::Delayed { until },
        },
    );
    let explained = (
        info(),
        option::of(small()),
        timestamp(),
        vec(candidate, 0..3),
    )
        .prop_map(|(info, rule, until, candidates)| ExplainedInquiry {
            info,
            rule,
            verdict: Verdict::RefusedByAll { until },
            candidates,
        });
    let canned = (tag(), desk_text()).prop_map(|(name, text)| Canned { name, text });
    let key = (small(), conversation_id(), any::<bool>(), timestamp()).prop_map(
        |(id, queue, requires_signature, created_at)| DeskKeyInfo {
            id: LinkId::new(id),
            queue,
            requires_signature,
            created_at,
        },
    );
    let secrets = (any::<[u8; 16]>(), any::<[u8; 32]>());
    let made =
        (server_addr(), secrets, small()).prop_map(|(addr, (key, secret), id)| DeskKeyMade {
            addr,
            key: DeskKey::new(key),
            id: LinkId::new(id),
            secret: DeskSecret::new(secret),
        });
    prop_oneof![
        desk.prop_map(encoded::<GetMyDesk>).boxed(),
        page.prop_map(encoded::<ListInquiries>).boxed(),
        explained.prop_map(encoded::<ExplainInquiry>).boxed(),
        own().prop_map(encoded::<OpenInquiry>).boxed(),
        option::of(own()).prop_map(encoded::<MyInquiry>).boxed(),
        pages(canned).prop_map(encoded::<ListCanned>).boxed(),
        vec(key, 0..4)
            .prop_map(|list| encoded::<ListDeskKeys>(List(list)))
            .boxed(),
        vec(rule(), 0..4)
            .prop_map(|list| encoded::<GetRouteRules>(List(list)))
            .boxed(),
        pages(agent()).prop_map(encoded::<ListAgents>).boxed(),
        pages(queue_info()).prop_map(encoded::<ListQueues>).boxed(),
        made.prop_map(encoded::<NewDeskKey>).boxed(),
        small().prop_map(encoded::<EraseVisitor>).boxed(),
    ]
}
