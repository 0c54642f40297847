//! Random lives of a server, played on the state machine and on a model that is too simple to be wrong.
//!
//! Of each life are checked: every answer and every effect; the ids, cursors, memberships and times in the commit log, by its bytes;
//! what a state shows, step by step; what the trees hold, row by row; that nobody learns of a conversation he is not in; that a refused
//! command changes nothing; that saving, letting go and loading change nothing; and that a replay over the trees of any moment, or of
//! two moments mixed, ends where the life ended.
//!
//! A release run plays ten thousand lives, a debug run fewer, and `CAIRN_MODEL_CASES` says otherwise. A failure prints the shortest
//! life that shows it, as steps that can be put into `regressions` to stay.

mod attachments;
mod expected;
mod interpreter;
mod interpreter_rules;
mod ledger;
mod naive;
mod regressions;
mod run;
mod steps;
mod trees;
mod values;

use proptest::test_runner::{Config, TestError, TestRunner};

/// Lives when nothing else is said. In debug, as many as are played in a few seconds.
const CASES: u32 = if cfg!(debug_assertions) { 200 } else { 10_000 };

#[test]
fn state_machine_matches_model() {
    let cases = std::env::var("CAIRN_MODEL_CASES").map_or(CASES, |cases| cases.parse().unwrap());
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    match runner.run(&steps::script(), |script| run::play(&script)) {
        Ok(()) => {}
        Err(TestError::Fail(why, script)) => panic!("{why}\nafter:\n{script:?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}
