//! The name of every wire type and variant.

use std::fmt::Debug;

use cairn_proto::content::attachment::{
    Attachment, AttachmentHash, Media, Preview, TransferFrame, Video,
};
use cairn_proto::content::body::{Amendment, Body, SystemEntry};
use cairn_proto::content::extras::{Extra, Reaction};
use cairn_proto::content::message::{Draft, Entry, Forward, Run};
use cairn_proto::ids::LinkId;
use cairn_proto::model::audit::{AuditAct, AuditPage, AuditRecord};
use cairn_proto::model::conversation::{
    Conversation, ConversationKind, Explained, Member, MemberPage,
};
use cairn_proto::model::desk::{
    AgentConfig, AgentInfo, AgentQueue, AnswerMode, Attr, AttrTest, Candidate, CandidateReason,
    Canned, ClosedBy, DaySpan, DeskAct, DeskEntry, DeskInfo, DeskKeyInfo, DeskUpdate, Duty,
    ExplainedInquiry, InquiryFilter, InquiryInfo, InquiryPage, InquiryPlace, InquiryState, MyDesk,
    Offer, OfferEnd, OfficeHours, Overflow, QueueConfig, QueueCounts, QueueInfo, Rating,
    ReturnCause, RouteCondition, RouteEntry, RouteRule, RouteStep, Strategy, Verdict, VisitorInfo,
    VisitorInquiry, VisitorState, WeekSpan,
};
use cairn_proto::model::group::{
    Access, GroupDetails, GroupSettings, JoinerHistory, MemberSettings, OpenGroup, Role,
};
use cairn_proto::model::notification::{NotificationLevel, Notifications};
use cairn_proto::model::people::{
    Avatar, Contact, ContactPage, Friendship, Profile, Relation, RelationAct, UserPage, UserProfile,
};
use cairn_proto::model::presence::{DeviceKind, Presence, PresentDevice, UserPresence};
use cairn_proto::model::receipts::{
    MemberCursors, Reads, Receipt, ReceiptCounts, ReceiptPage, ReceiptState,
};
use cairn_proto::model::retention::{Retention, RetentionInfo};
use cairn_proto::model::search::{
    Condition, Feature, Highlights, Mark, Period, Query, Respelling, Span, Term, Test,
};
use cairn_proto::model::settings::Setting;
use cairn_proto::model::user::{
    DeviceInfo, InviteInfo, InvitePage, ServerRole, UserInfo, UserState,
};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::{AccountUpdate, StreamOpening, TimelineFrame, Update};
use cairn_proto::wire::hello::{
    Capabilities, ClientFrame, Credentials, Hello, VisitorCredentials, VisitorWelcome, Welcome,
};
use cairn_proto::wire::metrics::{
    Bucket, CheckpointMetrics, ClockMetrics, DeskMetrics, Histogram, Metrics, SearchMetrics,
};
use cairn_proto::wire::overview::{ConversationPage, Moment, OverviewExtent, OverviewPlace};
use cairn_proto::wire::request::desk::TransferTarget;
use cairn_proto::wire::request::message::{ImportEntry, Imported};
use cairn_proto::wire::request::session::{
    DeskKeyMade, Found, Hit, NewInvite, NewReset, PullRange, Pulled, SearchCursor, SearchGoal,
    SearchPlace,
};
use cairn_proto::wire::request::{
    DeskRequest, GroupRequest, MessageRequest, PeopleRequest, ReadingRequest, Request,
    ServerRequest, SessionRequest,
};
use cairn_proto::wire::response::ServerFrame;
use cairn_proto::wire::typing::{ClientDatagram, ServerDatagram};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A wire type with names for its variants.
pub(crate) trait Named: PartialEq + Debug + Serialize + DeserializeOwned + 'static {
    /// All names that values of this type can have.
    fn names() -> Vec<String>;
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
    AgentConfig, AgentInfo, AgentQueue, Attr, Candidate, Canned, DaySpan, DeskInfo, DeskKeyInfo,
    DeskKeyMade, DeskMetrics, ExplainedInquiry, InquiryInfo, InquiryPage, InquiryPlace, MyDesk,
    Offer, OfficeHours, Overflow, QueueConfig, QueueCounts, QueueInfo, Rating, RouteEntry,
    RouteRule, VisitorCredentials, VisitorInfo, VisitorInquiry, VisitorWelcome, WeekSpan,
}

structs! {
    Attachment, AttachmentHash, AuditPage, AuditRecord, Avatar, Bucket, Capabilities,
    CheckpointMetrics, ClockMetrics, Condition, Contact, ContactPage, Conversation,
    ConversationPage, DeviceInfo, Draft, Entry, Explained, Forward, Found, GroupDetails,
    GroupSettings, Hello, Highlights, Histogram, Hit, ImportEntry, Imported, InviteInfo, InvitePage,
    LinkId, Media, Member, MemberCursors, MemberPage, MemberSettings, Metrics, Moment, NewInvite,
    NewReset, Notifications, OpenGroup, OverviewPlace, Period, PresentDevice, Preview, Profile,
    Pulled, Query, Reaction, Receipt, ReceiptCounts, ReceiptPage, Relation, Respelling,
    RetentionInfo, Run, SearchCursor, SearchMetrics, SearchPlace, Setting, Span, Term, UserInfo,
    UserPage, UserPresence, UserProfile, Video, Welcome,
}

enums! {
    Access { InviteOnly, Open }
    Amendment { Edited, Recalled, Reacted, Unreacted, Pinned, Unpinned }
    Body { Text, Emote, Emoji, Image, Video, File, System, Recalled, Amendment; never Unknown }
    ClientDatagram { Typing }
    ClientFrame { Hello, Request }
    ConversationKind { Direct, Group, Queue, Inquiry, Back }
    Credentials { Token, Password, Invite, Reset, Visitor }
    Extra { ReplyTo, Mention, MentionAll, Edited, Reactions, Forwarded, Imported; never Unknown }
    JoinerHistory { All, FromJoin }
    DeviceKind { Unknown, Desktop, Phone, Web, Terminal, Bot }
    Friendship { None, Asked, Invited, Friends }
    Presence { Offline, Away, Online }
    NotificationLevel { All, Mentions, Nothing }
    OverviewExtent { All, Changed }
    AuditAct { InviteCreated, InviteRevoked, SettingSet, RoleSet, UnreadExplained, Imported,
        Renamed, Claimed, Deactivated, Reactivated, ResetCreated, MemberRemoved, OwnerAppointed,
        Desk }
    DeskAct { QueueCreated, QueueChanged, QueueRemoved, AgentSet, AgentRemoved, RulesSet, CannedSet,
        CannedRemoved, LinkCreated, LinkRevoked, VisitorErased }
    AccountUpdate { Profile, Reads, Role, Keywords }
    PullRange { From, Before }
    SearchGoal { Hits, Respelling }
    Test { Word, Prefix, Phrase, Literal, From, In, Sent, Has, Is, Mentions }
    Feature { File, Image, Video, Link, Reaction }
    Mark { Pinned, Edited, Unread }
    Reads { Shown, Hidden }
    ReceiptState { Sent, Delivered, Read }
    RelationAct { Follow, Unfollow, AskFriend, AcceptFriend, DeclineFriend, RemoveFriend, Block,
        Unblock }
    Retention { Keep, Days, UntilAcked }
    Role { Member, Admin, Owner }
    ServerDatagram { Typing }
    ServerFrame { Welcome, Refused, Response, Visiting }
    ServerRole { Member, Admin, Owner }
    StreamOpening { Timeline, Upload, Download }
    SystemEntry { Created, Added, Removed, Renamed, TopicSet, SettingsSet, RoleSet, HandedOver,
        Banned, Unbanned, Muted, RetentionSet, Desk, Route }
    TimelineFrame { Run, Behind, Update }
    TransferFrame { From, Stored, Refused }
    UserState { Active, Deactivated, Imported, AliasOf }
    Update { Conversation, Removed, Read, Contact, Presence, Receipts, Floor, Account, User, Desk,
        Inquiry, Waiting }
}

enums! {
    AnswerMode { Assign, Offer, Manual }
    AttrTest { Exists, Equals, Above, Below }
    CandidateReason { Chosen, First, Sticky, BehindOthers, HigherLevel, OffDuty, OnBreak, Away,
        Full, Refused, Delayed }
    ClosedBy { Visitor, Agent, Idle }
    DeskEntry { Opened, Joined, Transferred, Closed, Reopened, Rated }
    DeskUpdate { Offer, OfferGone, Duty, Inquiry, Counts, Agent }
    Duty { Off, Break, On }
    InquiryFilter { Open, Waiting, Held, Left, Closed }
    InquiryState { Waiting, Offered, Held, Left, Closed }
    OfferEnd { Accepted, Refused, Expired, Withdrawn }
    ReturnCause { Absent, NotOnDuty, Removed, Deactivated, QueueClosed, Taken, Closed }
    RouteCondition { Topic, PagePrefix, Attr, Language }
    RouteStep { Opened, Left, Offered, Accepted, Assigned, Taken, Refused, Missed, Withdrawn,
        Returned, TransferredToAgent, TransferredToQueue, Entered, Overflowed, FirstReply, Closed,
        Reopened, Rated, Tagged, Prioritized, Joined, Erased, Duty }
    Strategy { LeastBusy, RoundRobin, LongestIdle }
    TransferTarget { Agent, Queue, QueueNamed }
    Verdict { Held, Offered, NoAgents, NobodyReady, RefusedByAll, Manual, QueueClosed, Next, Left,
        Closed }
    VisitorState { Waiting, Answered, Left, Closed }
}

/// Requests are named by their kinds, which are unique across domains; the bytes are those of the
/// whole request.
macro_rules! requests {
    ($($domain:ident of $type:ident { $($kind:ident),* $(,)? })*) => {
        impl Named for Request {
            fn names() -> Vec<String> {
                vec![$($(concat!("Request::", stringify!($kind)).to_owned(),)*)*]
            }

            fn name(&self) -> String {
                match self {
                    $($(Self::$domain($type::$kind(_)) =>
                        concat!("Request::", stringify!($kind)).to_owned(),)*)*
                }
            }
        }
    };
}

requests! {
    Message of MessageRequest {
        Send, Forward, Edit, Recall, React, Unreact, Pin, Unpin, ListPins, Import, GetImportCursor,
        EditMentioning,
    }
    Reading of ReadingRequest {
        Ack, MarkRead, MarkUnread, GetReceipts, Explain, GetOwnReads, SetOwnReads,
    }
    Group of GroupRequest {
        CreateGroup, AddMembers, RemoveMembers, ListMembers, GetGroup, RenameGroup, SetTopic,
        SetGroupSettings, SetRole, HandOver, Ban, Unban, ListBanned, MuteMember, JoinGroup,
        FindGroups, SetMemberSettings, SetRetention, GetRetention,
    }
    People of PeopleRequest {
        FindUsers, GetUsers, SearchUsers, Relate, ListContacts, GetProfiles, SetProfile,
        RenameUser, ClaimImported, GetKeywords, ChangeKeywords,
    }
    Server of ServerRequest {
        RevokeDevice, ListSettings, SetSetting, SetServerRole, ListAudit, DeactivateUser,
        ReactivateUser, ListInvites, RevokeInvite,
    }
    Session of SessionRequest {
        Pull, ListConversations, Watch, Focus, SetPresence, ListDevices, CreateInvite, GetMetrics,
        SetPassword, CreateReset, Search, OpenInquiry, NewDeskKey,
    }
    Desk of DeskRequest {
        MyInquiry, EndInquiry, RateInquiry, GetMyDesk, SetDuty, AcceptInquiry, RefuseInquiry,
        TakeInquiry, TransferInquiry, CloseInquiry, ReopenInquiry, TagInquiry, SetInquiryPriority,
        OpenBack, ListCanned, GetInquiry, ExplainInquiry, ListInquiries, JoinInquiry,
        AssignInquiry, SetAgentDuty, ListAgents, ListQueues, CreateQueue, SetQueue, RemoveQueue,
        SetAgent, RemoveAgent, GetRouteRules, SetRouteRules, SetCanned, ListDeskKeys,
        RevokeDeskKey, EraseVisitor,
    }
}

/// The list of known codes comes from the macro that declares them, so it is complete.
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
