//! Batches of 64 and 512, in interleaved rounds.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use cairn_proto::text::Text;

use crate::load::{Cairn, Random, Zipf, text};

const ROUNDS: usize = 5;
const ROUND_TIME: Duration = Duration::from_millis(1500);

/// One engine, stored to in batches.
trait Stores {
    fn put(&mut self, group: usize, text: Text);
    fn commit(&mut self);
}

struct RawFile {
    file: File,
    batch: Vec<u8>,
}

impl Stores for RawFile {
    fn put(&mut self, group: usize, text: Text) {
        self.batch.extend_from_slice(&(group as u64).to_le_bytes());
        self.batch.extend_from_slice(&[0; 8]);
        self.batch.extend_from_slice(text.as_str().as_bytes());
    }

    fn commit(&mut self) {
        self.file.write_all(&self.batch).unwrap();
        self.file.sync_data().unwrap();
        self.batch.clear();
    }
}

/// Plain sled: a message a key, a batch a commit, and `flush`, which is no fsync; `db` adds one.
struct Sled {
    db: sled::Db,
    batch: sled::Batch,
    heads: Vec<u64>,
    fdatasync: Option<File>,
}

impl Sled {
    fn open(dir: &Path, fdatasync: bool) -> Self {
        let db = sled::Config::default().path(dir).cache_capacity(128 << 20).open().unwrap();
        let fdatasync = fdatasync.then(|| File::open(dir.join("db")).unwrap());
        Self { db, batch: sled::Batch::default(), heads: vec![0; crate::load::CONVERSATIONS], fdatasync }
    }
}

impl Stores for Sled {
    fn put(&mut self, group: usize, text: Text) {
        self.heads[group] += 1;
        let key = [(group as u64).to_be_bytes(), self.heads[group].to_be_bytes()].concat();
        self.batch.insert(key, text.as_str().as_bytes());
    }

    fn commit(&mut self) {
        self.db.apply_batch(std::mem::take(&mut self.batch)).unwrap();
        self.db.flush().unwrap();
        if let Some(file) = &self.fdatasync {
            file.sync_data().unwrap();
        }
    }
}

impl Stores for Cairn {
    fn put(&mut self, group: usize, text: Text) {
        self.send(group, text);
    }

    fn commit(&mut self) {
        Self::commit(self);
    }
}

pub fn run() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    println!("durable messages a second (fdatasync for each batch), {} bytes of text, 1,000 conversations, zipf", crate::load::TEXT_BYTES);
    println!("median of {ROUNDS} interleaved rounds of {ROUND_TIME:?} [min - max]\n");
    for batch in [64, 512] {
        let mut engines: [(&str, Box<dyn Stores>); 4] = [
            ("raw append + fdatasync", Box::new(RawFile { file: File::create(dir.path().join("raw")).unwrap(), batch: Vec::new() })),
            ("sled, flush (no fsync)", Box::new(Sled::open(&dir.path().join(format!("sled-{batch}")), false))),
            ("sled, flush + fdatasync", Box::new(Sled::open(&dir.path().join(format!("sled-sync-{batch}")), true))),
            ("cairn", Box::new(Cairn::open(&dir.path().join(format!("cairn-{batch}")), crate::load::CONVERSATIONS))),
        ];
        let mut rates = vec![Vec::new(); engines.len()];
        for round in 0..ROUNDS {
            for (rates, (_, engine)) in rates.iter_mut().zip(&mut engines) {
                rates.push(measure(engine.as_mut(), batch, round as u64 + 1));
            }
        }
        println!("batches of {batch}");
        let median = |rates: &[f64]| rates[rates.len() / 2];
        rates.iter_mut().for_each(|rates| rates.sort_by(f64::total_cmp));
        let cairn = median(&rates[3]);
        for ((name, _), rates) in engines.iter().zip(&rates) {
            let (low, high) = (rates[0], rates[rates.len() - 1]);
            println!("  {name:24} {:>10.0}/s [{low:.0} - {high:.0}]   cairn is {:.2} times that", median(rates), cairn / median(rates));
        }
        println!();
    }
}

fn measure(engine: &mut dyn Stores, batch: usize, seed: u64) -> f64 {
    let (zipf, mut random) = (Zipf::new(), Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    // Making texts is not what is measured.
    let texts: Vec<(usize, Text)> = (0..16 * 1024).map(|_| (zipf.pick(&mut random), text(&mut random))).collect();
    let start = Instant::now();
    let mut stored = 0;
    for batch_texts in texts.chunks_exact(batch).cycle() {
        if start.elapsed() >= ROUND_TIME {
            break;
        }
        for (group, text) in batch_texts {
            engine.put(*group, text.clone());
        }
        engine.commit();
        stored += batch;
    }
    stored as f64 / start.elapsed().as_secs_f64()
}
