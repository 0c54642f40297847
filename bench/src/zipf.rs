//! Which conversation a message goes to: some are busy, most are not.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// Picks numbers below a count, the n-th with a share that falls as 1 / n^skew.
#[derive(Debug)]
pub struct Picker {
    /// Walker's alias method: each number keeps a part of its slot, and the rest of the slot belongs to another. So a pick costs one look,
    /// however many numbers there are.
    slots: Vec<Slot>,
    random: StdRng,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The part of the slot, of 2^32, that its own number has.
    own: u32,
    other: u32,
}

impl Picker {
    /// With a skew of 0, all numbers are equally likely. The same seed picks the same numbers. At most 2^32 numbers.
    pub fn new(count: usize, skew: f64, seed: u64) -> Self {
        let shares: Vec<f64> = (1..=count).map(|n| (n as f64).powf(-skew)).collect();
        let mean = shares.iter().sum::<f64>() / count.max(1) as f64;
        let mut left: Vec<f64> = shares.iter().map(|share| share / mean).collect();
        let mut slots: Vec<Slot> = (0..count)
            .map(|n| Slot {
                own: u32::MAX,
                other: n as u32,
            })
            .collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..count).partition(|&n| left[n] < 1.0);
        while let (Some(poor), Some(&rich)) = (small.pop(), large.last()) {
            slots[poor] = Slot {
                own: (left[poor] * f64::from(u32::MAX)) as u32,
                other: rich as u32,
            };
            left[rich] -= 1.0 - left[poor];
            if left[rich] < 1.0 {
                large.pop();
                small.push(rich);
            }
        }
        Self {
            slots,
            random: StdRng::seed_from_u64(seed),
        }
    }

    pub fn pick(&mut self) -> usize {
        let (at, part) = (self.random.random::<u32>(), self.random.random::<u32>());
        // The product's high half: a number below the count, as evenly as 32 bits allow.
        let at = ((u64::from(at) * self.slots.len() as u64) >> 32) as usize;
        let Some(slot) = self.slots.get(at) else {
            return 0;
        };
        if part <= slot.own {
            at
        } else {
            slot.other as usize
        }
    }
}

/// Takes a skew as people type it.
pub fn parse_skew(raw: &str) -> Result<f64, String> {
    match raw.parse::<f64>() {
        Ok(skew) if (0.0..=SKEW_MAX).contains(&skew) => Ok(skew),
        _ => Err(format!("it is not a number from 0 to {SKEW_MAX}")),
    }
}

/// Beyond it, everything goes to the first.
const SKEW_MAX: f64 = 10.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(count: usize, skew: f64, picks: usize) -> Vec<usize> {
        let mut picker = Picker::new(count, skew, 7);
        let mut counts = vec![0; count];
        (0..picks).for_each(|_| counts[picker.pick()] += 1);
        counts
    }

    #[test]
    fn shares_fall_with_the_skew() {
        let counts = counts(100, 1.0, 100_000);
        // The first has 1 / H(100) of all, and twice as much as the second.
        let first = counts[0] as f64 / 100_000.0;
        assert!((first - 1.0 / 5.187).abs() < 0.01, "{first}");
        let ratio = counts[0] as f64 / counts[1] as f64;
        assert!((ratio - 2.0).abs() < 0.15, "{ratio}");
    }

    #[test]
    fn without_skew_all_are_alike() {
        let counts = counts(10, 0.0, 100_000);
        assert!(
            counts.iter().all(|&count| (9_500..10_500).contains(&count)),
            "{counts:?}"
        );
    }

    #[test]
    fn a_seed_is_repeated_and_a_single_one_is_always_picked() {
        let picks = |seed| {
            let mut picker = Picker::new(1_000, 1.0, seed);
            (0..50).map(|_| picker.pick()).collect::<Vec<_>>()
        };
        assert_eq!(picks(1), picks(1));
        assert_ne!(picks(1), picks(2));
        assert_eq!(counts(1, 1.0, 10), [10]);
    }

    #[test]
    fn a_skew_is_a_small_number() {
        assert_eq!(parse_skew("0.8"), Ok(0.8));
        ["-1", "NaN", "inf", "11", "a"]
            .iter()
            .for_each(|raw| assert!(parse_skew(raw).is_err(), "{raw}"));
    }
}
