//! Fixed values of every wire type and variant, for the golden bytes and the hostile input.
//!
//! Completeness is enforced: [`named::Named`] matches exhaustively, so a new variant must be named
//! to compile; a name without a sample fails a test, and so does a serialized type without a name.

mod bodies;
mod desk;
mod frames;
mod group;
mod message;
mod named;
mod overview;
mod people;
mod receipts;
mod retention;
mod session;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use bytes::{Bytes, BytesMut};
use cairn_proto::content::message::{Entry, Run, split_entry, unpack_entry};
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::limits;
use cairn_proto::wire::codec::{self, DecodeError};
use cairn_proto::wire::frame;
use cairn_proto::wire::request::{Answer, Call, Request};

pub(crate) use named::Named;

/// Decodes bytes as the type of a sample. Returns whether they equal its value.
pub(crate) type Reader = Box<dyn Fn(&[u8]) -> Result<bool, DecodeError>>;

pub(crate) struct Sample {
    /// `Type` or `Type::Variant`, with `/2` and so on for further values of that name.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) read: Reader,
}

/// All samples, and all names that must occur among them.
#[derive(Default)]
pub(crate) struct Samples {
    pub(crate) list: Vec<Sample>,
    /// `Type` for a struct, `Type::Variant` for each variant of an enum.
    pub(crate) required: BTreeSet<String>,
    /// The number of samples per name.
    pub(crate) seen: BTreeMap<String, usize>,
    /// The requests among the samples, at least one of each kind.
    pub(crate) requests: Vec<Request>,
}

impl Samples {
    /// All samples, in a fixed order.
    pub(crate) fn all() -> Self {
        let mut samples = Self::default();
        bodies::add_all(&mut samples);
        frames::add_all(&mut samples);
        overview::add_all(&mut samples);
        message::add_all(&mut samples);
        receipts::add_all(&mut samples);
        group::add_all(&mut samples);
        retention::add_all(&mut samples);
        people::add_all(&mut samples);
        session::add_all(&mut samples);
        desk::add_all(&mut samples);
        samples
    }

    fn add<T: Named>(&mut self, values: Vec<T>) {
        self.required.extend(T::names());
        for value in values {
            let bytes = codec::encode(&value);
            self.push(
                value.name(),
                bytes,
                Box::new(move |bytes| Ok(read_twice::<T>(bytes)? == value)),
            );
        }
    }

    /// Adds a request as `Request::Kind`, and an answer to it as `Answer::Kind`.
    fn ask<C>(&mut self, call: C, answer: C::Answer)
    where
        C: Call + Into<Request> + 'static,
        C::Answer: PartialEq + Debug + 'static,
    {
        let request: Request = call.into();
        let to_answer = |name: &str| name.replace("Request::", "Answer::");
        self.required
            .extend(Request::names().iter().map(|name| to_answer(name)));
        let name = to_answer(&request.name());
        self.ask_again(request);
        let bytes = codec::encode(&Answer::to::<C>(&answer));
        self.push(
            name,
            bytes,
            Box::new(move |bytes| Ok(read_answer::<C>(bytes)? == answer)),
        );
    }

    fn ask_again(&mut self, call: impl Into<Request>) {
        let request = call.into();
        self.requests.push(request.clone());
        self.add(vec![request]);
    }

    fn add_packed(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            let mut bytes = Vec::new();
            entry.pack(&mut bytes);
            let name = format!("packed Entry of {}", entry.body.name());
            self.push(
                name,
                bytes,
                Box::new(move |bytes| Ok(unpack(bytes)? == [entry.clone()])),
            );
        }
    }

    fn add_framed<T: Named>(&mut self, value: T) {
        let bytes = frame::frame(&value).to_vec();
        let name = format!("framed {}", value.name());
        self.push(
            name,
            bytes,
            Box::new(move |bytes| Ok(unframe::<T>(bytes)? == value)),
        );
    }

    fn push(&mut self, name: String, bytes: Vec<u8>, read: Reader) {
        let count = self.seen.entry(name.clone()).or_default();
        *count += 1;
        let name = if *count == 1 {
            name
        } else {
            format!("{name}/{count}")
        };
        self.list.push(Sample { name, bytes, read });
    }
}

/// Decodes a value, encodes it and decodes it again.
fn read_twice<T: Named>(bytes: &[u8]) -> Result<T, DecodeError> {
    let value = codec::decode::<T>(bytes, limits::FRAME_BYTES_MAX)?;
    assert_eq!(
        codec::decode::<T>(&codec::encode(&value), usize::MAX).as_ref(),
        Ok(&value)
    );
    Ok(value)
}

/// Like [`read_twice`], for an answer and the value in it.
fn read_answer<C: Call>(bytes: &[u8]) -> Result<C::Answer, DecodeError>
where
    C::Answer: PartialEq + Debug,
{
    let answer = codec::decode::<Answer>(bytes, limits::FRAME_BYTES_MAX)?;
    let value = answer.of::<C>()?;
    assert_eq!(Answer::to::<C>(&value).of::<C>().as_ref(), Ok(&value));
    Ok(value)
}

/// Unpacks entries, as a client does.
fn unpack(packed: &[u8]) -> Result<Vec<Entry>, DecodeError> {
    let mut rest = Bytes::copy_from_slice(packed);
    let mut entries = Vec::new();
    while let Some(entry) = split_entry(&mut rest)? {
        entries.push(unpack_entry(&entry)?);
    }
    let run = Run {
        conversation: ConversationId::new(1),
        first: MsgId::new(1),
        count: entries.len() as u32,
        entries: packed.to_vec().into(),
    };
    assert_eq!(
        run.messages().map(|messages| messages.len()),
        Ok(entries.len()),
        "two ways to unpack disagree"
    );
    Ok(entries)
}

/// Decodes a single frame. Anything but one complete frame is malformed.
fn unframe<T: Named>(bytes: &[u8]) -> Result<T, DecodeError> {
    let mut buffer = BytesMut::from(bytes);
    let frame = frame::split(&mut buffer, limits::FRAME_BYTES_MAX)
        .ok()
        .flatten()
        .ok_or(DecodeError::Malformed)?;
    let value = read_twice(&frame)?;
    if buffer.is_empty() {
        Ok(value)
    } else {
        Err(DecodeError::Trailing(buffer.len()))
    }
}
