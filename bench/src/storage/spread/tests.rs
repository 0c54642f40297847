use super::*;

#[test]
fn spread_is_median_min_and_max() {
    assert_eq!(Spread::of(&[]), None);
    assert_eq!(
        Spread::of(&[5.0, 1.0, 3.0]),
        Some(Spread {
            median: 3.0,
            min: 1.0,
            max: 5.0
        })
    );
}
