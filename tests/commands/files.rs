//! Sending and downloading files and previews, and errors for expired messages.

use std::fs;

use serde_json::json;

use super::world::World;

/// The smallest GIF: one pixel.
const DOT: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\0;";

pub fn all(world: &World) {
    world.join("wim");
    world.join("xia");
    world.json("wim", &["group", "create", "album", "xia"]);
    previews(world);
    expired(world);
}

#[expect(clippy::too_many_lines, reason = "the steps of one scenario")]
fn previews(world: &World) {
    let filler = (0..).map(|at: u32| ((at * 31) >> 3) as u8);
    let preview: Vec<u8> = [0xff, 0xd8, 0xff]
        .into_iter()
        .chain(filler)
        .take(12 * 1024)
        .collect();
    fs::write(world.path("dot.gif"), DOT).unwrap();
    fs::write(world.path("walk.mp4"), vec![7; 5000]).unwrap();
    fs::write(world.path("small.jpg"), &preview).unwrap();
    fs::write(world.path("large.jpg"), [&preview[..], &[1]].concat()).unwrap();
    let sent = world.json(
        "wim",
        &[
            "send",
            "#album",
            "--file",
            "dot.gif",
            "--preview",
            "small.jpg",
            "a dot",
            "--reply-to",
            "1",
        ],
    );
    assert_eq!(
        (&sent["msgid"], &sent["resumed_at_bytes"]),
        (&3.into(), &0.into())
    );
    let video = [
        "--as",
        "video",
        "--pixels",
        "640x480",
        "--duration",
        "1.5",
        "--preview",
        "dot.gif",
    ];
    assert!(
        world
            .people(
                "wim",
                &[&["send", "#album", "--file", "walk.mp4"], &video[..]].concat()
            )
            .contains("#album 4")
    );
    let again = world.json("wim", &["send", "#album", "--file", "walk.mp4"]);
    assert_eq!(
        again["resumed_at_bytes"], 5000,
        "the server has it: nothing is sent"
    );
    assert_eq!(
        world.people("wim", &["send", "#album", "--file", "walk.mp4"]),
        "accepted as #album 6; 4.9 KiB were on the server already\n"
    );
    world.refused(
        "wim",
        &[
            "send",
            "#album",
            "--file",
            "dot.gif",
            "--preview",
            "large.jpg",
        ],
        "12289 bytes where 12288 are allowed",
    );

    let shown = world.lines("xia", &["tail", "#album", "--from", "3"]);
    let picture = &shown[0]["attachment"];
    let fields = [
        "name",
        "media_type",
        "size_bytes",
        "width",
        "height",
        "preview_bytes",
    ]
    .map(|field| picture[field].clone());
    assert_eq!(
        fields,
        [
            json!("dot.gif"),
            json!("image/gif"),
            json!(DOT.len()),
            json!(1),
            json!(1),
            json!(12 * 1024)
        ]
    );
    assert_eq!(
        (&shown[0]["kind"], &shown[0]["text"], &shown[0]["reply_to"]),
        (&json!("image"), &json!("a dot"), &1.into())
    );
    let video = &shown[1]["attachment"];
    let fields = [
        "media_type",
        "width",
        "height",
        "duration_ms",
        "preview_bytes",
    ]
    .map(|field| video[field].clone());
    assert_eq!(
        fields,
        [
            json!("video/mp4"),
            json!(640),
            json!(480),
            json!(1500),
            json!(DOT.len())
        ]
    );
    assert_eq!(shown[2]["attachment"].get("preview_bytes"), None);

    let got = world.json("xia", &["get", "#album", "3", "--preview", "got.jpg"]);
    assert_eq!(
        (&got["path"], &got["name"], &got["preview_bytes"]),
        (&json!("got.jpg"), &json!("dot.gif"), &(12 * 1024).into())
    );
    assert_eq!(fs::read(world.path("got.jpg")).unwrap(), preview);
    assert_eq!(
        world.people("xia", &["get", "#album", "4", "--preview", "got.jpg"]),
        "the preview of walk.mp4, 34 B, is in got.jpg\n"
    );
    assert_eq!(fs::read(world.path("got.jpg")).unwrap(), DOT);
    let got = world.json("xia", &["get", "#album", "3", "-o", "got.gif"]);
    assert_eq!(
        (&got["size_bytes"], &got["resumed_at_bytes"], &got["hash"]),
        (&DOT.len().into(), &0.into(), &picture["hash"])
    );
    assert_eq!(fs::read(world.path("got.gif")).unwrap(), DOT);
    assert!(
        world
            .people("xia", &["get", "#album", "4"])
            .starts_with("walk.mp4, 4.9 KiB, is in attachment-")
    );

    let (_, said) = world.failure("xia", &["get", "#album", "5", "--preview", "none.jpg"]);
    assert!(
        said.contains("message 5 has no preview") && !world.path("none.jpg").exists(),
        "{said}"
    );
    assert_eq!(
        world
            .failure("xia", &["get", "#album", "3", "--preview", "a", "-o", "b"])
            .0,
        Some(2)
    );
    world.refused("xia", &["get", "#album", "1"], "message 1 has no file");
    world.refused("xia", &["get", "#album", "99"], "there is no message 99");
    world.json("wim", &["recall", "#album", "5"]);
    assert!(
        world
            .failure("xia", &["get", "#album", "5"])
            .1
            .contains("message 5 was recalled")
    );
    let (code, said) = world.failure("xia", &["get", "#album", "3", "-o", "no/such/folder"]);
    assert!(
        code == Some(1) && said.contains("cannot write no/such/folder."),
        "{said}"
    );
}

/// Messages that expire right after their import: requests from members are refused with the
/// reason, unlike those for messages that never existed.
fn expired(world: &World) {
    fs::write(
        world.path("2001-02-03.txt"),
        "[10:00] <old> hello\n[10:01]  * old waves\n=== old [~old@192.0.2.1] has left #attic []\n",
    )
    .unwrap();
    let import = ["import", "irc", "2001-02-03.txt", "--group", "attic"];
    let dry = world.people("ada", &[&import[..], &["--dry-run"]].concat());
    assert!(
        dry.starts_with("1 files: 1 messages and 1 emotes; skipped: 1 joins")
            && dry.ends_with("dry run: nothing was added\n"),
        "{dry}"
    );
    let counts = world.json("ada", &import);
    assert_eq!(
        (
            &counts["messages"],
            &counts["emotes"],
            &counts["added"],
            &counts["users"]
        ),
        (&1.into(), &1.into(), &2.into(), &1.into())
    );
    world.json("ada", &["group", "add", "attic", "xia"]);
    world.json(
        "ada",
        &["group", "settings", "attic", "--history", "from-join"],
    );
    world.json("ada", &["group", "add", "attic", "wim"]);
    assert!(
        world
            .failure("xia", &["get", "#attic", "2"])
            .1
            .contains("message 2 has no file")
    );
    let (_, said) = world.failure("wim", &["get", "#attic", "2"]);
    assert!(
        said.contains("there is no message 2"),
        "messages before the join have not expired: {said}"
    );

    let watch = world.live(
        "xia",
        &["tail", "#attic", "--follow", "--from", "1"],
        super::world::Form::People,
    );
    world.people("ada", &["retention", "#attic", "days", "30"]);
    watch.until(|line| line.contains("set how long messages stay: 30 days"));
    let is_gone = || {
        world
            .failure("xia", &["get", "#attic", "3"])
            .1
            .contains("message 3 has expired")
    };
    let deadline = std::time::Instant::now() + super::world::PATIENCE;
    while !is_gone() {
        assert!(std::time::Instant::now() < deadline, "it does not expire");
    }
    world.refused(
        "xia",
        &["get", "#attic", "2"],
        "message 2 has expired: the conversation keeps messages for a limited time",
    );
    world.refused(
        "xia",
        &["get", "#attic", "3", "--preview", "none.jpg"],
        "message 3 has expired",
    );
    world.refused("xia", &["get", "#attic", "99"], "there is no message 99");
    world.refused(
        "xia",
        &["react", "#attic", "2", "wave"],
        "that message has expired",
    );
}
