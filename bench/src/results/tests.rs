use super::*;

#[derive(Args, Serialize)]
struct Load {
    /// Clients that send
    #[arg(long)]
    many_clients: u16,
    /// Members of each group
    #[arg(long, value_delimiter = ',')]
    sizes: Vec<u32>,
    /// Messages a second [default: as fast as it goes]
    #[arg(long)]
    rate: Option<f64>,
    /// A secret
    #[arg(long)]
    #[serde(skip)]
    link: Option<String>,
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} clients", self.many_clients)
    }
}

fn load() -> Load {
    Load {
        many_clients: 3,
        sizes: vec![10, 100],
        rate: None,
        link: Some("secret".to_owned()),
    }
}

fn report(durability: Durability) -> Report {
    let subject = Subject {
        server: Some("a server of its own".to_owned()),
        durability,
        seed: 7,
    };
    let mut results = Results {
        counted_s: Some(2.0),
        ..Results::default()
    };
    results.figure(
        "accepted_per_s",
        Some(2.5),
        Unit::PER_S,
        "accepted",
        "messages",
    );
    results.figure("missing", None::<u64>, Unit::COUNT, "missing", "deliveries");
    let rows = [serde_json::json!({ "name": "a", "latency_ms": { "p50": 1.25 } })];
    let columns = [
        Column::new("engine", "/name", Unit::COUNT),
        Column::new("p50", "/latency_ms/p50", Unit::new(1, " ms")),
        Column::new("p99", "/latency_ms/p99", Unit::COUNT),
    ];
    results.table("engines", ("Engines", "Less is better."), &columns, &rows);
    Report {
        measured_at: Timestamp::UNIX_EPOCH,
        machine: Machine {
            cores: 2,
            cpu: Some("Abacus".to_owned()),
            kernel: None,
        },
        ..Report::new("send", subject, &load(), true, results)
    }
}

#[test]
fn json_is_one_flat_object_with_null_for_what_was_not_measured() {
    let json = serde_json::to_value(report(Durability::Fdatasync)).unwrap();
    assert_eq!(json["accepted_per_s"], 2.5);
    assert_eq!(json["durability"], "fdatasync");
    assert_eq!(json["machine"]["cores"], 2);
    assert_eq!(json["seed"], 7);
    assert_eq!(json["measured_at"], "1970-01-01T00:00:00Z");
    assert_eq!(json["engines"][0]["latency_ms"]["p50"], 1.25);
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
    assert!(!object.contains_key("summary"));
}

#[test]
fn people_see_what_was_measured_with_its_conditions() {
    let report_of = report(Durability::Fdatasync);
    let figures: Vec<_> = report_of
        .results
        .figures
        .iter()
        .map(|figure| &figure.value)
        .collect();
    assert_eq!(figures, ["2 /s"]);
    assert_eq!(report_of.results.tables[0].rows, [["a", "1.2 ms", "–"]]);
    let value = |name: &str| {
        let conditions = report_of.conditions();
        let found = conditions
            .into_iter()
            .find(|&(condition, _)| condition == name);
        found.unwrap().1
    };
    assert_eq!(report_of.summary, "3 clients");
    assert_eq!(value("counted"), "for 2.0 s, ended early");
    assert_eq!(value("durability"), "every accept is on disk (fdatasync)");
    assert_eq!(value("machine"), "2 cores, CPU Abacus, kernel unknown");
    assert_eq!(value("seed"), "7");
    let conditions = report(Durability::None).conditions();
    assert!(
        conditions
            .iter()
            .any(|(_, value)| value.contains("NOT durable"))
    );
}

#[test]
fn options_are_shown_as_they_are_typed() {
    let setting = |option: &str, value: Option<&str>, meaning: &str| Setting {
        option: option.to_owned(),
        value: value.map(str::to_owned),
        meaning: meaning.to_owned(),
    };
    let rate = "Messages a second [default: as fast as it goes]";
    let expected = [
        setting("--many-clients", Some("3"), "Clients that send"),
        setting("--sizes", Some("10,100"), "Members of each group"),
        setting("--rate", None, rate),
    ];
    assert_eq!(options(&load()), expected);
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
        (0, "0.0 KiB"),
        (1_536, "1.5 KiB"),
        (300 << 10, "300 KiB"),
        (10 << 30, "10.0 GiB"),
        (9 << 50, "9216 TiB"),
    ];
    sizes
        .iter()
        .for_each(|&(bytes, expected)| assert_eq!(sized(bytes), expected));
    assert_eq!(
        [1, 2_000].map(|count| counted(count, "group")),
        ["1 group", "2,000 groups"]
    );
}
