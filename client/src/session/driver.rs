//! The client's task: writes requests, dispatches what arrives, and reconnects.

use std::sync::Arc;
use std::task::Waker;

use cairn_proto::limits::{DATAGRAM_BYTES_MAX, FRAME_BYTES_MAX};
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::codec::{self, DecodeError};
use cairn_proto::wire::event::TimelineFrame;
use cairn_proto::wire::response::ServerFrame;
use cairn_proto::wire::typing::ServerDatagram;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::error::Error;
use crate::limits;
use crate::session::backoff::Backoff;
use crate::session::login::{Dialer, Session};
use crate::session::reconnect::Reconnect;
use crate::session::shared::{Response, Shared};
use crate::session::typing::write_datagrams;
use crate::stream::event::Event;
use crate::transport::endpoint::Endpoint;
use crate::transport::{Link, Lost, Reader, Writer};

/// The driver's state besides its current session.
pub(crate) struct Driver {
    pub(crate) shared: Arc<Shared>,
    pub(crate) dialer: Dialer,
    pub(crate) reconnect: Reconnect,
    /// Whether the endpoint is exclusive to this client, so that closing waits for its packets.
    pub(crate) owns_endpoint: bool,
}

impl Driver {
    /// Runs until the client is closed, or a terminal error occurs. Begins with `first`, to which
    /// the shared state is already switched, or disconnected.
    pub(crate) async fn run(mut self, first: Option<Session>) {
        let error = self.sessions(first).await;
        self.shared.finish(&error);
        if self.owns_endpoint {
            let _ = timeout(limits::DRAIN_TIME_MAX, self.dialer.endpoint.wait_idle()).await;
        }
    }

    /// Runs one session after another, and returns the terminal error.
    async fn sessions(&mut self, first: Option<Session>) -> Error {
        let shared = Arc::clone(&self.shared);
        let mut retry = Retry::new(first.is_none());
        let mut connected = first;
        loop {
            let session = match connected.take() {
                Some(session) => session,
                None => {
                    let session = tokio::select! {
                        biased;
                        () = shared.stop.notified() => return Error::Closed,
                        session = self.open_session(&mut retry) => match session {
                            Ok(session) => session,
                            Err(error) => return error,
                        },
                    };
                    shared.online(&session.welcome, session.visit.clone());
                    session
                }
            };
            self.dialer.logged_in(&session.welcome);
            let began = Instant::now();
            let lost = match self.session(session).await {
                SessionEnd::Stopped => return Error::Closed,
                SessionEnd::StreamForgotten => {
                    tracing::info!("continuing on another send stream");
                    let reason = "the server forgot the send stream".to_owned();
                    shared.offline(reason, self.dialer.endpoint.random());
                    retry = Retry::new(true);
                    continue;
                }
                SessionEnd::Lost(lost) => lost,
            };
            if let Some(error) = lost.final_error() {
                return error;
            }
            let addr = &self.dialer.target.addr;
            if matches!(self.reconnect, Reconnect::Never) {
                return Error::Lost {
                    addr: addr.clone(),
                    source: lost.cause(),
                };
            }
            if began.elapsed() >= limits::STEADY_AFTER {
                retry = Retry::default();
            }
            tracing::info!(%addr, reason = %lost.cause(), "connection lost");
            // Before the first attempt: requests submitted from now on must stay in their slots
            // instead of being written to the old connection.
            shared.offline(lost.cause().to_string(), self.dialer.endpoint.random());
        }
    }

    /// Connects until there is a session or a permanent error, with backoff between attempts.
    async fn open_session(&self, retry: &mut Retry) -> Result<Session, Error> {
        let mut time_max = limits::RECONNECT_TIME_FIRST;
        let resume = self.shared.state.lock().resume();
        loop {
            if let Reconnect::Forever(backoff) = self.reconnect {
                retry
                    .wait(&backoff, &self.shared, &self.dialer.endpoint)
                    .await;
            }
            let error = match self.dialer.open(resume, time_max).await {
                Ok(session) => return Ok(session),
                Err(error) if error.is_final() => return Err(error),
                Err(error) if matches!(self.reconnect, Reconnect::Never) => return Err(error),
                Err(error) => error,
            };
            tracing::debug!(%error, attempts = retry.attempts, "connecting failed");
            if matches!(
                error,
                Error::NoAnswer { .. } | Error::LoginUnanswered { .. }
            ) {
                time_max = limits::CONNECT_TIME_MAX.min(2 * time_max);
            }
        }
    }

    async fn session(&self, session: Session) -> SessionEnd {
        let Session {
            link,
            writer,
            reader,
            timeline,
            welcome: _,
            visit: _,
        } = session;
        let (_opening, pushed) = timeline.unzip();
        self.shared.transfer_slots.connected(link.clone());
        let ended = tokio::select! {
            biased;
            () = self.shared.stop.notified() => SessionEnd::Stopped,
            lost = read_responses(&self.shared, reader) => SessionEnd::Lost(lost),
            lost = read_pushes(&self.shared, pushed) => SessionEnd::Lost(lost),
            lost = write(&self.shared, writer) => SessionEnd::Lost(lost),
            lost = read_datagrams(&self.shared, &link) => SessionEnd::Lost(lost),
            never = write_datagrams(&self.shared.typing, &link) => match never {},
            () = stream_to_replace(&self.shared) => SessionEnd::StreamForgotten,
        };
        self.shared.transfer_slots.disconnected();
        link.close(match &ended {
            SessionEnd::Lost(Lost::Protocol(_)) => CloseCode::Protocol,
            SessionEnd::Stopped | SessionEnd::StreamForgotten | SessionEnd::Lost(_) => {
                CloseCode::Normal
            }
        });
        ended
    }
}

/// The attempts to connect since the last steady session.
#[derive(Default)]
struct Retry {
    attempts: u32,
    /// Whether the next attempt is made at once: the first one of a client that starts offline.
    is_immediate: bool,
}

impl Retry {
    const fn new(is_immediate: bool) -> Self {
        Self {
            attempts: 0,
            is_immediate,
        }
    }

    /// Waits before the next attempt.
    async fn wait(&mut self, backoff: &Backoff, shared: &Shared, endpoint: &Endpoint) {
        if !std::mem::take(&mut self.is_immediate) {
            let time = backoff.delay(self.attempts, endpoint.jitter());
            shared.waits(time);
            sleep(time).await;
            self.attempts = self.attempts.saturating_add(1);
        }
    }
}

enum SessionEnd {
    Stopped,
    /// The client must continue on another send stream, which only a login can open.
    StreamForgotten,
    Lost(Lost),
}

/// Waits until the send stream must be replaced.
async fn stream_to_replace(shared: &Shared) {
    loop {
        shared.stream_forgotten.notified().await;
        if shared.state.lock().can_replace_stream() {
            return;
        }
    }
}

async fn write(shared: &Shared, mut writer: Writer) -> Lost {
    let mut batch = Vec::new();
    loop {
        let acks_due = shared.take_batch(&mut batch);
        if batch.is_empty() {
            match acks_due {
                None => shared.wake.notified().await,
                Some(due) => tokio::select! {
                    biased;
                    () = shared.wake.notified() => {}
                    () = sleep_until(due) => {}
                },
            }
            continue;
        }
        if let Err(lost) = writer.write(&batch).await {
            return lost;
        }
        batch.clear();
        if batch.capacity() > limits::KEPT_BUFFER_BYTES_MAX {
            batch = Vec::new();
        }
    }
}

async fn read_responses(shared: &Shared, mut reader: Reader) -> Lost {
    let (mut answers, mut resolved) = (Vec::new(), Vec::new());
    loop {
        // Deliver the complete frames even if a malformed one follows: their requests have been
        // executed.
        let cut = split_responses(&mut reader, &mut answers);
        let matched = shared.answered(&mut answers, &mut resolved);
        if let Err(lost) = cut.and(matched) {
            return lost;
        }
        if let Err(lost) = reader.fill().await {
            return lost;
        }
    }
}

fn split_responses(reader: &mut Reader, answers: &mut Vec<Response>) -> Result<(), Lost> {
    while let Some(frame) = reader.next()? {
        match codec::decode(&frame, FRAME_BYTES_MAX) {
            Ok(ServerFrame::Response(id, answer)) => answers.push((id, answer)),
            Ok(ServerFrame::Welcome(_) | ServerFrame::Visiting(_) | ServerFrame::Refused(_)) => {
                return Err(Lost::Protocol("a second welcome"));
            }
            Err(_) => return Err(Lost::Protocol("a malformed response")),
        }
    }
    Ok(())
}

async fn read_pushes(shared: &Shared, reader: Option<Reader>) -> Lost {
    let Some(mut reader) = reader else {
        return std::future::pending().await;
    };
    let (mut frames, mut wakers): (Vec<TimelineFrame>, Vec<Waker>) = (Vec::new(), Vec::new());
    let mut pauses = shared.pauses.subscribe();
    loop {
        let cut = split_pushes(&mut reader, &mut frames);
        if !frames.is_empty() {
            shared.pushed(&mut frames, &mut wakers);
        }
        if let Err(lost) = cut {
            return lost;
        }
        // Wait before reading on, not before applying: data that is left unread exhausts the
        // stream's window, and the server stops pushing. Cannot fail: the sender lives in `shared`.
        let _ = pauses.wait_for(|&pauses| pauses == 0).await;
        if let Err(lost) = reader.fill().await {
            return lost;
        }
    }
}

fn split_pushes(reader: &mut Reader, frames: &mut Vec<TimelineFrame>) -> Result<(), Lost> {
    while let Some(frame) = reader.next()? {
        match codec::decode(&frame, FRAME_BYTES_MAX) {
            Ok(pushed) => frames.push(pushed),
            // A push of a later version. Skipping it is safe, since everything essential can be
            // pulled.
            Err(DecodeError::UnknownVariant) => {}
            Err(_) => return Err(Lost::Protocol("a malformed push")),
        }
    }
    Ok(())
}

/// Reads typing indicators until the connection ends.
async fn read_datagrams(shared: &Shared, link: &Link) -> Lost {
    loop {
        match link.read_datagram().await {
            Ok(datagram) => {
                // Skip datagrams of a later version; nothing depends on them.
                if let Ok(ServerDatagram::Typing { conversation, user }) =
                    codec::decode(&datagram, DATAGRAM_BYTES_MAX)
                {
                    let mut wakers = Vec::new();
                    shared
                        .state
                        .lock()
                        .emit(&Event::Typing { conversation, user }, &mut wakers);
                    wakers.into_iter().for_each(Waker::wake);
                }
            }
            Err(lost) => return lost,
        }
    }
}
