//! What an entry says, in words.

use std::borrow::Cow;

use cairn_proto::content::body::{Amendment, Body, Kind, SystemEntry};
use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::model::desk::DeskEntry;
use cairn_proto::text::Text;

use crate::cli::chat::names::Names;
use crate::cli::chat::text::routing::route_entry;
use crate::cli::group::settings::Agreed;
use crate::ui::time::Local;

/// Returns the message that an entry changed.
pub(crate) const fn about(body: &Body) -> Option<MsgId> {
    match body {
        Body::Amendment(amendment) => Some(amendment.msgid()),
        _ => None,
    }
}

/// Returns whether the text was written by a user.
pub(crate) const fn has_markup(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Emote | Kind::Edit)
        || matches!(kind, Kind::Image | Kind::Video | Kind::File)
}

/// Returns the text of a message, or a description.
pub(crate) fn text_of<'a>(body: &'a Body, sender: UserId, names: &Names) -> Cow<'a, str> {
    match body {
        Body::Text(text) | Body::Emote(text) => text.as_str().into(),
        Body::Emoji(name) => name.as_str().into(),
        Body::Image(_) | Body::Video(_) | Body::File(_) => body
            .attachment()
            .map_or("", |attachment| attachment.caption.as_str())
            .into(),
        Body::System(entry) => happened(entry, sender, names).into(),
        &Body::Recalled { by } => format!("recalled by {}", names.of(by)).into(),
        Body::Amendment(Amendment::Edited { text, .. }) => {
            text.as_ref().map_or("", Text::as_str).into()
        }
        Body::Amendment(
            Amendment::Recalled { .. } | Amendment::Pinned { .. } | Amendment::Unpinned { .. },
        ) => "".into(),
        Body::Amendment(Amendment::Reacted { emoji, .. } | Amendment::Unreacted { emoji, .. }) => {
            emoji.as_str().into()
        }
        Body::Unknown => "a message of a kind that this version does not know".into(),
    }
}

/// Describes a change of the conversation, to follow the sender's name.
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
        SystemEntry::RoleSet { user, role } => {
            format!("made {} {}", names.of(*user), role.as_str())
        }
        SystemEntry::HandedOver { user } => format!("handed the group over to {}", names.of(*user)),
        SystemEntry::Banned { users } => format!("banned {}", list(users, names)),
        SystemEntry::Unbanned { users } => format!("lifted the ban of {}", list(users, names)),
        SystemEntry::RetentionSet {
            retention: Some(retention),
        } => format!("set how long messages stay: {retention}"),
        SystemEntry::RetentionSet { retention: None } => {
            "left it to the server how long messages stay".into()
        }
        SystemEntry::Muted { user, until } if until.get() == 0 => {
            format!("lets {} speak again", names.of(*user))
        }
        SystemEntry::Desk(entry) => of_inquiry(entry).into_owned(),
        SystemEntry::Route(entry) => route_entry(entry, names),
        SystemEntry::Muted { user, until } => {
            format!("muted {} until {}", names.of(*user), Local(until.get()))
        }
    }
}

/// Describes a change of an inquiry, to follow the sender's name.
pub(crate) fn of_inquiry(entry: &DeskEntry) -> Cow<'static, str> {
    match entry {
        DeskEntry::Opened { queue } => format!("opened an inquiry at {queue}").into(),
        DeskEntry::Joined { name, .. } => format!("answers as {name}").into(),
        DeskEntry::Transferred { queue: Some(queue) } => {
            format!("passed the inquiry on to {queue}").into()
        }
        DeskEntry::Transferred { queue: None } => "passed the inquiry on".into(),
        DeskEntry::Closed { .. } => "closed the inquiry".into(),
        DeskEntry::Reopened => "opened the inquiry again".into(),
        DeskEntry::Rated { stars } => format!("gave {stars} stars").into(),
    }
}

fn list(users: &[UserId], names: &Names) -> String {
    users
        .iter()
        .map(|&user| names.of(user))
        .collect::<Vec<_>>()
        .join(", ")
}
