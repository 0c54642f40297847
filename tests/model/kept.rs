//! Lives that went wrong once, each on its own, so that they go well for good.

use super::run::play;
use super::steps::{Crash, Place, Question, Script, Seq, Step, beginning};

const GROUP: Place = Place::Group(0);

fn goes_well(steps: Vec<Step>, crashes: Vec<Crash>) {
    let script = Script { steps: [beginning(), steps].concat(), crashes };
    if let Err(why) = play(&script) {
        panic!("{why}\nafter:\n{script:?}");
    }
}

fn send(by: u8, seq: Seq) -> Step {
    Step::Send { by, to: GROUP, seq, body: 0 }
}

#[test]
fn who_was_removed_does_not_come_back_from_trees_that_still_have_him() {
    let remove = Step::Remove { by: 0, to: GROUP, users: vec![2] };
    let members = Step::Ask { by: 0, to: GROUP, about: 0, question: Question::Members };
    goes_well(vec![Step::Take, Step::Stored, Step::LetGo, remove.clone(), send(1, Seq::Next), members.clone()], vec![]);
    goes_well(vec![Step::Take, Step::Stored, Step::LetGo, remove, Step::Take, send(1, Seq::Next), members], vec![]);
}

#[test]
fn a_forgotten_send_stream_begins_anew_whatever_the_trees_still_have() {
    let forget = Step::LoginMany { device: 0, sessions: 33 };
    let again = Step::Login { device: 0, stream: 0, push: false };
    let sent = [send(0, Seq::Next), send(0, Seq::Next), Step::Take, Step::Stored, Step::LetGo, forget, again];
    let resent = [send(0, Seq::Retry(1)), Step::Take, send(0, Seq::Retry(0)), Step::Stored, Step::LetGo, send(0, Seq::Retry(0))];
    let crashes = (0..16).map(|coin| Crash { older: 0, newer: (coin % 4) as u8, coin });
    goes_well([&sent[..], &resent[..]].concat(), crashes.collect());
}

#[test]
fn a_replay_over_newer_trees_forgets_no_send_stream_that_lives() {
    let many = |sessions| Step::LoginMany { device: 0, sessions };
    let again = Step::Login { device: 0, stream: 0, push: false };
    let steps = vec![send(0, Seq::Next), Step::Take, Step::Stored, many(31), again, many(31), send(0, Seq::Next), Step::Take, Step::Stored];
    let crashes = (0..16).map(|coin| Crash { older: 1, newer: 2, coin });
    goes_well(steps, crashes.collect());
}

#[test]
fn a_session_outlives_its_forgotten_send_stream() {
    let forget = Step::LoginMany { device: 0, sessions: 33 };
    goes_well(vec![forget, send(0, Seq::Next), Step::Commit, send(0, Seq::Retry(0)), Step::Revoke { by: 0, device: 0 }], vec![]);
}

#[test]
fn nothing_comes_back_of_a_device_that_is_no_more() {
    let steps = vec![send(0, Seq::Next), Step::Take, Step::Stored, send(0, Seq::Next), Step::Revoke { by: 0, device: 0 }];
    let crashes = (0..16).map(|coin| Crash { older: 1, newer: 2, coin });
    goes_well(steps, crashes.collect());
}

#[test]
fn the_times_of_a_log_do_not_go_back_with_the_clock() {
    let add = Step::Add { by: 0, to: GROUP, users: vec![4] };
    goes_well(vec![send(0, Seq::Next), Step::Clock(-500), add, Step::Clock(-500), send(1, Seq::Next), Step::Commit], vec![]);
}

#[test]
fn no_client_seq_is_0() {
    goes_well(vec![send(0, Seq::Zero), send(0, Seq::Next), send(0, Seq::Zero)], vec![]);
}
