//! Visitors of a support desk: sessions without an account.

mod question;
pub(crate) mod state;

use cairn_proto::ids::{ClientSeq, ConversationId, MsgId, VisitorId};
use cairn_proto::invite::DeskLink;
use cairn_proto::model::desk::{DeskInfo, VisitorInquiry};
use cairn_proto::secret::VisitorToken;
use cairn_proto::text::{DeskText, DisplayName, Language, SignedIdentity, Text};
use cairn_proto::wire::hello::{Credentials, VisitorCredentials};
use cairn_proto::wire::request::desk::{EndInquiry, MyInquiry, RateInquiry};

use crate::api::builder::ClientBuilder;
use crate::api::client::Client;
use crate::error::Error;
use crate::stream::events::Events;
use crate::view::Conversation;

pub use self::question::Question;

/// Who visits a support desk.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The visitor's credential. Chosen by the program, at random ([`Visit::new_token`]), and
    /// stored where only its owner can read it, before the first visit: a program that has it acts
    /// as the visitor.
    pub token: VisitorToken,
    /// What the visitor calls themselves.
    pub name: Option<DisplayName>,
    /// The language of the visitor's client, for routing.
    pub language: Option<Language>,
    /// The shop's statement about who the visitor is. The same visitor then has the same inquiry
    /// on every device, whatever the token.
    pub identity: Option<SignedIdentity>,
}

impl Visit {
    /// Creates a visit with this token, without a name.
    #[must_use]
    pub const fn new(token: VisitorToken) -> Self {
        Self {
            token,
            name: None,
            language: None,
            identity: None,
        }
    }

    /// Returns a new random token.
    #[must_use]
    pub fn new_token() -> VisitorToken {
        VisitorToken::new(rand::random())
    }
}

/// Visiting
impl ClientBuilder {
    /// Visits a support desk. The visitor is not known to the server before they
    /// [ask](Visitor::ask).
    ///
    /// # Errors
    /// [An error of a first connection](ClientBuilder#errors-of-a-first-connection), such as
    /// [`Error::LoginRefused`] with `NoSuchQueue` if the link was revoked, `BadIdentity` if the
    /// shop's statement is forged, has expired or is missing where the link requires it, or
    /// `RateLimited`.
    pub async fn visit(self, link: &DeskLink, visit: Visit) -> Result<Visitor, Error> {
        let Visit {
            token,
            name,
            language,
            identity,
        } = visit;
        let credentials = Credentials::Visitor(Box::new(VisitorCredentials {
            key: link.key,
            token,
            identity,
            name,
            language,
        }));
        let client = self
            .start_visit(link.addr.clone(), link.pin, credentials)
            .await?;
        Ok(Visitor { client })
    }
}

/// A visitor of a support desk: a session that outlives its connections, as a [`Client`] is.
///
/// Created by [`ClientBuilder::visit`]. A visitor has at most one open inquiry. Messages are sent
/// and received as in any conversation, with the same guarantees; [`Update::Inquiry`] tells where
/// the inquiry stands. Requests other than those of a visitor are refused.
///
/// [`Update::Inquiry`]: crate::Update::Inquiry
#[derive(Clone, Debug)]
pub struct Visitor {
    client: Client,
}

/// State and events
impl Visitor {
    /// Returns the visitor's id, by which agents see that it is the same one.
    #[must_use]
    pub fn id(&self) -> VisitorId {
        VisitorId::new(self.client.whoami().device.get())
    }

    /// Returns the desk, as of the latest login.
    ///
    /// # Errors
    /// [`Error::Protocol`] if the client is not one of a visitor.
    pub fn desk(&self) -> Result<DeskInfo, Error> {
        let state = self.client.shared().state.lock();
        let visit = state.visit.as_ref().ok_or(NO_VISITOR)?;
        Ok(visit.desk.clone())
    }

    /// Returns the inquiry as far as this client knows, or `None` if the visitor never asked. With
    /// push, it follows every change.
    #[must_use]
    pub fn inquiry(&self) -> Option<VisitorInquiry> {
        let state = self.client.shared().state.lock();
        state.visit.as_ref()?.inquiry.clone()
    }

    /// Returns the events from now on, as [`Client::events`] does.
    #[must_use]
    pub fn events(&self) -> Events {
        self.client.events()
    }

    /// Returns the client, to close it, to upload files, or for its state.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the calls that concern the inquiry's messages: sending, following, reading. `None`
    /// if the visitor never asked.
    #[must_use]
    pub fn conversation(&self) -> Option<Conversation<'_>> {
        Some(self.client.conversation(self.inquiry()?.conversation))
    }

    /// Closes the session, as [`Client::close`] does. The inquiry stays open.
    pub async fn close(&self) {
        self.client.close().await;
    }
}

/// Asking
impl Visitor {
    /// Opens an inquiry with a question, or says it in the inquiry that is open. Waits until it is
    /// accepted: durable, and routed. This may take any number of reconnects; the question is
    /// stored exactly once.
    ///
    /// # Errors
    /// [`Error::Refused`] with `QueueClosed` or `QueueFull` if the desk takes no messages now,
    /// `RateLimited` or `TooFast`; or a [terminal error](Error#terminal-errors).
    pub async fn ask(&self, question: Question) -> Result<VisitorInquiry, Error> {
        let seq = self.client.shared().state.lock().number_question();
        self.ask_as(seq, question).await
    }

    /// Asks as [`Visitor::ask`] does, under a sequence number chosen by the caller: for programs
    /// that continue a send stream after a restart ([`ClientBuilder::send_stream`]). The number
    /// counts as one of the inquiry's conversation.
    ///
    /// # Errors
    /// As [`Visitor::ask`], and [`Error::Refused`] with `SeqConflict` if the number was used for
    /// another message.
    pub async fn ask_as(
        &self,
        seq: ClientSeq,
        question: Question,
    ) -> Result<VisitorInquiry, Error> {
        {
            let mut state = self.client.shared().state.lock();
            state.use_question(seq);
            state.note_sent();
        }
        let inquiry = self.client.call(question.into_request(seq)).await?;
        self.client.shared().state.lock().inquiry_changed(&inquiry);
        Ok(inquiry)
    }

    /// Sends a text to the inquiry, or opens one without a topic. A message in a closed inquiry
    /// opens it again.
    ///
    /// # Errors
    /// As [`Visitor::ask`] and [`Conversation::send`].
    pub async fn say(&self, text: Text) -> Result<(ConversationId, MsgId), Error> {
        match self.inquiry() {
            Some(inquiry) => {
                let conversation = inquiry.conversation;
                let msgid = self.client.conversation(conversation).send(text).await?;
                Ok((conversation, msgid))
            }
            None => {
                let inquiry = self.ask(Question::new(text)).await?;
                Ok((inquiry.conversation, inquiry.head))
            }
        }
    }

    /// Requests where the inquiry stands. For clients without push; with push,
    /// [`Visitor::inquiry`] is up to date.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn refresh(&self) -> Result<Option<VisitorInquiry>, Error> {
        let found = self.client.call(MyInquiry).await?;
        if let Some(inquiry) = &found {
            self.client.shared().state.lock().inquiry_changed(inquiry);
        }
        Ok(found)
    }

    /// Ends the inquiry. A later message opens it again.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound` if the visitor never asked, or `InquiryClosed`; or a
    /// [terminal error](Error#terminal-errors).
    pub async fn end(&self) -> Result<(), Error> {
        let conversation = self.known()?;
        self.client.call(EndInquiry { conversation }).await
    }

    /// Rates the closed inquiry, once, with 1 to [`cairn_proto::limits::STARS_MAX`] stars.
    ///
    /// # Errors
    /// [`Error::Refused`] with `InquiryOpen`, `AlreadyRated` or `NotFound`; or a [terminal
    /// error](Error#terminal-errors).
    pub async fn rate(&self, stars: u8, text: DeskText) -> Result<(), Error> {
        let conversation = self.known()?;
        let request = RateInquiry {
            conversation,
            stars,
            text,
        };
        self.client.call(request).await
    }

    fn known(&self) -> Result<ConversationId, Error> {
        let inquiry = self.inquiry().ok_or(Error::Refused(
            cairn_proto::wire::error::ErrorCode::NotFound,
        ))?;
        Ok(inquiry.conversation)
    }
}

const NO_VISITOR: Error = Error::Protocol("no desk in the session of a visitor");
