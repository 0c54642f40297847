//! Invites in lists, revoked, and links as people paste them.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use cairn_client::proto::ids::LinkId;
use cairn_client::proto::invite::InviteLink;
use cairn_client::proto::model::user::ServerRole;
use cairn_client::proto::text::{DeviceName, UserName};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Client, JoinRequest};
use serde_json::{Value, json};

use super::deactivated::login_refused;
use super::refused;
use crate::support::{Server, cairn, invite, join};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn lists_tell_who_made_and_who_used_an_invite() {
    let mut server = Server::start();
    let (ada, adas) = server.owner().await;
    let (bob, bobs) = invite(&ada, "bob").await;
    ada.admin()
        .set_role(bobs.user, ServerRole::Admin)
        .await
        .unwrap();
    let (link, id) = bob.admin().new_invite(3, HOUR).await.unwrap();
    let (_, carols) = join(&link, "carol").await;
    let (_, dans) = join(&link, "dan").await;
    for restarted in [false, true] {
        if restarted {
            server.kill();
            server.restart();
        }
        let invites = ada.admin().invites().await.unwrap();
        assert_eq!(invites.len(), 3);
        let found = invites.iter().find(|invite| invite.id == id).unwrap();
        assert_eq!(
            (found.maker, found.uses_left, found.uses),
            (Some(bobs.user), 1, 2)
        );
        assert_eq!(found.used_by, [carols.user, dans.user]);
        let of_bob = invites.iter().find(|invite| invite.used_by == [bobs.user]);
        let of_bob = of_bob.unwrap();
        assert_eq!((of_bob.maker, of_bob.uses_left), (Some(adas.user), 0));
        let of_server = invites
            .iter()
            .find(|invite| invite.maker.is_none())
            .unwrap();
        assert_eq!(of_server.role, ServerRole::Owner);
        assert_eq!(of_server.used_by, [adas.user]);
    }
}

#[tokio::test]
async fn makers_and_admins_revoke_invites() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bobs) = invite(&ada, "bob").await;
    let (of_ada, by_ada) = ada.admin().new_invite(2, HOUR).await.unwrap();
    for refusal in [
        bob.admin().invites().await.map(drop),
        bob.admin().revoke_invite(by_ada).await,
        bob.admin().revoke_invite(LinkId::new(1)).await,
    ] {
        assert_eq!(refused(refusal), ErrorCode::Forbidden);
    }
    join(&of_ada, "carol").await;
    ada.admin()
        .set_role(bobs.user, ServerRole::Admin)
        .await
        .unwrap();
    let (of_bob, by_bob) = bob.admin().new_invite(1, HOUR).await.unwrap();
    bob.admin().revoke_invite(by_ada).await.unwrap();
    assert_eq!(
        refused(bob.admin().revoke_invite(LinkId::new(1)).await),
        ErrorCode::BadInvite
    );
    // Who is no admin any more still revokes their own.
    ada.admin()
        .set_role(bobs.user, ServerRole::Member)
        .await
        .unwrap();
    bob.admin().revoke_invite(by_bob).await.unwrap();
    bob.admin().revoke_invite(by_bob).await.unwrap();
    for link in [of_ada, of_bob] {
        let who = JoinRequest {
            name: UserName::new("mallory").unwrap(),
            password: None,
            device: DeviceName::new("test").unwrap(),
        };
        assert_eq!(
            login_refused(Client::builder().join(&link, who).await),
            ErrorCode::BadInvite
        );
    }
    let invites = ada.admin().invites().await.unwrap();
    let revoked = invites.iter().find(|invite| invite.id == by_ada).unwrap();
    assert_eq!((revoked.uses_left, revoked.uses), (0, 1));
}

struct Said {
    is_done: bool,
    text: String,
    code: Option<i32>,
}

fn run(profile: &Path, args: &[&str], input: &str) -> Said {
    let mut child = cairn(args)
        .arg("--profile")
        .arg(profile)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Said {
        is_done: output.status.success(),
        code: output.status.code(),
        text: String::from_utf8([output.stdout, output.stderr].concat()).unwrap(),
    }
}

#[track_caller]
fn done(profile: &Path, args: &[&str], input: &str) -> String {
    let said = run(profile, args, input);
    assert!(said.is_done, "{args:?}: {}", said.text);
    said.text
}

#[test]
fn commands_take_links_as_they_are_pasted() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let profile = |name: &str| home.path().join(name);
    let ada = profile("ada");
    let first = server.invite.clone().unwrap().to_string();
    done(&ada, &["join", &first, "--name", "ada"], "");
    let link = || done(&ada, &["invite"], "").trim().to_owned();
    for (name, decorate) in [
        ("bob", (|link| format!("<{link}>,")) as fn(String) -> String),
        ("carol", |link| {
            link.replace('#', "%23").replace("cairn", "Cairn")
        }),
        ("dan", |link| {
            format!(" `{}\u{200b}\n{}`. ", &link[..40], &link[40..])
        }),
        ("eve", |link| format!("(“{link}”)")),
    ] {
        let pasted = decorate(link());
        done(
            &profile(name),
            &["join", &pasted, "--name", name, "--password-stdin"],
            "correct horse\n",
        );
    }
    let refused = run(
        &profile("fay"),
        &["join", &(link() + "é9"), "--name", "fay"],
        "",
    );
    assert!(refused.is_done, "{}", refused.text);
    let bad = link();
    let bad = format!("{}ß{}", &bad[..60], &bad[60..]);
    let refused = run(&profile("gil"), &["join", &bad, "--name", "gil"], "");
    assert_eq!(refused.code, Some(2), "{}", refused.text);
    assert!(refused.text.contains("'ß' (U+00DF)"), "{}", refused.text);

    // The server's address and pin in one string, as `cairn whoami` prints them and otherwise.
    let known: Value = serde_json::from_str(&done(&ada, &["whoami", "--json"], "")).unwrap();
    let whole = known["link"].as_str().unwrap().to_owned();
    let InviteLink { addr, pin, .. } = first.parse().unwrap();
    for (at, pasted) in [
        whole.clone(),
        format!("<{}>.", whole.replace("cairn", "CAIRN").replace('#', "%23")),
        format!("{addr}#{pin}"),
        format!(" \"{addr}/#{pin}\","),
        first.clone(),
    ]
    .iter()
    .enumerate()
    {
        let args = ["login", pasted, "--name", "bob", "--password-stdin"];
        done(&profile(&format!("bob-{at}")), &args, "correct horse\n");
    }
    let (addr, pin) = (format!("<{addr}>"), pin.to_string());
    let args = [
        "login",
        &addr,
        "--pin",
        &pin,
        "--name",
        "bob",
        "--password-stdin",
    ];
    done(&profile("bob-x"), &args, "correct horse\n");
    for args in [
        &["login", &addr, "--name", "bob"][..],
        &["login", &whole],
        &["login", &whole, "--pin", &"A".repeat(43), "--name", "bob"],
    ] {
        let refused = run(&profile("none"), args, "");
        assert_eq!(refused.code, Some(2), "{}", refused.text);
    }
}

#[test]
fn commands_manage_invites_and_passwords() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let [ada, bob, new] = ["ada", "bob", "new"].map(|name| home.path().join(name));
    let first = server.invite.clone().unwrap().to_string();
    done(&ada, &["join", &first, "--name", "ada"], "");
    let made: Value =
        serde_json::from_str(&done(&ada, &["invite", "--uses", "2", "--json"], "")).unwrap();
    let (link, id) = (
        made["invite"].as_str().unwrap(),
        made["id"].as_str().unwrap(),
    );
    done(&bob, &["join", link, "--name", "bob"], "");
    let listed = done(&ada, &["invite", "list", "--json"], "");
    let listed: Vec<Value> = listed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let found = listed.iter().find(|invite| invite["id"] == *id).unwrap();
    assert_eq!(
        (&found["maker"], &found["used_by"], &found["uses_left"]),
        (&json!("ada"), &json!(["bob"]), &json!(1))
    );
    assert!(done(&ada, &["invite", "list"], "").contains("used by bob"));
    assert_eq!(
        done(&ada, &["invite", "revoke", id], ""),
        format!("revoked invite {id}\n")
    );
    let refused = run(&new, &["join", link, "--name", "mallory"], "");
    assert!(!refused.is_done, "{}", refused.text);
    let refused = run(&ada, &["invite", "revoke", "00000001"], "");
    assert!(
        refused.text.contains("there is no invite 00000001"),
        "{}",
        refused.text
    );

    let password = ["me", "password", "--password-stdin"];
    assert_eq!(
        done(&bob, &password, "correct horse\n"),
        "the password is set\n"
    );
    let refused = run(&bob, &password, "battery staple\nanother one\n");
    assert!(
        refused.text.contains("the current password is wrong"),
        "{}",
        refused.text
    );
    let change = [&password[..], &["--end-other-devices"]].concat();
    assert_eq!(
        done(&bob, &change, "correct horse\nanother one\n"),
        "the password is set; your other devices are logged out\n"
    );

    // Who lost the profile gets the account back.
    let reset = done(&ada, &["users", "reset", "bob"], "");
    let pasted = format!("<{}>", reset.trim());
    let refused = run(&new, &["join", &pasted, "--name", "bob"], "");
    assert!(
        refused.text.contains("`cairn login` takes it"),
        "{}",
        refused.text
    );
    let refused = run(&new, &["login", &pasted, "--password-stdin"], "short\n");
    assert_eq!(refused.code, Some(1), "{}", refused.text);
    let said = done(&new, &["login", &pasted, "--password-stdin"], "a new one\n");
    assert!(said.starts_with("bob "), "{said}");
    assert_eq!(run(&bob, &["list"], "").code, Some(3));
    let refused = run(&bob, &["login", &pasted, "--password-stdin"], "a new one\n");
    assert!(
        refused.text.contains("hint: ask an owner or admin"),
        "{}",
        refused.text
    );
}
