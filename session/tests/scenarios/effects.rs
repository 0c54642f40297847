//! Effects in JSON. Those that say when to draw and when to wake up are left out.

use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::UserId;
use cairn_client::proto::wire::request::session::PullRange;
use cairn_session::{Effect, Notice, Reason, SavedState, StoreOp};
use serde_json::{Map, Value, json};

use crate::content::put_body;
use crate::{desk, rows, views};

pub(crate) fn effects(effects: &[Effect]) -> Value {
    Value::Array(effects.iter().filter_map(effect).collect())
}

fn range(id: u64, of: u64, range: PullRange, limit: u32) -> Value {
    match range {
        PullRange::From(msgid) => json!({"id": id, "of": of, "from": msgid.get(), "limit": limit}),
        PullRange::Before(msgid) => {
            json!({"id": id, "of": of, "before": msgid.get(), "limit": limit})
        }
    }
}

fn users(users: &[UserId]) -> Vec<u32> {
    users.iter().map(|user| user.get()).collect()
}

fn effect(effect: &Effect) -> Option<Value> {
    Some(match effect {
        Effect::Wake(_) | Effect::Dirty(_) => return None,
        Effect::Store(op) => json!({"store": store(op)}),
        Effect::Overview { since } => {
            json!({"overview": since.map(|moment| moment.revision.get())})
        }
        Effect::Keywords => json!("keywords"),
        Effect::Desk => json!("desk"),
        Effect::Inquiries(queue) => json!({"inquiries": queue.get()}),
        Effect::Load {
            id,
            conversation,
            range: which,
            limit,
        } => json!({"load": range(id.get(), conversation.get(), *which, *limit)}),
        Effect::Pull {
            id,
            conversation,
            range: which,
            limit,
        } => json!({"pull": range(id.get(), conversation.get(), *which, *limit)}),
        Effect::Details(id) => json!({"details": id.get()}),
        Effect::Users(who) => json!({"users": users(who)}),
        Effect::Watch(who) => json!({"watch": users(who)}),
        Effect::Receipts {
            conversation,
            msgid,
        } => json!({"receipts": {"of": conversation.get(), "id": msgid.get()}}),
        Effect::Focus(id) => json!({"focus": id.map(|id| id.get())}),
        Effect::Typing(id) => json!({"typing": id.get()}),
        Effect::Ack {
            conversation,
            msgid,
        } => json!({"ack": {"of": conversation.get(), "id": msgid.get()}}),
        Effect::Read {
            conversation,
            msgid,
        } => json!({"read": {"of": conversation.get(), "id": msgid.get()}}),
        Effect::MarkUnread { conversation, from } => {
            json!({"mark_unread": {"of": conversation.get(), "from": from.get()}})
        }
        Effect::Send {
            id,
            conversation,
            seq,
            what,
        } => {
            let mut object = rows::outgoing(what);
            object.insert("id".to_owned(), json!(id.get()));
            object.insert("of".to_owned(), json!(conversation.get()));
            object.insert("seq".to_owned(), json!(seq.get()));
            json!({"send": object})
        }
        Effect::Probe {
            id,
            conversation,
            seq,
        } => json!({"probe": {"id": id.get(), "of": conversation.get(), "seq": seq.get()}}),
        Effect::Upload { id, file } => {
            let mut upload = json!({"id": id.get(), "path": file.path});
            if file.as_file {
                upload["as_file"] = json!(true);
            }
            json!({"upload": upload})
        }
        Effect::CancelUpload(id) => json!({"cancel_upload": id.get()}),
        Effect::Edit { draft, mentions } => {
            let mentions: Vec<u32> = mentions.mentioned().map(UserId::get).collect();
            json!({"edit": {"draft": views::draft(draft), "mentions": mentions}})
        }
        Effect::NewStream => json!("new_stream"),
        Effect::Refuse { conversation, why } => {
            json!({"refuse": {"of": conversation.get(), "why": rows::failure(*why)}})
        }
        Effect::Notify(notice) => json!({"notify": self::notice(notice)}),
    })
}

fn notice(notice: &Notice) -> Value {
    match notice {
        Notice::Message {
            conversation,
            msgid,
            reason,
            entry,
        } => {
            let reason = match reason {
                Reason::Message => "message",
                Reason::Direct => "direct",
                Reason::Mention => "mention",
                Reason::Keyword => "keyword",
            };
            let mut object = rows::entry(entry);
            object.insert("of".to_owned(), json!(conversation.get()));
            object.insert("id".to_owned(), json!(msgid.get()));
            object.insert("reason".to_owned(), json!(reason));
            Value::Object(object)
        }
        Notice::Summary {
            conversations,
            messages,
            mentions,
        } => json!({"summary": {
            "conversations": conversations, "messages": messages, "mentions": mentions
        }}),
        Notice::Desk(notice) => desk::notice(notice),
    }
}

/// The messages of one operation: generated texts as a range, all others in full.
fn messages(list: &[Message]) -> Value {
    let mut written: Vec<Value> = Vec::new();
    for message in list {
        let id = message.msgid.get();
        let mut object = Map::new();
        put_body(&mut object, &message.body);
        let is_text = object.get("text") == Some(&json!(format!("m{id}")));
        match written.last_mut() {
            Some(last) if is_text && last.is_array() && last[1] == json!(id - 1) => {
                last[1] = json!(id);
            }
            _ if is_text => written.push(json!([id, id])),
            _ => {
                object.insert("id".to_owned(), json!(id));
                written.push(Value::Object(object));
            }
        }
    }
    Value::Array(written)
}

fn store(op: &StoreOp) -> Value {
    match op {
        StoreOp::Moment(moment) => json!({"moment": moment.revision.get()}),
        StoreOp::NoMoment => json!("no_moment"),
        StoreOp::Conversation(saved) => json!({"conversation": {
            "of": saved.summary.id.get(),
            "head": saved.summary.head.get(),
            "read": saved.summary.read.get(),
            "unread": saved.summary.unread,
            "checked": saved.checked.map(|checked| checked.get()),
        }}),
        StoreOp::Users(who) => {
            let users: Vec<u32> = who.iter().map(|user| user.id.get()).collect();
            json!({"users": users})
        }
        StoreOp::Entries {
            conversation,
            messages: list,
            as_of,
        } => json!({"entries": {
            "of": conversation.get(), "list": messages(list), "as_of": as_of.get()
        }}),
        StoreOp::Amend(message) => {
            let mut object = Map::new();
            put_body(&mut object, &message.body);
            object.insert("id".to_owned(), json!(message.msgid.get()));
            json!({"amend": object})
        }
        StoreOp::Advance {
            conversation,
            from,
            to,
        } => {
            json!({"advance": {"of": conversation.get(), "from": from.get(), "to": to.get()}})
        }
        StoreOp::Delete {
            conversation,
            through,
        } => json!({"delete": {"of": conversation.get(), "through": through.get()}}),
        StoreOp::Forget(id) => json!({"forget": id.get()}),
        StoreOp::Draft(draft) => json!({"draft": views::draft(draft)}),
        StoreOp::NoDraft(id) => json!({"no_draft": id.get()}),
        StoreOp::Pending(saved) => {
            let state = match saved.state {
                SavedState::Waiting => json!("waiting"),
                SavedState::Handed => json!("handed"),
                SavedState::Failed(why) => json!({"failed": rows::failure(why)}),
                SavedState::Unknown(why) => json!({"unknown": rows::doubt(why)}),
            };
            let mut object = rows::outgoing(&saved.what);
            object.insert("id".to_owned(), json!(saved.id.get()));
            object.insert("of".to_owned(), json!(saved.conversation.get()));
            object.insert("state".to_owned(), state);
            if let Some(seq) = saved.seq {
                object.insert("seq".to_owned(), json!(seq.get()));
            }
            json!({"pending": object})
        }
        StoreOp::NoPending(id) => json!({"no_pending": id.get()}),
        StoreOp::NextSeq(id, seq) => json!({"next_seq": {"of": id.get(), "seq": seq.get()}}),
        StoreOp::NoSeqs => json!("no_seqs"),
    }
}
