//! An engine on a disk that loses power or fails during any call. After the next start everything
//! that was accepted is there, once and in order, and nothing of a batch that was not.
//!
//! `CAIRN_POWER_SEED` and `CAIRN_POWER_CASES` choose other runs. A failure prints the smallest
//! script that has it.

mod ledger;
mod machine;
mod mirror;
mod script;
mod setup;
mod verify;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use self::machine::{Machine, Restart};
use self::script::{End, Run, Script, Trouble};
use crate::testing::{Call, MemoryLog, SimDisk};

const CASES: u32 = 400;

fn setting(name: &str) -> Option<u64> {
    Some(std::env::var(name).ok()?.parse().unwrap())
}

fn runner(cases: u32) -> TestRunner {
    let seed = setting("CAIRN_POWER_SEED").unwrap_or_else(rand::random);
    println!("CAIRN_POWER_SEED={seed}");
    TestRunner::new(Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    })
}

/// Plays a script. Returns the disk as it is then.
fn play(script: &Script) -> Result<SimDisk, String> {
    let disk = SimDisk::new(script.seed);
    let mut machine = Machine::new(&disk, script.seed);
    if script.has_log_elsewhere {
        machine = machine.with_log(MemoryLog::new());
    }
    machine.set_up()?;
    for (at, run) in script.runs.iter().enumerate() {
        machine
            .play(run)
            .map_err(|what| format!("run {at}: {what}"))?;
    }
    machine.finish()?;
    Ok(disk)
}

#[test]
fn accepted_survives_power_cuts_and_failures() {
    let cases = setting("CAIRN_POWER_CASES").map_or(CASES, |cases| cases.try_into().unwrap());
    let played = runner(cases).run(&script::scripts(), |script| {
        play(&script).map(drop).map_err(TestCaseError::fail)
    });
    played.unwrap_or_else(|failure| panic!("{failure}"));
}

/// A seed stands for everything that happens, or it would be of no use to repeat a failure.
#[test]
fn same_script_makes_the_same_calls() {
    let played = runner(8).run(&script::scripts(), |script| {
        let first = play(&script).map_err(TestCaseError::fail)?;
        let second = play(&script).map_err(TestCaseError::fail)?;
        prop_assert_eq!(
            (first.calls(), first.trace()),
            (second.calls(), second.trace())
        );
        Ok(())
    });
    played.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Cuts the power during each call of the first start, and of everything up to the first group.
#[test]
fn first_start_survives_power_cuts() {
    let disk = SimDisk::new(0);
    Machine::new(&disk, 0).set_up().unwrap();
    let calls = disk.calls();
    assert!(calls > 50, "{calls}");
    for call in 1..=calls {
        let disk = SimDisk::new(call);
        disk.cut_power_at(call);
        let mut machine = Machine::new(&disk, call);
        if machine.set_up().is_ok() {
            continue;
        }
        assert!(disk.is_off(), "call {call}");
        drop(machine);
        disk.crash();
        let mut machine = Machine::new(&disk, call);
        machine.set_up_again().unwrap();
        machine.finish().unwrap();
    }
}

/// A running engine makes the calls that a failure can hit, and completes checkpoints.
#[test]
fn scripts_reach_every_call() {
    let run = |trouble| Run {
        steps: script::busy(),
        trouble,
        end: End::Close,
        cut_start: None,
    };
    let made = [
        Call::Open,
        Call::Write,
        Call::Sync,
        Call::SyncDir,
        Call::Rename,
    ];
    for call in made {
        let fault = script::fault(call, 2);
        let mut machine = Machine::new(&SimDisk::new(1), 1);
        machine.set_up().unwrap();
        machine.play(&run(Trouble::None)).unwrap();
        machine.play(&run(Trouble::Fault(fault))).unwrap();
        assert_eq!(machine.hits(), 1, "{call:?}");
        assert!(machine.checkpoints() > 0);
        machine.restart(Restart::Killed, None).unwrap();
        machine.finish().unwrap();
    }
}

/// After a sync that failed, the next start reads from the page cache what the disk does not have.
/// A power cut after it shows whether that was made durable before it counted.
#[test]
fn power_cut_after_a_failed_sync_and_a_restart_loses_nothing() {
    let run = |trouble, end| Run {
        steps: script::busy(),
        trouble,
        end,
        cut_start: None,
    };
    for call in [Call::Sync, Call::Write] {
        for nth in 1..60 {
            let fault = Trouble::Fault(script::fault(call, nth));
            let mut machine = Machine::new(&SimDisk::new(nth), nth);
            machine.set_up().unwrap();
            let played = machine
                .play(&run(Trouble::None, End::Kill))
                .and_then(|()| machine.play(&run(fault, End::Kill)))
                .and_then(|()| machine.restart(Restart::PowerCut, None))
                .and_then(|()| machine.play(&run(Trouble::None, End::PowerCut)))
                .and_then(|()| machine.finish());
            played.unwrap_or_else(|what| panic!("{call:?} {nth}: {what}"));
        }
    }
}
