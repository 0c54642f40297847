//! The script of an evening: rounds of steps, generated from a seed alone. Nothing here knows a
//! server.

pub mod generator;
mod opening;

use cairn_client::proto::model::group::{MemberSettings, Role};
use cairn_client::proto::model::people::RelationAct;
use cairn_client::proto::model::retention::Retention;

pub const USERS: usize = 10;

/// Devices of each user.
pub const DEVICES: usize = 3;

/// A device, by numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat {
    pub user: usize,
    pub device: usize,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub by: Seat,
    pub act: Act,
}

/// A conversation, by numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chat {
    /// A group, in the order in which groups are created.
    Group(usize),
    /// The direct chat with this user.
    Direct(usize),
}

/// A message accepted in a conversation, counted back from the newest, modulo their number.
pub type Recent = usize;

/// What a message consists of.
#[derive(Clone, Debug)]
pub enum Style {
    Plain,
    Emote,
    Emoji,
    Reply(Recent),
    Mention(Vec<usize>),
    MentionAll,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Plain,
    Image,
    Video,
}

impl FileKind {
    pub const ALL: [Self; 3] = [Self::Plain, Self::Image, Self::Video];
}

#[derive(Clone, Debug)]
pub enum Act {
    /// `count` messages, pipelined.
    Send {
        to: Chat,
        style: Style,
        count: usize,
    },
    /// A message of the user's own.
    Edit {
        at: Chat,
        message: Recent,
    },
    /// A message of the user's own.
    Recall {
        at: Chat,
        message: Recent,
    },
    /// A message of any user.
    RecallAny {
        at: Chat,
        message: Recent,
    },
    React {
        at: Chat,
        message: Recent,
        emoji: usize,
    },
    Unreact {
        at: Chat,
        message: Recent,
        emoji: usize,
    },
    Pin {
        at: Chat,
        message: Recent,
    },
    Unpin {
        at: Chat,
        message: Recent,
    },
    MarkRead {
        at: Chat,
        message: Recent,
    },
    MarkUnread {
        at: Chat,
        message: Recent,
    },
    Forward {
        from: Chat,
        message: Recent,
        to: Chat,
    },
    SendFile {
        to: Chat,
        kind: FileKind,
    },
    Download {
        at: Chat,
        file: Recent,
    },
    /// Imports messages that are days old.
    Import {
        group: usize,
        count: usize,
    },
    SetRetention {
        at: Chat,
        retention: Option<Retention>,
    },
    SetMemberSettings {
        at: Chat,
        settings: MemberSettings,
    },
    /// Whether to share read receipts: others' are visible only to users who share theirs.
    ShareReads {
        is_shared: bool,
    },
    Relate {
        with: usize,
        act: RelationAct,
    },
    /// Creates the next group.
    Create {
        others: Vec<usize>,
    },
    Rename {
        group: usize,
        name: usize,
    },
    SetTopic {
        group: usize,
        topic: usize,
    },
    SetGroupSettings {
        group: usize,
        rules: GroupRules,
    },
    SetRole {
        group: usize,
        member: usize,
        role: Role,
    },
    HandOver {
        group: usize,
        member: usize,
    },
    Add {
        group: usize,
        user: usize,
    },
    Kick {
        group: usize,
        member: usize,
    },
    Leave {
        group: usize,
    },
    Join {
        group: usize,
    },
    Ban {
        group: usize,
        user: usize,
    },
    Unban {
        group: usize,
        user: usize,
    },
    /// Mutes a member, or ends that.
    Mute {
        group: usize,
        member: usize,
        is_over: bool,
    },
}

#[derive(Clone, Copy, Debug)]
pub struct GroupRules {
    pub is_open: bool,
    /// Whether new members see only what is sent after they joined.
    pub from_join: bool,
    /// Whether only admins post.
    pub is_announcement: bool,
}

/// What happens at the same time. A round begins once every request of the one before was answered.
#[derive(Clone, Debug)]
pub enum Round {
    /// These steps, concurrently.
    Together(Vec<Step>),
    /// The same, with the server killed and restarted in the middle of it.
    Crash(Vec<Step>),
    /// The server is stopped and started again.
    Restart,
    /// A device goes offline.
    Offline(Seat),
    /// A device comes back.
    Online(Seat),
    /// Everything is compared.
    Compare,
}

/// Defines the label of each act, for tallies and reports.
macro_rules! labels {
    ($($act:pat => $label:literal,)+) => {
        /// Every label: an act that is never performed is missed.
        pub const LABELS: &[&str] = &[$($label),+];

        impl Act {
            pub const fn label(&self) -> &'static str {
                match self {
                    $($act => $label,)+
                }
            }
        }
    };
}

labels! {
    Act::Send { style: Style::Plain, .. } => "send",
    Act::Send { style: Style::Emote, .. } => "emote",
    Act::Send { style: Style::Emoji, .. } => "emoji",
    Act::Send { style: Style::Reply(_), .. } => "reply",
    Act::Send { style: Style::Mention(_), .. } => "mention",
    Act::Send { style: Style::MentionAll, .. } => "mention all",
    Act::Edit { .. } => "edit",
    Act::Recall { .. } => "recall",
    Act::RecallAny { .. } => "recall any",
    Act::React { .. } => "react",
    Act::Unreact { .. } => "unreact",
    Act::Pin { .. } => "pin",
    Act::Unpin { .. } => "unpin",
    Act::MarkRead { .. } => "mark read",
    Act::MarkUnread { .. } => "mark unread",
    Act::Forward { .. } => "forward",
    Act::SendFile { kind: FileKind::Plain, .. } => "send file",
    Act::SendFile { kind: FileKind::Image, .. } => "send image",
    Act::SendFile { kind: FileKind::Video, .. } => "send video",
    Act::Download { .. } => "download",
    Act::Import { .. } => "import",
    Act::SetRetention { .. } => "set retention",
    Act::SetMemberSettings { .. } => "set member settings",
    Act::ShareReads { .. } => "share reads",
    Act::Relate { act: RelationAct::Follow, .. } => "follow",
    Act::Relate { act: RelationAct::Unfollow, .. } => "unfollow",
    Act::Relate { act: RelationAct::AskFriend, .. } => "ask friend",
    Act::Relate { act: RelationAct::AcceptFriend, .. } => "accept friend",
    Act::Relate { act: RelationAct::DeclineFriend, .. } => "decline friend",
    Act::Relate { act: RelationAct::RemoveFriend, .. } => "remove friend",
    Act::Relate { act: RelationAct::Block, .. } => "block",
    Act::Relate { act: RelationAct::Unblock, .. } => "unblock",
    Act::Create { .. } => "create",
    Act::Rename { .. } => "rename",
    Act::SetTopic { .. } => "set topic",
    Act::SetGroupSettings { .. } => "set group settings",
    Act::SetRole { .. } => "set role",
    Act::HandOver { .. } => "hand over",
    Act::Add { .. } => "add",
    Act::Kick { .. } => "kick",
    Act::Leave { .. } => "leave",
    Act::Join { .. } => "join",
    Act::Ban { .. } => "ban",
    Act::Unban { .. } => "unban",
    Act::Mute { .. } => "mute",
}
