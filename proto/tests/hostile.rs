//! Hostile input: decoding arbitrary bytes never panics or allocates out of proportion, and refuses
//! incomplete values.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests"
)]

mod counting;
mod samples;
mod strategies;

use std::fmt::Debug;
use std::sync::LazyLock;

use bytes::{Bytes, BytesMut};
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::{self, Draft, Entry, Run};
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{ClientSeq, ConversationId, MsgId, RequestId, Timestamp, UserId};
use cairn_proto::invite::{InviteLink, ServerAddr};
use cairn_proto::limits;
use cairn_proto::secret::{DeviceToken, InviteToken, Pin};
use cairn_proto::wire::codec::{self, DecodeError};
use cairn_proto::wire::event::{StreamOpening, TimelineFrame};
use cairn_proto::wire::frame;
use cairn_proto::wire::hello::{ClientFrame, Welcome};
use cairn_proto::wire::request::{Answer, Call, Request, Visit, Visitor};
use cairn_proto::wire::response::ServerFrame;
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use counting::peak_bytes;
use samples::{Reader, Samples};

/// Bytes that a decoder may allocate for any input: an error text, and the first items of a list.
const FIXED_BYTES_MAX: usize = 1024;

/// Bytes that a decoder may allocate per input byte: the smallest list items are this much larger
/// in memory than on the wire.
const PROPORTION_MAX: usize = 64;

fn measured<T>(bytes: &[u8], what: &str, work: impl FnOnce() -> T) -> T {
    let (result, peak) = peak_bytes(work);
    let allowed = FIXED_BYTES_MAX + PROPORTION_MAX * bytes.len();
    assert!(
        peak <= allowed,
        "{what}: {peak} bytes held for {} bytes of input, where {allowed} are in proportion",
        bytes.len()
    );
    result
}

fn read(reader: &Reader, name: &str, bytes: &[u8]) -> Result<bool, DecodeError> {
    measured(bytes, name, || reader(bytes))
}

#[test]
fn allocation_counter_works() {
    let (block, peak) = peak_bytes(|| vec![1_u8; 5_000]);
    assert!((5_000..6_000).contains(&peak), "{peak}");
    drop(block);
    let refused =
        std::panic::catch_unwind(|| measured(&[], "greedy", || vec![1_u8; FIXED_BYTES_MAX + 1]));
    assert!(refused.is_err());
}

#[test]
fn every_truncation_is_refused() {
    for sample in Samples::all().list {
        // A packed list of entries may be empty.
        let shortest = usize::from(sample.name.starts_with("packed"));
        for len in shortest..sample.bytes.len() {
            let cut = &sample.bytes[..len];
            assert!(
                read(&sample.read, &sample.name, cut).is_err(),
                "{} cut to {len} bytes is taken",
                sample.name
            );
        }
    }
}

#[test]
fn every_extension_is_refused() {
    for sample in Samples::all().list {
        for byte in 0..=u8::MAX {
            let longer = [sample.bytes.as_slice(), &[byte]].concat();
            assert!(
                read(&sample.read, &sample.name, &longer).is_err(),
                "{} with {byte:#04x} behind it is taken",
                sample.name
            );
        }
    }
}

#[test]
fn flipped_bytes_are_harmless() {
    let (mut taken, mut refused) = (0, 0);
    for sample in Samples::all().list {
        let mut bytes = sample.bytes.clone();
        for place in 0..bytes.len() {
            let original = bytes[place];
            for change in 1..=u8::MAX {
                bytes[place] = original ^ change;
                match read(&sample.read, &sample.name, &bytes) {
                    Ok(same) => {
                        assert!(
                            !same,
                            "{}: byte {place} as {:#04x} changes nothing",
                            sample.name, bytes[place]
                        );
                        taken += 1;
                    }
                    Err(_) => refused += 1,
                }
            }
            bytes[place] = original;
        }
    }
    assert!(
        taken > 10_000 && refused > 10_000,
        "{taken} taken and {refused} refused: is every byte changed?"
    );
}

/// Decodes as every type that is read from a stream or a disk, and as a text.
fn read_as_everything(bytes: &[u8]) {
    decode_as::<ClientFrame>(bytes);
    decode_as::<ServerFrame>(bytes);
    decode_as::<TimelineFrame>(bytes);
    decode_as::<StreamOpening>(bytes);
    decode_as::<Request>(bytes);
    decode_as::<Answer>(bytes);
    decode_as::<Welcome>(bytes);
    decode_as::<Body>(bytes);
    decode_as::<Entry>(bytes);
    REQUESTS
        .iter()
        .for_each(|request| read_as_answer(bytes, request));
    measured(bytes, "packed entries", || unpack_all(bytes));
    measured(bytes, "frames", || split_all(bytes));
    let text = String::from_utf8_lossy(bytes);
    let _ = (
        text.parse::<InviteLink>(),
        text.parse::<ServerAddr>(),
        text.parse::<Pin>(),
    );
    let _ = (text.parse::<DeviceToken>(), text.parse::<InviteToken>());
}

static REQUESTS: LazyLock<Vec<Request>> = LazyLock::new(|| Samples::all().requests);

fn read_as_answer(bytes: &[u8], request: &Request) {
    let read = AsAnswer(bytes);
    match request {
        Request::Message(request) => request.visit_ref(read),
        Request::Reading(request) => request.visit_ref(read),
        Request::Group(request) => request.visit_ref(read),
        Request::People(request) => request.visit_ref(read),
        Request::Server(request) => request.visit_ref(read),
        Request::Session(request) => request.visit_ref(read),
        Request::Desk(request) => request.visit_ref(read),
    }
}

struct AsAnswer<'a>(&'a [u8]);

impl Visitor for AsAnswer<'_> {
    type Output = ();
}

impl<C: Call> Visit<&C> for AsAnswer<'_>
where
    C::Answer: PartialEq + Debug,
{
    fn visit(self, _: &C) {
        decode_as::<C::Answer>(self.0);
    }
}

fn decode_as<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) {
    let name = std::any::type_name::<T>();
    let whole = measured(bytes, name, || {
        codec::decode::<T>(bytes, limits::FRAME_BYTES_MAX)
    });
    let some = measured(bytes, name, || codec::decode_some::<T>(bytes));
    match (whole, some) {
        (Ok(value), Ok((same, read))) => {
            assert_eq!((&value, bytes.len()), (&same, read));
            assert_eq!(codec::decode(&codec::encode(&value), usize::MAX), Ok(value));
        }
        (Err(DecodeError::Trailing(left)), Ok((_, read))) => assert_eq!(left + read, bytes.len()),
        (Err(why), Err(same)) => assert_eq!(why, same),
        (whole, some) => panic!("{name}: {whole:?} and {some:?}"),
    }
}

fn unpack_all(bytes: &[u8]) {
    let mut rest = Bytes::copy_from_slice(bytes);
    while let Ok(Some(entry)) = message::split_entry(&mut rest) {
        let _ = message::unpack_entry(&entry);
    }
    let _ = message::unpack_entry(bytes);
    let run = Run {
        conversation: ConversationId::new(1),
        first: MsgId::ZERO,
        count: u32::MAX,
        entries: Bytes::copy_from_slice(bytes),
    };
    assert!(run.messages().is_err());
}

fn split_all(bytes: &[u8]) {
    let mut buffer = BytesMut::from(bytes);
    while let Ok(Some(frame)) = frame::split(&mut buffer, limits::HELLO_BYTES_MAX) {
        assert!(frame.len() <= limits::HELLO_BYTES_MAX);
    }
}

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let bytes = codec::encode(value);
    let again = codec::decode::<T>(&bytes, limits::FRAME_BYTES_MAX);
    assert_eq!(again.as_ref(), Ok(value));
    assert_eq!(codec::encode(&again.unwrap()), bytes);
}

/// The integer at this position in the next longer form, if there is one: a one-byte value becomes
/// a marker and two bytes, and so on.
fn overlong(bytes: &[u8], place: usize) -> Vec<u8> {
    let (head, tail) = bytes.split_at(place);
    let value_bytes = |marker: u8| 1_usize << (marker - 250);
    let (marker, integer) = match tail[0] {
        single @ ..=250 => (251, vec![single]),
        marker @ 251..=253 => {
            let end = tail.len().min(1 + value_bytes(marker));
            (marker + 1, tail[1..end].to_vec())
        }
        254.. => return bytes.to_vec(),
    };
    let rest = &tail[usize::from(tail[0] > 250) + integer.len()..];
    let mut padded = integer;
    padded.resize(value_bytes(marker), 0);
    [head, &[marker], &padded, rest].concat()
}

#[test]
fn integers_are_made_overlong() {
    assert_eq!(overlong(&[7, 250, 9], 1), [7, 251, 250, 0, 9]);
    assert_eq!(overlong(&[251, 1, 2, 9], 0), [252, 1, 2, 0, 0, 9]);
    assert_eq!(
        overlong(&[252, 1, 2, 3, 4], 0),
        [253, 1, 2, 3, 4, 0, 0, 0, 0]
    );
    for value in [0_u64, 250, 251, 70_000] {
        let longer = overlong(&codec::encode(&value), 0);
        assert_eq!(codec::decode(&longer, 16), Ok(value), "the codec takes it");
    }
}

/// Decodes content as readers of stored messages do, who accept any encoding.
fn read_leniently(packed: &[u8]) -> Option<(Body, Extras)> {
    let mut entry = Vec::new();
    codec::prefixed(&mut entry, |out| {
        codec::encode_into(&(UserId::new(1), Timestamp::new(1)), out);
        out.extend_from_slice(packed);
    });
    let entry = message::unpack_entry(&entry).ok()?;
    Some((entry.body, entry.extras))
}

/// Bytes that resemble wire data: mostly small numbers, and markers of longer ones.
fn plausible() -> impl Strategy<Value = Vec<u8>> {
    vec(
        prop_oneof![4 => 0..20_u8, 2 => 250..=253_u8, 1 => any::<u8>()],
        0..200,
    )
}

/// A draft shares the bytes of its frame, so a small draft must not retain a large one.
#[test]
fn drafts_do_not_keep_large_frames_in_memory() {
    const FRAMES: usize = 50;
    let draft = Draft {
        conversation: ConversationId::new(1),
        seq: ClientSeq::new(1),
        content: Content::new(Body::Emoji("wave".parse().unwrap()), Extras::NONE),
    };
    let mut stream = Vec::new();
    frame::write(&vec![0_u8; limits::FRAME_BYTES_MAX - 8], &mut stream);
    frame::write(
        &ClientFrame::Request(RequestId::new(1), draft.into()),
        &mut stream,
    );
    let read = || {
        let mut buffer = BytesMut::new();
        let mut drafts = Vec::new();
        for _ in 0..FRAMES {
            buffer.extend_from_slice(&stream);
            while let Some(frame) = frame::split(&mut buffer, limits::FRAME_BYTES_MAX).unwrap() {
                drafts.extend(ClientFrame::parse(&frame).ok());
            }
        }
        drafts
    };
    let (drafts, peak) = peak_bytes(read);
    assert_eq!(drafts.len(), FRAMES);
    assert!(peak < 10 * limits::FRAME_BYTES_MAX, "{peak} bytes");
}

proptest! {
    #[test]
    fn random_bytes_are_harmless(bytes in prop_oneof![vec(any::<u8>(), 0..400), plausible()]) {
        read_as_everything(&bytes);
    }

    #[test]
    fn valid_values_round_trip(
        client in strategies::client_frame(), server in strategies::server_frame(),
        timeline in strategies::timeline_frame(), opening in strategies::opening(),
    ) {
        round_trip(&client);
        round_trip(&server);
        round_trip(&timeline);
        round_trip(&opening);
    }

    #[test]
    fn damaged_values_are_harmless(
        client in strategies::client_frame(), server in strategies::server_frame(),
            damage in vec((any::<usize>(), any::<u8>()), 1..4),
    ) {
        for mut bytes in [codec::encode(&client), codec::encode(&server)] {
            let len = bytes.len();
            damage.iter().for_each(|&(place, byte)| bytes[place % len] = byte);
            read_as_everything(&bytes);
        }
    }

    #[test]
    fn client_frames_parse_as_they_decode(
        frame in strategies::client_frame(), damage in vec((any::<usize>(), any::<u8>()), 0..3),
    ) {
        let mut bytes = codec::encode(&frame);
        let len = bytes.len();
        damage.iter().for_each(|&(place, byte)| bytes[place % len] = byte);
        let decoded = codec::decode(&bytes, limits::FRAME_BYTES_MAX);
        prop_assert_eq!(ClientFrame::parse(&bytes.into()), decoded);
    }

    #[test]
    fn packed_entries_round_trip(entry in strategies::entry()) {
        let mut packed = Vec::new();
        entry.pack(&mut packed);
        prop_assert_eq!(message::unpack_entry(&packed), Ok(entry));
    }

    #[test]
    fn contents_are_canonical(content in strategies::content()) {
        let packed = content.packed();
        let parsed = Content::parse(packed.clone());
        prop_assert_eq!(parsed.as_ref(), Ok(&content));
        let (body, extras) = content.clone().into_parts();
        prop_assert_eq!(&Content::new(body, extras), &content);
        prop_assert_eq!(read_leniently(packed), Some(content.into_parts()));
    }

    #[test]
    fn overlong_contents_are_refused(content in strategies::content()) {
        let parts = Some(content.clone().into_parts());
        let mut overlong_forms = 0;
        for place in 0..content.packed().len() {
            let bytes = overlong(content.packed(), place);
            if bytes.as_slice() != content.packed() && read_leniently(&bytes) == parts {
                overlong_forms += 1;
                prop_assert_eq!(Content::parse(bytes.into()), Err(DecodeError::Malformed));
            }
        }
        // There is at least the kind of the body.
        prop_assert!(overlong_forms > 0);
    }

    #[test]
    fn damaged_contents_are_refused_or_canonical(
        content in strategies::content(), damage in vec((any::<usize>(), any::<u8>()), 1..4),
        longer in any::<usize>(),
    ) {
        let mut bytes = content.packed().to_vec();
        let len = bytes.len();
        damage.iter().for_each(|&(place, byte)| bytes[place % len] = byte);
        for bytes in [overlong(&bytes, longer % len), bytes] {
            if let Ok(parsed) = Content::parse(bytes.clone().into()) {
                let (body, extras) = parsed.clone().into_parts();
                prop_assert_eq!(&Content::new(body, extras), &parsed);
                prop_assert_eq!(parsed.packed(), &bytes);
            }
        }
    }

    #[test]
    fn runs_number_each_message(run in strategies::run()) {
        match run.messages() {
            Ok(messages) => {
                let expected: Vec<u64> = (0..u64::from(run.count))
                    .map(|i| run.first.plus(i).get())
                    .collect();
                let found: Vec<u64> = messages.iter().map(|message| message.msgid.get()).collect();
                prop_assert_eq!(found, expected);
            }
            Err(why) => prop_assert!(false, "{}", why),
        }
        for count in [run.count + 1, run.count.wrapping_sub(1), u32::MAX] {
            let wrong = Run { count, ..run.clone() };
            prop_assert!(wrong.messages().is_err());
        }
    }

    #[test]
    fn frames_survive_splitting(
        frames in vec(strategies::timeline_frame(), 1..5), cuts in vec(1..80_usize, 1..20),
    ) {
        let mut stream = Vec::new();
        frames.iter().for_each(|value| frame::write(value, &mut stream));
        let (mut buffer, mut got) = (BytesMut::new(), Vec::new());
        let mut rest = stream.as_slice();
        let mut cuts = cuts.into_iter().cycle();
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(cuts.next().unwrap_or(1).min(rest.len()));
            buffer.extend_from_slice(piece);
            rest = behind;
            while let Some(bytes) = frame::split(&mut buffer, limits::FRAME_BYTES_MAX).unwrap() {
                got.push(codec::decode::<TimelineFrame>(&bytes, limits::FRAME_BYTES_MAX).unwrap());
            }
        }
        prop_assert_eq!(got, frames);
        prop_assert!(buffer.is_empty());
    }

    #[test]
    fn oversized_frame_is_refused_by_prefix(bytes in 1..=u32::MAX, bound in 0..1_000_000_usize) {
        let mut buffer = BytesMut::from(&bytes.to_le_bytes()[..]);
        let split = frame::split(&mut buffer, bound);
        let too_big = frame::FrameError::TooBig { bytes: bytes as usize, max_bytes: bound };
        prop_assert_eq!(split, if bytes as usize > bound { Err(too_big) } else { Ok(None) });
    }

    #[test]
    fn invite_links_round_trip(link in strategies::invite_link()) {
        prop_assert_eq!(link.to_string().parse(), Ok(link));
    }

    #[test]
    fn random_text_is_no_link(text in "(cairn://)?\\PC{0,60}(:[0-9]{1,6})?/?#?\\PC{0,60}") {
        if let Ok(link) = text.parse::<InviteLink>() {
            prop_assert_eq!(link.to_string().parse(), Ok(link));
        }
    }
}
