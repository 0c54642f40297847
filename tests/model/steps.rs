//! The steps of a script. They refer to users, sessions and conversations by small numbers that
//! wrap around, so a script stays valid when steps are removed from it.

use std::fmt;

use cairn_store::trees::Tree;
use proptest::collection::vec;
use proptest::prelude::*;

use super::attachments::{FileStep, file_step};

/// Steps, and the crashes to try after them.
#[derive(Clone)]
pub(super) struct Script {
    pub(super) steps: Vec<Step>,
    pub(super) crashes: Vec<Crash>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "    {step:?},")?;
        }
        self.crashes
            .iter()
            .try_for_each(|crash| writeln!(f, "    {crash:?},"))
    }
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Creates an invite as the first owner.
    OwnerInvite { life_ms: u64 },
    /// Creates an invite with any parameters.
    Invite {
        by: u8,
        uses: u32,
        life_seconds: u64,
    },
    /// Joins with an invite.
    Join { invite: u8, name: u8, push: bool },
    /// Prepares a password login.
    Account { name: u8 },
    /// Logs in another device.
    AddDevice { user: u8, push: bool },
    /// Starts a session of a device, on a send stream.
    Login { device: u8, stream: u8, push: bool },
    /// Starts this many sessions of a device, each on its own send stream.
    LoginMany { device: u8, sessions: u8 },
    /// Starts this many sessions of a device, each with a message on its own send stream.
    SendFromMany { device: u8, sessions: u8, to: Place },
    /// Sends a message.
    Send {
        by: u8,
        to: Place,
        seq: Seq,
        body: u8,
    },
    /// Replies to a message this far below the head, with mentions; 9 mentions everyone.
    Call {
        by: u8,
        to: Place,
        reply: Option<i8>,
        users: Vec<u8>,
    },
    /// Forwards a message this far below the head, or repeats the last forward.
    Forward {
        by: u8,
        to: Place,
        from: Place,
        at: i8,
        again: bool,
    },
    /// Edits a message this far below the head, to the same, an empty or a new text, and to other
    /// mentions if they are given.
    Edit {
        by: u8,
        to: Place,
        at: i8,
        words: u8,
        users: Option<Vec<u8>>,
    },
    /// Recalls a message this far below the head.
    Recall { by: u8, to: Place, at: i8 },
    /// Adds or removes a reaction.
    React {
        by: u8,
        to: Place,
        at: i8,
        emoji: u8,
        back: bool,
    },
    /// Adds or removes a pin.
    Pin {
        by: u8,
        to: Place,
        at: i8,
        back: bool,
    },
    /// Sends this many messages.
    SendMany { by: u8, to: Place, count: u16 },
    /// Acks a message.
    Ack { by: u8, to: Place, at: i8 },
    /// Moves the read cursor.
    Read { by: u8, to: Place, at: i8 },
    /// Marks a message as unread.
    MarkUnread { by: u8, to: Place, at: i8 },
    /// Requests the receipts of a message.
    Receipts {
        by: u8,
        to: Place,
        at: i8,
        after: Option<u8>,
    },
    /// Shows or hides read cursors.
    ShowReads { by: u8, shown: bool },
    /// Requests a retention policy, as any user.
    Retain { by: u8, to: Place, policy: u8 },
    /// Runs expiry, under the effective policy; or up to this far below the head, under any policy.
    Expire {
        to: Place,
        at: Option<i8>,
        policy: u8,
    },
    /// Creates a group.
    CreateGroup { by: u8, users: Vec<u8> },
    /// Adds members.
    Add { by: u8, to: Place, users: Vec<u8> },
    /// Removes members, or leaves.
    Remove { by: u8, to: Place, users: Vec<u8> },
    /// Changes a setting of a group.
    Govern { by: u8, to: Place, act: Act },
    /// Imports from this offset to the cursor of the source.
    Import {
        by: u8,
        to: Place,
        source: u8,
        at: i8,
        entries: Vec<(u8, u8)>,
    },
    /// Revokes a device.
    Revoke { by: u8, device: u8 },
    /// Changes the relation of a user to another.
    Relate { by: u8, other: u8, act: u8 },
    /// Sets a profile, possibly an empty one, with an avatar of this many bytes.
    SetProfile {
        by: u8,
        name: bool,
        about: bool,
        avatar: u16,
    },
    /// Adds these keywords and removes others.
    ChangeKeywords {
        by: u8,
        add: Vec<u8>,
        remove: Vec<u8>,
    },
    /// Changes the name of a user.
    Rename { by: u8, user: u8, name: u8 },
    /// Claims an account, possibly of an imported author.
    Claim { by: u8, imported: u8, user: u8 },
    /// Assigns a server role, as any user.
    Appoint { by: u8, user: u8, role: u8 },
    /// Deactivates or reactivates a user, as any user.
    Supervise { by: u8, user: u8, ends: bool },
    /// Lists the invites, or revokes one, as any user.
    Invites { by: u8, revoked: Option<u8> },
    /// Creates a link that resets a password, as any user.
    AllowReset { by: u8, user: u8, keeps: bool },
    /// Uses a link to reset a password.
    Reset { link: u8, push: bool },
    /// Sets a password, knowing the old one or not.
    SetPassword { by: u8, is_known: bool, ends: bool },
    /// Changes a server setting, as any user.
    Set { by: u8, name: u8, value: u8 },
    /// Makes a read-only request.
    Ask {
        by: u8,
        to: Place,
        about: u8,
        question: Question,
    },
    /// A step about attachments.
    File(FileStep),
    /// Advances the clock by this many days.
    Days(u8),
    /// Moves the clock by this many half hours, in either direction.
    HalfHours(i8),
    /// Moves the clock by this many milliseconds, in either direction.
    Clock(i16),
    /// Commits the changes so far as a batch.
    Commit,
    /// Commits, and takes the changed rows for the trees.
    Take,
    /// Writes all taken rows to the trees.
    Stored,
    /// Evicts everything, if no row is pending.
    LetGo,
    /// Loads everything, and compares.
    Focus,
    /// Restarts the server.
    Begin,
    /// Updates a device's stored overview.
    CatchUp { by: u8 },
}

/// Changes to the settings of a group or its members.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Rename(u8),
    Topic(u8),
    Settings {
        open: bool,
        from_join: bool,
        least: [u8; 4],
    },
    Role {
        user: u8,
        role: u8,
    },
    HandOver(u8),
    Ban(Vec<u8>),
    Unban(Vec<u8>),
    Mute {
        user: u8,
        for_ms: i16,
    },
    Join,
    Settle([bool; 3]),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// One of the groups.
    Group(u8),
    /// The direct chat of the acting user with this one.
    Direct(u8),
    /// The direct chat of two other users.
    Between(u8, u8),
    /// An id without a conversation.
    Nowhere(u8),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Seq {
    /// The next number.
    Next,
    /// This far after the next one.
    Skip(u8),
    /// 0, which is invalid.
    Zero,
    /// Retries a send of the stream, this many back, in any conversation.
    Retry(u16),
    /// Retries with a different body.
    Conflict(u16),
    /// A number below the cursor that may never have been used.
    Below(u8),
}

/// Read-only requests.
#[derive(Clone, Copy, Debug)]
pub(super) enum Question {
    Members,
    Pins,
    Retention,
    Explain,
    ImportCursor,
    Grant,
    Conversations,
    FindUsers,
    Users,
    Devices,
    Metrics,
    Group,
    BannedUsers,
    FindGroups,
    Contacts,
    Settings,
    Audit,
    SearchUsers,
    Profiles,
    Watch,
    Focus,
}

/// A crash: the trees of one moment, partly overwritten with those of a later one, and the commit
/// log from the earlier one on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crash {
    /// The moment of the recorded checkpoint position.
    pub(super) older: u8,
    /// The moment of the newer rows.
    pub(super) newer: u8,
    /// The tree that was being written: those before it are new, those after it old. With `None`,
    /// any row may be either, which is stricter than a checkpoint that writes one tree after
    /// another.
    pub(super) tree: Option<Tree>,
    /// Decides which of these rows are new, and when the replay evicts.
    pub(super) coin: u64,
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        6 => (0..4_u8).prop_map(Place::Group),
        3 => (0..8_u8).prop_map(Place::Direct),
        1 => (0..8_u8, 0..8_u8).prop_map(|(a, b)| Place::Between(a, b)),
        1 => (0..4_u8).prop_map(Place::Nowhere),
    ]
}

fn seq() -> impl Strategy<Value = Seq> {
    prop_oneof![
        12 => Just(Seq::Next),
        2 => (1..4_u8).prop_map(Seq::Skip),
        1 => Just(Seq::Zero),
        4 => (0..20_u16).prop_map(Seq::Retry),
        2 => (0..20_u16).prop_map(Seq::Conflict),
        1 => (1..4_u8).prop_map(Seq::Below),
    ]
}

fn question() -> impl Strategy<Value = Question> {
    use Question::{
        Audit, BannedUsers, Contacts, Conversations, Devices, Explain, FindGroups, FindUsers,
        Focus, Grant, Group, ImportCursor, Members, Metrics, Pins, Profiles, Retention,
        SearchUsers, Settings, Users, Watch,
    };
    let of_server = [
        FindUsers,
        Users,
        Devices,
        Metrics,
        Contacts,
        Audit,
        Settings,
        SearchUsers,
        Profiles,
        Watch,
        Focus,
    ];
    let about_groups = [
        Members,
        Pins,
        Retention,
        Explain,
        ImportCursor,
        Grant,
        Conversations,
        Group,
        BannedUsers,
        FindGroups,
    ];
    prop::sample::select([&of_server[..], &about_groups].concat())
}

fn users() -> impl Strategy<Value = Vec<u8>> {
    vec(0..9_u8, 0..4)
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => (0..4_u8).prop_map(Act::Rename),
        2 => (0..3_u8).prop_map(Act::Topic),
        4 => (any::<bool>(), any::<bool>(), prop::array::uniform4(0..4_u8))
            .prop_map(|(open, from_join, least)| Act::Settings { open, from_join, least }),
        3 => (0..9_u8, 0..3_u8).prop_map(|(user, role)| Act::Role { user, role }),
        1 => (0..9_u8).prop_map(Act::HandOver),
        3 => users().prop_map(Act::Ban),
        2 => users().prop_map(Act::Unban),
        3 => (0..9_u8, -2..6_i16)
            .prop_map(|(user, halves)| Act::Mute { user, for_ms: halves * 500 }),
        3 => Just(Act::Join),
        4 => any::<[bool; 3]>().prop_map(Act::Settle),
    ]
}

fn people() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (0..8_u64).prop_map(|halves| Step::OwnerInvite { life_ms: halves * 500 }),
        2 => (0..10_u8, 0..4_u32, 0..6_u64)
            .prop_map(|(by, uses, life_seconds)| Step::Invite { by, uses, life_seconds }),
        4 => (0..6_u8, 0..10_u8, any::<bool>())
            .prop_map(|(invite, name, push)| Step::Join { invite, name, push }),
        1 => (0..10_u8).prop_map(|name| Step::Account { name }),
        3 => (0..8_u8, any::<bool>()).prop_map(|(user, push)| Step::AddDevice { user, push }),
        5 => (0..12_u8, 0..4_u8, any::<bool>())
            .prop_map(|(device, stream, push)| Step::Login { device, stream, push }),
        1 => (0..6_u8, 30..36_u8)
            .prop_map(|(device, sessions)| Step::LoginMany { device, sessions }),
        1 => (0..6_u8, 30..36_u8, place())
            .prop_map(|(device, sessions, to)| Step::SendFromMany { device, sessions, to }),
        1 => (0..10_u8, 0..12_u8).prop_map(|(by, device)| Step::Revoke { by, device }),
    ]
}

/// Few users, so that they interact repeatedly.
fn acquaintance() -> impl Strategy<Value = Step> {
    let direct = |(by, with)| Step::Send {
        by,
        to: Place::Direct(with),
        seq: Seq::Next,
        body: 0,
    };
    prop_oneof![
        16 => (0..5_u8, 1..4_u8, 0..9_u8)
            .prop_map(|(by, other, act)| Step::Relate { by, other, act }),
        4 => (0..5_u8, 1..4_u8).prop_map(direct),
        2 => (0..12_u8, any::<bool>(), any::<bool>(), prop_oneof![Just(0), 1..=4_096_u16])
            .prop_map(|(by, name, about, avatar)| Step::SetProfile { by, name, about, avatar }),
        2 => (0..12_u8, vec(any::<u8>(), 0..70), vec(any::<u8>(), 0..4))
            .prop_map(|(by, add, remove)| Step::ChangeKeywords { by, add, remove }),
        3 => (0..3_u8, 0..6_u8, 0..6_u8)
            .prop_map(|(by, user, name)| Step::Rename { by, user, name }),
        1 => (0..3_u8, 1..9_u8, 0..5_u8)
            .prop_map(|(by, imported, user)| Step::Claim { by, imported, user }),
        2 => (0..3_u8, 0..14_u8, 0..11_u8)
            .prop_map(|(by, name, value)| Step::Set { by, name, value }),
        1 => (0..3_u8, 0..5_u8, 0..3_u8)
            .prop_map(|(by, user, role)| Step::Appoint { by, user, role }),
        1 => (0..3_u8, 0..8_u8, prop::bool::weighted(0.6))
            .prop_map(|(by, user, ends)| Step::Supervise { by, user, ends }),
        1 => (0..3_u8, prop::option::of(0..6_u8))
            .prop_map(|(by, revoked)| Step::Invites { by, revoked }),
        2 => (0..3_u8, 1..8_u8, any::<bool>())
            .prop_map(|(by, user, keeps)| Step::AllowReset { by, user, keeps }),
        2 => (0..6_u8, any::<bool>()).prop_map(|(link, push)| Step::Reset { link, push }),
        1 => (0..5_u8, prop::bool::weighted(0.8), any::<bool>())
            .prop_map(|(by, is_known, ends)| Step::SetPassword { by, is_known, ends }),
    ]
}

fn talk() -> impl Strategy<Value = Step> {
    let (by, at) = (|| 0..12_u8, || -4..6_i8);
    prop_oneof![
        20 => (by(), place(), seq(), 0..12_u8)
            .prop_map(|(by, to, seq, body)| Step::Send { by, to, seq, body }),
        8 => (by(), place(), prop::option::of(at()), vec(0..10_u8, 0..3))
            .prop_map(|(by, to, reply, users)| Step::Call { by, to, reply: reply.map(|at| -at),
                users }),
        5 => (by(), place(), place(), at(), prop::bool::weighted(0.2))
            .prop_map(|(by, to, from, at, again)| Step::Forward { by, to, from, at: -at, again }),
        7 => (by(), place(), at(), 0..6_u8, prop::option::of(vec(0..10_u8, 0..3)))
            .prop_map(|(by, to, at, words, users)| Step::Edit { by, to, at: -at, words, users }),
        5 => (by(), place(), at()).prop_map(|(by, to, at)| Step::Recall { by, to, at: -at }),
        8 => (by(), place(), at(), 0..18_u8, any::<bool>())
            .prop_map(|(by, to, at, emoji, back)| Step::React { by, to, at: -at, emoji, back }),
        5 => (by(), place(), at(), any::<bool>())
            .prop_map(|(by, to, at, back)| Step::Pin { by, to, at: -at, back }),
        1 => (by(), place(), 2..8_u16).prop_map(|(by, to, count)| Step::SendMany { by, to, count }),
        6 => (by(), place(), at()).prop_map(|(by, to, at)| Step::Ack { by, to, at: 1 - at }),
        6 => (by(), place(), at()).prop_map(|(by, to, at)| Step::Read { by, to, at: -at }),
        6 => (by(), place(), -1..9_i8)
            .prop_map(|(by, to, at)| Step::MarkUnread { by, to, at: -at }),
        6 => (by(), place(), 0..6_i8, prop::option::weighted(0.2, 0..5_u8))
            .prop_map(|(by, to, at, after)| Step::Receipts { by, to, at: -at, after }),
        1 => (by(), any::<bool>()).prop_map(|(by, shown)| Step::ShowReads { by, shown }),
        5 => (by(), place(), 0..9_u8).prop_map(|(by, to, policy)| Step::Retain { by, to, policy }),
        8 => (place(), prop::option::of(at()), 0..9_u8)
            .prop_map(|(to, at, policy)| Step::Expire { to, at: at.map(|at| -at), policy }),
        3 => (by(), users()).prop_map(|(by, users)| Step::CreateGroup { by, users }),
        5 => (by(), place(), users()).prop_map(|(by, to, users)| Step::Add { by, to, users }),
        6 => (by(), place(), users()).prop_map(|(by, to, users)| Step::Remove { by, to, users }),
        14 => (by(), place(), act()).prop_map(|(by, to, act)| Step::Govern { by, to, act }),
        3 => (by(), place(), 0..2_u8, -3..2_i8, vec((0..14_u8, 0..12_u8), 0..4))
            .prop_map(|(by, to, source, at, entries)| Step::Import { by, to, source, at, entries }),
        5 => (by(), place(), 0..9_u8, question())
            .prop_map(|(by, to, about, question)| Step::Ask { by, to, about, question }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => people(),
        16 => acquaintance(),
        40 => talk(),
        12 => file_step(|| place().boxed()).prop_map(Step::File),
        2 => (0..4_u8).prop_map(Step::Days),
        2 => (-4..5_i8).prop_map(Step::HalfHours),
        3 => (-3..6_i16).prop_map(|halves| Step::Clock(halves * 500)),
        4 => Just(Step::Commit),
        4 => Just(Step::Take),
        4 => Just(Step::Stored),
        5 => Just(Step::LetGo),
        1 => Just(Step::Focus),
        2 => Just(Step::Begin),
        6 => (0..12_u8).prop_map(|by| Step::CatchUp { by }),
    ]
}

/// Creates a few users and a group, so that most scripts have members.
pub(super) fn beginning() -> Vec<Step> {
    let join = |name| Step::Join {
        invite: 1,
        name,
        push: true,
    };
    let invites = [
        Step::Begin,
        Step::OwnerInvite { life_ms: 1 },
        Step::Join {
            invite: 0,
            name: 0,
            push: true,
        },
    ];
    let invite = Step::Invite {
        by: 0,
        uses: 5,
        life_seconds: 1000,
    };
    let group = Step::CreateGroup {
        by: 0,
        users: vec![1, 2],
    };
    invites
        .into_iter()
        .chain([invite, join(1), join(2), join(3), group])
        .collect()
}

pub(super) fn script() -> impl Strategy<Value = Script> {
    let tree = prop::option::of(prop::sample::select(&Tree::ALL[..]));
    let crash =
        (any::<u8>(), any::<u8>(), tree, any::<u64>()).prop_map(|(older, newer, tree, coin)| {
            Crash {
                older,
                newer,
                tree,
                coin,
            }
        });
    let start = prop_oneof![1 => Just(Vec::new()), 9 => Just(beginning())];
    (start, vec(step(), 0..90), vec(crash, 0..4)).prop_map(|(start, steps, crashes)| Script {
        steps: [start, steps].concat(),
        crashes,
    })
}
