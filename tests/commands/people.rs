//! Commands for accounts, devices, and relations to other users.

use serde_json::{Value, json};

use super::world::World;

pub fn all(world: &World) {
    world.join("pia");
    let link = world.people("ada", &["invite", "--uses", "2"]);
    let said = world.people("quin", &["join", link.trim(), "--name", "quin"]);
    assert!(
        said.starts_with("quin (user ") && said.contains(", member) at 127.0.0.1:"),
        "{said}"
    );
    let (code, said) = world.failure("pia", &["join", link.trim(), "--name", "pia2"]);
    assert!(
        code == Some(1) && said.contains("holds the profile of pia"),
        "{said}"
    );
    own(world);
    devices(world);
    links(world);
    others(world);
    settings(world);
}

fn own(world: &World) {
    let me = world.json("pia", &["whoami"]);
    assert_eq!(
        (&me["name"], &me["role"], me["device"].is_string()),
        (&json!("pia"), &json!("member"), true)
    );
    assert!(me["user"].is_u64() && me["server"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert!(world.people("pia", &["whoami"]).starts_with("pia (user "));
    assert!(world.people("pia", &["me"]).starts_with("pia "));
    let nobody_yet = json!({
        "user": me["user"], "name": "pia", "role": "member", "state": "active",
        "display_name": null, "about": null, "avatar_bytes": null,
    });
    assert_eq!(world.json("pia", &["me"]), nobody_yet);
    assert!(
        world
            .people("pia", &["me", "set", "--display-name", "Pia P."])
            .contains("  Pia P.")
    );
    assert_eq!(
        world.json("pia", &["me", "set", "--about", "boats"])["display_name"],
        "Pia P."
    );
    assert_eq!(world.people("pia", &["me", "keywords"]), "no keywords\n");
    let added = [
        "me", "keywords", "add", "Deploy", "deploy", "on  call", "发布",
    ];
    let all = json!({"keywords": ["Deploy", "on  call", "发布"]});
    assert_eq!(world.json("pia", &added), all);
    assert_eq!(world.json("pia", &["me", "keywords"]), all);
    assert_eq!(
        world.people("pia", &["me", "keywords", "remove", "DEPLOY", "none"]),
        "on  call\n发布\n"
    );
    assert_eq!(
        world.json("pia", &["me", "keywords", "remove", "On Call"]),
        json!({"keywords": ["发布"]})
    );
    assert_eq!(
        world.people("pia", &["me", "keywords", "add", "@pia"]),
        "发布\n@pia\n"
    );
    assert_eq!(
        world.people("pia", &["me", "reads", "hidden"]),
        "what you read is hidden\n"
    );
    assert_eq!(
        world.json("pia", &["me", "reads", "shown"]),
        json!({"reads": "shown"})
    );
    let found = world.json("quin", &["users", "find", "PI"]);
    assert_eq!(
        (&found["name"], &found["about"]),
        (&json!("pia"), &json!("boats"))
    );
    assert!(
        world
            .people("quin", &["users", "find", "pia"])
            .contains("Pia P.  boats")
    );
    assert_eq!(
        world.json("quin", &["users", "show", "@pia"])["display_name"],
        "Pia P."
    );
    assert!(
        world
            .people("quin", &["users", "show", "pia"])
            .starts_with("pia ")
    );
    assert_eq!(
        world.json("ada", &["users", "role", "pia", "admin"]),
        json!({"user": me["user"], "name": "pia", "role": "admin"})
    );
    assert_eq!(
        world.people("ada", &["users", "role", "@pia", "member"]),
        "pia is now member of this server\n"
    );
    world.join("yve");
    let yve = world.json("yve", &["whoami"])["user"].clone();
    assert_eq!(
        world.json("ada", &["users", "deactivate", "yve"]),
        json!({"user": yve, "name": "yve", "state": "deactivated", "groups": []})
    );
    assert_eq!(
        world.people("ada", &["users", "deactivate", "@yve"]),
        "yve is deactivated\n"
    );
    assert_eq!(
        world.json("ada", &["users", "reactivate", "yve"]),
        json!({"user": yve, "name": "yve", "state": "active"})
    );
    assert_eq!(
        world.people("ada", &["users", "reactivate", "yve"]),
        "yve is active again, and can log in\n"
    );
    world.refused(
        "pia",
        &["users", "role", "quin", "admin"],
        "your role does not allow that",
    );
}

/// Invites in lists, reset links, and passwords.
fn links(world: &World) {
    let [one, another] = [(), ()].map(|()| world.json("ada", &["invite"])["id"].clone());
    let listed = world.lines("ada", &["invite", "list"]);
    for id in [&one, &another] {
        let found = listed.iter().find(|invite| invite["id"] == *id).unwrap();
        assert_eq!(
            (&found["maker"], &found["uses_left"], &found["used_by"]),
            (&json!("ada"), &json!(1), &json!([]))
        );
    }
    let id = one.as_str().unwrap();
    assert!(world.people("ada", &["invite", "list"]).contains(id));
    assert_eq!(
        world.json("ada", &["invite", "revoke", id]),
        json!({"revoked": id})
    );
    let id = another.as_str().unwrap();
    assert_eq!(
        world.people("ada", &["invite", "revoke", id]),
        format!("revoked invite {id}\n")
    );
    world.refused(
        "ada",
        &["invite", "revoke", "00000001"],
        "there is no invite 00000001",
    );
    let reset = world.json("ada", &["users", "reset", "rex", "--keep-devices"]);
    assert_eq!(
        (
            &reset["name"],
            &reset["keep_devices"],
            &reset["life_seconds"]
        ),
        (&json!("rex"), &json!(true), &json!(86_400))
    );
    assert!(
        world
            .people("ada", &["users", "reset", "rex"])
            .contains("/reset#")
    );
    let password = ["me", "password", "--password-stdin"];
    assert_eq!(
        world.lines_of_input("rex", &password, "correct horse\nbattery staple\n"),
        [json!({"password": "set", "other_devices_ended": false})]
    );
    assert_eq!(
        world.people_of_input("rex", &password, "battery staple\ncorrect horse\n"),
        "the password is set\n"
    );
}

/// Logs in a second device with a password, and revokes it.
fn devices(world: &World) {
    let invite = world.json("ada", &["invite", "--expires", "2d"]);
    assert_eq!(
        (&invite["uses"], &invite["life_seconds"]),
        (&1.into(), &172_800.into())
    );
    let link = invite["invite"].as_str().unwrap().to_owned();
    let join = [
        "join",
        &link,
        "--name",
        "rex",
        "--device",
        "laptop",
        "--password-stdin",
    ];
    let joined = world.lines_of_input("rex", &join, "correct horse\n");
    let pin = link.split_once('#').unwrap().1.split_once('.').unwrap().0;
    let addr = joined[0]["server"].as_str().unwrap();
    let login = [
        "login",
        addr,
        "--pin",
        pin,
        "--name",
        "rex",
        "--device",
        "phone",
        "--password-stdin",
    ];
    let other = world.lines_of_input("rex-phone", &login, "correct horse\n");
    assert_eq!(
        (&other[0]["name"], &other[0]["user"]),
        (&json!("rex"), &joined[0]["user"])
    );
    assert_ne!(other[0]["device"], joined[0]["device"]);
    assert!(
        world
            .people_of_input("rex-desk", &login, "correct horse\n")
            .starts_with("rex (user ")
    );

    let listed = world.lines("rex", &["devices"]);
    assert_eq!(listed.len(), 3);
    let laptop = listed
        .iter()
        .find(|row| row["device"] == joined[0]["device"])
        .unwrap();
    assert_eq!(
        (&laptop["name"], &laptop["current"]),
        (&json!("laptop"), &true.into())
    );
    assert!(laptop["created_at_ms"].is_u64() && laptop["online"].is_boolean());
    assert!(
        world
            .people("rex", &["devices"])
            .contains("  this one  since 2")
    );
    let phone = other[0]["device"].as_str().unwrap();
    assert_eq!(
        world.json("rex", &["devices", "revoke", phone]),
        json!({"revoked": phone})
    );
    let (code, said) = world.failure("rex-phone", &["whoami"]);
    assert!(code == Some(3) && said.contains("cairn login"), "{said}");
    world.refused("rex", &["devices", "revoke", phone], "no such device");
    let desk = world.json("rex-desk", &["whoami"])["device"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        world.people("rex", &["devices", "revoke", &desk]),
        format!("revoked device {desk}\n")
    );
    assert_eq!(world.failure("nobody", &["whoami"]).0, Some(3));
}

fn others(world: &World) {
    let is = |row: Value, follows: bool, friendship: &str, blocks: bool| {
        let fields = ["follows", "friendship", "blocks"].map(|field| row[field].clone());
        assert_eq!(
            fields,
            [json!(follows), json!(friendship), json!(blocks)],
            "{row}"
        );
        assert!(row["name"].is_string() && row["user"].is_u64());
    };
    assert!(
        world
            .people("pia", &["friend", "ask", "quin"])
            .starts_with("quin ")
            && world.people("quin", &["contacts"]).contains("wants to be")
    );
    is(
        world.json("quin", &["friend", "decline", "pia"]),
        false,
        "none",
        false,
    );
    is(
        world.json("pia", &["friend", "ask", "quin"]),
        false,
        "asked",
        false,
    );
    assert!(
        world
            .people("quin", &["friend", "accept", "pia"])
            .ends_with("  friend\n")
    );
    assert!(
        world
            .people("pia", &["friend", "remove", "quin"])
            .ends_with("  no relation\n")
    );
    world.json("pia", &["friend", "ask", "quin"]);
    is(
        world.json("quin", &["friend", "accept", "pia"]),
        false,
        "friends",
        false,
    );
    is(
        world.json("pia", &["friend", "remove", "quin"]),
        false,
        "none",
        false,
    );
    world.json("pia", &["friend", "ask", "quin"]);
    assert!(
        world
            .people("quin", &["friend", "decline", "pia"])
            .ends_with("  no relation\n")
    );
    is(world.json("pia", &["follow", "quin"]), true, "none", false);
    assert!(
        world
            .people("pia", &["unfollow", "quin"])
            .ends_with("  no relation\n")
    );
    assert!(
        world
            .people("pia", &["follow", "quin"])
            .ends_with("  followed\n")
    );
    is(
        world.json("pia", &["unfollow", "quin"]),
        false,
        "none",
        false,
    );
    assert!(
        world
            .people("pia", &["block", "quin"])
            .ends_with("  blocked\n")
    );
    is(
        world.json("pia", &["unblock", "quin"]),
        false,
        "none",
        false,
    );
    is(world.json("pia", &["block", "quin"]), false, "none", true);
    world.refused(
        "pia",
        &["send", "@quin", "you"],
        "you have blocked that user",
    );
    assert!(
        world
            .people("pia", &["unblock", "quin"])
            .ends_with("  no relation\n")
    );
    world.refused(
        "pia",
        &["follow", "nobody"],
        "there is no user named nobody",
    );
}

fn settings(world: &World) {
    let setting = world.json("pia", &["config", "get", "contacts-max"]);
    assert_eq!(
        (&setting["value"], &setting["default"]),
        (&json!("2000"), &json!("2000"))
    );
    assert!(
        world
            .people("pia", &["config", "get", "contacts-max"])
            .starts_with("contacts-max ")
    );
    assert_eq!(
        world.json("ada", &["config", "set", "contacts-max", "500"])["value"],
        "500"
    );
    assert!(
        world
            .people("ada", &["config", "set", "contacts-max", "2000"])
            .contains("  2000 ")
    );
    let all = world.lines("pia", &["config", "list"]);
    assert!(
        all.len() > 5
            && all
                .iter()
                .all(|row| row["takes"].is_string() && row["about"].is_string())
    );
    assert!(
        world
            .people("pia", &["config", "list"])
            .contains("\nretention-default ")
    );
    world.refused(
        "pia",
        &["config", "set", "contacts-max", "1"],
        "your role does not allow that",
    );
    world.refused(
        "ada",
        &["config", "set", "contacts-max", "many"],
        "it does not accept that value",
    );
}
