//! Many messages in a row, with checkpoints going on: speed at the beginning and at the end, memory, disk, and the time to open.

use std::time::Instant;

use cairn::store::engine::Engine;

use crate::load::{Cairn, Random, TEXT_BYTES, Zipf, text};
use crate::system::{dir_bytes, resident_bytes};

const MILLION: u64 = 1_000_000;
const BATCH: u64 = 512;

pub fn run(messages: u64) {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut cairn = Cairn::open(dir.path(), crate::load::CONVERSATIONS);
    let (zipf, mut random) = (Zipf::new(), Random(7));
    let (mut rates, mut resident_max) = (Vec::new(), 0);
    for million in 1..=messages / MILLION {
        let start = Instant::now();
        for _ in 0..MILLION / BATCH {
            for _ in 0..BATCH {
                let group = zipf.pick(&mut random);
                cairn.send(group, text(&mut random));
            }
            cairn.commit();
        }
        let rate = MILLION as f64 / start.elapsed().as_secs_f64();
        resident_max = resident_max.max(resident_bytes());
        println!(
            "million {million:>3}: {rate:>9.0}/s   resident {:>4} MiB   on disk {:>5} MiB",
            resident_bytes() >> 20,
            dir_bytes(dir.path()) >> 20
        );
        rates.push(rate);
    }
    let start = Instant::now();
    cairn.engine.close().unwrap();
    println!("closed in {:?}", start.elapsed());
    let at_rest = dir_bytes(dir.path());
    let start = Instant::now();
    let engine = Engine::open(dir.path()).unwrap();
    println!("opened in {:?}", start.elapsed());
    drop(engine);
    let (second, last) = (rates[1.min(rates.len() - 1)], rates[rates.len() - 1]);
    println!("last million at {:.2} of the second's speed", last / second);
    println!("resident at most {} MiB", resident_max >> 20);
    println!("disk at rest {:.2} of the message bytes", at_rest as f64 / (messages * TEXT_BYTES as u64) as f64);
}
