//! `cairn bench`, through the binary.

mod catchup;
mod desk;
mod files;
mod mixed;
mod overview;
mod search;

use serde_json::Value;

use crate::support::cairn;

/// Runs a benchmark that succeeds, and returns its JSON report.
fn bench(args: &[&str]) -> Value {
    let output = cairn(&[&["bench"], args, &["--json"]].concat())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Checks that every message arrived exactly once and in order.
fn assert_sound(found: &Value) {
    let is_none = |name: &&str| assert_eq!(found[name], 0, "{name}: {found}");
    ["missing", "duplicates", "out_of_order"]
        .iter()
        .for_each(is_none);
}

#[test]
fn stalled_receivers_delay_no_one_and_catch_up() {
    let load = [
        "fanout",
        "--receivers",
        "5",
        "--conversations",
        "2",
        "--inflight",
        "4",
        "--seconds",
        "1",
    ];
    let found = bench(&[&load[..], &["--stalled", "2", "--stall-seconds", "1"]].concat());
    assert_sound(&found);
    assert_eq!(found["stalled_missing"], 0);
    let is_number = |name: &&str| assert!(found[name].is_number(), "{name}: {found}");
    ["p99_ratio", "stalled_level_after_s"]
        .iter()
        .for_each(is_number);
    // If the stalled receivers were reading, they would not fall behind; if the senders waited for
    // them, the distance would be at most the messages in flight.
    assert!(found["stalled_behind"].as_u64().unwrap() > 4 * 5, "{found}");

    let calm = bench(&load);
    let is_null = |name: &&str| assert!(calm[name].is_null(), "{name}: {calm}");
    ["p99_ratio", "stalled_missing", "stalled_behind"]
        .iter()
        .for_each(is_null);
    assert_sound(&calm);
}
