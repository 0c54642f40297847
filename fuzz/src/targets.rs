//! The targets. Each takes any bytes, and panics where cairn does, or where something does not hold
//! that must hold for any input.

mod irc;

use bytes::{Bytes, BytesMut};
use cairn_proto::content::attachment::TransferFrame;
use cairn_proto::content::message::{Run, unpack_entry};
use cairn_proto::invite::{InviteLink, Link, ServerAddr};
use cairn_proto::limits::{FRAME_BYTES_MAX, HELLO_BYTES_MAX};
use cairn_proto::wire::codec;
use cairn_proto::wire::event::{StreamOpening, TimelineFrame};
use cairn_proto::wire::frame;
use cairn_proto::wire::hello::{ClientFrame, Welcome};
use cairn_proto::wire::response::ServerFrame;
use cairn_proto::wire::typing::{ClientDatagram, ServerDatagram};
use cairn_store::testing::damaged;
use cairn_text::{Lines, Names, is_blank, is_interpreted, mentions, sanitize};

pub use irc::irc;

/// A target, by the name of its fuzz target.
pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: &[Target] = &[
    ("blocks", blocks),
    ("frames", frames),
    ("hello", hello),
    ("irc", irc),
    ("links", links),
    ("log", log),
    ("markup", markup),
    ("queries", queries),
    ("requests", requests),
    ("rows", rows),
    ("server_frames", server_frames),
];

/// A frame of a client, as a server reads it after the login. What it accepts is what a client
/// writes for the same value.
pub fn requests(data: &[u8]) {
    let frame = Bytes::copy_from_slice(data);
    let _ = ClientFrame::request_id(&frame);
    let Ok(read) = ClientFrame::parse(&frame) else {
        return;
    };
    let written = codec::encode(&read);
    assert_eq!(codec::is_canonical(&read, &frame), written == frame);
    let again = ClientFrame::parse(&written.into());
    assert_eq!(again.as_ref(), Ok(&read));
}

/// A stream of frames that arrives in parts: `[length of a part][bytes]`.
pub fn frames(data: &[u8]) {
    let Some((&part, stream)) = data.split_first() else {
        return;
    };
    let mut whole = BytesMut::from(stream);
    let (mut buffer, mut arrived) = (BytesMut::new(), stream.chunks(usize::from(part).max(1)));
    loop {
        // Whatever the parts are, the frames are the same.
        let expected = frame::split(&mut whole, FRAME_BYTES_MAX);
        let found = loop {
            match frame::split(&mut buffer, FRAME_BYTES_MAX) {
                Ok(None) => match arrived.next() {
                    Some(part) => buffer.extend_from_slice(part),
                    None => break Ok(None),
                },
                found => break found,
            }
        };
        assert_eq!(found, expected);
        match found {
            Ok(Some(frame)) => requests(&frame),
            Ok(None) | Err(_) => return,
        }
    }
}

/// The first frame of a connection, and of a stream.
pub fn hello(data: &[u8]) {
    if let Ok(read) = codec::decode::<ClientFrame>(data, HELLO_BYTES_MAX) {
        let written = codec::encode(&read);
        assert_eq!(codec::decode(&written, usize::MAX), Ok(read));
    }
    let version = ClientFrame::hello_version(data);
    if let Ok(ClientFrame::Hello(hello)) = codec::decode(data, HELLO_BYTES_MAX) {
        assert_eq!(version, Some(hello.version));
    }
    let _ = codec::decode::<StreamOpening>(data, HELLO_BYTES_MAX);
    let _ = codec::decode::<ClientDatagram>(data, HELLO_BYTES_MAX);
    let _ = codec::decode::<TransferFrame>(data, HELLO_BYTES_MAX);
}

/// What a server writes, as a client reads it: `[kind][bytes]`.
pub fn server_frames(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    match kind % 6 {
        0 => drop(codec::decode::<ServerFrame>(data, FRAME_BYTES_MAX)),
        1 => drop(codec::decode::<Welcome>(data, FRAME_BYTES_MAX)),
        2 => drop(codec::decode::<TimelineFrame>(data, FRAME_BYTES_MAX)),
        3 => drop(codec::decode::<ServerDatagram>(data, FRAME_BYTES_MAX)),
        4 => drop(unpack_entry(data)),
        _ => {
            let Ok(run) = codec::decode::<Run>(data, FRAME_BYTES_MAX) else {
                return;
            };
            if let Ok(messages) = run.messages() {
                assert_eq!(messages.len(), run.count as usize);
            }
        }
    }
}

/// A link to a server, as it is pasted.
pub fn links(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    if let Ok(link) = text.parse::<InviteLink>() {
        assert_eq!(link.to_string().parse(), Ok(link));
    }
    let _ = text.parse::<Link>();
    let _ = Link::of_server(text);
    let _ = ServerAddr::pasted(text);
    if let Ok(addr) = text.parse::<ServerAddr>() {
        assert_eq!(addr.to_string().parse(), Ok(addr));
    }
}

/// The log of a data directory, damaged.
pub fn log(data: &[u8]) {
    damaged::log(data);
}

/// A block of messages.
pub fn blocks(data: &[u8]) {
    damaged::block(data);
}

/// Rows of a data directory, in place of its own.
pub fn rows(data: &[u8]) {
    damaged::rows(data);
}

/// A query, as a user types it.
pub fn queries(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let now = jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
    match cairn_search::parse(text, &now) {
        Ok(parsed) => {
            assert!(!parsed.groups().is_empty());
            let _ = (parsed.users().count(), parsed.conversations().count());
        }
        Err(error) => drop(error.to_string()),
    }
}

/// The text of a message.
pub fn markup(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let names = Names::new([("ada", 1), ("bob b", 2), ("张三", 3)]);
    let _ = cairn_text::parse(text, &names);
    let _ = mentions(text, &names);
    for lines in [Lines::Join, Lines::Keep] {
        let shown = sanitize(text, lines);
        let is_safe =
            |c: char| !is_interpreted(c) || c == '\t' || (c == '\n' && lines == Lines::Keep);
        assert!(shown.chars().all(is_safe), "{shown:?}");
        assert_eq!(sanitize(&shown, lines), shown);
    }
    let _ = is_blank(text);
    let _ = cairn_text::skeleton(text);
    let _ = cairn_text::user_key(text);
}
