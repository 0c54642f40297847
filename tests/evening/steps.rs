//! What happens in an evening: steps, made from a seed alone. Nothing here knows a server.

use cairn_client::proto::model::group::{MemberSettings, Role};
use cairn_client::proto::model::people::RelationAct;
use cairn_client::proto::model::retention::Retention;

/// People of the team.
pub const USERS: usize = 10;

/// Devices of each.
pub const DEVICES: usize = 3;

/// A device of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat {
    pub user: usize,
    pub device: usize,
}

/// Somebody does something.
#[derive(Clone, Debug)]
pub struct Step {
    pub by: Seat,
    pub act: Act,
}

/// Where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a group, by the order in which they were made.
    Group(usize),
    /// In the direct chat with somebody.
    With(usize),
}

/// Which of the messages that were accepted in a place: so many before the last one, round and round.
pub type Back = usize;

/// How something is said.
#[derive(Clone, Debug)]
pub enum Manner {
    Plain,
    Emote,
    Emoji,
    Reply(Back),
    Mention(Vec<usize>),
    MentionAll,
}

/// What a file is sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Plain,
    Picture,
    Video,
}

impl FileKind {
    pub const ALL: [Self; 3] = [Self::Plain, Self::Picture, Self::Video];
}

/// What somebody does.
#[derive(Clone, Debug)]
pub enum Act {
    /// So many messages, one behind the other.
    Say {
        to: Place,
        manner: Manner,
        count: usize,
    },
    /// One's own message.
    Edit {
        at: Place,
        message: Back,
    },
    Recall {
        at: Place,
        message: Back,
    },
    /// Somebody else's message, perhaps.
    RecallAny {
        at: Place,
        message: Back,
    },
    React {
        at: Place,
        message: Back,
        emoji: usize,
    },
    Unreact {
        at: Place,
        message: Back,
        emoji: usize,
    },
    Pin {
        at: Place,
        message: Back,
    },
    Unpin {
        at: Place,
        message: Back,
    },
    Read {
        at: Place,
        message: Back,
    },
    MarkUnread {
        at: Place,
        message: Back,
    },
    Forward {
        from: Place,
        message: Back,
        to: Place,
    },
    SendFile {
        to: Place,
        kind: FileKind,
    },
    /// One of the files that were sent.
    Fetch {
        at: Place,
        file: Back,
    },
    /// Take over so many messages of days long gone.
    Import {
        group: usize,
        count: usize,
    },
    /// Say how long messages stay.
    Retain {
        at: Place,
        retention: Option<Retention>,
    },
    Settle {
        at: Place,
        settings: MemberSettings,
    },
    /// Show others what one has read, and be shown what they have, or neither.
    ShowReads {
        is_shown: bool,
    },
    Relate {
        with: usize,
        act: RelationAct,
    },
    /// Make the next group.
    Create {
        others: Vec<usize>,
    },
    Rename {
        group: usize,
        name: usize,
    },
    Describe {
        group: usize,
        topic: usize,
    },
    Agree {
        group: usize,
        agreement: Agreement,
    },
    Appoint {
        group: usize,
        whom: usize,
        role: Role,
    },
    HandOver {
        group: usize,
        whom: usize,
    },
    Add {
        group: usize,
        whom: usize,
    },
    Kick {
        group: usize,
        whom: usize,
    },
    Leave {
        group: usize,
    },
    Join {
        group: usize,
    },
    Ban {
        group: usize,
        whom: usize,
    },
    Unban {
        group: usize,
        whom: usize,
    },
    /// Let somebody say nothing any more, or speak again.
    Silence {
        group: usize,
        whom: usize,
        is_over: bool,
    },
}

/// What is agreed on in a group.
#[derive(Clone, Copy, Debug)]
pub struct Agreement {
    pub is_open: bool,
    pub from_join: bool,
    /// Whether only admins post.
    pub is_quiet: bool,
}

/// What happens at once. One round begins when everything of the one before was answered.
#[derive(Clone, Debug)]
pub enum Round {
    /// All of this, in no order.
    Together(Vec<Step>),
    /// The same, and the server is killed in the middle of it.
    Crash(Vec<Step>),
    /// The server is stopped and started again.
    Restart,
    /// A device goes.
    Away(Seat),
    /// It comes back.
    Back(Seat),
    /// Everybody comes back, and everything is compared.
    Compare,
}

/// The table of all acts, and the words for them in reports.
macro_rules! words {
    ($($act:pat => $word:literal,)+) => {
        /// All words, so that an act that nobody performs is missed.
        pub const WORDS: &[&str] = &[$($word),+];

        impl Act {
            /// The word for it in reports.
            pub const fn word(&self) -> &'static str {
                match self {
                    $($act => $word,)+
                }
            }
        }
    };
}

words! {
    Act::Say { manner: Manner::Plain, .. } => "say",
    Act::Say { manner: Manner::Emote, .. } => "emote",
    Act::Say { manner: Manner::Emoji, .. } => "emoji",
    Act::Say { manner: Manner::Reply(_), .. } => "reply",
    Act::Say { manner: Manner::Mention(_), .. } => "mention",
    Act::Say { manner: Manner::MentionAll, .. } => "mention all",
    Act::Edit { .. } => "edit",
    Act::Recall { .. } => "recall",
    Act::RecallAny { .. } => "recall any",
    Act::React { .. } => "react",
    Act::Unreact { .. } => "unreact",
    Act::Pin { .. } => "pin",
    Act::Unpin { .. } => "unpin",
    Act::Read { .. } => "read",
    Act::MarkUnread { .. } => "mark unread",
    Act::Forward { .. } => "forward",
    Act::SendFile { kind: FileKind::Plain, .. } => "send file",
    Act::SendFile { kind: FileKind::Picture, .. } => "send picture",
    Act::SendFile { kind: FileKind::Video, .. } => "send video",
    Act::Fetch { .. } => "fetch",
    Act::Import { .. } => "import",
    Act::Retain { .. } => "retain",
    Act::Settle { .. } => "settle",
    Act::ShowReads { .. } => "show reads",
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
    Act::Describe { .. } => "describe",
    Act::Agree { .. } => "agree",
    Act::Appoint { .. } => "appoint",
    Act::HandOver { .. } => "hand over",
    Act::Add { .. } => "add",
    Act::Kick { .. } => "kick",
    Act::Leave { .. } => "leave",
    Act::Join { .. } => "join",
    Act::Ban { .. } => "ban",
    Act::Unban { .. } => "unban",
    Act::Silence { .. } => "silence",
}
