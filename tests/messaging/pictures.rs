//! Pictures and videos: their size as it is shown, and sizes that none can have.

use std::path::Path;

use cairn_client::proto::content::attachment::{Attachment, Media, Preview, Video};
use cairn_client::proto::content::body::Body;
use cairn_client::proto::text::{Caption, FileName, MediaType};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Error, Uploaded};
use serde_json::{Value, json};

use crate::commands::world::World;
use crate::support::Server;

/// EXIF data with this orientation alone.
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    exif
}

fn jpeg(orientation: u8, width: u16, height: u16) -> Vec<u8> {
    let exif = [b"Exif\0\0", &exif(orientation)[..]].concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    let (width, height) = (width.to_be_bytes(), height.to_be_bytes());
    [
        b"\xff\xd8\xff\xe1",
        &length[..],
        &exif,
        b"\xff\xc0\x00\x11\x08",
        &height,
        &width,
        b"\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xd9",
    ]
    .concat()
}

fn png(orientation: u8, width: u32, height: u32) -> Vec<u8> {
    let part = |kind: &[u8], bytes: &[u8]| {
        [&(bytes.len() as u32).to_be_bytes(), kind, bytes, &[0; 4]].concat()
    };
    let (width, height) = (width.to_be_bytes(), height.to_be_bytes());
    let head = [&width[..], &height, &[8, 2, 0, 0, 0]].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        part(b"IHDR", &head),
        part(b"eXIf", &exif(orientation)),
        part(b"IEND", b""),
    ]
    .concat()
}

fn webp(orientation: u8, width: u32, height: u32) -> Vec<u8> {
    let part =
        |kind: &[u8], bytes: &[u8]| [kind, &(bytes.len() as u32).to_le_bytes(), bytes].concat();
    let sides = [width - 1, height - 1].map(u32::to_le_bytes);
    let head = [&[8, 0, 0, 0], &sides[0][..3], &sides[1][..3]].concat();
    let parts = [part(b"VP8X", &head), part(b"EXIF", &exif(orientation))].concat();
    let length = (parts.len() as u32 + 4).to_le_bytes();
    [b"RIFF", &length[..], b"WEBP", &parts].concat()
}

#[test]
fn size_of_a_picture_is_that_as_it_is_shown() {
    let world = World::new();
    world.json("ada", &["group", "create", "album"]);
    let pictures: [(&str, Vec<u8>, [u32; 2]); 8] = [
        ("plain.jpg", jpeg(1, 30, 20), [30, 20]),
        ("upside-down.jpg", jpeg(3, 30, 20), [30, 20]),
        ("turned.jpg", jpeg(6, 30, 20), [20, 30]),
        ("mirrored.jpg", jpeg(5, 30, 20), [20, 30]),
        ("plain.png", png(1, 30, 20), [30, 20]),
        ("turned.png", png(8, 30, 20), [20, 30]),
        ("plain.webp", webp(2, 30, 20), [30, 20]),
        ("turned.webp", webp(7, 30, 20), [20, 30]),
    ];
    let sent = |name: &str| -> Value {
        world.json("ada", &["send", "#album", "--file", name]);
        world.lines("ada", &["tail", "#album"]).pop().unwrap()
    };
    for (name, bytes, [width, height]) in pictures {
        std::fs::write(world.path(name), bytes).unwrap();
        let message = sent(name);
        let file = &message["attachment"];
        assert_eq!(
            (&message["kind"], &file["width"], &file["height"]),
            (&json!("image"), &json!(width), &json!(height)),
            "{name}"
        );
    }
    // A size that is given counts as it is.
    let given = ["send", "#album", "--file", "turned.jpg", "--pixels", "7x5"];
    world.json("ada", &given);
    let last = world.lines("ada", &["tail", "#album"]).pop().unwrap();
    assert_eq!(last["attachment"]["width"], 7);

    // What has no possible size is a file.
    for (name, bytes) in [
        ("flat.jpg", jpeg(1, 0, 20)),
        ("empty.png", png(1, 0, 0)),
        ("absurd.png", png(6, 2_000_000_000, 2_000_000_000)),
    ] {
        std::fs::write(world.path(name), bytes).unwrap();
        assert_eq!(sent(name)["kind"], "file", "{name}");
    }
    for pixels in ["0x0", "0x5", "70000x1", "60000x60000"] {
        let send = ["send", "#album", "--file", "plain.jpg", "--pixels", pixels];
        let (code, said) = world.failure("ada", &send);
        assert!(code == Some(2) && said.contains("65535"), "{said}");
    }
    std::fs::write(world.path("notes.txt"), "no picture").unwrap();
    for args in [
        &["me", "set", "--avatar", "notes.txt"][..],
        &[
            "send",
            "#album",
            "--file",
            "plain.jpg",
            "--preview",
            "notes.txt",
        ],
    ] {
        world.refused("ada", args, "it is not a picture of a known format");
    }
}

#[tokio::test]
async fn impossible_sizes_are_refused_by_the_server() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let group = ada
        .conversations()
        .create_group("album".parse().unwrap(), Vec::new());
    let there = ada.conversation(group.await.unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let Uploaded { hash, size_bytes } = ada.upload_file(&path, |_| {}).await.unwrap();
    let media = |width, height| Media {
        file: Attachment {
            hash,
            name: FileName::new("a picture").unwrap(),
            media_type: MediaType::new("image/png").unwrap(),
            size_bytes,
            caption: Caption::new("").unwrap(),
        },
        width,
        height,
        preview: Preview::NONE,
    };
    let video = |media| {
        Body::from(Video {
            media,
            duration_ms: 1,
        })
    };
    for (width, height) in [
        (0, 0),
        (0, 20),
        (20, 0),
        (65_536, 1),
        (1, u32::MAX),
        (40_000, 40_000),
    ] {
        for body in [
            Body::from(media(width, height)),
            video(media(width, height)),
        ] {
            let refused = there.send(body).await;
            assert!(
                matches!(refused, Err(Error::Refused(ErrorCode::BadDimensions))),
                "{width}x{height}: {refused:?}"
            );
        }
    }
    for (width, height) in [(1, 1), (65_535, 1), (32_768, 32_768)] {
        there.send(Body::from(media(width, height))).await.unwrap();
    }
}
