//! Establishing a session: connect, send the hello, receive the welcome.

use std::time::Duration;

use bytes::Bytes;
use cairn_proto::limits::FRAME_BYTES_MAX;
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::codec;
use cairn_proto::wire::event::StreamOpening;
use cairn_proto::wire::frame;
use cairn_proto::wire::hello::{ClientFrame, Credentials, Hello, Welcome};
use cairn_proto::wire::overview::Moment;
use cairn_proto::wire::response::ServerFrame;
use tokio::time::{Instant, timeout_at};

use crate::error::Error;
use crate::session::state::send_stream::SendStream;
use crate::transport::endpoint::{Endpoint, Target};
use crate::transport::{Link, Lost, Reader, Writer};
use crate::visit::state::{VisitState, as_welcome};

/// The parameters of each attempt to connect.
pub(crate) struct Dialer {
    pub(crate) endpoint: Endpoint,
    pub(crate) target: Target,
    /// A template, completed for each attempt.
    pub(crate) hello: Hello,
}

/// What a login tells of the client's state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resume {
    /// The welcome reports the changes since.
    pub(crate) since: Option<Moment>,
    pub(crate) stream: SendStream,
}

/// An authenticated connection.
pub(crate) struct Session {
    pub(crate) link: Link,
    pub(crate) writer: Writer,
    pub(crate) reader: Reader,
    /// The timeline stream. Dropping its sending half would finish the stream, so both are kept.
    pub(crate) timeline: Option<(Writer, Reader)>,
    pub(crate) welcome: Welcome,
    /// In the session of a visitor.
    pub(crate) visit: Option<VisitState>,
}

impl Dialer {
    /// Connects and logs in, in a single attempt within `time_max`.
    pub(crate) async fn open(&self, resume: Resume, time_max: Duration) -> Result<Session, Error> {
        let deadline = Instant::now() + time_max;
        let addr = || self.target.addr.clone();
        let link = match timeout_at(deadline, self.endpoint.dial(&self.target)).await {
            Ok(link) => link?,
            Err(_) => return Err(Error::NoAnswer { addr: addr() }),
        };
        match timeout_at(deadline, self.hello(&link, resume)).await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(Rejected::Refused(code))) => {
                link.close(CloseCode::Normal);
                Err(Error::LoginRefused { addr: addr(), code })
            }
            Ok(Err(Rejected::Lost(lost))) => {
                link.close(CloseCode::Protocol);
                Err(lost.into_login_error(addr()))
            }
            Err(_) => {
                link.close(CloseCode::Normal);
                Err(Error::LoginUnanswered { addr: addr() })
            }
        }
    }

    /// Handles a login: later ones use the device's token.
    pub(crate) fn logged_in(&mut self, welcome: &Welcome) {
        if let Some(token) = welcome.token {
            self.hello.credentials = Credentials::Token(token);
        }
    }

    async fn hello(&self, link: &Link, resume: Resume) -> Result<Session, Rejected> {
        let (mut writer, mut reader) = link.open().await?;
        let Resume { since, stream } = resume;
        writer
            .write(&frame::frame(&ClientFrame::Hello(Hello {
                send_stream: stream.id,
                is_resumed: stream.has_sent,
                stream_began: stream.began,
                since,
                ..self.hello.clone()
            })))
            .await?;
        let first = first_frame(&mut reader).await?;
        let is_visit = matches!(self.hello.credentials, Credentials::Visitor(_));
        let malformed = Lost::Protocol("a malformed response to the login");
        let (welcome, visit) = match codec::decode::<ServerFrame>(&first, FRAME_BYTES_MAX) {
            Ok(ServerFrame::Welcome(welcome)) if !is_visit => (welcome, None),
            Ok(ServerFrame::Visiting(welcome)) if is_visit => match as_welcome(&welcome) {
                Ok(same) => (same, Some(VisitState::from(*welcome))),
                Err(_) => return Err(malformed.into()),
            },
            Ok(ServerFrame::Refused(code)) => return Err(Rejected::Refused(code)),
            _ => return Err(malformed.into()),
        };
        let timeline = if self.hello.push {
            let (mut opening, pushed) = link.open().await?;
            opening
                .write(&frame::frame(&StreamOpening::Timeline))
                .await?;
            Some((opening, pushed))
        } else {
            None
        };
        Ok(Session {
            link: link.clone(),
            writer,
            reader,
            timeline,
            welcome,
            visit,
        })
    }
}

async fn first_frame(reader: &mut Reader) -> Result<Bytes, Lost> {
    loop {
        if let Some(frame) = reader.next()? {
            return Ok(frame);
        }
        reader.fill().await?;
    }
}

enum Rejected {
    Refused(cairn_proto::wire::error::ErrorCode),
    Lost(Lost),
}

impl From<Lost> for Rejected {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}
