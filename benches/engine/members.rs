//! What a send costs in groups of 10, 1,000 and 100,000 members: sends a second and bytes that are stored for each.

use std::time::{Duration, Instant};

use cairn::core::command::Actor;
use cairn::store::engine::Engine;
use cairn_proto::ids::{ImportSource, SendStreamId, Timestamp, UserId};
use cairn_proto::request::{ImportEntry, Request};
use cairn_proto::text::{Text, UserName};
use cairn_proto::{body::Body, limits};

use crate::load::{Cairn, NOW, Random, ask, text};
use crate::system::dir_bytes;

const SIZES: [usize; 3] = [10, 1_000, 100_000];
const BATCH: usize = 64;
const ROUNDS: usize = 5;
const ROUND_TIME: Duration = Duration::from_millis(1500);
const STORED_SENDS: usize = 1_000_000;

pub fn run() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut engines: Vec<(usize, Cairn)> = SIZES.map(|size| (size, with_members(&dir.path().join(size.to_string()), size))).into();
    let mut rates = vec![Vec::new(); SIZES.len()];
    for round in 0..ROUNDS {
        for (rates, (_, cairn)) in rates.iter_mut().zip(&mut engines) {
            rates.push(measure(cairn, round as u64 + 1));
        }
    }
    for ((size, cairn), mut rates) in engines.into_iter().zip(rates) {
        rates.sort_by(f64::total_cmp);
        let path = dir.path().join(size.to_string());
        let bytes = stored_bytes(cairn, &path);
        println!("{size:>7} members: {:>9.0} sends/s, {bytes:.1} bytes stored for each", rates[ROUNDS / 2]);
    }
}

fn with_members(dir: &std::path::Path, size: usize) -> Cairn {
    let mut cairn = Cairn::open(dir, 1);
    let names: Vec<UserName> = (1..size).map(|n| UserName::new(format!("member-{n}")).unwrap()).collect();
    let mut first = 0;
    for names in names.chunks(limits::IMPORT_ENTRIES_MAX) {
        let body = Body::Text(Text::new("hello").unwrap());
        let entry = |name: &UserName| ImportEntry { sender: name.clone(), sent_at: Timestamp::new(1), body: body.clone() };
        let entries: Vec<_> = names.iter().map(entry).collect();
        let (conversation, source) = (cairn.groups[0], ImportSource::new(1));
        let count = entries.len() as u64;
        ask(&mut cairn.engine, cairn.actor, Request::Import { conversation, source, first, entries });
        first += count;
        let users: Vec<UserId> = (0..count).map(|n| UserId::new((first - count + n) as u32 + 2)).collect();
        ask(&mut cairn.engine, cairn.actor, Request::AddMembers { conversation, users });
        cairn.commit();
    }
    // Everything so far goes into the trees, so that it is not counted.
    reopen(cairn, dir)
}

fn reopen(cairn: Cairn, dir: &std::path::Path) -> Cairn {
    let Cairn { engine, actor, groups, .. } = cairn;
    engine.close().unwrap();
    let engine = Engine::open(dir).unwrap();
    // Another send stream begins to count at 1 again.
    let actor = Actor { stream: SendStreamId::new(actor.stream.get() + 1), ..actor };
    Cairn::resumed(engine, actor, groups)
}

fn measure(cairn: &mut Cairn, seed: u64) -> f64 {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let texts: Vec<Text> = (0..8 * 1024).map(|_| text(&mut random)).collect();
    let start = Instant::now();
    let mut sent = 0;
    for batch in texts.chunks_exact(BATCH).cycle() {
        if start.elapsed() >= ROUND_TIME {
            break;
        }
        batch.iter().for_each(|text| cairn.send(0, text.clone()));
        cairn.commit();
        sent += BATCH;
    }
    sent as f64 / start.elapsed().as_secs_f64()
}

/// What so many sends add to the directory at rest.
fn stored_bytes(cairn: Cairn, dir: &std::path::Path) -> f64 {
    let mut cairn = reopen(cairn, dir);
    let before = dir_bytes(dir);
    let mut random = Random(NOW.get());
    for _ in 0..STORED_SENDS / BATCH {
        (0..BATCH).for_each(|_| cairn.send(0, text(&mut random)));
        cairn.commit();
    }
    drop(reopen(cairn, dir));
    dir_bytes(dir).saturating_sub(before) as f64 / STORED_SENDS as f64
}
