//! I/O errors of the real server: one call fails, wherever it is. Nothing accepted is lost, the
//! exit code is a documented one, and the server starts again.
//!
//! A few calls of each class by default. `tests/ioerrors/run.py` lets every call fail in turn: it
//! writes orders to the standard input of this process, one per line, and each is answered with one
//! line of JSON, a `trial::Outcome`.

#![cfg(target_os = "linux")]

mod base;
mod trial;
mod workload;

use std::io::BufRead as _;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use self::base::Base;
use self::trial::{Class, Errno, Fault, Phase};

/// Calls of each class that fail by default, beside the first one.
const CALLS: usize = 2;

/// Moments at which the disk becomes full.
const FULL_AT: u64 = 4;

/// Executes the orders of the script. There are none unless it runs this test.
#[tokio::test]
async fn trials_follow_orders() {
    if std::env::var_os("CAIRN_IOERRORS").is_none() {
        assert!("fsync 1 EIO once".parse::<Fault>().is_err());
        let fault: Fault = "sync 7 ENOSPC on".parse().unwrap();
        assert_eq!(fault.to_string(), "sync 7 ENOSPC on");
        return;
    }
    let base = Base::build().await;
    println!("\n{{\"ready\":true}}");
    for line in std::io::stdin().lock().lines() {
        let outcome = trial::run(&base, line.unwrap().parse().unwrap()).await;
        println!("{}", serde_json::to_string(&outcome).unwrap());
    }
}

/// The preloaded library sees the calls of the server, so that none fails by never being counted.
#[tokio::test]
async fn every_class_of_calls_is_intercepted() {
    let base = Base::build().await;
    for class in Class::ALL {
        let outcome = trial::run(&base, Fault::none(class)).await;
        assert_eq!(outcome.fault, None, "{outcome:?}");
        assert_eq!((outcome.exit, outcome.failed), (Some(0), 0), "{outcome:?}");
        assert!(outcome.calls >= class.calls_min(), "{outcome:?}");
    }
}

/// A failure in each class: the first call, and some others.
#[tokio::test]
async fn failed_call_loses_nothing_accepted() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let base = Base::build().await;
    let mut ended = 0;
    for class in Class::ALL {
        let last = trial::run(&base, Fault::none(class)).await.calls;
        let some = [(); CALLS].map(|()| random.random_range(1..=last));
        for at in std::iter::once(1).chain(some) {
            let errnos = class.errnos();
            let errno = errnos[random.random_range(0..errnos.len())];
            let goes_on = random.random_bool(0.3);
            let fault = Fault {
                class,
                at,
                errno,
                goes_on,
            };
            let outcome = trial::run(&base, fault).await;
            println!("{fault}: {outcome:?}");
            assert_eq!(outcome.fault, None, "{fault}: {outcome:?}");
            ended += u64::from(outcome.exit != Some(0));
        }
    }
    assert!(ended > 0, "no failure was noticed");
}

/// A disk that becomes full while messages are written, and has space again at the next start.
#[tokio::test]
async fn full_disk_ends_the_server_and_loses_nothing() {
    let base = Base::build().await;
    let class = Class::Write;
    let calls = trial::run(&base, Fault::none(class)).await.calls;
    let mut serving = 0;
    for part in 1..=FULL_AT {
        let fault = Fault {
            class,
            at: calls * part / (FULL_AT + 1),
            errno: Errno::Enospc,
            goes_on: true,
        };
        let outcome = trial::run(&base, fault).await;
        println!("{fault}: {outcome:?}");
        assert_eq!(outcome.fault, None, "{outcome:?}");
        assert_ne!(outcome.exit, Some(0), "{outcome:?}");
        assert!(outcome.says_that_the_disk_is_full(), "{outcome:?}");
        serving += u64::from(outcome.phase == Phase::Serving);
    }
    assert!(serving > 0);
}

/// A trial notices what it exists to notice.
#[tokio::test]
async fn loss_is_found() {
    let base = Base::build().await;
    let found = trial::found_after_loss(&base).await;
    assert!(found.contains("is lost"), "{found}");
}
