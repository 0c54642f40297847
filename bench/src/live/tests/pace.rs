use crate::live::traffic::pace::{Pace, Turns, Window};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[test]
fn turns_share_out_the_rate() {
    let began = Instant::now();
    let turns = |sender| Turns {
        began,
        rate: 1_000.0,
        sender,
        senders: 4,
    };
    let millis = |sender, turn| (turns(sender).at(turn) - began).as_secs_f64() * 1_000.0;
    let all: Vec<f64> = (0..3)
        .flat_map(|turn| (0..4).map(move |sender| (sender, turn)))
        .map(|(s, t)| millis(s, t))
        .collect();
    assert!(
        all.iter()
            .zip(0..)
            .all(|(at, n)| (at - f64::from(n)).abs() < 1e-3),
        "{all:?}"
    );
}

#[test]
fn a_message_that_is_late_keeps_the_time_it_was_meant_for() {
    let began = Instant::now();
    let pace = Pace {
        in_flight: 2,
        turns: Some(Turns {
            began,
            rate: 10.0,
            sender: 0,
            senders: 1,
        }),
        window: Arc::new(Window::open()),
    };
    let late = began + Duration::from_secs(1);
    assert_eq!(pace.next(began, 0, 0), Some(began));
    assert_eq!(pace.next(began, 0, 1), None, "too early");
    assert_eq!(
        pace.next(late, 0, 1),
        Some(began + Duration::from_millis(100))
    );
    assert_eq!(pace.next(late, 2, 1), None, "too many are unanswered");
}

#[test]
fn a_window_closes_when_it_is_full_and_opens_when_half_is_delivered() {
    let window = Arc::new(Window::new(100, Arc::new([Arc::default()])));
    let pace = Pace {
        in_flight: 1,
        turns: None,
        window: Arc::clone(&window),
    };
    let now = Instant::now();
    window.sent(99);
    assert_eq!(pace.next(now, 0, 0), Some(now));
    window.sent(99);
    assert_eq!(pace.next(now, 0, 0), None);
    window.delivered(147);
    assert_eq!(
        pace.next(now, 0, 0),
        None,
        "more than half is still on its way"
    );
    window.delivered(1);
    assert_eq!(pace.next(now, 0, 0), Some(now));
    assert_eq!(window.undelivered(), 50);
}
