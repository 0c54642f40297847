//! Crash tests: SIGKILL under load, in a loop. Every accepted message survives exactly once, and
//! clients only notice a pause.
//!
//! A few rounds by default; the full run is `CAIRN_CRASH_ROUNDS=100 cargo test --test main crash --
//! --nocapture`. The times of the kills depend on a seed, which is printed; `CAIRN_CRASH_SEED` sets
//! it.

mod checker_tests;
mod collection;
pub mod crowd;
mod expiry;
mod files;
mod ledger;
mod selftest;
pub mod words;

use std::fmt::Display;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::sleep;

use self::crowd::{Checked, Crowd};
use self::words::Length;
use crate::support::{Server, cairn, signal};

/// Rounds by default.
const ROUNDS: u64 = 3;

/// All logs are checked after this many rounds, and after the last one.
const ROUNDS_PER_CHECK: u64 = 10;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| {
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {value}"))
    })
}

fn rounds() -> u64 {
    setting("CAIRN_CRASH_ROUNDS").unwrap_or(ROUNDS)
}

fn random() -> (u64, StdRng) {
    let seed = setting("CAIRN_CRASH_SEED").unwrap_or_else(rand::random);
    println!("CAIRN_CRASH_SEED={seed}");
    (seed, StdRng::seed_from_u64(seed))
}

fn must<T>(round: impl Display, result: Result<T, String>) -> T {
    result.unwrap_or_else(|wrong| panic!("round {round}: {wrong}"))
}

/// Runs a blocking action on the server while the clients go on.
async fn meanwhile(mut server: Server, act: impl FnOnce(&mut Server) + Send + 'static) -> Server {
    let acted = tokio::task::spawn_blocking(move || {
        act(&mut server);
        server
    });
    acted.await.unwrap()
}

/// Stops the server gracefully, and checks that the stored messages are those that were read.
async fn is_sound_when_stopped(server: Server, crowd: Crowd, last: Checked) {
    crowd.leave().await;
    let server = meanwhile(server, |server| assert!(server.stop().success())).await;
    let output = cairn(&["doctor", "--json", "--data"])
        .arg(server.data())
        .output()
        .unwrap();
    let (said, complaint) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    assert!(output.status.success(), "the doctor complains: {complaint}");
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["messages"], last.entries, "{report}");
}

#[tokio::test]
async fn kill_under_load_is_exactly_once() {
    let (seed, mut random) = random();
    let mut server = Server::start();
    let mut crowd = Crowd::gather(server.invite.as_ref().unwrap(), Length::Chat, seed)
        .await
        .unwrap();
    let mut checked = None;
    for round in 1..=rounds() {
        crowd.talk();
        must(round, crowd.accepted(random.random_range(1..1500)).await);
        // A reply just arrived. The delay makes the kill hit other moments as well.
        sleep(Duration::from_micros(random.random_range(0..20_000))).await;
        server = meanwhile(server, |server| {
            server.kill();
            server.restart();
        })
        .await;
        if round % ROUNDS_PER_CHECK == 0 || round == rounds() {
            must(round, crowd.accepted(1).await);
            checked = Some(must(round, crowd.settle().await));
            println!("round {round}: {checked:?}");
        }
    }
    is_sound_when_stopped(server, crowd, checked.unwrap()).await;
}

/// Pages in the log before the first kill: some megabytes to replay.
const PAGES_TO_REPLAY: u64 = 400;

#[tokio::test]
async fn kill_during_start_or_stop_recovers() {
    let (seed, mut random) = random();
    let mut server = Server::start();
    let mut crowd = Crowd::gather(server.invite.as_ref().unwrap(), Length::Page, seed)
        .await
        .unwrap();
    crowd.talk();
    must("first", crowd.accepted(PAGES_TO_REPLAY).await);
    let mut checked = None;
    for round in 1..=rounds() {
        crowd.talk();
        server.kill();
        must(round, start_and_kill(&server, &mut random).await);
        if round % ROUNDS_PER_CHECK == 0 || round == rounds() {
            server = meanwhile(server, Server::restart).await;
            must(round, crowd.accepted(1).await);
            checked = Some(must(round, crowd.settle().await));
            println!("round {round}: {checked:?}");
        }
    }
    is_sound_when_stopped(server, crowd, checked.unwrap()).await;
}

/// Starts a server and kills it within two seconds, often before its log is read. Some are stopped
/// first, so that the kill hits their last checkpoint.
async fn start_and_kill(server: &Server, random: &mut StdRng) -> Result<(), String> {
    let mut process = spawn(server.data(), &server.addr.to_string());
    let life: f64 = if random.random_bool(0.5) {
        random.random_range(0.0..2.0)
    } else {
        random.random_range(0.0..0.1)
    };
    sleep(Duration::from_secs_f64(life)).await;
    // A server that exited on its own failed to start.
    let ended = process.try_wait().unwrap();
    if ended.is_none() && random.random_bool(0.3) {
        signal(&process, "TERM");
        sleep(Duration::from_secs_f64(random.random_range(0.0..0.3))).await;
    }
    process.kill().unwrap();
    let last = process.wait().unwrap();
    let mut said = String::new();
    process
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    match ended {
        Some(status) => Err(format!(
            "the server ended by itself with {status} within {life} s: {said}"
        )),
        // A panic or an error before the kill is still a fault.
        None if said.contains("panicked") || said.contains("ERROR") => Err(format!(
            "the server complained and ended with {last}: {said}"
        )),
        None => Ok(()),
    }
}

fn spawn(data: &Path, listen: &str) -> Child {
    let mut command = cairn(&[
        "serve", "--json", "--log", "warn", "--listen", listen, "--data",
    ]);
    command
        .arg(data)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}
