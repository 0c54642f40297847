//! The loop of one connection: login, requests in, replies out, and the client's other streams.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::RequestId;
use cairn_proto::limits::{FRAME_BYTES_MAX, HELLO_BYTES_MAX, LOGIN_TIME_MAX};
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::codec::{self, DecodeError};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::StreamOpening;
use cairn_proto::wire::frame;
use cairn_proto::wire::hello::ClientFrame;
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::ServerFrame;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{debug, warn};

use crate::delivery;
use crate::desk::uploads;
use crate::fairness::abandoned::AbandonedStreams;
use crate::limits;
use crate::session::datagrams;
use crate::session::downloads::Downloading;
use crate::session::login::{self, Refusal};
use crate::session::requests::{End, Requests};
use crate::session::{Session, Transferring};
use crate::shared::Shared;
use crate::transfer::download::{self, Wanted};
use crate::transfer::{Served, TransferSlots, TransferStream, upload};
use crate::transport::framing::{FrameReader, ReadError};
use crate::transport::{Connection, SendStream};
use cairn_core::api::actor::Actor;

/// Serves one connection until it and all of its tasks have ended.
pub(crate) async fn serve(shared: Arc<Shared>, connection: Connection) {
    let Some(stranger) = shared.strangers.connect(connection.remote_address().ip()) else {
        return connection.close(CloseCode::Rate);
    };
    let remote = connection.remote_address();
    // Boxed, so that the task of a session reserves no space for its login.
    let started = timeout(LOGIN_TIME_MAX, Box::pin(start(&shared, &connection)))
        .await
        .unwrap_or(Err(Refusal::Silent));
    drop(stranger);
    let (guard, reader, mut tasks) = match started {
        Ok(started) => started,
        Err(refusal) => {
            debug!(%remote, %refusal, "no session");
            return connection.close(refusal.close_code());
        }
    };
    let end = run(&shared, &guard.session, reader).await;
    drop(guard);
    debug!(%remote, ?end, "session over");
    connection.close(end);
    // Not aborted: an upload must not end between the steps that make its file durable. Each task
    // ends by itself on a connection that is closed.
    while tasks.join_next().await.is_some() {}
}

/// Removes the session from the hub when dropped, even when the login timed out halfway.
struct SessionGuard {
    shared: Arc<Shared>,
    session: Arc<Session>,
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        self.shared.hub.leave(&self.session);
        self.shared.seats.leave(&self.session);
        self.session.outbox.close();
    }
}

/// Reads the hello, logs in, and starts the tasks that write to the client.
async fn start(
    shared: &Arc<Shared>,
    connection: &Connection,
) -> Result<(SessionGuard, FrameReader, JoinSet<()>), Refusal> {
    let (mut send, recv) = connection.accept_bi().await?;
    let mut reader = FrameReader::new(recv);
    let hello = login::read_hello(&mut reader).await?;
    let session = Session::new(connection.clone(), hello.push);
    // Before the login: the hub registers the session with the reply, and a login that times out
    // after that must still be removed.
    let guard = SessionGuard {
        shared: shared.clone(),
        session: session.clone(),
    };
    match login::begin(shared, &session, hello).await {
        Ok(welcome) => {
            // Small windows until here: a stranger must not make the server buffer much.
            let window = match session.visit() {
                None => limits::MEMBER_WINDOW_BYTES,
                Some(_) => limits::VISITOR_WINDOW_BYTES,
            };
            connection.set_windows(window, window);
            let welcome = frame::frame(&welcome);
            let mut tasks = JoinSet::new();
            tasks.spawn(write_answers(session.clone(), send, welcome));
            tasks.spawn(datagrams::receive(shared.clone(), session.clone()));
            tasks.spawn(accept_streams(shared.clone(), session));
            Ok((guard, reader, tasks))
        }
        Err(code) => {
            refuse(&mut send, code).await;
            Err(Refusal::Refused(code))
        }
    }
}

/// Sends the refusal and waits until the client has it: closing a connection drops bytes in flight.
async fn refuse(send: &mut SendStream, code: ErrorCode) {
    let refusal = frame::frame(&ServerFrame::Refused(code));
    if send.write(refusal).await.is_ok() && send.finish().is_ok() {
        send.stopped().await;
    }
}

/// Reads requests until the client finishes or breaks the protocol. Returns the close code.
async fn run(shared: &Arc<Shared>, session: &Arc<Session>, mut reader: FrameReader) -> CloseCode {
    let mut requests = Requests::new(shared.clone(), session.clone());
    // Since when the server waits for the remainder of a request.
    let mut part_since = None;
    loop {
        match reader.buffered(FRAME_BYTES_MAX) {
            Ok(Some(frame)) => {
                part_since = None;
                if let Err(code) = take(&mut requests, &frame).await {
                    return code;
                }
            }
            Ok(None) => {
                // Submit before waiting for more bytes: the client may wait for these replies.
                if requests.submit().await.is_err() {
                    return CloseCode::GoingAway;
                }
                part_since = match reader.has_part() {
                    true => part_since.or_else(|| Some(Instant::now())),
                    false => None,
                };
                let read = tokio::select! {
                    biased;
                    read = reader.read_more() => read,
                    () = requests.reap() => continue,
                    () = overdue(part_since) => return CloseCode::Slow,
                };
                match read {
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

/// Takes a request, or refuses it. Returns the close code when the connection must end.
async fn take(requests: &mut Requests, frame: &Bytes) -> Result<(), CloseCode> {
    match read_request(frame) {
        Ok(Some((id, request))) => requests.take(id, request, frame.len()).await,
        Ok(None) => return Err(CloseCode::Protocol),
        Err((id, code)) => requests.refuse(id, code, frame.len()).await,
    }
    .map_err(close_code)
}

/// Waits until a request that began to arrive is overdue.
async fn overdue(part_since: Option<Instant>) {
    match part_since {
        Some(since) => sleep_until(since + limits::REQUEST_ARRIVAL_TIME_MAX).await,
        None => std::future::pending().await,
    }
}

const fn close_code(end: End) -> CloseCode {
    match end {
        End::Stopped => CloseCode::GoingAway,
        End::Over => CloseCode::Normal,
        End::TooManyBad => CloseCode::Protocol,
    }
}

/// Reads one request. `Ok(None)` means that the client does not speak the protocol: a second hello,
/// or a frame without a request id. Any other malformed request is refused, and the session
/// continues.
fn read_request(frame: &Bytes) -> Result<Option<(RequestId, Request)>, (RequestId, ErrorCode)> {
    match ClientFrame::parse(frame) {
        Ok(ClientFrame::Request(id, request)) => Ok(Some((id, request))),
        Ok(ClientFrame::Hello(_)) => Ok(None),
        Err(error) => match ClientFrame::request_id(frame) {
            Some(id) => Err((id, refusal_of(error))),
            None => Ok(None),
        },
    }
}

const fn refusal_of(error: DecodeError) -> ErrorCode {
    match error {
        DecodeError::UnknownVariant => ErrorCode::Unsupported,
        DecodeError::Malformed | DecodeError::Trailing(_) | DecodeError::TooLong { .. } => {
            ErrorCode::BadRequest
        }
    }
}

/// Writes the welcome, then replies in batches. A client that stops reading replies loses its
/// session.
async fn write_answers(session: Arc<Session>, mut send: SendStream, welcome: Bytes) {
    if let Err(code) = write_all_answers(&session, &mut send, welcome).await {
        debug!(%code, "cannot write replies");
        session.connection.close(code);
        // Otherwise the reader would wait for outbox capacity forever.
        session.outbox.close();
    }
}

async fn write_all_answers(
    session: &Session,
    send: &mut SendStream,
    welcome: Bytes,
) -> Result<(), CloseCode> {
    write_replies(send, welcome).await?;
    while let Some(bytes) = session.outbox.take().await {
        write_replies(send, bytes.into()).await?;
        session.outbox.written();
    }
    Ok(())
}

/// Writes replies in parts, each of which the client must read in time: unread replies take memory
/// that others wait for.
async fn write_replies(send: &mut SendStream, mut replies: Bytes) -> Result<(), CloseCode> {
    while !replies.is_empty() {
        let part = replies.split_to(replies.len().min(limits::REPLY_PART_BYTES));
        match timeout(limits::REPLY_READ_TIME_MAX, send.write(part)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(CloseCode::Protocol),
            Err(_) => return Err(CloseCode::Slow),
        }
    }
    Ok(())
}

/// State shared by the client's streams other than the session stream.
struct Streams {
    shared: Arc<Shared>,
    session: Arc<Session>,
    transfer_slots: TransferSlots,
    is_pushed: AtomicBool,
}

/// Accepts the streams that a client opens, and serves each in its own task, so that a lost packet
/// delays no other stream; the transport limits their number. Returns when all of them have ended.
async fn accept_streams(shared: Arc<Shared>, session: Arc<Session>) {
    let connection = session.connection.clone();
    let streams = Arc::new(Streams {
        shared,
        session,
        transfer_slots: TransferSlots::of(connection.clone()),
        is_pushed: AtomicBool::new(false),
    });
    let mut tasks = JoinSet::new();
    let mut abandoned = AbandonedStreams::default();
    loop {
        tokio::select! {
            biased;
            Some(served) = tasks.join_next() => {
                let is_abandoned = matches!(served, Ok(Served::Abandoned));
                if is_abandoned && !abandoned.allow(Instant::now()) {
                    connection.close(CloseCode::Rate);
                    break;
                }
            }
            accepted = connection.accept_bi() => match accepted {
                Ok((send, recv)) => {
                    tasks.spawn(serve_stream(streams.clone(), send, FrameReader::new(recv)));
                }
                Err(_) => break,
            },
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// Reads what a stream is for, and serves it. A stream that never says is dropped alone: opening a
/// later stream opens it implicitly, and the client may have cancelled it.
///
/// Transfers are boxed: each session has a timeline stream, whose task would be allocated for the
/// largest of them. Refused ones take no more than that.
async fn serve_stream(
    streams: Arc<Streams>,
    mut send: SendStream,
    mut reader: FrameReader,
) -> Served {
    match read_opening(&streams.session.connection, &mut reader).await {
        Some(StreamOpening::Timeline) => {
            streams.push(send).await;
            Served::Completed
        }
        Some(StreamOpening::Upload { hash, bytes }) => {
            let stream = TransferStream::of(send, reader);
            Box::pin(streams.upload(stream, hash, bytes)).await
        }
        Some(StreamOpening::Download {
            conversation,
            msgid,
            hash,
            from,
        }) => {
            let wanted = Wanted {
                conversation,
                msgid,
                hash,
                from,
            };
            let stream = TransferStream::of(send, reader);
            Box::pin(streams.download(stream, wanted)).await
        }
        None => {
            // Dropping `reader` stops the other half.
            send.reset();
            Served::Abandoned
        }
    }
}

/// Returns `None` for a stream that is given up, alone or with its connection.
async fn read_opening(connection: &Connection, reader: &mut FrameReader) -> Option<StreamOpening> {
    let code = match timeout(LOGIN_TIME_MAX, reader.next(HELLO_BYTES_MAX)).await {
        Ok(Ok(frame)) => match codec::decode(&frame, HELLO_BYTES_MAX) {
            Ok(opening) => return Some(opening),
            Err(_) => CloseCode::Protocol,
        },
        Ok(Err(ReadError::Frame(_))) => CloseCode::FrameTooBig,
        Ok(Err(ReadError::Truncated)) => CloseCode::Protocol,
        Ok(Err(ReadError::Ended | ReadError::Stream(_))) | Err(_) => return None,
    };
    connection.close(code);
    None
}

impl Streams {
    async fn upload(&self, stream: TransferStream, hash: AttachmentHash, bytes: u64) -> Served {
        match self.admit(stream).await {
            Some((actor, stream, _transferring)) => {
                if let Err(code) = uploads::check(&self.shared, &self.session, bytes) {
                    stream.refuse(code).await;
                    return Served::Completed;
                }
                let shared = self.shared.clone();
                Box::pin(upload::serve(shared, actor, stream, hash, bytes)).await
            }
            None => Served::Abandoned,
        }
    }

    async fn download(&self, stream: TransferStream, wanted: Wanted) -> Served {
        if let Some((actor, stream, _transferring)) = self.admit(stream).await {
            let downloading = Downloading::start(self.session.clone(), wanted.conversation);
            Box::pin(download::serve(
                self.shared.clone(),
                actor,
                stream,
                wanted,
                downloading,
            ))
            .await
        } else {
            Served::Abandoned
        }
    }

    /// Assigns a transfer slot, or refuses the transfer when the connection has none.
    async fn admit(&self, stream: TransferStream) -> Option<(Actor, TransferStream, Transferring)> {
        match (self.session.actor(), self.transfer_slots.take()) {
            (Some(actor), Some(slot)) => {
                Some((actor, stream.on(slot), self.session.start_transfer()))
            }
            _ => {
                stream.refuse(ErrorCode::TooManyTransfers).await;
                None
            }
        }
    }

    /// Writes the timeline stream until the session ends.
    async fn push(&self, send: SendStream) {
        let (session, history) = (self.session.clone(), self.shared.history.clone());
        if session.push.is_none() || self.is_pushed.swap(true, Ordering::Relaxed) {
            return session.connection.close(CloseCode::Protocol);
        }
        if let Err(error) = delivery::deliver(session, history, send).await {
            debug!(%error, "delivery ended");
            if let delivery::DeliveryError::History(code) = error {
                warn!(%code, "cannot push stored messages");
                self.session.connection.close(CloseCode::Internal);
            }
        }
    }
}
