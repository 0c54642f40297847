use crate::latency::Latencies;
use crate::live::mixed::plan::Span;
use crate::live::mixed::results::DayCounts;
use crate::live::traffic::cursor::Anomalies;
use crate::live::traffic::results::TrafficResults;
use std::time::{Duration, Instant};

#[test]
fn counts_belong_to_the_phase_of_the_due_time() {
    let began = Instant::now();
    let after = |seconds| began + Duration::from_secs(seconds);
    let span = |name: &str, [begins, ends]: [u64; 2]| Span {
        name: name.to_owned(),
        begins: Duration::from_secs(begins),
        ends: Duration::from_secs(ends),
    };
    let tally = DayCounts::new(
        began,
        vec![span("morning", [0, 10]), span("evening", [10, 15])],
    );
    assert_eq!(
        [0, 9, 10, 14, 15, 99].map(|seconds| tally.phase_at(after(seconds))),
        [0, 0, 1, 1, 1, 1]
    );
    tally.count(after(9), |counts| counts.sent += 1);
    tally.delivered(after(12), &[1, 3, 4].map(Duration::from_secs), after(9));
    tally.read(|counts| {
        assert_eq!((counts[0].sent, counts[1].sent), (1, 0));
        assert_eq!((counts[0].delivered, counts[1].delivered), (2, 1));
        assert_eq!(
            (counts[0].delivery.count(), counts[1].delivery.count()),
            (1, 1),
            "one waited for its device"
        );
    });
}

#[test]
fn failed_check_fails_the_run() {
    let with = |anomalies: Anomalies| {
        let found = TrafficResults {
            anomalies: Some(anomalies),
            ..TrafficResults::default()
        };
        found.list().has_failed
    };
    let nothing = Anomalies::default();
    assert!(!with(nothing));
    assert!(with(Anomalies {
        missing: 1,
        ..nothing
    }));
    assert!(with(Anomalies {
        duplicates: 1,
        ..nothing
    }));
    assert!(with(Anomalies {
        out_of_order: 1,
        ..nothing
    }));
    let lost = TrafficResults {
        connections_lost: Some(1),
        ..TrafficResults::default()
    };
    assert!(lost.list().has_failed);
    assert!(!TrafficResults::default().list().has_failed);
}

#[test]
fn text_has_measured_values_and_json_all_fields() {
    let mut latency = Latencies::default();
    latency.record(Duration::from_millis(2));
    let found = TrafficResults {
        seconds: Some(1.0),
        accepted: Some(450_000),
        latency,
        ..TrafficResults::default()
    };
    let results = found.list();
    let figures: Vec<_> = results
        .figures
        .iter()
        .map(|figure| (figure.name.as_str(), figure.value.as_str()))
        .collect();
    let latency = "p50 2.00  p90 2.00  p99 2.00  p99.9 2.00  max 2.00 ms";
    assert_eq!(figures, [("accepted", "450,000 /s"), ("latency", latency)]);
    let json = serde_json::to_value(results).unwrap();
    let fields = [
        "timeline",
        "accept_latency_distribution",
        "deliveries_per_s",
        "missing",
        "server_kib_per_connection",
        "messages_per_commit",
    ];
    let object = json.as_object().unwrap();
    assert!(
        fields
            .iter()
            .all(|field| json[*field].is_null() && object.contains_key(*field))
    );
}
