//! Model test: random scripts, run on the state machine and on a naive model.
//!
//! Each script checks: every answer and update; ids, cursors, memberships and times in the bytes of
//! the commit log; the state after each step; the trees, row by row; that conversations stay hidden
//! from users who are not members; that refused commands change nothing; that saving, evicting and
//! loading change nothing; and that a replay over the trees of any moment, or a mix of two moments,
//! ends in the same state.
//!
//! A release run plays ten thousand scripts, a debug run fewer; `CAIRN_MODEL_CASES` overrides both.
//! A failure prints the shortest failing script, as steps to add to `regressions`.

mod attachments;
mod commands;
mod expected;
mod interpreter;
mod ledger;
mod naive;
mod regressions;
mod run;
mod steps;
mod trees;
mod values;

use proptest::test_runner::{Config, TestError, TestRunner};

/// Scripts by default; in debug builds, enough for a few seconds.
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
