//! Messages, conversations and people in JSON.

use cairn_client::proto::content::attachment::{Attachment, AttachmentHash};
use cairn_client::proto::content::body::{Amendment, Body, SystemEntry};
use cairn_client::proto::content::extras::{Extra, Extras, Reaction};
use cairn_client::proto::content::message::{Entry, Message};
use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::model::conversation::{Conversation, ConversationKind, Member};
use cairn_client::proto::model::group::{GroupDetails, GroupSettings, MemberSettings, Role};
use cairn_client::proto::model::notification::{NotificationLevel, Notifications};
use cairn_client::proto::model::receipts::MemberCursors;
use cairn_client::proto::model::user::{ServerRole, UserInfo, UserState};
use cairn_client::proto::text::{Caption, EmojiName, FileName, MediaType, Text};
use cairn_session::Details;
use serde_json::{Map, Value, json};

use crate::{number, variant};

pub(crate) fn msgid(value: &Value) -> MsgId {
    MsgId::new(value.as_u64().unwrap())
}

pub(crate) fn id(value: &Value, key: &str) -> MsgId {
    MsgId::new(number(value, key).unwrap_or(0))
}

pub(crate) fn conversation(value: &Value) -> ConversationId {
    ConversationId::new(number(value, "of").unwrap())
}

pub(crate) fn user(value: &Value) -> UserId {
    UserId::new(u32::try_from(value.as_u64().unwrap()).unwrap())
}

pub(crate) fn users(value: &Value) -> Vec<UserId> {
    value.as_array().unwrap().iter().map(user).collect()
}

pub(crate) fn time(value: &Value, key: &str) -> Timestamp {
    Timestamp::new(number(value, key).unwrap_or(0))
}

pub(crate) fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> Text {
    Text::new(value.as_str().unwrap()).unwrap()
}

fn emoji(value: &Value) -> EmojiName {
    EmojiName::new(string(value, "emoji")).unwrap()
}

/// The fields that make the body of a message.
const BODIES: [&str; 12] = [
    "text", "emote", "emoji", "file", "system", "recalled", "edit", "recall", "react", "unreact",
    "pin", "unpin",
];

pub(crate) fn body(value: &Value) -> Body {
    let mut kinds = BODIES
        .iter()
        .filter_map(|kind| Some((*kind, value.get(*kind)?)));
    let (kind, value) = kinds.next_back().unwrap_or(("unknown", &Value::Null));
    let msgid = id(value, "of");
    let amendment = match kind {
        "text" => return Body::Text(text(value)),
        "emote" => return Body::Emote(text(value)),
        "emoji" => return Body::Emoji(EmojiName::new(value.as_str().unwrap()).unwrap()),
        "file" => {
            return Body::File(Box::new(Attachment {
                hash: AttachmentHash::new([0; AttachmentHash::BYTES]),
                name: FileName::new(string(value, "name")).unwrap(),
                media_type: MediaType::new("application/octet-stream").unwrap(),
                size_bytes: number(value, "bytes").unwrap_or(0),
                caption: Caption::new(string(value, "caption")).unwrap(),
            }));
        }
        "system" => return Body::System(system(value)),
        "recalled" => return Body::Recalled { by: user(value) },
        "edit" => Amendment::Edited {
            msgid,
            text: value.get("text").map(text),
        },
        "recall" => Amendment::Recalled { msgid },
        "react" => Amendment::Reacted {
            msgid,
            emoji: emoji(value),
        },
        "unreact" => Amendment::Unreacted {
            msgid,
            emoji: emoji(value),
        },
        "pin" => Amendment::Pinned { msgid },
        "unpin" => Amendment::Unpinned { msgid },
        _ => return Body::Unknown,
    };
    Body::Amendment(amendment)
}

fn system(value: &Value) -> SystemEntry {
    let (kind, value) = variant(value);
    match kind {
        "created" => SystemEntry::Created {
            name: value.as_str().unwrap().parse().unwrap(),
        },
        "added" => SystemEntry::Added {
            users: users(value),
        },
        "removed" => SystemEntry::Removed {
            users: users(value),
        },
        "renamed" => SystemEntry::Renamed {
            name: value.as_str().unwrap().parse().unwrap(),
        },
        "topic" => SystemEntry::TopicSet {
            topic: value.as_str().unwrap().parse().unwrap(),
        },
        other => panic!("unknown change: {other}"),
    }
}

pub(crate) fn message(of: ConversationId, value: &Value) -> Message {
    let mut extras = Vec::new();
    extras.extend(value.get("reply").map(|reply| Extra::ReplyTo(msgid(reply))));
    let mentions = list(value, "mentions").iter();
    extras.extend(mentions.map(|mention| Extra::Mention(user(mention))));
    extras.extend((value.get("all") == Some(&json!(true))).then_some(Extra::MentionAll));
    extras.extend(value.get("edited").map(|edited| Extra::Edited {
        at: time(edited, "at"),
        entry: id(edited, "entry"),
    }));
    extras.extend(
        value
            .get("imported")
            .map(|by| Extra::Imported { by: user(by) }),
    );
    let reactions = value.get("reactions").and_then(Value::as_object);
    let reactions = reactions
        .into_iter()
        .flatten()
        .map(|(emoji, who)| Reaction {
            emoji: EmojiName::new(emoji.as_str()).unwrap(),
            users: users(who),
        });
    let extras = Extras::new(extras).unwrap();
    Message {
        conversation: of,
        msgid: id(value, "id"),
        sender: user(value.get("by").unwrap_or(&json!(2))),
        sent_at: time(value, "at"),
        body: body(value),
        extras: extras.with_reactions(reactions.collect()),
    }
}

/// Messages, some of them generated by `{"texts": [FIRST, LAST], "by": USER, "at": TIME, "every":
/// MILLISECONDS}`.
pub(crate) fn messages(of: ConversationId, values: &[Value]) -> Vec<Message> {
    let mut messages = Vec::new();
    for value in values {
        let Some(range) = value.get("texts") else {
            messages.push(message(of, value));
            continue;
        };
        let (first, last) = (range[0].as_u64().unwrap(), range[1].as_u64().unwrap());
        let every = number(value, "every").unwrap_or(1000);
        for msgid in first..=last {
            let at = number(value, "at").unwrap_or(0) + (msgid - first) * every;
            let by = value.get("by").cloned().unwrap_or(json!(2));
            let text = json!({"id": msgid, "by": by, "at": at, "text": format!("m{msgid}")});
            messages.push(message(of, &text));
        }
    }
    messages
}

pub(crate) fn user_info(value: &Value) -> UserInfo {
    UserInfo {
        id: user(&value["id"]),
        name: string(value, "name").parse().unwrap(),
        role: ServerRole::Member,
        state: UserState::Active,
    }
}

fn role(value: &Value) -> Role {
    match string(value, "role") {
        "admin" => Role::Admin,
        "owner" => Role::Owner,
        _ => Role::Member,
    }
}

pub(crate) fn level(name: &str) -> NotificationLevel {
    match name {
        "mentions" => NotificationLevel::Mentions,
        "nothing" => NotificationLevel::Nothing,
        _ => NotificationLevel::All,
    }
}

fn kind(value: &Value) -> ConversationKind {
    let name = string(value, "name");
    if let Some(peer) = value.get("peer") {
        return ConversationKind::Direct {
            peer: user_info(peer),
        };
    }
    match value.get("of_desk").map(variant) {
        None => ConversationKind::Group {
            name: name.parse().unwrap(),
        },
        Some(("queue", _)) => ConversationKind::Queue {
            name: name.parse().unwrap(),
        },
        Some(("inquiry", queue)) => ConversationKind::Inquiry {
            queue: ConversationId::new(queue.as_u64().unwrap()),
            visitor: Some(name.parse().unwrap()),
        },
        Some((_, of)) => ConversationKind::Back {
            of: ConversationId::new(of.as_u64().unwrap()),
        },
    }
}

pub(crate) fn summary(value: &Value) -> Conversation {
    let of = ConversationId::new(number(value, "id").unwrap());
    let kind = kind(value);
    let head = id(value, "head");
    let last = value.get("last").map(|last| {
        let last = message(of, last);
        Entry {
            sender: last.sender,
            sent_at: last.sent_at,
            body: last.body,
            extras: last.extras,
        }
    });
    Conversation {
        id: of,
        kind,
        role: role(value),
        head,
        floor: id(value, "floor"),
        read: id(value, "read"),
        delivered: id(value, "delivered"),
        unread: number(value, "unread").unwrap_or(0),
        mentions: number(value, "mentions").unwrap_or(0),
        last,
        settings: MemberSettings {
            notifications: Notifications {
                level: level(string(value, "level")),
                until: number(value, "until").map(Timestamp::new),
            },
            favourite: value.get("favourite") == Some(&json!(true)),
            hidden: value.get("hidden") == Some(&json!(true)),
        },
    }
}

/// The details of a conversation, with its members and how far they have read.
pub(crate) fn details(value: &Value) -> (Details, Vec<UserInfo>, Vec<MemberCursors>) {
    let members = list(value, "members").iter().map(|member| Member {
        user: user_info(member),
        role: role(member),
        joined: id(member, "joined"),
        read: id(member, "read"),
        muted_until: Timestamp::new(0),
    });
    let members: Vec<Member> = members.collect();
    let kind = ConversationKind::Group {
        name: string(value, "name").parse().unwrap(),
    };
    let group = GroupDetails {
        topic: string(value, "topic").parse().unwrap(),
        settings: GroupSettings::default(),
        members: 0,
    };
    let pins = list(value, "pins").iter().map(msgid).collect();
    let details = Details::new(&kind, Some(group), None, &members, pins);
    let cursors = members.iter().map(|member| MemberCursors {
        user: member.user.id,
        delivered: member.read,
        read: member.read,
    });
    let cursors = cursors.collect();
    let users = members.into_iter().map(|member| member.user);
    (details, users.collect(), cursors)
}

/// Writes the body of an entry into an object.
pub(crate) fn put_body(object: &mut Map<String, Value>, body: &Body) {
    let (key, value) = match body {
        Body::Text(text) => ("text", json!(text.as_str())),
        Body::Emote(text) => ("emote", json!(text.as_str())),
        Body::Emoji(name) => ("emoji", json!(name.as_str())),
        Body::Image(_) | Body::Video(_) | Body::File(_) => {
            let file = body.attachment().unwrap();
            let caption = file.caption.as_str();
            (
                "file",
                json!({"name": file.name.as_str(), "bytes": file.size_bytes, "caption": caption}),
            )
        }
        Body::System(entry) => ("system", json!(format!("{entry:?}"))),
        Body::Recalled { by } => ("recalled", json!(by.get())),
        Body::Amendment(amendment) => put_amendment(amendment),
        Body::Unknown => ("unknown", json!(true)),
    };
    object.insert(key.to_owned(), value);
}

fn put_amendment(amendment: &Amendment) -> (&'static str, Value) {
    let of = amendment.msgid().get();
    match amendment {
        Amendment::Edited { text: None, .. } => ("edit", json!({"of": of})),
        Amendment::Edited {
            text: Some(text), ..
        } => ("edit", json!({"of": of, "text": text.as_str()})),
        Amendment::Recalled { .. } => ("recall", json!({"of": of})),
        Amendment::Reacted { emoji, .. } => ("react", json!({"of": of, "emoji": emoji.as_str()})),
        Amendment::Unreacted { emoji, .. } => {
            ("unreact", json!({"of": of, "emoji": emoji.as_str()}))
        }
        Amendment::Pinned { .. } => ("pin", json!({"of": of})),
        Amendment::Unpinned { .. } => ("unpin", json!({"of": of})),
    }
}
