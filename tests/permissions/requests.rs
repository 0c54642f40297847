//! Every request, as rows of the permission table.

use cairn_core::api::change::Change;
use cairn_core::api::command::{
    AllowReset, GrantDownload, GrantFocus, GrantMetrics, GrantRead, GrantSearch, Invite,
    ReplacePassword,
};
use cairn_core::prefetch::Load;
use cairn_core::record::{SecretHash, UserRecord, UserStatus};
use cairn_core::{Batch, By, Command, State};
use cairn_proto::content::attachment::Attachment;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::{Extra, Extras};
use cairn_proto::content::message::{Draft, Forward};
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{ClientSeq, ConversationId, ImportSource, LinkId, MsgId, Timestamp, UserId};
use cairn_proto::model::group::{GroupSettings, JoinerHistory, MemberSettings, Role};
use cairn_proto::model::people::{Profile, RelationAct};
use cairn_proto::model::receipts::Reads;
use cairn_proto::model::retention::Retention;
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{
    Caption, EmojiName, FileName, GroupName, MediaType, SettingName, SettingValue, Text, Topic,
    UserName,
};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::group::{
    AddMembers, Ban, CreateGroup, FindGroups, GetGroup, GetRetention, HandOver, JoinGroup,
    ListBanned, ListMembers, MuteMember, RemoveMembers, RenameGroup, SetGroupSettings,
    SetMemberSettings, SetRetention, SetRole, SetTopic, Unban,
};
use cairn_proto::wire::request::message::{
    Edit, EditMentioning, GetImportCursor, Import, ListPins, Pin, React, Recall, Unpin, Unreact,
};
use cairn_proto::wire::request::people::{
    ChangeKeywords, ClaimImported, FindUsers, GetKeywords, GetProfiles, GetUsers, ListContacts,
    Relate, RenameUser, SearchUsers, SetProfile,
};
use cairn_proto::wire::request::reading::{
    Ack, Explain, GetOwnReads, GetReceipts, MarkRead, MarkUnread, SetOwnReads,
};
use cairn_proto::wire::request::server::{
    DeactivateUser, ListAudit, ListInvites, ListSettings, ReactivateUser, RevokeDevice,
    RevokeInvite, SetServerRole, SetSetting,
};
use cairn_proto::wire::request::session::{ListConversations, ListDevices};

use super::world::{Cast, FILE, FILE_BYTES, NOW};

/// The first user of the world.
const SERVER_OWNER: UserId = UserId::new(1);

/// The invite with which the world's users joined.
const INVITE: LinkId = LinkId::new(0x6565_6565);

/// A request and its label in the table.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) label: &'static str,
    pub(super) kind: &'static str,
    /// A server setting with a value other than the default.
    pub(super) setting: Option<(&'static str, &'static str)>,
    pub(super) make: fn(&Cast, &mut State) -> Result<(), ErrorCode>,
}

/// Rows of the table: label, kind, and the request to make.
macro_rules! asked {
    ($($label:literal, $kind:ident, |$cast:pat_param| $command:expr;)*) => {
        vec![$(Row { label: $label, kind: stringify!($kind), setting: None,
            make: |$cast, state| run(state, $command) }),*]
    };
}

fn run(state: &mut State, command: impl Command) -> Result<(), ErrorCode> {
    command.run(state, NOW, &mut Batch::new(0)).map(drop)
}

/// A search leaves out the conversations that it may not read.
#[derive(Debug)]
struct Searched(GrantSearch);

impl Command for Searched {
    type Answer = ();
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        self.0.prefetch(state, loads);
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), ErrorCode> {
        match self.0.execute((), state, now, batch)?.is_empty() {
            true => Err(ErrorCode::NotFound),
            false => Ok(()),
        }
    }
}

fn send(cast: &Cast, extras: Extras) -> By<Draft> {
    let body = Body::Text(Text::new("hello").unwrap());
    By(
        cast.asker,
        Draft {
            conversation: cast.conversation,
            seq: ClientSeq::new(9),
            content: Content::new(body, extras),
        },
    )
}

fn forward(cast: &Cast, from: ConversationId, to: ConversationId) -> By<Forward> {
    By(
        cast.asker,
        Forward {
            to,
            seq: ClientSeq::new(9),
            from,
            msgid: cast.theirs,
        },
    )
}

fn edit(cast: &Cast, msgid: MsgId) -> By<Edit> {
    By(
        cast.asker,
        Edit {
            conversation: cast.conversation,
            msgid,
            text: Text::new("something else").unwrap(),
        },
    )
}

fn edit_mentioning(cast: &Cast, msgid: MsgId, mention: Extra) -> By<EditMentioning> {
    By(
        cast.asker,
        EditMentioning {
            conversation: cast.conversation,
            msgid,
            text: Text::new("something else").unwrap(),
            mentions: Extras::new(vec![mention]).unwrap(),
        },
    )
}

fn ban(cast: &Cast, user: UserId) -> By<Ban> {
    By(
        cast.asker,
        Ban {
            conversation: cast.conversation,
            users: vec![user],
        },
    )
}

fn reset(cast: &Cast, user: UserId) -> AllowReset {
    AllowReset {
        actor: cast.asker,
        user,
        token: SecretHash([9; 32]),
        keep_devices: false,
    }
}

fn remove(cast: &Cast, user: UserId) -> By<RemoveMembers> {
    By(
        cast.asker,
        RemoveMembers {
            conversation: cast.conversation,
            users: vec![user],
        },
    )
}

fn mute(cast: &Cast, user: UserId) -> By<MuteMember> {
    By(
        cast.asker,
        MuteMember {
            conversation: cast.conversation,
            user,
            until: Timestamp::new(u64::MAX),
        },
    )
}

fn set_role(cast: &Cast, user: UserId, role: Role) -> By<SetRole> {
    By(
        cast.asker,
        SetRole {
            conversation: cast.conversation,
            user,
            role,
        },
    )
}

fn relate(cast: &Cast, act: RelationAct) -> By<Relate> {
    By(
        cast.asker,
        Relate {
            user: cast.owner,
            act,
        },
    )
}

pub(super) fn of_a_conversation() -> Vec<Row> {
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
            By(cast.asker, draft)
        };
        "Download the file of a message", Download, |cast| {
            let (actor, conversation) = (cast.asker, cast.conversation);
            GrantDownload { actor, conversation, msgid: cast.theirs,
                hash: FILE }
        };
        "Pull", Pull, |cast| GrantRead { actor: cast.asker, conversation: cast.conversation };
        "Search", Search, |cast|
            Searched(GrantSearch { actor: cast.asker, conversations: vec![cast.conversation] });
        "Ack", Ack, |cast|
            By(cast.asker, Ack { conversation: cast.conversation, msgid: MsgId::new(1) });
        "MarkRead", MarkRead, |cast|
            By(cast.asker, MarkRead { conversation: cast.conversation, msgid: MsgId::new(1) });
        "MarkUnread", MarkUnread, |cast|
            By(cast.asker, MarkUnread { conversation: cast.conversation, from: MsgId::new(1) });
        "GetReceipts", GetReceipts, |cast| {
            By(cast.asker, GetReceipts { conversation: cast.conversation, msgid: MsgId::new(1),
                after: None })
        };
        "GetReceipts, turned off", GetReceipts, |cast| {
            By(cast.asker, GetReceipts { conversation: cast.conversation, msgid: MsgId::new(1),
                after: None })
        };
        "Focus", Focus, |cast|
            GrantFocus { actor: cast.asker, conversation: Some(cast.conversation) };
        "SetMemberSettings", SetMemberSettings, |cast| {
            let settings = MemberSettings { favourite: true, ..MemberSettings::default() };
            By(cast.asker, SetMemberSettings { conversation: cast.conversation, settings })
        };
        "SetRetention", SetRetention, |cast| {
            By(cast.asker, SetRetention { conversation: cast.conversation,
                retention: Some(Retention::Days(7)) })
        };
        "GetRetention", GetRetention, |cast|
            By(cast.asker, GetRetention { conversation: cast.conversation });
        "ListMembers", ListMembers, |cast|
            By(cast.asker, ListMembers { conversation: cast.conversation, after: None });
        "Explain one's own count", Explain, |cast| {
            By(cast.asker, Explain { conversation: cast.conversation, user: cast.asker.user })
        };
        "Explain another's count", Explain, |cast|
            By(cast.asker, Explain { conversation: cast.conversation, user: cast.other });
        "Import", Import, |cast| {
            let source = ImportSource::new(1);
            By(cast.asker, Import { conversation: cast.conversation, source, first: 0,
                entries: Vec::new() })
        };
        "GetImportCursor", GetImportCursor, |cast| {
            By(cast.asker, GetImportCursor { conversation: cast.conversation,
                source: ImportSource::new(1) })
        };
    };
    [
        with_setting(talk, "GetReceipts, turned off", ("receipts", "off")),
        of_a_message(),
        of_a_group(),
        of_others(),
        of_deactivated(),
    ]
    .concat()
}

/// Applies a setting to the rows with this label.
fn with_setting(
    mut rows: Vec<Row>,
    label: &str,
    setting: (&'static str, &'static str),
) -> Vec<Row> {
    rows.iter_mut()
        .find(|asked| asked.label == label)
        .unwrap()
        .setting = Some(setting);
    rows
}

fn of_a_message() -> Vec<Row> {
    let rows = asked! {
        "Edit one's own", Edit, |cast| edit(cast, cast.own);
        "Edit one's own, too late", Edit, |cast| edit(cast, cast.own);
        "Edit another's", Edit, |cast| edit(cast, cast.theirs);
        "EditMentioning: a member", EditMentioning, |cast|
            edit_mentioning(cast, cast.own, Extra::Mention(cast.member));
        "EditMentioning: all", EditMentioning, |cast|
            edit_mentioning(cast, cast.own, Extra::MentionAll);
        "EditMentioning: another's", EditMentioning, |cast|
            edit_mentioning(cast, cast.theirs, Extra::Mention(cast.member));
        "Recall one's own", Recall, |cast|
            By(cast.asker, Recall { conversation: cast.conversation, msgid: cast.own });
        "Recall one's own, too late", Recall, |cast|
            By(cast.asker, Recall { conversation: cast.conversation, msgid: cast.own });
        "Recall another's", Recall, |cast|
            By(cast.asker, Recall { conversation: cast.conversation, msgid: cast.theirs });
        "Forward it to where one is a member", Forward, |cast|
            forward(cast, cast.conversation, cast.elsewhere);
        "Forward what one sees elsewhere", Forward, |cast|
            forward(cast, cast.elsewhere, cast.conversation);
        "React", React, |cast| {
            By(cast.asker, React { conversation: cast.conversation, msgid: cast.theirs,
                emoji: EmojiName::new("wave").unwrap() })
        };
        "Unreact", Unreact, |cast| {
            By(cast.asker, Unreact { conversation: cast.conversation, msgid: cast.theirs,
                emoji: EmojiName::new("wave").unwrap() })
        };
        "Pin", Pin, |cast|
            By(cast.asker, Pin { conversation: cast.conversation, msgid: cast.theirs });
        "Unpin", Unpin, |cast|
            By(cast.asker, Unpin { conversation: cast.conversation, msgid: cast.theirs });
        "ListPins", ListPins, |cast| By(cast.asker, ListPins { conversation: cast.conversation });
    };
    let none = ("amend-minutes", "0");
    with_setting(
        with_setting(rows, "Edit one's own, too late", none),
        "Recall one's own, too late",
        none,
    )
}

fn of_a_group() -> Vec<Row> {
    asked! {
        "JoinGroup", JoinGroup, |cast|
            By(cast.asker, JoinGroup { conversation: cast.conversation });
        "RemoveMembers: leave", RemoveMembers, |cast| remove(cast, cast.asker.user);
        "GetGroup", GetGroup, |cast| By(cast.asker, GetGroup { conversation: cast.conversation });
        "RenameGroup", RenameGroup, |cast| {
            By(cast.asker, RenameGroup { conversation: cast.conversation,
                name: GroupName::new("new").unwrap() })
        };
        "SetTopic", SetTopic, |cast| {
            By(cast.asker, SetTopic { conversation: cast.conversation,
                topic: Topic::new("new").unwrap() })
        };
        "SetGroupSettings", SetGroupSettings, |cast| {
            let settings = GroupSettings { history: JoinerHistory::FromJoin,
                ..GroupSettings::default() };
            By(cast.asker, SetGroupSettings { conversation: cast.conversation, settings })
        };
        "AddMembers", AddMembers, |cast| {
            By(cast.asker, AddMembers { conversation: cast.conversation,
                users: vec![cast.outsider] })
        };
        "AddMembers: a banned user", AddMembers, |cast| {
            By(cast.asker, AddMembers { conversation: cast.conversation,
                users: vec![cast.banned] })
        };
        "AddMembers: one who has blocked the asker", AddMembers, |cast| {
            By(cast.asker, AddMembers { conversation: cast.conversation,
                users: vec![cast.blocking] })
        };
        "HandOver to a member", HandOver, |cast|
            By(cast.asker, HandOver { conversation: cast.conversation, user: cast.member });
        "HandOver to no member", HandOver, |cast|
            By(cast.asker, HandOver { conversation: cast.conversation, user: cast.outsider });
        "SetRole: a member to admin", SetRole, |cast| set_role(cast, cast.member, Role::Admin);
        "SetRole: the owner to member", SetRole, |cast| set_role(cast, cast.owner, Role::Member);
        "SetRole: oneself to owner", SetRole, |cast| set_role(cast, cast.asker.user, Role::Owner);
        "SetRole: no member", SetRole, |cast| set_role(cast, cast.outsider, Role::Admin);
    }
}

/// Requests that name a user who was deactivated.
fn of_deactivated() -> Vec<Row> {
    let row = |label, kind, make| Row {
        label,
        kind,
        setting: None,
        make,
    };
    vec![
        row(SEND_DEACTIVATED, "Send", |cast, state| {
            deactivate(state, cast.other);
            run(state, send(cast, Extras::NONE))
        }),
        row(ADD_DEACTIVATED, "AddMembers", |cast, state| {
            deactivate(state, cast.outsider);
            let (conversation, users) = (cast.conversation, vec![cast.outsider]);
            run(
                state,
                By(
                    cast.asker,
                    AddMembers {
                        conversation,
                        users,
                    },
                ),
            )
        }),
        row(REMOVE_DEACTIVATED, "RemoveMembers", |cast, state| {
            deactivate(state, cast.member);
            run(state, remove(cast, cast.member))
        }),
        row(RESCUE, "SetRole", |cast, state| {
            deactivate(state, cast.owner);
            run(state, set_role(cast, cast.member, Role::Owner))
        }),
    ]
}

const SEND_DEACTIVATED: &str = "Send, the other deactivated";
const ADD_DEACTIVATED: &str = "AddMembers: a deactivated user";
pub(super) const REMOVE_DEACTIVATED: &str = "Remove one deactivated";
pub(super) const RESCUE: &str = "SetRole, its owner gone";

fn deactivate(state: &mut State, user: UserId) {
    let record = UserRecord {
        status: UserStatus::Deactivated { by: user, at: NOW },
        ..state.user(user).unwrap().record.clone()
    };
    state.apply(&Change::User(user, record));
}

fn of_others() -> Vec<Row> {
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
            By(cast.asker, Unban { conversation: cast.conversation, users: vec![cast.banned] });
        "ListBanned", ListBanned, |cast|
            By(cast.asker, ListBanned { conversation: cast.conversation });
        "MuteMember: a member", MuteMember, |cast| mute(cast, cast.member);
        "MuteMember: an admin", MuteMember, |cast| mute(cast, cast.admin);
        "MuteMember: the owner", MuteMember, |cast| mute(cast, cast.owner);
        "MuteMember: no member", MuteMember, |cast| mute(cast, cast.outsider);
        "MuteMember: oneself", MuteMember, |cast| mute(cast, cast.asker.user);
    }
}

pub(super) fn of_the_server() -> Vec<Row> {
    let rows = asked! {
        "GetOwnReads", GetOwnReads, |cast| By(cast.asker, GetOwnReads);
        "SetOwnReads", SetOwnReads, |cast| By(cast.asker, SetOwnReads { reads: Reads::Hidden });
        "ListConversations", ListConversations, |cast|
            By(cast.asker, ListConversations { since: None, after: None });
        "FindUsers", FindUsers, |cast| By(cast.asker, FindUsers { names: Vec::new() });
        "GetUsers", GetUsers, |cast| By(cast.asker, GetUsers { ids: vec![cast.owner] });
        "FindGroups", FindGroups, |cast| By(cast.asker, FindGroups { prefix: None });
        "CreateGroup", CreateGroup, |cast| {
            By(cast.asker, CreateGroup { name: GroupName::new("new").unwrap(),
                members: vec![cast.outsider] })
        };
        "CreateGroup: with one who blocked the asker", CreateGroup, |cast| {
            By(cast.asker, CreateGroup { name: GroupName::new("new").unwrap(),
                members: vec![cast.blocking] })
        };
        "SetServerRole: a member to admin", SetServerRole, |cast| {
            By(cast.asker, SetServerRole { user: cast.member, role: ServerRole::Admin })
        };
        "SetServerRole: nobody", SetServerRole, |cast| {
            By(cast.asker, SetServerRole { user: UserId::new(999), role: ServerRole::Admin })
        };
        "DeactivateUser: a member", DeactivateUser, |cast|
            By(cast.asker, DeactivateUser { user: cast.member });
        "DeactivateUser: the owner", DeactivateUser, |cast|
            By(cast.asker, DeactivateUser { user: SERVER_OWNER });
        "DeactivateUser: nobody", DeactivateUser, |cast|
            By(cast.asker, DeactivateUser { user: UserId::new(999) });
        "ReactivateUser: a member", ReactivateUser, |cast|
            By(cast.asker, ReactivateUser { user: cast.member });
        "ReactivateUser: the owner", ReactivateUser, |cast|
            By(cast.asker, ReactivateUser { user: SERVER_OWNER });
        "ListSettings", ListSettings, |cast| By(cast.asker, ListSettings);
        "ListAudit", ListAudit, |cast| By(cast.asker, ListAudit { first: 1 });
        "SetSetting", SetSetting, |cast| {
            let (name, value) = (SettingName::new("user-search").unwrap(),
                SettingValue::new("off").unwrap());
            By(cast.asker, SetSetting { name, value })
        };
        "SearchUsers", SearchUsers, |cast|
            By(cast.asker, SearchUsers { prefix: UserName::new("us").unwrap(), after: None });
        "SearchUsers, turned off", SearchUsers, |cast| {
            By(cast.asker, SearchUsers { prefix: UserName::new("us").unwrap(), after: None })
        };
        "GetProfiles", GetProfiles, |cast| By(cast.asker, GetProfiles { users: vec![cast.owner] });
        "SetProfile: one's own", SetProfile, |cast|
            By(cast.asker, SetProfile { profile: Profile::default() });
        "GetKeywords", GetKeywords, |cast| By(cast.asker, GetKeywords);
        "ChangeKeywords", ChangeKeywords, |cast| {
            let add = vec!["deploy".parse().unwrap()];
            By(cast.asker, ChangeKeywords { add, remove: Vec::new() })
        };
        "RenameUser: one's own", RenameUser, |cast| {
            By(cast.asker, RenameUser { user: cast.asker.user,
                name: UserName::new("renamed").unwrap() })
        };
        "RenameUser: a member", RenameUser, |cast| {
            By(cast.asker, RenameUser { user: cast.member,
                name: UserName::new("renamed").unwrap() })
        };
        "ClaimImported: a user", ClaimImported, |cast| {
            By(cast.asker, ClaimImported { imported: cast.member, user: cast.owner })
        };
        "ListContacts", ListContacts, |cast| By(cast.asker, ListContacts { after: None });
        "ListDevices", ListDevices, |cast| By(cast.asker, ListDevices);
        "RevokeDevice: one's own", RevokeDevice, |cast|
            By(cast.asker, RevokeDevice { device: cast.asker.device });
        "RevokeDevice: another's", RevokeDevice, |cast|
            By(cast.asker, RevokeDevice { device: cast.device_of_another });
        "CreateInvite", CreateInvite, |cast| {
            Invite { actor: cast.asker, token: SecretHash([9; 32]), uses: 1,
                life_seconds: 60 }
        };
        "GetMetrics", GetMetrics, |cast| GrantMetrics(cast.asker);
        "SetPassword", SetPassword, |cast| ReplacePassword { actor: cast.asker, verified: None,
            password: "a hash".into(), end_other_devices: true };
        "CreateReset: for a member", CreateReset, |cast| reset(cast, cast.member);
        "CreateReset: for the owner", CreateReset, |cast| reset(cast, SERVER_OWNER);
        "CreateReset: for nobody", CreateReset, |cast| reset(cast, UserId::new(999));
        "ListInvites", ListInvites, |cast| By(cast.asker, ListInvites { after: None });
        "RevokeInvite: another's", RevokeInvite, |cast|
            By(cast.asker, RevokeInvite { invite: INVITE });
        "RevokeInvite: none", RevokeInvite, |cast|
            By(cast.asker, RevokeInvite { invite: LinkId::new(0) });
    };
    with_setting(rows, "SearchUsers, turned off", ("user-search", "off"))
}

pub(super) fn of_a_relation() -> Vec<Row> {
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

pub(super) const WATCH: &str = "Watch";

/// Presence of a session: not handled by the state machine, and never refused.
pub(super) const OF_A_SESSION: &str = "SetPresence";
