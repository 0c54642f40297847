//! Every request, with each kind of user that it can be about.

use cairn_core::By;
use cairn_core::api::command::{GrantDownload, GrantFocus, GrantMetrics, GrantRead, Invite};
use cairn_core::command::Handle;
use cairn_core::record::SecretHash;
use cairn_proto::content::attachment::Attachment;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::{Extra, Extras};
use cairn_proto::content::message::{Draft, Forward};
use cairn_proto::content::packed::Content;
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
use cairn_proto::wire::request::group::{
    AddMembers, Ban, CreateGroup, FindGroups, GetGroup, GetRetention, HandOver, JoinGroup,
    ListBanned, ListMembers, MuteMember, RemoveMembers, RenameGroup, SetGroupSettings,
    SetMemberSettings, SetRetention, SetRole, SetTopic, Unban,
};
use cairn_proto::wire::request::message::{
    Edit, GetImportCursor, Import, ListPins, Pin, React, Recall, Unpin, Unreact,
};
use cairn_proto::wire::request::people::{
    FindUsers, GetProfiles, GetUsers, ListContacts, Relate, SearchUsers, SetProfile,
};
use cairn_proto::wire::request::reading::{
    Ack, Explain, GetOwnReads, GetReceipts, MarkRead, MarkUnread, SetOwnReads,
};
use cairn_proto::wire::request::server::{
    ListSettings, RevokeDevice, SetServerRole, SetSetting,
};
use cairn_proto::wire::request::session::{ListConversations, ListDevices};

use super::world::{Attempt, Cast, FILE, FILE_BYTES};

/// A request, named as in the table.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) label: &'static str,
    /// The kind of the request.
    pub(super) kind: &'static str,
    /// A server setting that differs from its default.
    pub(super) setting: Option<(&'static str, &'static str)>,
    pub(super) command: fn(&Cast) -> Box<dyn Attempt>,
}

/// Rows of the table: label, kind, and the request to make.
macro_rules! asked {
    ($($label:literal, $kind:ident, |$cast:pat_param| $command:expr;)*) => {
        vec![$(Asked { label: $label, kind: stringify!($kind), setting: None,
            command: |$cast| $command }),*]
    };
}

fn ask<C: Handle + 'static>(cast: &Cast, call: C) -> Box<dyn Attempt> {
    Box::new(By(cast.asker, call))
}

fn send(cast: &Cast, extras: Extras) -> Box<dyn Attempt> {
    let body = Body::Text(Text::new("hello").unwrap());
    ask(
        cast,
        Draft {
            conversation: cast.conversation,
            seq: ClientSeq::new(9),
            content: Content::new(body, extras),
        },
    )
}

fn forward(cast: &Cast, from: ConversationId, to: ConversationId) -> Box<dyn Attempt> {
    ask(
        cast,
        Forward {
            to,
            seq: ClientSeq::new(9),
            from,
            msgid: cast.theirs,
        },
    )
}

fn edit(cast: &Cast, msgid: MsgId) -> Box<dyn Attempt> {
    ask(
        cast,
        Edit {
            conversation: cast.conversation,
            msgid,
            text: Text::new("something else").unwrap(),
        },
    )
}

fn ban(cast: &Cast, user: UserId) -> Box<dyn Attempt> {
    ask(
        cast,
        Ban {
            conversation: cast.conversation,
            users: vec![user],
        },
    )
}

fn remove(cast: &Cast, user: UserId) -> Box<dyn Attempt> {
    ask(
        cast,
        RemoveMembers {
            conversation: cast.conversation,
            users: vec![user],
        },
    )
}

fn mute(cast: &Cast, user: UserId) -> Box<dyn Attempt> {
    ask(
        cast,
        MuteMember {
            conversation: cast.conversation,
            user,
            until: Timestamp::new(u64::MAX),
        },
    )
}

fn set_role(cast: &Cast, user: UserId, role: Role) -> Box<dyn Attempt> {
    ask(
        cast,
        SetRole {
            conversation: cast.conversation,
            user,
            role,
        },
    )
}

fn relate(cast: &Cast, act: RelationAct) -> Box<dyn Attempt> {
    ask(
        cast,
        Relate {
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
                content: Content::new(Body::from(file), Extras::NONE) };
            ask(cast, draft)
        };
        "Download the file of a message", Download, |cast| {
            let (actor, conversation) = (cast.asker, cast.conversation);
            Box::new(GrantDownload { actor, conversation, msgid: cast.theirs, hash: FILE })
        };
        "Pull", Pull, |cast|
            Box::new(GrantRead { actor: cast.asker, conversation: cast.conversation });
        "Ack", Ack, |cast|
            ask(cast, Ack { conversation: cast.conversation, msgid: MsgId::new(1) });
        "MarkRead", MarkRead, |cast|
            ask(cast, MarkRead { conversation: cast.conversation, msgid: MsgId::new(1) });
        "MarkUnread", MarkUnread, |cast|
            ask(cast, MarkUnread { conversation: cast.conversation, from: MsgId::new(1) });
        "GetReceipts", GetReceipts, |cast| {
            ask(cast, GetReceipts { conversation: cast.conversation, msgid: MsgId::new(1),
                after: None })
        };
        "GetReceipts, turned off", GetReceipts, |cast| {
            ask(cast, GetReceipts { conversation: cast.conversation, msgid: MsgId::new(1),
                after: None })
        };
        "Focus", Focus, |cast|
            Box::new(GrantFocus { actor: cast.asker, conversation: Some(cast.conversation) });
        "SetMemberSettings", SetMemberSettings, |cast| {
            let settings = MemberSettings { favourite: true, ..MemberSettings::default() };
            ask(cast, SetMemberSettings { conversation: cast.conversation, settings })
        };
        "SetRetention", SetRetention, |cast| {
            ask(cast, SetRetention { conversation: cast.conversation,
                retention: Some(Retention::Days(7)) })
        };
        "GetRetention", GetRetention, |cast|
            ask(cast, GetRetention { conversation: cast.conversation });
        "ListMembers", ListMembers, |cast|
            ask(cast, ListMembers { conversation: cast.conversation, after: None });
        "Explain one's own count", Explain, |cast| {
            ask(cast, Explain { conversation: cast.conversation, user: cast.asker.user })
        };
        "Explain another's count", Explain, |cast|
            ask(cast, Explain { conversation: cast.conversation, user: cast.other });
        "Import", Import, |cast| {
            let source = ImportSource::new(1);
            ask(cast, Import { conversation: cast.conversation, source, first: 0,
                entries: Vec::new() })
        };
        "GetImportCursor", GetImportCursor, |cast| {
            ask(cast, GetImportCursor { conversation: cast.conversation,
                source: ImportSource::new(1) })
        };
    };
    [
        with_setting(talk, "GetReceipts, turned off", ("receipts", "off")),
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
            ask(cast, Recall { conversation: cast.conversation, msgid: cast.own });
        "Recall one's own, too late", Recall, |cast|
            ask(cast, Recall { conversation: cast.conversation, msgid: cast.own });
        "Recall another's", Recall, |cast|
            ask(cast, Recall { conversation: cast.conversation, msgid: cast.theirs });
        "Forward it to where one is a member", Forward, |cast|
            forward(cast, cast.conversation, cast.elsewhere);
        "Forward what one sees elsewhere", Forward, |cast|
            forward(cast, cast.elsewhere, cast.conversation);
        "React", React, |cast| {
            ask(cast, React { conversation: cast.conversation, msgid: cast.theirs,
                emoji: EmojiName::new("wave").unwrap() })
        };
        "Unreact", Unreact, |cast| {
            ask(cast, Unreact { conversation: cast.conversation, msgid: cast.theirs,
                emoji: EmojiName::new("wave").unwrap() })
        };
        "Pin", Pin, |cast|
            ask(cast, Pin { conversation: cast.conversation, msgid: cast.theirs });
        "Unpin", Unpin, |cast|
            ask(cast, Unpin { conversation: cast.conversation, msgid: cast.theirs });
        "ListPins", ListPins, |cast| ask(cast, ListPins { conversation: cast.conversation });
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
            ask(cast, JoinGroup { conversation: cast.conversation });
        "RemoveMembers: leave", RemoveMembers, |cast| remove(cast, cast.asker.user);
        "GetGroup", GetGroup, |cast| ask(cast, GetGroup { conversation: cast.conversation });
        "RenameGroup", RenameGroup, |cast| {
            ask(cast, RenameGroup { conversation: cast.conversation,
                name: GroupName::new("new").unwrap() })
        };
        "SetTopic", SetTopic, |cast| {
            ask(cast, SetTopic { conversation: cast.conversation,
                topic: Topic::new("new").unwrap() })
        };
        "SetGroupSettings", SetGroupSettings, |cast| {
            let settings = GroupSettings { history: JoinerHistory::FromJoin,
                ..GroupSettings::default() };
            ask(cast, SetGroupSettings { conversation: cast.conversation, settings })
        };
        "AddMembers", AddMembers, |cast| {
            ask(cast, AddMembers { conversation: cast.conversation,
                users: vec![cast.outsider] })
        };
        "AddMembers: a banned user", AddMembers, |cast| {
            ask(cast, AddMembers { conversation: cast.conversation,
                users: vec![cast.banned] })
        };
        "AddMembers: one who has blocked the asker", AddMembers, |cast| {
            ask(cast, AddMembers { conversation: cast.conversation,
                users: vec![cast.blocking] })
        };
        "HandOver to a member", HandOver, |cast|
            ask(cast, HandOver { conversation: cast.conversation, user: cast.member });
        "HandOver to no member", HandOver, |cast|
            ask(cast, HandOver { conversation: cast.conversation, user: cast.outsider });
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
            ask(cast, Unban { conversation: cast.conversation, users: vec![cast.banned] });
        "ListBanned", ListBanned, |cast|
            ask(cast, ListBanned { conversation: cast.conversation });
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
        "GetOwnReads", GetOwnReads, |cast| ask(cast, GetOwnReads);
        "SetOwnReads", SetOwnReads, |cast| ask(cast, SetOwnReads { reads: Reads::Hidden });
        "ListConversations", ListConversations, |cast|
            ask(cast, ListConversations { since: None, after: None });
        "FindUsers", FindUsers, |cast| ask(cast, FindUsers { names: Vec::new() });
        "GetUsers", GetUsers, |cast| ask(cast, GetUsers { ids: vec![cast.owner] });
        "FindGroups", FindGroups, |cast| ask(cast, FindGroups { prefix: None });
        "CreateGroup", CreateGroup, |cast| {
            ask(cast, CreateGroup { name: GroupName::new("new").unwrap(),
                members: vec![cast.outsider] })
        };
        "CreateGroup: with one who blocked the asker", CreateGroup, |cast| {
            ask(cast, CreateGroup { name: GroupName::new("new").unwrap(),
                members: vec![cast.blocking] })
        };
        "SetServerRole: a member to admin", SetServerRole, |cast| {
            ask(cast, SetServerRole { user: cast.member, role: ServerRole::Admin })
        };
        "SetServerRole: nobody", SetServerRole, |cast| {
            ask(cast, SetServerRole { user: UserId::new(999), role: ServerRole::Admin })
        };
        "ListSettings", ListSettings, |cast| ask(cast, ListSettings);
        "SetSetting", SetSetting, |cast| {
            let (name, value) = (SettingName::new("user-search").unwrap(),
                SettingValue::new("off").unwrap());
            ask(cast, SetSetting { name, value })
        };
        "SearchUsers", SearchUsers, |cast|
            ask(cast, SearchUsers { prefix: UserName::new("us").unwrap(), after: None });
        "SearchUsers, turned off", SearchUsers, |cast| {
            ask(cast, SearchUsers { prefix: UserName::new("us").unwrap(), after: None })
        };
        "GetProfiles", GetProfiles, |cast| ask(cast, GetProfiles { users: vec![cast.owner] });
        "SetProfile: one's own", SetProfile, |cast|
            ask(cast, SetProfile { profile: Profile::default() });
        "ListContacts", ListContacts, |cast| ask(cast, ListContacts { after: None });
        "ListDevices", ListDevices, |cast| ask(cast, ListDevices);
        "RevokeDevice: one's own", RevokeDevice, |cast|
            ask(cast, RevokeDevice { device: cast.asker.device });
        "RevokeDevice: another's", RevokeDevice, |cast|
            ask(cast, RevokeDevice { device: cast.device_of_another });
        "CreateInvite", CreateInvite, |cast| {
            Box::new(Invite { actor: cast.asker, token: SecretHash([9; 32]), uses: 1,
                life_seconds: 60 })
        };
        "GetMetrics", GetMetrics, |cast| Box::new(GrantMetrics(cast.asker));
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
