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
use crate::options::Reconnect;
use crate::session::login::{Dialer, Session};
use crate::session::shared::{Response, Shared};
use crate::session::typing::write_datagrams;
use crate::stream::event::Event;
use crate::transport::link::{Link, Lost, Reader, Writer};

/// The driver's state besides its current session.
pub(crate) struct Driver {
    pub(crate) shared: Arc<Shared>,
    pub(crate) dialer: Dialer,
    pub(crate) reconnect: Reconnect,
    /// Whether the endpoint is exclusive to this client, so that closing waits for its packets.
    pub(crate) owns_endpoint: bool,
}

impl Driver {
    /// Runs until the client is closed, or a terminal error occurs.
    pub(crate) async fn run(self, first: Session) {
        let error = self.sessions(first).await;
        self.shared.finish(&error);
        if self.owns_endpoint {
            let _ = timeout(limits::DRAIN_TIME_MAX, self.dialer.endpoint.wait_idle()).await;
        }
    }

    /// Runs one session after another, and returns the terminal error.
    async fn sessions(&self, mut session: Session) -> Error {
        let mut attempts = 0;
        loop {
            let began = Instant::now();
            let lost = match self.session(session).await {
                SessionEnd::Stopped => return Error::Closed,
                SessionEnd::Lost(lost) => lost,
            };
            if let Some(error) = lost.final_error() {
                return error;
            }
            if matches!(self.reconnect, Reconnect::Never) {
                return Error::Lost {
                    addr: self.dialer.target.addr.clone(),
                    reason: lost.reason(),
                };
            }
            if began.elapsed() >= limits::STEADY_AFTER {
                attempts = 0;
            }
            let addr = &self.dialer.target.addr;
            tracing::info!(%addr, reason = %lost.reason(), "connection lost");
            // Before the first attempt: requests submitted from now on must stay in their slots
            // instead of being written to the old connection.
            self.shared.offline(lost.reason());
            session = tokio::select! {
                biased;
                () = self.shared.stop.notified() => return Error::Closed,
                session = self.reconnect_session(&mut attempts) => match session {
                    Ok(session) => session,
                    Err(error) => return error,
                },
            };
            self.shared.online(&session.welcome);
        }
    }

    /// Reconnects with backoff until there is a session or a permanent error.
    async fn reconnect_session(&self, attempts: &mut u32) -> Result<Session, Error> {
        let mut time_max = limits::RECONNECT_TIME_FIRST;
        let since = self.shared.state.lock().moment();
        loop {
            if let Reconnect::Forever(backoff) = self.reconnect {
                sleep(backoff.delay(*attempts, rand::random())).await;
            }
            *attempts = attempts.saturating_add(1);
            let error = match self.dialer.open(since, time_max).await {
                Ok(session) => return Ok(session),
                Err(error) if error.is_final() => return Err(error),
                Err(error) => error,
            };
            tracing::debug!(%error, attempts = *attempts, "reconnect failed");
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
        };
        self.shared.transfer_slots.disconnected();
        link.close(match &ended {
            SessionEnd::Lost(Lost::Protocol(_)) => CloseCode::Protocol,
            SessionEnd::Stopped | SessionEnd::Lost(_) => CloseCode::Normal,
        });
        ended
    }
}

enum SessionEnd {
    Stopped,
    Lost(Lost),
}

async fn write(shared: &Shared, mut writer: Writer) -> Lost {
    let mut batch = Vec::new();
    loop {
        let acks_due = shared.take_batch(&mut batch);
        if batch.is_empty() {
            match acks_due {
                None => shared.wake.notified().await,
                Some(due) => tokio::select! {
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
            Ok(ServerFrame::Welcome(_) | ServerFrame::Refused(_)) => {
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
