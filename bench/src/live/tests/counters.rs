use crate::live::traffic::counters::{Counters, Counts};
use std::time::Duration;

const ONE: &[Duration] = &[Duration::from_millis(1)];

#[test]
fn only_the_counted_span_counts() {
    let counters = Counters::new(None);
    let counts = || counters.read(|counts| (counts.accept.count(), counts.delivery.count()));
    counters.accepted(ONE);
    counters.delivered(ONE);
    assert_eq!(counts(), (0, 0));
    counters.begin();
    counters.accepted(ONE);
    counters.delivered(&[ONE[0]; 3]);
    assert_eq!(counts(), (1, 3));
    counters.end();
    counters.accepted(ONE);
    counters.delivered(ONE);
    assert_eq!(counts(), (1, 3));
    assert!(counters.is_over());
    let elapsed = counters.read(Counts::elapsed);
    assert_eq!(
        counters.read(Counts::elapsed),
        elapsed,
        "the time stands still"
    );
}

#[test]
fn count_restarts_under_load() {
    let counters = Counters::new(Some(1));
    counters.begin();
    counters.accepted(ONE);
    counters.pause();
    assert!(!counters.is_over());
    counters.begin_again();
    counters.accepted(&[ONE[0]; 3]);
    assert_eq!(counters.read(|counts| counts.accept.count()), 3);
}

#[tokio::test]
async fn goal_ends_the_count() {
    let counters = Counters::new(Some(2));
    counters.begin();
    counters.accepted(ONE);
    counters.accepted(ONE);
    counters.accepted(ONE);
    counters.reached.notified().await;
    assert_eq!(counters.read(|counts| counts.accept.count()), 2);
}
