//! Changes of a conversation.

use cairn_proto::ids::UserId;
use cairn_proto::model::group::GroupSettings;
use cairn_session::SystemLine;

use crate::cli::of_inquiry;

/// A change of the conversation, to follow the name of the user who made it.
pub(crate) fn system(line: &SystemLine, name: &dyn Fn(UserId) -> String) -> String {
    let list = |users: &[UserId]| {
        let names: Vec<String> = users.iter().map(|&user| name(user)).collect();
        names.join(", ")
    };
    match line {
        SystemLine::Created(name) => format!("made the group {name}"),
        SystemLine::Joined => "joined".to_owned(),
        SystemLine::Added(users) => format!("added {}", list(users)),
        SystemLine::Left => "left".to_owned(),
        SystemLine::Removed(users) => format!("removed {}", list(users)),
        SystemLine::Renamed(name) => format!("renamed the group to {name}"),
        SystemLine::TopicSet(Some(topic)) => format!("set the topic: {topic}"),
        SystemLine::TopicSet(None) => "removed the topic".to_owned(),
        SystemLine::SettingsSet(settings) => format!("set {}", group_settings(settings)),
        SystemLine::RoleSet(user, role) => format!("made {} {}", name(*user), role.as_str()),
        SystemLine::HandedOver(user) => format!("handed the group over to {}", name(*user)),
        SystemLine::Banned(users) => format!("banned {}", list(users)),
        SystemLine::Unbanned(users) => format!("lifted the ban of {}", list(users)),
        SystemLine::Muted(user, _) => format!("muted {}", name(*user)),
        SystemLine::Unmuted(user) => format!("lets {} speak again", name(*user)),
        SystemLine::Desk(entry) => of_inquiry(entry).into_owned(),
        SystemLine::Route(entry) => format!("routed inquiry {}", entry.inquiry),
        SystemLine::RetentionSet(Some(retention)) => {
            format!("set how long messages stay: {retention}")
        }
        SystemLine::RetentionSet(None) => "left it to the server how long messages stay".to_owned(),
        SystemLine::Pinned(msgid) => format!("pinned message {msgid}"),
        SystemLine::Unpinned(msgid) => format!("unpinned message {msgid}"),
        SystemLine::Unknown => "did something that this version does not know".to_owned(),
    }
}

pub(crate) fn group_settings(settings: &GroupSettings) -> String {
    format!(
        "access {}, history {}, invite {}, post {}, pin {}, rename {}",
        settings.access.as_str(),
        settings.history.as_str(),
        settings.invite.as_str(),
        settings.post.as_str(),
        settings.pin.as_str(),
        settings.rename.as_str()
    )
}
