use serde::Serialize;

use crate::results::*;

#[derive(Serialize)]
struct Load {
    clients: u16,
}

fn report() -> Report {
    let subject = Subject {
        server: Some("a server of its own".to_owned()),
        server_settings: [("messages-per-second", "0")].into(),
        durability: Durability::Fdatasync,
        seed: 7,
    };
    let mut results = Results::default();
    let taken = serde_json::json!({ "p50": 1.0, "p999": 2.5 });
    list! { results;
        "accepted_per_s": Some(2.5), Unit::PER_S, "accepted" => "messages";
        "missing": None::<u64>, Unit::COUNT, "missing" => "deliveries";
        "latency_ms": taken, Unit::MILLIS, "latency" => "of a send";
    }
    let rows = [serde_json::json!({ "name": "a", "latency_ms": { "p50": 1.25 } })];
    let columns = [
        Column::new("engine", "/name", Unit::COUNT),
        Column::new("p50", "/latency_ms/p50", Unit::new(1, " ms")),
        Column::new("p99", "/latency_ms/p99", Unit::COUNT),
    ];
    results.table("engines", ("Engines", "Less is better."), &columns, &rows);
    results.counted_s = Some(2.0);
    subject.report("send", &Load { clients: 3 }, true, results)
}

#[test]
fn json_is_flat_with_null_for_unmeasured() {
    let json = serde_json::to_value(report()).unwrap();
    assert_eq!(json["accepted_per_s"], 2.5);
    assert_eq!(json["durability"], "fdatasync");
    assert!(json["machine"]["cores"].as_u64() > Some(0));
    assert_eq!(json["seed"], 7);
    assert_eq!(json["server_settings"]["messages-per-second"], "0");
    assert!(
        json["measured_at"].as_str().unwrap().ends_with('Z'),
        "{json}"
    );
    assert_eq!(json["engines"][0]["latency_ms"]["p50"], 1.25);
    assert_eq!(json["settings"], serde_json::json!({ "clients": 3 }));
    let fields = [
        "benchmark",
        "version",
        "server",
        "settings",
        "interrupted",
        "missing",
    ];
    let object = json.as_object().unwrap();
    assert!(
        fields.iter().all(|field| object.contains_key(*field)),
        "{json}"
    );
    assert!(json["missing"].is_null());
}

#[test]
fn text_shows_units() {
    let results = report().results;
    let figures: Vec<_> = results
        .figures
        .iter()
        .map(|figure| (figure.name.as_str(), figure.value.as_str()))
        .collect();
    assert_eq!(
        figures,
        [("accepted", "2 /s"), ("latency", "p50 1.00  p99.9 2.50 ms")]
    );
    assert_eq!(results.tables[0].rows, [["a", "1.2 ms", "–"]]);
}

#[test]
fn numbers_are_readable() {
    let numbers = [
        (0.0, "0"),
        (999.4, "999"),
        (1_000.0, "1,000"),
        (123_456.0, "123,456"),
        (1_234_567.8, "1,234,568"),
    ];
    numbers
        .iter()
        .for_each(|&(number, expected)| assert_eq!(grouped(number), expected));
    assert_eq!(Unit::SECONDS.show(1_234.567), "1,234.57 s");
    assert_eq!(
        [0.123, 12.34, 1_234.5].map(|n| Unit::short("").show(n)),
        ["0.12", "12.3", "1,234"]
    );
    let sizes = [
        (0, "0 B"),
        (1_536, "1.5 KiB"),
        (300_u64 << 10, "300.0 KiB"),
        (10 << 30, "10.0 GiB"),
    ];
    sizes
        .iter()
        .for_each(|&(bytes, expected)| assert_eq!(Unit::SIZE.show(bytes as f64), expected));
}
