use crate::zipf::Picker;

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
fn shares_are_equal_without_skew() {
    let counts = counts(10, 0.0, 100_000);
    assert!(
        counts.iter().all(|&count| (9_500..10_500).contains(&count)),
        "{counts:?}"
    );
}

#[test]
fn seed_repeats_and_single_choice_is_always_picked() {
    let picks = |seed| {
        let mut picker = Picker::new(1_000, 1.0, seed);
        (0..50).map(|_| picker.pick()).collect::<Vec<_>>()
    };
    assert_eq!(picks(1), picks(1));
    assert_ne!(picks(1), picks(2));
    assert_eq!(counts(1, 1.0, 10), [10]);
}
