//! What happens, in order: the commands, and what each other person sees of it.

use std::fs;
use std::time::{Duration, Instant};

use super::{Team, password, text};

const OTHERS: [&str; 9] = [
    "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy",
];

pub(super) fn founding(team: &Team) {
    let link = team.machine.server().invite.as_ref().unwrap().to_string();
    team.join(&link, "ada");
    let link = team.invite("ada", "9");
    for name in OTHERS {
        team.join(&link, name);
    }
    let late = ["join", &link, "--name", "late"];
    team.refused("late", &late, "unknown, used up or expired");
    team.json("ada", &["users", "role", "bob", "admin"]);
    team.json("ada", &[&["group", "create", "team"], &OTHERS[..]].concat());
    for name in ["ada", "carol", "frank", "judy"] {
        team.json(name, &["send", "#team", &format!("hello from {name}")]);
    }
    assert_eq!(team.members("judy", "team").len(), 10);
}

pub(super) fn someone_is_renamed(team: &mut Team) {
    team.go_to(30);
    assert_eq!(
        team.json("carol", &["me", "rename", "caroline"])["name"],
        "caroline"
    );
    team.has_said("dave", "#team", "caroline", "hello from carol");
    team.refused("dave", &["users", "show", "carol"], "no user named carol");
    team.json("dave", &["send", "@caroline", "nice name"]);
    team.has_said("carol", "@dave", "dave", "nice name");
    // The former name is kept from others, also as that of a new user.
    team.refused("dave", &["me", "rename", "Carol"], "taken");
    let link = team.invite("bob", "1");
    team.refused("late", &["join", &link, "--name", "carol"], "taken");
    team.json("bob", &["send", "#team", "@caroline hi"]);
    let mentioned = team.lines("erin", &["tail", "#team"]).pop().unwrap();
    assert_eq!(mentioned["mentions"][0], "caroline");
}

pub(super) fn a_laptop_is_lost(team: &mut Team) {
    team.go_to(45);
    // Frank has a phone, and ends the laptop from there.
    team.log_in("frank's phone", "frank");
    let devices = team.lines("frank's phone", &["devices"]);
    let laptop = devices.iter().find(|device| device["current"] == false);
    let laptop = text(&laptop.unwrap()["device"]);
    team.json("frank's phone", &["devices", "revoke", &laptop]);
    team.refused("frank", &["list"], "");
    team.json("frank's phone", &["send", "#team", "my laptop is gone"]);
    team.has_said("ada", "#team", "frank", "my laptop is gone");

    // Grace had one device, and has forgotten the password.
    let link = text(&team.json("ada", &["users", "reset", "grace"])["reset"]);
    let login = ["login", &link, "--password-stdin"];
    team.lines_of("grace's new laptop", &login, "an entirely new one\n");
    team.refused("grace", &["list"], "");
    assert_eq!(
        team.json("grace's new laptop", &["whoami"])["name"],
        "grace"
    );
    team.has_said("grace's new laptop", "#team", "ada", "hello from ada");
    team.refused_with(
        "thief",
        &login,
        "a second use of it\n",
        "unknown, used or expired",
    );
    // A member resets no one's password.
    team.refused(
        "dave",
        &["users", "reset", "grace"],
        "your role does not allow",
    );

    // A link that is not used in time is void, and Heidi stays logged in.
    let link = text(&team.json("bob", &["users", "reset", "heidi"])["reset"]);
    team.go_to(47);
    let login = ["login", &link, "--password-stdin"];
    team.refused_with(
        "thief",
        &login,
        "two days later\n",
        "unknown, used or expired",
    );
    team.json("heidi", &["whoami"]);

    // Ivan suspects a lost laptop as well, and changes the password.
    team.log_in("ivan's old laptop", "ivan");
    let change = ["me", "password", "--password-stdin", "--end-other-devices"];
    let typed = format!("{}\nanother password\n", password("ivan"));
    team.lines_of("ivan", &change, &typed);
    team.refused("ivan's old laptop", &["list"], "");
    assert_eq!(team.lines("ivan", &["devices"]).len(), 1);
}

/// Returns the invite.
pub(super) fn an_invite_leaks(team: &mut Team) -> String {
    team.go_to(60);
    let link = team.invite("bob", "3");
    team.join(&link, "mallory");
    team.json("mallory", &["send", "@erin", "cheap watches"]);
    team.has_said("erin", "@mallory", "mallory", "cheap watches");

    team.refused("erin", &["invite", "list"], "your role does not allow");
    let invites = team.lines("ada", &["invite", "list"]);
    let leaked = invites
        .iter()
        .find(|invite| invite["used_by"][0] == "mallory");
    let leaked = leaked.unwrap();
    assert_eq!(
        (&leaked["maker"], &leaked["uses_left"]),
        (&"bob".into(), &2.into())
    );
    let id = text(&leaked["id"]);
    team.json("ada", &["invite", "revoke", &id]);
    team.json("ada", &["users", "deactivate", "mallory"]);
    let join = ["join", &link, "--name", "trudy"];
    team.refused("trudy", &join, "unknown, used up or expired");
    team.refused("mallory", &["send", "@erin", "more"], "");

    assert_eq!(team.state("erin", "mallory"), "deactivated");
    team.refused("erin", &["send", "@mallory", "no"], "deactivated");
    team.refused("erin", &["follow", "mallory"], "deactivated");
    team.has_said("erin", "@mallory", "mallory", "cheap watches");
    assert!(team.found("erin", "mal").is_empty());
    link
}

pub(super) fn an_admin_misbehaves(team: &mut Team) {
    team.go_to(90);
    team.json("bob", &["users", "rename", "dave", "dumbo"]);
    team.json("bob", &["users", "deactivate", "erin"]);
    team.json("bob", &["doctor", "--explain", "#team", "heidi"]);
    let reset = text(&team.json("bob", &["users", "reset", "heidi"])["reset"]);
    // There are things that an admin cannot do.
    for args in [
        &["users", "deactivate", "ada"][..],
        &["users", "rename", "ada", "nobody"],
        &["users", "reset", "ada"],
        &["users", "role", "bob", "owner"],
        &["config", "set", "audit-days", "1"],
        &["audit"],
    ] {
        team.refused("bob", args, "your role does not allow");
    }
    team.has_said("heidi", "#team", "ada", "hello from ada");
    assert_eq!(team.state("heidi", "erin"), "deactivated");
    assert_eq!(team.json("dave", &["whoami"])["name"], "dumbo");

    // The owner sees what was done, by whom and from which device, and undoes it.
    let device = team.json("bob", &["whoami"])["device"].clone();
    let audit = team.lines("ada", &["audit"]);
    let acts = audit.iter().rev().take(4).rev();
    let acts: Vec<[String; 3]> = acts
        .map(|act| {
            assert_eq!(act["device"], device, "{act}");
            ["actor", "act", "user"].map(|field| text(&act[field]))
        })
        .collect();
    let expected = [
        ["bob", "renamed", "dumbo"],
        ["bob", "deactivated", "erin"],
        ["bob", "unread-explained", "heidi"],
        ["bob", "reset-created", "heidi"],
    ];
    assert_eq!(acts, expected.map(|act| act.map(str::to_owned)));
    team.json("ada", &["users", "role", "bob", "member"]);
    // A newer link voids the admin's.
    team.json("ada", &["users", "reset", "heidi"]);
    let login = ["login", &reset, "--password-stdin"];
    team.refused_with(
        "bob's second",
        &login,
        "now it is mine\n",
        "unknown, used or expired",
    );
    team.json("ada", &["users", "rename", "dumbo", "dave"]);
    team.json("ada", &["users", "reactivate", "erin"]);
    team.log_in("erin's laptop", "erin");
    team.json("erin's laptop", &["send", "#team", "I am back"]);
    team.has_said("dave", "#team", "erin", "I am back");
    team.refused(
        "bob",
        &["users", "deactivate", "erin"],
        "your role does not allow",
    );
    team.refused("bob", &["invite"], "your role does not allow");
}

pub(super) fn a_name_is_free_again(team: &mut Team) {
    team.go_to(119);
    let link = team.invite("ada", "1");
    team.refused(
        "carol's double",
        &["join", &link, "--name", "carol"],
        "taken",
    );
    team.go_to(121);
    let link = team.invite("ada", "1");
    let join = ["join", &link, "--name", "carol"];
    team.json("carol's double", &join);
    assert_eq!(team.found("dave", "carol"), ["carol", "caroline"]);
    team.json("ada", &["group", "add", "team", "carol"]);
    team.json("carol's double", &["send", "#team", "a new carol"]);
    // What the former carol said stays hers.
    team.has_said("carol's double", "#team", "caroline", "hello from carol");
    team.has_said("carol", "#team", "carol", "a new carol");
}

pub(super) fn someone_leaves_in_anger(team: &mut Team) {
    team.go_to(150);
    let group = team.json("judy", &["group", "create", "skunkworks", "heidi", "ivan"]);
    let group = format!("#id:{}", group["conversation"]);
    team.json("judy", &["send", "#skunkworks", "I quit"]);
    let ended = team.json("ada", &["users", "deactivate", "judy"]);
    assert_eq!(ended["groups"].as_array().unwrap().len(), 2);
    team.refused("judy", &["send", "#team", "and another thing"], "");
    let login = [
        "login",
        &link_of(team),
        "--name",
        "judy",
        "--password-stdin",
    ];
    let typed = format!("{}\n", password("judy"));
    team.refused_with("judy's phone", &login, &typed, "deactivated");

    // The owner is in one of her groups only, and finds the other one a new owner.
    team.refused("ada", &["tail", &group], "");
    team.json("ada", &["group", "role", &group, "ivan", "owner"]);
    team.json("ada", &["group", "remove", &group, "judy"]);
    let members = team.members("heidi", "skunkworks");
    let pair = |name: &str, role: &str| (name.to_owned(), role.to_owned());
    assert_eq!(members, [pair("heidi", "member"), pair("ivan", "owner")]);
    team.has_said("ivan", "#skunkworks", "judy", "I quit");
    team.has_said("heidi", "#team", "judy", "hello from judy");
    assert!(team.found("heidi", "judy").is_empty());

    // Two weeks later she is sorry.
    team.go_to(164);
    team.json("ada", &["users", "reactivate", "judy"]);
    team.log_in("judy's phone", "judy");
    team.json("judy's phone", &["send", "#team", "sorry"]);
    team.has_said("bob", "#team", "judy", "sorry");
    team.refused(
        "judy's phone",
        &["send", "#skunkworks", "hi"],
        "you are in no group",
    );
    assert_eq!(team.state("bob", "judy"), "active");
}

fn link_of(team: &Team) -> String {
    text(&team.json("ada", &["whoami"])["link"])
}

pub(super) fn old_logs_are_imported(team: &mut Team) {
    team.go_to(200);
    let log = "[10:00] <ivan_irc> old times\n[10:01] <ivan> older times\n[10:02] <root> bye\n";
    fs::write(team.path("2001-02-03.txt"), log).unwrap();
    let import = ["import", "irc", "2001-02-03.txt", "--group", "archive"];
    team.refused("bob", &import, "only owners and admins");
    team.json("ada", &import);
    team.json("ada", &["group", "add", "archive", "heidi", "ivan"]);
    let authors = |team: &Team| -> Vec<String> {
        let said = team.said("heidi", "#archive").into_iter();
        said.map(|(sender, _)| sender).collect()
    };
    assert_eq!(authors(team), ["ivan_irc", "ivan-imported", "root"]);
    assert_eq!(team.state("heidi", "root"), "imported");
    team.refused("ivan", &["users", "claim", "ivan_irc", "ivan"], "your role");
    team.json("ada", &["users", "claim", "ivan_irc", "ivan"]);
    assert_eq!(authors(team), ["ivan", "ivan-imported", "root"]);
    team.json("heidi", &["send", "@ivan_irc", "was that you?"]);
    team.has_said("ivan", "@heidi", "heidi", "was that you?");
    // Who had a device is no imported author.
    let claim = ["users", "claim", "judy", "ivan"];
    team.refused("ada", &claim, "only an imported author");
}

pub(super) fn messages_expire(team: &mut Team) {
    team.json("ada", &["send", "#team", "kept for a while"]);
    team.json("ada", &["retention", "#team", "days", "100"]);
    team.go_to(290);
    let deadline = Instant::now() + Duration::from_secs(60);
    while team
        .said("dave", "#team")
        .first()
        .is_none_or(|(_, first)| first.starts_with("hello"))
    {
        assert!(Instant::now() < deadline, "nothing expires");
    }
    team.has_said("dave", "#team", "ada", "kept for a while");
    // Elsewhere everything stays.
    team.has_said("carol", "@dave", "dave", "nice name");
    team.has_said("heidi", "#archive", "ivan", "old times");
}

pub(super) fn the_year_ends(team: &mut Team, leaked: &str) {
    team.go_to(364);
    let names = |team: &Team, profile: &str| -> Vec<String> {
        let members = team.members(profile, "team").into_iter();
        let mut names: Vec<String> = members.map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    };
    let expected = [
        "ada", "bob", "carol", "caroline", "dave", "erin", "frank", "grace", "heidi", "ivan",
        "judy",
    ];
    for profile in ["ada", "carol's double", "judy's phone", "frank's phone"] {
        assert_eq!(names(team, profile), expected, "{profile}");
    }

    let audit = team.lines("ada", &["audit", "--limit", "1000"]);
    let acts: Vec<String> = audit
        .iter()
        .map(|act| {
            let user = act
                .get("user")
                .map_or_else(String::new, |user| format!(" {}", text(user)));
            format!("{} {}{user}", text(&act["actor"]), text(&act["act"]))
        })
        .filter(|act| act != "ada setting-set")
        .collect();
    let expected = "ada invite-created, ada role-set bob, \
        caroline renamed caroline, bob invite-created, \
        ada reset-created grace, bob reset-created heidi, bob invite-created, \
        ada invite-revoked bob, ada deactivated mallory, \
        bob renamed dave, bob deactivated erin, bob unread-explained heidi, \
        bob reset-created heidi, ada role-set bob, ada reset-created heidi, \
        ada renamed dave, ada reactivated erin, ada invite-created, ada invite-created, \
        ada deactivated judy, ada owner-appointed ivan, ada member-removed judy, \
        ada reactivated judy, ada imported, ada claimed ivan";
    assert_eq!(acts.join(", "), expected);
    let times: Vec<u64> = audit
        .iter()
        .map(|act| act["at_ms"].as_u64().unwrap())
        .collect();
    assert!(times.is_sorted() && times[times.len() - 1] - times[0] > 280 * 24 * 3_600_000);
    // No texts, and nothing that lets anyone in.
    let all = serde_json::to_string(&audit).unwrap();
    let token = leaked.rsplit_once('.').unwrap().1;
    for secret in [token, "hello from", "the password of", "cheap watches"] {
        assert!(!all.contains(secret), "{secret}");
    }

    // Records go after their time.
    team.json("ada", &["config", "set", "audit-days", "200"]);
    let deadline = Instant::now() + Duration::from_secs(60);
    while team.lines("ada", &["audit", "--limit", "1000"])[0]["number"] == 1 {
        assert!(Instant::now() < deadline, "no record expires");
    }
    assert!(team.machine.doctor_is_content());
}
