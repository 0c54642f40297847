//! A connection from its login to its end: the session stream in, the answers out, and the
//! streams that the client opens beside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cairn_proto::ids::RequestId;
use cairn_proto::limits::{FRAME_BYTES_MAX, HELLO_BYTES_MAX, LOGIN_TIME_MAX};
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::codec::{self, DecodeError};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::StreamOpening;
use cairn_proto::wire::frame;
use cairn_proto::wire::hello::ClientFrame;
use cairn_proto::wire::response::ServerFrame;
use quinn::{Connection, SendStream, VarInt};
use tokio::time::timeout;
use tracing::{debug, warn};

use crate::delivery;
use crate::limits;
use crate::session::Session;
use crate::session::datagrams;
use crate::session::login::{self, Refusal};
use crate::session::requests::Requests;
use crate::shared::Shared;
use crate::transfer::download::{self, Wanted};
use crate::transfer::{TransferSlots, TransferStream, upload};
use crate::transport::close::close;
use crate::transport::framing::{FrameReader, ReadError};
use cairn_core::api::actor::Actor;

/// Serves one connection until it ends.
pub(crate) async fn serve(shared: Arc<Shared>, connection: Connection) {
    let remote = connection.remote_address();
    let begun = timeout(LOGIN_TIME_MAX, begin(&shared, &connection))
        .await
        .unwrap_or(Err(Refusal::Silent));
    let (guard, reader) = match begun {
        Ok(begun) => begun,
        Err(refusal) => {
            debug!(%remote, %refusal, "no session");
            return close(&connection, refusal.close_code());
        }
    };
    let end = run(&shared, &guard.session, reader).await;
    drop(guard);
    debug!(%remote, ?end, "session over");
    close(&connection, end);
}

/// Takes its session out of the hub, however it ends: a login that lasts too long is dropped
/// wherever it is.
struct SessionGuard {
    shared: Arc<Shared>,
    session: Arc<Session>,
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        self.shared.hub.leave(&self.session);
        self.session.outbox.close();
    }
}

/// Reads the hello, logs in, and starts what writes to the client.
async fn begin(
    shared: &Arc<Shared>,
    connection: &Connection,
) -> Result<(SessionGuard, FrameReader), Refusal> {
    let (mut send, recv) = connection.accept_bi().await?;
    let mut reader = FrameReader::new(recv);
    let hello = login::read_hello(&mut reader).await?;
    let session = Session::new(connection.clone(), hello.push);
    let guard = SessionGuard {
        shared: shared.clone(),
        session: session.clone(),
    };
    match login::log_in(shared, &session, hello).await {
        Ok(welcome) => {
            connection.set_receive_window(VarInt::from_u32(limits::MEMBER_WINDOW_BYTES));
            connection.set_send_window(limits::MEMBER_WINDOW_BYTES.into());
            let welcome = frame::frame(&ServerFrame::Welcome(welcome));
            tokio::spawn(write_answers(session.clone(), send, welcome));
            tokio::spawn(datagrams::receive(shared.clone(), session.clone()));
            tokio::spawn(accept_streams(shared.clone(), session));
            Ok((guard, reader))
        }
        Err(code) => {
            refuse(&mut send, code).await;
            Err(Refusal::Refused(code))
        }
    }
}

/// Says why, and waits until the client has it: closing a connection drops what is under way.
async fn refuse(send: &mut SendStream, code: ErrorCode) {
    if send
        .write_chunk(frame::frame(&ServerFrame::Refused(code)))
        .await
        .is_ok()
        && send.finish().is_ok()
    {
        let _ = send.stopped().await;
    }
}

/// Takes requests until the client is done or breaks the protocol; says with which code the
/// connection ends.
async fn run(shared: &Arc<Shared>, session: &Arc<Session>, mut reader: FrameReader) -> CloseCode {
    let mut requests = Requests::new(shared.clone(), session.clone());
    loop {
        match reader.buffered(FRAME_BYTES_MAX) {
            Ok(Some(frame)) => match read_request(&frame) {
                Ok(Some((id, request))) => {
                    if requests.take(id, request).await.is_err() {
                        return CloseCode::GoingAway;
                    }
                }
                Ok(None) => return CloseCode::Protocol,
                Err((id, code)) => session.outbox.answer_now(id, Err(code)),
            },
            Ok(None) => {
                if requests.submit().await.is_err() {
                    return CloseCode::GoingAway;
                }
                match reader.read_more().await {
                    Ok(()) => {}
                    Err(ReadError::Frame(_)) => return CloseCode::FrameTooBig,
                    Err(ReadError::Truncated) => return CloseCode::Protocol,
                    Err(ReadError::Ended | ReadError::Stream(_)) => return CloseCode::Normal,
                }
            }
            Err(_) => return CloseCode::FrameTooBig,
        }
    }
}

/// Reads one request. `Ok(None)` is a second hello, or a frame without so much as a request id: the
/// client does not speak the protocol. Anything else that is wrong is answered, and the session
/// goes on.
fn read_request(
    frame: &[u8],
) -> Result<Option<(RequestId, cairn_proto::wire::request::Request)>, (RequestId, ErrorCode)> {
    match codec::decode(frame, FRAME_BYTES_MAX) {
        Ok(ClientFrame::Request(id, request)) => Ok(Some((id, request))),
        Ok(ClientFrame::Hello(_)) => Ok(None),
        Err(error) => match codec::decode_head::<(u32, RequestId)>(frame, FRAME_BYTES_MAX) {
            Ok((REQUEST_VARIANT, id)) => Err((id, refusal_of(error))),
            Ok(_) | Err(_) => Ok(None),
        },
    }
}

/// The position of [`ClientFrame::Request`] among the variants.
const REQUEST_VARIANT: u32 = 1;

const fn refusal_of(error: DecodeError) -> ErrorCode {
    match error {
        DecodeError::UnknownVariant => ErrorCode::Unsupported,
        DecodeError::Malformed | DecodeError::Trailing(_) | DecodeError::TooLong { .. } => {
            ErrorCode::BadRequest
        }
    }
}

/// Writes the welcome and then answers as they come, everything that is ready with one write. Who
/// wants no answers wants no session.
async fn write_answers(session: Arc<Session>, mut send: SendStream, welcome: bytes::Bytes) {
    if let Err(error) = write_all_answers(&session, &mut send, welcome).await {
        debug!(%error, "answers cannot be written");
        close(&session.connection, CloseCode::Protocol);
        // Whoever waits for room among the answers would wait for ever.
        session.outbox.close();
    }
}

async fn write_all_answers(
    session: &Session,
    send: &mut SendStream,
    welcome: bytes::Bytes,
) -> Result<(), quinn::WriteError> {
    send.write_chunk(welcome).await?;
    while let Some(bytes) = session.outbox.take().await {
        send.write_chunk(bytes.into()).await?;
        session.outbox.written();
    }
    Ok(())
}

/// What the streams of a session share that its client opens beside the session stream.
struct Streams {
    shared: Arc<Shared>,
    session: Arc<Session>,
    transfer_slots: TransferSlots,
    /// The one timeline stream is there.
    is_pushed: AtomicBool,
}

/// Takes the streams that a client opens beside the session stream. Each waits for its opening by
/// itself: that a packet is lost is no reason to keep others waiting, and there are never more than
/// a connection may have streams.
async fn accept_streams(shared: Arc<Shared>, session: Arc<Session>) {
    let (connection, transfer_slots) = (
        session.connection.clone(),
        TransferSlots::of(session.connection.clone()),
    );
    let streams = Arc::new(Streams {
        shared,
        session,
        transfer_slots,
        is_pushed: AtomicBool::new(false),
    });
    while let Ok((send, recv)) = connection.accept_bi().await {
        tokio::spawn(begin_stream(streams.clone(), send, FrameReader::new(recv)));
    }
}

/// Reads what a stream is for, and begins it. One of which that never becomes known is given up
/// alone: a stream comes to be with a later one, before anything of it arrives, and its client may
/// think better of it.
async fn begin_stream(streams: Arc<Streams>, mut send: SendStream, mut reader: FrameReader) {
    let connection = &streams.session.connection;
    match timeout(LOGIN_TIME_MAX, reader.next(HELLO_BYTES_MAX)).await {
        Ok(Ok(frame)) => match codec::decode::<StreamOpening>(&frame, HELLO_BYTES_MAX) {
            Ok(opening) => streams.begin(opening, send, reader),
            Err(_) => close(connection, CloseCode::Protocol),
        },
        Ok(Err(ReadError::Frame(_))) => close(connection, CloseCode::FrameTooBig),
        Ok(Err(ReadError::Truncated)) => close(connection, CloseCode::Protocol),
        Ok(Err(ReadError::Ended | ReadError::Stream(_))) | Err(_) => {
            // The other half is stopped when it is dropped. It fails only for a stream that is
            // gone.
            let _ = send.reset(VarInt::from_u32(0));
        }
    }
}

impl Streams {
    fn begin(&self, opening: StreamOpening, send: SendStream, reader: FrameReader) {
        let Self {
            shared,
            session,
            transfer_slots,
            is_pushed,
        } = self;
        match opening {
            StreamOpening::Timeline
                if session.push.is_some() && !is_pushed.swap(true, Ordering::Relaxed) =>
            {
                tokio::spawn(push(shared.clone(), session.clone(), send));
            }
            StreamOpening::Timeline => close(&session.connection, CloseCode::Protocol),
            StreamOpening::Upload { hash, bytes } => {
                begin_transfer(
                    session,
                    transfer_slots,
                    TransferStream::of(send, reader),
                    |actor, stream| upload::serve(shared.clone(), actor, stream, hash, bytes),
                );
            }
            StreamOpening::Download {
                conversation,
                msgid,
                hash,
                from,
            } => {
                let wanted = Wanted {
                    conversation,
                    msgid,
                    hash,
                    from,
                };
                begin_transfer(
                    session,
                    transfer_slots,
                    TransferStream::of(send, reader),
                    |actor, stream| download::serve(shared.clone(), actor, stream, wanted),
                );
            }
        }
    }
}

/// Writes the timeline stream until the session ends.
async fn push(shared: Arc<Shared>, session: Arc<Session>, send: SendStream) {
    if let Err(error) = delivery::deliver(session.clone(), shared.history.clone(), send).await {
        debug!(%error, "delivery ended");
        if let delivery::DeliveryError::History(code) = error {
            warn!(%code, "stored messages cannot be pushed");
            close(&session.connection, CloseCode::Internal);
        }
    }
}

/// Lets a transfer go its way, if the connection has a slot for it.
fn begin_transfer<F: Future<Output = ()> + Send + 'static>(
    session: &Session,
    transfer_slots: &TransferSlots,
    stream: TransferStream,
    transfer: impl FnOnce(Actor, TransferStream) -> F,
) {
    match (session.actor(), transfer_slots.take()) {
        (Some(actor), Some(slot)) => drop(tokio::spawn(transfer(actor, stream.on(slot)))),
        _ => drop(tokio::spawn(stream.refuse(ErrorCode::TooManyTransfers))),
    }
}
