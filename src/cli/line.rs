//! A message on the screen, or in JSON.

use std::borrow::Cow;
use std::fmt;

use cairn_proto::body::{Attachment, Body, Kind, Media, SystemEntry};
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::message::Message;
use serde::Serialize;

use super::clean::Clean;
use super::clock::Local;
use super::group_settings::Agreed;
use super::names::Names;

/// A message as `tail` shows it. The fields are those of its JSON, in their order.
#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    conversation: ConversationId,
    msgid: MsgId,
    sender: Cow<'a, str>,
    sent_at_ms: u64,
    kind: Kind,
    text: Cow<'a, str>,
}

impl<'a> Line<'a> {
    pub(super) fn new(message: &'a Message, names: &'a Names) -> Self {
        let Message { conversation, msgid, sender, sent_at, body } = message;
        Self {
            conversation: *conversation,
            msgid: *msgid,
            sender: names.of(*sender),
            sent_at_ms: sent_at.get(),
            kind: body.kind(),
            text: text_of(body, *sender, names),
        }
    }
}

/// The message in words: its own where it has some, else what it is about.
fn text_of<'a>(body: &'a Body, sender: UserId, names: &Names) -> Cow<'a, str> {
    match body {
        Body::Text(text) | Body::Emote(text) => text.as_str().into(),
        Body::Emoji(name) => name.as_str().into(),
        Body::Image(Media { file, .. }) | Body::Video(Media { file, .. }) | Body::File(file) => {
            let Attachment { name, .. } = file;
            name.as_str().into()
        }
        Body::System(entry) => happened(entry, sender, names).into(),
        Body::Unknown => "a message of a kind that this version does not know".into(),
    }
}

/// What happened to the conversation, behind the name of who caused it.
fn happened(entry: &SystemEntry, sender: UserId, names: &Names) -> String {
    match entry {
        SystemEntry::Created { name } => format!("made the group {name}"),
        SystemEntry::Added { users } if *users == [sender] => "joined".to_owned(),
        SystemEntry::Removed { users } if *users == [sender] => "left".to_owned(),
        SystemEntry::Added { users } => format!("added {}", list(users, names)),
        SystemEntry::Removed { users } => format!("removed {}", list(users, names)),
        SystemEntry::Renamed { name } => format!("renamed the group to {name}"),
        SystemEntry::TopicSet { topic } if topic.is_empty() => "took the topic away".to_owned(),
        SystemEntry::TopicSet { topic } => format!("set the topic: {topic}"),
        SystemEntry::SettingsSet { settings } => format!("set {}", Agreed(settings)),
        SystemEntry::RoleSet { user, role } => format!("made {} {}", names.of(*user), role.as_str()),
        SystemEntry::HandedOver { user } => format!("handed the group over to {}", names.of(*user)),
        SystemEntry::Banned { users } => format!("banned {}", list(users, names)),
        SystemEntry::Unbanned { users } => format!("lifted the ban of {}", list(users, names)),
        SystemEntry::Muted { user, until } if until.get() == 0 => format!("lets {} speak again", names.of(*user)),
        SystemEntry::Muted { user, until } => format!("muted {} until {}", names.of(*user), Local(until.get())),
    }
}

fn list(users: &[UserId], names: &Names) -> String {
    users.iter().map(|&user| names.of(user)).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (moment, sender, text) = (Local(self.sent_at_ms), Clean(&self.sender), Clean(&self.text));
        write!(f, "{moment}  ")?;
        match self.kind {
            Kind::Text => write!(f, "{sender}: {text}"),
            Kind::Emote => write!(f, "* {sender} {text}"),
            Kind::Emoji => write!(f, "{sender}: :{text}:"),
            Kind::Image | Kind::Video | Kind::File => write!(f, "{sender}: [{kind}: {text}]", kind = self.kind.as_str()),
            Kind::System | Kind::Unknown => write!(f, "-- {sender} {text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_proto::group::GroupSettings;
    use cairn_proto::ids::Timestamp;
    use cairn_proto::response::Role;
    use cairn_proto::text::{GroupName, Text};

    fn message(body: Body) -> Message {
        let (conversation, msgid) = (ConversationId::new(1), MsgId::new(17));
        Message { conversation, msgid, sender: UserId::new(3), sent_at: Timestamp::new(1_700_000_000_000), body }
    }

    #[test]
    fn json_has_the_promised_fields_and_the_exact_text() {
        let names = Names::default();
        let message = message(Body::Text(Text::new("a\u{1b}\"ä\u{202e}").unwrap()));
        let json = serde_json::to_string(&Line::new(&message, &names)).unwrap();
        let expected = "{\"conversation\":1,\"msgid\":17,\"sender\":\"user 3\",\"sent_at_ms\":1700000000000,\"kind\":\"text\",\
                        \"text\":\"a\\u001b\\\"ä\u{202e}\"}";
        assert_eq!(json, expected);
    }

    #[test]
    fn people_see_what_happened_and_nothing_obeyed() {
        let names = Names::default();
        for (body, ending) in [
            (Body::Text(Text::new("hi\u{1b}[2J").unwrap()), "  user 3: hi␛[2J"),
            (Body::Emote(Text::new("waves").unwrap()), "  * user 3 waves"),
            (Body::System(SystemEntry::Created { name: GroupName::new("team").unwrap() }), "  -- user 3 made the group team"),
            (Body::System(SystemEntry::Added { users: vec![UserId::new(4), UserId::new(5)] }), "  -- user 3 added user 4, user 5"),
            (Body::System(SystemEntry::Added { users: vec![UserId::new(3)] }), "  -- user 3 joined"),
            (Body::System(SystemEntry::Removed { users: vec![UserId::new(3)] }), "  -- user 3 left"),
            (Body::System(SystemEntry::RoleSet { user: UserId::new(4), role: Role::Admin }), "  -- user 3 made user 4 admin"),
            (
                Body::System(SystemEntry::SettingsSet { settings: GroupSettings::default() }),
                "  -- user 3 set access invite-only, history all, invite admin, post member, pin member, rename admin",
            ),
        ] {
            let message = message(body);
            let shown = Line::new(&message, &names).to_string();
            assert!(shown.ends_with(ending), "{shown}");
        }
    }
}
