//! `cairn group` and its subcommands.

use serde_json::{Value, json};

use super::world::World;

pub fn all(world: &World) {
    ["gus", "hal", "ida", "jan"]
        .into_iter()
        .for_each(|who| world.join(who));
    assert!(
        world
            .people("gus", &["group", "create", "other"])
            .starts_with("created #other\n")
    );
    let crew = world.json("gus", &["group", "create", "#crew", "hal"])["conversation"].clone();
    members(world, &crew);
    agreed(world, &crew);
    roles(world, &crew);
    kept_out(world, &crew);
    came_in(world, &crew);
}

fn changed(crew: &Value, users: u32) -> Value {
    json!({"conversation": crew, "changed": users})
}

fn names(world: &World) -> Vec<String> {
    let rows = world.lines("gus", &["group", "members", "crew"]);
    rows.iter()
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect()
}

fn members(world: &World, crew: &Value) {
    assert_eq!(
        world.people("gus", &["group", "add", "crew", "ida"]),
        "changed for 1 user\n"
    );
    assert_eq!(
        world.json("gus", &["group", "add", "#crew", "ida", "jan"]),
        changed(crew, 1),
        "who is a member stays one"
    );
    assert_eq!(names(world), ["gus", "hal", "ida", "jan"]);
    assert_eq!(
        world.people("gus", &["group", "remove", "crew", "jan"]),
        "changed for 1 user\n"
    );
    assert_eq!(
        world.json("gus", &["group", "remove", "crew", "jan", "ida"]),
        changed(crew, 1)
    );
    world.json("gus", &["group", "add", "crew", "ida"]);
    let rows = world.lines("gus", &["group", "members", "crew"]);
    let hal = rows.iter().find(|row| row["name"] == "hal").unwrap();
    let fields = ["role", "server_role", "read", "muted_until_ms"].map(|field| hal[field].clone());
    assert_eq!(
        fields,
        [json!("member"), json!("member"), json!(0), json!(0)]
    );
    assert!(hal["joined"].is_u64() && hal["user"].is_u64());
    world.refused(
        "gus",
        &["group", "add", "crew", "nobody", "jan"],
        "there is no user named nobody",
    );
    assert_eq!(
        names(world),
        ["gus", "hal", "ida"],
        "nothing of it was done"
    );
}

fn agreed(world: &World, crew: &Value) {
    let done = json!({"conversation": crew});
    assert_eq!(
        world.people("gus", &["group", "rename", "crew", "gang"]),
        format!("done in '#id:{crew}'\n")
    );
    assert_eq!(
        world.json("gus", &["group", "rename", "gang", "crew"]),
        done
    );
    assert_eq!(
        world.people("gus", &["group", "topic", "crew", "sailing"]),
        format!("done in '#id:{crew}'\n")
    );
    assert_eq!(
        world.json("gus", &["group", "topic", "crew", "rowing"]),
        done
    );
    let settings = world.people("gus", &["group", "settings", "crew", "--access", "open"]);
    assert!(
        settings.starts_with("access open, history all") && settings.ends_with("topic: rowing\n"),
        "{settings}"
    );
    let settings = world.json("gus", &["group", "settings", "crew", "--pin", "admin"]);
    assert_eq!(
        (&settings["topic"], &settings["members"]),
        (&json!("rowing"), &3.into())
    );
    let agreed = json!({
        "access": "open", "history": "all", "invite": "admin", "post": "member", "pin": "admin",
        "rename": "admin",
    });
    assert_eq!(settings["settings"], agreed);
    world.refused(
        "hal",
        &["group", "topic", "crew", "idling"],
        "your role does not allow that",
    );
}

fn roles(world: &World, crew: &Value) {
    let role = |who| {
        world
            .lines("gus", &["group", "members", "crew"])
            .into_iter()
            .find(|row| row["name"] == who)
            .unwrap()["role"]
            .clone()
    };
    assert_eq!(
        world.people("gus", &["group", "role", "crew", "hal", "admin"]),
        format!("done in '#id:{crew}'\n")
    );
    assert_eq!(role("hal"), "admin");
    assert_eq!(
        world.json("gus", &["group", "role", "crew", "hal", "member"]),
        json!({"conversation": crew})
    );
    assert_eq!(role("hal"), "member");
    world.refused(
        "gus",
        &["group", "leave", "crew"],
        "the last owner cannot leave or be removed",
    );
    assert_eq!(
        world.people("gus", &["group", "hand-over", "crew", "hal"]),
        format!("done in '#id:{crew}'\n")
    );
    assert_eq!((role("hal"), role("gus")), ("owner".into(), "admin".into()));
    assert_eq!(
        world.json("hal", &["group", "hand-over", "crew", "gus"]),
        json!({"conversation": crew})
    );
    assert_eq!((role("hal"), role("gus")), ("admin".into(), "owner".into()));
}

fn kept_out(world: &World, crew: &Value) {
    assert_eq!(
        world.people("gus", &["group", "ban", "crew", "ida"]),
        "changed for 1 user\n"
    );
    assert_eq!(
        world.json("gus", &["group", "ban", "crew", "ida", "jan"]),
        changed(crew, 1)
    );
    assert_eq!(
        world.people("gus", &["group", "bans", "crew"]),
        "ida\njan\n"
    );
    let banned = world.lines("gus", &["group", "bans", "crew"]);
    assert_eq!(
        (&banned[1]["name"], banned[1]["user"].is_u64()),
        (&json!("jan"), true)
    );
    world.refused(
        "gus",
        &["group", "add", "crew", "ida"],
        "banned from that group",
    );
    assert_eq!(
        world.people("gus", &["group", "unban", "crew", "ida"]),
        "changed for 1 user\n"
    );
    assert_eq!(
        world.json("gus", &["group", "unban", "crew", "ida", "jan"]),
        changed(crew, 1)
    );
    assert_eq!(names(world), ["gus", "hal"]);

    world.json("gus", &["group", "add", "crew", "ida"]);
    assert_eq!(
        world.people("gus", &["group", "mute", "crew", "ida"]),
        format!("done in '#id:{crew}'\n")
    );
    let row = |of: &str| {
        world
            .people("hal", &["group", "members", "crew"])
            .lines()
            .find(|row| row.starts_with(of))
            .unwrap()
            .to_owned()
    };
    assert!(
        row("ida").contains("  muted until 2") && !row("gus").contains("muted"),
        "{} {}",
        row("ida"),
        row("gus")
    );
    world.refused(
        "ida",
        &["send", "#crew", "but"],
        "you are muted in that group for a while",
    );
    assert_eq!(
        world.json("gus", &["group", "mute", "crew", "ida", "--off"]),
        json!({"conversation": crew})
    );
    assert!(!row("ida").contains("muted"));
    world.json("ida", &["send", "#crew", "at last"]);
    assert_eq!(
        world
            .failure(
                "gus",
                &["group", "mute", "crew", "ida", "--off", "--for", "2h"]
            )
            .0,
        Some(2)
    );
}

fn came_in(world: &World, crew: &Value) {
    let found = world.json("jan", &["group", "find", "CREW"]);
    assert_eq!(
        found,
        json!({"conversation": crew, "name": "crew", "topic": "rowing", "members": 3})
    );
    assert!(
        world
            .people("jan", &["group", "find", "crew"])
            .contains(&format!("3 in  #crew  (#id:{crew})  rowing"))
    );
    assert_eq!(
        world.people("jan", &["group", "join", "crew"]),
        format!("done in '#id:{crew}'\n")
    );
    assert_eq!(
        world.people("jan", &["group", "leave", "crew"]),
        format!("done in '#id:{crew}'\n")
    );
    assert_eq!(
        world.json("jan", &["group", "join", &format!("#id:{crew}")]),
        json!({"conversation": crew})
    );
    assert_eq!(names(world), ["gus", "hal", "ida", "jan"]);
    assert_eq!(
        world.json("jan", &["group", "leave", "crew"]),
        json!({"conversation": crew})
    );
    world.refused(
        "jan",
        &["group", "join", "other"],
        "there is no open group named other",
    );
}
