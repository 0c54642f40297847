//! The name of every wire type and variant.

use std::fmt::Debug;

use cairn_proto::content::attachment::{
    Attachment, AttachmentHash, Media, Preview, TransferFrame, Video,
};
use cairn_proto::content::body::{Amendment, Body, SystemEntry};
use cairn_proto::content::extras::{Extra, Reaction};
use cairn_proto::content::message::{Draft, Entry, Run};
use cairn_proto::model::conversation::{
    Conversation, ConversationKind, Explained, Member, MemberPage,
};
use cairn_proto::model::group::{
    Access, GroupDetails, GroupSettings, JoinerHistory, MemberSettings, OpenGroup, Role,
};
use cairn_proto::model::people::{
    Avatar, Contact, ContactPage, Friendship, Profile, Relation, RelationAct, UserPage, UserProfile,
};
use cairn_proto::model::presence::{DeviceKind, Presence, PresentDevice, UserPresence};
use cairn_proto::model::receipts::{
    MemberCursors, Reads, Receipt, ReceiptCounts, ReceiptPage, ReceiptState,
};
use cairn_proto::model::retention::{Retention, RetentionInfo};
use cairn_proto::model::settings::Setting;
use cairn_proto::model::user::{DeviceInfo, ServerRole, UserInfo};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::{AccountUpdate, StreamOpening, TimelineFrame};
use cairn_proto::wire::hello::{ClientFrame, Credentials, Hello, Welcome};
use cairn_proto::wire::metrics::{Bucket, CheckpointMetrics, Histogram, Metrics};
use cairn_proto::wire::overview::{ConversationPage, Moment, OverviewExtent, OverviewPlace};
use cairn_proto::wire::request::{Forward, ImportEntry, PullRange, Request};
use cairn_proto::wire::response::{Pulled, Response, ServerFrame};
use cairn_proto::wire::typing::{ClientDatagram, ServerDatagram};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A wire type that knows its names.
pub(super) trait Named: PartialEq + Debug + Serialize + DeserializeOwned + 'static {
    /// Every name that a value of this type can have.
    fn names() -> Vec<String>;
    /// The name of this value.
    fn name(&self) -> String;
}

macro_rules! structs {
    ($($type:ident),* $(,)?) => {$(
        impl Named for $type {
            fn names() -> Vec<String> {
                vec![stringify!($type).to_owned()]
            }

            fn name(&self) -> String {
                stringify!($type).to_owned()
            }
        }
    )*};
}

macro_rules! enums {
    ($($type:ident { $($variant:ident),* $(; never $unwritten:ident)? })*) => {$(
        impl Named for $type {
            fn names() -> Vec<String> {
                vec![$(concat!(stringify!($type), "::", stringify!($variant)).to_owned()),*]
            }

            fn name(&self) -> String {
                match self {
                    $(Self::$variant { .. } =>
                        concat!(stringify!($type), "::", stringify!($variant)).to_owned(),)*
                    $(Self::$unwritten { .. } => panic!("{self:?} is never written"),)?
                }
            }
        }
    )*};
}

structs! {
    Attachment, AttachmentHash, Avatar, Bucket, CheckpointMetrics, Contact, ContactPage,
    Conversation, ConversationPage, DeviceInfo, Draft,
    Entry, Explained, Metrics, Video, Forward, GroupDetails, GroupSettings, Hello, Histogram,
    ImportEntry, Media, Member, MemberCursors,
    MemberPage, MemberSettings, Moment, OpenGroup, OverviewPlace, PresentDevice, Preview, Profile,
    Pulled, Reaction, Receipt, ReceiptCounts,
    ReceiptPage, Relation, RetentionInfo, Run, Setting, UserInfo, UserPage, UserPresence,
    UserProfile, Welcome,
}

enums! {
    Access { InviteOnly, Open }
    Amendment { Edited, Recalled, Reacted, Unreacted, Pinned, Unpinned }
    Body { Text, Emote, Emoji, Image, Video, File, System, Recalled, Amendment; never Unknown }
    ClientDatagram { Typing }
    ClientFrame { Hello, Request }
    ConversationKind { Direct, Group }
    Credentials { Token, Password, Invite }
    Extra { ReplyTo, Mention, MentionAll, Edited, Reactions, Forwarded; never Unknown }
    JoinerHistory { All, FromJoin }
    DeviceKind { Unknown, Desktop, Phone, Web, Terminal, Bot }
    Friendship { None, Asked, Invited, Friends }
    Presence { Offline, Away, Online }
    OverviewExtent { All, Changed }
    AccountUpdate { Profile, Reads, Role }
    PullRange { From, Before }
    Reads { Shown, Hidden }
    ReceiptState { Sent, Delivered, Read }
    RelationAct { Follow, Unfollow, AskFriend, AcceptFriend, DeclineFriend, RemoveFriend, Block,
        Unblock }
    Request {
        Send, Pull, Ack, Read, Conversations, FindUsers, Users, CreateGroup, AddMembers,
        RemoveMembers, Members, CreateInvite, Devices,
        RevokeDevice, Import, ImportCursor, Explain, Metrics, Edit, Recall, React, Unreact, Pin,
        Unpin, Pins, Group, RenameGroup, SetTopic,
        SetGroupSettings, SetRole, HandOver, Ban, Unban, BannedUsers, MuteMember, JoinGroup,
        FindGroups, SetMemberSettings, Settings,
        SetSetting, Relate, Contacts, SearchUsers, Profiles, SetProfile, Watch, SetPresence, Focus,
        Forward, MarkUnread, Receipts, OwnReads,
        SetOwnReads, SetRetention, Retention, SetServerRole
    }
    Response {
        Accepted, Done, Pulled, Conversations, Users, Created, Changed, Members, Invite, Devices,
        Imported, ImportCursor, Explained, Metrics,
        Pins, Group, Groups, Settings, Related, Contacts, FoundUsers, Profiles, Watching, Receipts,
        OwnReads, Retention
    }
    Retention { Keep, Days, UntilAcked }
    Role { Member, Admin, Owner }
    ServerDatagram { Typing }
    ServerFrame { Welcome, Refused, Response }
    ServerRole { Member, Admin, Owner }
    StreamOpening { Timeline, Upload, Download }
    SystemEntry { Created, Added, Removed, Renamed, TopicSet, SettingsSet, RoleSet, HandedOver,
        Banned, Unbanned, Muted, RetentionSet }
    TimelineFrame { Run, Behind, Conversation, Removed, Read, Contact, Presence, Receipts, Floor,
        AccountUpdate }
    TransferFrame { From, Stored, Refused }
}

/// The list of known codes comes from the macro that declares them, so it cannot miss one.
impl Named for ErrorCode {
    fn names() -> Vec<String> {
        Self::ALL
            .iter()
            .map(Self::name)
            .chain(["ErrorCode::Other".to_owned()])
            .collect()
    }

    fn name(&self) -> String {
        match self {
            Self::Other(_) => "ErrorCode::Other".to_owned(),
            known => format!("ErrorCode::{known:?}"),
        }
    }
}
