//! A small server in memory: the asker, who makes the requests, and what they are about.

use cairn_core::api::actor::Actor;
use cairn_core::api::change::Change;
use cairn_core::api::command::{Invite, Join, NewDevice, OwnerInvite};
use cairn_core::command::{Asked, Handle};
use cairn_core::record::{AttachmentRecord, SecretHash, Upload, UserOrigin, UserRecord};
use cairn_core::{Batch, By, Command, State};
use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::{Draft, Entry};
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{
    ClientSeq, ConversationId, DeviceId, MsgId, SendStreamId, Timestamp, UserId,
};
use cairn_proto::model::group::{Access, GroupSettings, Role};
use cairn_proto::model::people::RelationAct;
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{DeviceName, GroupName, SettingName, SettingValue, Text, UserName};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::Request;
use cairn_proto::wire::request::group::{
    AddMembers, Ban, CreateGroup, HandOver, MuteMember, RemoveMembers, SetGroupSettings, SetRole,
};
use cairn_proto::wire::request::people::Relate;
use cairn_proto::wire::request::session::Watch;

use super::requests::Row;

/// A file that the asker uploaded and the owner sent.
pub(super) const FILE: AttachmentHash = AttachmentHash::new([7; 32]);
pub(super) const FILE_BYTES: u64 = 99;

pub(super) const NOW: Timestamp = Timestamp::new(1_000_000);
const LATER: Timestamp = Timestamp::new(2_000_000);

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Nowhere,
    Unbegun,
    UnbegunOfFriends,
    Direct,
    DirectOfFriends,
    Group,
    Peculiar,
    Open,
    Easy,
    Strict,
}

impl Place {
    pub(super) const ALL: [Self; 10] = [
        Self::Nowhere,
        Self::Unbegun,
        Self::UnbegunOfFriends,
        Self::Direct,
        Self::DirectOfFriends,
        Self::Group,
        Self::Peculiar,
        Self::Open,
        Self::Easy,
        Self::Strict,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Nowhere => "no conversation, asked by a",
            Self::Unbegun => "a new direct chat, asked by one user",
            Self::UnbegunOfFriends => "the same, friends only, asked by one",
            Self::Direct => "a direct chat, asked by one",
            Self::DirectOfFriends => "the same, friends only, asked by one",
            Self::Group => "a group as it is made, asked by a",
            Self::Peculiar => "the same, asked by a member or owner",
            Self::Open => "an open group, asked by a",
            Self::Easy => "members invite and rename, asked by a",
            Self::Strict => "admins post, owners invite, asked by a",
        }
    }

    /// The relations that an asker can have to it.
    pub(super) const fn relations(self) -> &'static [Relation] {
        use Relation::{
            Admin, Asked, Banned, Blocked, Blocking, Friend, Invited, LastOwner, Member, Muted,
            MutedAdmin, Owner, Stranger,
        };
        match self {
            Self::Nowhere => &[Stranger],
            Self::Unbegun | Self::UnbegunOfFriends => {
                &[Relation::None, Asked, Invited, Friend, Blocking, Blocked]
            }
            Self::Direct | Self::DirectOfFriends => &[
                Stranger,
                Relation::None,
                Asked,
                Invited,
                Friend,
                Blocking,
                Blocked,
            ],
            Self::Peculiar => &[Blocking, Blocked, LastOwner],
            Self::Group | Self::Open | Self::Easy | Self::Strict => {
                &[Stranger, Banned, Muted, Member, MutedAdmin, Admin, Owner]
            }
        }
    }

    /// Returns whether the asker sees no more of it than a stranger does.
    pub(super) const fn is_hidden_from(self, relation: Relation) -> bool {
        matches!(self, Self::Unbegun | Self::UnbegunOfFriends)
            || matches!(relation, Relation::Stranger | Relation::Banned)
    }

    fn settings(self) -> GroupSettings {
        let settings = GroupSettings::default();
        match self {
            Self::Open => GroupSettings {
                access: Access::Open,
                ..settings
            },
            Self::Easy => GroupSettings {
                invite: Role::Member,
                rename: Role::Member,
                ..settings
            },
            Self::Strict => GroupSettings {
                invite: Role::Owner,
                post: Role::Admin,
                pin: Role::Admin,
                rename: Role::Owner,
                ..settings
            },
            _ => settings,
        }
    }
}

/// The asker's relation to a group, or to the other user of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Stranger,
    Banned,
    Muted,
    Member,
    MutedAdmin,
    Admin,
    Owner,
    LastOwner,
    None,
    Asked,
    Invited,
    Friend,
    Following,
    Followed,
    Blocking,
    Blocked,
}

impl Relation {
    /// The relations between two users.
    pub(super) const BETWEEN: [Self; 8] = [
        Self::None,
        Self::Asked,
        Self::Invited,
        Self::Friend,
        Self::Following,
        Self::Followed,
        Self::Blocking,
        Self::Blocked,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::Banned => "banned",
            Self::Muted => "muted",
            Self::Member => "member",
            Self::MutedAdmin => "mut.admin",
            Self::Admin => "admin",
            Self::Owner => "owner",
            Self::LastOwner => "lastowner",
            Self::None => "unrelated",
            Self::Asked => "asked",
            Self::Invited => "invited",
            Self::Friend => "friend",
            Self::Following => "following",
            Self::Followed => "followed",
            Self::Blocking => "blocking",
            Self::Blocked => "blocked",
        }
    }

    /// The acts of the asker and of the other user that establish this relation.
    const fn acts(self) -> (Option<RelationAct>, Option<RelationAct>) {
        match self {
            Self::Asked => (Some(RelationAct::AskFriend), None),
            Self::Invited => (None, Some(RelationAct::AskFriend)),
            Self::Friend => (Some(RelationAct::AskFriend), Some(RelationAct::AskFriend)),
            Self::Following => (Some(RelationAct::Follow), None),
            Self::Followed => (None, Some(RelationAct::Follow)),
            Self::Blocking => (Some(RelationAct::Block), None),
            Self::Blocked => (None, Some(RelationAct::Block)),
            _ => (None, None),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Common {
    No,
    Yes,
    NoMore,
}

impl Common {
    pub(super) const ALL: [Self; 3] = [Self::No, Self::Yes, Self::NoMore];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::No => "no conversation in common",
            Self::Yes => "a conversation in common",
            Self::NoMore => "one after removal",
        }
    }
}

/// The users and ids of the world. A group has one member of each role besides the asker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cast {
    pub(super) asker: Actor,
    pub(super) conversation: ConversationId,
    /// The owner of a group (the asker in case of [`Relation::LastOwner`]), or the other user of a
    /// chat.
    pub(super) owner: UserId,
    /// The author of messages by others.
    pub(super) other: UserId,
    pub(super) admin: UserId,
    pub(super) member: UserId,
    pub(super) outsider: UserId,
    pub(super) banned: UserId,
    pub(super) device_of_another: DeviceId,
    /// A user who has blocked the asker.
    pub(super) blocking: UserId,
    /// A group owned by the asker.
    pub(super) elsewhere: ConversationId,
    pub(super) own: MsgId,
    pub(super) theirs: MsgId,
}

pub(super) struct World {
    state: State,
    cast: Cast,
}

fn text() -> Body {
    Body::Text(Text::new("hello").unwrap())
}

impl World {
    pub(super) fn new(place: Place, relation: Relation, role: ServerRole) -> Self {
        let mut state = State::default();
        let [owner, admin, member, outsider, banned, asker, blocking] = people(&mut state);
        let name = UserName::new("asker").unwrap();
        state.apply(&Change::User(
            asker.user,
            UserRecord {
                role,
                ..UserRecord::new(name, UserOrigin::Unknown, NOW)
            },
        ));
        ask(
            &mut state,
            blocking,
            Relate {
                user: asker.user,
                act: RelationAct::Block,
            },
        )
        .unwrap();
        let elsewhere = own_group(&mut state, asker, outsider.user);
        let conversation = match place {
            Place::Nowhere => ConversationId::new(999),
            Place::Unbegun | Place::UnbegunOfFriends => {
                ConversationId::direct(owner.user, asker.user).unwrap()
            }
            Place::Direct | Place::DirectOfFriends => direct(
                &mut state,
                owner,
                if relation == Relation::Stranger {
                    admin.user
                } else {
                    asker.user
                },
            ),
            Place::Group | Place::Peculiar | Place::Open | Place::Easy | Place::Strict => group(
                &mut state,
                owner,
                [admin.user, member.user, banned.user],
                asker,
                relation,
                place.settings(),
            ),
        };
        relate(&mut state, asker, owner, relation);
        if matches!(place, Place::UnbegunOfFriends | Place::DirectOfFriends) {
            set(&mut state, ("direct-chats", "friends"));
        }
        let (hash, msgid) = (FILE, MsgId::new(2));
        let uploads = vec![Upload {
            user: asker.user,
            stored_at: NOW,
            is_sent: false,
        }];
        state.apply(&Change::Attachment(
            hash,
            Some(AttachmentRecord {
                bytes: FILE_BYTES,
                uploads,
                uses: 1,
            }),
        ));
        state.apply(&Change::Attached {
            conversation,
            msgid,
            hash: Some(hash),
        });
        let cast = Cast {
            asker,
            conversation,
            owner: if relation == Relation::LastOwner {
                asker.user
            } else {
                owner.user
            },
            other: owner.user,
            admin: admin.user,
            member: member.user,
            outsider: outsider.user,
            banned: banned.user,
            device_of_another: owner.device,
            blocking: blocking.user,
            elsewhere,
            own: MsgId::new(1),
            theirs: MsgId::new(2),
        };
        Self { state, cast }
    }

    /// Runs a request as the asker.
    pub(super) fn answers(mut self, asked: &Row) -> Result<(), ErrorCode> {
        if let Some(setting) = asked.setting {
            set(&mut self.state, setting);
        }
        // Nothing was evicted, so everything is in memory, except messages: the state never holds
        // them.
        for (msgid, sender) in [
            (self.cast.own, self.cast.asker.user),
            (self.cast.theirs, self.cast.other),
        ] {
            let entry = Entry {
                sender,
                sent_at: NOW,
                body: text(),
                extras: Extras::NONE,
            };
            self.state
                .install_entry(self.cast.conversation, msgid, entry.clone());
            self.state.install_entry(self.cast.elsewhere, msgid, entry);
        }
        (asked.make)(&self.cast, &mut self.state)
    }

    /// Returns whether the asker may watch the owner, or their own presence.
    pub(super) fn sees(relation: Relation, common: Common, oneself: bool) -> bool {
        let mut state = State::default();
        let [owner, .., asker] = people(&mut state);
        if common != Common::No {
            let conversation = own_group(&mut state, owner, asker.user);
            let remove = RemoveMembers {
                conversation,
                users: vec![asker.user],
            };
            (common == Common::NoMore).then(|| ask(&mut state, owner, remove).unwrap());
        }
        relate(&mut state, asker, owner, relation);
        let users = vec![if oneself { asker.user } else { owner.user }];
        !ask(&mut state, asker, Watch { users })
            .unwrap()
            .0
            .is_empty()
    }
}

fn set(state: &mut State, (name, value): (&str, &str)) {
    state.apply(&Change::Setting {
        name: SettingName::new(name).unwrap(),
        value: SettingValue::new(value).unwrap(),
    });
}

fn relate(state: &mut State, asker: Actor, other: Actor, relation: Relation) {
    let (own, theirs) = relation.acts();
    for (who, whom, act) in [(asker, other, own), (other, asker, theirs)] {
        act.map(|act| {
            ask(
                state,
                who,
                Relate {
                    user: whom.user,
                    act,
                },
            )
            .unwrap()
        });
    }
}

/// Creates a direct chat with two messages.
fn direct(state: &mut State, one: Actor, other: UserId) -> ConversationId {
    let conversation = ConversationId::direct(one.user, other).unwrap();
    for seq in [1, 2] {
        let draft = Draft {
            conversation,
            seq: ClientSeq::new(seq),
            content: Content::new(text(), Extras::NONE),
        };
        ask(state, one, draft).unwrap();
    }
    conversation
}

fn ask<C: Handle>(state: &mut State, actor: Actor, call: C) -> Result<C::Answer, ErrorCode> {
    run(state, By(actor, call))
}

fn run<C: Command>(state: &mut State, command: C) -> Result<C::Answer, ErrorCode> {
    command.run(state, NOW, &mut Batch::new(0))
}

/// Creates a group with two entries.
fn own_group(state: &mut State, asker: Actor, outsider: UserId) -> ConversationId {
    let create = CreateGroup {
        name: GroupName::new("elsewhere").unwrap(),
        members: vec![outsider],
    };
    ask(state, asker, create).unwrap()
}

/// Creates seven users with one device each.
fn people(state: &mut State) -> [Actor; 7] {
    let mut batch = Batch::new(0);
    let token = |number: u8| SecretHash([number; 32]);
    let mut join = |state: &mut State, invite, number: u8| {
        let (name, id) = (
            UserName::new(format!("user{number}")).unwrap(),
            DeviceId::new(number.into()),
        );
        let device = NewDevice {
            id,
            name: DeviceName::new("a device").unwrap(),
            token: token(number),
            stream: SendStreamId::new(1),
            push: false,
        };
        let join = Join {
            invite,
            name,
            password: None,
            device,
        };
        join.run(state, NOW, &mut batch).unwrap().actor
    };
    let invite = OwnerInvite {
        token: token(100),
        expires_at: LATER,
    };
    run(state, invite).unwrap();
    let first = join(state, token(100), 1);
    let invite = Invite {
        actor: first,
        token: token(101),
        uses: 7,
        life_seconds: 60,
    };
    run(state, invite).unwrap();
    [2, 3, 4, 5, 6, 7, 8].map(|number| join(state, token(101), number))
}

fn group(
    state: &mut State,
    owner: Actor,
    [admin, member, banned]: [UserId; 3],
    asker: Actor,
    relation: Relation,
    settings: GroupSettings,
) -> ConversationId {
    let create = CreateGroup {
        name: GroupName::new("team").unwrap(),
        members: vec![admin, member],
    };
    let conversation = ask(state, owner, create).unwrap();
    let user = asker.user;
    let mut steps = vec![
        Request::from(SetRole {
            conversation,
            user: admin,
            role: Role::Admin,
        }),
        Request::from(Ban {
            conversation,
            users: vec![banned],
        }),
        Request::from(SetGroupSettings {
            conversation,
            settings,
        }),
    ];
    let is_member = !matches!(relation, Relation::Stranger | Relation::Banned);
    steps.extend(is_member.then_some(Request::from(AddMembers {
        conversation,
        users: vec![user],
    })));
    let appoint = |role| {
        Request::from(SetRole {
            conversation,
            user,
            role,
        })
    };
    let mute = Request::from(MuteMember {
        conversation,
        user,
        until: LATER,
    });
    match relation {
        Relation::Banned => steps.push(Request::from(Ban {
            conversation,
            users: vec![user],
        })),
        Relation::Muted => steps.push(mute),
        Relation::MutedAdmin => steps.extend([appoint(Role::Admin), mute]),
        Relation::Admin => steps.push(appoint(Role::Admin)),
        Relation::Owner => steps.push(appoint(Role::Owner)),
        Relation::LastOwner => steps.push(Request::from(HandOver { conversation, user })),
        _ => {}
    }
    for step in steps {
        run(state, By(owner, Asked::try_from(step).unwrap())).unwrap();
    }
    conversation
}
