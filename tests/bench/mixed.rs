//! Mixed load: a working day of a team.

use std::path::Path;

use serde_json::Value;

use super::{assert_sound, bench};
use crate::support::cairn;

const SMALL_DAY: &str = r#"
seconds = 60
people = 4
devices_each = 2
history = 20
lengths = [{ bytes = 40, share = 3 }, { bytes = 3000, share = 1 }]

[small_groups]
count = 3
members = [2, 3]
share = 1

[large_groups]
count = 1
members = [4, 4]
share = 1

[direct_chats]
count = 3
share = 1

[reading]
percent = 100
after_minutes = 1

[dropping]
away_minutes = [5, 15]

[scrolling]
pages = 2
messages = 10

[[phases]]
name = "work"
minutes = 60
messages_per_hour = 40
scrolls_per_hour = 10
drops_per_hour = 4

[[phases]]
name = "rest"
minutes = 30
messages_per_hour = 20
scrolls_per_hour = 0
drops_per_hour = 0
"#;

fn scenario(dir: &Path, text: &str) -> String {
    let path = dir.join("day.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn small_day_is_complete() {
    let dir = tempfile::tempdir().unwrap();
    let report = bench(&[
        "mixed",
        "--scenario",
        &scenario(dir.path(), SMALL_DAY),
        "--seconds",
        "3",
    ]);
    assert_sound(&report);
    let count = |of: &Value, what: &str| of[what].as_u64().unwrap();
    assert!(
        count(&report, "sent") > 0 && count(&report, "sent") == count(&report, "accepted"),
        "{report}"
    );
    // Every conversation has at least two members with two devices each.
    assert!(
        count(&report, "deliveries") >= 4 * count(&report, "sent"),
        "{report}"
    );
    assert!(
        count(&report, "deliveries") > count(&report, "caught_up"),
        "{report}"
    );
    for happened in ["reads", "reconnects", "pages"] {
        assert!(count(&report, happened) > 0, "{happened}: {report}");
    }
    for latency in ["latency_ms", "accept_latency_ms", "reconnect_ms", "page_ms"] {
        assert!(
            report[latency]["p50"].as_f64().unwrap() <= report[latency]["max"].as_f64().unwrap(),
            "{latency}: {report}"
        );
    }
    let phases = report["phases"].as_array().unwrap();
    assert_eq!(
        phases
            .iter()
            .map(|phase| phase["name"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["work", "rest"]
    );
    for sum in [
        "sent",
        "accepted",
        "deliveries",
        "caught_up",
        "reads",
        "reconnects",
        "pages",
    ] {
        assert_eq!(
            phases.iter().map(|phase| count(phase, sum)).sum::<u64>(),
            count(&report, sum),
            "{sum}: {report}"
        );
    }
    assert_eq!(report["settings"]["day"]["people"], 4);
    assert_eq!(report["settings"]["seconds"], 3);
}

#[test]
fn invalid_scenario_is_refused_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = scenario(
        dir.path(),
        &SMALL_DAY.replace("[reading]", "[reading]\ntyping = true"),
    );
    let output = cairn(&["bench", "mixed", "--scenario", &path])
        .output()
        .unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        [
            path.as_str(),
            "line 23",
            "unknown field `typing`",
            "--print-scenario"
        ]
        .iter()
        .all(|part| said.contains(part)),
        "{said}"
    );
}

#[test]
fn print_scenario_only_prints() {
    let output = cairn(&["bench", "mixed", "--print-scenario"])
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("# A working day of a team") && text.contains("\n[[phases]]\n"),
        "{text}"
    );
    assert!(
        !cairn(&["bench", "mixed", "--print-scenario", "--seconds", "1"])
            .output()
            .unwrap()
            .status
            .success()
    );
}
