//! Inputs in JSON.

use cairn_client::proto::ids::{ClientSeq, ConversationId, EpochId, MsgId, Revision, Timestamp};
use cairn_client::proto::model::people::{Contact, Friendship, Relation};
use cairn_client::proto::model::presence::{DeviceKind, PresentDevice, UserPresence};
use cairn_client::proto::model::receipts::{MemberCursors, Receipt, ReceiptState};
use cairn_client::proto::text::Keyword;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::event::AccountUpdate;
use cairn_client::proto::wire::overview::{Moment, OverviewExtent};
use cairn_client::{Event, Overview, Page, Update};
use cairn_session::{
    Aim, Command, Date, Doubt, Draft, DraftFile, Failure, Fetched, FileFault, Input, Link,
    LinkFault, LocalId, NoticeSettings, Outgoing, Place, RequestId, Restored, RowKey,
    SavedConversation, SavedPending, SavedState, Zone,
};
use serde_json::Value;

use crate::content::{
    body, conversation, details, id, list, messages, msgid, string, summary, time, user, user_info,
};
use crate::{desk, number, variant};

pub(crate) fn input(value: &Value) -> Input {
    let (kind, value) = variant(value);
    match kind {
        "restored" => Input::Restored(Box::new(restored(value))),
        "clock" => Input::Clock(Timestamp::new(value.as_u64().unwrap())),
        "zone" => Input::Zone(zone(value)),
        "link" => Input::Link(link(value)),
        "overview" if value.as_str() == Some("failed") => Input::OverviewFailed,
        "overview" => Input::Overview(Box::new(overview(value))),
        "contacts" => Input::Contacts(value.as_array().unwrap().iter().map(contact).collect()),
        "keywords" => Input::Keywords(keywords(value)),
        "details" => {
            let (details, users, cursors) = details(value);
            Input::Details {
                conversation: conversation(value),
                details: Box::new(details),
                users,
                cursors,
            }
        }
        "agent" => Input::Agent(value.as_bool().unwrap()),
        "desk" => Input::Desk(Box::new(desk::desk(value))),
        "inquiries" => desk::inquiries(value),
        "users" => Input::Users(value.as_array().unwrap().iter().map(user_info).collect()),
        "presence" => Input::Presence(value.as_array().unwrap().iter().map(presence).collect()),
        "receipts" => Input::Receipts {
            conversation: conversation(value),
            msgid: id(value, "id"),
            who: list(value, "who").iter().map(receipt).collect(),
        },
        "event" => Input::Event(Box::new(event(value))),
        "entries" => {
            let of = conversation(value);
            Input::Entries(messages(of, list(value, "list")))
        }
        "page" => Input::Page {
            id: RequestId::new(number(value, "id").unwrap()),
            page: fetched(value),
        },
        "accepted" => Input::Accepted {
            id: local(value),
            result: result(value, msgid),
        },
        "probed" => Input::Probed {
            id: local(value),
            is_used: value["used"].as_bool().unwrap(),
        },
        "uploading" => Input::Uploading {
            id: local(value),
            done: number(value, "done").unwrap(),
            of: number(value, "bytes").unwrap(),
        },
        "uploaded" => Input::Uploaded {
            id: local(value),
            result: result(value, body),
        },
        "edited" => Input::Edited(Box::new(draft(value))),
        "edit_failed" => Input::EditFailed {
            draft: Box::new(draft(&value["draft"])),
            why: failure(&value["why"]),
        },
        "cursor_failed" => Input::CursorFailed,
        "new_stream" => Input::NewStream,
        "do" => Input::Command(command(value)),
        other => panic!("unknown input: {other}"),
    }
}

fn local(value: &Value) -> LocalId {
    LocalId::new(number(value, "id").unwrap())
}

fn result<T>(value: &Value, ok: impl Fn(&Value) -> T) -> Result<T, Failure> {
    match value.get("ok") {
        Some(value) => Ok(ok(value)),
        None => Err(failure(&value["failed"])),
    }
}

pub(crate) fn failure(value: &Value) -> Failure {
    let (kind, value) = variant(value);
    match kind {
        "refused" => Failure::Refused(ErrorCode::from_number(
            u32::try_from(value.as_u64().unwrap()).unwrap(),
        )),
        "too_long" => Failure::TooLong,
        "empty" => Failure::Empty,
        "outbox_full" => Failure::OutboxFull,
        "ended" => Failure::Ended,
        "file" => Failure::File(match value.as_str().unwrap() {
            "missing" => FileFault::Missing,
            "changed" => FileFault::Changed,
            "too_large" => FileFault::TooLarge,
            _ => FileFault::Unreadable,
        }),
        other => panic!("unknown failure: {other}"),
    }
}

fn moment(value: &Value) -> Moment {
    Moment {
        epoch: EpochId::new(1),
        revision: Revision::new(value.as_u64().unwrap()),
    }
}

fn zone(value: &Value) -> Zone {
    let offsets = value.as_array().unwrap().iter().map(|offset| {
        let seconds = i32::try_from(offset[1].as_i64().unwrap()).unwrap();
        (Timestamp::new(offset[0].as_u64().unwrap()), seconds)
    });
    Zone::new(offsets.collect())
}

fn link(value: &Value) -> Link {
    let fault = |value: &Value| match value.as_str().unwrap() {
        "unreachable" => LinkFault::Unreachable,
        "lost" => LinkFault::Lost,
        "wrong_pin" => LinkFault::WrongPin,
        "incompatible" => LinkFault::Incompatible,
        "revoked" => LinkFault::Revoked,
        _ => LinkFault::Other,
    };
    match variant(value) {
        ("connecting", _) => Link::Connecting,
        ("online", _) => Link::Online,
        ("offline", value) => Link::Offline {
            why: fault(&value["why"]),
            again_at: number(value, "again_at").map(Timestamp::new),
        },
        ("ended", value) => Link::Ended(fault(value)),
        (other, _) => panic!("unknown link: {other}"),
    }
}

fn overview(value: &Value) -> Overview {
    Overview {
        conversations: list(value, "conversations").iter().map(summary).collect(),
        gone: list(value, "gone")
            .iter()
            .map(|id| ConversationId::new(id.as_u64().unwrap()))
            .collect(),
        extent: match value.get("all") {
            Some(Value::Bool(true)) => OverviewExtent::All,
            _ => OverviewExtent::Changed,
        },
        as_of: moment(&value["as_of"]),
    }
}

fn contact(value: &Value) -> Contact {
    let blocks = value.get("blocks") == Some(&Value::Bool(true));
    Contact {
        user: user_info(value),
        relation: Relation {
            follows: false,
            friendship: match blocks {
                true => Friendship::None,
                false => Friendship::Friends,
            },
            blocks,
        },
    }
}

fn keywords(words: &Value) -> Vec<Keyword> {
    let words = words.as_array().into_iter().flatten();
    let words = words.map(|word| Keyword::new(word.as_str().unwrap()).unwrap());
    words.collect()
}

fn presence(value: &Value) -> UserPresence {
    let devices = list(value, "away").iter().map(|is_away| PresentDevice {
        kind: DeviceKind::Unknown,
        is_away: is_away.as_bool().unwrap(),
    });
    UserPresence {
        user: user(&value["user"]),
        devices: devices.collect(),
    }
}

fn receipt(value: &Value) -> Receipt {
    Receipt {
        user: user(&value["user"]),
        state: match string(value, "state") {
            "read" => ReceiptState::Read,
            "delivered" => ReceiptState::Delivered,
            _ => ReceiptState::Sent,
        },
    }
}

fn event(value: &Value) -> Event {
    let (kind, value) = variant(value);
    let update = match kind {
        "reconnected" => return Event::Reconnected,
        "lagged" => return Event::Lagged(value.as_u64().unwrap()),
        "typing" => {
            return Event::Typing {
                conversation: conversation(value),
                user: user(&value["user"]),
            };
        }
        "behind" => {
            return Event::Behind {
                conversation: conversation(value),
                head: id(value, "head"),
            };
        }
        "desk" => Update::Desk(desk::update(value)),
        "conversation" => Update::Conversation(summary(value)),
        "removed" => Update::Removed {
            conversation: conversation(value),
            last: id(value, "last"),
        },
        "read" => Update::Read {
            conversation: conversation(value),
            read: id(value, "read"),
            head: id(value, "head"),
        },
        "floor" => Update::Floor {
            conversation: conversation(value),
            floor: id(value, "floor"),
        },
        "contact" => Update::Contact(contact(value)),
        "keywords" => Update::Account(AccountUpdate::Keywords(keywords(value))),
        "user" => Update::User(user_info(value)),
        "presence" => Update::Presence(presence(value)),
        "receipts" => Update::Receipts {
            conversation: conversation(value),
            cursors: list(value, "cursors")
                .iter()
                .map(|cursors| MemberCursors {
                    user: user(&cursors["user"]),
                    delivered: id(cursors, "delivered"),
                    read: id(cursors, "read"),
                })
                .collect(),
            more: value.get("more") == Some(&Value::Bool(true)),
        },
        other => panic!("unknown event: {other}"),
    };
    Event::Update(update)
}

fn fetched(value: &Value) -> Fetched {
    let of = |value: &Value| messages(conversation(value), list(value, "list"));
    if let Some(page) = value.get("pulled") {
        let messages = of(page);
        return Fetched::Pulled(Page {
            head: id(page, "head"),
            floor: id(page, "floor"),
            messages,
        });
    }
    match value.get("stored") {
        Some(page) => Fetched::Stored {
            messages: of(page),
            as_of: id(page, "as_of"),
        },
        None => Fetched::Failed,
    }
}

pub(crate) fn draft(value: &Value) -> Draft {
    let aim = match value.get("aim").map(variant) {
        None => Aim::New,
        Some(("emote", _)) => Aim::Emote,
        Some(("reply", value)) => Aim::Reply(msgid(value)),
        Some(("edit", value)) => Aim::Edit(msgid(value)),
        Some((other, _)) => panic!("unknown aim: {other}"),
    };
    Draft {
        conversation: conversation(value),
        words: string(value, "words").to_owned(),
        aim,
        files: list(value, "files").iter().map(file).collect(),
    }
}

fn file(value: &Value) -> DraftFile {
    DraftFile {
        path: string(value, "path").to_owned(),
        name: string(value, "name").to_owned(),
        size_bytes: number(value, "bytes").unwrap_or(0),
        as_file: value.get("as_file") == Some(&Value::Bool(true)),
    }
}

pub(crate) fn row_key(value: &Value) -> RowKey {
    match variant(value) {
        ("start", _) => RowKey::Start,
        ("unread", _) => RowKey::Unread,
        ("day", value) => RowKey::Day(value.as_i64().unwrap()),
        ("entry", value) => RowKey::Entry(msgid(value)),
        ("gap", value) => RowKey::Gap(msgid(value)),
        ("mine", value) => RowKey::Mine(LocalId::new(value.as_u64().unwrap())),
        (other, _) => panic!("unknown row: {other}"),
    }
}

fn place(value: &Value) -> Place {
    match variant(value) {
        ("end", _) => Place::End,
        ("unread", _) => Place::FirstUnread,
        ("message", value) => Place::At(msgid(value)),
        ("date", value) => {
            let mut parts = value
                .as_str()
                .unwrap()
                .split('-')
                .map(|part| part.parse().unwrap());
            let mut next = || parts.next().unwrap();
            let (year, month, day): (i32, i32, i32) = (next(), next(), next());
            Place::On(Date {
                year,
                month: u8::try_from(month).unwrap(),
                day: u8::try_from(day).unwrap(),
            })
        }
        (other, _) => panic!("unknown place: {other}"),
    }
}

fn command(value: &Value) -> Command {
    let (kind, value) = variant(value);
    let of = || ConversationId::new(value.as_u64().unwrap());
    match kind {
        "open" => Command::Open {
            conversation: conversation(value),
            at: place(&value["at"]),
        },
        "leave" => Command::Leave(of()),
        "attention" => Command::Attention(value.as_bool().unwrap()),
        "seen" => Command::Seen {
            conversation: conversation(value),
            first: row_key(&value["first"]),
            last: row_key(&value["last"]),
        },
        "jump" => Command::Jump {
            conversation: conversation(value),
            to: place(&value["to"]),
        },
        "back" => Command::Back(of()),
        "draft" => Command::Draft(draft(value)),
        "send" => Command::Send(draft(value)),
        "forward" => Command::Forward {
            from: ConversationId::new(number(value, "from").unwrap()),
            msgid: id(value, "id"),
            to: ConversationId::new(number(value, "to").unwrap()),
        },
        "again" => Command::Again(LocalId::new(value.as_u64().unwrap())),
        "withdraw" => Command::Withdraw(LocalId::new(value.as_u64().unwrap())),
        "mark_read" => Command::MarkRead(of()),
        "mark_unread" => Command::MarkUnread {
            conversation: conversation(value),
            from: id(value, "from"),
        },
        "desk" => Command::Desk(value.as_bool().unwrap()),
        "typing" => Command::Typing(of()),
        "notices" => Command::Notices(NoticeSettings {
            keywords: keywords(&value["keywords"]),
            quiet_until: number(value, "quiet_until").map(Timestamp::new),
        }),
        "keywords" => Command::Keywords,
        other => panic!("unknown command: {other}"),
    }
}

fn restored(value: &Value) -> Restored {
    let conversations = list(value, "conversations").iter().map(|saved| {
        let summary = summary(saved);
        SavedConversation {
            listed: (summary.read, summary.head),
            checked: number(saved, "checked").map(MsgId::new),
            summary,
        }
    });
    let outbox = list(value, "outbox").iter().map(|saved| SavedPending {
        id: local(saved),
        conversation: conversation(saved),
        written_at: time(saved, "at"),
        what: match saved.get("upload") {
            Some(upload) => Outgoing::File {
                file: file(upload),
                caption: String::new(),
                reply_to: None,
            },
            None => Outgoing::Message {
                body: body(saved),
                extras: Default::default(),
            },
        },
        seq: number(saved, "seq").map(ClientSeq::new),
        state: match saved
            .get("state")
            .map_or(("waiting", &Value::Null), variant)
        {
            ("waiting", _) => SavedState::Waiting,
            ("handed", _) => SavedState::Handed,
            ("failed", why) => SavedState::Failed(failure(why)),
            ("unknown", _) => SavedState::Unknown(Doubt::TooOld),
            (other, _) => panic!("unknown state: {other}"),
        },
    });
    let next_seqs = list(value, "next_seqs").iter().map(|next| {
        let seq = ClientSeq::new(number(next, "seq").unwrap());
        (conversation(next), seq)
    });
    Restored {
        moment: value.get("moment").map(moment),
        conversations: conversations.collect(),
        users: list(value, "users").iter().map(user_info).collect(),
        drafts: list(value, "drafts").iter().map(draft).collect(),
        outbox: outbox.collect(),
        next_seqs: next_seqs.collect(),
        first_seq: number(value, "first_seq").map(ClientSeq::new),
        last_id: LocalId::new(number(value, "last_id").unwrap_or_default()),
        is_new_stream: value.get("new_stream") == Some(&Value::Bool(true)),
    }
}
