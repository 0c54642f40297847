//! Random scripts of several devices against a real server in the same process: sends, replies,
//! edits, recalls, reads, drafts, files, lost connections, restarts, also during uploads. In the
//! end, every device shows what the server holds, and the server has every message once.
//!
//! `CAIRN_SESSION_CASES` scripts, from the seed `CAIRN_SESSION_SEED` on.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests are tests"
)]

mod compare;
mod device;
mod random;
mod script;
mod truth;
mod writing;
mod written;

use std::env;

use tokio::task::{JoinSet, LocalSet};

/// Scripts that run at once: they mostly wait.
const AT_ONCE: u64 = 16;

/// Scripts that run by default.
const CASES: u64 = 20;

fn number(name: &str, default: u64) -> u64 {
    let number = env::var(name).ok().map(|number| number.parse().unwrap());
    number.unwrap_or(default)
}

#[tokio::test]
async fn every_device_ends_in_the_state_of_the_server() {
    let first = number("CAIRN_SESSION_SEED", 1);
    let mut seeds = first..first + number("CAIRN_SESSION_CASES", CASES);
    let scripts = async {
        let mut running = JoinSet::new();
        for seed in seeds.by_ref().take(usize::try_from(AT_ONCE).unwrap()) {
            running.spawn_local(script::run(seed));
        }
        while let Some(ended) = running.join_next().await {
            ended.unwrap();
            if let Some(seed) = seeds.next() {
                running.spawn_local(script::run(seed));
            }
        }
    };
    LocalSet::new().run_until(scripts).await;
}
