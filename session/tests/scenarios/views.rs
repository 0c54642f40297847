//! Views in JSON.

use cairn_client::proto::ids::{ConversationId, UserId};
use cairn_session::{
    Aim, AnchorTo, ConversationView, DateJump, Draft, HitTarget, LinkFault, LinkView, Model,
    WindowView,
};
use serde_json::{Map, Value, json};

use crate::content::{conversation, string};
use crate::{desk, number, rows};

pub(crate) fn view(model: &Model, view: &str, line: &Value) -> Value {
    match view {
        "list" => Value::Array(model.list().iter().map(entry).collect()),
        "window" => model
            .window(conversation(line))
            .map_or(Value::Null, |view| window(&view)),
        "outbox" => Value::Array(
            model
                .outbox()
                .iter()
                .map(|pending| {
                    let mut object = rows::pending(pending);
                    object["of"] = json!(pending.conversation.get());
                    object
                })
                .collect(),
        ),
        "draft" => model.draft(conversation(line)).map_or(Value::Null, draft),
        "link" => link(model.link()),
        "totals" => serde_json::to_value(model.totals()).unwrap(),
        "switcher" => Value::Array(
            model
                .switcher(string(line, "query"))
                .into_iter()
                .map(|hit| {
                    let target = match hit.target {
                        HitTarget::Conversation(id) => json!({"conversation": id.get()}),
                        HitTarget::User(id) => json!({"user": id.get()}),
                    };
                    json!({"target": target, "name": hit.name, "score": hit.score, "at": hit.at})
                })
                .collect(),
        ),
        "next_unread" => {
            let from = number(line, "from").map(ConversationId::new);
            let mentions = line.get("mentions") == Some(&json!(true));
            let backwards = line.get("backwards") == Some(&json!(true));
            let next = model.next_unread(from, mentions, backwards);
            json!(next.map(ConversationId::get))
        }
        "desk" => model.desk().as_ref().map_or(Value::Null, desk::view),
        other => panic!("unknown view: {other}"),
    }
}

fn users(users: &[UserId]) -> Value {
    let users: Vec<u32> = users.iter().map(|user| user.get()).collect();
    json!(users)
}

/// Leaves out what is false, empty or zero.
pub(crate) fn put(object: &mut Map<String, Value>, key: &str, value: Value) {
    let is_empty = match &value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::Array(list) => list.is_empty(),
        _ => false,
    };
    if !is_empty {
        object.insert(key.to_owned(), value);
    }
}

fn entry(view: &ConversationView) -> Value {
    let mut object = Map::new();
    object.insert("of".to_owned(), json!(view.id.get()));
    object.insert("name".to_owned(), json!(view.name));
    put(&mut object, "peer", json!(view.peer.map(UserId::get)));
    put(&mut object, "of_desk", desk::log(view.of_desk));
    put(&mut object, "head", json!(view.head.get()));
    put(&mut object, "floor", json!(view.floor.get()));
    put(&mut object, "read", json!(view.read.get()));
    put(&mut object, "unread", json!(view.unread.messages));
    put(&mut object, "mentions", json!(view.unread.mentions));
    put(&mut object, "at_least", json!(view.unread.is_lower_bound));
    if view.level != Default::default() {
        put(&mut object, "level", json!(view.level.as_str()));
    }
    let until = view.level_until.map(|until| until.get());
    put(&mut object, "until", json!(until));
    put(&mut object, "favourite", json!(view.favourite));
    put(&mut object, "active_at", json!(view.active_at.get()));
    put(&mut object, "draft", json!(view.draft));
    put(&mut object, "typing", users(&view.typing));
    let presence = view.presence.map(|presence| presence.as_str());
    put(&mut object, "presence", json!(presence));
    put(&mut object, "failed", json!(view.failed));
    if let Some((msgid, last)) = &view.last {
        let mut last = rows::entry(last);
        last.insert("id".to_owned(), json!(msgid.get()));
        object.insert("last".to_owned(), Value::Object(last));
    }
    Value::Object(object)
}

fn window(view: &WindowView) -> Value {
    let mut object = Map::new();
    object.insert("rows".to_owned(), rows::rows(&view.rows));
    let to = match view.anchor.to {
        AnchorTo::End => json!("end"),
        AnchorTo::Row(key) => rows::row_key(key),
    };
    let anchor = json!({"number": view.anchor.number, "to": to});
    object.insert("anchor".to_owned(), anchor);
    put(&mut object, "at_end", json!(view.is_at_end));
    put(&mut object, "loading", json!(view.is_loading));
    put(&mut object, "back", json!(view.can_go_back));
    put(&mut object, "typing", users(&view.typing));
    let date = match view.date_jump {
        DateJump::Idle => Value::Null,
        DateJump::Searching => json!("searching"),
        DateJump::NotFound => json!("not_found"),
    };
    put(&mut object, "date", date);
    Value::Object(object)
}

pub(crate) fn draft(draft: &Draft) -> Value {
    let mut object = Map::new();
    object.insert("of".to_owned(), json!(draft.conversation.get()));
    object.insert("words".to_owned(), json!(draft.words));
    let aim = match draft.aim {
        Aim::New => Value::Null,
        Aim::Emote => json!("emote"),
        Aim::Reply(msgid) => json!({"reply": msgid.get()}),
        Aim::Edit(msgid) => json!({"edit": msgid.get()}),
    };
    put(&mut object, "aim", aim);
    let files = draft
        .files
        .iter()
        .map(|file| json!({"path": file.path, "name": file.name, "bytes": file.size_bytes}));
    put(&mut object, "files", Value::Array(files.collect()));
    Value::Object(object)
}

fn fault(fault: LinkFault) -> Value {
    match fault {
        LinkFault::Unreachable => json!("unreachable"),
        LinkFault::Lost => json!("lost"),
        LinkFault::WrongPin => json!("wrong_pin"),
        LinkFault::Refused(code) => json!({"refused": code.number()}),
        LinkFault::Incompatible => json!("incompatible"),
        LinkFault::Revoked => json!("revoked"),
        LinkFault::Other => json!("other"),
    }
}

fn link(view: LinkView) -> Value {
    match view {
        LinkView::Connecting => json!("connecting"),
        LinkView::Online => json!("online"),
        LinkView::Recovering => json!("recovering"),
        LinkView::Offline {
            since,
            again_at,
            why,
        } => {
            let again_at = again_at.map(|at| at.get());
            json!({"offline": {"since": since.get(), "again_at": again_at, "why": fault(why)}})
        }
        LinkView::Ended(why) => json!({"ended": fault(why)}),
    }
}
