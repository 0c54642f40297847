//! The support desk by commands alone: what docs/SUPPORT.md walks through, and every other command.

use serde_json::{Value, json};

use super::world::{Form, Live, World};

pub fn all(world: &World) {
    for who in ["dora", "emil", "fay"] {
        world.join(who);
    }
    queues(world);
    rules(world);
    agents(world);
    canned_and_duty(world);
    let link = links(world);
    let ring = world.live("dora", &["desk", "--follow"], Form::Json);
    ring.until_json(|seen| seen["event"] == "agent" && seen["agent"] == "dora");
    answered(world, &link, &ring);
    noted_and_passed_on(world, &link, &ring);
    overseen(world);
    refusals(world, &link);
    assert_eq!(ring.interrupt(), Some(130));
    taken_down(world);
}

fn queues(world: &World) {
    let made = world.json(
        "ada",
        &["desk", "queue", "create", "pre-sale", "--topic", "returns"],
    );
    assert_eq!(made["name"], "pre-sale");
    world.people(
        "ada",
        &[
            "desk",
            "queue",
            "create",
            "after-sale",
            "--answer",
            "manual",
        ],
    );
    let changed = [
        "desk",
        "queue",
        "set",
        "pre-sale",
        "--seconds",
        "60",
        "--may-take",
        "yes",
    ];
    world.json("ada", &changed);
    world.people(
        "ada",
        &["desk", "queue", "set", "pre-sale", "--greeting", "Hello!"],
    );
    let queues = world.lines("ada", &["desk", "queue", "list"]);
    let queue = |name: &str| queues.iter().find(|queue| queue["name"] == name).unwrap();
    assert_eq!(queue("pre-sale")["seconds"], 60);
    assert_eq!(queue("pre-sale")["greeting"], "Hello!");
    assert_eq!(queue("after-sale")["answer"], "manual");
    let shown = world.people("ada", &["desk", "queue", "list"]);
    assert!(shown.contains("offer, 60 s"), "{shown}");
}

fn rules(world: &World) {
    let rules = world.json(
        "ada",
        &["desk", "rules", "add", "after-sale", "--topic", "returns"],
    );
    assert_eq!(
        (&rules["number"], &rules["topic"]),
        (&json!(1), &json!("returns"))
    );
    world.people(
        "ada",
        &["desk", "rules", "add", "pre-sale", "--attr", "orders>0"],
    );
    assert_eq!(world.lines("ada", &["desk", "rules"]).len(), 2);
    assert!(
        world
            .people("ada", &["desk", "rules"])
            .contains("if the topic is returns")
    );
    world.people("ada", &["desk", "rules", "remove", "2"]);
    let before_all = [
        "desk",
        "rules",
        "add",
        "pre-sale",
        "--language",
        "zh",
        "--before",
        "1",
    ];
    assert_eq!(world.lines("ada", &before_all).len(), 2);
    assert_eq!(
        world.lines("ada", &["desk", "rules", "remove", "1"]).len(),
        1
    );
}

fn agents(world: &World) {
    let dora = [
        "desk",
        "agent",
        "add",
        "dora",
        "--queue",
        "pre-sale",
        "--queue",
        "after-sale:1",
        "--name",
        "Dora D",
    ];
    assert_eq!(world.json("ada", &dora)["agent"], "dora");
    world.people(
        "ada",
        &["desk", "agent", "add", "emil", "--queue", "after-sale:1"],
    );
    world.json(
        "ada",
        &["desk", "agent", "add", "fay", "--supervises", "pre-sale"],
    );
    world.json("ada", &["desk", "agent", "set", "dora", "--capacity", "5"]);
    let both = [
        "desk",
        "agent",
        "set",
        "emil",
        "--queue",
        "after-sale",
        "--queue",
        "pre-sale:1",
    ];
    world.people("ada", &both);
    let agents = world.lines("ada", &["desk", "agent", "list"]);
    let dora = agents
        .iter()
        .find(|agent| agent["agent"] == "dora")
        .unwrap();
    assert_eq!(
        (&dora["capacity"], &dora["name"]),
        (&json!(5), &json!("Dora D"))
    );
    assert!(
        world
            .people("ada", &["desk", "agent", "list", "pre-sale"])
            .contains("dora")
    );
    world.refused(
        "ada",
        &["desk", "agent", "add", "dora", "--queue", "pre-sale"],
        "already",
    );
    world.refused(
        "ada",
        &["desk", "agent", "set", "ada", "--capacity", "1"],
        "no agent",
    );
}

fn canned_and_duty(world: &World) {
    world.json(
        "ada",
        &["desk", "canned", "set", "hello", "How can I help?"],
    );
    world.people("ada", &["desk", "canned", "set", "bye", "Bye."]);
    assert_eq!(
        world
            .lines("dora", &["desk", "canned", "list", "hel"])
            .len(),
        1
    );
    assert!(
        world
            .people("dora", &["desk", "canned", "list"])
            .contains("Bye.")
    );
    world.people("ada", &["desk", "canned", "remove", "bye"]);
    world.json("ada", &["desk", "canned", "remove", "bye"]);

    for form in ["off", "break", "on"] {
        assert_eq!(world.json("dora", &["desk", form])["duty"], form);
        world.people("dora", &["desk", form]);
    }
    world.json("emil", &["desk", "on"]);
}

/// Makes links, and returns one.
fn links(world: &World) -> String {
    let link = world.json("ada", &["desk", "link", "pre-sale"]);
    let other = world.people("ada", &["desk", "link", "pre-sale"]);
    assert!(
        other.starts_with("cairn://") && other.contains("/desk#"),
        "{other}"
    );
    let id = link["id"].as_str().unwrap();
    let listed = world.lines("ada", &["desk", "link", "list"]);
    assert!(listed.iter().any(|listed| listed["id"] == id), "{listed:?}");
    let other = listed.iter().find(|listed| listed["id"] != id).unwrap();
    world.json(
        "ada",
        &["desk", "link", "revoke", other["id"].as_str().unwrap()],
    );
    let third = world.json("ada", &["desk", "link", "after-sale", "--signed"]);
    world.people(
        "ada",
        &["desk", "link", "revoke", third["id"].as_str().unwrap()],
    );
    let revoked = third["link"].as_str().unwrap();
    let (_, said) = world.failure("li", &["visitor", revoked, "Hello?"]);
    assert!(said.contains("ask the shop for a new link"), "{said}");
    assert!(world.people("ada", &["desk", "link", "list"]).contains(id));
    link["link"].as_str().unwrap().to_owned()
}

fn number(inquiry: &Value) -> String {
    inquiry["inquiry"].to_string()
}

/// A visitor asks, an agent accepts, answers and closes, the visitor rates.
fn answered(world: &World, link: &str, ring: &Live) {
    let ask = ["visitor", link, "Do you ship to Japan?", "--name", "Li"];
    let visitor = world.live("li", &ask, Form::Json);
    let placed = visitor.until_json(|seen| seen["event"] == "inquiry");
    assert_eq!(
        (&placed["state"], &placed["queue"]),
        (&json!("waiting"), &json!("pre-sale"))
    );
    let offer = ring.until_json(|seen| seen["event"] == "offer");
    assert_eq!(
        (&offer["name"], &offer["line"]),
        (&json!("Li"), &json!("Do you ship to Japan?"))
    );
    let id = number(&offer);
    assert!(
        world
            .people("dora", &["desk"])
            .contains("Do you ship to Japan?")
    );
    assert!(
        world
            .people("dora", &["desk", "explain", &id])
            .contains("dora")
    );
    let why = world.json("dora", &["desk", "explain", &id]);
    assert_eq!(
        (&why["verdict"], &why["agents"][0]["reason"]),
        (&json!("offered"), &json!("chosen"))
    );

    assert_eq!(
        world.json("dora", &["desk", "accept", &id])["done"],
        "accepted"
    );
    // Accepting it again succeeds.
    world.people("dora", &["desk", "accept", &id]);
    let joined = visitor.until_json(|seen| seen["state"] == "answered");
    assert_eq!(joined["agent"], "Dora D");
    world.json("dora", &["desk", "reply", &id, "Yes, within a week."]);
    let said = visitor.until_json(|seen| seen["text"] == "Yes, within a week.");
    assert_eq!(
        (&said["sender"], &said["own"]),
        (&json!("Dora D"), &json!(false))
    );
    world.people("dora", &["desk", "reply", &id, "--canned", "hello"]);
    visitor.until_json(|seen| seen["text"] == "How can I help?");

    world.json("dora", &["desk", "tag", &id, "shipping", "japan"]);
    world.people("dora", &["desk", "tag", &id, "--remove", "japan"]);
    world.json("dora", &["desk", "priority", &id, "7"]);
    world.people("dora", &["desk", "priority", &id, "4"]);
    let held = world.lines("dora", &["desk"]);
    let held = held.iter().find(|seen| seen["event"] == "held").unwrap();
    assert_eq!(
        (&held["tags"], number(held)),
        (&json!(["shipping"]), id.clone())
    );
    world.people("dora", &["desk", "close", &id]);
    visitor.until_json(|seen| seen["state"] == "closed");
    world.people(
        "li",
        &["visitor", link, "--rate", "5", "--comment", "quick"],
    );
    world.json("dora", &["desk", "reopen", &id]);
    world.json("dora", &["desk", "close", &id, "--tag", "done"]);
    world.people("dora", &["desk", "reopen", &id]);
    world.people("dora", &["desk", "close", &id]);
}

/// Notes, transfers, refusing and taking.
fn noted_and_passed_on(world: &World, link: &str, ring: &Live) {
    let asked = world.lines("mo", &["visitor", link, "Is it red?", "--once"]);
    assert!(
        asked.iter().any(|seen| seen["event"] == "sent"),
        "{asked:?}"
    );
    let id = number(&ring.until_json(|seen| seen["event"] == "offer"));
    world.json("dora", &["desk", "refuse", &id]);
    ring.until_json(|seen| seen["event"] == "offer-gone" && seen["why"] == "refused");
    world.people("dora", &["desk", "take", &id]);
    let noted = world.json("dora", &["desk", "note", &id, "be kind"]);
    assert!(noted["msgid"].is_u64());
    world.people("dora", &["desk", "note", &id, "very"]);
    let passed = [
        "desk",
        "transfer",
        &id,
        "--queue",
        "after-sale",
        "--note",
        "about colours",
    ];
    assert_eq!(world.json("dora", &passed)["done"], "passed on");
    queue_lengths(world, 1, 0);
    // Who holds an inquiry keeps it while they are connected.
    let present = world.live("emil", &["desk", "--follow"], Form::Json);
    present.until_json(|seen| seen["event"] == "agent" && seen["agent"] == "emil");
    assert_eq!(world.json("emil", &["desk", "take", &id])["done"], "took");
    queue_lengths(world, 0, 1);
    world.people("emil", &["desk", "transfer", &id, "pre-sale"]);
    assert_eq!(present.interrupt(), Some(130));
    let again = number(&ring.until_json(|seen| seen["event"] == "offer"));
    world.people("dora", &["desk", "refuse", &again]);
    world.people("dora", &["desk", "take", &again]);
    world.json("fay", &["desk", "join", &id]);
    world.people("fay", &["desk", "join", &id]);
    let present = world.live("emil", &["desk", "--follow"], Form::Json);
    present.until_json(|seen| seen["event"] == "agent" && seen["agent"] == "emil");
    world.json("fay", &["desk", "assign", &id, "emil"]);
    world.people("fay", &["desk", "assign", &id, "dora"]);
    assert_eq!(present.interrupt(), Some(130));
    let said = world.people("dora", &["desk", "transcript", &id]);
    assert!(
        said.contains("Is it red?") && !said.contains("be kind"),
        "{said}"
    );
    let file = world.path("inquiry.txt");
    let path = file.to_str().unwrap();
    world.json("dora", &["desk", "transcript", &id, "--notes", "-o", path]);
    world.people("dora", &["desk", "close", &id]);
}

/// Inquiries that wait in `after-sale`, whose agents take by hand, and that they hold: in the list
/// of queues, on the board, and in the numbers of the server.
fn queue_lengths(world: &World, waiting: u64, held: u64) {
    let expected = (&json!(waiting), &json!(held));
    let is_queue = |row: &&Value| row["name"] == "after-sale";
    for args in [&["desk", "queue", "list"][..], &["desk", "watch", "--once"]] {
        let rows = world.lines("ada", args);
        let queue = rows.iter().find(is_queue).unwrap();
        assert_eq!((&queue["waiting"], &queue["held"]), expected, "{args:?}");
        let since = &queue["oldest_waiting_since_ms"];
        assert_eq!(since.is_u64(), waiting > 0, "{args:?}: {since}");
    }
    let desk = &world.json("ada", &["stats"])["desk"];
    assert_eq!((&desk["waiting"], &desk["held"]), expected, "{desk}");
    assert_eq!((&desk["queues"], &desk["left"]), (&json!(2), &json!(0)));
    let table = world.people("ada", &["stats"]);
    let line = format!("{waiting} waiting, 0 offered, {held} held");
    assert!(table.contains(&line), "{table}");
}

/// What a supervisor and an admin look at.
fn overseen(world: &World) {
    let closed = ["desk", "list", "pre-sale", "--closed"];
    let listed = world.lines("ada", &closed);
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert!(world.people("ada", &closed).contains("closed by dora"));
    let one = [&closed[..], &["--limit", "1"]].concat();
    let (first, said) = world.noted("ada", &one, None);
    let last = listed[0]["inquiry"].to_string();
    let next = format!("--closed --before {last}");
    assert!(
        first.contains(&last) && said.contains(&next),
        "{first}{said}"
    );
    let rest = [&closed[..], &["--before", &last]].concat();
    assert_eq!(world.lines("ada", &rest), listed[1..]);
    world.refused("dora", &closed, "supervisor");
    let report = world.json("ada", &["desk", "report"]);
    assert_eq!(report["total"]["ratings"], 1);
    assert!(
        report["total"]["answered"].as_u64().unwrap() >= 3,
        "{report}"
    );
    let shown = world.people("ada", &["desk", "report", "pre-sale", "--from", "1h"]);
    assert!(
        shown.contains("pre-sale") && shown.contains("dora"),
        "{shown}"
    );
    let board = world.lines("ada", &["desk", "watch", "--once"]);
    assert!(
        board.iter().any(|seen| seen["event"] == "queue"),
        "{board:?}"
    );
    assert!(
        world
            .people("fay", &["desk", "watch", "--once"])
            .contains("pre-sale")
    );
}

fn refusals(world: &World, link: &str) {
    world.refused("emil", &["desk", "queue", "create", "mine"], "role");
    world.refused("ada", &["desk", "queue", "create", "Pre-Sale"], "name");
    world.refused("dora", &["desk", "accept", "999999"], "no such");
    let (code, said) = world.failure("li", &["visitor", "cairn://h:1/#x"]);
    assert_eq!(code, Some(2), "{said}");
    for act in [&["--end"][..], &["--rate", "5"]] {
        world.refused("new", &[&["visitor", link], act].concat(), "--token-file");
    }
}

fn taken_down(world: &World) {
    let listed = world.lines("ada", &["desk", "list", "pre-sale", "--closed"]);
    let [first, second] = &listed[..] else {
        panic!("{listed:?}");
    };
    let visitor = |row: &Value| row["visitor"].as_str().unwrap().to_owned();
    assert_eq!(
        world.json("ada", &["desk", "erase", &visitor(first)])["inquiries"],
        1
    );
    world.people("ada", &["desk", "erase", &visitor(second)]);
    let again = ["desk", "erase", &visitor(second)];
    world.refused("ada", &again, "nothing is stored of visitor");
    world.json("ada", &["desk", "agent", "remove", "dora"]);
    world.people("ada", &["desk", "agent", "remove", "emil"]);
    world.json("ada", &["desk", "queue", "remove", "after-sale"]);
    world.people("ada", &["desk", "queue", "remove", "pre-sale"]);
}
