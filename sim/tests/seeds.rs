//! Some seeds, less than two minutes of processor time. More:
//! `cargo run --release -p cairn-sim -- --seeds 10000`.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "the helpers of tests are tests"
)]

use std::sync::atomic::{AtomicU64, Ordering};

use cairn_sim::{explain, simulate};

const SEEDS: u64 = 300;

#[test]
fn seeds_hold_the_invariants() {
    let first = simulate_from();
    let next = AtomicU64::new(first);
    let threads = std::thread::available_parallelism().map_or(1, Into::into);
    // Each seed runs on one thread, and several seeds at once.
    let work = || loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= first + SEEDS {
            return None;
        }
        if let Some(failure) = simulate(seed).failure {
            return Some((seed, failure));
        }
    };
    let failed = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let failed = threads
            .into_iter()
            .filter_map(|thread| thread.join().unwrap());
        failed.min()
    });
    let Some((seed, failure)) = failed else {
        return;
    };
    let explanation = explain(seed).map(|explanation| {
        let script = explanation.script.join("\n");
        format!("{script}\n\n{}", explanation.trace.join("\n"))
    });
    panic!(
        "seed {seed}: {failure}\n\n{}\n\nmore: cargo run --release -p cairn-sim -- --seed {seed} \
         --trace",
        explanation.unwrap_or_default()
    );
}

/// `CAIRN_SIM_SEED` chooses other seeds.
fn simulate_from() -> u64 {
    let chosen = std::env::var("CAIRN_SIM_SEED").ok();
    chosen.map_or(0, |seed| seed.parse().unwrap())
}

/// A seed stands for everything that happens, or a failure could not be repeated.
#[test]
fn same_seed_gives_the_same_trace() {
    let mut hashes = Vec::new();
    for seed in 1_000..1_012 {
        let (first, second) = (simulate(seed), simulate(seed));
        assert_eq!(first, second, "seed {seed}");
        hashes.push(first.trace_hash);
    }
    let mut distinct = hashes.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), hashes.len(), "seeds make no difference");
}

/// Another thread has other hash keys, and other addresses in memory.
#[test]
fn seed_gives_the_same_trace_on_another_thread() {
    for seed in 2_000..2_004 {
        let here = simulate(seed);
        let there = std::thread::spawn(move || {
            let _stack = [0_u8; 4096];
            simulate(seed)
        });
        assert_eq!(here, there.join().unwrap(), "seed {seed}");
    }
}
