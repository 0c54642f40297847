use std::cell::RefCell;
use std::rc::Rc;

use tokio::sync::watch;

use crate::error::BenchError;
use crate::limits;
use crate::live::target::Reading;
use crate::results::Results;
use crate::watcher::Watcher;
use cairn_client::proto::wire::metrics::{Bucket, CheckpointMetrics};
use cairn_client::proto::wire::metrics::{Histogram, Metrics};

fn reading(written_bytes: Option<u64>, times: u64) -> Reading {
    let syncs = [(500, 3), (4_000, 1)].map(|(up_to_micros, count)| Bucket {
        up_to_micros,
        count: count * times,
    });
    let metrics = Metrics {
        uptime_micros: 2_000_000 * times,
        commits: 4 * times,
        entries: 100 * times,
        log_bytes: 20_000 * times,
        prepared_bytes: 64_000 * times,
        syncs: Histogram::from_iter(syncs),
        checkpoints: CheckpointMetrics {
            entries: 50 * times,
            ..CheckpointMetrics::default()
        },
        ..Metrics::default()
    };
    Reading {
        metrics,
        written_bytes,
    }
}

#[test]
fn usage_is_the_difference_of_readings() {
    let (began, ended) = (reading(Some(1_000_000), 3), reading(Some(1_100_000), 4));
    let json = json(Reading::between(Some(began), Some(ended)));
    let expected = serde_json::json!({
        "messages_per_commit": 25.0,
        "fdatasync_per_s": 2.0,
        "fdatasync_ms": { "p50": 0.5, "p99": 4.0 },
        "log_bytes_per_message": 200.0,
        "sled_bytes_per_message": 320.0,
    });
    assert_eq!(json, expected);
}

#[test]
fn unknown_usage_is_null() {
    let (began, ended) = (reading(None, 3), reading(Some(7), 4));
    let found = Reading::between(Some(began.clone()), Some(ended.clone()));
    let found = json(found);
    assert_eq!(found["messages_per_commit"], 25.0);
    assert!(found["sled_bytes_per_message"].is_null());
    let nothing = [
        Reading::between(None, Some(ended.clone())),
        Reading::between(Some(ended), Some(began)),
    ];
    for found in nothing {
        let mut results = Results::default();
        Reading::list(found.as_ref(), &mut results);
        assert!(results.figures.is_empty());
        let json = json(found);
        assert!(
            json.as_object()
                .unwrap()
                .values()
                .all(serde_json::Value::is_null)
        );
    }
}

fn json(found: Option<Reading>) -> serde_json::Value {
    let mut results = Results::default();
    Reading::list(found.as_ref(), &mut results);
    serde_json::to_value(results).unwrap()
}

#[tokio::test]
async fn gathered_results_keep_their_order() {
    let count = 3 * limits::AT_ONCE;
    let work = |at: usize| async move {
        for _ in 0..count - at {
            tokio::task::yield_now().await;
        }
        Ok(at)
    };
    let told = Rc::new(RefCell::new(String::new()));
    let last = Rc::clone(&told);
    let (_stop, stop) = watch::channel(false);
    let watcher = Watcher::new(stop, move |text| *last.borrow_mut() = text());
    let given = watcher.gather(limits::AT_ONCE, "done", (0..count).map(work));
    assert_eq!(given.await.unwrap(), (0..count).collect::<Vec<_>>());
    assert_eq!(*told.borrow(), format!("{count} of {count} done"));
    let fails = |at: usize| async move {
        if at == 5 {
            Err(BenchError::EndedEarly)
        } else {
            Ok(at)
        }
    };
    let failed = watcher.gather(limits::AT_ONCE, "done", (0..count).map(fails));
    assert!(matches!(failed.await, Err(BenchError::EndedEarly)));
}
