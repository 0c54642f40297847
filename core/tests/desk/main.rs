//! The support desk against a naive one: random lives of a desk, with crashes and replays between
//! any two commands, and every property checked after each.
//!
//! `CAIRN_DESK_CASES=10000 cargo test --release -p cairn-core --test desk` is the larger run,
//! `CAIRN_DESK_SEED=7` one life.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests"
)]

mod clock;
mod hands;
mod life;
mod lists;
mod naive;
mod permissions;
mod repeated;
mod reported;
mod world;

use std::path::Path;
use std::process::Command;

use life::Life;

const CASES: u64 = 300;
const STEPS: usize = 120;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn random_lives_keep_every_property() {
    if let Some(seed) = number("CAIRN_DESK_SEED") {
        return Life::new(seed).run(STEPS);
    }
    let mut given = 0;
    for seed in 0..number("CAIRN_DESK_CASES").unwrap_or(CASES) {
        let mut life = Life::new(seed);
        life.run(STEPS);
        given += life.given();
    }
    assert!(given > 1_000, "only {given} inquiries were given to agents");
}

/// `tests/desk/planted/check.sh` shows that these tests find each of them.
#[test]
fn planted_faults_apply() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut patches = 0;
    for entry in root.join("tests/desk/planted").read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_none_or(|extension| extension != "patch")
        {
            continue;
        }
        patches += 1;
        let applies = Command::new("git")
            .args(["apply", "--check"])
            .arg(path.canonicalize().unwrap())
            .current_dir(&root)
            .status()
            .unwrap();
        assert!(applies.success(), "{} does not apply", path.display());
    }
    assert_eq!(patches, 8);
}
