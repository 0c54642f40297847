//! The steps of a script. They name users, sessions and conversations by small numbers that wrap
//! around, so that a script stays valid when steps are removed from it.

use std::fmt;

use cairn_store::trees::Tree;
use proptest::collection::vec;
use proptest::prelude::*;

use super::attachments::{FileStep, file_step};

/// A sequence of steps, and the crashes to try on its result.
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
    /// An invite by the first owner.
    OwnerInvite { life_ms: u64 },
    /// An invite, valid or not.
    Invite {
        by: u8,
        uses: u32,
        life_seconds: u64,
    },
    /// A user joins.
    Join { invite: u8, name: u8, push: bool },
    /// A user prepares to log in with a password.
    Account { name: u8 },
    /// A further device.
    AddDevice { user: u8, push: bool },
    /// A device starts a session on a send stream.
    Login { device: u8, stream: u8, push: bool },
    /// A device starts this many sessions, each on its own send stream.
    LoginMany { device: u8, sessions: u8 },
    /// A send.
    Send {
        by: u8,
        to: Place,
        seq: Seq,
        body: u8,
    },
    /// A reply to a message this far below the head, with mentions; 9 mentions everyone.
    Call {
        by: u8,
        to: Place,
        reply: Option<i8>,
        users: Vec<u8>,
    },
    /// A forward of a message this far below the head, or a repetition of the last forward.
    Forward {
        by: u8,
        to: Place,
        from: Place,
        at: i8,
        again: bool,
    },
    /// An edit of a message this far below the head, to the same text, an empty one, or a new one.
    Edit {
        by: u8,
        to: Place,
        at: i8,
        words: u8,
    },
    /// A recall.
    Recall { by: u8, to: Place, at: i8 },
    /// A reaction, or the removal of one.
    React {
        by: u8,
        to: Place,
        at: i8,
        emoji: u8,
        back: bool,
    },
    /// A pin, or the removal of one.
    Pin {
        by: u8,
        to: Place,
        at: i8,
        back: bool,
    },
    /// This many sends in a row.
    SendMany { by: u8, to: Place, count: u16 },
    /// A delivered cursor.
    Ack { by: u8, to: Place, at: i8 },
    /// A read cursor.
    Read { by: u8, to: Place, at: i8 },
    /// A mark as unread.
    MarkUnread { by: u8, to: Place, at: i8 },
    /// Receipts of a message.
    Receipts {
        by: u8,
        to: Place,
        at: i8,
        after: Option<u8>,
    },
    /// A user shows or hides their reads.
    ShowReads { by: u8, shown: bool },
    /// A retention policy, requested by any user.
    Retain { by: u8, to: Place, policy: u8 },
    /// Expiry, under the effective policy; or up to this far below the head, under any policy.
    Expire {
        to: Place,
        at: Option<i8>,
        policy: u8,
    },
    /// A new group.
    CreateGroup { by: u8, users: Vec<u8> },
    /// New members.
    Add { by: u8, to: Place, users: Vec<u8> },
    /// Members who leave or are removed.
    Remove { by: u8, to: Place, users: Vec<u8> },
    /// A change of a group's settings.
    Govern { by: u8, to: Place, act: Act },
    /// An import that begins `at` positions from its source's cursor.
    Import {
        by: u8,
        to: Place,
        source: u8,
        at: i8,
        entries: Vec<(u8, u8)>,
    },
    /// A revoked device.
    Revoke { by: u8, device: u8 },
    /// A change of a user's relation to another.
    Relate { by: u8, other: u8, act: u8 },
    /// A profile, possibly empty, with a picture of this many bytes.
    SetProfile {
        by: u8,
        name: bool,
        about: bool,
        avatar: u16,
    },
    /// A server role, assigned by any user.
    Appoint { by: u8, user: u8, role: u8 },
    /// A setting, changed by any user.
    Set { by: u8, name: u8, value: u8 },
    /// A read request.
    Ask {
        by: u8,
        to: Place,
        about: u8,
        question: Question,
    },
    /// A step about attachments.
    File(FileStep),
    /// This many days pass.
    Days(u8),
    /// The clock moves by this many half hours, in either direction.
    HalfHours(i8),
    /// The clock moves by this many milliseconds, in either direction.
    Clock(i16),
    /// Commits the changes so far as a batch.
    Commit,
    /// A commit, after which the changed rows are taken for the trees.
    Take,
    /// Writes all taken rows to the trees.
    Stored,
    /// Evicts everything that can be evicted, if no row is pending.
    LetGo,
    /// Loads and compares everything.
    Focus,
    /// The server restarts.
    Begin,
    /// A device updates its stored overview.
    CatchUp { by: u8 },
}

/// Settings of a group, and of its members.
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

/// The conversation of a step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// One of the groups.
    Group(u8),
    /// The direct chat of the acting user with a user.
    Direct(u8),
    /// The direct chat of two users.
    Between(u8, u8),
    /// An id that no conversation has.
    Nowhere(u8),
}

/// The client seq of a send.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seq {
    /// The next one.
    Next,
    /// One beyond it.
    Skip(u8),
    /// 0, which is invalid.
    Zero,
    /// A retry of a send of this stream, this many back, in any conversation.
    Retry(u16),
    /// The same with a different body.
    Conflict(u16),
    /// A number that a retry or a skip may have passed over.
    Below(u8),
}

/// Steps that change nothing.
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
    SearchUsers,
    Profiles,
    Watch,
    Focus,
}

/// A crash: the trees of one moment, partly overwritten with those of a later one, and the commit
/// log from the first on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crash {
    /// The moment of the recorded checkpoint position.
    pub(super) older: u8,
    /// The moment of the newer rows.
    pub(super) newer: u8,
    /// The tree being written. Those before it are new, those after it old. `None` where any row
    /// may be either, which demands more than a checkpoint that writes its trees one after another.
    pub(super) tree: Option<Tree>,
    /// Decides for each row that may be either, and what happens during the replay.
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
        BannedUsers, Contacts, Conversations, Devices, Explain, FindGroups, FindUsers, Focus,
        Grant, Group, ImportCursor, Members, Metrics, Pins, Profiles, Retention, SearchUsers,
        Settings, Users, Watch,
    };
    let of_server = [
        FindUsers,
        Users,
        Devices,
        Metrics,
        Contacts,
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
        1 => (0..10_u8, 0..12_u8).prop_map(|(by, device)| Step::Revoke { by, device }),
    ]
}

/// Few users, who interact repeatedly.
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
        2 => (0..3_u8, 0..14_u8, 0..11_u8)
            .prop_map(|(by, name, value)| Step::Set { by, name, value }),
        1 => (0..3_u8, 0..5_u8, 0..3_u8)
            .prop_map(|(by, user, role)| Step::Appoint { by, user, role }),
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
        7 => (by(), place(), at(), 0..6_u8)
            .prop_map(|(by, to, at, words)| Step::Edit { by, to, at: -at, words }),
        5 => (by(), place(), at()).prop_map(|(by, to, at)| Step::Recall { by, to, at: -at }),
        8 => (by(), place(), at(), 0..18_u8, any::<bool>())
            .prop_map(|(by, to, at, emoji, back)| Step::React { by, to, at: -at, emoji, back }),
        5 => (by(), place(), at(), any::<bool>())
            .prop_map(|(by, to, at, back)| Step::Pin { by, to, at: -at, back }),
        1 => (by(), place(), 2..8_u16).prop_map(|(by, to, count)| Step::SendMany { by, to, count }),
        6 => (by(), place(), at()).prop_map(|(by, to, at)| Step::Ack { by, to, at: -at }),
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

/// A few users and a group, so that most scripts start with members.
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

/// Any script.
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
