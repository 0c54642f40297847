//! Visitors and agents who speak the protocol, and keep every byte that they receive.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use cairn_client::Account;
use cairn_client::proto::WIRE_VERSION;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ClientSeq, ConversationId, MsgId, SendStreamId, UserId};
use cairn_client::proto::model::desk::{DeskUpdate, Offer, VisitorInquiry};
use cairn_client::proto::secret::VisitorToken;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::event::{TimelineFrame, Update};
use cairn_client::proto::wire::hello::{
    Capabilities, ClientFrame, Credentials, Hello, VisitorCredentials, VisitorWelcome,
};
use cairn_client::proto::wire::request::session::{DeskKeyMade, OpenInquiry, Pull, PullRange};
use cairn_client::proto::wire::request::{Call, Request};
use cairn_client::proto::wire::response::ServerFrame;
use rand::RngExt as _;
use tokio::time::timeout;

use crate::hostile::raw::{PATIENCE, Raw, Stream};
use crate::support::Server;

/// A session with its timeline stream.
pub(super) struct Pushed {
    pub(super) raw: Raw,
    timeline: Stream,
    /// Frames that were read while looking for another one.
    read: VecDeque<TimelineFrame>,
}

pub(super) struct Agent {
    pub(super) pushed: Pushed,
    user: UserId,
    pub(super) is_agent: bool,
}

pub(super) struct Visitor {
    pub(super) pushed: Pushed,
    pub(super) welcome: VisitorWelcome,
    pub(super) token: VisitorToken,
    seq: u64,
}

/// A new visitor's secret.
pub(super) fn token() -> VisitorToken {
    VisitorToken::new(rand::rng().random())
}

pub(super) fn credentials(key: &DeskKeyMade, token: VisitorToken) -> VisitorCredentials {
    VisitorCredentials {
        key: key.key,
        token,
        identity: None,
        name: None,
        language: None,
    }
}

/// A process of a visitor, by its named send stream.
#[derive(Clone, Copy)]
pub(super) struct Process {
    pub(super) stream: u64,
    /// Whether it sent before.
    pub(super) is_resumed: bool,
}

pub(super) const FIRST: Process = Process {
    stream: 0,
    is_resumed: false,
};

/// Connects as a visitor.
pub(super) async fn visit(
    server: &Server,
    credentials: VisitorCredentials,
    process: Process,
) -> Result<(Raw, VisitorWelcome), ErrorCode> {
    let hello = ClientFrame::Hello(Hello {
        version: WIRE_VERSION,
        credentials: Credentials::Visitor(Box::new(credentials)),
        capabilities: Capabilities::NONE,
        send_stream: SendStreamId::new(process.stream),
        is_resumed: process.is_resumed,
        stream_began: None,
        push: true,
        since: None,
    });
    match Raw::first(server.addr, &hello).await {
        (raw, ServerFrame::Visiting(welcome)) => Ok((raw, *welcome)),
        (_, ServerFrame::Refused(code)) => Err(code),
        (_, other) => panic!("no welcome but {other:?}"),
    }
}

impl Pushed {
    async fn open(mut raw: Raw) -> Self {
        let mut timeline = raw.timeline().await;
        timeline.keep();
        raw.stream.keep();
        Self {
            timeline,
            raw,
            read: VecDeque::new(),
        }
    }

    /// Waits for a pushed frame that matches. Others stay for later.
    pub(super) async fn until<T>(
        &mut self,
        what: &str,
        mut tells: impl FnMut(&TimelineFrame) -> Option<T>,
    ) -> T {
        let found = self.read.iter().position(|frame| tells(frame).is_some());
        if let Some(frame) = found.and_then(|at| self.read.remove(at)) {
            return tells(&frame).unwrap();
        }
        let find = async {
            loop {
                let frame = self.frame().await;
                match tells(&frame) {
                    Some(told) => return told,
                    None => self.read.push_back(frame),
                }
            }
        };
        let found = timeout(PATIENCE, find).await;
        found.unwrap_or_else(|_| panic!("it does not happen: {what}"))
    }

    async fn frame(&mut self) -> TimelineFrame {
        self.timeline.news().await
    }

    /// Reads what is pushed for a while, and drops it.
    pub(super) async fn listen(&mut self, time: Duration) {
        let all = async {
            loop {
                let frame = self.frame().await;
                self.read.push_back(frame);
            }
        };
        let _ = timeout(time, all).await;
    }

    /// Returns the frames that were pushed so far, and not looked for.
    pub(super) fn unread(&self) -> impl Iterator<Item = &TimelineFrame> {
        self.read.iter()
    }

    /// Waits for a message with this text. Returns it.
    pub(super) async fn message(&mut self, text: &str) -> Message {
        let is_it =
            |message: &Message| matches!(&message.body, Body::Text(body) if body.as_str() == text);
        let what = format!("the message {text:?}");
        let run = |frame: &TimelineFrame| match frame {
            TimelineFrame::Run(run) => {
                let found = run.messages().unwrap().into_iter().find(is_it);
                found.map(|found| (found, frame.clone()))
            }
            _ => None,
        };
        let (found, frame) = self.until(&what, run).await;
        // Others of the same run may be looked for.
        self.read.push_back(frame);
        found
    }

    /// Returns whether the bytes of any frame that was read contain the word.
    pub(super) fn has_received(&self, word: &str) -> bool {
        let is_it = |some: &[u8]| some == word.as_bytes();
        let mut frames = self.timeline.kept().iter().chain(self.raw.stream.kept());
        frames.any(|frame| frame.windows(word.len()).any(is_it))
    }
}

impl Agent {
    /// Connects an agent. It may be off duty.
    pub(super) async fn connect(server: &Server, account: &Account) -> Self {
        Self::connect_to(server.addr, account).await
    }

    pub(super) async fn connect_to(server: SocketAddr, account: &Account) -> Self {
        let (raw, welcome) = Raw::log_in_with(server, account, true).await;
        Self {
            pushed: Pushed::open(raw).await,
            user: account.user,
            is_agent: welcome.is_agent,
        }
    }

    pub(super) const fn user(&self) -> UserId {
        self.user
    }

    pub(super) async fn ask<C>(&mut self, call: C) -> Result<C::Answer, ErrorCode>
    where
        C: Call + Into<Request>,
    {
        self.pushed.raw.ask(call).await
    }

    /// Waits until they hold an inquiry in which this was said, and returns it.
    pub(super) async fn gets(&mut self, text: &str) -> ConversationId {
        let mut others = Vec::new();
        loop {
            let joined = |frame: &TimelineFrame| match frame {
                TimelineFrame::Update(Update::Conversation(joined)) => {
                    Some((joined.id, frame.clone()))
                }
                _ => None,
            };
            let (conversation, frame) = self.pushed.until(text, joined).await;
            let pull = Pull {
                conversation,
                range: PullRange::From(MsgId::new(1)),
                limit: 100,
            };
            let Ok(pulled) = self.ask(pull).await else {
                continue;
            };
            let messages = pulled.run.messages().unwrap();
            let is_it = |body: &Body| matches!(body, Body::Text(said) if said.as_str() == text);
            if messages.iter().any(|message| is_it(&message.body)) {
                self.pushed.read.extend(others);
                return conversation;
            }
            others.push(frame);
        }
    }

    /// Waits for an offer.
    pub(super) async fn offer(&mut self) -> Offer {
        let is_offer = |frame: &TimelineFrame| match frame {
            TimelineFrame::Update(Update::Desk(DeskUpdate::Offer(offer))) => {
                Some(offer.as_ref().clone())
            }
            _ => None,
        };
        self.pushed.until("an offer", is_offer).await
    }

    pub(super) async fn says(
        &mut self,
        conversation: ConversationId,
        seq: u64,
        text: &str,
    ) -> Result<MsgId, ErrorCode> {
        let body = Body::Text(text.parse().unwrap());
        self.pushed.raw.send(conversation, seq, body).await
    }
}

impl Visitor {
    pub(super) async fn connect(server: &Server, key: &DeskKeyMade, token: VisitorToken) -> Self {
        Self::connect_as(server, key, token, FIRST).await
    }

    /// Connects again: the page was loaded again.
    pub(super) async fn reload(self, server: &Server, key: &DeskKeyMade) -> Self {
        let (token, seq) = (self.token, self.seq);
        drop(self);
        let process = Process {
            is_resumed: true,
            ..FIRST
        };
        let again = Self::connect_as(server, key, token, process).await;
        Self { seq, ..again }
    }

    pub(super) async fn connect_as(
        server: &Server,
        key: &DeskKeyMade,
        token: VisitorToken,
        process: Process,
    ) -> Self {
        let credentials = credentials(key, token);
        Self::start(server, credentials, process).await
    }

    pub(super) async fn connect_with(server: &Server, credentials: VisitorCredentials) -> Self {
        Self::start(server, credentials, FIRST).await
    }

    async fn start(server: &Server, credentials: VisitorCredentials, process: Process) -> Self {
        let token = credentials.token;
        let (raw, welcome) = visit(server, credentials, process).await.unwrap();
        Self {
            pushed: Pushed::open(raw).await,
            welcome,
            token,
            seq: 0,
        }
    }

    pub(super) async fn ask<C>(&mut self, call: C) -> Result<C::Answer, ErrorCode>
    where
        C: Call + Into<Request>,
    {
        self.pushed.raw.ask(call).await
    }

    /// Sends the first message.
    pub(super) async fn opens(&mut self, text: &str) -> Result<VisitorInquiry, ErrorCode> {
        self.seq += 1;
        self.opens_as(self.seq, text).await
    }

    /// As [`Visitor::opens`], with a number of its send stream.
    pub(super) async fn opens_as(
        &mut self,
        seq: u64,
        text: &str,
    ) -> Result<VisitorInquiry, ErrorCode> {
        let open = OpenInquiry {
            topic: None,
            page: Some("https://shop.example/basket".parse().unwrap()),
            attrs: Vec::new(),
            seq: ClientSeq::new(seq),
            text: text.parse().unwrap(),
        };
        self.ask(open).await
    }

    /// Sends a message in an inquiry.
    pub(super) async fn says(
        &mut self,
        conversation: ConversationId,
        text: &str,
    ) -> Result<MsgId, ErrorCode> {
        self.seq += 1;
        let body = Body::Text(text.parse().unwrap());
        self.pushed.raw.send(conversation, self.seq, body).await
    }

    /// Waits until the inquiry is in a state that matches.
    pub(super) async fn until_state(
        &mut self,
        what: &str,
        is_it: impl Fn(&VisitorInquiry) -> bool,
    ) -> VisitorInquiry {
        let tells = |frame: &TimelineFrame| match frame {
            TimelineFrame::Update(Update::Inquiry(inquiry)) if is_it(inquiry) => {
                Some(inquiry.clone())
            }
            _ => None,
        };
        self.pushed.until(what, tells).await
    }
}
