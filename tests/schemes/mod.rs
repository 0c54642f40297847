//! `cairn bench schemes`, through the binary: it kills real processes, and reports lost messages.

use crate::support::cairn;

#[test]
fn kill_before_push_loses_only_offline_copies() {
    let dir = tempfile::tempdir().unwrap();
    let command = [
        "bench",
        "schemes",
        "--json",
        "--sizes",
        "10",
        "--online",
        "80",
        "--batch",
        "8",
        "--seconds",
        "0.03",
        "--dir",
    ];
    let output = cairn(&command).arg(dir.path()).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let cells = report["schemes"].as_array().unwrap();
    let lost: Vec<_> = cells
        .iter()
        .map(|cell| {
            (
                cell["scheme"].as_str().unwrap(),
                cell["lost"].as_u64().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("offline_copies", 8 * 8),
        ("member_copies", 0),
        ("body_and_ids", 0),
        ("body_and_cursors", 0),
        ("cairn", 0),
    ];
    assert_eq!(lost, expected);
    for cell in cells {
        assert_eq!(cell["at_stake"], 8 * 10, "{cell}");
        let measured = [
            "sends_per_s",
            "accepted_per_s",
            "writes_per_send",
            "bytes_per_send",
            "ack_us_per_send",
            "bytes_left_per_send",
        ];
        assert!(measured.iter().all(|field| cell[field].is_f64()), "{cell}");
    }
    assert!(
        report["cairn_over_fastest"].is_f64() && report["cairn_largest_over_smallest"].is_null(),
        "{report}"
    );
    assert_eq!(
        dir.path().read_dir().unwrap().count(),
        0,
        "nothing is left behind"
    );
}
