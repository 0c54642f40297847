//! Rows of windows in JSON.

use cairn_session::{
    Doubt, Entry, Failure, FileFault, MessageRow, Outgoing, Pending, Row, RowKey, SendState,
    SystemLine, What,
};
use serde_json::{Map, Value, json};

use crate::content::put_body;

pub(crate) fn row_key(key: RowKey) -> Value {
    match key {
        RowKey::Start => json!("start"),
        RowKey::Unread => json!("unread"),
        RowKey::Day(day) => json!({"day": day}),
        RowKey::Entry(msgid) => json!({"entry": msgid.get()}),
        RowKey::Gap(first) => json!({"gap": first.get()}),
        RowKey::Mine(id) => json!({"mine": id.get()}),
    }
}

/// Writes rows, with runs of generated texts as one.
pub(crate) fn rows(rows: &[Row]) -> Value {
    let mut written: Vec<Value> = Vec::new();
    for row in rows.iter().map(row) {
        match written.last_mut() {
            Some(last) if joins(last, &row) => {
                last["texts"][1] = row["id"].clone();
            }
            _ => written.push(as_run(row)),
        }
    }
    let written = written.into_iter().map(unless_run);
    Value::Array(written.collect())
}

/// Whether a row is a generated text.
fn is_generated(row: &Value) -> bool {
    let text = row["id"].as_u64().map(|id| format!("m{id}"));
    let plain = ["row", "id", "by", "text", "continued", "stale"];
    let fields = row.as_object().unwrap();
    text.is_some_and(|text| row["text"] == json!(text))
        && fields.keys().all(|field| plain.contains(&field.as_str()))
}

fn as_run(row: Value) -> Value {
    if !is_generated(&row) {
        return row;
    }
    let mut run = row.clone();
    let fields = run.as_object_mut().unwrap();
    fields.insert("texts".to_owned(), json!([row["id"], row["id"]]));
    run
}

fn joins(run: &Value, row: &Value) -> bool {
    let next = run["texts"][1].as_u64().map(|last| last + 1);
    next.is_some()
        && next == row["id"].as_u64()
        && is_generated(row)
        && row["continued"] == json!(true)
        && run["by"] == row["by"]
        && run["stale"] == row["stale"]
}

fn unless_run(mut row: Value) -> Value {
    let Some(fields) = row.as_object_mut().filter(|row| row.contains_key("texts")) else {
        return row;
    };
    if fields["texts"][0] == fields["texts"][1] {
        fields.remove("texts");
    } else {
        fields.remove("id");
        fields.remove("text");
    }
    row
}

fn row(row: &Row) -> Value {
    match &row.what {
        What::Start => json!({"row": "start"}),
        What::Day(day) => match day {
            cairn_session::Day::Today => json!({"row": "day", "day": "today"}),
            cairn_session::Day::Yesterday => json!({"row": "day", "day": "yesterday"}),
            cairn_session::Day::On(date) => json!({"row": "day", "day": date.to_string()}),
        },
        What::Unread { count } => json!({"row": "unread", "count": count}),
        What::Message(message) => message_row(message),
        What::System { by, line, .. } => {
            let RowKey::Entry(msgid) = row.key else {
                panic!("a change without a number");
            };
            json!({"row": "system", "id": msgid.get(), "by": by.get(), "line": system(line)})
        }
        What::Gap { from, to } => json!({"row": "gap", "from": from.get(), "to": to.get()}),
        What::Mine(pending) => {
            let mut mine = self::pending(pending);
            mine["row"] = json!("mine");
            mine
        }
    }
}

/// Writes the content of an entry, without its number.
pub(crate) fn entry(entry: &Entry) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("by".to_owned(), json!(entry.sender.get()));
    match SystemLine::of(entry) {
        Some(line) => {
            object.insert("line".to_owned(), system(&line));
        }
        None => put_body(&mut object, &entry.body),
    }
    if let Some(reply) = entry.reply_to {
        object.insert("reply".to_owned(), json!(reply.get()));
    }
    if let Some(edited) = entry.edited {
        object.insert("edited".to_owned(), json!(edited.entry.get()));
    }
    if !entry.reactions.is_empty() {
        let reactions = entry.reactions.iter().map(|(emoji, users)| {
            let users: Vec<u32> = users.iter().map(|user| user.get()).collect();
            (emoji.as_str().to_owned(), json!(users))
        });
        object.insert("reactions".to_owned(), Value::Object(reactions.collect()));
    }
    object
}

fn message_row(message: &MessageRow) -> Value {
    let mut object = entry(&message.entry);
    object.insert("row".to_owned(), json!("message"));
    object.insert("id".to_owned(), json!(message.msgid.get()));
    let flags = [
        ("mine", message.is_mine),
        ("continued", message.is_continued),
        ("pinned", message.is_pinned),
        ("mention", message.is_mention),
        ("stale", message.is_stale),
    ];
    let set = flags.into_iter().filter(|(_, is_set)| *is_set);
    object.extend(set.map(|(flag, _)| (flag.to_owned(), json!(true))));
    if let Some(sent) = message.sent {
        object.insert("sent".to_owned(), state(sent));
    }
    Value::Object(object)
}

fn system(line: &SystemLine) -> Value {
    let users = |users: &[cairn_client::UserId]| {
        let users: Vec<u32> = users.iter().map(|user| user.get()).collect();
        json!(users)
    };
    match line {
        SystemLine::Created(name) => json!({"created": name.as_str()}),
        SystemLine::Joined => json!("joined"),
        SystemLine::Added(who) => json!({"added": users(who)}),
        SystemLine::Left => json!("left"),
        SystemLine::Removed(who) => json!({"removed": users(who)}),
        SystemLine::Renamed(name) => json!({"renamed": name.as_str()}),
        SystemLine::TopicSet(topic) => {
            json!({"topic": topic.as_ref().map(|topic| topic.as_str())})
        }
        SystemLine::Pinned(msgid) => json!({"pinned": msgid.get()}),
        SystemLine::Unpinned(msgid) => json!({"unpinned": msgid.get()}),
        SystemLine::Unknown => json!("unknown"),
        other => panic!("no scenario has it: {other:?}"),
    }
}

pub(crate) fn state(state: SendState) -> Value {
    match state {
        SendState::Queued => json!("queued"),
        SendState::Uploading { done, of } => json!({"uploading": [done, of]}),
        SendState::Sent => json!("sent"),
        SendState::Stored(msgid) => json!({"stored": msgid.get()}),
        SendState::Delivered { by, of } => json!({"delivered": [by, of]}),
        SendState::Read { by, of } => json!({"read": [by, of]}),
        SendState::Failed(why) => json!({"failed": failure(why)}),
        SendState::Unknown(why) => json!({"unknown": doubt(why)}),
    }
}

pub(crate) fn failure(why: Failure) -> Value {
    match why {
        Failure::Refused(code) => json!({"refused": code.number()}),
        Failure::TooLong => json!("too_long"),
        Failure::Empty => json!("empty"),
        Failure::OutboxFull => json!("outbox_full"),
        Failure::Ended => json!("ended"),
        Failure::File(FileFault::Missing) => json!({"file": "missing"}),
        Failure::File(FileFault::Changed) => json!({"file": "changed"}),
        Failure::File(FileFault::TooLarge) => json!({"file": "too_large"}),
        Failure::File(FileFault::Unreadable) => json!({"file": "unreadable"}),
    }
}

pub(crate) fn doubt(why: Doubt) -> Value {
    match why {
        Doubt::TooOld => json!("too_old"),
        Doubt::Conflict => json!("conflict"),
        Doubt::Stream => json!("stream"),
        Doubt::Damaged => json!("damaged"),
        Doubt::Copied => json!("copied"),
    }
}

/// Writes the content of an own message.
pub(crate) fn outgoing(what: &Outgoing) -> Map<String, Value> {
    let mut object = Map::new();
    match what {
        Outgoing::Message { body, extras } => {
            put_body(&mut object, body);
            if let Some(reply) = extras.replied() {
                object.insert("reply".to_owned(), json!(reply.get()));
            }
            let mentions: Vec<u32> = extras.mentioned().map(|user| user.get()).collect();
            if !mentions.is_empty() {
                object.insert("mentions".to_owned(), json!(mentions));
            }
        }
        Outgoing::File {
            file,
            caption,
            reply_to,
        } => {
            let path = json!({"path": file.path, "caption": caption});
            object.insert("upload".to_owned(), path);
            if let Some(reply) = reply_to {
                object.insert("reply".to_owned(), json!(reply.get()));
            }
        }
        Outgoing::Forward { from, msgid } => {
            let forward = json!({"of": from.get(), "id": msgid.get()});
            object.insert("forward".to_owned(), forward);
        }
    }
    object
}

pub(crate) fn pending(pending: &Pending) -> Value {
    let mut object = outgoing(&pending.what);
    object.insert("id".to_owned(), json!(pending.id.get()));
    object.insert("state".to_owned(), state(pending.state));
    Value::Object(object)
}
