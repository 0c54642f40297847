//! Panics of a run: a task that panics ends quietly in tokio, and still fails the run.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::world::Outcome;

thread_local! {
    /// `None` outside of runs.
    static FIRST: RefCell<Option<Option<String>>> = const { RefCell::new(None) };
}

/// Runs on this thread, and makes a panic of any of its tasks the failure.
pub(crate) fn catch(run: impl FnOnce() -> Outcome) -> Outcome {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let other = take_hook();
        set_hook(Box::new(move |info| {
            let is_run = FIRST.with_borrow_mut(|first| {
                let Some(first) = first else { return false };
                first.get_or_insert_with(|| format!("panic: {info}"));
                true
            });
            if !is_run {
                other(info);
            }
        }));
    });
    FIRST.set(Some(None));
    let outcome = catch_unwind(AssertUnwindSafe(run));
    let panicked = FIRST.take().flatten();
    match (outcome, panicked) {
        (Ok(outcome), None) => outcome,
        (Ok(outcome), failure) => Outcome { failure, ..outcome },
        (Err(_), failure) => Outcome {
            failure: failure.or_else(|| Some("panic".to_owned())),
            ..Outcome::default()
        },
    }
}
