use crate::live::traffic::pace::{Clock, Pace, Turns, Wakes, Window};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

#[test]
fn turns_share_the_rate() {
    let turns = Turns::begin(1_000, 4);
    let began = turns.at(0, 0);
    let each: Vec<Instant> = (0..3)
        .flat_map(|sent| (0..4).map(move |sender| turns.at(sender, sent)))
        .collect();
    for (n, at) in (0..).zip(&each) {
        let late = (*at - began).as_secs_f64() * 1_000.0 - f64::from(n);
        assert!(late.abs() < 1e-3, "{n}: {each:?}");
    }
    let all: Vec<(Instant, usize)> = turns.all().take(12).collect();
    let senders = (0..4).cycle();
    assert_eq!(all, each.into_iter().zip(senders).collect::<Vec<_>>());
}

#[test]
fn late_message_keeps_its_due_time() {
    let turns = Turns::begin(10, 1);
    let began = turns.at(0, 0);
    let pace = Pace {
        in_flight: 2,
        turns: Some(turns),
        window: Arc::new(Window::new(i64::MAX, 1)),
    };
    let late = began + Duration::from_secs(1);
    assert_eq!(pace.next(began, 0, 0, 0), Some(began));
    assert_eq!(pace.next(began, 0, 0, 1), None, "too early");
    assert_eq!(
        pace.next(late, 0, 0, 1),
        Some(began + Duration::from_millis(100))
    );
    assert_eq!(pace.next(late, 2, 0, 1), None, "too many are unanswered");
}

#[test]
fn window_closes_when_full_and_reopens_at_half() {
    let window = Arc::new(Window::new(100, 1));
    let pace = Pace {
        in_flight: 1,
        turns: None,
        window: Arc::clone(&window),
    };
    let now = Instant::now();
    window.sent(99);
    assert_eq!(pace.next(now, 0, 0, 0), Some(now));
    window.sent(99);
    assert_eq!(pace.next(now, 0, 0, 0), None);
    window.delivered(147);
    assert_eq!(
        pace.next(now, 0, 0, 0),
        None,
        "more than half is still on its way"
    );
    window.delivered(1);
    assert_eq!(pace.next(now, 0, 0, 0), Some(now));
    assert_eq!(window.undelivered(), 50);
}

#[tokio::test]
async fn clock_wakes_senders_until_dropped() {
    let wakes: Wakes = (0..2).map(|_| Arc::default()).collect();
    let (held, ended) = mpsc::channel::<()>();
    let (now, later) = (Instant::now(), Duration::from_secs(3_600));
    let turns = [(now, 1), (now, 0), (now + later, 0)];
    let turns = turns.into_iter().inspect(move |_| drop(held.clone()));
    let clock = Clock::start(Arc::clone(&wakes), turns).unwrap();
    wakes[0].notified().await;
    wakes[1].notified().await;
    drop(clock);
    // The thread holds the times until it ends.
    assert!(ended.recv_timeout(Duration::from_secs(60)).is_err());
}
