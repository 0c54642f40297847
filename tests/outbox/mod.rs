//! The outbox of interactive clients: processes that type messages and send files are killed at
//! random moments, and every message is in the log once, and the typed ones in order.
//!
//! A few rounds by default; the full run is `CAIRN_OUTBOX_ROUNDS=200 cargo test --test main outbox
//! -- --nocapture`. A third of the rounds kills the server as well; a tenth damages the cache while
//! no process has it open. The moments depend on a seed, which is printed; `CAIRN_OUTBOX_SEED` sets
//! it.

mod torn;
mod typist;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cairn_client::MsgId;
use cairn_client::proto::ids::ConversationId;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::sleep;

use self::typist::{Line, Profile, Typist, Words};
use crate::support::{Server, join};

/// Rounds by default.
const ROUNDS: u64 = 6;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

/// What the typists reported.
#[derive(Default)]
struct Report {
    /// On disk when this was reported.
    typed: BTreeSet<Words>,
    /// Shown as unknown after damage, and withdrawn.
    unknown: BTreeSet<Words>,
    /// Rounds in which damage was reported.
    damaged: BTreeSet<u64>,
    rounds: u64,
    /// The last round after which the cache was damaged.
    torn: u64,
}

impl Report {
    fn add(&mut self, round: u64, line: Line) {
        match line {
            Line::Open => {}
            Line::Damaged => {
                // A process may be killed before it has reported it.
                let reported = self.damaged.last().copied().unwrap_or_default();
                let is_repeated = reported + 1 == round;
                assert!(
                    self.torn > reported || is_repeated,
                    "round {round}: damaged by a kill alone"
                );
                self.damaged.insert(round);
            }
            Line::Typed(words) => {
                self.typed.insert(words);
            }
            Line::Unknown(words) => {
                assert!(
                    words.round <= self.torn,
                    "round {round}: {words:?} is unknown after a kill alone"
                );
                self.unknown.insert(words);
            }
            Line::Done => panic!("round {round}: a typist ended by itself"),
        }
    }

    /// Checks the log, in its order.
    fn check(&self, log: &[Words]) {
        let mut count = BTreeMap::new();
        log.iter()
            .for_each(|words| *count.entry(*words).or_insert(0) += 1);
        let twice = count.iter().find(|(_, count)| **count > 1);
        assert_eq!(twice, None, "a message is in the log twice");
        let texts = log.iter().filter(|words| !words.is_file);
        assert!(texts.is_sorted(), "out of order: {log:?}");
        let missing = self.typed.iter().filter(|words| !count.contains_key(words));
        let missing: Vec<Words> = missing
            .filter(|words| !self.unknown.contains(words))
            .copied()
            .collect();
        let files = |of: &mut dyn Iterator<Item = &Words>| of.filter(|of| of.is_file).count();
        println!(
            "{} typed, {} in the log, {} unknown, {} damaged, {} lost; of these, files: {} sent, \
             {} in the log, {} unknown",
            self.typed.len(),
            log.len(),
            self.unknown.len(),
            self.damaged.len(),
            missing.len(),
            files(&mut self.typed.iter()),
            files(&mut log.iter()),
            files(&mut self.unknown.iter()),
        );
        assert!(self.typed.len() as u64 > self.rounds, "nothing was typed");
        assert_eq!(missing, Vec::<Words>::new(), "lost");
    }
}

#[tokio::test]
async fn kills_lose_nothing_and_repeat_nothing() {
    let seed = setting("CAIRN_OUTBOX_SEED").unwrap_or_else(rand::random);
    println!("CAIRN_OUTBOX_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let rounds = setting("CAIRN_OUTBOX_ROUNDS").unwrap_or(ROUNDS);

    let mut server = Server::start();
    let (reader, account) = join(server.invite.as_ref().unwrap(), "ada").await;
    let group = reader
        .conversations()
        .create_group("notes".parse().unwrap(), Vec::new());
    let group = group.await.unwrap();
    let profile = Profile::of(&account);
    let mut report = Report {
        rounds,
        ..Report::default()
    };
    for round in 1..=rounds {
        let mut typist = Typist::start(&profile, group, round);
        let mut lines = Vec::new();
        // Most are killed while they type, some while they begin.
        let is_early = round > 1 && random.random_range(0..4) == 0;
        loop {
            let line = typist.line().await.expect("it types");
            let is_begun = match line {
                Line::Open => is_early,
                Line::Typed(_) => true,
                _ => false,
            };
            lines.push(line);
            if is_begun {
                break;
            }
        }
        let time = Duration::from_micros(random.random_range(0..400_000));
        if random.random_range(0..3) == 0 {
            let before = time.mul_f64(random.random());
            sleep(before).await;
            server = kill_and_restart(server).await;
            sleep(time.saturating_sub(before)).await;
        } else {
            sleep(time).await;
        }
        lines.extend(typist.kill().await);
        for line in lines {
            report.add(round, line);
        }
        if random.random_range(0..10) == 0 {
            torn::tear(&profile.cache(), &mut random);
            report.torn = round;
        }
    }
    // The last process sends what is left.
    let mut typist = Typist::finish(&profile, group, rounds + 1);
    loop {
        match typist.line().await {
            Some(Line::Done) => break,
            Some(line) => report.add(rounds + 1, line),
            None => panic!("the last typist does not end by itself"),
        }
    }
    report.check(&log(&reader, group).await);
}

async fn kill_and_restart(mut server: Server) -> Server {
    let restarted = tokio::task::spawn_blocking(move || {
        server.kill();
        server.restart();
        server
    });
    restarted.await.unwrap()
}

/// The messages of a log, in order.
async fn log(reader: &cairn_client::Client, group: ConversationId) -> Vec<Words> {
    let mut log = Vec::new();
    let mut history = reader.conversation(group).history(MsgId::new(1));
    while let Some(message) = history.next().await {
        let name = typist::name(&message.unwrap().body);
        if !name.is_empty() {
            log.push(name.parse().unwrap());
        }
    }
    log
}
