//! The support desk in JSON.

use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, VisitorId};
use cairn_client::proto::limits::PRIORITY_NORMAL;
use cairn_client::proto::model::desk::{
    AgentConfig, AgentInfo, ClosedBy, DeskUpdate, Duty, InquiryInfo, InquiryState, MyDesk, Offer,
    OfferEnd, QueueConfig, QueueCounts, QueueInfo, VisitorInfo,
};
use cairn_client::proto::model::user::{ServerRole, UserInfo, UserState};
use cairn_client::proto::text::{DeskText, DisplayName, Tag};
use cairn_session::{DeskLog, DeskNotice, DeskView, Input};
use serde_json::{Map, Value, json};

use crate::content::{conversation, list, string, time, user};
use crate::views::put;
use crate::{number, variant};

pub(crate) fn desk(value: &Value) -> MyDesk {
    MyDesk {
        agent: agent(value),
        offers: list(value, "offers").iter().map(offer).collect(),
        held: list(value, "held").iter().map(inquiry).collect(),
        queues: list(value, "queues").iter().map(queue).collect(),
        next_after: None,
    }
}

pub(crate) fn inquiries(value: &Value) -> Input {
    let found = || list(value, "list").iter().map(inquiry).collect();
    let has_failed = value.get("failed") == Some(&json!(true));
    Input::Inquiries {
        queue: conversation(value),
        found: (!has_failed).then(found),
    }
}

pub(crate) fn update(value: &Value) -> DeskUpdate {
    let (kind, value) = variant(value);
    match kind {
        "offer" => DeskUpdate::Offer(Box::new(offer(value))),
        "gone" => DeskUpdate::OfferGone {
            conversation: conversation(value),
            why: match string(value, "why") {
                "accepted" => OfferEnd::Accepted,
                "refused" => OfferEnd::Refused,
                "expired" => OfferEnd::Expired,
                _ => OfferEnd::Withdrawn,
            },
        },
        "duty" => DeskUpdate::Duty {
            duty: duty(value),
            is_forced: value.get("forced") == Some(&json!(true)),
        },
        "inquiry" => DeskUpdate::Inquiry(Box::new(inquiry(value))),
        "counts" => {
            let all = value.as_array().unwrap().iter();
            DeskUpdate::Counts(all.map(counts).collect())
        }
        "agent" if value.is_null() => DeskUpdate::Agent(None),
        "agent" => DeskUpdate::Agent(Some(Box::new(agent(value)))),
        other => panic!("unknown change of the desk: {other}"),
    }
}

fn duty(value: &Value) -> Duty {
    match string(value, "duty") {
        "on" => Duty::On,
        "break" => Duty::Break,
        _ => Duty::Off,
    }
}

fn agent(value: &Value) -> AgentInfo {
    AgentInfo {
        user: UserInfo {
            id: cairn_client::UserId::new(1),
            name: "ada".parse().unwrap(),
            role: ServerRole::Member,
            state: UserState::Active,
        },
        config: AgentConfig {
            public_name: None,
            capacity: u16::try_from(number(value, "capacity").unwrap_or(1)).unwrap(),
            queues: Vec::new(),
            supervises: Vec::new(),
        },
        duty: duty(value),
        present: true,
        load: 0,
        missed: 0,
        given_at: Timestamp::new(0),
    }
}

fn state(value: &Value) -> InquiryState {
    let (kind, value) = value
        .get("state")
        .map_or(("waiting", &Value::Null), variant);
    match kind {
        "offered" => InquiryState::Offered {
            agent: user(&value["agent"]),
            until: time(value, "until"),
        },
        "held" => InquiryState::Held {
            agent: user(&value["agent"]),
            since: time(value, "since"),
        },
        "left" => InquiryState::Left,
        "closed" => InquiryState::Closed {
            at: Timestamp::new(0),
            by: ClosedBy::Idle,
        },
        _ => InquiryState::Waiting,
    }
}

fn inquiry(value: &Value) -> InquiryInfo {
    let name = value.get("visitor").and_then(Value::as_str);
    let tags = list(value, "tags").iter();
    let tags = tags.map(|tag| Tag::new(tag.as_str().unwrap()).unwrap());
    let priority = number(value, "priority");
    InquiryInfo {
        conversation: conversation(value),
        queue: ConversationId::new(number(value, "queue").unwrap()),
        state: state(value),
        priority: priority.map_or(PRIORITY_NORMAL, |priority| priority.try_into().unwrap()),
        visitor: VisitorInfo {
            id: VisitorId::new(number(value, "of").unwrap()),
            name: name.map(|name| DisplayName::new(name).unwrap()),
            sub: None,
            attrs: Vec::new(),
            language: None,
            page: None,
            topic: None,
        },
        opened_at: time(value, "since"),
        waiting_since: time(value, "since"),
        first_reply_at: None,
        tags: tags.collect(),
        rating: None,
        refused: Vec::new(),
        last_agent: None,
        back: None,
        head: MsgId::new(1),
    }
}

fn offer(value: &Value) -> Offer {
    Offer {
        info: inquiry(value),
        first: DeskText::new(string(value, "line")).unwrap(),
    }
}

fn queue(value: &Value) -> QueueInfo {
    QueueInfo {
        config: QueueConfig::new(string(value, "name").parse().unwrap()),
        counts: counts(value),
    }
}

fn counts(value: &Value) -> QueueCounts {
    let count = |key| u32::try_from(number(value, key).unwrap_or(0)).unwrap();
    QueueCounts {
        queue: conversation(value),
        waiting: count("waiting"),
        offered: count("offered"),
        held: count("held"),
        left: count("left"),
        on_duty: 1,
        ready: 1,
        oldest_waiting_since: None,
        is_open: true,
    }
}

pub(crate) fn view(desk: &DeskView) -> Value {
    let mut object = Map::new();
    object.insert("duty".to_owned(), json!(desk.agent.duty.as_str()));
    put(&mut object, "load", json!(desk.agent.load));
    object.insert("capacity".to_owned(), json!(desk.agent.config.capacity));
    let offers = desk.offers.iter().map(|offer| {
        let mut shown = inquiry_view(&offer.info);
        shown["line"] = json!(offer.first.as_str());
        shown
    });
    put(&mut object, "offers", offers.collect());
    let all = |infos: &[InquiryInfo]| infos.iter().map(inquiry_view).collect();
    put(&mut object, "held", all(&desk.held));
    put(&mut object, "waiting", all(&desk.waiting));
    let queues = desk.queues.iter().map(|queue| {
        let mut object = Map::new();
        object.insert("of".to_owned(), json!(queue.counts.queue.get()));
        object.insert("name".to_owned(), json!(queue.config.name.as_str()));
        put(&mut object, "waiting", json!(queue.counts.waiting));
        put(&mut object, "offered", json!(queue.counts.offered));
        put(&mut object, "held", json!(queue.counts.held));
        put(&mut object, "left", json!(queue.counts.left));
        Value::Object(object)
    });
    put(&mut object, "queues", queues.collect());
    put(&mut object, "in_line", json!(desk.waiting_count()));
    Value::Object(object)
}

fn inquiry_view(info: &InquiryInfo) -> Value {
    let mut object = Map::new();
    object.insert("of".to_owned(), json!(info.conversation.get()));
    object.insert("queue".to_owned(), json!(info.queue.get()));
    let name = info.visitor.name.as_ref().map(|name| name.as_str());
    put(&mut object, "visitor", json!(name));
    let state = match info.state {
        InquiryState::Waiting => json!("waiting"),
        InquiryState::Offered { agent, until } => {
            json!({"offered": {"agent": agent.get(), "until": until.get()}})
        }
        InquiryState::Held { agent, since } => {
            json!({"held": {"agent": agent.get(), "since": since.get()}})
        }
        InquiryState::Left => json!("left"),
        InquiryState::Closed { .. } => json!("closed"),
    };
    object.insert("state".to_owned(), state);
    if info.priority != PRIORITY_NORMAL {
        object.insert("priority".to_owned(), json!(info.priority));
    }
    put(&mut object, "since", json!(info.waiting_since.get()));
    let tags = info.tags.iter().map(|tag| json!(tag.as_str()));
    put(&mut object, "tags", tags.collect());
    Value::Object(object)
}

pub(crate) fn notice(notice: &DeskNotice) -> Value {
    let offer = |offer: &Offer| {
        let name = offer.info.visitor.name.as_ref();
        json!({
            "of": offer.info.conversation.get(),
            "visitor": name.map(|name| name.as_str()),
            "line": offer.first.as_str(),
        })
    };
    match notice {
        DeskNotice::Offer(offered) => json!({"offer": offer(offered)}),
        DeskNotice::Missed(missed) => json!({"missed": offer(missed)}),
        DeskNotice::Duty(duty) => json!({"duty": duty.as_str()}),
    }
}

pub(crate) fn log(of_desk: Option<DeskLog>) -> Value {
    match of_desk {
        None => Value::Null,
        Some(DeskLog::Queue) => json!("queue"),
        Some(DeskLog::Inquiry) => json!("inquiry"),
        Some(DeskLog::Notes(of)) => json!({"notes": of.get()}),
    }
}
