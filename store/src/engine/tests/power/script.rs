//! What happens to a machine, drawn at random.

use proptest::prelude::*;

use super::ledger::{CONVERSATIONS, USERS};
use crate::env::BackgroundWork;
use crate::testing::{Call, Failure, Fault, LostReply};

#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) seed: u64,
    /// The log is not on the disk.
    pub(super) has_log_elsewhere: bool,
    pub(super) runs: Vec<Run>,
}

/// From one start to the next.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) steps: Vec<Step>,
    pub(super) trouble: Trouble,
    pub(super) end: End,
    /// The call of the next start during which the power is cut again.
    pub(super) cut_start: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Trouble {
    None,
    /// During the call of this number, counted from the start of the run.
    PowerCut(u64),
    Fault(Fault),
    /// An append of this number has no reply. Only of a log that is elsewhere.
    LostReply(u64, LostReply),
}

/// How a run without trouble ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    PowerCut,
    Kill,
    Close,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Send {
        by: usize,
        to: usize,
        bytes: usize,
    },
    /// Repeats a recent send.
    Repeat {
        by: usize,
        to: usize,
        nth: usize,
    },
    Edit {
        of: usize,
        nth: usize,
        bytes: usize,
    },
    Recall {
        of: usize,
        nth: usize,
    },
    Read {
        by: usize,
        of: usize,
        nth: usize,
    },
    Ack {
        by: usize,
        of: usize,
        nth: usize,
    },
    /// In the first conversation.
    Expire {
        nth: usize,
    },
    Commit,
    Maintain,
    Minute,
    Work(BackgroundWork, usize),
    /// Lets the follower read this many batches.
    Follow(usize),
    /// Reads everything back.
    Verify,
}

const WORK: [BackgroundWork; 3] = [
    BackgroundWork::Segments,
    BackgroundWork::Watermark,
    BackgroundWork::Checkpoint,
];

fn steps() -> impl Strategy<Value = Step> {
    let (by, of, nth) = (0..USERS, 0..CONVERSATIONS, 0..100_usize);
    let bytes = prop_oneof![4 => 0..200_usize, 1 => 200..6_000_usize];
    prop_oneof![
        8 => (by.clone(), of.clone(), bytes.clone())
            .prop_map(|(by, to, bytes)| Step::Send { by, to, bytes }),
        1 => (by.clone(), of.clone(), nth.clone())
            .prop_map(|(by, to, nth)| Step::Repeat { by, to, nth }),
        2 => (of.clone(), nth.clone(), bytes)
            .prop_map(|(of, nth, bytes)| Step::Edit { of, nth, bytes }),
        1 => (of.clone(), nth.clone()).prop_map(|(of, nth)| Step::Recall { of, nth }),
        1 => (by.clone(), of.clone(), nth.clone())
            .prop_map(|(by, of, nth)| Step::Read { by, of, nth }),
        1 => (by, of, nth.clone()).prop_map(|(by, of, nth)| Step::Ack { by, of, nth }),
        1 => nth.prop_map(|nth| Step::Expire { nth }),
        6 => Just(Step::Commit),
        3 => Just(Step::Maintain),
        1 => Just(Step::Minute),
        4 => (prop::sample::select(&WORK[..]), 1..6_usize)
            .prop_map(|(work, times)| Step::Work(work, times)),
        2 => (1..20_usize).prop_map(Step::Follow),
        1 => Just(Step::Verify),
    ]
}

pub(super) fn fault(call: Call, nth: u64) -> Fault {
    Fault {
        call,
        nth,
        failure: Failure::Io,
        is_sticky: false,
    }
}

fn troubles() -> impl Strategy<Value = Trouble> {
    let faults = (prop::sample::select(&Call::ALL[..]), 1..40_u64);
    let replies = prop::sample::select(&[LostReply::Stored, LostReply::NotStored][..]);
    prop_oneof![
        1 => Just(Trouble::None),
        6 => (1..300_u64).prop_map(Trouble::PowerCut),
        2 => faults.prop_map(|(call, nth)| Trouble::Fault(fault(call, nth))),
        2 => (1..15_u64, replies).prop_map(|(append, reply)| Trouble::LostReply(append, reply)),
    ]
}

fn runs() -> impl Strategy<Value = Run> {
    let ends = prop_oneof![
        2 => Just(End::PowerCut),
        1 => Just(End::Kill),
        1 => Just(End::Close),
    ];
    let steps = prop::collection::vec(steps(), 0..60);
    let cut_start = prop::option::of(1..80_u64);
    (steps, troubles(), ends, cut_start).prop_map(|(steps, trouble, end, cut_start)| Run {
        steps,
        trouble,
        end,
        cut_start,
    })
}

pub(super) fn scripts() -> impl Strategy<Value = Script> {
    let runs = prop::collection::vec(runs(), 1..5);
    let elsewhere = prop::bool::weighted(0.25);
    (any::<u64>(), elsewhere, runs).prop_map(|(seed, has_log_elsewhere, runs)| Script {
        seed,
        has_log_elsewhere,
        runs,
    })
}

/// Steps that make every kind of call.
pub(super) fn busy() -> Vec<Step> {
    let mut steps = Vec::new();
    for nth in 0..40 {
        let (by, to) = (nth % USERS, nth % CONVERSATIONS);
        let bytes = 1_000;
        steps.push(Step::Send { by, to, bytes });
        steps.push(Step::Commit);
        steps.push(Step::Maintain);
        steps.extend(WORK.map(|work| Step::Work(work, 20)));
    }
    steps
}
