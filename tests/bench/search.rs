//! Searches among generated messages, and sends beside them.

use super::bench;

#[test]
fn words_are_found_and_sends_go_on() {
    let report = bench(&[
        "search",
        "--messages",
        "3000",
        "--conversations",
        "3",
        "--times",
        "3",
        "--seconds",
        "0.3",
        "--rounds",
        "1",
    ]);
    let queries = report["queries"].as_array().unwrap();
    let hits = |name: &str| {
        let query = queries.iter().find(|query| query["query"] == name);
        query.unwrap_or_else(|| panic!("{report}"))["hits"].clone()
    };
    for common in ["common word", "two characters", "prefix", "from: + word"] {
        assert!(hits(common).as_u64().unwrap() >= 20, "{common}: {report}");
    }
    assert_eq!(hits("absent word"), 0);
    assert!(report["cpu_s_per_million"].as_f64().unwrap() > 0.0);
    assert!(report["send_ratio"].as_f64().unwrap() > 0.0);
}
