//! The cache of a client that was used for a while.

use std::path::Path;

use cairn_client::proto::content::extras::{Extra, Extras};
use cairn_client::proto::content::message::Entry;
use cairn_client::proto::ids::{EpochId, Revision};
use cairn_client::proto::model::conversation::{Conversation, ConversationKind};
use cairn_client::proto::model::group::{MemberSettings, Role};
use cairn_client::proto::model::user::{ServerRole, UserInfo, UserState};
use cairn_client::proto::secret::DeviceToken;
use cairn_client::{
    Account, Body, ConversationId, DeviceId, Message, Moment, MsgId, Pin, ServerAddr, Text,
    Timestamp, UserId,
};
use cairn_session::store::{ENTRIES_BYTES_MAX, Store};
use cairn_session::{SavedConversation, StoreOp};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::error::Result;
use crate::words::words;

/// The user.
pub(super) const ME: UserId = UserId::new(1);

/// The conversation with the messages.
pub(super) const LONG: ConversationId = ConversationId::new(1);

/// Users who write, the user among them.
const USERS: u32 = 40;

/// Messages per write.
const BATCH: u64 = 1_000;

/// The time of the first message.
const START: u64 = 1_700_000_000_000;

/// The time between two messages, in milliseconds.
const STEP: u64 = 20_000;

const CHINESE: &[&str] = &[
    "明天十点开会",
    "部署完成了",
    "谢谢，没问题",
    "服务器又挂了",
    "看一下这个",
];

pub(super) fn account() -> Account {
    Account {
        addr: ServerAddr::new("127.0.0.1", 1),
        pin: Pin::new([7; 32]),
        token: DeviceToken::new([7; 32]),
        user: ME,
        #[expect(clippy::expect_used, reason = "a constant")]
        name: "ada".parse().expect("it is a name"),
        device: DeviceId::new(1),
    }
}

/// The messages of a conversation, each of which follows from its number.
pub(super) struct Texts(StdRng);

impl Texts {
    pub(super) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    pub(super) fn message(&mut self, conversation: ConversationId, msgid: MsgId) -> Message {
        let bytes = self.0.random_range(20..120);
        let mut text = words(bytes, &mut self.0);
        if self.0.random_range(0..4) == 0 {
            let at = self.0.random_range(0..CHINESE.len());
            text = format!("{} {text}", CHINESE[at]);
        }
        let is_mention = self.0.random_range(0..100) == 0;
        let extras = is_mention.then_some(Extra::Mention(ME));
        Message {
            conversation,
            msgid,
            sender: UserId::new(self.0.random_range(1..=USERS)),
            sent_at: Timestamp::new(START + STEP * msgid.get()),
            #[expect(clippy::expect_used, reason = "words are a text")]
            body: Body::Text(Text::new(text).expect("it is a text")),
            extras: Extras::new(extras.into_iter().collect()).unwrap_or_default(),
        }
    }
}

/// Fills the cache of a profile.
pub(super) fn fill(dir: &Path, messages: u64, conversations: u32, seed: u64) -> Result<()> {
    let failed = super::cache_failed;
    let now = Timestamp::new(START + STEP * messages);
    let opened = Store::open(&account(), Some(dir), ENTRIES_BYTES_MAX, now).map_err(failed)?;
    let mut store = opened.store;
    let mut texts = Texts::new(seed);
    let mut last = None;
    for first in (1..=messages).step_by(BATCH as usize) {
        let batch = first..=messages.min(first + BATCH - 1);
        let batch: Vec<Message> = batch.map(|n| texts.message(LONG, MsgId::new(n))).collect();
        last = batch.last().cloned();
        let as_of = MsgId::new(messages);
        let op = StoreOp::Entries {
            conversation: LONG,
            messages: batch,
            as_of,
        };
        store.push(op);
        store.flush().map_err(failed)?;
    }
    store.push(StoreOp::Users((1..=USERS).map(user).collect()));
    if let Some(last) = last {
        store.push(StoreOp::Conversation(Box::new(saved(&last))));
    }
    for id in 2..=u64::from(conversations) {
        let msgid = MsgId::new(texts.0.random_range(1..1_000));
        let last = texts.message(ConversationId::new(id), msgid);
        store.push(StoreOp::Conversation(Box::new(saved(&last))));
    }
    let moment = Moment {
        epoch: EpochId::new(1),
        revision: Revision::new(1),
    };
    store.push(StoreOp::Moment(moment));
    store.flush().map_err(failed)
}

fn user(id: u32) -> UserInfo {
    UserInfo {
        id: UserId::new(id),
        #[expect(clippy::expect_used, reason = "every such word is a name")]
        name: format!("user-{id}").parse().expect("it is a name"),
        state: UserState::Active,
        role: ServerRole::Member,
    }
}

fn saved(last: &Message) -> SavedConversation {
    let head = last.msgid;
    let summary = Conversation {
        id: last.conversation,
        kind: ConversationKind::Group {
            #[expect(clippy::expect_used, reason = "every such word is a name")]
            name: format!("group {}", last.conversation)
                .parse()
                .expect("it is a name"),
        },
        role: Role::Member,
        head,
        floor: MsgId::ZERO,
        read: head,
        delivered: head,
        unread: 0,
        mentions: 0,
        last: Some(Entry {
            sender: last.sender,
            sent_at: last.sent_at,
            body: last.body.clone(),
            extras: last.extras.clone(),
        }),
        settings: MemberSettings::default(),
    };
    SavedConversation {
        listed: (head, head),
        checked: Some(head),
        summary,
    }
}
