//! What happens in a run.

use cairn_client::proto::model::desk::Duty;
use cairn_memory::Direction;
use cairn_store::testing::{Call, Failure};

/// A step, and when it begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Timed {
    /// Since the end of the setup.
    pub(crate) at_ms: u64,
    pub(crate) step: Step,
}

/// Devices, places and users are numbers around the end of the lists of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    /// Sends this many messages without waiting for the first one.
    Say {
        device: usize,
        place: usize,
        bytes: usize,
        count: usize,
    },
    /// Edits an own message.
    Edit {
        device: usize,
        place: usize,
        nth: usize,
    },
    Recall {
        device: usize,
        place: usize,
        nth: usize,
    },
    /// Marks everything as read but for this many entries.
    Read {
        device: usize,
        place: usize,
        but: u64,
    },
    /// Requests the list of conversations.
    List {
        device: usize,
    },
    /// Pulls a page that ends this many entries before the head.
    Pull {
        device: usize,
        place: usize,
        but: u64,
    },
    /// Searches, this many hits at a time.
    Search {
        device: usize,
        what: What,
        hits_per_page: u32,
    },
    /// Removes a user from a group.
    Remove {
        place: usize,
        user: usize,
    },
    Add {
        place: usize,
        user: usize,
    },
    /// Lets what all have acked expire, or keeps everything from now on.
    Expire {
        place: usize,
        is_on: bool,
    },
    /// Types messages in a session, which go to its outbox.
    Type {
        session: usize,
        place: usize,
        bytes: usize,
        count: usize,
    },
    Look {
        session: usize,
        place: usize,
        look: Look,
    },
    /// An agent or the supervisor does something.
    Desk {
        device: usize,
        act: DeskAct,
        nth: usize,
    },
    Visit {
        host: usize,
        act: VisitorAct,
    },
    Client(usize, ClientFault),
    Server(ServerFault),
    Disk(DiskFault),
}

/// What a user searches for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum What {
    /// All messages.
    All,
    /// Those that were edited.
    Edits,
    /// The message of this number.
    Message(usize),
    /// Those whose numbers begin with the same digit.
    Messages(usize),
    /// Those of a place.
    Place(usize),
}

/// What the user of a session does with a conversation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Look {
    AtEnd,
    AtUnread,
    /// Closes the window.
    Away,
    Attention(bool),
    MarkRead,
    Draft(u64),
}

/// What agents do, with one of the inquiries that they have or could have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum DeskAct {
    Accept,
    Refuse,
    Take,
    Reply,
    Note,
    Close,
    ToAgent,
    ToQueue,
    Duty(Duty),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum VisitorAct {
    /// Asks, or says something more.
    Say {
        bytes: usize,
        count: usize,
    },
    End,
    Rate {
        stars: u8,
    },
}

/// What goes wrong with a client or its network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ClientFault {
    /// The process ends, and starts again later.
    Die { for_ms: u64 },
    /// The connection is cut.
    Cut,
    /// Nothing arrives for a while, and then the connection is cut.
    Lose { direction: Direction, for_ms: u64 },
    /// Nothing arrives for a while.
    Delay { direction: Direction, for_ms: u64 },
    /// Pushes are not read for a while.
    ReadSlowly { for_ms: u64 },
    /// Other processes of the device send while an answer is lost, so that the server forgets the
    /// send stream.
    EvictStream { place: usize },
    /// A process with the device's token breaks the protocol.
    Attack { kind: usize },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ServerFault {
    Restart {
        down_ms: u64,
    },
    /// SIGKILL: what was written is there.
    Kill {
        down_ms: u64,
    },
    /// Kills the server and flips a bit of its log. It must refuse to start until that is undone.
    Damage {
        number: u64,
    },
    JumpClock {
        by_ms: i64,
    },
    /// The follower reads nothing for a while.
    StopFollower {
        for_ms: u64,
    },
    /// The checkpoint, the preparer and the watermark make no progress for a while.
    StopBackground {
        for_ms: u64,
    },
}

/// From when on calls of the disk are counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Onset {
    Now,
    AtStart,
    /// Within the next checkpoint.
    InCheckpoint,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum DiskFault {
    /// The power is cut during the call of this number.
    CutPower { onset: Onset, call: u64 },
    /// The call of this number of its class fails.
    Fail {
        onset: Onset,
        call: Call,
        nth: u64,
        failure: Failure,
        is_sticky: bool,
    },
    /// No space is left for a while.
    Full { for_ms: u64 },
}
