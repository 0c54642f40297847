//! Damage to the files of a killed server, which must never go unnoticed: server or doctor refuses
//! the directory, or everything is still there. Losses of the last second before the kill are
//! counted apart: they cannot be told from a torn write.
//!
//! A few mutations by default; the full run is `CAIRN_DAMAGE_ROUNDS=200 cargo test --test main
//! damage -- --nocapture`, which prints a table. The mutations depend on a seed, which is printed;
//! `CAIRN_DAMAGE_SEED` sets it.

mod base;
mod mutation;
mod verdict;

use std::collections::BTreeMap;

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use self::base::{Base, Moment};
use self::mutation::{KINDS, Kind};
use self::verdict::Verdict;

/// Mutations by default.
const ROUNDS: usize = 8;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|value| value.parse().expect("a number"))
}

/// The verdicts on each kind of mutation.
type Table = BTreeMap<(Kind, Verdict), u32>;

async fn damage(base: &mut Base, rounds: usize, random: &mut StdRng) -> Table {
    let mut table = Table::new();
    for round in 0..rounds {
        let kind = KINDS[round % KINDS.len()];
        base.restore();
        let what = kind.apply(base, random);
        let (verdict, said) = verdict::of(base).await;
        println!("{kind:?} {what}: {verdict:?} {said}");
        *table.entry((kind, verdict)).or_default() += 1;
    }
    table
}

fn count(table: &Table, verdict: Verdict) -> u32 {
    let found = table.iter().filter(|((_, found), _)| *found == verdict);
    found.map(|(_, count)| count).sum()
}

fn print(title: &str, table: &Table) {
    println!("{title}:");
    for kind in KINDS {
        let of = |verdict| table.get(&(*kind, verdict)).copied().unwrap_or(0);
        println!(
            "  {kind:?}: {} refused, {} harmless, {} of the last second, {} silent, {} panicked",
            of(Verdict::Refused),
            of(Verdict::Harmless),
            of(Verdict::LastSecond),
            of(Verdict::Silent),
            of(Verdict::Panicked)
        );
    }
}

#[tokio::test]
async fn damage_is_never_silent() {
    let rounds =
        setting("CAIRN_DAMAGE_ROUNDS").map_or(ROUNDS, |rounds| usize::try_from(rounds).unwrap());
    let seed = setting("CAIRN_DAMAGE_SEED").unwrap_or_else(rand::random);
    println!("CAIRN_DAMAGE_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);

    let mut base = Base::killed(Moment::Quiet).await;
    let table = damage(&mut base, rounds, &mut random).await;
    print("killed after the watermark was written", &table);
    assert_eq!(count(&table, Verdict::Silent), 0, "{table:?}");
    assert_eq!(count(&table, Verdict::Panicked), 0, "{table:?}");

    // Damage to what was accepted after the last watermark may look like a torn write.
    let mut base = Base::killed(Moment::Busy).await;
    let table = damage(&mut base, rounds.div_ceil(4), &mut random).await;
    print("killed within a second of the last messages", &table);
    assert_eq!(count(&table, Verdict::Silent), 0, "{table:?}");
    assert_eq!(count(&table, Verdict::Panicked), 0, "{table:?}");
}
