//! Every request, with each kind of user that it can be about.

use cairn_core::Command;
use cairn_core::api::attachment::AttachmentCommand;
use cairn_core::record::SecretHash;
use cairn_proto::content::attachment::Attachment;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::{Extra, Extras};
use cairn_proto::content::message::Draft;
use cairn_proto::ids::{ClientSeq, ConversationId, ImportSource, MsgId, Timestamp, UserId};
use cairn_proto::model::group::{GroupSettings, JoinerHistory, MemberSettings, Role};
use cairn_proto::model::people::{Profile, RelationAct};
use cairn_proto::model::receipts::Reads;
use cairn_proto::model::retention::Retention;
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{
    Caption, EmojiName, FileName, GroupName, MediaType, SettingName, SettingValue, Text, Topic,
    UserName,
};
use cairn_proto::wire::request::{Forward, Request};

use super::world::{Cast, FILE, FILE_BYTES};

/// A request, named as in the table.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) label: &'static str,
    /// The variant of the request.
    pub(super) kind: &'static str,
    /// A server setting that differs from its default.
    pub(super) setting: Option<(&'static str, &'static str)>,
    pub(super) command: fn(&Cast) -> Command,
}

/// Rows of the table: label, variant, and the request to make.
macro_rules! asked {
    ($($label:literal, $kind:ident, |$cast:pat_param| $command:expr;)*) => {
        vec![$(Asked { label: $label, kind: stringify!($kind), setting: None,
            command: |$cast| $command }),*]
    };
}

fn ask(cast: &Cast, request: Request) -> Command {
    Command::Ask(cast.asker, request)
}

fn send(cast: &Cast, extras: Extras) -> Command {
    let body = Body::Text(Text::new("hello").unwrap());
    ask(
        cast,
        Request::Send(Draft {
            conversation: cast.conversation,
            seq: ClientSeq::new(9),
            body,
            extras,
        }),
    )
}

fn forward(cast: &Cast, from: ConversationId, to: ConversationId) -> Command {
    ask(
        cast,
        Request::Forward(Forward {
            to,
            seq: ClientSeq::new(9),
            from,
            msgid: cast.theirs,
        }),
    )
}

fn edit(cast: &Cast, msgid: MsgId) -> Command {
    ask(
        cast,
        Request::Edit {
            conversation: cast.conversation,
            msgid,
            text: Text::new("something else").unwrap(),
        },
    )
}

fn ban(cast: &Cast, user: UserId) -> Command {
    ask(
        cast,
        Request::Ban {
            conversation: cast.conversation,
            users: vec![user],
        },
    )
}

fn remove(cast: &Cast, user: UserId) -> Command {
    ask(
        cast,
        Request::RemoveMembers {
            conversation: cast.conversation,
            users: vec![user],
        },
    )
}

fn mute(cast: &Cast, user: UserId) -> Command {
    ask(
        cast,
        Request::MuteMember {
            conversation: cast.conversation,
            user,
            until: Timestamp::new(u64::MAX),
        },
    )
}

fn set_role(cast: &Cast, user: UserId, role: Role) -> Command {
    ask(
        cast,
        Request::SetRole {
            conversation: cast.conversation,
            user,
            role,
        },
    )
}

fn relate(cast: &Cast, act: RelationAct) -> Command {
    ask(
        cast,
        Request::Relate {
            user: cast.owner,
            act,
        },
    )
}

/// The requests about a conversation.
pub(super) fn of_a_conversation() -> Vec<Asked> {
    let talk = asked! {
        "Send", Send, |cast| send(cast, Extras::NONE);
        "Send: mention all", Send, |cast| send(cast, Extras::new(vec![Extra::MentionAll]).unwrap());
        "Send a file that one uploaded", Send, |cast| {
            let (name, media_type) = (FileName::new("a file").unwrap(),
                MediaType::new("text/plain").unwrap());
            let file = Attachment { hash: FILE, name, media_type, size_bytes: FILE_BYTES,
                caption: Caption::new("").unwrap() };
            let draft = Draft { conversation: cast.conversation, seq: ClientSeq::new(9),
                body: Body::from(file), extras: Extras::NONE };
            ask(cast, Request::Send(draft))
        };
        "Download the file of a message", Download, |cast| {
            let (actor, conversation) = (cast.asker, cast.conversation);
            Command::Attachment(AttachmentCommand::Fetch { actor, conversation, msgid: cast.theirs,
                hash: FILE })
        };
        "Pull", Pull, |cast| Command::Grant(cast.asker, cast.conversation);
        "Ack", Ack, |cast|
            ask(cast, Request::Ack { conversation: cast.conversation, msgid: MsgId::new(1) });
        "Read", Read, |cast|
            ask(cast, Request::Read { conversation: cast.conversation, msgid: MsgId::new(1) });
        "MarkUnread", MarkUnread, |cast|
            ask(cast, Request::MarkUnread { conversation: cast.conversation, from: MsgId::new(1) });
        "Receipts", Receipts, |cast| {
            ask(cast, Request::Receipts { conversation: cast.conversation, msgid: MsgId::new(1),
                after: None })
        };
        "Receipts, turned off", Receipts, |cast| {
            ask(cast, Request::Receipts { conversation: cast.conversation, msgid: MsgId::new(1),
                after: None })
        };
        "Focus", Focus, |cast| ask(cast, Request::Focus { conversation: Some(cast.conversation) });
        "SetMemberSettings", SetMemberSettings, |cast| {
            let settings = MemberSettings { favourite: true, ..MemberSettings::default() };
            ask(cast, Request::SetMemberSettings { conversation: cast.conversation, settings })
        };
        "SetRetention", SetRetention, |cast| {
            ask(cast, Request::SetRetention { conversation: cast.conversation,
                retention: Some(Retention::Days(7)) })
        };
        "Retention", Retention, |cast|
            ask(cast, Request::Retention { conversation: cast.conversation });
        "Members", Members, |cast|
            ask(cast, Request::Members { conversation: cast.conversation, after: None });
        "Explain one's own count", Explain, |cast| {
            ask(cast, Request::Explain { conversation: cast.conversation, user: cast.asker.user })
        };
        "Explain another's count", Explain, |cast|
            ask(cast, Request::Explain { conversation: cast.conversation, user: cast.other });
        "Import", Import, |cast| {
            let source = ImportSource::new(1);
            ask(cast, Request::Import { conversation: cast.conversation, source, first: 0,
                entries: Vec::new() })
        };
        "ImportCursor", ImportCursor, |cast| {
            ask(cast, Request::ImportCursor { conversation: cast.conversation,
                source: ImportSource::new(1) })
        };
    };
    [
        with_setting(talk, "Receipts, turned off", ("receipts", "off")),
        of_a_message(),
        of_a_group(),
        of_others(),
    ]
    .concat()
}

/// The rows, with this setting for the row with this label.
fn with_setting(
    mut rows: Vec<Asked>,
    label: &str,
    setting: (&'static str, &'static str),
) -> Vec<Asked> {
    rows.iter_mut()
        .find(|asked| asked.label == label)
        .unwrap()
        .setting = Some(setting);
    rows
}

fn of_a_message() -> Vec<Asked> {
    let rows = asked! {
        "Edit one's own", Edit, |cast| edit(cast, cast.own);
        "Edit one's own, too late", Edit, |cast| edit(cast, cast.own);
        "Edit another's", Edit, |cast| edit(cast, cast.theirs);
        "Recall one's own", Recall, |cast|
            ask(cast, Request::Recall { conversation: cast.conversation, msgid: cast.own });
        "Recall one's own, too late", Recall, |cast|
            ask(cast, Request::Recall { conversation: cast.conversation, msgid: cast.own });
        "Recall another's", Recall, |cast|
            ask(cast, Request::Recall { conversation: cast.conversation, msgid: cast.theirs });
        "Forward it to where one is a member", Forward, |cast|
            forward(cast, cast.conversation, cast.elsewhere);
        "Forward what one sees elsewhere", Forward, |cast|
            forward(cast, cast.elsewhere, cast.conversation);
        "React", React, |cast| {
            ask(cast, Request::React { conversation: cast.conversation, msgid: cast.theirs,
                emoji: EmojiName::new("wave").unwrap() })
        };
        "Unreact", Unreact, |cast| {
            ask(cast, Request::Unreact { conversation: cast.conversation, msgid: cast.theirs,
                emoji: EmojiName::new("wave").unwrap() })
        };
        "Pin", Pin, |cast|
            ask(cast, Request::Pin { conversation: cast.conversation, msgid: cast.theirs });
        "Unpin", Unpin, |cast|
            ask(cast, Request::Unpin { conversation: cast.conversation, msgid: cast.theirs });
        "Pins", Pins, |cast| ask(cast, Request::Pins { conversation: cast.conversation });
    };
    let none = ("amend-minutes", "0");
    with_setting(
        with_setting(rows, "Edit one's own, too late", none),
        "Recall one's own, too late",
        none,
    )
}

fn of_a_group() -> Vec<Asked> {
    asked! {
        "JoinGroup", JoinGroup, |cast|
            ask(cast, Request::JoinGroup { conversation: cast.conversation });
        "RemoveMembers: leave", RemoveMembers, |cast| remove(cast, cast.asker.user);
        "Group", Group, |cast| ask(cast, Request::Group { conversation: cast.conversation });
        "RenameGroup", RenameGroup, |cast| {
            ask(cast, Request::RenameGroup { conversation: cast.conversation,
                name: GroupName::new("new").unwrap() })
        };
        "SetTopic", SetTopic, |cast| {
            ask(cast, Request::SetTopic { conversation: cast.conversation,
                topic: Topic::new("new").unwrap() })
        };
        "SetGroupSettings", SetGroupSettings, |cast| {
            let settings = GroupSettings { history: JoinerHistory::FromJoin,
                ..GroupSettings::default() };
            ask(cast, Request::SetGroupSettings { conversation: cast.conversation, settings })
        };
        "AddMembers", AddMembers, |cast| {
            ask(cast, Request::AddMembers { conversation: cast.conversation,
                users: vec![cast.outsider] })
        };
        "AddMembers: a banned user", AddMembers, |cast| {
            ask(cast, Request::AddMembers { conversation: cast.conversation,
                users: vec![cast.banned] })
        };
        "AddMembers: one who has blocked the asker", AddMembers, |cast| {
            ask(cast, Request::AddMembers { conversation: cast.conversation,
                users: vec![cast.blocking] })
        };
        "HandOver to a member", HandOver, |cast|
            ask(cast, Request::HandOver { conversation: cast.conversation, user: cast.member });
        "HandOver to no member", HandOver, |cast|
            ask(cast, Request::HandOver { conversation: cast.conversation, user: cast.outsider });
        "SetRole: a member to admin", SetRole, |cast| set_role(cast, cast.member, Role::Admin);
        "SetRole: the owner to member", SetRole, |cast| set_role(cast, cast.owner, Role::Member);
        "SetRole: oneself to owner", SetRole, |cast| set_role(cast, cast.asker.user, Role::Owner);
        "SetRole: no member", SetRole, |cast| set_role(cast, cast.outsider, Role::Admin);
    }
}

fn of_others() -> Vec<Asked> {
    asked! {
        "RemoveMembers: a member", RemoveMembers, |cast| remove(cast, cast.member);
        "RemoveMembers: an admin", RemoveMembers, |cast| remove(cast, cast.admin);
        "RemoveMembers: the owner", RemoveMembers, |cast| remove(cast, cast.owner);
        "RemoveMembers: no member", RemoveMembers, |cast| remove(cast, cast.outsider);
        "Ban a member", Ban, |cast| ban(cast, cast.member);
        "Ban an admin", Ban, |cast| ban(cast, cast.admin);
        "Ban the owner", Ban, |cast| ban(cast, cast.owner);
        "Ban no member", Ban, |cast| ban(cast, cast.outsider);
        "Ban oneself", Ban, |cast| ban(cast, cast.asker.user);
        "Unban", Unban, |cast|
            ask(cast, Request::Unban { conversation: cast.conversation, users: vec![cast.banned] });
        "BannedUsers", BannedUsers, |cast|
            ask(cast, Request::BannedUsers { conversation: cast.conversation });
        "MuteMember: a member", MuteMember, |cast| mute(cast, cast.member);
        "MuteMember: an admin", MuteMember, |cast| mute(cast, cast.admin);
        "MuteMember: the owner", MuteMember, |cast| mute(cast, cast.owner);
        "MuteMember: no member", MuteMember, |cast| mute(cast, cast.outsider);
        "MuteMember: oneself", MuteMember, |cast| mute(cast, cast.asker.user);
    }
}

/// The requests about the server.
pub(super) fn of_the_server() -> Vec<Asked> {
    let rows = asked! {
        "OwnReads", OwnReads, |cast| ask(cast, Request::OwnReads);
        "SetOwnReads", SetOwnReads, |cast| ask(cast, Request::SetOwnReads(Reads::Hidden));
        "Conversations", Conversations, |cast|
            ask(cast, Request::Conversations { since: None, after: None });
        "FindUsers", FindUsers, |cast| ask(cast, Request::FindUsers { names: Vec::new() });
        "Users", Users, |cast| ask(cast, Request::Users { ids: vec![cast.owner] });
        "FindGroups", FindGroups, |cast| ask(cast, Request::FindGroups { prefix: None });
        "CreateGroup", CreateGroup, |cast| {
            ask(cast, Request::CreateGroup { name: GroupName::new("new").unwrap(),
                members: vec![cast.outsider] })
        };
        "CreateGroup: with one who blocked the asker", CreateGroup, |cast| {
            ask(cast, Request::CreateGroup { name: GroupName::new("new").unwrap(),
                members: vec![cast.blocking] })
        };
        "SetServerRole: a member to admin", SetServerRole, |cast| {
            ask(cast, Request::SetServerRole { user: cast.member, role: ServerRole::Admin })
        };
        "SetServerRole: nobody", SetServerRole, |cast| {
            ask(cast, Request::SetServerRole { user: UserId::new(999), role: ServerRole::Admin })
        };
        "Settings", Settings, |cast| ask(cast, Request::Settings);
        "SetSetting", SetSetting, |cast| {
            let (name, value) = (SettingName::new("user-search").unwrap(),
                SettingValue::new("off").unwrap());
            ask(cast, Request::SetSetting { name, value })
        };
        "SearchUsers", SearchUsers, |cast|
            ask(cast, Request::SearchUsers { prefix: UserName::new("us").unwrap(), after: None });
        "SearchUsers, turned off", SearchUsers, |cast| {
            ask(cast, Request::SearchUsers { prefix: UserName::new("us").unwrap(), after: None })
        };
        "Profiles", Profiles, |cast| ask(cast, Request::Profiles { users: vec![cast.owner] });
        "SetProfile: one's own", SetProfile, |cast|
            ask(cast, Request::SetProfile(Profile::default()));
        "Contacts", Contacts, |cast| ask(cast, Request::Contacts { after: None });
        "Devices", Devices, |cast| ask(cast, Request::Devices);
        "RevokeDevice: one's own", RevokeDevice, |cast|
            ask(cast, Request::RevokeDevice(cast.asker.device));
        "RevokeDevice: another's", RevokeDevice, |cast|
            ask(cast, Request::RevokeDevice(cast.device_of_another));
        "CreateInvite", CreateInvite, |cast| {
            Command::Invite { actor: cast.asker, token: SecretHash([9; 32]), uses: 1,
                life_seconds: 60 }
        };
        "Metrics", Metrics, |cast| Command::Metrics(cast.asker);
    };
    with_setting(rows, "SearchUsers, turned off", ("user-search", "off"))
}

/// The requests about a relation.
pub(super) fn of_a_relation() -> Vec<Asked> {
    asked! {
        "Relate: follow", Relate, |cast| relate(cast, RelationAct::Follow);
        "Relate: follow no more", Relate, |cast| relate(cast, RelationAct::Unfollow);
        "Relate: ask to be friends", Relate, |cast| relate(cast, RelationAct::AskFriend);
        "Relate: accept", Relate, |cast| relate(cast, RelationAct::AcceptFriend);
        "Relate: decline", Relate, |cast| relate(cast, RelationAct::DeclineFriend);
        "Relate: be friends no more", Relate, |cast| relate(cast, RelationAct::RemoveFriend);
        "Relate: block", Relate, |cast| relate(cast, RelationAct::Block);
        "Relate: block no more", Relate, |cast| relate(cast, RelationAct::Unblock);
    }
}

/// The row of `Watch`.
pub(super) const WATCH: &str = "Watch";

/// A session's own presence: the state machine never sees it, and it is never refused.
pub(super) const OF_A_SESSION: &str = "SetPresence";
