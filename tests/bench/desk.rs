//! Small support desks, with crashes of the server and of an agent.

use std::thread;

use serde_json::Value;

use super::bench;

fn desk(more: &[&str]) -> Value {
    let load = ["--visitors-per-minute", "600", "--agents", "9"];
    let report = bench(&[&["desk", "--talk-seconds", "0.3"], &load[..], more].concat());
    // The arrivals follow from the seed.
    assert!(report["visitors"].as_u64().unwrap() > 20, "{report}");
    assert_eq!(report["answered"], report["visitors"], "{report}");
    for none in ["failed", "lost", "twice", "unsound", "open", "given_up"] {
        assert_eq!(report[none], 0, "{none}: {report}");
    }
    for measured in ["offer_ms", "accept_ms", "asked_to_offer_ms"] {
        assert!(report[measured]["p99"].is_number(), "{measured}: {report}");
    }
    report
}

#[test]
fn every_inquiry_is_answered_once_across_crashes() {
    // The server notices after half a minute that the killed agent is gone: both wait together.
    let of_agents = || desk(&["--minutes", "0.05", "--kill-agents", "50", "--rounds", "0"]);
    let crash = ["--minutes", "0.1", "--kill-server", "2", "--rounds", "1"];
    let of_server = || desk(&[&crash[..], &["--storm", "1000"]].concat());
    let (of_agents, of_server) = thread::scope(|scope| {
        let of_agents = scope.spawn(of_agents);
        let of_server = of_server();
        (of_agents.join().unwrap(), of_server)
    });
    assert_eq!(of_agents["agents_killed"], 1, "{of_agents}");
    assert_eq!(of_agents["not_handed_over"], 0, "{of_agents}");
    for queue in of_agents["fairness"].as_array().unwrap() {
        assert!(queue["jain"].as_f64().unwrap() > 0.8, "{of_agents}");
    }

    assert_eq!(of_server["server_kills"], 2, "{of_server}");
    assert!(
        of_server["send_ratio"].as_f64().unwrap() > 0.0,
        "{of_server}"
    );
    // 1,000 inquiries wait for ten agents with five places each, twice.
    let storm = of_server["storm"].as_array().unwrap();
    let each = |field: &str| {
        storm
            .iter()
            .map(|stage| stage[field].as_u64().unwrap())
            .collect()
    };
    let (given, given_max, visited_max): (Vec<u64>, Vec<u64>, Vec<u64>) =
        (each("given"), each("given_max"), each("visited_max"));
    assert_eq!(given.iter().sum::<u64>(), 100, "{of_server}");
    assert!(given_max.iter().all(|&most| most <= 64), "{of_server}");
    assert!(visited_max.iter().all(|&most| most <= 1_024), "{of_server}");
}
