//! The opening of every script: each act once, so that none can be missing, and two crashes.

use cairn_client::proto::model::group::{MemberSettings, Role};
use cairn_client::proto::model::people::RelationAct;
use cairn_client::proto::model::retention::Retention;

use super::Chat::{Direct, Group};
use super::{Act, Chat, FileKind, GroupRules, Recent, Round, Seat, Step, Style};

/// The first groups: the creator of each, and the other members.
pub(super) const GROUPS: &[(usize, &[usize])] = &[
    (0, &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
    (1, &[2, 3, 4]),
    (2, &[5]),
    (0, &[1, 5, 8, 9]),
];

/// The acts of the opening, in order, each with its user.
pub(super) fn acts() -> impl Iterator<Item = (usize, Act)> {
    let created = GROUPS.iter().map(|&(creator, others)| {
        let others = others.to_vec();
        (creator, Act::Create { others })
    });
    created
        .chain(messages())
        .chain(files_and_settings())
        .chain(moderation())
        .chain(relations())
}

/// The rounds after the acts: a crash under load while a device is offline, a crash during reads
/// alone, which force no commit, and a restart.
pub(super) fn crashes() -> [Round; 6] {
    let offline = Seat { user: 4, device: 2 };
    let step = |user, act| {
        let by = Seat { user, device: 1 };
        Step { by, act }
    };
    let sends = (1..6).map(|user| step(user, send(Group(0), Style::Plain, 30)));
    let reads = (6..9).map(|user| {
        let (at, message) = (Group(0), 0);
        step(user, Act::MarkRead { at, message })
    });
    [
        Round::Offline(offline),
        Round::Crash(sends.collect()),
        Round::Online(offline),
        Round::Crash(reads.collect()),
        Round::Compare,
        Round::Restart,
    ]
}

const fn send(to: Chat, style: Style, count: usize) -> Act {
    Act::Send { to, style, count }
}

const fn forward(from: Chat, message: Recent, to: Chat) -> Act {
    Act::Forward { from, message, to }
}

const fn react(at: Chat, message: Recent, emoji: usize) -> Act {
    Act::React { at, message, emoji }
}

const fn file(to: Chat, kind: FileKind) -> Act {
    Act::SendFile { to, kind }
}

fn messages() -> [(usize, Act); 23] {
    let rules = GroupRules {
        is_open: true,
        from_join: true,
        is_announcement: false,
    };
    let (at, group, emoji) = (Group(0), 2, 0);
    let mention = Style::Mention(vec![4, 5]);
    [
        (2, Act::SetGroupSettings { group, rules }),
        (7, Act::Join { group }),
        (0, send(at, Style::Plain, 3)),
        (5, send(Direct(6), Style::Emote, 3)),
        (6, send(Direct(5), Style::Emoji, 3)),
        (1, react(at, 0, emoji)),
        (2, send(at, Style::Reply(0), 3)),
        (3, send(at, mention, 3)),
        (0, send(at, Style::MentionAll, 3)),
        (2, Act::Edit { at, message: 0 }),
        (2, Act::Edit { at, message: 0 }),
        (3, Act::Recall { at, message: 0 }),
        (0, Act::RecallAny { at, message: 1 }),
        (
            1,
            Act::Unreact {
                at,
                message: 0,
                emoji,
            },
        ),
        (4, Act::Pin { at, message: 0 }),
        (4, Act::Unpin { at, message: 0 }),
        (
            6,
            Act::Pin {
                at: Direct(5),
                message: 1,
            },
        ),
        (2, react(at, 1, 1)),
        (9, react(at, 1, 1)),
        (4, Act::MarkRead { at, message: 0 }),
        (4, Act::MarkUnread { at, message: 5 }),
        (5, forward(at, 2, Direct(6))),
        (
            1,
            Act::SendAgain {
                to: at,
                between: 33,
            },
        ),
    ]
}

fn files_and_settings() -> [(usize, Act); 10] {
    let settings = MemberSettings {
        favourite: true,
        ..MemberSettings::default()
    };
    let retention = Some(Retention::Days(1));
    let (at, is_shared) = (Group(0), false);
    [
        (6, file(at, FileKind::Plain)),
        (7, file(at, FileKind::Image)),
        (8, file(Direct(6), FileKind::Video)),
        (9, forward(at, 0, Direct(2))),
        (8, Act::Download { at, file: 0 }),
        (3, Act::ShareReads { is_shared }),
        (
            0,
            Act::Import {
                group: 3,
                count: 30,
            },
        ),
        (5, send(Group(3), Style::Plain, 3)),
        (
            0,
            Act::SetRetention {
                at: Group(3),
                retention,
            },
        ),
        (4, Act::SetMemberSettings { at, settings }),
    ]
}

const fn moderation() -> [(usize, Act); 10] {
    let (group, role) = (1, Role::Admin);
    [
        (0, Act::Rename { group: 0, name: 1 }),
        (0, Act::SetTopic { group: 0, topic: 1 }),
        (
            0,
            Act::SetRole {
                group: 0,
                member: 1,
                role,
            },
        ),
        (1, Act::Kick { group, member: 4 }),
        (1, Act::Add { group, user: 4 }),
        (1, Act::Ban { group, user: 3 }),
        (1, Act::Unban { group, user: 3 }),
        (
            1,
            Act::Mute {
                group: 0,
                member: 9,
                is_over: false,
            },
        ),
        (1, Act::HandOver { group, member: 2 }),
        (4, Act::Leave { group }),
    ]
}

fn relations() -> [(usize, Act); 10] {
    let relations = [
        (7, 8, RelationAct::AskFriend),
        (8, 7, RelationAct::AcceptFriend),
        (8, 9, RelationAct::AskFriend),
        (9, 8, RelationAct::DeclineFriend),
        (7, 6, RelationAct::Follow),
        (7, 6, RelationAct::Unfollow),
        (8, 7, RelationAct::RemoveFriend),
        (9, 6, RelationAct::Block),
        (9, 6, RelationAct::Unblock),
        (5, 3, RelationAct::Block),
    ];
    relations.map(|(user, with, act)| (user, Act::Relate { with, act }))
}
