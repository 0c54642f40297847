//! The server's key is missing or damaged.

use std::fs;

use cairn_client::{Account, Client, Error};

use super::{DATA_UNUSABLE, assert_refused, doctor, outcome, serve, serve_once, sound, stderr};
use crate::support::Server;

/// An invite contains the pin of the key, so from the owner's invite on, the key must not change.
#[test]
fn missing_key_is_refused_once_an_invite_exists() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    assert!(serve_once(&mut serve(&data)).is_ok());
    let key = data.join("identity/key.pem");
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let headline = format!(
        "{} is missing, and the server is in use: restore it from a backup",
        key.display()
    );
    for _ in 0..2 {
        let output = outcome(&mut serve(&data));
        assert_refused(&output, DATA_UNUSABLE, &headline);
        assert!(stderr(&output).contains("cairn doctor --data DIR --new-identity"));
    }
    assert!(!key.exists());
    assert_refused(&doctor(&data, &[]), 1, &headline);
    fs::remove_dir_all(data.join("identity")).unwrap();
    assert_refused(&outcome(&mut serve(&data)), DATA_UNUSABLE, &headline);

    fs::write(&key, "no key").unwrap();
    let damaged = format!("{} is damaged: restore it from a backup", key.display());
    assert_refused(&outcome(&mut serve(&data)), DATA_UNUSABLE, &damaged);
    assert_refused(&doctor(&data, &[]), 1, &damaged);

    fs::write(&key, kept).unwrap();
    assert!(serve_once(&mut serve(&data)).unwrap().has_invite);
    assert!(sound(&data, &[])["new_pin"].is_null());
}

#[tokio::test]
async fn restored_key_readmits_clients() {
    let mut server = Server::start();
    let (owner, account) = server.owner().await;
    owner.close().await;
    assert!(server.stop().success());
    let key = server.data().join("identity/key.pem");
    let backup = server.data().with_file_name("key.pem");
    fs::rename(&key, &backup).unwrap();
    let output = outcome(&mut serve(server.data()));
    assert_eq!(output.status.code(), Some(DATA_UNUSABLE));
    fs::rename(&backup, &key).unwrap();
    server.restart();
    Client::builder()
        .connect(&account)
        .await
        .unwrap()
        .close()
        .await;
}

/// A new key is created only on request. Devices stay logged in, but need the new pin.
#[tokio::test]
async fn lost_key_is_replaced_on_request() {
    let mut server = Server::start();
    let (owner, account) = server.owner().await;
    owner.close().await;
    assert!(server.stop().success());
    let key = server.data().join("identity/key.pem");
    let output = doctor(server.data(), &["--new-identity"]);
    let headline = format!("{} is sound: it is not replaced", key.display());
    assert_refused(&output, 1, &headline);
    fs::remove_file(&key).unwrap();
    let found = sound(server.data(), &["--new-identity"]);
    assert_eq!(found["users"], 1);
    let pin = found["new_pin"].as_str().unwrap().parse().unwrap();
    server.restart();
    let refused = Client::builder().connect(&account).await;
    assert!(
        matches!(&refused, Err(Error::WrongPin { shown, .. }) if **shown == pin),
        "{refused:?}"
    );
    let repinned = Account { pin, ..account };
    Client::builder()
        .connect(&repinned)
        .await
        .unwrap()
        .close()
        .await;
}

/// Without the secret, clients detect one restart later than usual, so a lost one is replaced.
#[test]
fn lost_quic_secret_is_replaced_with_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let first = serve_once(&mut serve(&data)).unwrap();
    assert_eq!(first.said, "");
    let secret = data.join("identity/quic-secret");
    for lost in [None, Some([7; 31].as_slice())] {
        match lost {
            None => fs::remove_file(&secret).unwrap(),
            Some(bytes) => fs::write(&secret, bytes).unwrap(),
        }
        let said = serve_once(&mut serve(&data)).unwrap().said;
        assert!(said.contains("missing or damaged"), "{said}");
        assert!(said.contains("identity/quic-secret"), "{said}");
        assert_eq!(fs::read(&secret).unwrap().len(), 32);
        assert_eq!(serve_once(&mut serve(&data)).unwrap().said, "");
    }
}
