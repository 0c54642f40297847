//! The fuzz targets on any compiler: with every input of the corpus, and with variations of these.
//! `fuzz/run.py` runs them with inputs that the coverage of the code chooses.

#[path = "../../fuzz/src/lib.rs"]
mod fuzzed;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};

use self::fuzzed::corpus;
use self::fuzzed::targets::{TARGETS, Target};

/// All inputs together.
const CORPUS_BYTES_MAX: u64 = 1 << 20;

/// Variations of the inputs of each target.
const VARIATIONS: usize = 400;

/// Changes of an input, at most.
const CHANGES_MAX: usize = 4;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn pack(name: &str) -> Vec<u8> {
    let path = root().join("corpus").join(name).with_extension("pack");
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let name = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    entries.map(|entry| name(entry.unwrap().path())).collect()
}

#[test]
fn every_target_has_a_program_and_a_corpus() {
    let targets: BTreeSet<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("fuzz_targets"), targets);
    assert_eq!(names("corpus"), targets);
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for target in &targets {
        assert!(manifest.contains(&format!("name = \"{target}\"")));
    }
    let bytes: usize = targets.iter().map(|name| pack(name).len()).sum();
    assert!(bytes as u64 <= CORPUS_BYTES_MAX, "{bytes} bytes");
}

#[test]
fn packs_that_are_cut_are_refused() {
    let packed = [&[2, 0, 0, 0, 7, 8][..], &[0, 0, 0, 0]].concat();
    assert_eq!(corpus::unpack(&packed), Ok(vec![&[7, 8][..], &[]]));
    for cut in (1..packed.len()).filter(|cut| *cut != 6) {
        assert!(corpus::unpack(&packed[..cut]).is_err(), "{cut}");
    }
}

/// Runs a target, and shows the input if it panics.
fn run((name, target): Target, input: &[u8]) {
    let ran = std::panic::catch_unwind(|| target(input));
    if let Err(panic) = ran {
        println!("{name}: {input:02x?}");
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn inputs_of_the_corpus_are_harmless() {
    for target in TARGETS {
        let pack = pack(target.0);
        let inputs = corpus::unpack(&pack).unwrap();
        assert!(!inputs.is_empty(), "{} has none", target.0);
        for input in inputs {
            run(*target, input);
        }
    }
}

/// Changes some bytes of an input, its length, or joins it with another one.
fn vary(input: &[u8], other: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut varied = input.to_vec();
    for _ in 0..random.random_range(1..=CHANGES_MAX) {
        let at = random.random_range(0..=varied.len());
        match random.random_range(0..6) {
            0 => varied.truncate(at),
            1 => varied.insert(at, random.random()),
            2 => varied.extend_from_slice(&other[..random.random_range(0..=other.len())]),
            3 => {
                let end = random.random_range(at..=varied.len());
                random.fill_bytes(&mut varied[at..end]);
            }
            4 => {
                let part = varied[at..].to_vec();
                varied.splice(at..at, part);
            }
            _ => {
                if let Some(byte) = varied.get_mut(at) {
                    *byte ^= 1 << random.random_range(0..8);
                }
            }
        }
    }
    varied
}

#[test]
fn variations_of_the_corpus_are_harmless() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for target in TARGETS {
        let pack = pack(target.0);
        let inputs = corpus::unpack(&pack).unwrap();
        for _ in 0..VARIATIONS {
            let [one, other] = [(); 2].map(|()| inputs[random.random_range(0..inputs.len())]);
            run(*target, &vary(one, other, &mut random));
        }
    }
}
