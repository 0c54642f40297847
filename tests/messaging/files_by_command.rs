//! Files by `cairn send --file` and `cairn get`.

use tempfile::TempDir;

use crate::support::{Server, cairn};

#[test]
fn commands_send_and_fetch_files() {
    let server = Server::start();
    let dir = TempDir::new().unwrap();
    let run = |args: &[&str]| {
        let output = cairn(args)
            .current_dir(dir.path())
            .arg("--profile")
            .arg(dir.path().join("ada"))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        said
    };
    let link = server.invite.as_ref().unwrap().to_string();
    run(&["join", &link, "--name", "ada"]);
    run(&["group", "create", "team"]);
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    std::fs::write(dir.path().join("plan.pdf"), &bytes).unwrap();
    // The smallest GIF: one pixel.
    std::fs::write(
        dir.path().join("dot.gif"),
        b"GIF89a\x01\0\x01\0\0\0\0!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\0;",
    )
    .unwrap();
    assert!(run(&["send", "#team", "--file", "plan.pdf", "the plan"]).contains("#team 2"));
    run(&["send", "#team", "--file", "dot.gif", "--preview", "dot.gif"]);
    run(&[
        "send",
        "#team",
        "--file",
        "plan.pdf",
        "--as",
        "video",
        "--pixels",
        "640x480",
        "--duration",
        "1.5",
    ]);

    let shown = run(&["tail", "#team"]);
    assert!(
        shown.contains("ada: [file plan.pdf 293.0 KiB] the plan")
            && shown.contains("ada: [image dot.gif 34 B]"),
        "{shown}"
    );
    let json: Vec<serde_json::Value> = run(&["tail", "#team", "--json"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (
            &json[2]["attachment"]["width"],
            &json[2]["attachment"]["media_type"]
        ),
        (&1.into(), &"image/gif".into())
    );
    assert_eq!(
        (&json[3]["kind"], &json[3]["attachment"]["duration_ms"]),
        (&"video".into(), &1500.into())
    );

    run(&["get", "#team", "2", "-o", "copy.pdf"]);
    assert_eq!(std::fs::read(dir.path().join("copy.pdf")).unwrap(), bytes);
    let got: serde_json::Value =
        serde_json::from_str(&run(&["get", "#team", "2", "--json"])).unwrap();
    let path = got["path"].as_str().unwrap();
    assert_eq!(
        (&got["name"], std::fs::read(dir.path().join(path)).unwrap()),
        (&"plan.pdf".into(), bytes)
    );
    assert!(
        !path.contains("plan"),
        "what the sender calls it is no path"
    );
    let refused = |args: &[&str]| {
        !cairn(args)
            .current_dir(dir.path())
            .arg("--profile")
            .arg(dir.path().join("ada"))
            .status()
            .unwrap()
            .success()
    };
    assert!(
        refused(&["get", "#team", "1"])
            && refused(&["get", "#team", "99"])
            && refused(&["send", "#team", "--file", "nowhere"])
    );
}

/// Downloads write only the chosen regular file.
#[test]
fn commands_choose_file_destinations() {
    let server = Server::start();
    let dir = TempDir::new().unwrap();
    let run = |args: &[&str]| {
        let output = cairn(args)
            .current_dir(dir.path())
            .arg("--profile")
            .arg(dir.path().join("ada"))
            .output()
            .unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let link = server.invite.as_ref().unwrap().to_string();
    assert!(run(&["join", &link, "--name", "ada"]).0 && run(&["group", "create", "team"]).0);
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("odd\\name.txt"), "contents").unwrap();
    assert!(
        run(&[
            "send",
            "#team",
            "--file",
            "odd\\name.txt",
            "--name",
            "plain.txt"
        ])
        .0
    );
    assert_eq!(
        run(&["get", "#team", "2", "--json", "-o", "copy"]),
        (true, String::new())
    );

    std::fs::create_dir(at("folder")).unwrap();
    let (is_got, said) = run(&["get", "#team", "2", "-o", "folder"]);
    assert!(!is_got && said.contains("it is a directory"), "{said}");
    if cfg!(unix) {
        let is_made = std::process::Command::new("mkfifo")
            .arg(at("pipe"))
            .status()
            .unwrap()
            .success();
        let (is_got, said) = run(&["get", "#team", "2", "-o", "pipe"]);
        assert!(
            is_made && !is_got && said.contains("not a regular file"),
            "{said}"
        );
    }
    let parts = || {
        std::fs::read_dir(dir.path()).unwrap().filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_str()
                .unwrap()
                .contains(".part")
        })
    };
    assert_eq!(
        parts().count(),
        0,
        "it was refused before anything was fetched"
    );

    std::fs::write(at("copy.part"), "my own").unwrap();
    assert!(run(&["get", "#team", "2", "-o", "copy"]).0);
    assert_eq!(std::fs::read(at("copy")).unwrap(), b"contents");
    assert_eq!(std::fs::read(at("copy.part")).unwrap(), b"my own");

    let hash = blake3::hash(b"contents").to_string();
    let part = std::fs::File::create(at(&format!("copy.{}.part", &hash[..8]))).unwrap();
    part.lock().unwrap();
    let (is_got, said) = run(&["get", "#team", "2", "-o", "copy"]);
    assert!(!is_got && said.contains("another download"), "{said}");
    drop(part);
    assert!(run(&["get", "#team", "2", "-o", "copy"]).0);
}
