//! File transfers under load.

use super::bench;

#[test]
fn files_transfer_under_load() {
    let found = bench(&[
        "files",
        "--mib",
        "2",
        "--rate",
        "50",
        "--seconds",
        "1",
        "--seed",
        "7",
    ]);
    for way in ["up", "down"] {
        assert!(found[way]["mib_per_s"].as_f64().unwrap() > 0.0, "{found}");
        assert!(
            found[way]["latency_ms"]["p99"].as_f64().unwrap() > 0.0,
            "{found}"
        );
        assert!(
            found[way]["server_mib_more"].is_number() && found[way]["client_mib_more"].is_number(),
            "{found}"
        );
    }
    assert!(
        found["latency_ms_idle"]["p50"].as_f64().unwrap() > 0.0,
        "{found}"
    );
}
