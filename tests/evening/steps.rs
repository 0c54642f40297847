//! What happens in an evening: steps, made from a seed alone. Nothing here knows a server.

use cairn_client::proto::group::MemberSettings;
use cairn_client::proto::people::RelationAct;
use cairn_client::proto::response::Role;
use cairn_client::proto::retention::Retention;

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

impl Act {
    /// The word for it in reports.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Say { manner: Manner::Plain, .. } => "say",
            Self::Say { manner: Manner::Emote, .. } => "emote",
            Self::Say { manner: Manner::Emoji, .. } => "emoji",
            Self::Say { manner: Manner::Reply(_), .. } => "reply",
            Self::Say { manner: Manner::Mention(_), .. } => "mention",
            Self::Say { manner: Manner::MentionAll, .. } => "mention all",
            Self::Edit { .. } => "edit",
            Self::Recall { .. } => "recall",
            Self::RecallAny { .. } => "recall any",
            Self::React { .. } => "react",
            Self::Unreact { .. } => "unreact",
            Self::Pin { .. } => "pin",
            Self::Unpin { .. } => "unpin",
            Self::Read { .. } => "read",
            Self::MarkUnread { .. } => "mark unread",
            Self::Forward { .. } => "forward",
            Self::SendFile { .. } => "send file",
            Self::Fetch { .. } => "fetch",
            Self::Import { .. } => "import",
            Self::Retain { .. } => "retain",
            Self::Settle { .. } => "settle",
            Self::ShowReads { .. } => "show reads",
            Self::Relate { act, .. } => match act {
                RelationAct::Follow => "follow",
                RelationAct::Unfollow => "unfollow",
                RelationAct::AskFriend => "ask friend",
                RelationAct::AcceptFriend => "accept friend",
                RelationAct::DeclineFriend => "decline friend",
                RelationAct::RemoveFriend => "remove friend",
                RelationAct::Block => "block",
                RelationAct::Unblock => "unblock",
            },
            Self::Create { .. } => "create",
            Self::Rename { .. } => "rename",
            Self::Describe { .. } => "describe",
            Self::Agree { .. } => "agree",
            Self::Appoint { .. } => "appoint",
            Self::HandOver { .. } => "hand over",
            Self::Add { .. } => "add",
            Self::Kick { .. } => "kick",
            Self::Leave { .. } => "leave",
            Self::Join { .. } => "join",
            Self::Ban { .. } => "ban",
            Self::Unban { .. } => "unban",
            Self::Silence { .. } => "silence",
        }
    }
}
