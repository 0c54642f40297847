//! Reconnecting devices with many conversations.

use super::bench;

#[test]
fn reconnect_returns_changes() {
    let report = bench(&[
        "overview",
        "--conversations",
        "60",
        "--changed",
        "12",
        "--rounds",
        "2",
    ]);
    let [many, few] = &report["overviews"].as_array().unwrap()[..] else {
        panic!("{report}")
    };
    let sizes = |measured: &serde_json::Value| {
        ["conversations", "changed"].map(|name| measured[name].as_u64().unwrap())
    };
    assert_eq!((sizes(many), sizes(few)), ([60, 12], [50, 10]));
    for measured in [many, few] {
        assert_eq!(measured["told_right"], true, "{report}");
        for (when, what) in [
            ("warm", "known_ms"),
            ("warm", "login_ms"),
            ("warm", "changed_ms"),
            ("after_restart", "changed_ms"),
            ("after_restart", "all_ms"),
        ] {
            assert!(
                measured[when][what]["p50"].as_f64().unwrap() > 0.0,
                "{when} {what}: {report}"
            );
        }
        let bytes = |what: &str| measured[what].as_u64().unwrap();
        assert!(
            0 < bytes("changed_bytes") && bytes("changed_bytes") < bytes("all_bytes"),
            "{report}"
        );
        // The welcome contains the whole page, and little else.
        assert_eq!(measured["welcome_is_enough"], true, "{report}");
        assert!(
            (1..100).contains(&(bytes("welcome_bytes") - bytes("changed_bytes"))),
            "{report}"
        );
    }
}
