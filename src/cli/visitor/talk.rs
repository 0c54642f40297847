//! The session of a visitor: what is said, and what comes.

use cairn_client::{Event, Events, Question, Timeline, Update, Visitor};
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{ClientSeq, ConversationId, MsgId, UserId};
use cairn_proto::limits::VISITOR_TEXT_BYTES_MAX;
use cairn_proto::model::desk::VisitorState;
use cairn_proto::text::{DeskText, Text};

use super::VisitorArgs;
use super::place::Place;
use super::view::{Inquiry, PublicNames, Said, Seen};
use crate::cli::chat::stdin_lines::Lines;
use crate::cli::context::Local;
use crate::cli::failure::{Exit, Failure};
use crate::cli::input::{Parts, cannot_read};
use crate::cli::output::Output;

/// A visit, with what was shown of it.
pub(super) struct Talk<'a> {
    visitor: &'a Visitor,
    place: Place,
    args: VisitorArgs,
    output: &'a mut Output,
    names: PublicNames,
    shown: Option<Inquiry>,
    /// Own messages of this process, which are not shown again.
    sent: Vec<MsgId>,
}

/// What woke the loop.
enum Woken {
    Input(Option<std::io::Result<Vec<u8>>>),
    Event(Option<Event>),
    Batch(Option<Result<Vec<cairn_client::Message>, cairn_client::Error>>),
}

impl<'a> Talk<'a> {
    pub(super) fn new(
        visitor: &'a Visitor,
        place: Place,
        args: VisitorArgs,
        output: &'a mut Output,
    ) -> Self {
        Self {
            visitor,
            place,
            args,
            output,
            names: PublicNames::default(),
            shown: None,
            sent: Vec::new(),
        }
    }

    pub(super) async fn run(mut self, local: &Local, stays: bool) -> Result<(), Failure> {
        let mut events = self.visitor.events();
        let desk = self.visitor.desk()?;
        let id = self.visitor.id().to_string();
        self.output.print(&Seen::desk(id, &desk))?;
        // What an earlier process could not say.
        for unsent in self.place.unsent() {
            self.say_as(ClientSeq::new(unsent.seq), &unsent.text)
                .await?;
        }
        let input = match self.args.text.clone() {
            Some(text) if text != "-" => {
                self.say(&text).await?;
                None
            }
            Some(_) => Some(local.input.parts()?),
            None if stays && local.input.is_terminal() => Some(local.input.parts()?),
            None => None,
        };
        if stays {
            return self.stay(input, &mut events).await;
        }
        if let Some(mut input) = input {
            let mut lines = Lines::new(VISITOR_TEXT_BYTES_MAX, false);
            while let Some(part) = input.recv().await {
                let part = part.map_err(|error| cannot_read(&error))?;
                self.lines(&mut lines, &part).await?;
            }
            self.last_line(&mut lines).await?;
        }
        if self.args.end {
            let inquiry = self.inquiry()?;
            self.visitor.end().await?;
            self.output.print(&Seen::Ended { inquiry })?;
        }
        if let Some(stars) = self.args.rate {
            self.rate(stars).await?;
        }
        self.visitor.refresh().await?;
        self.state()
    }

    /// The visitor's inquiry, open or closed.
    fn inquiry(&self) -> Result<ConversationId, Failure> {
        let inquiry = self.visitor.inquiry();
        inquiry.map(|inquiry| inquiry.conversation).ok_or_else(|| {
            Failure::new(Exit::Failed, "this visitor has not asked anything yet").hint(format!(
                "who you are is kept in {}: if you asked as another visitor, give the --profile \
                 or --token-file of then",
                self.place.path().display()
            ))
        })
    }

    async fn rate(&mut self, stars: u8) -> Result<(), Failure> {
        let inquiry = self.inquiry()?;
        let comment = self.args.comment.clone();
        let comment = comment.unwrap_or_else(DeskText::none);
        self.visitor.rate(stars, comment).await?;
        self.output.print(&Seen::Rated { inquiry, stars })
    }

    /// Prints where the inquiry stands, if that changed.
    fn state(&mut self) -> Result<(), Failure> {
        let now = self
            .visitor
            .inquiry()
            .map(|inquiry| Inquiry::from(&inquiry));
        if let Some(inquiry) = &now
            && now != self.shown
        {
            self.output.print(&Seen::Inquiry(inquiry.clone()))?;
        }
        self.shown = now;
        Ok(())
    }

    async fn say(&mut self, text: &str) -> Result<(), Failure> {
        if text.len() > VISITOR_TEXT_BYTES_MAX {
            let headline = format!("a message has at most {VISITOR_TEXT_BYTES_MAX} bytes");
            return Err(Failure::new(Exit::Failed, headline).hint("say it in several messages"));
        }
        if self.place.is_shared() {
            return self.say_unkept(text).await;
        }
        let seq = self.place.keep(text)?;
        self.say_as(seq, text).await
    }

    /// Sends a text under its number: to the inquiry if there is one, which opens it again if it
    /// is closed.
    async fn say_as(&mut self, seq: ClientSeq, text: &str) -> Result<(), Failure> {
        let checked = checked(text)?;
        let said = match self.visitor.conversation() {
            Some(conversation) => {
                let content = Content::new(Body::Text(checked), Extras::NONE);
                match conversation.enqueue_draft(seq, content).await {
                    Ok(accepted) => accepted.await.map(|msgid| (conversation.id(), msgid)),
                    Err(error) => Err(error),
                }
            }
            None => {
                let asked = self.visitor.ask_as(seq, self.question(checked)).await;
                asked.map(|inquiry| (inquiry.conversation, inquiry.head))
            }
        };
        if let Ok(_) | Err(cairn_client::Error::Refused(_)) = &said {
            self.place.settled(seq)?;
        }
        let (inquiry, msgid) = said?;
        self.sent.push(msgid);
        self.output.print(&Seen::Sent { inquiry, msgid })
    }

    /// Sends a text on a send stream of this process alone.
    async fn say_unkept(&mut self, text: &str) -> Result<(), Failure> {
        let checked = checked(text)?;
        let (inquiry, msgid) = match self.visitor.conversation() {
            Some(conversation) => (conversation.id(), conversation.send(checked).await?),
            None => {
                let inquiry = self.visitor.ask(self.question(checked)).await?;
                (inquiry.conversation, inquiry.head)
            }
        };
        self.sent.push(msgid);
        self.output.print(&Seen::Sent { inquiry, msgid })
    }

    fn question(&self, text: Text) -> Question {
        Question {
            text,
            topic: self.args.topic.clone(),
            page: self.args.page.clone(),
            attrs: self.args.attrs.clone(),
        }
    }

    async fn lines(&mut self, lines: &mut Lines, part: &[u8]) -> Result<(), Failure> {
        let mut rest = part;
        while let Some(line) = lines.next(&mut rest).map_err(invalid)? {
            self.line(&line).await?;
        }
        Ok(())
    }

    async fn last_line(&mut self, lines: &mut Lines) -> Result<(), Failure> {
        while let Some(line) = lines.last().map_err(invalid)? {
            self.line(&line).await?;
        }
        Ok(())
    }

    async fn line(&mut self, line: &str) -> Result<(), Failure> {
        match cairn_text::is_blank(line) {
            true => Ok(()),
            false => self.say(line).await,
        }
    }

    /// Shows what comes until the inquiry is closed, and says the lines of the input.
    async fn stay(&mut self, input: Option<Parts>, events: &mut Events) -> Result<(), Failure> {
        let mut lines = Lines::new(VISITOR_TEXT_BYTES_MAX, false);
        let mut input = input;
        let known = self.visitor.inquiry();
        let since = known.as_ref().map_or(MsgId::ZERO, |known| known.delivered);
        let mut timeline: Option<Timeline> = None;
        self.state()?;
        loop {
            if timeline.is_none()
                && let Some(conversation) = self.visitor.conversation()
            {
                // From the start: the log tells the names of the agents.
                timeline = Some(conversation.follow(MsgId::ZERO.next()));
            }
            let woken = wait(&mut input, events, &mut timeline);
            match self.output.flush_while_waiting(woken, || {}).await? {
                Woken::Input(Some(part)) => {
                    let part = part.map_err(|error| cannot_read(&error))?;
                    self.lines(&mut lines, &part).await?;
                    self.state()?;
                }
                Woken::Input(None) => {
                    input = None;
                    self.last_line(&mut lines).await?;
                }
                Woken::Batch(Some(batch)) => self.show(&batch?, since)?,
                Woken::Event(Some(event)) => self.event(event)?,
                Woken::Batch(None) => return Ok(()),
                Woken::Event(None) => {
                    // The client has ended: any request returns the reason.
                    return Ok(self.visitor.refresh().await.map(drop)?);
                }
            }
            if self.is_over(&timeline) && input.is_none() {
                return self.state();
            }
        }
    }

    /// Returns whether the inquiry is closed and all of it was shown.
    fn is_over(&self, timeline: &Option<Timeline>) -> bool {
        let is_closed = self
            .visitor
            .inquiry()
            .is_some_and(|inquiry| matches!(inquiry.state, VisitorState::Closed { .. }));
        is_closed && timeline.is_some() && self.shown.is_some()
    }

    fn show(&mut self, batch: &[cairn_client::Message], since: MsgId) -> Result<(), Failure> {
        for message in batch {
            self.names.learn(message);
            let is_known = message.msgid <= since || self.sent.contains(&message.msgid);
            let is_own = message.sender == UserId::VISITOR && self.sent.contains(&message.msgid);
            if !is_known && !is_own {
                self.output
                    .print(&Seen::Message(Said::new(message, &self.names)))?;
            }
        }
        self.output.flush()?;
        if let (Some(last), Some(conversation)) = (batch.last(), self.visitor.conversation()) {
            conversation.ack(last.msgid);
        }
        Ok(())
    }

    fn event(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Update(Update::Inquiry(_) | Update::Waiting { .. }) => self.state(),
            Event::Disconnected { reason } => {
                self.output.print(&Seen::Disconnected { reason: &reason })
            }
            Event::Reconnected => {
                self.output.print(&Seen::Reconnected)?;
                self.state()
            }
            _ => Ok(()),
        }
    }
}

async fn wait(
    input: &mut Option<Parts>,
    events: &mut Events,
    timeline: &mut Option<Timeline>,
) -> Woken {
    let typed = async {
        match input {
            Some(input) => input.recv().await,
            None => std::future::pending().await,
        }
    };
    let batch = async {
        match timeline {
            Some(timeline) => timeline.next_batch().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        batch = batch => Woken::Batch(batch),
        event = events.next() => Woken::Event(event),
        part = typed => Woken::Input(part),
    }
}

fn checked(text: &str) -> Result<Text, Failure> {
    Text::new(text)
        .map_err(|error| Failure::new(Exit::Failed, format!("the text cannot be sent: {error}")))
}

fn invalid(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, error).hint("what was said before is accepted")
}
