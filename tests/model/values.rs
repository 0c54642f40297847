//! Turns the small numbers of steps into values.

use cairn_core::api::actor::Actor;
use cairn_core::api::command::{GrantFocus, GrantMetrics, GrantRead};
use cairn_core::{Asked, By};
use cairn_proto::content::body::{Amendment, Body, SystemEntry};
use cairn_proto::content::extras::{Extra, Extras};
use cairn_proto::ids::{ConversationId, ImportSource, MsgId, Timestamp, UserId};
use cairn_proto::model::group::{Access, GroupSettings, JoinerHistory, MemberSettings, Role};
use cairn_proto::model::notification::{NotificationLevel, Notifications};
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{EmojiName, GroupName, Keyword, Text, Topic, UserName};
use cairn_proto::wire::request::Request;
use cairn_proto::wire::request::group::{
    Ban, FindGroups, GetGroup, GetRetention, HandOver, JoinGroup, ListBanned, ListMembers,
    MuteMember, RenameGroup, SetGroupSettings, SetMemberSettings, SetRole, SetTopic, Unban,
};
use cairn_proto::wire::request::message::{Edit, EditMentioning, GetImportCursor, ListPins};
use cairn_proto::wire::request::people::{
    FindUsers, GetProfiles, GetUsers, ListContacts, SearchUsers,
};
use cairn_proto::wire::request::reading::{Explain, GetReceipts};
use cairn_proto::wire::request::server::{
    DeactivateUser, ListAudit, ListSettings, ReactivateUser, SetServerRole,
};
use cairn_proto::wire::request::session::{ListConversations, ListDevices, Watch};

use super::attachments;
use super::commands::Command;
use super::naive::Naive;
use super::steps::{Act, Place, Question};

pub(super) fn pick<T: Copy>(from: &[T], at: u8) -> Option<T> {
    from.get(usize::from(at) % from.len().max(1)).copied()
}

/// Names, of which some differ only in case.
pub(super) fn user_name(at: u8) -> UserName {
    UserName::new(if at % 5 == 4 {
        format!("USER{}", at / 5)
    } else {
        format!("user{at}")
    })
    .unwrap()
}

/// Keywords, of which some differ only in case.
pub(super) fn keyword(at: u8) -> Keyword {
    Keyword::new(if at % 5 == 4 {
        format!("WORD {}", at / 5)
    } else {
        format!("word {at}")
    })
    .unwrap()
}

pub(super) fn mention(user: u8) -> Extra {
    if user == 9 {
        Extra::MentionAll
    } else {
        Extra::Mention(UserId::new(user.into()))
    }
}

pub(super) fn receipts(conversation: ConversationId, msgid: MsgId, after: Option<u8>) -> Request {
    GetReceipts {
        conversation,
        msgid,
        after: after.map(|after| UserId::new(after.into())),
    }
    .into()
}

pub(super) fn appoint(user: u8, role: u8) -> Request {
    let role = [ServerRole::Member, ServerRole::Admin, ServerRole::Owner][usize::from(role)];
    SetServerRole {
        user: UserId::new(user.into()),
        role,
    }
    .into()
}

pub(super) fn supervise(user: u8, ends: bool) -> Request {
    let user = UserId::new(user.into());
    match ends {
        true => DeactivateUser { user }.into(),
        false => ReactivateUser { user }.into(),
    }
}

pub(super) fn beside(cursor: u64, by: i8) -> u64 {
    cursor.saturating_add_signed(by.into())
}

pub(super) fn place(naive: &Naive, actor: Actor, place: Place) -> ConversationId {
    let nowhere =
        |at: u8| ConversationId::new([0, 999, (9 << 32) | 7, u64::MAX][usize::from(at) % 4]);
    match place {
        Place::Group(at) => {
            let groups: Vec<_> = naive
                .conversations
                .keys()
                .copied()
                .filter(|id| id.is_numbered())
                .collect();
            pick(&groups, at).unwrap_or(nowhere(0))
        }
        Place::Direct(with) => {
            ConversationId::direct(actor.user, UserId::new(with.into())).unwrap_or(nowhere(1))
        }
        Place::Between(a, b) => {
            ConversationId::direct(UserId::new(a.into()), UserId::new(b.into()))
                .unwrap_or(nowhere(2))
        }
        Place::Nowhere(at) => nowhere(at),
    }
}

pub(super) fn govern(conversation: ConversationId, act: &Act, now: Timestamp) -> Request {
    let id = |user: u8| UserId::new(user.into());
    let ids = |users: &[u8]| users.iter().map(|&user| id(user)).collect();
    // Most group settings should leave permissions to members.
    let role =
        |least: u8| [Role::Member, Role::Admin, Role::Owner, Role::Member][usize::from(least) % 4];
    match act {
        Act::Rename(name) => RenameGroup {
            conversation,
            name: group_name(*name),
        }
        .into(),
        Act::Topic(topic) => SetTopic {
            conversation,
            topic: Topic::new("about".repeat((*topic).into())).unwrap(),
        }
        .into(),
        &Act::Settings {
            open,
            from_join,
            least,
        } => {
            let access = if open {
                Access::Open
            } else {
                Access::InviteOnly
            };
            let history = if from_join {
                JoinerHistory::FromJoin
            } else {
                JoinerHistory::All
            };
            let [invite, post, pin, rename] = least.map(role);
            SetGroupSettings {
                conversation,
                settings: GroupSettings {
                    access,
                    history,
                    invite,
                    post,
                    pin,
                    rename,
                },
            }
            .into()
        }
        &Act::Role { user, role: to } => SetRole {
            conversation,
            user: id(user),
            role: role(to),
        }
        .into(),
        Act::HandOver(user) => HandOver {
            conversation,
            user: id(*user),
        }
        .into(),
        Act::Ban(users) => Ban {
            conversation,
            users: ids(users),
        }
        .into(),
        Act::Unban(users) => Unban {
            conversation,
            users: ids(users),
        }
        .into(),
        &Act::Mute { user, for_ms } => {
            let until = Timestamp::new(now.get().saturating_add_signed(for_ms.into()));
            MuteMember {
                conversation,
                user: id(user),
                until,
            }
            .into()
        }
        Act::Join => JoinGroup { conversation }.into(),
        &Act::Settle([quiet, favourite, hidden]) => SetMemberSettings {
            conversation,
            settings: MemberSettings {
                notifications: quiet_or_all(quiet, now),
                favourite,
                hidden,
            },
        }
        .into(),
    }
}

fn quiet_or_all(is_quiet: bool, now: Timestamp) -> Notifications {
    let level = match is_quiet {
        true => NotificationLevel::Mentions,
        false => NotificationLevel::All,
    };
    let until = is_quiet.then_some(now);
    Notifications { level, until }
}

/// Names with common prefixes, of which two differ only in case.
fn group_name(at: u8) -> GroupName {
    GroupName::new(["a group", "A group", "Another", "öl"][usize::from(at) % 4]).unwrap()
}

/// The command of a request that the state machine executes without further input.
pub(super) fn asked(actor: Actor, request: impl Into<Request>) -> Command {
    By(actor, Asked::try_from(request.into()).unwrap()).into()
}

pub(super) fn ask(
    actor: Actor,
    conversation: ConversationId,
    about: u8,
    question: Question,
) -> Command {
    let user = UserId::new(about.into());
    let request: Request = match question {
        Question::Grant => {
            return GrantRead {
                actor,
                conversation,
            }
            .into();
        }
        Question::Metrics => return GrantMetrics(actor).into(),
        Question::Members => ListMembers {
            conversation,
            after: (about > 4).then(|| UserId::new(u32::from(about) - 4)),
        }
        .into(),
        Question::Pins => ListPins { conversation }.into(),
        Question::Retention => GetRetention { conversation }.into(),
        Question::Explain => Explain { conversation, user }.into(),
        Question::ImportCursor => GetImportCursor {
            conversation,
            source: ImportSource::new(0),
        }
        .into(),
        Question::Conversations => {
            let list = ListConversations {
                since: None,
                after: None,
            };
            return By(actor, list).into();
        }
        Question::FindUsers => FindUsers {
            names: vec![user_name(about), user_name(about + 1)],
        }
        .into(),
        Question::Users => GetUsers {
            ids: vec![user, UserId::new(1), user],
        }
        .into(),
        Question::Devices => return By(actor, ListDevices).into(),
        Question::Group => GetGroup { conversation }.into(),
        Question::BannedUsers => ListBanned { conversation }.into(),
        Question::FindGroups => FindGroups {
            prefix: (about > 1).then(|| group_name(about)),
        }
        .into(),
        Question::Contacts => ListContacts {
            after: (about > 4).then(|| UserId::new(u32::from(about) - 4)),
        }
        .into(),
        Question::Settings => ListSettings.into(),
        Question::Audit => ListAudit {
            first: about.into(),
        }
        .into(),
        Question::SearchUsers => {
            let prefix =
                UserName::new(["u", "USER1", "user2", "x"][usize::from(about) % 4]).unwrap();
            SearchUsers {
                prefix,
                after: (about > 4).then(|| UserId::new(u32::from(about) - 4)),
            }
            .into()
        }
        Question::Focus => {
            return GrantFocus {
                actor,
                conversation: (about > 0).then_some(conversation),
            }
            .into();
        }
        Question::Watch => {
            let users = (0..8).chain([1]).map(UserId::new).collect();
            return By(actor, Watch { users }).into();
        }
        Question::Profiles => GetProfiles {
            users: vec![user, UserId::new(1), user],
        }
        .into(),
    };
    asked(actor, request)
}

pub(super) fn some_words(sort: u8) -> Text {
    Text::new(match sort {
        0 => String::new(),
        4 => " \u{200b}".to_owned(),
        // Longer than a caption may be.
        5 => "x".repeat(5000),
        _ => format!("edit {sort}"),
    })
    .unwrap()
}

/// An edit, with other mentions if there are some.
pub(super) fn edited(edit: Edit, users: Option<&[u8]>) -> Request {
    let Some(users) = users else {
        return edit.into();
    };
    let mentions = users.iter().map(|&user| mention(user)).collect();
    let Edit {
        conversation,
        msgid,
        text,
    } = edit;
    EditMentioning {
        conversation,
        msgid,
        text,
        mentions: Extras::new(mentions).unwrap(),
    }
    .into()
}

/// Bodies of every kind; the first four are valid everywhere.
pub(super) fn a_body(sort: u8, number: u64) -> Body {
    let words = || Text::new(format!("message {number}")).unwrap();
    match sort {
        1 => Body::Emote(words()),
        2 => Body::Emoji(EmojiName::new(format!("emoji{number}")).unwrap()),
        8 => Body::Text(Text::new("").unwrap()),
        7 => Body::Recalled { by: UserId::new(1) },
        9 => Body::System(SystemEntry::Added {
            users: vec![UserId::new(1)],
        }),
        11 => Body::Amendment(Amendment::Recalled {
            msgid: MsgId::new(1),
        }),
        10 => attachments::body(0, false, number),
        20.. => attachments::body((sort - 20) / 2, sort % 2 == 1, number),
        _ => Body::Text(words()),
    }
}
