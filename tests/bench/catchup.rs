//! Reconnecting devices catch up.

use super::{assert_sound, bench};

#[test]
fn reconnecting_devices_catch_up() {
    let report = bench(&[
        "catchup",
        "--connections",
        "5",
        "--conversations",
        "3",
        "--members",
        "2",
        "--messages",
        "40",
        "--seed",
        "7",
    ]);
    assert_sound(&report);
    assert_eq!(report["devices_level"], 5);
    // 40 messages over 3 groups: at most 14 in each.
    assert_eq!(report["deliveries"], 5 * 3 * 14);
    assert_eq!(
        (&report["settings"]["members"], &report["seed"]),
        (&2.into(), &7.into())
    );
    let level = |which: &str| report["level_s"][which].as_f64().unwrap();
    assert!(
        0.0 < level("first")
            && level("first") <= level("median")
            && level("median") <= level("last"),
        "{report}"
    );
    assert!(
        report["deliveries_per_s"].as_f64().unwrap() > 0.0
            && report["bytes_per_s"].as_f64().unwrap() > 0.0
    );
    let mib = |when: &str| report[format!("server_mib_{when}")].as_f64().unwrap();
    assert!(
        mib("before") > 0.0 && mib("before") <= mib("max") && mib("after") <= mib("max"),
        "{report}"
    );
}
