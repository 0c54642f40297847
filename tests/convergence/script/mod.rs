//! Scripts: rounds of steps, generated from a seed alone, independently of any server.

pub mod generator;
mod opening;

use cairn_client::proto::model::group::{MemberSettings, Role};
use cairn_client::proto::model::people::RelationAct;
use cairn_client::proto::model::retention::Retention;

pub const USERS: usize = 10;

pub const DEVICES: usize = 3;

/// A device, by user and device number.
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chat {
    /// By order of creation.
    Group(usize),
    /// With this user.
    Direct(usize),
}

/// Index of an accepted message in a conversation, counted back from the newest and modulo their
/// number.
pub type Recent = usize;

/// The content of a message.
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
    /// Sends `count` messages, pipelined.
    Send {
        to: Chat,
        style: Style,
        count: usize,
    },
    /// A message of a command whose answer is lost: it is sent again, after other commands.
    SendAgain {
        to: Chat,
        between: usize,
    },
    /// Edits a message of the user.
    Edit {
        at: Chat,
        message: Recent,
    },
    /// Recalls a message of the user.
    Recall {
        at: Chat,
        message: Recent,
    },
    /// Recalls a message of any user.
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
    /// Imports messages of an earlier day.
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
    /// Sharing is mutual: only users who share their read cursors see those of others.
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
    /// Mutes a member, or ends the mute.
    Mute {
        group: usize,
        member: usize,
        is_over: bool,
    },
}

#[derive(Clone, Copy, Debug)]
pub struct GroupRules {
    pub is_open: bool,
    /// Set if new members only see messages from their join on.
    pub from_join: bool,
    /// Set if only admins may post.
    pub is_announcement: bool,
}

/// Concurrent events. A round begins once every request of the previous one was answered.
#[derive(Clone, Debug)]
pub enum Round {
    /// Performs these steps concurrently.
    Together(Vec<Step>),
    /// The same, with a kill and restart of the server in between.
    Crash(Vec<Step>),
    Restart,
    Offline(Seat),
    Online(Seat),
    Compare,
}

/// Defines the label of each act, for records and reports.
macro_rules! labels {
    ($($act:pat => $label:literal,)+) => {
        /// All labels, to detect acts that are never performed.
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
    Act::SendAgain { .. } => "send again",
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
