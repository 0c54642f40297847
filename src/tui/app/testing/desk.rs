//! A support desk for tests: ada is an agent of two queues.

use std::sync::Arc;

use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId, VisitorId};
use cairn_proto::limits::PRIORITY_NORMAL;
use cairn_proto::model::desk::{
    AgentConfig, AgentInfo, Attr, Duty, InquiryInfo, InquiryState, Offer, QueueConfig, QueueCounts,
    QueueInfo, VisitorInfo,
};
use cairn_proto::model::user::{ServerRole, UserInfo, UserState};
use cairn_proto::text::{AttrName, AttrValue, DeskText, DisplayName, GroupName, Tag};
use cairn_session::{ConversationView, DeskLog, DeskView};

use super::{ME, group, minutes, said};
use crate::tui::app::model::state::State;
use crate::tui::app::msg::Msg;
use crate::tui::app::update::update;

pub(crate) const OFFERED: ConversationId = ConversationId::new(40);
pub(crate) const HELD: ConversationId = ConversationId::new(41);
pub(crate) const WAITING: ConversationId = ConversationId::new(42);
const PRE_SALE: ConversationId = ConversationId::new(30);
const AFTER_SALE: ConversationId = ConversationId::new(31);

/// The names and words of a desk.
pub(crate) struct Words {
    pub(crate) queues: [&'static str; 2],
    pub(crate) visitors: [&'static str; 2],
    pub(crate) line: &'static str,
    pub(crate) topic: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) said: &'static str,
}

pub(crate) const ENGLISH: Words = Words {
    queues: ["after-sale", "pre-sale"],
    visitors: ["Li", "Robin Hood"],
    line: "Do you ship to Japan?",
    topic: "returns",
    tag: "refund",
    said: "It has not arrived yet, what now?",
};

pub(crate) const CHINESE: Words = Words {
    queues: ["售后", "售前"],
    visitors: ["小李", "王小明"],
    line: "请问可以寄到日本吗？运费是多少？",
    topic: "退货",
    tag: "退款",
    said: "我的订单还没有收到，怎么办？",
};

fn user(id: u32, name: &str) -> UserInfo {
    UserInfo {
        id: UserId::new(id),
        name: name.parse().unwrap(),
        role: ServerRole::Member,
        state: UserState::Active,
    }
}

pub(crate) fn agent(id: u32, name: &str, duty: Duty) -> AgentInfo {
    AgentInfo {
        user: user(id, name),
        config: AgentConfig {
            public_name: None,
            capacity: 3,
            queues: Vec::new(),
            supervises: Vec::new(),
        },
        duty,
        present: true,
        load: 0,
        missed: 0,
        given_at: Timestamp::new(0),
    }
}

fn inquiry(id: ConversationId, state: InquiryState, name: Option<&str>) -> InquiryInfo {
    InquiryInfo {
        conversation: id,
        queue: PRE_SALE,
        state,
        priority: PRIORITY_NORMAL,
        visitor: VisitorInfo {
            id: VisitorId::new(0x9f86_d081_884c_7d65),
            name: name.map(|name| DisplayName::new(name).unwrap()),
            sub: None,
            attrs: Vec::new(),
            language: None,
            page: None,
            topic: None,
        },
        opened_at: minutes(50),
        waiting_since: minutes(50),
        first_reply_at: None,
        tags: Vec::new(),
        rating: None,
        refused: Vec::new(),
        last_agent: None,
        back: None,
        head: MsgId::new(2),
    }
}

fn queue(id: ConversationId, name: &str, waiting: u32) -> QueueInfo {
    QueueInfo {
        config: QueueConfig::new(GroupName::new(name).unwrap()),
        counts: QueueCounts {
            queue: id,
            waiting,
            offered: 0,
            held: 1,
            left: 0,
            on_duty: 2,
            ready: 1,
            oldest_waiting_since: Some(minutes(50)),
            is_open: id == PRE_SALE,
        },
    }
}

/// A desk with an inquiry that is offered until 27 seconds after the present time of the frames,
/// one that is held, and one that waits.
pub(crate) fn desk(words: &Words) -> DeskView {
    let until = Timestamp::new(minutes(60).get() + 26_700);
    let offered = InquiryState::Offered { agent: ME, until };
    let held = InquiryState::Held {
        agent: ME,
        since: minutes(55),
    };
    let mut held = inquiry(HELD, held, Some(words.visitors[1]));
    held.queue = AFTER_SALE;
    held.tags = vec![Tag::new(words.tag).unwrap()];
    held.visitor.attrs = [("orders", "12", true), ("plan", "free", false)]
        .map(|(name, value, is_signed)| Attr {
            name: AttrName::new(name).unwrap(),
            value: AttrValue::new(value).unwrap(),
            is_signed,
        })
        .to_vec();
    let mut waiting = inquiry(WAITING, InquiryState::Waiting, None);
    waiting.visitor.topic = Some(Tag::new(words.topic).unwrap());
    waiting.priority = 9;
    DeskView {
        agent: AgentInfo {
            load: 2,
            ..agent(1, "ada", Duty::On)
        },
        offers: vec![Arc::new(Offer {
            info: inquiry(OFFERED, offered, Some(words.visitors[0])),
            first: DeskText::new(words.line).unwrap(),
        })],
        held: vec![held],
        waiting: vec![waiting],
        queues: vec![
            queue(AFTER_SALE, words.queues[0], 0),
            queue(PRE_SALE, words.queues[1], 2),
        ],
    }
}

/// The conversation of the held inquiry.
pub(crate) fn listed(words: &Words) -> ConversationView {
    let mut listed = group(HELD.get(), words.visitors[1]);
    listed.of_desk = Some(DeskLog::Inquiry);
    listed.unread.messages = 2;
    listed.active_at = minutes(58);
    let row = said(3, UserId::VISITOR.get(), words.said);
    if let cairn_session::What::Message(message) = row.what {
        listed.last = Some((message.msgid, message.entry));
    }
    listed
}

/// Returns the state with a desk.
pub(crate) fn with_desk(mut state: State, words: &Words) -> State {
    let mut world = state.world.clone();
    let own = Arc::new(listed(words));
    world.list = world.list.iter().cloned().chain([own]).collect();
    world.desk = Some(Arc::new(desk(words)));
    update(&mut state, Msg::World(Box::new(world)));
    state
}
