//! File permissions of the server's secrets.

#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::{serve, serve_once, sound};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn assert_private(data: &Path) {
    let modes =
        ["identity", "identity/key.pem", "identity/quic-secret"].map(|name| mode(&data.join(name)));
    assert_eq!(modes, [0o700, 0o600, 0o600]);
}

/// Files that an earlier version left readable become private at the next start.
#[test]
fn identity_is_private() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    serve_once(&mut serve(&data)).unwrap();
    assert_private(&data);
    assert_eq!(sound(&data, &[])["warnings"], serde_json::json!([]));
    let key = data.join("identity/key.pem");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(data.join("identity"), Permissions::from_mode(0o755)).unwrap();
    let warnings = sound(&data, &[])["warnings"].clone();
    let told = |path: &Path, mode| {
        format!(
            "{} has the mode {mode}, which other users may use",
            path.display()
        )
    };
    let expected = [told(&key, "0644"), told(&data.join("identity"), "0755")];
    assert_eq!(warnings, serde_json::json!(expected));
    let said = serve_once(&mut serve(&data)).unwrap().said;
    for warning in expected {
        assert!(
            said.contains(&format!("{warning}; it is private now")),
            "{said}"
        );
    }
    assert_private(&data);
    assert_eq!(serve_once(&mut serve(&data)).unwrap().said, "");
}

/// The ready file holds the owner's invite. In a shared folder, another user may have placed a link
/// under its temporary name.
#[test]
fn ready_file_is_private() {
    let dir = tempfile::tempdir().unwrap();
    let (data, ready) = (dir.path().join("data"), dir.path().join("ready.json"));
    let elsewhere = dir.path().join("elsewhere");
    fs::write(&elsewhere, "").unwrap();
    symlink(&elsewhere, dir.path().join("ready.json.new")).unwrap();
    serve_once(serve(&data).arg("--ready-file").arg(&ready)).unwrap();
    assert!(fs::read_to_string(&ready).unwrap().contains("cairn://"));
    assert_eq!(mode(&ready), 0o600);
    assert_eq!(fs::read(&elsewhere).unwrap(), b"");
}
