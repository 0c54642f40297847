//! Scripts that once failed.

mod files;
mod users;

use cairn_store::trees::Tree;

use super::run::play;
use super::steps::{Act, Crash, Place, Question, Script, Seq, Step, beginning};

const GROUP: Place = Place::Group(0);

fn goes_well(steps: Vec<Step>, crashes: Vec<Crash>) {
    let script = Script {
        steps: [beginning(), steps].concat(),
        crashes,
    };
    if let Err(why) = play(&script) {
        panic!("{why}\nafter:\n{script:?}");
    }
}

/// Crashes between two moments, in each tree and in all trees at once.
fn crashes(older: u8, newer: u8) -> Vec<Crash> {
    let trees = Tree::ALL.into_iter().map(Some).chain([None; 8]);
    trees
        .zip(0..)
        .map(|(tree, coin)| Crash {
            older,
            newer,
            tree,
            coin,
        })
        .collect()
}

fn send(by: u8, seq: Seq) -> Step {
    Step::Send {
        by,
        to: GROUP,
        seq,
        body: 0,
    }
}

#[test]
fn stale_trees_do_not_restore_members() {
    let remove = Step::Remove {
        by: 0,
        to: GROUP,
        users: vec![2],
    };
    let members = Step::Ask {
        by: 0,
        to: GROUP,
        about: 0,
        question: Question::Members,
    };
    goes_well(
        vec![
            Step::Take,
            Step::Stored,
            Step::LetGo,
            remove.clone(),
            send(1, Seq::Next),
            members.clone(),
        ],
        vec![],
    );
    goes_well(
        vec![
            Step::Take,
            Step::Stored,
            Step::LetGo,
            remove,
            Step::Take,
            send(1, Seq::Next),
            members,
        ],
        vec![],
    );
}

/// So many sessions of the first device that send a message each.
fn others(sessions: u8) -> Step {
    Step::SendFromMany {
        device: 0,
        sessions,
        to: GROUP,
    }
}

fn login(stream: u8, push: bool) -> Step {
    Step::Login {
        device: 0,
        stream,
        push,
    }
}

fn stored() -> [Step; 3] {
    [Step::Take, Step::Stored, Step::LetGo]
}

/// The ledger checks that no send is stored twice, whether it is refused or known.
#[test]
fn forgotten_send_stream_stays_closed() {
    for (sessions, moment_is_known) in [(31, true), (32, true), (32, false), (100, true)] {
        let sent = [send(0, Seq::Next), send(0, Seq::Next)];
        let again = [
            login(0, moment_is_known),
            send(4, Seq::Retry(1)),
            send(4, Seq::Retry(0)),
            send(4, Seq::Next),
            Step::Commit,
            send(0, Seq::Retry(0)),
        ];
        let between = [others(sessions)];
        let steps = [&sent[..], &stored(), &between, &again, &stored(), &again];
        goes_well(
            steps.concat(),
            [crashes(0, 1), crashes(0, 2), crashes(1, 2)].concat(),
        );
    }
}

#[test]
fn sessions_without_sends_forget_no_stream() {
    let many = Step::LoginMany {
        device: 0,
        sessions: 100,
    };
    goes_well(
        vec![
            send(0, Seq::Next),
            Step::Take,
            Step::Stored,
            Step::LetGo,
            many,
            login(0, false),
            send(0, Seq::Retry(0)),
        ],
        crashes(0, 1),
    );
}

#[test]
fn named_send_stream_is_never_forgotten() {
    goes_well(
        vec![
            login(1, true),
            send(4, Seq::Next),
            Step::Take,
            Step::Stored,
            Step::LetGo,
            others(40),
            login(1, false),
            send(4, Seq::Retry(0)),
            send(4, Seq::Next),
            Step::Take,
            Step::Stored,
            Step::LetGo,
            Step::Revoke { by: 0, device: 0 },
        ],
        [crashes(0, 1), crashes(1, 2)].concat(),
    );
}

/// A stream in use is not the least recently used one, however early it was opened.
#[test]
fn used_send_stream_is_remembered() {
    let mut steps = vec![send(0, Seq::Next)];
    for _ in 0..4 {
        steps.extend([
            others(20),
            send(0, Seq::Next),
            Step::Take,
            Step::Stored,
            Step::LetGo,
        ]);
        steps.extend([send(0, Seq::Retry(0)), send(0, Seq::Next)]);
    }
    goes_well(steps, [crashes(0, 1), crashes(1, 3)].concat());
}

#[test]
fn replay_over_newer_trees_keeps_send_streams() {
    let steps = vec![
        send(0, Seq::Next),
        Step::Take,
        Step::Stored,
        others(31),
        send(0, Seq::Next),
        others(31),
        send(0, Seq::Next),
        Step::Take,
        Step::Stored,
        others(33),
    ];
    goes_well(steps, [crashes(0, 1), crashes(1, 2)].concat());
}

#[test]
fn removed_device_leaves_nothing() {
    let steps = vec![
        send(0, Seq::Next),
        Step::Take,
        Step::Stored,
        send(0, Seq::Next),
        Step::Revoke { by: 0, device: 0 },
    ];
    goes_well(steps, crashes(1, 2));
}

#[test]
fn log_times_are_monotonic() {
    let add = Step::Add {
        by: 0,
        to: GROUP,
        users: vec![4],
    };
    goes_well(
        vec![
            send(0, Seq::Next),
            Step::Clock(-500),
            add,
            Step::Clock(-500),
            send(1, Seq::Next),
            Step::Commit,
        ],
        vec![],
    );
}

#[test]
fn invite_expires_at_its_millisecond() {
    let invite = Step::Invite {
        by: 0,
        uses: 2,
        life_seconds: 1,
    };
    let join = |name| Step::Join {
        invite: 2,
        name,
        push: false,
    };
    goes_well(
        vec![invite, Step::Clock(999), join(5), Step::Clock(1), join(6)],
        vec![],
    );
}

#[test]
fn recall_clears_mentions() {
    let call = Step::Call {
        by: 0,
        to: GROUP,
        reply: None,
        users: vec![9],
    };
    let recall = Step::Recall {
        by: 0,
        to: GROUP,
        at: 0,
    };
    let edit = |words| Step::Edit {
        by: 0,
        to: GROUP,
        at: -1,
        words,
        users: None,
    };
    let save = [Step::Take, Step::Stored, Step::LetGo];
    let recalled = [
        &[call.clone(), Step::Commit][..],
        &save,
        &[recall],
        &save,
        &[call, edit(1), edit(2), Step::Commit, edit(3)],
    ]
    .concat();
    goes_well(
        recalled,
        [crashes(0, 1), crashes(0, 2), crashes(1, 2)].concat(),
    );
}

#[test]
fn edits_withdraw_mentions() {
    let call = |users| Step::Call {
        by: 0,
        to: GROUP,
        reply: None,
        users,
    };
    let edit = |words, users: &[u8]| Step::Edit {
        by: 0,
        to: GROUP,
        at: -1,
        words,
        users: Some(users.to_vec()),
    };
    let save = [Step::Take, Step::Stored, Step::LetGo];
    let steps = [
        &[call(vec![2, 3]), Step::Commit][..],
        &save,
        &[edit(1, &[3]), Step::Commit],
        &save,
        &[call(vec![9]), edit(2, &[2]), Step::Commit],
        &save,
    ]
    .concat();
    goes_well(
        steps,
        [crashes(0, 1), crashes(0, 2), crashes(1, 2)].concat(),
    );
}

#[test]
fn client_seq_0_is_refused() {
    goes_well(
        vec![send(0, Seq::Zero), send(0, Seq::Next), send(0, Seq::Zero)],
        vec![],
    );
}

#[test]
fn send_stream_window_is_independent_of_saves() {
    let direct = Place::Direct(2);
    let many = |to, count| Step::SendMany { by: 0, to, count };
    let save = [Step::Take, Step::Stored, Step::LetGo];
    let busy = [
        &[many(direct, 1000)],
        &save[..],
        &[many(GROUP, 2)],
        &save,
        &[many(direct, 22), many(direct, 8)],
    ]
    .concat();
    let retries = [5, 8, 29, 31, 32, 1022, 1023, 1024, 1030].map(|back| Step::Send {
        by: 0,
        to: GROUP,
        seq: Seq::Retry(back),
        body: 0,
    });
    let pushed_out = [
        &[many(GROUP, 3)],
        &save[..],
        &[many(direct, 1023)],
        &save,
        &[send(0, Seq::Retry(1023)), send(0, Seq::Retry(1024))],
    ];
    goes_well(pushed_out.concat(), crashes(0, 1));
    goes_well(
        [&busy[..], &retries, &save, &retries].concat(),
        [crashes(0, 1), crashes(1, 2), crashes(1, 3), crashes(2, 3)].concat(),
    );
}

fn govern(by: u8, act: Act) -> Step {
    Step::Govern { by, to: GROUP, act }
}

#[test]
fn mute_survives_rejoining() {
    let open = govern(
        0,
        Act::Settings {
            open: true,
            from_join: true,
            least: [0; 4],
        },
    );
    let mute = govern(
        0,
        Act::Mute {
            user: 2,
            for_ms: 2500,
        },
    );
    let leave = Step::Remove {
        by: 1,
        to: GROUP,
        users: vec![2],
    };
    let save = [Step::Take, Step::Stored, Step::LetGo];
    let back = [
        govern(1, Act::Join),
        send(1, Seq::Next),
        Step::Clock(2500),
        send(1, Seq::Next),
    ];
    let steps = [
        &[open, mute][..],
        &save,
        &[leave],
        &save,
        &back,
        &[Step::Take, Step::Stored],
    ]
    .concat();
    goes_well(
        steps,
        [
            crashes(0, 1),
            crashes(0, 2),
            crashes(1, 2),
            crashes(1, 3),
            crashes(2, 3),
        ]
        .concat(),
    );
}

#[test]
fn invisible_pins_cannot_be_removed() {
    let from_join = govern(
        0,
        Act::Settings {
            open: true,
            from_join: true,
            least: [0; 4],
        },
    );
    let pin = |by, at, back| Step::Pin {
        by,
        to: GROUP,
        at,
        back,
    };
    let again = [
        Step::Remove {
            by: 1,
            to: GROUP,
            users: vec![2],
        },
        govern(1, Act::Join),
    ];
    let pinned = [from_join, send(0, Seq::Next), pin(0, 0, false)];
    goes_well(
        [&pinned[..], &again, &[pin(1, -3, true), pin(0, -3, true)]].concat(),
        vec![],
    );
}

#[test]
fn clock_correction_does_not_block() {
    let (ahead, back) = (Step::HalfHours(4), Step::HalfHours(-4));
    let save = [Step::Take, Step::Stored, Step::LetGo];
    let steps = [
        &[ahead, send(0, Seq::Next)][..],
        &save,
        &[
            back,
            send(0, Seq::Next),
            Step::Clock(-500),
            send(0, Seq::Next),
        ],
        &save,
    ]
    .concat();
    goes_well(
        steps,
        [crashes(0, 1), crashes(0, 2), crashes(1, 2)].concat(),
    );
}

#[test]
fn new_direct_chat_shows_mentions() {
    let call = Step::Call {
        by: 0,
        to: Place::Direct(2),
        reply: None,
        users: vec![2],
    };
    goes_well(vec![call, Step::Commit], vec![]);
}
