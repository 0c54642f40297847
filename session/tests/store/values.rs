//! Values to store.

use std::path::Path;

use cairn_client::proto::content::body::{Amendment, Body};
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ClientSeq, ConversationId, DeviceId, MsgId, Timestamp, UserId};
use cairn_client::proto::invite::ServerAddr;
use cairn_client::proto::model::conversation::{Conversation as Summary, ConversationKind};
use cairn_client::proto::model::group::{MemberSettings, Role};
use cairn_client::proto::secret::{DeviceToken, Pin};
use cairn_client::proto::text::{Text, UserName};
use cairn_client::{Account, PullRange};
use cairn_session::store::{Condition, ENTRIES_BYTES_MAX, Opened, Store};
use cairn_session::{
    Aim, Draft, LocalId, Outgoing, SavedConversation, SavedPending, SavedState, StoreOp,
};

pub(crate) const TEAM: ConversationId = ConversationId::new(1);
pub(crate) const BOB: UserId = UserId::new(2);
pub(crate) const NOW: Timestamp = Timestamp::new(1_700_000_000_000);

pub(crate) fn account() -> Account {
    Account {
        addr: ServerAddr::new("127.0.0.1", 7766),
        pin: Pin::new([1; 32]),
        token: DeviceToken::new([2; 32]),
        user: UserId::new(7),
        name: UserName::new("ada").unwrap(),
        device: DeviceId::new(3),
    }
}

pub(crate) fn open(dir: &Path) -> Opened {
    open_as(&account(), dir)
}

pub(crate) fn open_as(account: &Account, dir: &Path) -> Opened {
    Store::open(account, Some(dir), ENTRIES_BYTES_MAX, NOW).unwrap()
}

/// Opens a store that is expected to be as it was left.
pub(crate) fn reopen(dir: &Path) -> Opened {
    let opened = open(dir);
    assert!(
        matches!(opened.condition, Condition::Kept),
        "{:?}",
        opened.condition
    );
    opened
}

pub(crate) fn id(msgid: u64) -> MsgId {
    MsgId::new(msgid)
}

pub(crate) fn message_in(conversation: ConversationId, msgid: u64, words: &str) -> Message {
    Message {
        conversation,
        msgid: id(msgid),
        sender: BOB,
        sent_at: Timestamp::new(NOW.get() + msgid),
        body: Body::Text(Text::new(words).unwrap()),
        extras: Extras::NONE,
    }
}

pub(crate) fn message(msgid: u64, words: &str) -> Message {
    message_in(TEAM, msgid, words)
}

pub(crate) fn amendment(msgid: u64, what: Amendment) -> Message {
    Message {
        body: Body::Amendment(what),
        ..message(msgid, "")
    }
}

pub(crate) fn entries(messages: Vec<Message>, as_of: u64) -> StoreOp {
    StoreOp::Entries {
        conversation: messages[0].conversation,
        messages,
        as_of: id(as_of),
    }
}

/// New entries at the end of a log, which what is stored of it is current with.
pub(crate) fn appended(messages: Vec<Message>) -> [StoreOp; 2] {
    let (first, last) = (messages[0].clone(), messages[messages.len() - 1].msgid);
    let advance = StoreOp::Advance {
        conversation: first.conversation,
        from: first.msgid,
        to: last,
    };
    [advance, entries(messages, last.get())]
}

pub(crate) fn summary(conversation: ConversationId, last: Option<&Message>) -> StoreOp {
    let head = last.map_or(MsgId::ZERO, |last| last.msgid);
    let last = last.map(|last| cairn_client::proto::content::message::Entry {
        sender: last.sender,
        sent_at: last.sent_at,
        body: last.body.clone(),
        extras: last.extras.clone(),
    });
    StoreOp::Conversation(Box::new(SavedConversation {
        summary: Summary {
            id: conversation,
            kind: ConversationKind::Group {
                name: "team".parse().unwrap(),
            },
            role: Role::Member,
            head,
            floor: MsgId::ZERO,
            read: MsgId::ZERO,
            delivered: MsgId::ZERO,
            unread: 0,
            mentions: 0,
            last,
            settings: MemberSettings::default(),
        },
        listed: (MsgId::ZERO, head),
        checked: None,
    }))
}

pub(crate) fn draft(words: &str) -> Draft {
    Draft {
        conversation: TEAM,
        words: words.to_owned(),
        aim: Aim::New,
        files: Vec::new(),
    }
}

pub(crate) fn pending(local: u64, words: &str) -> SavedPending {
    SavedPending {
        id: LocalId::new(local),
        conversation: TEAM,
        written_at: NOW,
        what: Outgoing::Message {
            body: Body::Text(Text::new(words).unwrap()),
            extras: Extras::NONE,
        },
        seq: Some(ClientSeq::new(1_000 + local)),
        state: SavedState::Handed,
    }
}

pub(crate) fn keep(pending: SavedPending) -> StoreOp {
    StoreOp::Pending(Box::new(pending))
}

pub(crate) fn words_of(outbox: &[SavedPending]) -> Vec<String> {
    let words = outbox.iter().map(|pending| match &pending.what {
        Outgoing::Message { body, .. } => body.words().unwrap_or_default().to_owned(),
        _ => String::new(),
    });
    words.collect()
}

/// The numbers and words of the stored messages from `from` on.
pub(crate) fn stored(store: &mut Store, from: u64) -> Vec<(u64, String)> {
    let range = PullRange::From(id(from));
    let (messages, _) = store.load(TEAM, range, 1_000_000).unwrap();
    let words = |message: &Message| message.body.words().unwrap_or_default().to_owned();
    messages
        .iter()
        .map(|message| (message.msgid.get(), words(message)))
        .collect()
}
