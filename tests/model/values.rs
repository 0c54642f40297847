//! What a step says in few numbers, made into values.

use cairn_core::api::actor::Actor;
use cairn_core::api::command::Command;
use cairn_proto::content::body::{Amendment, Body, SystemEntry};
use cairn_proto::content::extras::Extra;
use cairn_proto::ids::{ConversationId, ImportSource, MsgId, Timestamp, UserId};
use cairn_proto::model::group::{Access, GroupSettings, JoinerHistory, MemberSettings, Role};
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{EmojiName, GroupName, Text, Topic, UserName};
use cairn_proto::wire::request::Request;

use super::attachments;
use super::naive::Naive;
use super::steps::{Act, Place, Question};

pub(super) fn pick<T: Copy>(from: &[T], at: u8) -> Option<T> {
    from.get(usize::from(at) % from.len().max(1)).copied()
}

/// Names that differ only in case come up as well.
pub(super) fn user_name(at: u8) -> UserName {
    UserName::new(if at % 5 == 4 {
        format!("USER{}", at / 5)
    } else {
        format!("user{at}")
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
    Request::Receipts {
        conversation,
        msgid,
        after: after.map(|after| UserId::new(after.into())),
    }
}

pub(super) fn appoint(user: u8, role: u8) -> Request {
    let role = [ServerRole::Member, ServerRole::Admin, ServerRole::Owner][usize::from(role)];
    Request::SetServerRole {
        user: UserId::new(user.into()),
        role,
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
    // Most of what is agreed on leaves members something to do.
    let role =
        |least: u8| [Role::Member, Role::Admin, Role::Owner, Role::Member][usize::from(least) % 4];
    match act {
        Act::Rename(name) => Request::RenameGroup {
            conversation,
            name: group_name(*name),
        },
        Act::Topic(topic) => Request::SetTopic {
            conversation,
            topic: Topic::new("about".repeat((*topic).into())).unwrap(),
        },
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
            Request::SetGroupSettings {
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
        }
        &Act::Role { user, role: to } => Request::SetRole {
            conversation,
            user: id(user),
            role: role(to),
        },
        Act::HandOver(user) => Request::HandOver {
            conversation,
            user: id(*user),
        },
        Act::Ban(users) => Request::Ban {
            conversation,
            users: ids(users),
        },
        Act::Unban(users) => Request::Unban {
            conversation,
            users: ids(users),
        },
        &Act::Mute { user, for_ms } => {
            let until = Timestamp::new(now.get().saturating_add_signed(for_ms.into()));
            Request::MuteMember {
                conversation,
                user: id(user),
                until,
            }
        }
        Act::Join => Request::JoinGroup { conversation },
        &Act::Settle([muted, favourite, hidden]) => Request::SetMemberSettings {
            conversation,
            settings: MemberSettings {
                muted,
                favourite,
                hidden,
            },
        },
    }
}

/// Names that begin alike, also in another case, and two that are the same but for it.
fn group_name(at: u8) -> GroupName {
    GroupName::new(["a group", "A group", "Another", "öl"][usize::from(at) % 4]).unwrap()
}

pub(super) fn ask(
    actor: Actor,
    conversation: ConversationId,
    about: u8,
    question: Question,
) -> Command {
    let user = UserId::new(about.into());
    let request = match question {
        Question::Grant => return Command::Grant(actor, conversation),
        Question::Metrics => return Command::Metrics(actor),
        Question::Members => Request::Members {
            conversation,
            after: (about > 4).then(|| UserId::new(u32::from(about) - 4)),
        },
        Question::Pins => Request::Pins { conversation },
        Question::Retention => Request::Retention { conversation },
        Question::Explain => Request::Explain { conversation, user },
        Question::ImportCursor => Request::ImportCursor {
            conversation,
            source: ImportSource::new(0),
        },
        Question::Conversations => Request::Conversations {
            since: None,
            after: None,
        },
        Question::FindUsers => Request::FindUsers {
            names: vec![user_name(about), user_name(about + 1)],
        },
        Question::Users => Request::Users {
            ids: vec![user, UserId::new(1), user],
        },
        Question::Devices => Request::Devices,
        Question::Group => Request::Group { conversation },
        Question::BannedUsers => Request::BannedUsers { conversation },
        Question::FindGroups => Request::FindGroups {
            prefix: (about > 1).then(|| group_name(about)),
        },
        Question::Contacts => Request::Contacts {
            after: (about > 4).then(|| UserId::new(u32::from(about) - 4)),
        },
        Question::Settings => Request::Settings,
        Question::SearchUsers => {
            let prefix =
                UserName::new(["u", "USER1", "user2", "x"][usize::from(about) % 4]).unwrap();
            Request::SearchUsers {
                prefix,
                after: (about > 4).then(|| UserId::new(u32::from(about) - 4)),
            }
        }
        Question::Focus => Request::Focus {
            conversation: (about > 0).then_some(conversation),
        },
        Question::Watch => Request::Watch {
            users: (0..8).chain([1]).map(UserId::new).collect(),
        },
        Question::Profiles => Request::Profiles {
            users: vec![user, UserId::new(1), user],
        },
    };
    Command::Ask(actor, request)
}

pub(super) fn some_words(sort: u8) -> Text {
    Text::new(match sort {
        0 => String::new(),
        // Too long for a caption.
        5 => "x".repeat(5000),
        _ => format!("edit {sort}"),
    })
    .unwrap()
}

/// Bodies of every sort: the first four are fit for everything.
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
